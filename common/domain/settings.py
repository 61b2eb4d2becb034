"""What a person chose for one flow; frozen into it, so that a later change of mind is a new flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from common.domain.clip import Aspect

Captions = Literal["pop", "box", "clean", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What the parts of a score count for one organisation, learned from what its clips came to. `parts` sum to 1."""

    version: str
    since: str  # when it began to count, UTC
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """Lengths in whole seconds. `transcript` is the object key of a given transcript.

    `captions` is the style burned into the clips, or "none". Words that a draft recogniser heard are burned only
    where `burn_draft` is set. `debug_overlay` asks for the video with all that was seen drawn on it. `weights` are
    those of the organisation when the flow began: nobody chooses them.
    """

    clips: int = 6
    min_s: int = 15
    max_s: int = 60
    aspects: tuple[Aspect, ...] = ("9:16",)
    transcript: str | None = None
    language: str | None = None
    audio_track: int | None = None  # None = the file's default track
    captions: Captions = "pop"
    burn_draft: bool = False
    debug_overlay: bool = False
    weights: Weighing | None = None  # None = those that all begin with
