"""Who is shown, in which layout, and how the view moves."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from common.domain.framing import Framing
from common.domain.timebase import Span
from common.domain.track import Attention, Box, Track
from common.scoring.framing import Seen, frame
from common.scoring.path import corners, path
from common.scoring.speaking import speaking
from tests.framed import face, shot_of

SHOT = shot_of(10, 20)
SPAN = SHOT.span


def framed(*tracks: Track, aspect: str = "9:16", size: tuple[int, int] = (1920, 1080), **seen: object) -> Framing:
    return frame(Seen(shot=SHOT, tracks=tracks, **seen), *size, aspect)  # type: ignore[arg-type]


def sees(framing: Framing, x: float, t: float) -> bool:
    box = framing.views[0].at(Fraction(t))
    return box.x <= x <= box.x + box.width


def test_a_face_that_sits_still_gets_a_view_that_stands_still() -> None:
    made = framed(face(lambda t: (0.7 + 0.005 * math.sin(9 * t), 0.4), SPAN))
    assert made.layout == "follow" and made.tracks == (0,)
    (view,) = made.views
    assert len(view.keys) == 1
    assert view.keys[0].x == pytest.approx(0.7, abs=0.05)


def test_a_close_up_is_followed_while_the_head_fits_and_else_shown_whole() -> None:
    for size, layout in ((0.24, "follow"), (0.3, "blur")):  # of the width; a part of 9:16 has 0.316
        assert framed(face(lambda t: (0.4, 0.5), SPAN, size=size)).layout == layout


def test_a_face_that_walks_is_followed_smoothly_and_never_lost() -> None:
    def walk(t: float) -> tuple[float, float]:
        return 0.2 + 0.6 * min(1.0, max(0.0, (t - 13) / 4)), 0.4

    made = framed(face(walk, SPAN))
    (view,) = made.views
    assert all(sees(made, walk(10 + n / 10)[0], 10 + n / 10) for n in range(100))
    xs = [view.at(Fraction(n, 25)).x for n in range(250, 500)]
    steps = np.diff(xs)
    assert np.abs(np.diff(steps)).max() < 0.003  # it never jerks
    assert (steps >= -1e-6).all()  # nor goes back


def test_nothing_moves_within_a_fifth_of_a_second_of_a_cut() -> None:
    made = framed(face(lambda t: (0.1 + 0.08 * (t - 10), 0.4), SPAN))
    (view,) = made.views
    for start, end in ((10, 10.2), (19.8, 19.999)):
        assert view.at(Fraction(start)) == view.at(Fraction(end))
    assert view.at(Fraction(10)) != view.at(Fraction(15))


def test_faces_that_fit_side_by_side_are_followed_together() -> None:
    made = framed(face(lambda t: (0.45, 0.4), SPAN), face(lambda t: (0.58, 0.4), SPAN, number=1))
    assert made.layout == "follow" and made.tracks == (0, 1)
    assert sees(made, 0.45, 15) and sees(made, 0.58, 15)


def test_of_faces_too_far_apart_the_one_who_speaks_is_followed() -> None:
    left = face(lambda t: (0.15, 0.4), SPAN, speaking=0.2)
    right = face(lambda t: (0.85, 0.4), SPAN, number=1, speaking=0.9)
    made = framed(left, right)
    assert made.layout == "follow" and made.tracks == (1,) and "speaks" in made.reason


def test_two_who_may_both_speak_are_split() -> None:
    left = face(lambda t: (0.2, 0.4), SPAN, speaking=0.5)
    right = face(lambda t: (0.8, 0.4), SPAN, number=1, speaking=0.6)
    made = framed(right, left)
    assert made.layout == "split" and len(made.views) == 2
    upper, lower = (view.at(Fraction(15)) for view in made.views)
    assert upper.x <= 0.2 <= upper.x + upper.width < 0.8 <= lower.x + lower.width
    assert upper.width * 16 / (upper.height * 9) == pytest.approx(1080 / 960, rel=0.01)


def test_more_faces_than_fit_are_shown_wide_or_whole() -> None:
    near = framed(*(face(lambda t, x=x: (x, 0.4), SPAN, number=n) for n, x in enumerate((0.3, 0.5, 0.7))))  # type: ignore[misc]
    assert near.layout == "wide"
    box = near.views[0].at(Fraction(15))
    assert box.x <= 0.25 and box.x + box.width >= 0.75 and box.height == 1
    far = framed(*(face(lambda t, x=x: (x, 0.4), SPAN, number=n) for n, x in enumerate((0.06, 0.5, 0.94))))  # type: ignore[misc]
    assert far.layout == "blur" and far.tracks


def test_a_small_face_in_the_background_does_not_count() -> None:
    made = framed(face(lambda t: (0.3, 0.4), SPAN, size=0.15), face(lambda t: (0.9, 0.2), SPAN, number=1, size=0.03))
    assert made.layout == "follow" and made.tracks == (0,)


def test_people_are_followed_where_no_face_is_seen() -> None:
    made = framed(face(lambda t: (0.8, 0.5), SPAN, kind="person", size=0.2, height=0.9))
    assert made.layout == "follow" and "person" in made.reason and sees(made, 0.8, 15)


def test_text_is_not_cut() -> None:
    wide, narrow = Box(x=0.1, y=0.4, width=0.8, height=0.1), Box(x=0.6, y=0.4, width=0.2, height=0.1)
    assert framed(texts=(wide,)).layout == "blur"
    made = framed(texts=(narrow,))
    assert made.layout == "crop" and sees(made, 0.61, 15) and sees(made, 0.79, 15)


def test_what_catches_the_eye_is_followed_where_it_is_one_place() -> None:
    def eyed(width: float) -> tuple[Attention, ...]:
        box = Box(x=0.65, y=0.3, width=width, height=0.3)
        return tuple(Attention(at=Fraction(n), shot=0, box=box) for n in range(10, 20))

    made = framed(attention=eyed(0.2))
    assert made.layout == "follow" and sees(made, 0.75, 15)
    assert framed(attention=eyed(0.35)).layout == "blur"


def test_a_tall_video_keeps_the_head_when_it_becomes_square() -> None:
    made = framed(face(lambda t: (0.5, 0.2), SPAN, size=0.3, height=0.2), aspect="1:1", size=(1080, 1920))
    box = made.views[0].at(Fraction(15))
    assert made.layout == "follow" and box.y <= 0.1 and box.width == 1


def test_the_reason_names_what_a_part_would_keep() -> None:
    assert "31 %" in framed().reason


@pytest.mark.parametrize("length", [1, 3, 8, 9, 100, 1500])
def test_a_path_stays_where_it_may(length: int) -> None:
    random = np.random.default_rng(length)
    wanted = np.clip(0.5 + np.cumsum(random.normal(0, 0.02, length)), 0, 1)
    found = path(wanted, 0.05, 0.2, 0.8, rest=4)
    assert len(found) == length and found.min() >= 0.2 - 1e-6 and found.max() <= 0.8 + 1e-6
    if length > 8:
        assert np.ptp(found[:4]) < 1e-6 and np.ptp(found[-4:]) < 1e-6
    kept = corners(found, 0.0005)
    assert np.abs(np.interp(np.arange(length), kept, found[kept]) - found).max() <= 0.0005 + 1e-9


def test_who_speaks_is_told_by_the_lips_while_there_is_speech() -> None:
    from dataclasses import replace

    talks = face(lambda t: (0.5, 0.4), SPAN)
    for opening, heard, most in ((lambda n: 0.3 * (n % 2), SPAN, None), (lambda n: 0.3, SPAN, 0.01)):
        moved = replace(
            talks, sightings=tuple(replace(one, opening=opening(n)) for n, one in enumerate(talks.sightings))
        )
        found = speaking(moved, [heard])
        assert found is not None and (found <= most if most is not None else found == pytest.approx(3, rel=0.01))
        assert speaking(moved, []) is None
    assert speaking(talks, [SPAN]) is None  # the mouth was never seen
    assert all(a.at < b.at for a, b in pairwise(talks.sightings))
    assert Span(Fraction(10), Fraction(20)) == SPAN
