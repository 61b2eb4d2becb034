"""What a person chose for one flow; frozen into it, so that a later change of mind is a new flow."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.clip import Aspect


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """Lengths in whole seconds. `transcript` is the object key of a given transcript."""

    clips: int = 6
    min_s: int = 15
    max_s: int = 60
    aspects: tuple[Aspect, ...] = ("9:16",)
    transcript: str | None = None
    language: str | None = None
    audio_track: int | None = None  # None = the file's default track
