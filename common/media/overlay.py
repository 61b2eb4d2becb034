"""The video with all that was seen drawn on it: boxes, tracks, text, and what each shape shows of it.

Drawn by libass, like captions, so that it costs one pass and no picture of the video is touched by our own code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import ffmpeg  # type: ignore[import-untyped]

from common.domain.asset import AudioStream, Probe
from common.domain.clip import Aspect
from common.domain.framing import Framing
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, Track
from common.media.captions import ass
from common.media.captions.fonts import find_face
from common.media.colour import progressive, scaled, standard_range
from common.media.looks import size
from common.media.tools import DEMUXERS, file_url, stream

LONG_SIDE = 1280  # pixels
STEP = Fraction(1, 5)  # seconds for which a moving box stands
_COLOURS = {"face": "&H0050E050", "person": "&H00E0C040", "text": "&H0040A0FF"}
_OBJECT = "&H00E080E0"
_SHAPES: dict[Aspect, str] = {"9:16": "&H0000D0FF", "1:1": "&H00FF80C0", "4:5": "&H0080FFFF", "16:9": "&H00FFFFFF"}


def overlay(
    source: Path,
    probe: Probe,
    *,
    shots: Sequence[Shot],
    tracks: Sequence[Track],
    readings: Sequence[Reading],
    framings: Sequence[Framing],
    audio: AudioStream | None,
    scratch: Path,
    progress: Callable[[float], None],
) -> Path:
    """Draw it into `overlay.mp4` of `scratch`. Raises ToolFailed where ffmpeg fails."""
    width, height = size(probe, LONG_SIDE)
    events = [
        *_of_tracks(tracks, width, height),
        *_of_texts(readings, shots, width, height),
        *_of_framings(framings, width, height),
        *_of_shots(shots),
    ]
    font = find_face("bold")
    line = ass.style(
        "Label",
        font=font.family,
        bold=font.bold,
        size=max(12.0, height / 36) * font.body,
        fill="&H00FFFFFF",
        edge="&H00101010",
        shade="&H80000000",
        outline=max(1.0, height / 500),
        shadow=0,
        alignment=7,
    )
    (scratch / "overlay.ass").write_text(ass.script(width, height, [line], events), encoding="utf-8")
    made = scratch / "overlay.mp4"
    folder = font.path.parent if font.path else None
    with stream("ffmpeg", _arguments(source, probe, audio, width, height, folder, made), scratch=scratch) as tool:
        for row in tool.stdout:
            name, _, value = row.strip().partition(b"=")
            if name == b"out_time_us" and value.isdigit():
                progress(min(float(probe.duration), int(value) / 1e6))
    return made


def _arguments(
    source: Path, probe: Probe, audio: AudioStream | None, width: int, height: int, fonts: Path | None, made: Path
) -> list[str]:
    given = ffmpeg.input(
        file_url(source), protocol_whitelist="file,pipe", format_whitelist=DEMUXERS, max_error_rate=1, threads=2
    )
    picture = standard_range(progressive(given[str(probe.video.index)], probe.video), probe.video, width, height)
    picture = scaled(picture, probe.video, width, height).filter("format", "yuv420p")
    zero = round(probe.start / probe.video.timebase)
    picture = picture.filter("setpts", f"PTS-({zero})")
    picture = picture.filter("ass", filename="overlay.ass", **({"fontsdir": str(fonts)} if fonts else {}))
    streams = [picture]
    options = {"vcodec": "libx264", "preset": "veryfast", "crf": 26, "pix_fmt": "yuv420p", "fps_mode": "passthrough"}
    if audio is not None:
        sound = given[str(audio.index)].filter("asetpts", f"PTS-({probe.start.numerator}/{probe.start.denominator})/TB")
        streams.append(sound)
        options |= {"acodec": "aac", "audio_bitrate": "96k"}
    output = ffmpeg.output(*streams, file_url(made), f="mp4", movflags="+faststart", map_metadata=-1, **options)
    flags = ("-hide_banner", "-nostats", "-nostdin", "-loglevel", "error", "-copyts", "-progress", "pipe:1")
    return [str(arg) for arg in ffmpeg.get_args(output.global_args(*flags), overwrite_output=True)]


def _of_tracks(tracks: Iterable[Track], width: int, height: int) -> Iterator[str]:
    for track in tracks:
        colour = _COLOURS.get(track.kind, _OBJECT)
        sure = sum(one.confidence for one in track.sightings) / len(track.sightings)
        talks = "" if track.speaking is None else f" lips {track.speaking:.2f}/s"
        label = f"{track.kind} {track.number} {sure:.2f}{talks}"
        for span in _steps(track.span):
            box = track.at(span.start)
            if box is not None:
                yield from _box(span, box, width, height, colour, label)


def _of_texts(readings: Iterable[Reading], shots: Sequence[Shot], width: int, height: int) -> Iterator[str]:
    spans = {shot.number: shot.span for shot in shots}
    for reading in readings:
        there = spans.get(reading.shot, Span(reading.at, reading.at + 1))
        for line in reading.lines:
            yield from _box(there, line.box, width, height, _COLOURS["text"], f"{line.text[:60]} {line.confidence:.2f}")


def _of_framings(framings: Iterable[Framing], width: int, height: int) -> Iterator[str]:
    for framing in framings:
        colour = _SHAPES[framing.aspect]
        row = list(_SHAPES).index(framing.aspect) + 1
        text = ass.literal(f"{framing.aspect} {framing.layout}: {framing.reason}")
        line = max(12.0, height / 36) * 1.25
        yield _event(framing.span, f"{{\\pos({height / 60:.0f},{height / 60 + row * line:.0f})\\1c{colour}&}}{text}")
        for view in framing.views:
            spans = [framing.span] if len(view.keys) == 1 else list(_steps(framing.span))
            for span in spans:
                yield from _box(span, view.at(span.start), width, height, colour, None)


def _of_shots(shots: Iterable[Shot]) -> Iterator[str]:
    for shot in shots:
        yield _event(shot.span, f"{{\\pos(10,8)}}shot {shot.number + 1}, opens with {shot.opens_with}")


def _box(span: Span, box: Box, width: int, height: int, colour: str, label: str | None) -> Iterator[str]:
    """The outline of a box, drawn as a frame of four bars, with its label above it."""
    thick = max(2, round(height / 300))
    x, y = round(box.x * width), round(box.y * height)
    u, v = round((box.x + box.width) * width), round((box.y + box.height) * height)
    bars = ((x, y, u, y + thick), (x, v - thick, u, v), (x, y, x + thick, v), (u - thick, y, u, v))
    drawn = " ".join(f"m {a} {b} l {c} {b} {c} {d} {a} {d}" for a, b, c, d in bars)
    yield _event(span, f"{{\\an7\\pos(0,0)\\bord0\\1c{colour}&\\p1}}{drawn}{{\\p0}}")
    if label:
        top = max(0, y - math.ceil(height / 30))
        yield _event(span, f"{{\\pos({max(0, x)},{top})\\fscx75\\fscy75\\1c{colour}&}}{ass.literal(label)}")


def _steps(span: Span) -> Iterator[Span]:
    count = max(1, math.ceil(span.duration / STEP))
    for start, end in pairwise(span.start + span.duration * n / count for n in range(count + 1)):
        yield Span(start, end)


def _event(span: Span, text: str) -> str:
    start, end = ass.hundredths(span.start), ass.hundredths(span.end)
    return ass.dialogue(1, start, max(end, start + 1), "Label", text)
