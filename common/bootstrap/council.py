"""Who the council can ask over the network, and for what evidence: on one machine, and on Google Cloud.

Keys are read when it is first asked. What is found is held: a seat has its client, and what it knows of a wrong key. A
new key counts from the next process on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from common.adapters.embedded.limits import LocalLimits
from common.adapters.embedded.secrets import LocalSecrets
from common.adapters.google.once import once
from common.adapters.google.secret_manager import SecretManager, session
from common.adapters.models.language.seats import LIBRARIES, Home, seats
from common.adapters.models.language.settings import Council, read
from common.config import Cloud, Settings
from common.domain.annotation import FEATURES
from common.errors import BadInput, CutroomError
from common.ports.annotator import Annotator, Evidence
from common.ports.clock import Clock
from common.ports.language import Caps, Seats
from common.ports.limits import Limits


def settings_of(settings: Settings | Cloud) -> Council:
    """Models, prices, deadlines. Raises BadInput where the file that CUTROOM_COUNCIL names is wrong."""
    return read(settings.council)


def on_one_machine(
    settings: Settings, clock: Clock, *, environ: Mapping[str, str] | None = None
) -> Callable[[], Seats]:
    """Keys come from the environment, or from the file `secrets` in the state folder."""
    file = settings.home / "secrets"  # as in StateFolder, which would make the folder

    def mend_key(name: str) -> str:
        variable = f"CUTROOM_SECRET_{name.upper().replace('-', '_')}"
        # No path: this goes into results, which are the same wherever the state folder lies.
        return f"put it into {variable}, or as the line {name}=… into the state folder's file secrets (chmod 600)"

    home = Home(mend_key=mend_key, mend_settings=_settings_in(settings))
    secrets = LocalSecrets(file, os.environ if environ is None else environ)
    return once(lambda: seats(settings_of(settings), secrets, LocalLimits(clock), home))


def on_cloud(settings: Cloud, limits: Limits) -> Callable[[], Seats]:
    """Gemini and Claude are asked as the project, the third's key comes from Secret Manager.

    `limits` count for all instances.
    """

    def mend_key(name: str) -> str:
        return f"add it: gcloud secrets versions add {name} --data-file=- --project={settings.project}"

    home = Home(mend_key=mend_key, mend_settings=_settings_in(settings), project=settings.project)
    secrets = SecretManager(session, settings.project)
    return once(lambda: seats(settings_of(settings), secrets, limits, home))


def libraries(found: Callable[[], Seats]) -> list[str]:
    """The modules that these are asked through, which take seconds to import; none where the settings are wrong."""
    try:
        names = {one.name for one in found().models}
    except CutroomError:
        return []  # the stage that asks them will say so
    return [module for name, (module, _) in LIBRARIES.items() if name in names]


def evidence(settings: Settings | Cloud, annotator: Annotator | None = None) -> Callable[[], Evidence]:
    """What is wanted of Video Intelligence, its price, and who is asked: nobody on one machine."""
    why = "Video Intelligence watches videos in a bucket of Google Cloud, and there is none here; go on without"
    return once(lambda: _evidence(settings, annotator, why))


def _evidence(settings: Settings | Cloud, annotator: Annotator | None, why: str) -> Evidence:
    try:
        known = settings_of(settings)
    except BadInput as error:
        return Evidence(wanted=settings.evidence, why=str(error))  # without a price nobody is asked
    prices = known.evidence.per_minute
    return Evidence(
        wanted=settings.evidence,
        per_minute={one: _micros(getattr(prices, one)) for one in FEATURES},
        seen=str(known.evidence.seen),
        caps=Caps(per_video=_micros(known.caps.per_video), per_day=_micros(known.caps.per_day)),
        annotator=annotator,
        why=why,
    )


def _micros(dollars: float) -> int:
    return round(dollars * 1_000_000)


def _settings_in(settings: Settings | Cloud) -> str:
    return settings.council.name if settings.council else "a file of yours, named by CUTROOM_COUNCIL"
