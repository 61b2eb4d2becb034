"""Measure a finished file: what its streams are, how it looks and sounds, in one decode by a limited ffmpeg."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from common.domain.gate import Finished, Loudness
from common.domain.timebase import rational
from common.errors import ToolFailed
from common.media import ebur128
from common.media.blanks import BlankMeter
from common.media.flashes import WHOLE, FlashMeter, luminance
from common.media.mp4 import has_edit_list, starts_fast
from common.media.tools import SAFE_INPUT, file_url, run, stream

SIDE = 64  # pixels of the long side of the picture that is looked at; area means lose no flash worth the name
_STREAM = (
    "codec_type,codec_name,profile,pix_fmt,width,height,sample_aspect_ratio,avg_frame_rate,nb_read_packets"
    ",start_time,field_order,sample_rate,channels"
)
_ENTRIES = f"stream={_STREAM}:format=duration,format_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    codec_type: str = ""
    codec_name: str | None = None
    profile: str | None = None
    pix_fmt: str | None = None
    width: int = 0
    height: int = 0
    sample_aspect_ratio: str | None = None
    avg_frame_rate: str | None = None
    nb_read_packets: int = 0
    start_time: str | None = None
    field_order: str | None = None
    sample_rate: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    duration: str | None = None
    format_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    streams: list[_Stream] = field(default_factory=list)
    format: _Format = _Format()


def described(path: Path, *, scratch: Path) -> Finished:
    """What the file says of itself, its packets counted, nothing decoded; raises ToolFailed where it says nothing."""
    args = ["-v", "error", "-count_packets", *SAFE_INPUT, "-of", "json=c=1", "-show_entries", _ENTRIES, file_url(path)]
    try:
        told = msgspec.convert(msgspec.json.decode(run("ffprobe", args, scratch=scratch).stdout), _Told, strict=False)
    except msgspec.MsgspecError as error:
        raise ToolFailed(f"what ffprobe says of {path.name} makes no sense ({error}); render it again") from error
    picture = next((one for one in told.streams if one.codec_type == "video"), _Stream())
    sound = next((one for one in told.streams if one.codec_type == "audio"), None)
    return Finished(
        size=path.stat().st_size,
        containers=tuple(told.format.format_name.split(",")),
        duration=rational(told.format.duration),
        start=rational(picture.start_time),
        width=picture.width,
        height=picture.height,
        pixel_aspect=picture.sample_aspect_ratio,
        pixels=picture.pix_fmt,
        codec=picture.codec_name,
        profile=picture.profile,
        frame_rate=rational(picture.avg_frame_rate),
        frames=picture.nb_read_packets,
        progressive=None if picture.field_order in (None, "unknown") else picture.field_order == "progressive",
        audio_codec=sound.codec_name if sound else None,
        audio_profile=sound.profile if sound else None,
        sample_rate=sound.sample_rate if sound else None,
        channels=sound.channels if sound else None,
        index_first=starts_fast(path),
        edit_list=has_edit_list(path),
    )


def inspect(path: Path, *, scratch: Path, progress: Callable[[float], None]) -> Finished:
    """All that can be measured; `progress` is told the seconds looked at. Raises ToolFailed for what is no video."""
    about = described(path, scratch=scratch)
    if not (about.width and about.height and about.frame_rate):
        raise ToolFailed(f"{path.name} holds no picture; render it again")
    longest = max(about.width, about.height)
    width, height = (max(8, round(SIDE * side / longest)) for side in (about.width, about.height))
    rate, blanks = about.frame_rate, BlankMeter(about.frame_rate)
    flashes, local = FlashMeter((height, width), rate, field=WHOLE), FlashMeter((height, width), rate)
    lines = scratch / "finished.txt"
    args = ["-v", "error", "-nostdin", "-max_error_rate", "1", "-threads", "1"]
    # deblocking changes nothing that can be seen at this size
    args += ["-skip_loop_filter", "all", *SAFE_INPUT, "-i", file_url(path)]
    graph = f"[0:v:0]scale={width}:{height}:flags=area:in_color_matrix=bt709,format=rgb24[seen]"
    if about.audio_codec is not None:
        graph += f";[0:a:0]{ebur128.filters(lines.name)},anullsink"
    args += ["-filter_complex", graph, "-map", "[seen]", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]
    complaints: list[str] = []

    def hear(line: str) -> bool:
        complaints.append(line)
        return False

    frames = 0
    with stream("ffmpeg", args, scratch=scratch, on_stderr=hear) as running:
        while len(raw := running.stdout.read(width * height * 3)) == width * height * 3:
            picture = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
            light = luminance(picture)
            flashes.add(light)
            local.add(light)
            blanks.add(light, picture)
            frames += 1
            progress(float(frames / rate))
    told = ebur128.Lines.read(lines)
    lines.unlink(missing_ok=True)
    heard = Loudness(integrated=ebur128.gated(told.momentary), true_peak=told.true_peak)
    return replace(
        about,
        damage=len(complaints) + abs(frames - about.frames),
        loudness=None if about.audio_codec is None else heard,
        black=blanks.black(),
        frozen=blanks.frozen(),
        flashes=flashes.most,
        local_flashes=local.most,
    )
