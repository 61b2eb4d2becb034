"""What evidence for the council costs, before any is bought: by feature, and of one video."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import msgspec

from common.domain.annotation import FEATURES, Feature
from functions.api import assets
from functions.api.route import Answer, Ask, Shape

_HOUR = Fraction(3600)


class Of(Shape):
    """Of which video, if of one."""

    asset: Annotated[str, msgspec.Meta(max_length=128)] | None = None


class EvidencePrice(Shape):
    """A feature: whether it is bought of every video, and what it costs, in millionths of a US dollar.

    `usd_micros` is of the whole video, beside what is wanted: shots are free with labels. It is null where no video was
    named, or its length is not known yet.
    """

    name: Feature
    wanted: bool
    usd_micros_per_minute: int
    usd_micros: int | None


class EvidencePrices(Shape):
    """At list prices as they were `priced`, each minute that is begun; what a month has free is not counted on.

    The totals are of what is wanted. A video may cost at most `usd_micros_per_video`, evidence and council together:
    what does not fit is not bought.
    """

    features: list[EvidencePrice]
    usd_micros_per_hour: int
    usd_micros: int | None
    usd_micros_per_video: int
    priced: str


def prices(ask: Ask) -> Answer:
    asked: Of = ask.query or Of()
    known = ask.parts.engine.evidence()
    duration = assets.read(ask, asked.asset).body.get("duration") if asked.asset else None
    length = None if duration is None else Fraction(duration)
    priced = [one for one in FEATURES if one in known.per_minute]  # none where the council's settings are wrong
    wanted = [one for one in priced if one in known.wanted]
    whole = None if length is None else known.prices(wanted, length)
    return Answer(
        body=EvidencePrices(
            features=[
                EvidencePrice(
                    name=one,
                    wanted=one in wanted,
                    usd_micros_per_minute=known.per_minute[one],
                    usd_micros=None if length is None else known.prices({*wanted, one}, length)[one],
                )
                for one in priced
            ],
            usd_micros_per_hour=sum(known.prices(wanted, _HOUR).values()),
            usd_micros=None if whole is None else sum(whole.values()),
            usd_micros_per_video=known.caps.per_video,
            priced=known.seen,
        )
    )
