"""The one picture pass: every frame of a stretch of video, decoded once and made small, with its exact time.

A stretch decoded alone gives the very frames that a pass over the whole file gives: decoding begins at a key
frame well ahead, and the frames from there on are handed over too, for whoever compares a frame to the one before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.timebase import decimal
from common.errors import ToolFailed
from common.media import tools

LONG, SHORT = 160, 90  # pixels of a small frame
BATCH = 32  # frames read at once: 0.7 MB, stays in the cache
AHEAD = (Fraction(1), Fraction(20))  # seconds ahead of a stretch to decode from; failing these, from the file's start

_SHOWN = re.compile(r"\[Parsed_showinfo_\d+ @ \w+\] \[info\] n: *\d+ pts: *(-?\d+|NOPTS) .* iskey:([01]) ")
_BROKEN = ("[error] Error while decoding stream", ": corrupt decoded frame in stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Frames in order: `ticks` int64 (n,) since zero in the video's timebase; planes uint8.

    `y` is (n, 90, 160) for a wide picture and (n, 160, 90) for a tall one, as coded; `u` and `v` half that.
    """

    ticks: NDArray[np.int64]
    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]


class _TooLate(Exception):
    """Decoding began at or after the first frame wanted."""


class SmallFrames:
    """The frames shown at `start <= t < end` (seconds; None = to the end), after some that come before them.

    Iterate once. `first` is the tick where the stretch starts: frames below it are only there to compare with.
    `damaged` counts, for the stretch, the frames that were broken or out of order and left out, and those that had
    no time of their own and were given one. A stretch in which nothing can be decoded has no frames.
    Raises ToolFailed when ffmpeg dies or loses count of its frames.
    """

    def __init__(
        self, source: Path, probe: Probe, *, scratch: Path, start: Fraction = Fraction(0), end: Fraction | None = None
    ) -> None:
        video = probe.video
        self.first = math.ceil(start / video.timebase)
        self.damaged = 0
        self._source, self._probe, self._scratch = source, probe, scratch
        self._width, self._height = (LONG, SHORT) if video.width >= video.height else (SHORT, LONG)
        self._zero = round(probe.start / video.timebase)
        self._stop = None if end is None else self._zero + math.ceil(end / video.timebase)
        self._step = max(1, round(1 / (video.frame_rate * video.timebase))) if video.frame_rate else 1
        self._shown: SimpleQueue[tuple[int | None, bool]] = SimpleQueue()  # tick and "is a key frame", as decoded

    def __iter__(self) -> Iterator[Batch]:
        start = self.first * self._probe.video.timebase
        for seek in (*(start - ahead for ahead in AHEAD if start > ahead), None):
            self.damaged, self._shown = 0, SimpleQueue()
            try:
                yield from self._batches(seek)
                return
            except _TooLate:
                continue  # no key frame between there and the stretch: begin further ahead

    def _batches(self, seek: Fraction | None) -> Iterator[Batch]:
        """Decode from near `seek`; raises _TooLate, before the first batch, when that is not ahead of the stretch."""
        chroma = self._width * self._height // 4
        half = (self._height // 2, self._width // 2)
        last: int | None = None
        sound = seek is None  # from the first key frame on, frames no longer lean on any that were not decoded
        for frames in self._decoded(seek):
            keep, ticks = [], []
            for n, (tick, key) in enumerate(self._times(len(frames))):
                if not sound:
                    if not key or tick is None:
                        continue
                    if tick >= self.first:
                        raise _TooLate
                    sound = True
                if tick is None and last is not None:
                    tick = last + self._step
                    self.damaged += 1
                elif tick is None or (last is not None and tick <= last):
                    self.damaged += 1
                    continue
                last = tick
                keep.append(n)
                ticks.append(tick)
            if not keep:
                continue
            kept = frames if len(keep) == len(frames) else frames[keep]
            yield Batch(
                ticks=np.array(ticks, np.int64),
                y=kept[:, : -2 * chroma].reshape(-1, self._height, self._width),
                u=kept[:, -2 * chroma : -chroma].reshape(-1, *half),
                v=kept[:, -chroma:].reshape(-1, *half),
            )
        if not sound:
            raise _TooLate
        if not self._shown.empty():
            raise ToolFailed("ffmpeg named the times of more frames than it gave; run again")

    def _decoded(self, seek: Fraction | None) -> Iterator[NDArray[np.uint8]]:
        """Frames as ffmpeg gives them, (n, bytes of one frame)."""
        size = self._width * self._height * 3 // 2
        count, process = 0, None
        try:
            with tools.stream(
                "ffmpeg", self._arguments(seek), scratch=self._scratch, on_stderr=self._on_line
            ) as running:
                process = running.process
                while raw := running.stdout.read(BATCH * size):
                    if len(raw) % size:
                        raise ToolFailed("ffmpeg stopped in the middle of a frame; run again")
                    count += len(raw) // size
                    yield np.frombuffer(raw, np.uint8).reshape(-1, size)
        except ToolFailed:
            if count or process is None or (process.returncode or -1) < 0:
                raise
            self.damaged = max(1, self.damaged)  # it looked, and found nothing that it can decode

    def _times(self, count: int) -> list[tuple[int | None, bool]]:
        """What showinfo said of the next `count` frames; ffmpeg says it before it gives them."""
        try:
            return [self._shown.get(timeout=10) for _ in range(count)]
        except Empty:
            raise ToolFailed("ffmpeg gave more frames than it named the times of; run again") from None

    def _on_line(self, line: str) -> bool:
        if match := _SHOWN.match(line):
            tick = None if match[1] == "NOPTS" else int(match[1]) - self._zero
            if tick is not None and tick < self.first:
                self.damaged = 0  # what broke until here belongs to the stretch before
            self._shown.put((tick, match[2] == "1"))
            return True
        self.damaged += any(words in line for words in _BROKEN)
        return "[info]" in line

    def _arguments(self, seek: Fraction | None) -> list[str]:
        trim = "" if self._stop is None else f"trim=end_pts={self._stop},"
        begin = [] if seek is None else ["-seek_timestamp", "1", "-ss", f"{decimal(self._probe.start + seek):.6f}"]
        return [
            *("-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-copyts", "-max_error_rate", "1"),
            *tools.SAFE_INPUT,
            # frames that no other leans on stay unsmoothed: an eighth of the work, not to be seen at this size
            *("-noautorotate", "-noaccurate_seek", "-threads", "1", "-skip_loop_filter", "noref", *begin),
            *("-i", tools.file_url(self._source), "-map", f"0:{self._probe.video.index}"),
            *("-vf", f"{trim}scale={self._width}:{self._height}:flags=fast_bilinear,showinfo=checksum=0"),
            *("-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "-f", "rawvideo", "-"),
        ]
