"""What a file is: where it came from, what its streams hold, whether Cutroom has seen it before."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Rotation = Literal[0, 90, 180, 270]
Range = Literal["sdr", "hlg", "pq"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """The picture. Width and height are as coded; `display_*` are after pixel shape and rotation."""

    index: int
    codec: str
    width: int
    height: int
    pixel_aspect: Fraction
    rotation: Rotation  # degrees clockwise to turn the picture for display
    timebase: Fraction  # seconds per tick
    start_ticks: int  # presentation time of the first frame, in ticks
    frame_rate: Fraction  # frames per second, average; nominal where no average is known
    variable_rate: bool
    duration: Fraction  # seconds
    pixel_format: str
    bit_depth: int
    interlaced: bool
    dynamic_range: Range
    bit_rate: int | None = None  # bit/s
    color_space: str | None = None  # the matrix of its colours, in ffprobe's words

    @property
    def display_width(self) -> int:
        return self._display()[0]

    @property
    def display_height(self) -> int:
        return self._display()[1]

    def _display(self) -> tuple[int, int]:
        square = max(1, round(self.width * self.pixel_aspect))
        return (self.height, square) if self.rotation in (90, 270) else (square, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """One sound track; `number` counts audio streams from 0, as `--audio-track` does."""

    index: int
    number: int
    codec: str
    sample_rate: int
    channels: int
    start: Fraction  # seconds on the video's own clock (zero = first instant of the file)
    duration: Fraction | None
    language: str | None = None
    title: str | None = None
    default: bool = False  # the file asks players to choose it


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What ffprobe says of a file, checked and exact."""

    container: str
    size: int  # bytes
    start: Fraction  # seconds; the container time that is zero for Cutroom
    duration: Fraction  # seconds from zero to the end of the picture
    video: VideoStream
    audio: tuple[AudioStream, ...]
    seekable: bool  # has an index, so that a part can be decoded alone
    warnings: tuple[str, ...] = ()  # oddities a person may want to know, in plain words


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the bytes are. `generation` changes whenever they do."""

    bucket: str  # "uploads" on the cloud, "file" for a path on this machine
    name: str
    generation: str
    size: int
    sha256: str | None = None  # as whoever sent it announced it; None where nobody did
