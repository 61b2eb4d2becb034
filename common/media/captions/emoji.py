"""Emoji as pictures: libass cannot draw colour fonts, so each becomes a small PNG laid over the frame."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFont, features

from common.domain.timebase import Span
from common.media.captions.fonts import find_file

_FONT = "NotoColorEmoji.ttf"
_STRIKE = 109  # the only size, in pixels, that the bitmaps of the font come in
_ADVANCE = 136  # pixels one picture advances at that size

# Shown as pictures by themselves (Emoji_Presentation, and what is near enough to it), from Unicode's emoji-data.
_PICTURE = (
    "[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd"
    "\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755"
    "\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f236\U0001f238-\U0001f23a\U0001f250\U0001f251"
    "\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f90c-\U0001f9ff"
    "\U0001fa70-\U0001faff](?!\ufe0e)"
)
_EITHER = "[\u00a9\u00ae\u203c-\u3299\U0001f170-\U0001f251]"  # pictures only where the selector says so
_TONE = "[\U0001f3fb-\U0001f3ff]"
_TAGS = "[\U000e0020-\U000e007e]{1,8}\U000e007f"
_ONE = f"(?:{_PICTURE}|{_EITHER}(?=\ufe0f|{_TONE}))\ufe0f?{_TONE}?(?:{_TAGS})?"
_JOINED = f"(?:{_PICTURE}|{_EITHER})\ufe0f?{_TONE}?"
_CLUSTER = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ONE}(?:\u200d{_JOINED}){{0,9}}")
_LOOSE = re.compile(f"[\ufe00-\ufe0f\U000e0020-\U000e007f]|{_TONE}|\u200d$|^\u200d")  # left over from what was no emoji


@dataclass(frozen=True, slots=True, kw_only=True)
class EmojiOverlay:
    """A picture of `size` x `size` pixels at `x`, `y` of the frame. Equal names hold equal bytes."""

    name: str
    png: bytes
    span: Span  # seconds of the clip
    x: int
    y: int
    size: int


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """`text` cut into runs of letters and single emoji; True marks an emoji."""
    at = 0
    for match in _CLUSTER.finditer(text):
        if letters := _LOOSE.sub("", text[at : match.start()]):
            yield letters, False
        yield match[0], True
        at = match.end()
    if letters := _LOOSE.sub("", text[at:]):
        yield letters, False


def known(cluster: str) -> str | None:
    """The emoji, or where the font has no picture of the whole sequence its first one; None where it has neither."""
    if _drawn(cluster) is not None:
        return cluster
    first = re.match(_ONE, cluster)
    if first is not None and first[0] != cluster and _drawn(first[0]) is not None:
        return first[0]
    return None


def name(cluster: str, size: int) -> str:
    """A file name of plain letters for a picture."""
    return "emoji-" + "-".join(f"{ord(sign):x}" for sign in cluster) + f"-{size}.png"


@lru_cache(maxsize=256)
def picture(cluster: str, size: int) -> bytes:
    """A PNG of `size` x `size` pixels with a clear ground, of an emoji that is `known`."""
    drawn = _drawn(cluster)
    if drawn is None:
        raise ValueError(f"the emoji font has no picture of {cluster!r}")
    box = drawn.getbbox()
    cut = drawn.crop(box)
    scale = size / max(_STRIKE + 8, *cut.size)  # 117: as tall as the round faces are
    small = cut.resize((max(1, round(cut.width * scale)), max(1, round(cut.height * scale))), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", (size, size))
    ground.paste(small, ((size - small.width) // 2, (size - small.height) // 2))
    out = io.BytesIO()
    ground.save(out, "PNG")
    return out.getvalue()


@cache
def available() -> bool:
    """Whether this machine has a font that emoji can be drawn with."""
    return _font() is not None


@cache
def _font() -> ImageFont.FreeTypeFont | None:
    path = find_file(_FONT)
    if path is None:
        return None
    engine = ImageFont.Layout.RAQM if features.check("raqm") else ImageFont.Layout.BASIC
    try:
        return ImageFont.truetype(str(path), _STRIKE, layout_engine=engine)
    except OSError:  # a build of the font with vector pictures, which Pillow cannot draw
        return None


@lru_cache(maxsize=256)
def _drawn(cluster: str) -> Image.Image | None:
    """One picture, or None: nothing is painted, or several things are because the sequence is unknown."""
    font = _font()
    if font is None or font.getlength(cluster) > _ADVANCE * 1.4:
        return None
    image = Image.new("RGBA", (_ADVANCE * 2, _ADVANCE * 2))
    ImageDraw.Draw(image).text((_ADVANCE // 2, _ADVANCE // 3), cluster, font=font, embedded_color=True)
    return image if image.getbbox() is not None else None
