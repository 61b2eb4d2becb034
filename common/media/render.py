"""Make the files of a clip: one decode, one ffmpeg graph, every aspect and a small preview, exact to the frame.

Equal inputs give equal bytes: no dates, no names of encoders, a fixed number of threads.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from common.domain.asset import AudioStream, Probe, VideoStream
from common.domain.clip import Aspect, Check
from common.domain.framing import Framing
from common.domain.timebase import Span, decimal
from common.media.audio import RATE, STEREO
from common.media.captions.burn import Burned
from common.media.captions.emoji import EmojiOverlay
from common.media.checks import Wanted, checked
from common.media.colour import progressive, scaled, standard_range
from common.media.reframe import PREVIEW, Part, Plan, Stretch, frame_size, plan
from common.media.tools import DEMUXERS, file_url, stream

NTSC = Fraction(1000, 1001)
STANDARD_RATES = (24 * NTSC, *map(Fraction, (24, 25)), 30 * NTSC, *map(Fraction, (30, 48, 50)), 60 * NTSC, Fraction(60))
FASTEST = Fraction(60)
SLOWEST = Fraction(10)  # frames per second of a steady source that are kept; below, frames are held
AHEAD = (Fraction(2), Fraction(20))  # seconds before the clip to decode from; failing these, from the file's start
CEILING = 0.841  # linear, -1.5 dBFS: room for what AAC adds between samples
GROUND_SHORT = 90  # pixels; a blurred ground is made this small first, which is most of the blur

_SHOWN = re.compile(r"\[Parsed_showinfo_\d+ @ \w+\] \[info\] n: *\d+ pts: *(-?\d+|NOPTS) .* iskey:([01]) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One finished and checked file. `plan` is how the picture was laid out; None for the preview."""

    path: Path
    aspect: Aspect
    plan: Plan | None
    wanted: Wanted
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Captions:
    """Captions as files of the scratch folder, named as ffmpeg, which works in it, names them."""

    script: str
    fonts: Path | None
    overlays: tuple[tuple[str, EmojiOverlay], ...]


class _TooLate(Exception):
    """Decoding began behind the first frame wanted."""


def render(
    source: Path,
    probe: Probe,
    span: Span,
    *,
    plans: Sequence[Plan],
    audio: AudioStream | None,
    gain_db: float,
    out: Path,
    scratch: Path,
    progress: Callable[[float], None],
    captions: Mapping[Aspect, Burned] | None = None,
) -> tuple[Made, ...]:
    """Render `span` into `clip-9x16.mp4` and the like, a file per plan in order, then `preview.mp4` of the first.

    `plans` come from `planned`. `captions` are burned into the files of their aspects.
    `progress` is told the seconds of the clip that are done. The sound of `audio` gets `gain_db` and a limiter; None
    leaves the files without sound. Raises ToolFailed where ffmpeg fails and Permanent where a file fails its checks.
    """
    start = span.start
    for seek in (*(start - ahead for ahead in AHEAD if start > ahead), None):
        job = _Job(source, probe, span, plans, audio, gain_db, out, _kept(captions or {}, scratch))
        try:
            _run(job, seek, scratch, progress)
        except _TooLate:
            continue  # no key frame between there and the clip: begin further ahead
        break
    return tuple(
        Made(path=path, aspect=aspect, plan=laid, wanted=wanted, checks=checked(path, wanted, scratch=scratch))
        for path, aspect, laid, wanted in job.files
    )


def planned(probe: Probe, span: Span, framings: Sequence[Framing], aspect: Aspect) -> Plan:
    """How the clip `span` is laid out in `aspect`."""
    rate = steady_rate(probe.video)
    display = (probe.video.display_width, probe.video.display_height)
    return plan(framings, aspect, display, span, rate, frames_of(span, rate))


def frames_of(span: Span, rate: Fraction) -> int:
    """How many frames a clip has."""
    return max(1, round(span.duration * rate))


def steady_rate(video: VideoStream) -> Fraction:
    """The constant frame rate a clip of this video gets, at most FASTEST.

    Steady video keeps its own rate, told from its average by the standard rates near it: a rate whose frames last a
    whole number of ticks goes before one that does not. Video of changing rate gets the standard rate nearest to its
    average. Halved, or thirded, where it is too fast.
    """
    rate = video.frame_rate / max(1, math.ceil(video.frame_rate / (FASTEST + Fraction(1, 2))))
    if video.variable_rate or rate < SLOWEST:
        return min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    near = [standard for standard in STANDARD_RATES if abs(standard - rate) <= standard / 200]
    if not near:
        return min(FASTEST, rate.limit_denominator(1001))
    return min(near, key=lambda standard: ((1 / (standard * video.timebase)).denominator != 1, abs(standard - rate)))


