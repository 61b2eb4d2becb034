"""What the picture does: how much it moves, how it is cut, and whether a face is seen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Literal, get_args

import numpy as np

from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.domain.shot import Shot, Transition
from common.domain.timebase import Span
from common.signals.features.feature import MANY, Computed, Feature
from common.signals.features.presence import clipped, known, seen, share
from common.signals.features.spread import deviation, mean, root_mean_square

Pattern = Literal["single", "even", "accelerating", "slowing", "mixed"]
OPENING = Fraction(3)  # seconds
EVEN = 0.25  # deviation over mean, up to which shots are of one length
TREND = 0.6  # correlation of length with place, from which shots grow or shrink
ENOUGH = 4  # shots, from which a trend can be told
CUTS: tuple[Transition, ...] = ("cut",)
GRADUAL: tuple[Transition, ...] = ("fade", "dissolve")


def pattern(lengths: Sequence[float]) -> Pattern:
    """How shots of these lengths, at least one, follow each other: a rule of thumb.

    The trend is Pearson's correlation of the logarithm of a length with its place.
    """
    if len(lengths) == 1:
        return "single"
    values = np.asarray(lengths, np.float64)
    if values.std() <= EVEN * values.mean():
        return "even"
    if len(lengths) < ENOUGH:
        return "mixed"
    with np.errstate(all="ignore"):
        trend = float(np.corrcoef(np.arange(len(values)), np.log(values))[0, 1])
    return "accelerating" if trend <= -TREND else "slowing" if trend >= TREND else "mixed"


def _energy(observed: Observed, _: Judgement | None) -> float | None:
    return root_mean_square(known(observed.footage.motion if observed.footage else None, observed.span))


def _brightness(observed: Observed) -> list[float]:
    return known(observed.footage.brightness if observed.footage else None, observed.span)


def _brightness_mean(observed: Observed, _: Judgement | None) -> float | None:
    return mean(_brightness(observed))


def _brightness_deviation(observed: Observed, _: Judgement | None) -> float | None:
    return deviation(_brightness(observed))


def _lengths(observed: Observed) -> list[float]:
    """Seconds of each shot that lie in the clip, in order."""
    parts = [clipped(shot.span, observed.span).duration for shot in sorted(observed.shots or (), key=_span)]
    return [float(part) for part in parts if part]


def _span(shot: Shot) -> Span:
    return shot.span


def _shot_count(observed: Observed, _: Judgement | None) -> float | None:
    return None if observed.shots is None else len(_lengths(observed))


def _shot_length(observed: Observed, _: Judgement | None) -> float | None:
    return mean(_lengths(observed))


def _begun(observed: Observed, kinds: tuple[Transition, ...]) -> int | None:
    """How many shots begin inside in one of these ways; None where nobody looked for shots."""
    if observed.shots is None:
        return None
    inside = [shot for shot in observed.shots if observed.span.start < shot.span.start < observed.span.end]
    return sum(shot.opens_with in kinds for shot in inside)


def _cut_count(observed: Observed, _: Judgement | None) -> float | None:
    return _begun(observed, CUTS)


def _gradual_count(observed: Observed, _: Judgement | None) -> float | None:
    return _begun(observed, GRADUAL)


def _pace(observed: Observed, _: Judgement | None) -> float | None:
    count = _begun(observed, CUTS + GRADUAL)
    return None if count is None or not observed.span.duration else float(count * 60 / observed.span.duration)


def _is(kind: Pattern) -> Computed:
    def of(observed: Observed, _: Judgement | None) -> float | None:
        lengths = _lengths(observed)
        return float(pattern(lengths) == kind) if lengths else None

    return of


def _faces(observed: Observed, within: Span) -> float | None:
    faces = seen(observed.tracks, "face")
    return None if faces is None else share((face.span for face in faces), within)


def _face_share(observed: Observed, _: Judgement | None) -> float | None:
    return _faces(observed, observed.span)


def _face_share_opening(observed: Observed, _: Judgement | None) -> float | None:
    start, end = observed.span.start, observed.span.end
    return _faces(observed, Span(start, min(end, start + OPENING)))


_row = partial(Feature, group="visual", version=1, low=0)
_PATTERNS: dict[Pattern, str] = {
    "single": "1 where there is one shot",
    "even": f"1 where they are of one length: standard deviation at most {EVEN:g} of the mean",
    "accelerating": f"1 where they get shorter: correlation of log length and place at most -{TREND:g}",
    "slowing": f"1 where they get longer: correlation of log length and place at least {TREND:g}",
    "mixed": "1 where they are none of the others",
}

FEATURES: tuple[Feature, ...] = (
    _row(
        name="visual_energy",
        unit="motion",
        high=1,
        source="the curve of motion: root mean square",
        of=_energy,
    ),
    _row(
        name="brightness_mean",
        unit="luma",
        high=1,
        source="the curve of brightness: mean, 0 black to 1 white",
        of=_brightness_mean,
    ),
    _row(
        name="brightness_deviation",
        unit="luma",
        high=1,
        source="the curve of brightness: standard deviation",
        of=_brightness_deviation,
    ),
    _row(
        name="shot_count",
        unit="shots",
        high=MANY,
        source="shots: how many show in the clip",
        of=_shot_count,
    ),
    _row(
        name="shot_length_mean",
        unit="s",
        high=3 * 3600,
        source="shots: mean of the parts that lie in the clip; None where none does",
        of=_shot_length,
    ),
    _row(
        name="cut_count",
        unit="cuts",
        high=MANY,
        source="shots: how many begin inside with a cut",
        of=_cut_count,
    ),
    _row(
        name="gradual_count",
        unit="transitions",
        high=MANY,
        source="shots: how many begin inside with a fade or a dissolve",
        of=_gradual_count,
    ),
    _row(
        name="transitions_per_minute",
        unit="1/min",
        high=20_000,
        source="shots: how many begin inside, over the length of the clip; None where it has none",
        of=_pace,
    ),
    *(
        _row(
            name=f"pattern_{kind}",
            unit="one-hot",
            high=1,
            source=f"lengths of shots in the clip: {_PATTERNS[kind]}; None where there are no shots",
            of=_is(kind),
        )
        for kind in get_args(Pattern)
    ),
    _row(
        name="face_share",
        unit="share of the time",
        high=1,
        source="tracks of faces: how long at least one is there",
        of=_face_share,
    ),
    _row(
        name="face_share_opening",
        unit="share of the time",
        high=1,
        source=f"tracks of faces: how long at least one is there in the first {OPENING} s",
        of=_face_share_opening,
    ),
)
