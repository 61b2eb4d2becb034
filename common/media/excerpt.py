"""A clip made small, for somebody who is to judge it and is charged by its size: a few pictures, or a small video."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import ffmpeg  # type: ignore[import-untyped]
from PIL import Image

from common.domain.asset import Probe
from common.domain.timebase import Span, decimal
from common.media.colour import matrix_of, progressive, standard_range
from common.media.stills import stills
from common.media.tools import DEMUXERS, file_url, run
from common.ports.language import Footage, Picture

MOST_PICTURES = 6
LONG_SIDE = 512  # pixels, of pictures; a language model is charged by their size
SMALL = 360  # pixels of the footage's long side: models look at fewer
RATE = 4  # frames a second; models take one
SOUND = 32_000  # bits a second, mono


def instants(span: Span, shots: Sequence[Span], most: int = MOST_PICTURES) -> tuple[Fraction, ...]:
    """When to look: half a second in, where people decide, and the middles of as many shots, spread over the clip."""
    inside = [one for one in shots if one.overlap(span)]
    middles = [(max(one.start, span.start) + min(one.end, span.end)) / 2 for one in inside]
    first = span.start + min(Fraction(1, 2), span.duration / 2)
    later = [at for at in middles if at > first + Fraction(1, 2)]
    if not later:
        later = [first + (span.end - first) * n / most for n in range(1, most)]
    step = max(1.0, len(later) / (most - 1))
    return (first, *(later[int(n * step)] for n in range(min(most - 1, len(later)))))


def pictures(
    source: Path, probe: Probe, span: Span, times: Sequence[Fraction], *, scratch: Path
) -> tuple[Picture, ...]:
    """JPEGs of the frames on show at these times of the video; those that cannot be decoded are missing."""
    found = stills(source, probe, times, long_side=LONG_SIDE, scratch=scratch)
    kept = []
    for at, still in zip(times, found, strict=True):
        if still is not None:
            held = BytesIO()
            Image.fromarray(still).save(held, "JPEG", quality=80)
            kept.append(Picture(jpeg=held.getvalue(), at=float(at - span.start)))
    return tuple(kept)


def footage(source: Path, probe: Probe, span: Span, *, scratch: Path) -> Footage:
    """The clip as a small MP4 with its sound, some 30 KB a second. Raises as `tools.run` does."""
    video = probe.video
    scale = min(Fraction(1), Fraction(SMALL, max(video.display_width, video.display_height)))
    size = tuple(max(2, round(side * scale / 2) * 2) for side in (video.display_width, video.display_height))
    asked = {
        "ss": f"{decimal(probe.start + span.start):.6f}",
        "seek_timestamp": 1,
        "t": f"{decimal(span.duration):.6f}",
    }
    opened = ffmpeg.input(file_url(source), protocol_whitelist="file,pipe", format_whitelist=DEMUXERS, **asked)
    shown = standard_range(progressive(opened[str(video.index)], video), video, size[0], size[1])
    matrix = "bt709" if video.dynamic_range != "sdr" else matrix_of(video)
    shown = shown.filter("fps", RATE).filter("scale", *size, in_color_matrix=matrix).filter("format", "yuv420p")
    streams, sound = [shown], {}
    if probe.audio:
        track = next((one for one in probe.audio if one.default), probe.audio[0])
        streams.append(opened[str(track.index)].filter("aresample", 16_000))
        sound = {"acodec": "aac", "audio_bitrate": SOUND, "ac": 1}
    coded = {"vcodec": "libx264", "preset": "veryfast", "crf": 30, "movflags": "+faststart", "map_metadata": -1}
    out = ffmpeg.output(*streams, "excerpt.mp4", **coded, **sound).global_args("-v", "error", "-nostdin")
    run("ffmpeg", [str(arg) for arg in ffmpeg.get_args(out, overwrite_output=True)], scratch=scratch)
    path = scratch / "excerpt.mp4"
    content = path.read_bytes()
    path.unlink()
    return Footage(mime="video/mp4", start=0.0, end=float(span.duration), content=content)
