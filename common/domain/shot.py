"""Shots: what a detector finds between two cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.domain.timebase import Span

Transition = Literal["start", "cut", "fade", "dissolve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One run of the camera. Measures are means over its frames."""

    number: int  # from 0
    span: Span
    opens_with: Transition  # how it began
    confidence: float  # of that boundary, 0 to 1
    brightness: float  # mean luma, 0 black to 1 white
    motion: float  # mean change from frame to frame, 0 still to 1
    black: bool  # nothing but black
    frozen: bool  # the picture stands still
    transition: Span | None = None  # over which the picture changed from the shot before; None for a cut or a start
