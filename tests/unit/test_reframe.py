"""Framings in whole pixels and whole frames."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from common.domain.clip import Aspect
from common.domain.framing import Framing, Key, View
from common.domain.timebase import Span
from common.media.reframe import MOST_STRETCHES, RESTLESS, Box, Plan, frame_size, plan
from tests.framed import unseen

CLIP = Span(Fraction(0), Fraction(4))
HD = (1920, 1080)


def laid_out(size: tuple[int, int], aspect: Aspect, *framings: Framing, span: Span = CLIP) -> Plan:
    return plan(framings or unseen(span, *size, aspect), aspect, size, span, Fraction(25), int(span.duration * 25))


def still(start: float, end: float, x: float, *, shot: int = 0, layout: str = "follow") -> Framing:
    span = Span(Fraction(start), Fraction(end))
    view = View(width=0.31641, height=1.0, keys=(Key(at=span.start, x=x, y=0.5),))
    return Framing(aspect="9:16", shot=shot, span=span, layout=layout, reason="r", views=(view,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "aspect", "layout", "frame"),
    [
        ((1920, 1080), "16:9", "whole", (1920, 1080)),
        ((1202, 676), "16:9", "whole", (1280, 720)),  # within 1.5 % of the shape, under 720 lines
        ((1920, 1080), "1:1", "crop", (1080, 1080)),  # keeps 56 %
        ((1920, 1080), "4:5", "blur", (1080, 1350)),  # would keep 45 %
        ((1920, 1080), "9:16", "blur", (1080, 1920)),
        ((1080, 1920), "9:16", "whole", (1080, 1920)),
        ((1080, 1920), "4:5", "crop", (1080, 1350)),
        ((1080, 1920), "16:9", "blur", (1920, 1080)),
        ((540, 960), "9:16", "whole", (720, 1280)),
    ],
)
def test_where_nobody_is_seen_layout_follows_from_how_much_a_part_keeps(
    size: tuple[int, int], aspect: Aspect, layout: str, frame: tuple[int, int]
) -> None:
    laid = laid_out(size, aspect)
    (stretch,) = laid.stretches
    assert (stretch.layout, (laid.width, laid.height)) == (layout, frame)
    assert (stretch.ground is not None) == (layout == "blur")


def test_a_crop_of_nobody_is_the_middle() -> None:
    (part,) = laid_out(HD, "1:1").stretches[0].parts
    assert (part.width, part.height, part.keys) == (1080, 1080, ((0, 420.0, 0.0),))


def test_a_blur_shows_all_of_the_picture() -> None:
    (stretch,) = laid_out(HD, "9:16").stretches
    assert stretch.parts[0].place == Box(x=0, y=656, width=1080, height=608)
    assert (stretch.parts[0].width, stretch.parts[0].height) == HD
    assert stretch.ground is not None and (stretch.ground.width, stretch.ground.height) == (606, 1080)


def test_a_picture_of_nearly_the_shape_is_trimmed_not_stretched() -> None:
    (part,) = laid_out((1940, 1080), "16:9").stretches[0].parts
    assert (part.width, part.height) == (1920, 1080)


def test_the_view_jumps_with_the_cut_and_not_a_frame_sooner() -> None:
    laid = laid_out(HD, "9:16", still(0, 2, 0.2), still(2, 4, 0.8, shot=1))
    (stretch,) = laid.stretches
    left, right = (0.2 * 1920 - 303, 0.8 * 1920 - 303)
    assert [(n, round(x)) for n, x, _ in stretch.parts[0].keys] == [(0, left), (49, left), (50, right)]


def test_shots_laid_out_otherwise_are_stretches_of_their_own() -> None:
    whole = unseen(Span(Fraction(1), Fraction(2)), *HD, "9:16")[0]
    laid = laid_out(HD, "9:16", still(0, 1, 0.2), replace(whole, shot=1), still(2, 4, 0.8, shot=2))
    assert [(one.first, one.frames, one.layout) for one in laid.stretches] == [
        (0, 25, "follow"),
        (25, 25, "blur"),
        (50, 50, "follow"),
    ]


def test_a_moving_view_keeps_its_keys_inside_the_clip() -> None:
    view = View(
        width=0.31641,
        height=1.0,
        keys=tuple(Key(at=Fraction(at), x=x, y=0.5) for at, x in ((0, 0.2), (1, 0.2), (3, 0.6), (9, 0.6))),
    )
    moving = Framing(
        aspect="9:16", shot=0, span=Span(Fraction(0), Fraction(9)), layout="follow", reason="r", views=(view,)
    )
    laid = laid_out(HD, "9:16", moving, span=Span(Fraction(2), Fraction(6)))
    keys = laid.stretches[0].parts[0].keys
    assert [n for n, _, _ in keys] == [0, 25, 99]
    assert [round((x + 303) / 1920, 3) for _, x, _ in keys] == [0.4, 0.6, 0.6]


def test_halves_lie_one_above_the_other() -> None:
    views = tuple(View(width=0.5, height=0.79, keys=(Key(at=Fraction(0), x=x, y=0.5),)) for x in (0.25, 0.75))
    halves = Framing(aspect="9:16", shot=0, span=CLIP, layout="split", reason="r", views=views)
    upper, lower = laid_out(HD, "9:16", halves).stretches[0].parts
    assert upper.place == Box(x=0, y=0, width=1080, height=960)
    assert lower.place == Box(x=0, y=960, width=1080, height=960)


def test_hundreds_of_layouts_become_few() -> None:
    whole = unseen(CLIP, *HD, "9:16")[0]
    cuts = [Fraction(n, 25) for n in range(101)]
    many = [
        replace(whole if n % 2 else still(0, 1, 0.5), shot=n, span=Span(a, b))
        for n, (a, b) in enumerate(pairwise(cuts))
    ]
    laid = laid_out(HD, "9:16", *many)
    assert 1 <= len(laid.stretches) <= MOST_STRETCHES
    assert sum(one.frames for one in laid.stretches) == 100
    assert {(one.layout, one.reason) for one in laid.framings} == {("blur", RESTLESS)}  # and says so


def test_sizes_of_a_preview() -> None:
    assert [frame_size(aspect, 360) for aspect in ("9:16", "1:1", "16:9", "4:5")] == [
        (360, 640),
        (360, 360),
        (640, 360),
        (360, 450),
    ]


def test_nothing_is_no_picture() -> None:
    with pytest.raises(ValueError, match="1x700"):
        laid_out((1, 700), "1:1")
