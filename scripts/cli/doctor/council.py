"""The council's language models: who can be asked, which ids end, whose price nobody looked at for long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction

from common import config
from common.adapters.google.clock import WallClock
from common.adapters.models.language.retiring import retiring, stale_prices
from common.bootstrap.council import evidence, on_one_machine, settings_of
from common.domain.annotation import FEATURES
from common.errors import BadInput
from common.ports.annotator import Evidence
from scripts.cli.doctor.finding import Finding, Found, of


def council(environ: Mapping[str, str]) -> Iterator[Finding]:
    """As on one machine; on the cloud keys are asked for by what runs there."""
    found = of("council")
    settings = config.from_environment(environ)
    try:
        known = settings_of(settings)
    except BadInput as error:
        yield found("settings", "wrong", str(error), "mend the file that CUTROOM_COUNCIL names")
        return
    if not config.on_cloud(environ):
        yield from _seats(found, settings, environ)
    yield _evidence(found, evidence(settings)())
    today = datetime.now(UTC).date()
    for name, what in retiring(known, today):
        gone = " was retired " in what
        yield found(f"{name}'s model", "wrong" if gone else "note", what, f"name another as seats.{name}.model")
    for name, what in stale_prices(known, today):
        yield found(f"{name}'s price", "note", what, "look it up, and put it into the file that CUTROOM_COUNCIL names")


def _evidence(found: Found, known: Evidence) -> Finding:
    """What Video Intelligence is asked for, and its price before it is used."""
    hour = known.prices(known.wanted or FEATURES, Fraction(3600))
    each = ", ".join(f"{one} ${hour[one] / 1e6:.2f}" for one in hour)
    priced = f"an hour of footage, at list prices of {known.seen}, the free minutes of a month not counted on"
    if not known.wanted:
        return found("evidence", "ok", f"none is asked for; it would cost: {each} {priced}")
    cap = known.caps.per_video / 1e6
    return found(
        "evidence",
        "note",
        f"Video Intelligence is asked for {each}: ${sum(hour.values()) / 1e6:.2f} {priced}; at most ${cap:.2f} is "
        "spent on a video, on this and on the council together",
        "CUTROOM_EVIDENCE names what is asked for, and caps in the file that CUTROOM_COUNCIL names how much is spent",
    )


def _seats(found: Found, settings: config.Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    seats = on_one_machine(settings, WallClock(), environ=environ)()
    for model in seats.models:
        yield found(model.name, "ok", model.model)
    for name, why in seats.vacant.items():
        yield found(name, "note", why, "the local members judge without it")
