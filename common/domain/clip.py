"""Clips: stretches worth posting, each with the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from common.domain.timebase import Span

Aspect = Literal["9:16", "1:1", "16:9", "4:5"]
ASPECTS: tuple[Aspect, ...] = ("9:16", "1:1", "16:9", "4:5")
SHAPES: dict[Aspect, Fraction] = {
    "9:16": Fraction(9, 16),
    "1:1": Fraction(1),
    "16:9": Fraction(16, 9),
    "4:5": Fraction(4, 5),
}
Layout = Literal["whole", "crop", "follow", "wide", "split", "blur"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observed reason: what was seen, where, and how much it counted."""

    name: str  # a fixed key, such as "opens_with_question"
    text: str  # the reason in plain words, for people
    weight: float  # its part of the score; negative speaks against the clip
    span: Span | None = None  # where in the video it can be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerUp:
    """The best stretch that a clip kept from being chosen."""

    span: Span
    score: float  # 0 to 1, as it was weighed against the clip
    behind: float  # by how much the clip scored higher then; below 0 where the clip left room for more
    why: str  # how the two are in each other's way, and what the clip has over it


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One chosen stretch. `score` ranks clips of one video only; it predicts nothing."""

    number: int  # from 1, in order of rank
    span: Span
    title: str
    score: float  # 0 to 1
    scores: dict[str, float]  # named parts of the score, 0 to 1
    evidence: tuple[Evidence, ...]
    why: str  # one sentence
    text: str  # what is said in it, "" where nothing is
    proposed: int | None = None  # its number among the proposals, before it was judged
    description: str = ""  # sentences of the clip, "" where nothing is said
    hashtags: tuple[str, ...] = ()  # without their "#", the most telling first
    runner_up: RunnerUp | None = None  # None where the clip was in nobody's way
    raise_by: tuple[str, ...] = ()  # what would raise its score, in words, the most first


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was measured on a finished file."""

    name: str
    ok: bool
    measured: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a stretch of the video is laid out in a clip, and why."""

    span: Span
    layout: Layout
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One finished file of a clip. `object` is its key in the media bucket; `captions` the style burned in, if any.

    `manifest` is the sha256 of its manifest, all that it was made from; None for a file that has none.
    """

    aspect: Aspect
    shown: tuple[Shown, ...]
    captions: str | None
    object: str
    sha256: str
    size: int
    width: int
    height: int
    duration: Fraction
    frame_rate: Fraction
    frames: int
    checks: tuple[Check, ...]
    manifest: str | None = None
