"""Where captions must not go: eyes and mouths of whoever is on show, in the clip's own frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import pytest

from common.domain.framing import Framing, Key, View
from common.domain.timebase import Span
from common.domain.track import Track
from common.media.captions.faces import STEP, avoided
from common.media.captions.place import Avoid
from common.media.reframe import Plan, plan
from tests.framed import face, unseen

F = Fraction
CLIP = Span(F(10), F(14))
HD = (1920, 1080)
RATE = F(25)
RATES = (RATE, F(30000, 1001))
Point = tuple[float, float]
Place = Callable[[float], Point]
FACE = ((0.3, 0.35), (0.7, 0.35), (0.5, 0.8))  # eyes and mouth, in fractions of a face's box


def framing(span: Span, *views: View, layout: str = "follow", shot: int = 0) -> Framing:
    return Framing(aspect="9:16", shot=shot, span=span, layout=layout, reason="r", views=views)  # type: ignore[arg-type]


def tall(*keys: tuple[float, float], width: float = 0.31641, height: float = 1.0, y: float = 0.5) -> View:
    """A view whose middle is at x from (seconds, x) on; 0.31641 of the width is 9:16 of a picture of 16:9."""
    return View(width=width, height=height, keys=tuple(Key(at=F(str(at)), x=x, y=y) for at, x in keys))


def laid_out(*framings: Framing, rate: Fraction = RATE) -> Plan:
    return plan(framings, "9:16", HD, CLIP, rate, int(CLIP.duration * rate))


def regions(laid: Plan, *faces: Track, rate: Fraction = RATE) -> list[Avoid]:
    found = list(avoided(laid, faces, CLIP, rate, HD))
    for one in found:
        assert 0 <= one.span.start < one.span.end <= CLIP.duration and one.span.duration <= STEP + 1 / rate
        assert one.width > 0 and one.height > 0
        assert one.x >= -1e-6 and one.x + one.width <= laid.width + 1e-6
        assert one.y >= -1e-6 and one.y + one.height <= laid.height + 1e-6
    return found


def still(x: float, y: float) -> Place:
    return lambda t: (x, y)


def frames(span: Span, rate: Fraction) -> Iterator[Fraction]:
    """The times in the clip of the frames nearest to the video's `span`."""
    first, last = ((at - CLIP.start) * rate + F(1, 2) for at in (span.start, span.end))
    for n in range(max(0, int(first)), min(int(last), int(CLIP.duration * rate))):
        yield n / rate


def points(track: Track, t: Fraction) -> list[Point]:
    """Eyes and mouth in fractions of the picture, at a time of the clip."""
    box = track.at(min(CLIP.start + t, track.span.end - F(1, 1000)))
    assert box is not None
    return [(box.x + x * box.width, box.y + y * box.height) for x, y in FACE]


def covered(found: Sequence[Avoid], t: Fraction, x: float, y: float) -> bool:
    """Whether a pixel of the frame lies in a region of that time, or within three pixels of one."""
    return any(
        one.span.contains(t) and -3 <= x - one.x <= one.width + 3 and -3 <= y - one.y <= one.height + 3 for one in found
    )


def test_a_face_that_stands_still_is_one_place_for_all_of_the_clip() -> None:
    found = regions(laid_out(framing(CLIP, tall((10, 0.5)))), face(still(0.5, 0.4), CLIP, size=0.1, height=0.2))
    assert found[0].span.start == 0 and found[-1].span.end == 4
    assert all(a.span.end == b.span.start for a, b in pairwise(found))
    left = (0.45 - (0.5 - 0.31641 / 2)) * 1920 * 1080 / 606  # 606 pixels of the picture fill 1080 of the frame
    top = (0.3 + 0.15 * 0.2) * 1920
    for one in found:
        assert (one.x, one.y) == pytest.approx((left, top), abs=3)
        assert (one.width, one.height) == pytest.approx((192 * 1080 / 606, 0.85 * 0.2 * 1920), abs=3)


@pytest.mark.parametrize("rate", RATES)
def test_eyes_and_mouth_are_covered_while_face_and_view_move(rate: Fraction) -> None:
    """The face swings; the view follows from behind and rests at the ends."""
    view = tall((10, 0.3), (10.2, 0.3), (12.5, 0.6), (13.8, 0.5), (14, 0.5))
    moving = face(lambda t: (0.3 + 0.1 * (t - 10) - 0.05 * (t % 1), 0.4 + 0.1 * (t % 2)), CLIP, size=0.08)
    found = regions(laid_out(framing(CLIP, view), rate=rate), moving, rate=rate)
    seen = 0
    for t in frames(CLIP, rate):
        shown = view.at(CLIP.start + t)
        for x, y in points(moving, t):
            across, down = (x - shown.x) / shown.width * 1080, (y - shown.y) / shown.height * 1920
            if 3 < across < 1077:
                assert covered(found, t, across, down), (t, across, down)
                seen += 1
    assert seen > 200
    assert max(one.width * one.height for one in found) < 3 * (0.08 / 0.31641 * 1080) ** 2  # not all of the frame


def test_of_a_split_each_half_has_its_own_face() -> None:
    """A half is 0.5 of the width and 0.79 of the height, 1080x960 of the frame."""
    views = [tall((10, x), width=0.5, height=0.790, y=0.45) for x in (0.25, 0.75)]
    faces = [face(still(x, 0.4), CLIP, number=n, size=0.1) for n, x in enumerate((0.3, 0.8))]
    found = regions(laid_out(framing(CLIP, *views, layout="split")), *faces)
    for half, (view, one) in enumerate(zip(views, faces, strict=True)):
        shown = view.at(F(10))
        for t in frames(CLIP, RATE):
            for x, y in points(one, t):
                across = (x - shown.x) / shown.width * 1080
                assert covered(found, t, across, 960 * half + (y - shown.y) / shown.height * 960)
    upper, lower = ([one for one in found if (one.y >= 960) == below] for below in (False, True))
    assert len(upper) == len(lower) == 10
    assert all(one.y + one.height <= 960 for one in upper)


