"""Who can be asked: a seat for each maker whose model, price and key are known, and why the others stay empty."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from common.adapters.google.once import once
from common.adapters.models.language import claude, gemini, wire
from common.adapters.models.language.openai_compatible import OpenAiCompatible
from common.adapters.models.language.pace import Pace
from common.adapters.models.language.seat import Maker, Seat
from common.adapters.models.language.settings import Council, Known, Name, Taken
from common.errors import BadInput, Permanent, Transient
from common.ports.language import Caps, LanguageModel, Seats, Sight
from common.ports.limits import Limits
from common.ports.secrets import Secrets

LOCATION = "global"  # of Google Cloud's model endpoint that is in no region

# What each seat asks through: its module, and the package that brings it.
LIBRARIES: Mapping[Name, tuple[str, str]] = {
    "gemini": ("google.genai", "google-genai"),
    "claude": ("anthropic", "anthropic"),
    "third": ("httpx2", "httpx2"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where this is. `mend_key` says in the user's words where the key of that name belongs.

    `project`: Gemini and Claude are asked as this project on Google Cloud, without keys, and Gemini reads its buckets.
    """

    mend_key: Callable[[str], str]
    mend_settings: str
    project: str | None = None


class _Empty(Exception):
    """A seat nobody can take; says why."""


def seats(settings: Council, secrets: Secrets, limits: Limits, home: Home) -> Seats:
    """Those that can be asked, and those that cannot. Keys are read now, clients are made when first asked."""
    taken: list[LanguageModel] = []
    vacant: dict[str, str] = {}
    makers: tuple[tuple[Name, Callable[[], LanguageModel]], ...] = (
        ("gemini", lambda: _gemini(settings, secrets, limits, home)),
        ("claude", lambda: _claude(settings, secrets, limits, home)),
        ("third", lambda: _third(settings, secrets, limits, home)),
    )
    for name, make in makers:
        try:
            taken.append(make())
        except (_Empty, BadInput, Permanent, Transient) as why:
            vacant[name] = str(why)
    caps = Caps(per_video=_micros(settings.caps.per_video), per_day=_micros(settings.caps.per_day))
    return Seats(models=tuple(taken), vacant=vacant, caps=caps)


def _micros(dollars: float) -> int:
    return round(dollars * 1_000_000)


def _gemini(settings: Council, secrets: Secrets, limits: Limits, home: Home) -> LanguageModel:
    seat = settings.seats.gemini
    model, known = _model(settings, "gemini", seat, home)
    _installed("gemini")
    make: Callable[[], Any]
    if home.project is not None:
        make = partial(gemini.by_project, home.project, LOCATION, seat.base_url, seat.at_once)
        mend = _mend_project(home.project)
    else:
        mend = home.mend_key("gemini-api-key")
        key = _key(secrets.get("gemini-api-key"), seat.base_url, mend)
        make = partial(gemini.by_key, key, seat.base_url, seat.at_once)
    maker = gemini.Gemini(once(make), model=model, effort=seat.effort)
    return _seat("gemini", maker, seat, model, known, "video", limits, home, mend)


def _claude(settings: Council, secrets: Secrets, limits: Limits, home: Home) -> LanguageModel:
    seat = settings.seats.claude
    model, known = _model(settings, "claude", seat, home)
    _installed("claude")
    make: Callable[[], Any]
    if home.project is not None:
        make = partial(claude.by_project, home.project, LOCATION, seat.base_url, seat.at_once)
        mend = f"{_mend_project(home.project)}, and take up {model} in its Model Garden"
    else:
        mend = home.mend_key("anthropic-api-key")
        key = _key(secrets.get("anthropic-api-key"), seat.base_url, mend)
        make = partial(claude.by_key, key, seat.base_url, seat.at_once)
    maker = claude.Claude(once(make), model=model, effort=seat.effort)
    return _seat("claude", maker, seat, model, known, "pictures", limits, home, mend)


def _mend_project(project: str) -> str:
    return f"give the service account this runs as the role roles/aiplatform.user in {project}"


def _third(settings: Council, secrets: Secrets, limits: Limits, home: Home) -> LanguageModel:
    seat = settings.seats.third
    if seat.base_url is None:
        raise _Empty(
            "no third family is set up; name the base_url and model of an OpenAI-compatible endpoint, such as "
            f"Ollama's, as seats.third in {home.mend_settings}"
        )
    model, known = _model(settings, "third", seat, home)
    _installed("third")
    mend = home.mend_key("openai-api-key")
    given = secrets.get("openai-api-key")
    key = _key(given, seat.base_url, mend) if given else None  # a server of one's own asks for none
    maker = OpenAiCompatible(
        once(partial(wire.client, at_once=seat.at_once)),
        base_url=seat.base_url,
        key=key,
        model=model,
        effort=seat.effort,
        limit=seat.limit,
    )
    return _seat("third", maker, seat, model, known, seat.sees, limits, home, mend)


def _seat(
    name: Name,
    maker: Maker,
    seat: Taken,
    model: str,
    known: Known,
    sees: Sight,
    limits: Limits,
    home: Home,
    mend_key: str,
) -> LanguageModel:
    return Seat(
        maker,
        name=name,
        model=model,
        sees=sees,
        prices=known.prices,
        pace=Pace(name, at_once=seat.at_once, per_minute=seat.per_minute, limits=limits),
        mend_key=mend_key,
        mend_model=f"look at seats.{name} in {home.mend_settings}",
    )


def _model(settings: Council, name: Name, seat: Taken, home: Home) -> tuple[str, Known]:
    if seat.model is None:
        raise _Empty(f"no model is named; name one as seats.{name}.model in {home.mend_settings}")
    known = settings.models.get(seat.model)
    if known is None:
        raise _Empty(
            f"what {seat.model} costs is not known, so no cap could hold; add its prices, 0 for a model of your own, "
            f"as models.{seat.model} in {home.mend_settings}"
        )
    return seat.model, known


def _key(key: str | None, base_url: str | None, mend: str) -> str:
    """Raises _Empty where there is none, or what is there cannot be one."""
    if key is None or not key.strip():
        raise _Empty(f"there is no key; {mend}")
    if not re.fullmatch(r"[!-~]+", key.strip()):
        raise _Empty(f"the key has characters that no key has; {mend}")
    where = urlsplit(base_url or "https://")
    if where.scheme == "http" and where.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise _Empty(f"the key would go to {where.hostname} for all to read; give a base_url that begins with https")
    return key.strip()


def _installed(name: Name) -> None:
    module, package = LIBRARIES[name]
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise _Empty(f"the package {package} is not installed here; install it with scripts/setup, or by pip")
