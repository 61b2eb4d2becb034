"""What is looked at on every finished file before anybody hears of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from common.domain.clip import Check
from common.domain.timebase import rational
from common.errors import Permanent
from common.media.tools import file_url, run


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
    entries = (
        "stream=codec_type,codec_name,profile,pix_fmt,width,height,sample_aspect_ratio,avg_frame_rate,nb_read_packets"
        ",duration,start_time,color_space:stream_side_data=rotation:format=duration"
    )
    args = ["-v", "error", "-count_packets", "-of", "json=c=1", "-show_entries", entries, file_url(path)]
    told = json.loads(run("ffprobe", args, scratch=scratch).stdout)
    video: dict[str, Any] = next((s for s in told.get("streams", []) if s.get("codec_type") == "video"), {})
    audio = next((s for s in told.get("streams", []) if s.get("codec_type") == "audio"), None)
    checks = (
        _same("size", f"{video.get('width')}x{video.get('height')}", f"{wanted.width}x{wanted.height}"),
        _same("pixels", f"{video.get('sample_aspect_ratio')} {video.get('pix_fmt')}", "1:1 yuv420p"),
        _same("frames", str(video.get("nb_read_packets")), str(wanted.frames)),
        _near("frame rate", rational(video.get("avg_frame_rate")), wanted.frame_rate, Fraction(1, 1000), "fps"),
        _near("starts", rational(video.get("start_time")), Fraction(0), Fraction(1, 1000), "s"),
        _near("duration", _duration(told), wanted.duration, 1 / wanted.frame_rate, "s"),
        _same("picture codec", f"{video.get('codec_name')} {video.get('profile')}", "h264 High"),
        _same("sound", "none" if audio is None else str(audio.get("codec_name")), "aac" if wanted.sound else "none"),
        _same("index", "first" if starts_fast(path) else "last", "first"),
    )
    if failed := [check for check in checks if not check.ok]:
        told_off = "; ".join(f"{check.name} is {check.measured}, not {check.wanted}" for check in failed)
        raise Permanent(f"{path.name} came out wrong ({told_off}); please report this", code="bad_rendition")
    return checks


def starts_fast(path: Path) -> bool:
    """Whether an MP4 can play before all of it has arrived: its index (moov) stands before its data (mdat)."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        at = 0
        while at + 8 <= end:
            file.seek(at)
            head = file.read(16)
            size, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            if size == 1:
                size = int.from_bytes(head[8:16], "big")
            if size < 8:
                return False
            at += size
    return False


def _duration(told: dict[str, Any]) -> Fraction | None:
    """The longer of picture and sound."""
    return rational(told.get("format", {}).get("duration"))


def _same(name: str, measured: str, wanted: str) -> Check:
    return Check(name=name, ok=measured == wanted, measured=measured, wanted=wanted)


def _near(name: str, measured: Fraction | None, wanted: Fraction, within: Fraction, unit: str) -> Check:
    ok = measured is not None and abs(measured - wanted) <= within
    shown = "unknown" if measured is None else f"{float(measured):.3f} {unit}"
    return Check(name=name, ok=ok, measured=shown, wanted=f"{float(wanted):.3f} {unit}")
