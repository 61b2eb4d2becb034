from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from common.domain.clip import ASPECTS, SHAPES, Aspect
from common.domain.timebase import Span
from common.media.reframe import Part, Plan, plan
from common.scoring.framing import Seen, frame
from tests.framed import face, shot_of

SIDES = st.integers(min_value=16, max_value=8192)
RATE = Fraction(10)
EVERYWHERE = st.tuples(*[st.floats(-0.1, 1.1)] * 4, st.floats(0.01, 0.6))


def laid_out(width: int, height: int, aspect: Aspect, faces: list[tuple[float, ...]]) -> Plan:
    """Two shots of 1 s, in which the given faces move straight from a place to another."""
    framings = []
    for number in (0, 1):
        shot = shot_of(number, number + 1, number)
        tracks = [
            face(
                lambda t, x=x, y=y, u=u, v=v, at=number: (x + (u - x) * (t - at), y + (v - y) * (t - at)),  # type: ignore[misc]
                shot.span,
                number=n,
                size=size,
                shot=number,
            )
            for n, (x, y, u, v, size) in enumerate(faces)
        ]
        framings.append(frame(Seen(shot=shot, tracks=tuple(tracks)), width, height, aspect))
    return plan(framings, aspect, (width, height), Span(Fraction(0), Fraction(2)), RATE, 20)


def inside(part: Part, width: int, height: int, laid: Plan) -> None:
    assert min(part.width, part.height) >= 2
    for _, x, y in part.keys:
        assert 0 <= x <= width - part.width and 0 <= y <= height - part.height
    place = part.place
    assert min(place.x, place.y) >= 0
    assert place.x + place.width <= laid.width and place.y + place.height <= laid.height
    assert all(number % 2 == 0 for number in (place.x, place.y, place.width, place.height))


@given(SIDES, SIDES, st.sampled_from(ASPECTS), st.lists(EVERYWHERE, max_size=3))
def test_every_layout_fits_and_every_frame_has_one(
    width: int, height: int, aspect: Aspect, faces: list[tuple[float, ...]]
) -> None:
    laid = laid_out(width, height, aspect, faces)
    at = 0
    for stretch in laid.stretches:
        assert stretch.first == at and stretch.frames > 0
        at += stretch.frames
        for part in (*stretch.parts, *([stretch.ground] if stretch.ground else [])):
            inside(part, width, height, laid)
            frames = [key[0] for key in part.keys]
            assert frames == sorted(set(frames)) and frames[0] >= 0 and frames[-1] < stretch.frames
    assert at == 20
    assert min(laid.width, laid.height) in (720, 1080)


@given(SIDES, SIDES, st.sampled_from(ASPECTS), st.lists(EVERYWHERE, max_size=3))
def test_nothing_is_stretched_by_more_than_the_rounding(
    width: int, height: int, aspect: Aspect, faces: list[tuple[float, ...]]
) -> None:
    assume(Fraction(1, 6) <= Fraction(width, height) <= 6)  # of a mere line, whole pixels are no measure
    laid = laid_out(width, height, aspect, faces)
    assert abs(Fraction(laid.width, laid.height) - SHAPES[aspect]) <= SHAPES[aspect] / 300
    for stretch in laid.stretches:
        for part in stretch.parts:
            scale, shape = Fraction(part.place.width, part.width), Fraction(part.height, part.width)
            # Places have even sides: of a tall one a pixel of its width is `shape` of its height.
            assert abs(part.height * scale - part.place.height) <= (2 + 4 * scale) * max(Fraction(1), shape)