@pytest.mark.parametrize("layout", ["blur", "wide"])
def test_over_a_blurred_ground_the_face_is_avoided_where_it_is_sharp(layout: str) -> None:
    """Whole, the picture is 1080x608 of the frame, from 656 on; 0.6 of its width are 1080x1012, from 454 on."""
    one = face(still(0.6, 0.5), CLIP, size=0.1)
    if layout == "blur":
        laid = laid_out(*unseen(CLIP, *HD, "9:16"))
        (x, y), (across, down) = (0.0, 656.0), (1080.0, 608.0)
    else:
        laid = laid_out(framing(CLIP, tall((10, 0.5), width=0.6), layout="wide"))
        (x, y), (across, down) = (-0.2 / 0.6 * 1080, 454.0), (1080 / 0.6, 1012.0)
    assert [stretch.layout for stretch in laid.stretches] == [layout]
    found = regions(laid, one)
    assert len(found) == 10
    for t in frames(CLIP, RATE):
        assert all(covered(found, t, x + u * across, y + v * down) for u, v in points(one, t))
    assert all(y <= one.y and one.y + one.height <= y + down for one in found)


def test_of_a_face_at_the_edge_of_the_view_what_shows_counts_and_of_one_outside_nothing() -> None:
    laid = laid_out(framing(CLIP, tall((10, 0.5))))  # it shows 0.342 to 0.658 of the width
    half = regions(laid, face(still(0.658, 0.4), CLIP, size=0.1))
    assert len(half) == 10
    for one in half:
        assert one.x + one.width == 1080 and one.width == pytest.approx(0.05 / 0.31641 * 1080, abs=4)
    assert regions(laid, face(still(0.72, 0.4), CLIP, size=0.1)) == []
    chin = regions(laid, face(still(0.5, 1.05), CLIP, size=0.1, height=0.2))
    assert {round(one.y + one.height) for one in chin} == {1920}


@pytest.mark.parametrize("rate", RATES)
def test_a_face_that_comes_and_leaves_is_avoided_while_it_is_there(rate: Fraction) -> None:
    laid = laid_out(framing(CLIP, tall((10, 0.5))), rate=rate)
    for start, end in (("10.5", "12.1"), ("9", "10.9"), ("13.35", "16"), ("12.03", "12.26"), ("8", "15")):
        there = Span(F(start), F(end))
        found = regions(laid, face(still(0.5, 0.4), there, size=0.1), rate=rate)
        known = list(frames(there, rate))
        assert [one.span.contains(t) for one in found for t in known].count(True) == len(known)
        assert found[0].span.start == known[0] and found[-1].span.end == known[-1] + 1 / rate


@pytest.mark.parametrize("cut", ["11.9", "12", "12.01", "12.03", "12.35"])
@pytest.mark.parametrize("rate", RATES)
def test_when_the_view_jumps_with_a_cut_each_shots_face_stays_in_its_own_view(cut: str, rate: Fraction) -> None:
    """Both shots are one stretch of the plan: before the cut a face at the left, after it a lower one at the right."""
    first, second = Span(CLIP.start, F(cut)), Span(F(cut), CLIP.end)
    laid = laid_out(framing(first, tall((10, 0.2))), framing(second, tall((float(cut), 0.8)), shot=1), rate=rate)
    assert len(laid.stretches) == 1
    found = regions(
        laid,
        face(still(0.2, 0.3), first, size=0.1),
        face(still(0.8, 0.7), second, size=0.1, number=1, shot=1),
        rate=rate,
    )
    for span, y in ((first, 0.3), (second, 0.7)):
        for t in frames(span, rate):
            (one,) = [one for one in found if one.span.contains(t)]
            assert one.x + one.width / 2 == pytest.approx(540, abs=3)
            assert one.y < y * 1920 < one.y + one.height


def test_layouts_that_change_are_avoided_each_in_its_own_way() -> None:
    """A blurred shot; then the view goes with a face, so that in the frame the face stands."""
    first, second = Span(CLIP.start, F(12)), Span(F(12), CLIP.end)
    view = tall((12, 0.3), (14, 0.7))
    laid = laid_out(unseen(first, *HD, "9:16")[0], framing(second, view, shot=1))
    assert [stretch.layout for stretch in laid.stretches] == ["blur", "follow"]
    walking = face(lambda t: (view.at(F(t)).middle[0], 0.4), second, size=0.1, shot=1)
    found = regions(laid, face(still(0.5, 0.4), first, size=0.1), walking)
    before, after = ([one for one in found if (one.span.start >= 2) == late] for late in (False, True))
    assert len(before) == len(after) == 5
    assert {round(one.width) for one in before} == {108}
    for one in after:
        assert (one.x, one.x + one.width) == pytest.approx((540 - 171, 540 + 171), abs=20)


def test_without_a_face_in_the_clip_there_is_nothing_to_avoid() -> None:
    laid = laid_out(framing(CLIP, tall((10, 0.5))))
    assert regions(laid) == []
    for start, end in ((0, 10), (14, 20)):
        assert regions(laid, face(still(0.5, 0.4), Span(F(start), F(end)))) == []
