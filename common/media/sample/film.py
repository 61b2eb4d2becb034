"""Pictures and voice put together into a video with a transcript."""

from __future__ import annotations

import json
import math
import os
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.domain.timebase import decimal
from common.media import tools
from common.media.sample import pictures
from common.media.sample.pictures import HEIGHT, WIDTH
from common.media.sample.script import SCRIPT, Picture
from common.media.sample.voice import RATE, Spoken, speak

VERSION = 1  # raise it when the sample changes
FPS = 30
_DISSOLVE = 24  # frames
_FADE = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """The finished video and its transcript (JSON, word times estimated within measured sentences)."""

    video: Path
    transcript: Path


@dataclass(frozen=True, slots=True)
class _Moment:
    """All that a frame depends on. `since` is seconds since its picture began, `word` 0 to 1 through its line."""

    picture: Picture
    since: float
    line: float
    mouth: int
    frame: int


def make_sample(folder: Path, *, scratch: Path, on_progress: Callable[[float], None]) -> Sample:
    """Make the sample in `folder`, unless this version of it is there; `on_progress` gets the share done, 0 to 1.

    The same machine makes the same bytes again. Raises BadInput when the machine has no voice.
    """
    made = Sample(folder / f"sample-talk-{VERSION}.mp4", folder / f"sample-talk-{VERSION}.json")
    if made.video.exists() and made.transcript.exists():
        return made
    spoken = speak(scratch)
    moments = _moments(spoken)
    _write_voice(spoken, scratch / "voice.wav")
    with tools.stream("ffmpeg", _arguments(scratch), scratch=scratch, feed=True) as running:
        for n, moment in enumerate(moments):
            running.stdin.write(_frame(moment, moments, n).tobytes())
            on_progress((n + 1) / len(moments))
    words = [
        {"text": word.text, "start": decimal(word.span.start), "end": decimal(word.span.end)} for word in spoken.words
    ]
    aside = scratch / "words.json"
    aside.write_text(json.dumps({"language": "en", "timing": "estimated", "words": words}, indent=0))
    os.replace(aside, made.transcript)
    os.replace(scratch / "film.mp4", made.video)
    return made


def _arguments(scratch: Path) -> list[str]:
    size = f"{WIDTH}x{HEIGHT}"
    return [
        *("-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(FPS), "-i", "pipe:0"),
        *("-i", tools.file_url(scratch / "voice.wav"), "-map", "0:v", "-map", "1:a", "-shortest"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-threads", "2"),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv", "-af", "volume=-2dB", "-ar", "48000", "-ac", "2"),
        *("-c:a", "aac", "-b:a", "128k", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"),
        *("-flags:a", "+bitexact", "-movflags", "+faststart", tools.file_url(scratch / "film.mp4")),
    ]


def _write_voice(spoken: Spoken, path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(spoken.samples.tobytes())


def _moments(spoken: Spoken) -> list[_Moment]:
    """What each frame shows: a picture changes half-way through the pause before its first line."""
    frames = int(len(spoken.samples) / RATE * FPS)
    mouths = _mouths(spoken.samples, frames)
    starts = [0.0]
    for before, after in zip(spoken.lines, spoken.lines[1:], strict=False):
        starts.append(float(before.end + after.start) / 2)
    found: list[_Moment] = []
    line, began = 0, 0.0
    for n in range(frames):
        at = n / FPS
        while line + 1 < len(starts) and at >= starts[line + 1]:
            line += 1
            if SCRIPT[line].picture != SCRIPT[line - 1].picture:
                began = at
        span = spoken.lines[line]
        through = min(1.0, max(0.0, (at - float(span.start)) / float(span.duration)))
        found.append(_Moment(SCRIPT[line].picture, at - began, line + through, mouths[n], n))
    return found


def _mouths(samples: NDArray[np.int16], frames: int) -> list[int]:
    """How wide the mouth is in each frame, 0 to 3, by the loudness of the voice there."""
    size = RATE // FPS
    levels = np.sqrt(np.mean(samples[: frames * size].astype(np.float64).reshape(frames, size) ** 2, axis=1))
    top = float(np.percentile(levels, 95)) or 1.0
    return [int(min(3, round(3.2 * level / top))) if level > 0.08 * top else 0 for level in levels]


def _frame(moment: _Moment, moments: list[_Moment], n: int) -> Image.Image:
    """The picture of a frame, with the dissolve into the end card and the fade to black at the end."""
    picture = _draw(moment)
    if moment.picture == "end" and (into := round(moment.since * FPS)) < _DISSOLVE:
        before = next(one for one in reversed(moments[:n]) if one.picture != "end")
        picture = Image.blend(_draw(before), picture, (into + 1) / (_DISSOLVE + 1))
    left = len(moments) - 1 - n
    if left < _FADE:
        picture = Image.blend(Image.new("RGB", picture.size), picture, left / _FADE)
    return picture


def _draw(moment: _Moment) -> Image.Image:
    match moment.picture:
        case "title":
            return _drift(pictures.title(), moment, 8)
        case "end":
            return _drift(pictures.end(), moment, 8)
        case "list":
            return _drift(pictures.openings(1 + int(3 * (moment.line % 1))), moment, 4)
        case "curve":
            return _drift(pictures.curve(min(60, int(moment.since * 14))), moment, 4)
        case "street":
            return _street(moment)
        case "near":
            return _person(pictures.backdrop(), moment, scale=1.24, x=330, y=-30)
        case "right":
            return _person(pictures.studio(True), moment, scale=0.8, x=720, y=150)
        case _:
            return _person(pictures.studio(False), moment, scale=0.8, x=70, y=150)


def _person(room: Image.Image, moment: _Moment, *, scale: float, x: int, y: int) -> Image.Image:
    """The presenter in a room: swaying a little, blinking now and then, a hand up in every other line."""
    picture = room.copy()
    t = moment.frame / FPS
    blink = (t % 3.7) < 0.13
    hand = int(moment.line) % 2 == 0 and scale < 1
    figure = pictures.presenter(moment.mouth, blink, hand, scale)
    sway = round(7 * scale * math.sin(t * 1.3)), round(4 * scale * math.sin(t * 2.1))
    picture.paste(figure, (x + sway[0], y + sway[1]), figure)
    return picture


def _street(moment: _Moment) -> Image.Image:
    picture = pictures.street().copy()
    for n, (speed, y) in enumerate(((26, 40), (17, 110), (34, 10))):
        white = pictures.cloud()
        at = int((n * 460 + moment.since * speed) % (WIDTH + 300)) - 300
        picture.paste(white, (at, y), white)
    turned = moment.line % 1 > 0.55 or int(moment.line) == 9
    figure = pictures.walker(int(moment.since * 9) % 8, turned)
    picture.paste(figure, (120 + int(moment.since * 105), 290), figure)
    return picture


def _drift(card: Image.Image, moment: _Moment, speed: float) -> Image.Image:
    """A card under a camera that moves slowly, so that it never stands still. `speed` in pixels per second."""
    along = min(card.width - WIDTH, round(moment.since * speed))
    top = (card.height - HEIGHT) // 2
    return card.crop((along, top, along + WIDTH, top + HEIGHT))
