"""What catches the eye: what stands out, and what moves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from common.signals.saliency import SHARE, SIDE, _middle, _small, attention

Picture = NDArray[np.uint8]


def flat(height: int = 180, width: int = 320, level: int = 60) -> Picture:
    return np.full((height, width, 3), level, np.uint8)


def with_square(x: float, y: float, *, side: int = 30, size: tuple[int, int] = (180, 320)) -> Picture:
    """A bright square of `side` pixels about a place in fractions."""
    picture = flat(*size)
    top, left = int(y * size[0]) - side // 2, int(x * size[1]) - side // 2
    picture[top : top + side, left : left + side] = (250, 220, 200)
    return picture


def valid(found: tuple[float, float, float, float]) -> None:
    x, y, width, height = found
    assert 0 <= x <= x + width <= 1 and 0 <= y <= y + height <= 1
    assert width > 0 and height > 0 and np.isfinite(found).all()


@pytest.mark.parametrize("size", [(180, 320), (320, 180), (768, 768), (500, 90)])
@pytest.mark.parametrize("place", [(0.25, 0.3), (0.75, 0.7)])
def test_a_bright_square_on_flat_ground_is_found(size: tuple[int, int], place: tuple[float, float]) -> None:
    side = max(24, min(size) // 5)
    x, y, width, height = found = attention(with_square(*place, side=side, size=size))
    valid(found)
    off = abs(x + width / 2 - place[0]) * size[1], abs(y + height / 2 - place[1]) * size[0]
    assert max(off) <= side / 2  # the middle of what is named lies on the square; of a large one an edge may say most
    assert width * height < 0.1


@pytest.mark.parametrize("size", [(180, 320), (432, 768), (90, 500), (47, 49), (30, 5), (720, 1000)])
def test_a_picture_of_one_tone_is_made_small_without_an_edge(size: tuple[int, int]) -> None:
    assert _small(flat(*size, level=60)) == pytest.approx(np.full((SIDE, SIDE), 60.0))


def test_what_moves_is_found_among_what_does_not() -> None:
    random = np.random.default_rng(5)
    ground = random.integers(0, 255, (180, 320, 3)).astype(np.uint8)

    def moved(x: int) -> Picture:
        picture = ground.copy()
        picture[100:150, x : x + 50] = 255
        return picture

    x, y, width, height = attention(moved(250), moved(235))
    assert x <= 250 / 320 <= x + width and y <= 125 / 180 <= y + height
    assert width < 0.6
    busy = attention(ground, ground)
    assert busy == attention(ground)  # nothing moved: as if there were no picture before
    assert busy[2] > width


def test_a_picture_of_another_shape_before_it_does_not_count() -> None:
    picture = with_square(0.3, 0.3)
    assert attention(picture, flat(90, 160)) == attention(picture)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_gives_a_valid_box(level: int) -> None:
    valid(attention(flat(level=level)))
    valid(attention(flat(level=level), flat(level=255 - level)))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (1, 500), (500, 1), (47, 49), (241, 7), (2160, 30)])
def test_a_picture_of_any_size_gives_a_valid_box(size: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    picture, before = (random.integers(0, 255, (*size, 3)).astype(np.uint8) for _ in range(2))
    valid(attention(picture))
    valid(attention(picture, before))


def test_the_stretch_that_is_named_is_the_shortest_that_holds_the_share() -> None:
    random = np.random.default_rng(2)
    for _ in range(50):
        mass = random.random(20) ** 4
        start, end = _middle(mass)
        first, last = round(start * 20), round(end * 20)
        assert mass[first:last].sum() >= SHARE * mass.sum() - 1e-9
        shorter = [mass[n : n + last - first - 1].sum() for n in range(20)]
        assert max(shorter) < SHARE * mass.sum()
