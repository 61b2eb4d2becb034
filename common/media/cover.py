"""A still laid out as a clip is in one of its files: what stands for that file before it plays."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from common.media.graph import GROUND_SHORT
from common.media.reframe import Part, Plan

LONG_SIDE = 1280  # pixels; of 16:9 what YouTube asks for
BLUR, LIGHT, COLOUR = 4, 0.6, 0.8  # of a ground: sigma in pixels of GROUND_SHORT; of luma and chroma


def cover(still: Image.Image, plan: Plan, frame: int, display: tuple[int, int]) -> Image.Image:
    """`still`, a whole picture of any size, as this frame of the clip shows it; `display` is its size to the plan."""
    before = bisect_right([one.first for one in plan.stretches], max(0, frame)) - 1
    stretch = plan.stretches[before]
    within = min(max(0, frame - stretch.first), stretch.frames - 1)
    scale = Fraction(LONG_SIDE, max(plan.width, plan.height))
    size = round(plan.width * scale), round(plan.height * scale)
    made = Image.new("RGB", size)
    if stretch.ground is not None:
        small = Fraction(GROUND_SHORT, min(size))
        ground = _cut(still, stretch.ground, within, display, (round(size[0] * small), round(size[1] * small)))
        dark = ImageEnhance.Color(ImageEnhance.Brightness(ground.filter(ImageFilter.GaussianBlur(BLUR))).enhance(LIGHT))
        made.paste(dark.enhance(COLOUR / LIGHT).resize(size, Image.Resampling.BICUBIC))
    for part in stretch.parts:
        place = part.place
        left, right = round(place.x * scale), round((place.x + place.width) * scale)
        top, bottom = round(place.y * scale), round((place.y + place.height) * scale)
        made.paste(_cut(still, part, within, display, (right - left, bottom - top)), (left, top))
    return made


def _cut(still: Image.Image, part: Part, frame: int, display: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    """A part of the picture as it is in this frame of its stretch, in another size."""
    frames = [key[0] for key in part.keys]
    x, y = (float(np.interp(frame, frames, [key[axis] for key in part.keys])) for axis in (1, 2))
    across, down = still.width / display[0], still.height / display[1]
    right, bottom = min(still.width, (x + part.width) * across), min(still.height, (y + part.height) * down)
    return still.resize(size, Image.Resampling.LANCZOS, box=(x * across, y * down, right, bottom))
