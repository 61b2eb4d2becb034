"""What the machine's gate says of a finished file: what was measured, what it may be, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from common.domain.clip import Aspect
from common.domain.timebase import Span
from common.domain.track import Box

Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """Of a whole sound. None is a number that silence does not have."""

    integrated: float | None  # LUFS
    true_peak: float | None  # dBTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Levelled:
    """How a clip's sound was brought to the common loudness. `why` says what kept it from there, None where nothing."""

    gain_db: float
    ceiling_db: float  # dBFS, of the limiter
    before: float | None  # LUFS of the clip in its source, None for silence
    after: Loudness  # measured on the encoded sound
    encoded: int  # how often: once, and once more for each correction
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """All that is measured on a finished file. Times are seconds of the file."""

    size: int  # bytes
    containers: tuple[str, ...]  # ffmpeg's names
    duration: Fraction | None  # the longer of picture and sound
    start: Fraction | None  # of the picture
    width: int
    height: int
    pixel_aspect: str | None  # "1:1"
    pixels: str | None  # ffmpeg's name of the pixel format
    codec: str | None
    profile: str | None
    frame_rate: Fraction | None
    frames: int
    progressive: bool | None
    audio_codec: str | None  # None: no sound
    audio_profile: str | None
    sample_rate: int | None
    channels: int | None
    index_first: bool
    edit_list: bool
    damage: int = 0  # complaints of the decoder
    loudness: Loudness | None = None  # None: no sound
    black: tuple[Span, ...] = ()
    frozen: tuple[Span, ...] = ()
    flashes: int = 0  # of a quarter of the picture, the most in any one second
    local_flashes: int = 0  # of any part that is large enough to do harm from near by


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What is burned in for a time: seconds of the clip; the box holds all that is painted."""

    text: str
    span: Span
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check. `fix` is what can be done where it does not pass; `platform` names the one whose rule it is."""

    name: str
    verdict: Verdict
    measured: str
    limit: str
    fix: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether one platform takes the file, as far as its rules are known."""

    platform: str
    fits: bool
    checked: int  # rules
    unverified: tuple[str, ...]  # rules nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One finished file at the gate. `ready`: no check of the file itself failed, whatever a single platform says."""

    aspect: Aspect
    object: str
    ready: bool
    findings: tuple[Finding, ...]
    fits: tuple[Fit, ...]
