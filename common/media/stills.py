"""Single pictures out of a video, as they are shown at given times: for whoever reads or recognises what is in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe, VideoStream
from common.domain.timebase import decimal
from common.errors import ToolFailed
from common.media.colour import matrix_of, progressive, standard_range
from common.media.tools import DEMUXERS, file_url, run

MOST_BYTES = 200 << 20  # of the decoders of one ffmpeg together, about
KEPT = 10  # frames of its size that one decoder holds, about
MOST_AT_ONCE = 6
NEAR = Fraction(1, 2)  # seconds; how long a frame is shown at most where the pace changes, usually
FEW = 4  # frames that are looked back over where the pace is even
TOGETHER = Fraction(3)  # seconds; stills no farther apart share a decode: a seek goes back by half of 2 to 10 s
AHEAD = Fraction(10)  # seconds; how far back to look where frames are rare or a seek landed too late

Picture = NDArray[np.uint8]


def stills(
    source: Path, probe: Probe, times: Sequence[Fraction], *, long_side: int, scratch: Path
) -> list[Picture | None]:
    """The frame on show at each of `times` (seconds since zero), None where none can be decoded.

    RGB (height, width, 3), upright, with square pixels, in standard range; the long side at most `long_side` pixels,
    never enlarged. Raises DeadlineExceeded and NoSpace as `run` does.
    """
    size = _size(probe.video, long_side)
    found: dict[int, Picture] = {}
    near = NEAR if probe.video.variable_rate else min(NEAR, FEW / probe.video.frame_rate)
    tries: list[tuple[Fraction | None, Fraction | None]] = [(Fraction(0), near), (AHEAD, None)]
    if not probe.seekable:
        tries.append((None, None))
    for begins, reaches in tries:
        left = sorted((n for n in range(len(times)) if n not in found), key=lambda n: times[n])
        for chunk in in_turns(left, probe.video):
            found |= _taken(source, probe, {n: times[n] for n in chunk}, begins, reaches, size, scratch)
    return [found.get(n) for n in range(len(times))]


def in_turns(numbers: Sequence[int], video: VideoStream) -> list[Sequence[int]]:
    """Numbers of pictures in groups, each of no more than one ffmpeg may decode side by side."""
    decoder = video.width * video.height * (2 if video.bit_depth > 8 else 1) * 3 // 2 * KEPT
    step = max(1, min(MOST_AT_ONCE, MOST_BYTES // decoder))
    return [numbers[first : first + step] for first in range(0, len(numbers), step)]


def _taken(
    source: Path,
    probe: Probe,
    times: dict[int, Fraction],
    begins: Fraction | None,
    reaches: Fraction | None,
    size: tuple[int, int],
    scratch: Path,
) -> dict[int, Picture]:
    """Those that can be had by seeking to `begins` seconds ahead (None: not seeking), from frames `reaches` back."""
    try:
        run("ffmpeg", _arguments(source, probe, times, begins, reaches, size), scratch=scratch)
    except ToolFailed:
        if len(times) > 1:  # one that cannot be decoded takes no other along
            alone = [_taken(source, probe, {n: at}, begins, reaches, size, scratch) for n, at in times.items()]
            return {n: picture for one in alone for n, picture in one.items()}
    found = {}
    for n in times:
        path = scratch / f"still-{n}.rgb"
        if not path.exists():
            continue
        raw = path.read_bytes()
        path.unlink()
        if len(raw) == size[0] * size[1] * 3:
            found[n] = np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3)
    return found


def _size(video: VideoStream, long_side: int) -> tuple[int, int]:
    """Width and height: those on display, made smaller where they are larger than asked."""
    width, height = video.display_width, video.display_height
    scale = min(Fraction(1), Fraction(long_side, max(width, height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _arguments(
    source: Path,
    probe: Probe,
    times: dict[int, Fraction],
    begins: Fraction | None,
    reaches: Fraction | None,
    size: tuple[int, int],
) -> list[str]:
    video = probe.video
    outputs: list[Any] = []
    for near in _together(times):
        first = min(near.values())
        asked: dict[str, Any] = {"noaccurate_seek": None, "max_error_rate": 1, "threads": 1}
        if begins is not None and first > begins:
            asked |= {"seek_timestamp": 1, "ss": f"{decimal(probe.start + first - begins):.6f}"}
        opened = ffmpeg.input(file_url(source), protocol_whitelist="file,pipe", format_whitelist=DEMUXERS, **asked)
        copies = opened[str(video.index)].filter_multi_output("split", len(near))
        for branch, (n, at) in enumerate(near.items()):
            # The last frame that begins by then: each one that does overwrites the one before.
            shown: dict[str, int] = {"end_pts": math.floor((probe.start + at) / video.timebase) + 1}
            if reaches is not None:
                shown["start_pts"] = math.ceil((probe.start + at - reaches) / video.timebase)
            picture = standard_range(progressive(copies[branch].filter("trim", **shown), video), video, *size)
            matrix = "bt709" if video.dynamic_range != "sdr" else matrix_of(video)
            picture = picture.filter("scale", *size, flags="bicubic", in_color_matrix=matrix).filter("format", "rgb24")
            outputs.append(
                picture.output(
                    f"still-{n}.rgb", f="image2", vcodec="rawvideo", update=1, fps_mode="passthrough", map_metadata=-1
                )
            )
    merged = ffmpeg.merge_outputs(*outputs).global_args("-v", "error", "-nostdin", "-copyts")
    return [str(arg) for arg in ffmpeg.get_args(merged, overwrite_output=True)]


def _together(times: dict[int, Fraction]) -> list[dict[int, Fraction]]:
    """Those that one decode serves best, in order of time."""
    found: list[dict[int, Fraction]] = []
    before: Fraction | None = None
    for n, at in sorted(times.items(), key=lambda one: one[1]):
        if before is None or at - before > TOGETHER:
            found.append({})
        found[-1][n] = before = at
    return found
