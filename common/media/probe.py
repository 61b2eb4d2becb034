"""Find out what a file is, and accept only what can become clips: every other file is rejected with a typed reason.

The header of a file is a claim. What counts here is what is there: the picture must decode, and the length is taken
from the last packets.
"""

from __future__ import annotations

import re
import stat
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from common.domain.asset import AudioStream, Probe, Range, Rotation, VideoStream
from common.domain.timebase import clock, rational
from common.errors import DeadlineExceeded, ToolFailed
from common.media.ffprobe import Description, Stream, Stretch, clean, describe, packets
from common.media.rejections import rejected
from common.media.tools import SAFE_INPUT, Limits, file_url, stream

SHORTEST_S = 1
LONGEST_S = 3 * 3600
SMALLEST_SIDE = 16
LARGEST_SIDE = 8192
LARGEST_AREA = 8192 * 4320  # 8K as cinemas have it
SLOWEST_RATE, FASTEST_RATE = Fraction(1, 100), Fraction(300)  # frames per second that are believed
THINNEST, WIDEST = Fraction(1, 8), Fraction(8)  # shapes of a pixel that are believed
TOOLS_S = 25.0  # wall time for opening and decoding, all tools together
SCAN_S = 120.0  # wall time for reading through a file that does not say how long it is
TAIL_S = 5  # how far before its claimed end a file is read to find its true end
KEY_FRAMES_WITHIN_S = 60  # a seek that lands farther off means there is no usable index
FIRST_FRAMES = 3  # decoded to see that a stream is what it says

_TRANSFERS: dict[str | None, Range] = {"smpte2084": "pq", "arib-std-b67": "hlg"}
_DEEP = re.compile(r"(9|10|12|14|16)(?:le|be)$")
_WIDE = re.compile(r"^(?:rgb48|bgr48|rgba64|bgra64)")


def probe(path: Path, *, scratch: Path, audio_track: int | None = None) -> Probe:
    """What a file holds, exact and checked; `audio_track` is the sound to use (counted from 0), None the default one.

    Zero is the smaller start of the picture and of that sound. Takes at most TOOLS_S, or SCAN_S more where the file
    does not say its length. Raises RejectedMedia with one of the codes of `rejections`.
    """
    size = _size(path)
    ends = time.monotonic() + TOOLS_S
    told = describe(path, scratch=scratch, wall_s=TOOLS_S)
    picture = _picture(told)
    if told.encrypted(picture.index):
        raise rejected("encrypted")
    _check_size(picture.width, picture.height)
    decodable = _decodable(path, told, picture, scratch=scratch, ends=ends)
    warnings: list[str] = []

    timebase = rational(picture.time_base)
    if timebase is None or timebase <= 0:
        raise rejected("unreadable", why="its picture has no clock")
    length = _length(path, told, picture, timebase, scratch=scratch, ends=ends, warnings=warnings)
    rate, variable = _frame_rate(picture, length)
    if not length.exact_end:
        length.end += 1 / rate
    if length.end - length.start < SHORTEST_S:
        raise rejected("too_short", seconds=f"{float(length.end - length.start):.2f}", limit=SHORTEST_S)
    if length.end - length.start > LONGEST_S:
        raise rejected("too_long", length=clock(length.end - length.start), limit=clock(LONGEST_S))

    sounds = _sounds(told, decodable, warnings)
    chosen = choose_audio(tuple(sounds), audio_track)
    zero = min([length.start] + ([chosen.start] if chosen else []))
    video = VideoStream(
        index=picture.index,
        codec=clean(picture.codec_name, 40),
        width=picture.width,
        height=picture.height,
        pixel_aspect=_pixel_aspect(picture, warnings),
        rotation=_rotation(picture, warnings),
        timebase=timebase,
        start_ticks=int(length.start / timebase),
        frame_rate=rate,
        variable_rate=variable,
        duration=length.end - length.start,
        pixel_format=clean(picture.pix_fmt or "unknown", 40),
        bit_depth=_bit_depth(picture),
        interlaced=picture.field_order in ("tt", "bb", "tb", "bt"),
        dynamic_range=_TRANSFERS.get(picture.color_transfer, "sdr"),
        bit_rate=_whole(picture.bit_rate),
        color_space=None if picture.color_space in (None, "unknown") else clean(picture.color_space, 40),
    )
    _check_size(video.display_width, video.display_height)
    return Probe(
        container=clean(told.format.format_name, 60),
        size=size,
        start=zero,
        duration=length.end - zero,
        video=video,
        audio=tuple(_since(zero, sound) for sound in sounds),
        seekable=length.seekable,
        warnings=tuple(warnings),
    )


def choose_audio(audio: tuple[AudioStream, ...], wanted: int | None) -> AudioStream | None:
    """The track a person asked for by its number, else the file's default, else the first; None without sound.

    Raises RejectedMedia (no_such_track) naming the tracks there are.
    """
    if wanted is None:
        return next((sound for sound in audio if sound.default), audio[0] if audio else None)
    for sound in audio:
        if sound.number == wanted:
            return sound
    names = ", ".join(f"{sound.number} ({sound.language or sound.title or sound.codec})" for sound in audio)
    raise rejected("no_such_track", wanted=wanted, choice=f"choose one of {names}" if names else "leave the choice out")


