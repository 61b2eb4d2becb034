"""What ffprobe says of a file, taken down without judgement. `probe` judges it.

A hostile file decides what ffprobe prints, so each answer is bounded in size and time and every field is typed;
what does not fit is a rejection, never a surprise further on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from common.domain.timebase import rational
from common.errors import DeadlineExceeded, RejectedMedia, ToolFailed
from common.media.rejections import rejected
from common.media.tools import GIB, SAFE_INPUT, Limits, file_url, stream

MAX_ANSWER = 8 << 20  # bytes of JSON; a true file says under 100 KB
MAX_PACKETS = 4_000_000  # over 3 hours at 300 frames per second
HEAD_PACKETS = 4  # enough to see whether packets are encrypted

_ENTRIES = (
    "format=format_name,duration"
    ":stream=index,codec_type,codec_name,codec_tag_string,width,height,sample_aspect_ratio,pix_fmt"
    ",field_order,color_space,color_transfer,r_frame_rate,avg_frame_rate,time_base,start_pts,duration_ts,bit_rate"
    ",nb_frames,sample_rate,channels"
    ":stream_disposition=default,attached_pic,timed_thumbnails,still_image"
    ":stream_tags=language,title"
    ":stream_side_data=side_data_type,rotation"
    ":packet=stream_index:packet_side_data=side_data_type"
)
_PLAYLIST = re.compile(
    rb"\s*(\xef\xbb\xbf)?(#EXTM3U|ffconcat version|\[playlist\]|(<\?xml[^>]*>\s*)?<(MPD|smil)\b)", re.I
)
_RECOGNISED = re.compile(r"^\[[\w,]+ @ 0x[0-9a-f]+\] \[(?:error|fatal|panic)\]")  # a demuxer had its say


@dataclass(frozen=True, slots=True, kw_only=True)
class SideData:
    side_data_type: str = ""
    rotation: float | None = None  # degrees counter-clockwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream in ffprobe's own words; a field it left out has its default."""

    index: int
    codec_type: str = ""
    codec_name: str | None = None
    codec_tag_string: str = ""
    width: int = 0
    height: int = 0
    sample_aspect_ratio: str | None = None
    pix_fmt: str | None = None
    field_order: str | None = None
    color_space: str | None = None
    color_transfer: str | None = None
    r_frame_rate: str | None = None
    avg_frame_rate: str | None = None
    time_base: str | None = None
    start_pts: int | None = None
    duration_ts: int | None = None
    bit_rate: str | None = None
    nb_frames: str | None = None
    sample_rate: str | None = None
    channels: int = 0
    disposition: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    side_data_list: list[SideData] = field(default_factory=list)

    def seconds(self, ticks: int | None) -> Fraction | None:
        """Ticks of this stream as exact seconds; None where either is unknown."""
        base = rational(self.time_base)
        return None if ticks is None or base is None else ticks * base


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    stream_index: int = -1
    side_data_list: list[SideData] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    format_name: str = ""
    duration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The whole answer: the container, its streams and the first packets."""

    format: Format = Format()
    streams: list[Stream] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)

    def encrypted(self, index: int) -> bool:
        """Whether a stream, or one of its first packets, carries encryption data."""
        told = [data for stream in self.streams if stream.index == index for data in stream.side_data_list]
        told += [data for packet in self.packets if packet.stream_index == index for data in packet.side_data_list]
        return any(data.side_data_type.startswith("Encryption") for data in told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Packets of one stream, from somewhere to the end of the file. Times in ticks, None where packets have none."""

    packets: int
    first: int | None  # the smallest presentation time
    last: int | None  # the largest presentation time
    end: int | None  # that and its duration; equal to `last` where it has none
    untimed: int  # the sum of the durations, for packets without times


