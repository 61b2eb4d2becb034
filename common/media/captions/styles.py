"""The looks of burned-in captions, as data. Lengths are in em, the height of the letters' body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.media.captions.fonts import Weight

CaptionStyle = Literal["pop", "box", "clean"]
Letters = Literal["upper", "lower", "as spoken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """How a word is filled: `RRGGBB` and an opacity from 0 to 1."""

    rgb: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One style. What an active word has beside its ink is `grow` or `box`."""

    weight: Weight
    size: float  # em as a fraction of the side of a square as large as the frame
    letters: Letters
    silent: str  # marks that are left out at the end of a word
    words: int  # at most, in a group
    ideal: int  # words in a group that reads best
    lines: int  # at most
    pitch: float  # from one baseline to the next
    space: float  # between words
    before: Ink  # a word not spoken yet
    active: Ink  # the word being spoken
    after: Ink  # a word spoken already
    outline: float  # beyond the letters' edge
    edge: Ink
    blur: float  # of the outline
    shadow: float  # down and right
    shade: Ink
    grow: float = 1.0  # of the active word, about its middle
    box: Ink | None = None  # that slides under the active word
    pad: float = 0.0  # of the box around the word
    round: float = 0.0  # radius of the box's corners


LOOKS: dict[CaptionStyle, Look] = {
    # Heavy capitals in twos and threes; the spoken word jumps out in yellow.
    "pop": Look(
        weight="black",
        size=0.064,
        letters="upper",
        silent=".,;:…",
        words=4,
        ideal=3,
        lines=2,
        pitch=1.08,
        space=0.33,
        before=Ink(rgb="FFFFFF"),
        active=Ink(rgb="FFE11A"),
        after=Ink(rgb="FFFFFF"),
        outline=0.095,
        edge=Ink(rgb="000000"),
        blur=0.012,
        shadow=0.045,
        shade=Ink(rgb="000000", opacity=0.55),
        grow=1.09,
    ),
    # Bold words as they are written; a rounded box slides from word to word.
    "box": Look(
        weight="bold",
        size=0.06,
        letters="as spoken",
        silent=".,;:…",
        words=5,
        ideal=4,
        lines=2,
        pitch=1.36,
        space=0.36,
        before=Ink(rgb="FFFFFF"),
        active=Ink(rgb="FFFFFF"),
        after=Ink(rgb="FFFFFF"),
        outline=0.06,
        edge=Ink(rgb="0B0B12", opacity=0.85),
        blur=0.035,
        shadow=0.0,
        shade=Ink(rgb="000000", opacity=0.5),
        box=Ink(rgb="6D28F5"),
        pad=0.17,
        round=0.24,
    ),
    # Quiet small letters in two lines; what is said comes into the light.
    "clean": Look(
        weight="medium",
        size=0.048,
        letters="lower",
        silent="",
        words=8,
        ideal=6,
        lines=2,
        pitch=1.3,
        space=0.27,
        before=Ink(rgb="FFFFFF", opacity=0.58),
        active=Ink(rgb="FFFFFF"),
        after=Ink(rgb="FFFFFF", opacity=0.88),
        outline=0.06,
        edge=Ink(rgb="000000", opacity=0.72),
        blur=0.07,
        shadow=0.02,
        shade=Ink(rgb="000000", opacity=0.5),
    ),
}