@dataclass(slots=True, kw_only=True)
class _Length:
    """Where the picture starts and ends, in container seconds, and how that was found."""

    start: Fraction
    end: Fraction
    exact_end: bool  # False: the last frame does not say how long it is shown, as often in Matroska
    frames: int | None  # all frames, where all were counted
    seekable: bool


def _size(path: Path) -> int:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise rejected("unreadable", why="it is no regular file")
        if about.st_size == 0:
            raise rejected("empty")
        with path.open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        raise rejected("unreadable", why=getattr(error, "strerror", None) or "its name cannot be used") from error
    return about.st_size


def _check_size(width: int, height: int) -> None:
    if min(width, height) < SMALLEST_SIDE:
        raise rejected("too_small", width=width, height=height, limit=SMALLEST_SIDE)
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_AREA:
        raise rejected("too_large", width=width, height=height, limit="8192x4320")


def _picture(told: Description) -> Stream:
    """The default video stream, else the largest; a cover picture is none."""
    stills = ("attached_pic", "timed_thumbnails", "still_image")
    moving = [s for s in told.streams if s.codec_type == "video" and not any(s.disposition.get(k) for k in stills)]
    if not moving:
        kinds = {s.codec_type for s in told.streams}
        found = "a still picture" if "video" in kinds else "sound" if "audio" in kinds else "other data"
        raise rejected("no_video", found=found)
    best = max(moving, key=lambda s: (bool(s.disposition.get("default")), s.width * s.height, -s.index))
    if best.codec_name in (None, "unknown", "none"):
        raise rejected("unsupported_codec", codec=clean(best.codec_tag_string, 20) or "something unknown")
    return best


def _decodable(path: Path, told: Description, picture: Stream, *, scratch: Path, ends: float) -> set[int]:
    """The indexes of the streams that give frames; raises RejectedMedia where the picture gives none."""
    sounds = [s.index for s in told.streams if s.codec_type == "audio" and not told.encrypted(s.index)]
    found, said = _decode(path, [picture.index, *sounds], scratch=scratch, ends=ends)
    if picture.index not in found and sounds:  # a sound that cannot be opened stops ffmpeg altogether
        found, said = _decode(path, [picture.index], scratch=scratch, ends=ends)
    if picture.index not in found:
        if re.search(r"[Dd]ecoder.*not found|not (?:yet )?implemented|Unsupported codec", said):
            raise rejected("unsupported_codec", codec=clean(picture.codec_name, 40))
        raise rejected("unreadable", why="none of its pictures can be decoded")
    for index in sounds:
        if index not in found:
            found |= _decode(path, [index], scratch=scratch, ends=ends)[0]
    return found


def _decode(path: Path, indexes: list[int], *, scratch: Path, ends: float) -> tuple[set[int], str]:
    """Decode the first frames of streams; which gave one, and what ffmpeg said."""
    args = ["-v", "error", "-nostdin", "-threads", "2", *SAFE_INPUT, "-i", file_url(path)]
    for index in indexes:
        args += ["-map", f"0:{index}"]
    args += ["-frames:v", str(FIRST_FRAMES), "-frames:a", str(FIRST_FRAMES), "-f", "framecrc", "pipe:1"]
    found: set[int] = set()
    limits = Limits(file_size=1 << 20, wall_s=max(0.5, ends - time.monotonic()))
    try:
        with stream("ffmpeg", args, scratch=scratch, limits=limits) as running:
            for line in running.stdout:
                if not line.startswith(b"#") and line.split(b",")[0].isdigit():
                    found.add(indexes[int(line.split(b",")[0])])
    except (ToolFailed, DeadlineExceeded):  # what came before the trouble counts, the caller judges it
        pass
    return found, "\n".join(running.tail)


def _length(
    path: Path,
    told: Description,
    picture: Stream,
    timebase: Fraction,
    *,
    scratch: Path,
    ends: float,
    warnings: list[str],
) -> _Length:
    """Find the end of the picture in its last packets, or in all of them where the file claims nothing true."""
    start = picture.seconds(picture.start_pts)
    claimed = picture.seconds(picture.duration_ts) or rational(told.format.duration)
    claimed = claimed if claimed and 0 < claimed < 10 * LONGEST_S else None
    tail: Stretch | None = None
    asked = Fraction(0)
    if claimed is not None and start is not None:
        asked = max(start, start + claimed - TAIL_S)
        tail = packets(path, picture, since=asked, scratch=scratch, wall_s=max(1.0, ends - time.monotonic()))
    if tail is not None and tail.end is not None and tail.first is not None and start is not None:
        landed = tail.first * timebase
        length = _Length(
            start=start,
            end=tail.end * timebase,
            exact_end=tail.end != tail.last,
            frames=_whole(picture.nb_frames),
            seekable=_indexed(told, picture) and landed >= asked - KEY_FRAMES_WITHIN_S,
        )
    else:
        length = _scan(path, picture, timebase, start, scratch=scratch)
    if claimed is not None and abs(length.end - length.start - claimed) > max(Fraction(1), claimed / 50):
        true = length.end - length.start
        warnings.append(f"the file says its picture lasts {clock(claimed)}, but it ends after {clock(true)}")
    return length


