"""How well a clip shows what it is about: faces in view, a steady view, captions at their words and in their place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from fractions import Fraction

from common.domain.framing import Framing, View
from common.domain.gate import Caption
from common.domain.platforms import Safe
from common.domain.timebase import Span
from common.domain.track import Box, Track
from common.domain.transcript import Word

STEP = Fraction(1, 10)  # seconds from one look to the next
WHOLE = 0.9  # of a face's box: so much in view is a face in view
NEAR = 2.0  # seconds: a caption further from its word is not its caption


def faces_in_view(framings: Sequence[Framing], tracks: Sequence[Track], span: Span) -> float | None:
    """The share of looks at which every face that the framing was made for is in view; None where there is no face."""
    faces = {track.number: track for track in tracks if track.kind == "face"}
    looks = seen = 0
    for framing in framings:
        for t in _times(framing.span, span):
            boxes = [box for number in framing.tracks if number in faces and (box := faces[number].at(t)) is not None]
            if boxes:
                looks += 1
                seen += all(_in_view(box, framing, t) for box in boxes)
    return seen / looks if looks else None


def _in_view(face: Box, framing: Framing, t: Fraction) -> bool:
    """Most of what the picture itself has of a face, in one part of the frame."""
    picture = Box(x=0, y=0, width=1, height=1).shared(face)
    if not framing.views or framing.layout == "blur" or picture <= 0:
        return True
    return max(view.at(t).shared(face) for view in framing.views) >= WHOLE * picture


def jolt(framings: Sequence[Framing], span: Span) -> float:
    """The largest acceleration of a view, in its own widths (heights, up and down) per second squared.

    Taken over 2 x STEP, so that a change of speed at a key counts by how far it moves the picture. Cuts do not count.
    """
    return max(
        (value for framing in framings for view in framing.views for value in _jolts(view, framing, span)), default=0.0
    )


def _jolts(view: View, framing: Framing, span: Span) -> Iterator[float]:
    if len(view.keys) < 2:
        return
    corners = [view.at(t) for t in _times(framing.span, span)]
    for before, now, after in zip(corners, corners[1:], corners[2:], strict=False):
        across = (after.x - 2 * now.x + before.x) / view.width
        down = (after.y - 2 * now.y + before.y) / view.height
        yield float(max(abs(across), abs(down)) / STEP**2)


def _times(one: Span, span: Span) -> list[Fraction]:
    """Looks at what two spans share."""
    start, end = max(one.start, span.start), min(one.end, span.end)
    return [start + n * STEP for n in range(max(0, -int((start - end) // STEP)))]


def drift(captions: Sequence[Caption], words: Sequence[Word], span: Span) -> tuple[float, int, int]:
    """How far, in seconds, captions are from their words at most; how many words none shows; how many there are.

    A word's caption is the nearest one that holds its letters; a word that begins while it stands is in time.
    """
    shown = [(_letters(caption.text), float(caption.span.start), float(caption.span.end)) for caption in captions]
    worst, missing, said = 0.0, 0, 0
    for word in words:
        letters = _letters(word.text)
        if not letters or word.span.start >= span.end or word.span.end <= span.start:
            continue
        said += 1
        start = max(0.0, float(word.span.start - span.start))
        off = [max(begin - start, start - end, 0.0) for text, begin, end in shown if _holds(text, letters)]
        nearest = min(off, default=NEAR)
        if nearest >= NEAR:
            missing += 1
        else:
            worst = max(worst, nearest)
    return worst, missing, said


def _holds(caption: str, word: str) -> bool:
    """Whether a caption has a word, or the beginning of one too long for a line."""
    return word in caption or (len(word) > len(caption) > 0 and word.startswith(caption))


def _letters(text: str) -> str:
    """What is left of a text whatever its case and punctuation: letters and digits."""
    plain = unicodedata.normalize("NFKC", text.upper()).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def outside(box: Box, safe: Safe) -> float:
    """How far a box reaches out of the safe zone, in fractions of the frame; 0 or less is inside."""
    right, bottom = box.x + box.width, box.y + box.height
    return max(safe.left - box.x, safe.top - box.y, right - (1 - safe.right), bottom - (1 - safe.bottom))
