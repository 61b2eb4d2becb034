"""The ffmpeg graph that makes the pictures of a clip: one decode, one stream for each file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from common.domain.asset import Probe
from common.domain.clip import Aspect
from common.domain.timebase import Span, decimal
from common.media.captions.burn import Burned
from common.media.captions.emoji import EmojiOverlay
from common.media.checks import Wanted
from common.media.colour import progressive, scaled, standard_range
from common.media.expressions import piecewise
from common.media.rates import frames_of, steady_rate
from common.media.reframe import PREVIEW, Part, Plan, Stretch, frame_size
from common.media.tools import DEMUXERS, file_url

SOURCE, SOUND, FONTS = "source", "sound", "fonts"  # what stands in a manifest for paths
# Less searching than `veryfast`, its trees of macroblocks kept: the same SSIM for 10 % more bits and 2/3 of the work. A
# look ahead of more frames costs memory, 3 MB each, and gains little.
PRESET, X264 = "superfast", "mbtree=1:rc-lookahead=4"
QUALITY, PREVIEW_QUALITY = 21, 30  # constant rate factors
ONE_SHAPE = 2  # files: it and its preview. Encoders of several wait for each other in turn: they get a thread more
GROUND_SHORT = 90  # pixels; a blurred ground is made this small first, which is most of the blur


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Captions as files of the scratch folder, named as ffmpeg, which works in it, names them."""

    script: str
    fonts: Path | None
    overlays: tuple[tuple[str, EmojiOverlay], ...]


class Graph:
    """The graph of one clip, and the files it makes."""

    def __init__(
        self,
        source: Path,
        probe: Probe,
        span: Span,
        plans: Sequence[Plan],
        sound: Path | None,
        out: Path,
        captions: Mapping[Aspect, Written],
    ) -> None:
        self.source, self.probe, self.span = source, probe, span
        self.sound, self.captions = sound, captions
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
        sound = self.sound is not None
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
        sounds = []
        if self.sound is not None:
            sounds = [ffmpeg.input(file_url(self.sound), f="mov", protocol_whitelist="file,pipe")["a:0"]]
        outputs = []
        for n, (path, _, laid, _) in enumerate(self.files):
            outputs.append(ffmpeg.output(pictures[n], *sounds, file_url(path), **self._encoding(preview=laid is None)))
        merged = ffmpeg.merge_outputs(*outputs).global_args(
            *("-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-progress", "pipe:1", "-copyts")
        )
        return [str(arg) for arg in ffmpeg.get_args(merged, overwrite_output=True)]

    def told(self, arguments: Sequence[str]) -> tuple[str, ...]:
        """Arguments without the paths of this machine: the same edit gives the same on any other."""
        names = {file_url(path): path.name for path, _, _, _ in self.files} | {file_url(self.source): SOURCE}
        if self.sound is not None:
            names[file_url(self.sound)] = SOUND
        folders = {str(one.fonts) for one in self.captions.values() if one.fonts is not None}
        found = [names.get(argument, argument) for argument in arguments]
        for folder in folders:
            found = [argument.replace(folder, FONTS) for argument in found]
        return tuple(found)

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

    def _encoding(self, *, preview: bool) -> dict[str, Any]:
        options: dict[str, Any] = {
            "vcodec": "libx264",
            "preset": PRESET,
            "profile:v": "high",
            "crf": PREVIEW_QUALITY if preview else QUALITY,
            "threads": 1 if preview else 2 if len(self.files) == ONE_SHAPE else 3,
            "x264-params": X264,
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
        if self.sound is not None:
            options |= {"acodec": "copy"}
        return options


def _even(value: int, of: int) -> int:
    """value/of in whole even numbers."""
    return 2 * round(Fraction(value, 2 * of))


def _copies(stream: Any, count: int) -> list[Any]:
    """A picture for as many as need it."""
    if count == 1:
        return [stream]
    split = stream.filter_multi_output("split", count)
    return [split[n] for n in range(count)]


def written(captions: Mapping[Aspect, Burned], scratch: Path) -> dict[Aspect, Written]:
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
        found[aspect] = Written(script=script, fonts=burned.fonts, overlays=tuple(overlays))
    return found