def _scan(path: Path, picture: Stream, timebase: Fraction, start: Fraction | None, *, scratch: Path) -> _Length:
    whole = packets(path, picture, since=None, scratch=scratch, wall_s=SCAN_S)
    if whole is None:
        raise rejected("unreadable", why="it ends before its first picture")
    if whole.end is None or whole.first is None:  # a bare stream: frames without times
        start, end = start or Fraction(0), whole.untimed * timebase
    else:
        start, end = whole.first * timebase if start is None else start, whole.end * timebase
    return _Length(
        start=start,
        end=max(start, end),
        exact_end=whole.last is None or whole.end != whole.last,
        frames=whole.packets,
        seekable=False,
    )


def _indexed(told: Description, picture: Stream) -> bool:
    family = set(told.format.format_name.split(","))
    if family & {"mov", "mp4"}:
        return picture.nb_frames is not None  # absent where the file is in fragments
    return "matroska" in family


def _frame_rate(picture: Stream, length: _Length) -> tuple[Fraction, bool]:
    """Frames per second, and whether they vary.

    ffprobe gives an average and the slowest rate all times fit on. They differ where frames vary, but also by twofold
    on interlaced pictures and by a frame over the whole. Raises RejectedMedia where no rate can be found.
    """

    def believed(text: str | None) -> Fraction | None:
        rate = rational(text)
        return rate if rate is not None and SLOWEST_RATE <= rate <= FASTEST_RATE else None

    average, nominal = believed(picture.avg_frame_rate), believed(picture.r_frame_rate)
    lasts = length.end - length.start
    if average is None and nominal is None:
        if not length.frames or lasts <= 0 or believed(str(length.frames / lasts)) is None:
            raise rejected("unreadable", why="its frames come at no believable rate")
        return (length.frames / lasts).limit_denominator(1001), True
    if average is None or nominal is None:
        return average or nominal or Fraction(0), average is not None
    frames_off = min(abs(nominal - average), abs(nominal - 2 * average)) * lasts
    return average, frames_off > max(Fraction(3, 2), average * lasts / 200)


def _sounds(told: Description, decodable: set[int], warnings: list[str]) -> list[AudioStream]:
    """The usable sound tracks, `start` still in container seconds."""
    sounds: list[AudioStream] = []
    for number, s in enumerate(s for s in told.streams if s.codec_type == "audio"):
        rate = _whole(s.sample_rate)
        if s.index not in decodable or not rate or not 0 < s.channels <= 64:
            why = "is encrypted" if told.encrypted(s.index) else "cannot be decoded"
            warnings.append(f"sound track {number} {why} and is left out")
            continue
        sounds.append(
            AudioStream(
                index=s.index,
                number=number,
                codec=clean(s.codec_name, 40),
                sample_rate=rate,
                channels=s.channels,
                start=s.seconds(s.start_pts) or Fraction(0),
                duration=s.seconds(s.duration_ts),
                language=_language(s.tags.get("language")),
                title=clean(s.tags.get("title", "")) or None,
                default=bool(s.disposition.get("default")),
            )
        )
    return sounds


def _since(zero: Fraction, sound: AudioStream) -> AudioStream:
    return replace(sound, start=sound.start - zero)


def _language(tag: str | None) -> str | None:
    language = clean(tag or "", 35)
    return None if language.lower() in ("", "und", "unk") else language


def _pixel_aspect(picture: Stream, warnings: list[str]) -> Fraction:
    shape = rational((picture.sample_aspect_ratio or "").replace(":", "/"))
    if shape is None or shape == 0:
        return Fraction(1)
    if not THINNEST <= shape <= WIDEST:
        warnings.append("the file claims pixels of an unbelievable shape; they are taken as square")
        return Fraction(1)
    return shape


def _rotation(picture: Stream, warnings: list[str]) -> Rotation:
    angle = next((data.rotation for data in picture.side_data_list if data.rotation is not None), 0.0)
    if not -360 <= angle <= 360:  # also NaN
        warnings.append("the file claims an unbelievable rotation, which is ignored")
        return 0
    quarter = round(-angle / 90)  # ffprobe counts against the clock
    if quarter * 90 != -angle:
        warnings.append(f"the file claims a rotation of {-angle:g} degrees; the nearest quarter turn is used")
    turns: tuple[Rotation, ...] = (0, 90, 180, 270)
    return turns[quarter % 4]


def _bit_depth(picture: Stream) -> int:
    """Bits per colour channel, which the name of the pixel format ends in where they are not 8."""
    name = picture.pix_fmt or ""
    if deep := _DEEP.search(name):
        return int(deep[1])
    if _WIDE.match(name):
        return 16
    return 8


def _whole(text: str | None) -> int | None:
    """A positive whole number below 2**53, as far as other programs read one exactly; else None."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