def describe(path: Path, *, scratch: Path, wall_s: float) -> Description:
    """Ask ffprobe for the container, the streams and the first packets.

    Raises RejectedMedia (unreadable, not_media, playlist, refused_format,
    unsupported_codec) where it cannot say.
    """
    said: list[str] = []

    def hear(line: str) -> bool:
        said.append(line[:300])
        del said[:-50]
        return False

    args = ["-v", "level+warning", "-of", "json=c=1", *SAFE_INPUT, "-show_entries", _ENTRIES]
    args += ["-read_intervals", f"%+#{HEAD_PACKETS}", "-i", file_url(path)]
    limits = Limits(memory=6 * GIB, file_size=1 << 20, wall_s=wall_s)
    try:
        with stream("ffprobe", args, scratch=scratch, limits=limits, on_stderr=hear) as running:
            answer = running.stdout.read(MAX_ANSWER + 1)
            if len(answer) > MAX_ANSWER:
                raise rejected("unreadable", why="it describes itself in more than 8 MB")
    except DeadlineExceeded as error:
        raise rejected("unreadable", why=f"it could not be opened within {wall_s:.0f} s") from error
    except ToolFailed as error:
        raise _why_closed(path, said) from error
    return understand(answer)


def understand(answer: bytes) -> Description:
    """ffprobe's JSON as values; raises RejectedMedia where a field is not what it should be."""
    try:
        return msgspec.convert(msgspec.json.decode(answer), Description, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise rejected("unreadable", why="its description makes no sense") from error


def _why_closed(path: Path, said: list[str]) -> RejectedMedia:
    with path.open("rb") as file:
        head = file.read(512)
    if _PLAYLIST.match(head):
        return rejected("playlist")
    if any("Format not on whitelist" in line for line in said):
        return rejected("refused_format")
    if any("moov atom not found" in line for line in said):  # said of anything that is named .mp4
        if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip"):
            return rejected("unreadable", why="its index is missing, so it was probably not written to the end")
        return rejected("not_media")
    if any("Could not open codec" in line for line in said):
        return rejected("unsupported_codec", codec="something this ffmpeg does not know")
    if any(_RECOGNISED.match(line) for line in said):
        return rejected("unreadable", why="it is damaged")
    return rejected("not_media")


def packets(path: Path, picture: Stream, *, since: Fraction | None, scratch: Path, wall_s: float) -> Stretch | None:
    """Read the packets of a stream, without decoding, from the key frame before `since` to the end of the file.

    `since` is container time in seconds; None reads all. None comes back where there are no packets. A file that
    breaks off counts up to there. Raises RejectedMedia past `wall_s` or MAX_PACKETS.
    """
    args = ["-v", "error", "-of", "csv=p=0", *SAFE_INPUT, "-select_streams", str(picture.index)]
    args += ["-show_entries", "packet=pts,dts,duration,flags"]
    args += [] if since is None else ["-read_intervals", f"{float(since):.6f}%"]
    count = untimed = 0
    first: int | None = None
    last: int | None = None
    end: int | None = None
    limits = Limits(memory=6 * GIB, file_size=1 << 20, wall_s=wall_s)
    try:
        with stream("ffprobe", [*args, "-i", file_url(path)], scratch=scratch, limits=limits) as running:
            for line in running.stdout:
                pts, dts, duration, flags = (*line.strip().split(b","), b"", b"", b"", b"")[:4]
                if b"D" in flags:  # outside the edit list: never shown
                    continue
                count += 1
                if count > MAX_PACKETS:
                    raise rejected("unreadable", why=f"it has more than {MAX_PACKETS:,} frames")
                lasts = _int(duration) or 0
                untimed += lasts
                at = _int(pts) if _int(pts) is not None else _int(dts)
                if at is None:
                    continue
                first = at if first is None else min(first, at)
                if last is None or at >= last:
                    last, end = at, at + lasts
    except DeadlineExceeded as error:
        raise rejected("unreadable", why=f"its length could not be found within {wall_s:.0f} s") from error
    except ToolFailed:
        if not count:  # a file that breaks off makes ffprobe fail after the packets it could read
            return None
    return Stretch(packets=count, first=first, last=last, end=end, untimed=untimed) if count else None


def _int(text: bytes) -> int | None:
    try:
        return int(text)
    except ValueError:  # "N/A"
        return None


def clean(text: Any, limit: int = 200) -> str:
    """Foreign text made fit to show and to store: one line, no control characters, at most `limit` characters."""
    whole = str(text).encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in whole[: 4 * limit]).split())[:limit]