class _Job:
    """The graph of one clip, and the files it makes."""

    def __init__(
        self,
        source: Path,
        probe: Probe,
        span: Span,
        plans: Sequence[Plan],
        audio: AudioStream | None,
        gain_db: float,
        out: Path,
        captions: Mapping[Aspect, _Captions],
    ) -> None:
        self.source, self.probe, self.span = source, probe, span
        self.audio, self.gain_db, self.captions = audio, gain_db, captions
        self.rate = steady_rate(probe.video)
        self.frames = frames_of(span, self.rate)
        self.start = probe.start + span.start  # container time
        self.files: list[tuple[Path, Aspect, Plan | None, Wanted]] = []
        for laid in plans:
            name = f"clip-{laid.aspect.replace(':', 'x')}.mp4"
            self.files.append((out / name, laid.aspect, laid, self._wanted(laid.width, laid.height)))
        small = frame_size(plans[0].aspect, PREVIEW)
        self.files.append((out / "preview.mp4", plans[0].aspect, None, self._wanted(*small)))

    @property
    def across(self) -> tuple[int, int]:
        """Width and height of the upright picture as parts are cut out of it; of HDR only what is shown of it."""
        video = self.probe.video
        across = (video.height, video.width) if video.rotation in (90, 270) else (video.width, video.height)
        if video.dynamic_range == "sdr":
            return across
        parts = [part for _, _, laid, _ in self.files if laid for one in laid.stretches for part in one.parts]
        shown, of = max(((part.place.height, part.height) for part in parts), key=lambda pair: Fraction(*pair))
        return across if shown >= of else (_even(across[0] * shown, of), _even(across[1] * shown, of))

    @property
    def first_tick(self) -> int:
        """Of the clip, in the video's timebase."""
        timebase = self.probe.video.timebase
        return round(self.probe.start / timebase) + round(self.span.start / timebase)

    def _wanted(self, width: int, height: int) -> Wanted:
        sound = self.audio is not None
        return Wanted(width=width, height=height, frames=self.frames, frame_rate=self.rate, sound=sound)

    def arguments(self, seek: Fraction | None) -> list[str]:
        """What ffmpeg is told, decoding from near `seek` seconds since zero, or from the file's start."""
        begin: dict[str, Any] = {}
        if seek is not None:
            begin = {"seek_timestamp": 1, "ss": f"{decimal(self.probe.start + seek):.6f}"}
        source = ffmpeg.input(
            file_url(self.source),
            noaccurate_seek=None,
            threads=2,
            protocol_whitelist="file,pipe",
            format_whitelist=DEMUXERS,
            max_error_rate=1,
            **begin,
        )
        pictures = self._pictures(source[str(self.probe.video.index)])
        sounds = [] if self.audio is None else self._sounds(source[str(self.audio.index)])
        outputs = []
        for n, (path, _, laid, _) in enumerate(self.files):
            streams = [pictures[n], *sounds[n : n + 1]]
            outputs.append(ffmpeg.output(*streams, file_url(path), **self._encoding(preview=laid is None)))
        merged = ffmpeg.merge_outputs(*outputs).global_args(
            *("-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-progress", "pipe:1", "-copyts")
        )
        return [str(arg) for arg in ffmpeg.get_args(merged, overwrite_output=True)]

    def _pictures(self, picture: Any) -> list[Any]:
        """One stream per file, from one decode."""
        video, zero = self.probe.video, self.first_tick
        end = math.ceil((self.start + self.span.duration) / video.timebase)
        picture = picture.filter("showinfo", checksum=0).filter("trim", end_pts=end)
        picture = progressive(picture, video).filter("setpts", f"PTS-({zero})")
        # the frame on show at the start comes first, however long before it began; then frames at an even pace
        picture = picture.filter("fps", f"{self.rate.numerator}/{self.rate.denominator}", start_time=0)
        picture = picture.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=self.frames)
        picture = standard_range(picture, video, *self.across)
        plans = [laid for _, _, laid, _ in self.files if laid is not None]
        parts = iter(_copies(picture, sum(len(laid.stretches) for laid in plans)))
        whole = [self._captioned(self._laid_out(parts, laid), laid) for laid in plans]
        first = _copies(whole[0], 2)
        small = self.files[-1][3]
        preview = first[1].filter("scale", small.width, small.height, flags="area").filter("setsar", 1)
        return [first[0], *whole[1:], preview]

    def _laid_out(self, parts: Iterator[Any], laid: Plan) -> Any:
        """All stretches of a plan, one after the other, at the clip's even pace."""
        if len(laid.stretches) == 1:
            return self._stretch(next(parts), laid.stretches[0], laid)
        found = []
        for stretch in laid.stretches:
            own = next(parts).filter("trim", start_frame=stretch.first, end_frame=stretch.first + stretch.frames)
            found.append(self._stretch(own.filter("setpts", "PTS-STARTPTS"), stretch, laid))
        joined = ffmpeg.concat(*found, v=1, a=0)
        over, under = self.rate.numerator, self.rate.denominator
        return joined.filter("settb", f"{under}/{over}").filter("setpts", "N").filter("fps", f"{over}/{under}")

    def _stretch(self, picture: Any, stretch: Stretch, laid: Plan) -> Any:
        count = len(stretch.parts) + (stretch.ground is not None)
        sources = _copies(picture, count)
        shown = [self._part(source, part) for source, part in zip(sources, stretch.parts, strict=False)]
        if stretch.ground is not None:
            place = stretch.parts[0].place
            ground = self._ground(sources[-1], stretch.ground)
            return ffmpeg.overlay(ground, shown[0], x=place.x, y=place.y, format="yuv420", eof_action="endall")
        return shown[0] if len(shown) == 1 else ffmpeg.filter(shown, "vstack", inputs=len(shown))

    def _part(self, picture: Any, part: Part) -> Any:
        cut = self._cropped(picture, part)
        return scaled(cut, self.probe.video, part.place.width, part.place.height).filter("format", "yuv420p")

    def _ground(self, picture: Any, part: Part) -> Any:
        """A part of the picture, dark and blurred, that fills the frame."""
        width, height = part.place.width, part.place.height
        short = min(width, height)
        small = (_even(width * GROUND_SHORT, short), _even(height * GROUND_SHORT, short))
        ground = scaled(self._cropped(picture, part), self.probe.video, *small, flags="area")
        return (
            ground.filter("format", "yuv420p")
            .filter("gblur", sigma=4, steps=2)
            .filter("lutyuv", y="16+(val-16)*0.6", u="128+(val-128)*0.8", v="128+(val-128)*0.8")
            .filter("scale", width, height, flags="bicubic")
            .filter("setsar", 1)
        )

    def _cropped(self, picture: Any, part: Part) -> Any:
        """Cut out a part named in square pixels; the picture is upright here, its pixels as coded."""
        display, across = (self.probe.video.display_width, self.probe.video.display_height), self.across
        if (part.width, part.height) == display:
            return picture
        width, height = (_even(n * a, d) for n, a, d in zip((part.width, part.height), across, display, strict=True))
        x, y = (piecewise([(n, key[axis] * across[axis] / display[axis]) for n, *key in part.keys]) for axis in (0, 1))
        return picture.filter("crop", width, height, x, y, exact=1)

    def _captioned(self, picture: Any, laid: Plan) -> Any:
        """With the words, and the pictures of their emoji, over it."""
        burned = self.captions.get(laid.aspect)
        if burned is None:
            return picture
        fonts = {} if burned.fonts is None else {"fontsdir": str(burned.fonts)}
        picture = picture.filter("ass", filename=burned.script, **fonts)
        for name, one in burned.overlays:
            start, end = (f"{decimal(t):.6f}" for t in (one.span.start, one.span.end))
            shown = ffmpeg.input(name, f="png_pipe", protocol_whitelist="file,pipe")
            picture = ffmpeg.overlay(picture, shown, x=one.x, y=one.y, enable=f"gte(t,{start})*lt(t,{end})")
        return picture.filter("format", "yuv420p") if burned.overlays else picture

    def _sounds(self, sound: Any) -> list[Any]:
        """One stream per file, as long as the picture and in step with it, however late or early the track begins."""
        length = round(self.frames / self.rate * RATE)
        sound = (
            sound.filter("aformat", **STEREO)
            .filter("aresample", RATE, **{"async": 1})  # holes become silence
            .filter("asetpts", f"PTS-({round(self.start * RATE)})")
            .filter("atrim", start_pts=0, end_pts=length)
            .filter("aresample", RATE, **{"async": 1}, first_pts=0)  # a late beginning becomes silence
            .filter("volume", f"{self.gain_db:.2f}dB")
            .filter("alimiter", limit=CEILING, attack=5, release=50, level=0, asc=0, latency=1)
            .filter("apad")
            .filter("atrim", end_sample=length)
        )
        parts = sound.filter_multi_output("asplit", len(self.files))
        return [parts[n] for n in range(len(self.files))]

    def _encoding(self, *, preview: bool) -> dict[str, Any]:
        options: dict[str, Any] = {
            "vcodec": "libx264",
            "preset": "veryfast",
            "profile:v": "high",
            "crf": 30 if preview else 23,
            "threads": 1 if preview else 2,
            "x264-params": "rc-lookahead=8:sync-lookahead=0",
            "g": round(2 * self.rate),
            "flags:v": "+bitexact+cgop",
            "fps_mode": "passthrough",
            "pix_fmt": "yuv420p",
            "color_primaries": "bt709",
            "color_trc": "bt709",
            "colorspace": "bt709",
            "color_range": "tv",
            "movflags": "+faststart",
            "map_metadata": -1,
            "map_chapters": -1,
            "fflags": "+bitexact",
            "f": "mp4",
        }
        if self.audio is not None:
            options |= {"acodec": "aac", "audio_bitrate": "64k" if preview else "128k", "flags:a": "+bitexact"}
        return options


