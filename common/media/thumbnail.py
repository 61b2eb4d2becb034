"""One still that stands for a clip: sharp, not black, not in the middle of a cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.timebase import Span, decimal
from common.media.colour import progressive, scaled, standard_range
from common.media.tools import DEMUXERS, file_url, run

LONG_SIDE = 720  # pixels of the thumbnail
JUDGED = 320  # pixels of the long side of what is judged
CANDIDATES = 4
CLEAR = Fraction(1, 4)  # seconds kept from cuts, and from the clip's edges where it is long enough
BLACK, FLAT = 0.06, 0.015  # mean and spread of luma (0 to 1) below which a picture shows nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the picture pass saw in each `step` seconds since zero, 0 to 1; None where it saw nothing."""

    step: Fraction
    motion: Sequence[float | None]
    brightness: Sequence[float | None]
    sharpness: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    path: Path  # a JPEG, LONG_SIDE pixels long
    at: Fraction  # seconds since zero


def thumbnail(
    source: Path, probe: Probe, span: Span, *, activity: Activity, cuts: Sequence[Fraction], scratch: Path
) -> Thumbnail | None:
    """The best of a few stills of `span`; None when all of them are black or blank. Raises ToolFailed."""
    times = candidates(span, activity, cuts)
    height, width = _size(probe, JUDGED)[::-1]
    run("ffmpeg", _arguments(source, probe, times), scratch=scratch)
    best: tuple[float, int] | None = None
    for n in range(len(times)):
        raw = (scratch / f"still-{n}.gray").read_bytes()
        if len(raw) != width * height:
            continue  # nothing is shown there
        worth = quality(np.frombuffer(raw, np.uint8).reshape(height, width))
        if worth is not None and (best is None or worth > best[0]):
            best = (worth, n)
    return None if best is None else Thumbnail(path=scratch / f"still-{best[1]}.jpg", at=times[best[1]])


def candidates(span: Span, activity: Activity, cuts: Sequence[Fraction]) -> list[Fraction]:
    """Up to CANDIDATES times in `span`, the most promising first, apart from each other and away from cuts."""
    margin = min(CLEAR * 2, span.duration / 4)
    first, last = span.start + margin, span.end - margin
    promising = []
    for n in range(int(first / activity.step), int(last / activity.step) + 1):
        at = (n + Fraction(1, 2)) * activity.step
        if first <= at <= last and all(abs(at - cut) >= CLEAR for cut in cuts):
            promising.append((_promise(activity, n), at))
    chosen: list[Fraction] = []
    for _, at in sorted(promising, key=lambda one: (-one[0], one[1])):
        if len(chosen) < CANDIDATES and all(abs(at - other) >= span.duration / 8 for other in chosen):
            chosen.append(at)
    return chosen or [span.start + span.duration / 2]


def quality(grey: NDArray[np.uint8]) -> float | None:
    """How good a still is, from its luma: the variance of its Laplacian, less where it is dark or glaring.

    None for a black or blank picture. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    luma = grey.astype(np.float32) / 255
    mean = float(luma.mean())
    if mean < BLACK or float(luma.std()) < FLAT:
        return None
    middle = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * middle
    return float(laplacian.var()) * _well_lit(mean)


def _promise(activity: Activity, n: int) -> float:
    def value(values: Sequence[float | None]) -> float | None:
        return values[n] if n < len(values) else None

    brightness, sharpness, motion = (value(v) for v in (activity.brightness, activity.sharpness, activity.motion))
    lit = 0.0 if brightness is None or brightness < BLACK else _well_lit(brightness)
    return lit * (0.1 + (sharpness or 0.0)) * (1 - min(1.0, motion or 0.0) / 2)


def _well_lit(mean: float) -> float:
    """1 in the middle of the scale, 0.2 at its ends."""
    return 1 - 1.6 * abs(mean - 0.5)


def _size(probe: Probe, long_side: int) -> tuple[int, int]:
    width, height = probe.video.display_width, probe.video.display_height
    scale = Fraction(long_side, max(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _arguments(source: Path, probe: Probe, times: Sequence[Fraction]) -> list[str]:
    outputs: list[Any] = []
    for n, at in enumerate(times):
        picture = ffmpeg.input(
            file_url(source),
            seek_timestamp=1,
            ss=f"{decimal(probe.start + at):.6f}",
            threads=1,
            protocol_whitelist="file,pipe",
            format_whitelist=DEMUXERS,
        )[str(probe.video.index)]
        picture = standard_range(progressive(picture, probe.video), probe.video)
        both = scaled(picture, probe.video, *_size(probe, LONG_SIDE)).filter_multi_output("split", 2)
        still = both[0].filter("scale", in_color_matrix="bt709", out_color_matrix="smpte170m", out_range="full")
        still = still.filter("format", "yuvj420p")
        grey = both[1].filter("scale", *_size(probe, JUDGED), flags="area").filter("format", "gray")
        bare = {"frames:v": 1, "map_metadata": -1, "fflags": "+bitexact"}
        outputs.append(
            still.output(f"still-{n}.jpg", f="mjpeg", vcodec="mjpeg", **{"q:v": 3, "flags:v": "+bitexact"}, **bare)
        )
        outputs.append(grey.output(f"still-{n}.gray", f="rawvideo", vcodec="rawvideo", **bare))
    quiet = ("-v", "error", "-nostdin")
    merged = ffmpeg.merge_outputs(*outputs).global_args(*quiet)
    return [str(arg) for arg in ffmpeg.get_args(merged, overwrite_output=True)]
