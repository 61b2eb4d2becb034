"""Tracks of segments become one where they are of one thing; what two detectors see counts once."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from common.domain.timebase import Span
from common.domain.track import Box, Sighting, Track
from common.scoring.merging import GAP, joined, unknown
from tests.framed import face

EDGE = Fraction(120)


def there(start: int, end: int, x: float = 0.5, **more: object) -> Track:
    return replace(face(lambda _: (x, 0.5), Span(Fraction(start), Fraction(end))), **more)  # type: ignore[arg-type]


def after(track: Track, gap: Fraction = Fraction(1, 10)) -> Track:
    """Two seconds of the same thing, from `gap` after its last sighting on."""
    first = track.sightings[-1].at + gap
    sightings = tuple(replace(track.sightings[-1], at=first + n) for n in range(3))
    return replace(track, sightings=sightings, span=Span(first, first + 2))


def whole(one: Track, other: Track) -> Track:
    return replace(one, sightings=one.sightings + other.sightings, span=Span(one.span.start, other.span.end))


def test_one_that_goes_on_in_the_next_segments_is_one_track() -> None:
    left, right = there(100, 120, 0.3), there(110, 120, 0.7)
    third = after(after(left))
    found = joined([[left, right], [after(right), after(left)], [], [third]])
    assert found == [whole(right, after(right)), whole(left, after(left)), third]  # unseen for a segment: another
    assert joined([]) == [] and joined([[left]]) == [left]


@pytest.mark.parametrize(
    "change",
    [{"shot": 1}, {"kind": "person"}, {"source": "other@1"}, {"sightings": after(there(100, 120, 0.8)).sightings}],
)
def test_what_is_of_another_shot_kind_model_or_place_is_another(change: dict[str, object]) -> None:
    track = there(100, 120, 0.3)
    other = replace(after(track), **change)  # type: ignore[arg-type]
    assert joined([[track], [other]]) == [track, other]


@pytest.mark.parametrize(("gap", "count"), [(GAP, 1), (GAP + Fraction(1, 10), 2), (Fraction(0), 2)])
def test_a_thing_unseen_for_long_or_seen_at_one_time_is_another(gap: Fraction, count: int) -> None:
    track = there(100, 120)
    assert len(joined([[track], [after(track, gap)]])) == count


def test_what_two_detectors_see_counts_once() -> None:
    ours = there(0, 10, 0.5, kind="person")
    large = replace(
        ours,
        source="other@1",
        sightings=tuple(
            Sighting(at=Fraction(n), box=Box(x=0.3, y=0.1, width=0.35, height=0.85), confidence=0.9) for n in range(8)
        ),
    )
    assert unknown([large], [ours]) == []
    for other in (replace(large, kind="dog"), replace(large, shot=1), there(0, 10, 0.9, kind="person")):
        assert unknown([other], [ours]) == [other]
    assert unknown([large], [replace(ours, span=Span(Fraction(0), Fraction(3)))]) == [large]  # ours is there for less