def _run(job: _Job, seek: Fraction | None, scratch: Path, progress: Callable[[float], None]) -> None:
    """Run the graph; raises _TooLate as soon as decoding turns out to begin behind the clip's start."""
    found: list[bool] = []

    def hear(line: str) -> bool:
        if match := _SHOWN.match(line):
            if not found and match[2] == "1" and match[1] != "NOPTS":
                found.append(int(match[1]) <= job.first_tick)
            return True
        return "[info]" in line

    with stream("ffmpeg", job.arguments(seek), scratch=scratch, on_stderr=hear) as running:
        for line in running.stdout:
            if seek is not None and found == [False]:
                raise _TooLate
            name, _, value = line.strip().partition(b"=")
            if name == b"out_time_us" and value.isdigit():
                progress(min(float(job.frames / job.rate), int(value) / 1e6))
    if seek is not None and found != [True]:
        raise _TooLate


def _even(value: int, of: int) -> int:
    """value/of in whole even numbers."""
    return 2 * round(Fraction(value, 2 * of))


def _copies(stream: Any, count: int) -> list[Any]:
    """A picture for as many as need it."""
    if count == 1:
        return [stream]
    split = stream.filter_multi_output("split", count)
    return [split[n] for n in range(count)]


def piecewise(keys: Sequence[tuple[int, float]]) -> str:
    """An expression of the frame `n` for ffmpeg: straight from key to key, and still after the last."""
    if len(keys) == 1:
        return f"{keys[0][1]:.2f}"
    pieces = []
    for (n, value), (m, other) in pairwise(keys):
        slope = (other - value) / (m - n)
        pieces.append((m, f"{value:.2f}" if slope == 0 else f"{value:.2f}+(n-{n})*{slope:.5f}"))
    return _chosen([*pieces, (keys[-1][0] + 1, f"{keys[-1][1]:.2f}")])


def _chosen(pieces: Sequence[tuple[int, str]]) -> str:
    """The piece that a frame lies in, found by halving: ffmpeg does not nest hundreds deep."""
    if len(pieces) == 1:
        return pieces[0][1]
    half = len(pieces) // 2
    return f"if(lt(n,{pieces[half - 1][0]}),{_chosen(pieces[:half])},{_chosen(pieces[half:])})"


def _kept(captions: Mapping[Aspect, Burned], scratch: Path) -> dict[Aspect, _Captions]:
    """Captions written where ffmpeg finds them."""
    found = {}
    for aspect, burned in captions.items():
        script = f"captions-{aspect.replace(':', 'x')}.ass"
        (scratch / script).write_text(burned.ass, encoding="utf-8")
        overlays = []
        for one in burned.overlays:
            name = f"emoji-{hashlib.sha256(one.png).hexdigest()[:16]}.png"
            (scratch / name).write_bytes(one.png)
            overlays.append((f"file:{name}", one))
        found[aspect] = _Captions(script=script, fonts=burned.fonts, overlays=tuple(overlays))
    return found
