"""What is looked at on every finished file before anybody hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from common.domain.clip import Check
from common.errors import Permanent
from common.media.inspect import described


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a finished file must be."""

    width: int
    height: int
    frames: int
    frame_rate: Fraction
    sound: bool

    @property
    def duration(self) -> Fraction:
        return self.frames / self.frame_rate


def checked(path: Path, wanted: Wanted, *, scratch: Path) -> tuple[Check, ...]:
    """Measure a finished MP4 file; raises Permanent naming every check that it fails."""
    told = described(path, scratch=scratch)
    checks = (
        _same("size", f"{told.width}x{told.height}", f"{wanted.width}x{wanted.height}"),
        _same("pixels", f"{told.pixel_aspect} {told.pixels}", "1:1 yuv420p"),
        _same("frames", str(told.frames), str(wanted.frames)),
        _near("frame rate", told.frame_rate, wanted.frame_rate, Fraction(1, 1000), "fps"),
        _near("starts", told.start, Fraction(0), Fraction(1, 1000), "s"),
        _near("duration", told.duration, wanted.duration, 1 / wanted.frame_rate, "s"),
        _same("picture codec", f"{told.codec} {told.profile}", "h264 High"),
        _same("sound", told.audio_codec or "none", "aac" if wanted.sound else "none"),
        _same("index", "first" if told.index_first else "last", "first"),
    )
    if failed := [check for check in checks if not check.ok]:
        told_off = "; ".join(f"{check.name} is {check.measured}, not {check.wanted}" for check in failed)
        raise Permanent(f"{path.name} came out wrong ({told_off}); please report this", code="bad_rendition")
    return checks


def _same(name: str, measured: str, wanted: str) -> Check:
    return Check(name=name, ok=measured == wanted, measured=measured, wanted=wanted)


def _near(name: str, measured: Fraction | None, wanted: Fraction, within: Fraction, unit: str) -> Check:
    ok = measured is not None and abs(measured - wanted) <= within
    shown = "unknown" if measured is None else f"{float(measured):.3f} {unit}"
    return Check(name=name, ok=ok, measured=shown, wanted=f"{float(wanted):.3f} {unit}")
