"""Captions burned in: what libass really paints, where, when, and that no word can command it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from common.domain.clip import ASPECTS, Aspect
from common.domain.platforms import Safe
from common.domain.timebase import Span
from common.domain.transcript import Word
from common.media.captions import Cue, emoji, fonts, write_ass
from common.media.captions.ass import literal
from common.media.captions.burn import LINGER, Burned, burned
from common.media.captions.place import Avoid, safe_zone
from common.media.captions.styles import LOOKS, CaptionStyle
from common.media.tools import run

STYLES: tuple[CaptionStyle, ...] = get_args(CaptionStyle)
FRAMES: dict[Aspect, tuple[int, int]] = {
    "9:16": (270, 480),
    "1:1": (360, 360),
    "16:9": (640, 360),
    "4:5": (288, 360),
}
GREY = 0x80
PLANT = ("the", "best", "time", "to", "plant", "a", "tree")
FOREIGN = "Ὀδυσσεύς привет ქართული שלום לכל العالم الجميل հայերեն"
SAID = "Ångström's jumpy fox ÉQUIPÉ (gypsy), it WORKS! Donaudampfschifffahrtsgesellschaftskapitän and one more"


def words(*texts: str, each: Fraction = Fraction(2, 5), gap: Fraction = Fraction(1, 5)) -> list[Word]:
    """One after the other from second 10 on."""
    found, at = [], Fraction(10)
    for text in texts:
        found.append(Word(text=text, span=Span(at, at + each)))
        at += each + gap
    return found


def clip(said: Sequence[Word], style: CaptionStyle, aspect: Aspect = "16:9", **options: Sequence[object]) -> Burned:
    width, height = FRAMES[aspect]
    span = Span(Fraction(10), said[-1].span.end + 1)
    return burned(said, span, width=width, height=height, style=style, safe=safe_zone(aspect), **options)  # type: ignore[arg-type]


def pictures(made: Burned, aspect: Aspect, seconds: Fraction, rate: int, scratch: Path) -> NDArray[np.uint8]:
    """What libass paints on grey without the cut at the zone's edge: (frames, height, width, 3)."""
    width, height = FRAMES[aspect]
    (scratch / "clip.ass").write_text(re.sub(r"\\clip\([^)]*\)", "", made.ass), encoding="utf-8")
    folder = f":fontsdir={made.fonts}" if made.fonts else ""
    ground = f"color=c=0x{GREY:02x}{GREY:02x}{GREY:02x}:s={width}x{height}:r={rate}:d={float(seconds):.3f},format=rgb24"
    args = ["-v", "error", "-f", "lavfi", "-i", ground, "-vf", f"ass=filename=clip.ass{folder}"]
    raw = run("ffmpeg", [*args, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], scratch=scratch).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is True."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if len(rows) else None


