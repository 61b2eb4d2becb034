"""Pictures for those who look closely: some frames of a stretch, upright, in colour, with their exact times."""

from __future__ import annotations

import math
import re
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import ffmpeg  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.timebase import decimal
from common.errors import ToolFailed
from common.media import tools
from common.media.colour import progressive, scaled, standard_range

_SHOWN = re.compile(r"\[Parsed_showinfo_\d+ @ \w+\] \[info\] n: *\d+ pts: *(-?\d+|NOPTS) ")


def size(probe: Probe, long_side: int) -> tuple[int, int]:
    """Width and height of the displayed picture with `long_side` pixels at most, both even."""
    width, height = probe.video.display_width, probe.video.display_height
    scale = min(Fraction(1), Fraction(long_side, max(width, height)))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def looks(
    source: Path,
    probe: Probe,
    *,
    every: Fraction,
    long_side: int,
    scratch: Path,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
) -> Generator[tuple[Fraction, NDArray[np.uint8]]]:
    """A frame each `every` seconds of `start <= t < end`: its time in seconds, and (height, width, 3) RGB.

    Frames that cannot be decoded are passed over. Raises ToolFailed when ffmpeg dies before the first frame.
    """
    width, height = size(probe, long_side)
    shown: SimpleQueue[int | None] = SimpleQueue()

    def hear(line: str) -> bool:
        if match := _SHOWN.match(line):
            shown.put(None if match[1] == "NOPTS" else int(match[1]))
            return True
        return "[info]" in line

    zero, timebase = _zero(probe), probe.video.timebase
    with tools.stream(
        "ffmpeg",
        _arguments(source, probe, every, width, height, start, end),
        scratch=scratch,
        on_stderr=hear,
    ) as running:
        while raw := running.stdout.read(width * height * 3):
            if len(raw) < width * height * 3:
                raise ToolFailed("ffmpeg stopped in the middle of a frame; run again")
            try:
                tick = shown.get(timeout=10)
            except Empty:
                raise ToolFailed("ffmpeg gave more frames than it named the times of; run again") from None
            if tick is not None:
                yield (tick - zero) * timebase, np.frombuffer(raw, np.uint8).reshape(height, width, 3)


def _zero(probe: Probe) -> int:
    """The tick of the first instant of the file."""
    return round(probe.start / probe.video.timebase)


def _arguments(
    source: Path, probe: Probe, every: Fraction, width: int, height: int, start: Fraction, end: Fraction | None
) -> list[str]:
    zero, timebase = _zero(probe), probe.video.timebase
    begin: dict[str, Any] = {}
    trim: dict[str, int] = {}
    if start:
        # ffmpeg's accurate seek, with -copyts, drops what lies before this place plus the start of the file
        begin = {"noaccurate_seek": None, "seek_timestamp": 1, "ss": f"{decimal(probe.start + start):.6f}"}
        trim["start_pts"] = zero + math.ceil(start / timebase)
    if end is not None:
        trim["end_pts"] = zero + math.ceil(end / timebase)
    picture = ffmpeg.input(
        tools.file_url(source),
        threads=1,
        protocol_whitelist="file,pipe",
        format_whitelist=tools.DEMUXERS,
        max_error_rate=1,
        skip_loop_filter="noref",
        **begin,
    )[str(probe.video.index)]
    if trim:
        picture = picture.filter("trim", **trim)
    gap = f"{decimal(every - min(every / 4, Fraction(1, 100))):.6f}"
    picture = picture.filter("select", f"isnan(prev_selected_t)+gte(t-prev_selected_t,{gap})")
    picture = standard_range(progressive(picture, probe.video), probe.video, width, height)
    picture = scaled(picture, probe.video, width, height, flags="bilinear").filter("showinfo", checksum=0)
    made = picture.output("pipe:1", f="rawvideo", pix_fmt="rgb24", fps_mode="passthrough").global_args(
        "-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-copyts"
    )
    return [str(arg) for arg in ffmpeg.get_args(made)]
