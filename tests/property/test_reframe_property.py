from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from common.domain.clip import ASPECTS, Aspect
from common.media.reframe import KEEP, SHAPES, plan

SIDES = st.integers(min_value=16, max_value=8192)


@given(SIDES, SIDES, st.sampled_from(ASPECTS))
def test_every_layout_fits(width: int, height: int, aspect: Aspect) -> None:
    laid = plan(width, height, aspect)
    numbers = [laid.width, laid.height]
    inside = [(laid.crop, width, height)]
    if laid.picture is not None:
        inside.append((laid.picture, laid.width, laid.height))
    for box, within_width, within_height in inside:
        numbers += [box.x, box.y, box.width, box.height]
        assert min(box.x, box.y) >= 0
        assert min(box.width, box.height) >= 2
        assert box.x + box.width <= within_width
        assert box.y + box.height <= within_height
        # in the middle, but for even numbers
        assert abs(2 * box.x + box.width - within_width) <= 3
        assert abs(2 * box.y + box.height - within_height) <= 3
    assert all(number % 2 == 0 for number in numbers)
    assert min(laid.width, laid.height) in (720, 1080)


@given(SIDES, SIDES, st.sampled_from(ASPECTS))
def test_nothing_is_stretched_by_more_than_the_rounding(width: int, height: int, aspect: Aspect) -> None:
    laid = plan(width, height, aspect)
    shape = SHAPES[aspect]
    assert abs(Fraction(laid.width, laid.height) - shape) <= shape / 300
    crop = laid.crop
    assert abs(crop.width - crop.height * shape) <= 2 + 2 * shape
    if laid.picture is not None:
        assert abs(laid.picture.width - laid.picture.height * Fraction(width, height)) <= 2 + 2 * Fraction(
            width, height
        )


@given(SIDES, SIDES, st.sampled_from(ASPECTS))
def test_a_crop_never_loses_more_than_it_may(width: int, height: int, aspect: Aspect) -> None:
    laid = plan(width, height, aspect)
    kept = Fraction(laid.crop.width, width) * Fraction(laid.crop.height, height)
    if laid.layout != "blur":
        assert kept >= KEEP - Fraction(2, width) - Fraction(2, height)
    else:
        assert kept <= KEEP