def painted(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (np.abs(frame.astype(int) - GREY) > 12).any(axis=-1)
    return found


def texts(made: Burned) -> list[tuple[int, int, int, str]]:
    """Layer, start and end in hundredths, text of each event, overrides included."""
    rows = made.ass.split("[Events]\n")[1].splitlines()[1:]
    found = []
    for row in rows:
        match = re.fullmatch(
            r"Dialogue: (\d),(\d):(\d\d):(\d\d)\.(\d\d),(\d):(\d\d):(\d\d)\.(\d\d),word,,0,0,0,,(.*)", row
        )
        assert match, row
        layer, *times = (int(group) for group in match.groups()[:-1])
        start, end = (((h * 60 + m) * 60 + s) * 100 + c for h, m, s, c in (times[:4], times[4:]))
        found.append((layer, start, end, match[10]))
    return found


@pytest.fixture
def plain_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With DejaVu alone, which is on every machine."""
    only = {weight: ("DejaVuSans-Bold.ttf",) for weight in fonts._FILES}
    monkeypatch.setattr(fonts, "_FILES", only)
    fonts.find_face.cache_clear()
    yield
    fonts.find_face.cache_clear()


def stays_inside(made: Burned, aspect: Aspect, seconds: Fraction, scratch: Path, rate: int = 5) -> None:
    """Each frame's ink lies in the box told for that time, the box in the safe zone."""
    width, height = FRAMES[aspect]
    safe = safe_zone(aspect)
    for box in made.boxes:
        assert box.x >= width * safe.left - 0.01 and box.x + box.width <= width * (1 - safe.right) + 0.01, box
        assert box.y >= height * safe.top - 0.01 and box.y + box.height <= height * (1 - safe.bottom) + 0.01, box
    inked = 0
    for n, frame in enumerate(pictures(made, aspect, seconds, rate, scratch)):
        found = extent(painted(frame))
        boxes = [box for box in made.boxes if box.span.contains(Fraction(n, rate))]
        if found is None:
            continue
        inked += 1
        assert len(boxes) == 1, f"ink at {n / rate} s, where {len(boxes)} captions stand"
        box = boxes[0]
        left, top, right, bottom = found
        assert left >= box.x - 1 and right <= box.x + box.width + 1, (box, found)
        assert top >= box.y - 1 and bottom <= box.y + box.height + 1, (box, found)
    assert inked > 2 * rate


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_painted_outside_the_box_and_the_safe_zone(
    style: CaptionStyle, aspect: Aspect, tmp_path: Path
) -> None:
    said = words(*SAID.split())
    stays_inside(clip(said, style, aspect), aspect, said[-1].span.end - 9, tmp_path)


@pytest.mark.usefixtures("plain_machine")
@pytest.mark.parametrize("style", STYLES)
def test_the_same_holds_with_the_font_that_is_everywhere(style: CaptionStyle, tmp_path: Path) -> None:
    said = words(*SAID.split())
    made = clip(said, style, "9:16")
    assert "DejaVu Sans" in made.ass
    stays_inside(made, "9:16", said[-1].span.end - 9, tmp_path)


@pytest.mark.parametrize("style", STYLES)
def test_letters_of_the_second_font_are_measured_as_well(style: CaptionStyle, tmp_path: Path) -> None:
    said = words(*FOREIGN.split())
    made = clip(said, style, "16:9")
    assert not made.notes
    stays_inside(made, "16:9", said[-1].span.end - 9, tmp_path)


EVIL = (
    "{\\an8}",
    "{\\p1}m0,0l99,0",
    "\\N",
    "a\\Nb\\nc\\hd",
    "{\\pos(1,1)}x",
    "\\{\\fs200}",
    "{{}}",
    "}{",
    "\\\\{\\b1}",
    "{\\clip(0,0,1,1)}",
    "&#123;\\an8&#125;",
    "Dialogue:",
)


def test_markup_in_words_is_shown_as_it_is_written(tmp_path: Path) -> None:
    """As wide as its letters are, and where any caption stands."""
    each = Fraction(1)
    made = clip(words(*EVIL, each=each, gap=each), "clean")
    face = fonts.find_face(LOOKS["clean"].weight)
    frames = pictures(made, "16:9", 2 * each * len(EVIL), 2, tmp_path)
    em = float(re.search(r"Style: word,[^,]+,([\d.]+)", made.ass)[1]) / face.body  # type: ignore[index]
    shown = [box.text for box in made.boxes]
    assert shown == [text.lower() for text in EVIL]
    for n, text in enumerate(shown):
        found = extent((frames[4 * n + 1] > 225).all(axis=-1))
        assert found is not None, text
        left, _, right, _ = face.ink(text)
        assert right * em - left * em == pytest.approx(found[2] - found[0], abs=4), text  # the narrowest sign is 5
        box = made.boxes[n]
        assert box.y <= found[1] and found[3] <= box.y + box.height, text
        assert found[1] > FRAMES["16:9"][1] * 0.7, text


@pytest.mark.parametrize("style", STYLES)
def test_words_with_breaks_controls_and_direction_marks_make_no_events(style: CaptionStyle) -> None:
    harmless = clip(words("two words", "plain"), style)
    evil = clip(words("two\r\n;0,\x85", "pl\u202eai\0n\ud800"), style)
    assert len(texts(evil)) == len(texts(harmless))
    assert "\u202e" not in evil.ass and "\0" not in evil.ass
    evil.ass.encode()  # half a surrogate pair could not be


def test_literal_text_is_shown_by_libass_alone() -> None:
    assert literal("{\\an8}\n\\N") == "\\{\\\u2060an8\\} \\\u2060N"


@pytest.mark.parametrize("style", STYLES)
def test_naughty_strings_are_words_like_others(style: CaptionStyle, shared: Path) -> None:
    naughty = json.loads((shared / "conformance" / "blns.json").read_bytes())
    said = words(*naughty, each=Fraction(1, 5), gap=Fraction(0))
    made = clip(said, style, "9:16")
    for _, start, end, text in texts(made):
        assert start < end
        ours = re.match(r"\{[^{}]*\}", text)
        assert ours
        rest = text[ours.end() :]
        if not ours[0].endswith("\\p4}"):
            assert not re.search(r"(?<!\\)[{}]|\\[^{}\u2060]", rest), rest


def test_naughty_strings_are_painted_inside_the_safe_zone(shared: Path, tmp_path: Path) -> None:
    """With the cut at the zone's edge, since the widths of letters from other fonts are guesses."""
    naughty = json.loads((shared / "conformance" / "blns.json").read_bytes())
    said = words(*naughty, each=Fraction(1, 5), gap=Fraction(0))
    aspect: Aspect = "9:16"
    made = clip(said, "pop", aspect)
    width, height = FRAMES[aspect]
    safe = safe_zone(aspect)
    (tmp_path / "all.ass").write_text(made.ass, encoding="utf-8")
    seconds = float(said[-1].span.end) - 10
    ground = f"color=c=0x808080:s={width}x{height}:r=3:d={seconds},format=rgb24,ass=all.ass:fontsdir={made.fonts}"
    args = ["-v", "error", "-f", "lavfi", "-i", ground, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = np.frombuffer(run("ffmpeg", args, scratch=tmp_path).stdout, np.uint8).reshape(-1, height, width, 3)
    found = extent(painted(np.abs(raw.astype(int) - GREY).max(axis=0).astype(np.uint8) + GREY))
    assert found is not None
    left, top, right, bottom = found
    assert left >= width * safe.left - 1 and right <= width * (1 - safe.right) + 1
    assert top >= height * safe.top - 1 and bottom <= height * (1 - safe.bottom) + 1


# --- when --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("style", "hue"), [("pop", (0xFF, 0xE1, 0x1A)), ("box", (0x6D, 0x28, 0xF5))])
def test_a_word_is_lit_for_exactly_its_time(style: CaptionStyle, hue: tuple[int, ...], tmp_path: Path) -> None:
    said = words("one", "two", "six")
    made = clip(said, style)
    assert len(made.boxes) == 1
    rate = 50
    frames = pictures(made, "16:9", Fraction(2), rate, tmp_path)
    middles = []
    for word in said:
        start, end = (round((at - 10) * rate) for at in (word.span.start, word.span.end))
        lit = [extent((np.abs(frame.astype(int) - hue) < 24).all(axis=-1)) for frame in frames]
        assert lit[start] and lit[end - 1], f"{word.text} is dark in its own time"
        assert (start == 0 or not lit[start - 1]) and not lit[end], f"{word.text} is lit beyond its time"
        settled = lit[end - 1]
        assert settled is not None
        middles.append((settled[0] + settled[2]) / 2)
    assert middles == sorted(middles) and middles[2] - middles[0] > 40


@pytest.mark.parametrize("style", STYLES)
def test_every_style_lights_each_word_in_its_own_time(style: CaptionStyle) -> None:
    said = words("one", "two", "six", each=Fraction(37, 100), gap=Fraction(13, 100))
    lit = sorted({(start, end) for layer, start, end, _ in texts(clip(said, style)) if layer == 4})
    assert lit == [(round((w.span.start - 10) * 100), round((w.span.end - 10) * 100)) for w in said]


def test_the_light_does_not_flicker_between_words_that_nearly_touch() -> None:
    said = words("one", "two", "six", gap=Fraction(4, 100))
    lit = sorted({(start, end) for layer, start, end, _ in texts(clip(said, "pop")) if layer == 4})
    assert lit == [(0, 44), (44, 88), (88, 128)]


def test_groups_follow_pauses_and_sentences_and_never_overlap() -> None:
    first = words("We", "came.", "We", "saw", "it")
    later = [Word(text="all", span=Span(Fraction(20), Fraction(21)))]
    made = clip([*first, *later], "clean")
    assert [box.text for box in made.boxes] == ["we came.", "we saw it", "all"]
    assert all(a.span.end <= b.span.start for a, b in pairwise(made.boxes))
    assert made.boxes[0].span == Span(Fraction(0), Fraction(6, 5))
    assert made.boxes[1].span.end == first[-1].span.end - 10 + LINGER
    assert made.boxes[2].span.start == 10


def test_only_the_words_of_the_span_are_shown() -> None:
    said = words("before", "inside", "after", each=Fraction(1), gap=Fraction(1))
    made = burned(said, Span(Fraction(12), Fraction(13)), width=640, height=360, style="clean", safe=safe_zone("16:9"))
    assert [(box.text, box.span) for box in made.boxes] == [("inside", Span(Fraction(0), Fraction(1)))]


def test_no_word_stands_alone_where_it_need_not() -> None:
    made = clip(words(*PLANT, each=Fraction(3, 10), gap=Fraction(0)), "pop", "9:16")
    assert min(len(box.text.split()) for box in made.boxes) > 1


# --- where -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_no_ink_covers_a_face_when_there_is_room_beside_it(style: CaptionStyle, tmp_path: Path) -> None:
    said = words(*PLANT)
    seconds = said[-1].span.end - 10
    free = clip(said, style, "9:16")
    low = max(box.y for box in free.boxes)
    face = Avoid(span=Span(Fraction(0), seconds), x=70, y=low - 50, width=130, height=80)
    region = np.s_[int(face.y) : int(face.y + face.height), int(face.x) : int(face.x + face.width)]

    def covered(made: Burned) -> bool:
        return any(bool(painted(frame[region]).any()) for frame in pictures(made, "9:16", seconds, 5, tmp_path))

    assert covered(free)
    made = clip(said, style, "9:16", avoid=[face])
    assert not covered(made)
    assert all(box.covered == 0 for box in made.boxes) and not made.notes
    heights = [box.y + box.height / 2 for box in made.boxes]
    assert max(heights) - min(heights) < 3, "captions hop"


def test_a_face_that_comes_for_a_moment_moves_only_that_group_or_all_after_it() -> None:
    said = words(*["word"] * 24)
    free = clip(said, "pop", "9:16")
    box = free.boxes[3]
    face = Avoid(span=box.span, x=box.x, y=box.y, width=box.width, height=box.height)
    made = clip(said, "pop", "9:16", avoid=[face])
    heights = [round(box.y + box.height / 2) for box in made.boxes]
    assert heights[3] != heights[0] and not any(box.covered for box in made.boxes)
    assert sum(a != b for a, b in pairwise(heights)) <= 2
    at_other_times = Avoid(span=Span(Fraction(90), Fraction(99)), x=0, y=0, width=270, height=480)
    assert clip(said, "pop", "9:16", avoid=[at_other_times]) == free


def test_captions_do_not_hop_with_a_face_that_comes_and_goes() -> None:
    said = words(*["word"] * 24)
    boxes = clip(said, "pop", "9:16").boxes
    faces = [Avoid(span=box.span, x=box.x, y=box.y, width=box.width, height=box.height) for box in boxes[1::2]]
    made = clip(said, "pop", "9:16", avoid=faces)
    heights = [box.y for box in made.boxes]
    assert len(heights) > 5 and sum(abs(a - b) > 2 for a, b in pairwise(heights)) <= 1
    cut = boxes[2].span.start
    faces = [Avoid(span=Span(Fraction(0), cut), x=0, y=200, width=270, height=280)]
    made = clip(said, "pop", "9:16", avoid=faces, cuts=[cut])
    assert made.boxes[1].y < made.boxes[2].y == pytest.approx(boxes[2].y), "after a cut they may come back"


def test_where_no_place_is_free_the_least_is_covered() -> None:
    always = Span(Fraction(0), Fraction(9))
    small = Avoid(span=always, x=60, y=230, width=130, height=90)
    large = Avoid(span=always, x=0, y=0, width=270, height=230)
    made = clip(words("no", "way", "out"), "pop", "9:16", avoid=[small, large])
    assert 0 < made.boxes[0].covered < 0.1 and made.boxes[0].y + made.boxes[0].height <= 230


def test_where_no_place_is_free_it_is_said() -> None:
    said = words("no", "way", "out")
    everything = Avoid(span=Span(Fraction(0), Fraction(9)), x=0, y=0, width=270, height=480)
    made = clip(said, "pop", "9:16", avoid=[everything])
    assert all(0 < box.covered < 1 for box in made.boxes)
    assert any("no place clear of faces" in note for note in made.notes)


def test_the_safe_zone_is_the_strictest_of_the_vertical_platforms() -> None:
    assert safe_zone("9:16") == Safe(top=0.15, bottom=0.35, left=0.11, right=0.22)
    assert {safe_zone(aspect) for aspect in ("1:1", "16:9", "4:5")} == {
        Safe(top=0.05, bottom=0.05, left=0.05, right=0.05)
    }


# --- scripts and emoji -------------------------------------------------------------------------------------------


def places(made: Burned) -> dict[str, float]:
    """Where each word's middle is across, by its text."""
    found = {}
    for _, _, _, text in texts(made):
        match = re.match(r"\{\\pos\(([\d.]+),[^}]*\}(.*)", text)
        if match and "\\p4}" not in text:
            found[match[2]] = float(match[1])
    return found


def test_right_to_left_words_are_set_from_the_right() -> None:
    at = places(clip(words("שלום", "לכל", "New", "York", "היום"), "clean"))
    assert at["שלום"] > at["לכל"] > at["york"] > at["new"] > at["היום"]
    at = places(clip(words("say", "שלום", "לכל", "now"), "clean"))
    assert at["say"] < at["לכל"] < at["שלום"] < at["now"]


def test_letters_no_font_is_known_for_are_guessed_and_it_is_said() -> None:
    made = clip(words("𒀀𒀁", "plain"), "clean")
    assert "1 word has letters the caption fonts lack" in made.notes[0]


def test_scripts_without_spaces_have_none() -> None:
    face = fonts.find_face("medium")
    at = places(clip(words("今天天", "气很好"), "clean"))
    em = LOOKS["clean"].size * min((640 * 360) ** 0.5, 1.1 * 360)
    assert at["气很好"] - at["今天天"] == pytest.approx(face.length("今天天") * em, rel=0.01)


def test_capitals_are_used_only_as_far_as_the_font_has_them() -> None:
    assert list(places(clip(words("straße", "ქართული"), "pop"))) == ["STRASSE", "ქართული"]


@pytest.mark.parametrize("style", STYLES)
def test_a_word_little_longer_than_a_line_is_made_smaller_and_never_broken(style: CaptionStyle) -> None:
    for long in ("embarrassed", "Überraschungen", "необыкновенный", "الاستثمارات"):
        made = clip(words("so", "was", long, "by", "how"), style, "9:16")
        shown = [part.lower() for box in made.boxes for part in box.text.split()]
        assert long.lower() in shown, shown


def test_what_is_written_without_spaces_is_broken_at_its_full_size() -> None:
    made = clip(words("今天天气很好我们去公园", each=Fraction(3)), "pop", "9:16")
    assert len({float(one) for one in re.findall(r"\\fs([\d.]+)", made.ass)}) == 1
    assert "".join(box.text for box in made.boxes).replace(" ", "") == "今天天气很好我们去公园" and len(made.boxes) > 1


def test_a_word_too_long_for_any_line_goes_on_with_a_hyphen() -> None:
    long = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
    made = clip(words(long, each=Fraction(3)), "box", "9:16")
    shown = [part for box in made.boxes for part in box.text.split()]
    assert len(shown) > 2 and all(part.endswith("-") for part in shown[:-1])
    assert "".join(shown).replace("-", "") == long


def test_marks_heaped_on_a_letter_are_cleared() -> None:
    assert (
        sum("\u0300" <= sign <= "\u036f" for sign in clip(words("Z" + "\u0351" * 50 + "a"), "clean").boxes[0].text) == 4
    )


needs_emoji = pytest.mark.skipif(not emoji.available(), reason="no emoji font: scripts/setup installs it")


@needs_emoji
@pytest.mark.parametrize("cluster", ["🔥", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "⌚", "❤️‍🔥"])
def test_an_emoji_is_one_picture_in_a_gap_of_the_line(cluster: str) -> None:
    made = clip(words("so", f"hot{cluster}-", "today"), "box")
    assert cluster not in made.ass and made.notes == ()
    (overlay,) = made.overlays
    (box,) = made.boxes
    assert overlay.span == box.span
    assert box.x <= overlay.x and overlay.x + overlay.size <= box.x + box.width + 1
    assert box.y <= overlay.y and overlay.y + overlay.size <= box.y + box.height + 1
    at = places(made)
    assert at["hot"] < overlay.x < overlay.x + overlay.size < at["-"]
    image = Image.open(BytesIO(overlay.png))
    assert image.size == (overlay.size, overlay.size) and image.mode == "RGBA"
    alpha = np.asarray(image)[:, :, 3]
    assert (alpha > 200).mean() > 0.25 and re.fullmatch(r"[a-z0-9-]+\.png", overlay.name)


@needs_emoji
def test_equal_emoji_are_the_same_file_and_a_heap_of_them_has_an_end() -> None:
    made = clip(words("🔥", "🔥", "🎉"), "pop")
    assert len(made.overlays) == 3 and len({(o.name, o.png) for o in made.overlays}) == 2
    heap = clip(words("🔥" * 300, each=Fraction(30)), "pop")
    assert len(heap.overlays) == 60 and any("240 emoji were left out" in note for note in heap.notes)


@needs_emoji
def test_a_sequence_the_font_does_not_know_becomes_its_first_emoji() -> None:
    (overlay,) = clip(words("x", "🔥\u200d🍕"), "pop").overlays
    assert overlay.name.startswith("emoji-1f525-")


def test_digits_and_signs_that_can_be_emoji_stay_text() -> None:
    made = clip(words("#1", "©", "3*4", "™"), "clean")
    assert made.boxes[0].text == "#1 © 3*4 ™" and not made.overlays


def test_without_an_emoji_font_emoji_are_left_out_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (emoji._font, emoji._drawn, emoji.available)
    for each in caches:
        each.cache_clear()
    monkeypatch.setattr(emoji, "find_file", lambda name: None)
    made = clip(words("so", "hot🔥", "🔥"), "clean")
    for each in caches:
        each.cache_clear()
    assert made.boxes[0].text == "so hot" and not made.overlays
    assert "install fonts-noto-color-emoji" in made.notes[0]


# --- the sidecar -------------------------------------------------------------------------------------------------


def test_the_ass_sidecar_has_an_event_per_cue_and_no_markup_but_its_own() -> None:
    cues = [
        Cue(Span(Fraction(1), Fraction(5, 2)), ("{\\an8}top", "\\N{\\p1}")),
        Cue(Span(Fraction(3661), Fraction(3662)), ("a\nb",)),
    ]
    rows = [row for row in write_ass(cues).splitlines() if row.startswith("Dialogue")]
    assert rows == [
        "Dialogue: 0,0:00:01.00,0:00:02.50,plain,,0,0,0,,(\\\u2060an8)top\\N\\\u2060N(\\\u2060p1)",
        "Dialogue: 0,1:01:01.00,1:01:02.00,plain,,0,0,0,,a b",
    ]
