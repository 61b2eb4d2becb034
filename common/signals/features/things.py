"""Which people, things and texts are seen (the group `object`)."""

from __future__ import annotations

import math
from functools import partial

from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.domain.track import Track, believed
from common.signals.features.feature import MANY, Feature
from common.signals.features.presence import Crowd, clipped, crowd, seen, share
from common.signals.features.spread import mean


def _people(observed: Observed) -> Crowd | None:
    people = seen(observed.tracks, "person")
    return None if people is None else crowd((one.span for one in people), observed.span)


def _people_mean(observed: Observed, _: Judgement | None) -> float | None:
    there = _people(observed)
    return there.mean if there else None


def _people_most(observed: Observed, _: Judgement | None) -> float | None:
    there = _people(observed)
    return there.most if there else None


def _people_share(observed: Observed, _: Judgement | None) -> float | None:
    people = seen(observed.tracks, "person")
    return None if people is None else share((one.span for one in people), observed.span)


def _things(observed: Observed) -> tuple[Track, ...]:
    return tuple(track for track in observed.tracks or () if track.kind not in ("face", "person"))


def _things_at_once(observed: Observed) -> Crowd | None:
    things = _things(observed)
    return crowd((one.span for one in things), observed.span) if things else None


def _things_mean(observed: Observed, _: Judgement | None) -> float | None:
    there = _things_at_once(observed)
    return there.mean if there else None


def _things_most(observed: Observed, _: Judgement | None) -> float | None:
    there = _things_at_once(observed)
    return there.most if there else None


def _kinds(observed: Observed, _: Judgement | None) -> float | None:
    return len({one.kind for one in _things(observed)}) or None


def _diversity(observed: Observed, _: Judgement | None) -> float | None:
    """Shannon's entropy of the kinds, each weighted by how long its tracks last in the clip."""
    seconds: dict[str, float] = {}
    for one in _things(observed):
        seconds[one.kind] = seconds.get(one.kind, 0.0) + float(clipped(one.span, observed.span).duration)
    total = sum(seconds.values())
    shares = [part / total for part in seconds.values() if part]
    return max(0.0, -sum(part * math.log2(part) for part in shares)) if shares else None


def _texts(observed: Observed) -> list[list[str]] | None:
    """Of each still the lines that are believed, as their letters and digits."""
    if observed.readings is None:
        return None
    return [
        ["".join(filter(str.isalnum, line.text.casefold())) for line in reading.lines if believed(line)]
        for reading in observed.readings
    ]


def _text_count(observed: Observed, _: Judgement | None) -> float | None:
    stills = _texts(observed)
    return None if stills is None else len({line for still in stills for line in still})


def _text_share(observed: Observed, _: Judgement | None) -> float | None:
    return mean([float(bool(still)) for still in _texts(observed) or ()])


def _text_coverage(observed: Observed, _: Judgement | None) -> float | None:
    found = mean([reading.coverage for reading in observed.readings or ()])
    return None if found is None or math.isnan(found) else found  # a storyboard knows words, not where they stand


_row = partial(Feature, group="object", version=1, low=0)
_UNNAMED = "None without any: whether a detector looked is not known"

FEATURES: tuple[Feature, ...] = (
    _row(
        name="person_count_mean",
        unit="people",
        high=1000,
        source="tracks of people: how many are there at once, the mean over time",
        of=_people_mean,
    ),
    _row(
        name="person_count_most",
        unit="people",
        high=1000,
        source="tracks of people: the most that are there at once",
        of=_people_most,
    ),
    _row(
        name="person_share",
        unit="share of the time",
        high=1,
        source="tracks of people: how long at least one is there",
        of=_people_share,
    ),
    _row(
        name="object_count_mean",
        unit="objects",
        high=1000,
        source="tracks of other things, products among them: how many are there at once, the mean over time; "
        + _UNNAMED,
        of=_things_mean,
    ),
    _row(
        name="object_count_most",
        unit="objects",
        high=1000,
        source=f"tracks of other things: the most that are there at once; {_UNNAMED}",
        of=_things_most,
    ),
    _row(
        name="object_kinds",
        unit="kinds",
        high=MANY,
        source=f"tracks of other things: how many kinds; {_UNNAMED}",
        of=_kinds,
    ),
    _row(
        name="object_diversity",
        unit="bit",
        high=math.ceil(math.log2(MANY)),
        source=f"tracks of other things: entropy of their kinds, by how long each is there; {_UNNAMED}",
        of=_diversity,
    ),
    _row(
        name="text_count",
        unit="lines",
        high=MANY,
        source="text on screen: different lines that are believed",
        of=_text_count,
    ),
    _row(
        name="text_share",
        unit="share of the stills",
        high=1,
        source="text on screen: stills with a line that is believed; None where no still was read",
        of=_text_share,
    ),
    _row(
        name="text_coverage_mean",
        unit="share of the picture",
        high=1,
        source="text on screen: what it covers, the mean of the stills; None where no still was read",
        of=_text_coverage,
    ),
)
