"""Boxes of one picture after the other become tracks: one per thing, none for what is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.timebase import Span
from common.domain.track import Box, Sighting, Track
from common.scoring.tracks import EDGE_S, LOST, Follower, tracks

STEP = Fraction(1, 10)
SPAN = Span(Fraction(10), Fraction(14))
Place = Callable[[float], tuple[float, float]]
Picture = Iterable[tuple[float, float, float, float]]  # x and y of the middle, size, confidence


def box(x: float, y: float, size: float = 0.2) -> Box:
    return Box(x=x - size / 2, y=y - size / 2, width=size, height=size)


def followed(pictures: Sequence[Picture], *, first: int = 0) -> list[Track]:
    """The tracks of pictures from 10 s on, a tenth of a second apart."""
    follower = Follower(STEP)
    for n, picture in enumerate(pictures):
        at = SPAN.start + n * STEP
        follower.add([Sighting(at=at, box=box(x, y, size), confidence=sure) for x, y, size, sure in picture])
    return tracks(follower.found(), kind="face", shot=3, span=SPAN, source="test@1", first=first, step=STEP)


def still(count: int, *, x: float = 0.5, size: float = 0.2, sure: float = 0.9) -> list[Picture]:
    return [[(x, 0.5, size, sure)]] * count


def middle(track: Track, n: float) -> float:
    """The x of its middle at picture n."""
    found = track.at(SPAN.start + Fraction(n).limit_denominator(1000) * STEP)
    assert found is not None
    return found.middle[0]


def test_a_face_that_moves_is_one_track_from_its_first_sighting_to_its_last() -> None:
    (track,) = followed([[(0.2 + 0.015 * n, 0.4, 0.2, 0.9)] for n in range(40)], first=5)
    assert (track.number, track.kind, track.shot, track.source) == (5, "face", 3, "test@1")
    assert [one.at for one in track.sightings] == [SPAN.start + n * STEP for n in range(40)]
    assert track.span == SPAN
    assert middle(track, 20.5) == pytest.approx(0.2 + 0.015 * 20.5, abs=0.002)


def test_tracks_are_numbered_from_the_first_on_in_order_of_their_beginnings() -> None:
    pictures: list[Picture] = [[(0.8, 0.5, 0.2, 0.9)] for _ in range(5)]
    pictures += [[(0.2, 0.5, 0.2, 0.9), (0.8, 0.5, 0.2, 0.9)] for _ in range(10)]
    found = followed(pictures, first=7)
    assert [(track.number, round(middle(track, 8), 2)) for track in found] == [(7, 0.8), (8, 0.2)]


@pytest.mark.parametrize("turned", [False, True])
def test_faces_that_cross_stay_who_they_are(turned: bool) -> None:
    """They pass each other at three tenths of a size, the detector naming them in either order."""
    pictures: list[Picture] = []
    for n in range(30):
        pair = [(0.2 + 0.02 * n, 0.45, 0.16, 0.9), (0.8 - 0.02 * n, 0.5, 0.16, 0.8)]
        pictures.append(pair[::-1] if turned and n % 2 else pair)
    right, left = sorted(followed(pictures), key=lambda track: middle(track, 0))
    assert (middle(right, 29), middle(left, 29)) == pytest.approx((0.78, 0.22), abs=0.01)
    assert {one.confidence for one in right.sightings} == {0.9} and {one.confidence for one in left.sightings} == {0.8}


def test_what_is_seen_in_one_picture_alone_is_nothing() -> None:
    pictures = [[*picture, (0.9, 0.9, 0.3, 0.99)] if n == 20 else picture for n, picture in enumerate(still(40))]
    (track,) = followed(pictures)
    assert all(one.box.middle[0] == pytest.approx(0.5) for one in track.sightings)


def test_in_a_shot_of_one_picture_one_sighting_must_do() -> None:
    short = Span(Fraction(0), Fraction(1, 5))
    for sure, count in ((0.9, 1), (0.65, 0)):
        one = Sighting(at=Fraction(0), box=box(0.5, 0.5), confidence=sure)
        found = tracks([(one,)], kind="face", shot=0, span=short, source="test@1", first=0, step=STEP)
        assert len(found) == count
        assert all(track.span == Span(Fraction(0), EDGE_S) for track in found)


@pytest.mark.parametrize(
    ("size", "count", "sure", "real"),
    [
        (0.05, 5, 0.66, False),  # small, doubtful, seldom
        (0.05, 5, 0.75, True),  # small, but surer
        (0.05, 12, 0.66, True),  # small and doubtful, but often
        (0.3, 5, 0.66, True),  # doubtful and seldom, but large
        (0.3, 3, 0.66, False),  # too seldom even for a large one
        (0.3, 12, 0.61, False),  # never sure enough
    ],
)
def test_what_is_small_doubtful_and_seldom_is_nothing(size: float, count: int, sure: float, real: bool) -> None:
    assert len(followed(still(count, size=size, sure=sure))) == real


def test_doubts_at_either_end_are_no_part_of_it_and_those_between_are() -> None:
    doubts, real = still(3, sure=0.5), still(4, sure=0.9)
    (track,) = followed([*doubts, *real, *still(1, sure=0.55), *real, *doubts])
    assert len(track.sightings) in (8, 9)  # where it was doubtful, a straight line may stand
    assert track.span == Span(SPAN.start + 3 * STEP - EDGE_S, SPAN.start + 11 * STEP + EDGE_S)


def test_a_gap_is_bridged_and_a_long_one_ends_the_track() -> None:
    for gap, count in ((LOST - 1, 1), (LOST, 2)):
        found = followed([*still(10), *[()] * gap, *still(10)])
        assert len(found) == count, gap
    before, after = found
    assert before.span.end < after.span.start
    (moving,) = followed([[] if 10 <= n < 14 else [(0.3 + 0.01 * n, 0.5, 0.2, 0.9)] for n in range(30)])
    assert middle(moving, 12) == pytest.approx(0.42, abs=0.005)


def test_two_boxes_on_one_face_are_one_track() -> None:
    """Now and then the detector gives the face twice: the whole head, and its middle."""
    pictures: list[Picture] = [[(0.5, 0.5, 0.3, 0.8), (0.5, 0.52, 0.17, 0.9)] for _ in range(20)]
    (track,) = followed(pictures)
    assert len(track.sightings) == 20 and all(a.at < b.at for a, b in pairwise(track.sightings))
    assert {one.confidence for one in track.sightings} == {0.9}  # of two at a time the surer


def test_two_faces_cheek_to_cheek_stay_two() -> None:
    assert len(followed([[(0.4, 0.5, 0.2, 0.9), (0.59, 0.5, 0.2, 0.9)] for _ in range(20)])) == 2


@pytest.mark.parametrize(("x", "size"), [(0.6, 0.2), (0.5, 0.28), (0.62, 0.15)])
def test_a_stray_box_does_not_move_the_track(x: float, size: float) -> None:
    pictures = [[(x, 0.5, size, 0.9)] if n == 12 else picture for n, picture in enumerate(still(25))]
    (track,) = followed(pictures)
    for one in track.sightings:
        assert one.box.middle[0] == pytest.approx(0.5, abs=1e-6)
        assert one.box.width == one.box.height == pytest.approx(0.2)


def test_a_stray_box_towards_a_neighbour_leaves_both_who_they_are() -> None:
    pictures: list[Picture] = [[(0.62 if n == 12 else 0.5, 0.5, 0.2, 0.9), (0.72, 0.5, 0.2, 0.8)] for n in range(25)]
    old, new = followed(pictures)
    assert [len(track.sightings) for track in (old, new)] == [25, 25]
    assert (middle(old, 20), middle(new, 20)) == pytest.approx((0.5, 0.72))


def test_what_has_no_size_is_nothing_and_stops_nothing() -> None:
    nothing = Box(x=0.4, y=0.2, width=0.0, height=0.6)  # a body outside the picture, cut at its edge
    follower = Follower(STEP)
    for n in range(10):
        at = SPAN.start + n * STEP
        follower.add([Sighting(at=at, box=one, confidence=0.9) for one in (nothing, box(0.4, 0.5))])
    found = tracks(follower.found(), kind="person", shot=0, span=SPAN, source="test@1", first=0, step=STEP)
    assert [len(track.sightings) for track in found] == [10]


def test_what_is_seen_outside_its_shot_alone_is_none_of_its_tracks() -> None:
    """The last frames of a damaged file may claim any time."""
    before, after = Fraction(1), SPAN.end + Fraction(1, 4)
    for start, count in ((before, 0), (after, 0), (SPAN.end - STEP, 1), (SPAN.start - 5 * STEP, 1)):
        seen = tuple(Sighting(at=start + n * STEP, box=box(0.5, 0.5), confidence=0.9) for n in range(5))
        found = tracks([seen], kind="face", shot=0, span=SPAN, source="test@1", first=0, step=STEP)
        assert len(found) == count
        assert all(SPAN.start <= track.span.start < track.span.end <= SPAN.end for track in found)


def test_where_it_was_seen_badly_a_straight_line_stands() -> None:
    pictures = [[(0.54, 0.5, 0.2, 0.62)] if n in (12, 13, 14) else picture for n, picture in enumerate(still(25))]
    (track,) = followed(pictures)
    assert len(track.sightings) == 22
    assert middle(track, 13) == pytest.approx(0.5)


def test_the_next_picture_is_looked_at_where_this_one_showed_more_than_a_doubt() -> None:
    follower = Follower(STEP)
    assert follower.again() == []
    seen = [Sighting(at=STEP, box=box(x, 0.5), confidence=sure) for x, sure in ((0.2, 0.9), (0.5, 0.45), (0.8, 0.36))]
    follower.add(seen)
    assert follower.again() == [box(0.2, 0.5), box(0.5, 0.5)]
    follower.add([])
    assert follower.again() == []


def test_at_its_ends_a_track_goes_on_as_it_came_but_not_outside_its_span() -> None:
    (track,) = followed([[], [], *([(0.3 + 0.02 * n, 0.5, 0.2, 0.9)] for n in range(10))])
    first, last = track.sightings[0].at, track.sightings[-1].at
    assert track.span == Span(first - EDGE_S, last + EDGE_S)
    assert middle(track, 1) == pytest.approx(0.28) and middle(track, 12) == pytest.approx(0.5)
    assert track.at(track.span.start) is not None
    assert track.at(track.span.start - Fraction(1, 1000)) is None and track.at(track.span.end) is None


def test_one_sighting_stands_still_for_its_span() -> None:
    one = Sighting(at=Fraction(1), box=box(0.5, 0.5), confidence=0.9)
    track = Track(number=0, kind="face", shot=0, source="t@1", sightings=(one,), span=Span(Fraction(0), Fraction(2)))
    assert [track.at(Fraction(n, 2)) for n in range(4)] == [one.box] * 4
    assert track.at(Fraction(2)) is None


CORNERS, SIZES = st.floats(-0.5, 1.5), st.floats(0, 1.5)
BOXES = st.builds(Box, x=CORNERS, y=CORNERS, width=SIZES, height=SIZES)
SEEN = st.lists(st.tuples(BOXES, st.floats(0, 1)), max_size=4)
NOISY = st.lists(st.tuples(st.integers(1, 8), SEEN), max_size=12)
STEADY = st.tuples(st.floats(0, 1), st.floats(-0.1, 0.1), st.floats(0.01, 0.5), st.floats(0.3, 1))


@given(NOISY, st.lists(STEADY, max_size=3), st.integers(0, 30), st.integers(0, 30))
def test_whatever_is_seen_tracks_lie_in_their_shot_and_in_order(
    pictures: list[tuple[int, list[tuple[Box, float]]]],
    steady: list[tuple[float, float, float, float]],
    start: int,
    length: int,
) -> None:
    """Any boxes, among them some things that move straight on; the shot may begin and end anywhere."""
    span = Span(Fraction(start, 20), Fraction(start + length, 20))
    follower, at = Follower(STEP), Fraction(0)
    for n, (later, boxes) in enumerate(pictures):
        at += later * Fraction(1, 20)
        follower.add(
            [Sighting(at=at, box=one, confidence=sure) for one, sure in boxes]
            + [Sighting(at=at, box=box(x + n * v, 0.5, size), confidence=sure) for x, v, size, sure in steady]
        )
    found = tracks(follower.found(), kind="face", shot=0, span=span, source="test@1", first=2, step=STEP)
    assert [track.number for track in found] == list(range(2, 2 + len(found)))
    for track in found:
        assert track.sightings and all(a.at < b.at for a, b in pairwise(track.sightings))
        assert span.start <= track.span.start < track.span.end <= span.end
        assert track.at(track.span.start) is not None and track.at(track.span.end) is None
        assert all(min(one.box.width, one.box.height) >= 0 for one in track.sightings)
