from __future__ import annotations

import pytest

from common.domain.clip import Aspect, Layout
from common.media.reframe import Box, frame_size, plan


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
def test_layout_follows_from_how_much_a_crop_keeps(
    size: tuple[int, int], aspect: Aspect, layout: Layout, frame: tuple[int, int]
) -> None:
    laid = plan(*size, aspect)
    assert (laid.layout, (laid.width, laid.height)) == (layout, frame)
    assert (laid.picture is not None) == (layout == "blur")


def test_a_crop_is_the_middle() -> None:
    assert plan(1920, 1080, "1:1").crop == Box(x=420, y=0, width=1080, height=1080)


def test_a_blur_shows_all_of_the_picture() -> None:
    laid = plan(1920, 1080, "9:16")
    assert laid.picture == Box(x=0, y=656, width=1080, height=608)
    assert laid.crop == Box(x=656, y=0, width=606, height=1080)


def test_a_picture_of_nearly_the_shape_is_trimmed_not_stretched() -> None:
    crop = plan(1940, 1080, "16:9").crop
    assert (crop.width, crop.height) == (1920, 1080)


def test_the_reason_names_what_a_crop_would_keep() -> None:
    assert "56 %" in plan(1920, 1080, "1:1").reason
    assert "31 %" in plan(1920, 1080, "9:16").reason


def test_sizes_of_a_preview() -> None:
    assert [frame_size(aspect, 360) for aspect in ("9:16", "1:1", "16:9", "4:5")] == [
        (360, 640),
        (360, 360),
        (640, 360),
        (360, 450),
    ]


def test_nothing_is_no_picture() -> None:
    with pytest.raises(ValueError, match="1x700"):
        plan(1, 700, "1:1")
