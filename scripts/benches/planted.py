"""Footage with transitions at known places, made from stretches of real shots."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.domain.timebase import Span
from common.media import tools

RATE = 25  # frames a second
WIDTH, HEIGHT = 320, 180
LEAST_S, MOST_S = 0.3, 2.0  # how long a transition lasts
HOLD = (15, 40)  # frames that a picture stands alone before or after a transition
PER_FILE = 50  # transitions to a file

# Frames, at 25 a second from the zero of the file, of stretches that lie inside one shot; each was looked at.
STRETCHES = (
    ("ChromeCast.mp4", 1, 37),
    ("ChromeCast.mp4", 182, 241),
    ("ChromeCast.mp4", 276, 374),  # with a whip pan
    ("applausing.mp4", 1, 248),
    ("chaplin.mp4", 1, 239),
    ("gcp_climber_noaudio_vertical.mp4", 1, 349),
    ("googlework_short.mp4", 208, 262),
    ("googlework_short.mp4", 384, 468),
    ("googlework_short.mp4", 473, 519),
    ("googlework_short.mp4", 546, 604),
    ("googlework_short.mp4", 615, 660),
    ("googlework_short.mp4", 706, 810),
    ("latentsync_demo2_hevc_vertical.mp4", 1, 500),
    ("short_hamilton_clip.mp4", 40, 88),
    ("short_hamilton_clip.mp4", 92, 195),
    ("short_hamilton_clip.mp4", 199, 248),
)

# How many of each kind to 300. Talks, interviews and vlogs mostly have dissolves and dips to a colour; editors on
# phones ease their dissolves; wipes and slides are rare and here to show what becomes of them.
KINDS = {"dissolve": 135, "eased dissolve": 60, "through black": 54, "through white": 27, "wipe": 12, "slide": 12}

Frames = NDArray[np.uint8]  # (n, HEIGHT * 3 / 2, WIDTH), planes of yuv420p as ffmpeg packs them
Mix = Callable[[Frames, Frames, random.Random], Frames]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One gradual transition: from the first frame that shows both to the first that shows the new shot alone."""

    kind: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file, its gradual transitions, and its hard cuts in seconds."""

    path: Path
    planted: list[Planted]
    cuts: list[float]


def make(footage: Path, folder: Path, *, seed: int, count: int = 300) -> Iterator[Made]:
    """Files of PER_FILE pairs of shots, each pair joined by a transition, pairs by hard cuts; `count` in all."""
    rng = random.Random(seed)
    shots = _shots(footage)
    kinds = [kind for kind, n in KINDS.items() for _ in range(n)]
    rng.shuffle(kinds)
    kinds = [kinds[n % len(kinds)] for n in range(count)]
    for first in range(0, count, PER_FILE):
        path = folder / f"planted-{seed}-{first}.mp4"
        yield _file(path, kinds[first : first + PER_FILE], shots, rng)


def _file(path: Path, kinds: list[str], shots: list[Frames], rng: random.Random) -> Made:
    planted: list[Planted] = []
    cuts: list[float] = []
    at, last = 0, -1
    with subprocess.Popen(_encoder(path), stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for kind in kinds:
            length = round(rng.uniform(LEAST_S, MOST_S) * RATE)
            before, after = rng.randint(*HOLD), rng.randint(*HOLD)
            one, other = _pair([len(shot) for shot in shots], length + HOLD[0], last, rng)
            old, new = _piece(shots[one], before + length, rng), _piece(shots[other], length + after, rng)
            before, last = len(old) - length, other
            mixed = _MIXES[kind](old[before:], new[:length], rng)
            for frames in (old[:before], mixed, new[length:]):
                encoder.stdin.write(frames.tobytes())
            cuts += [at / RATE] if at else []
            begins = Fraction(at + before, RATE)
            planted.append(Planted(kind=kind, span=Span(begins, begins + Fraction(length, RATE))))
            at += before + len(new)
    if encoder.returncode:
        raise RuntimeError("ffmpeg could not write the footage with planted transitions")
    return Made(path=path, planted=planted, cuts=cuts)


def _pair(lengths: list[int], least: int, last: int, rng: random.Random) -> tuple[int, int]:
    """Two different shots of at least `least` frames; the first is not the one that the pair before ended with."""
    long_enough = [number for number, length in enumerate(lengths) if length >= least]
    one = rng.choice([number for number in long_enough if number != last])
    return one, rng.choice([number for number in long_enough if number != one])


def _piece(shot: Frames, length: int, rng: random.Random) -> Frames:
    """A stretch of a shot from anywhere in it, all of it where it is shorter."""
    start = rng.randint(0, max(0, len(shot) - length))
    return shot[start : start + length]


def _blended(old: Frames, new: Frames, share: NDArray[np.float64]) -> Frames:
    weight = share.astype(np.float32)[:, None, None]
    return np.round(old * (1 - weight) + new * weight).astype(np.uint8)


def _shares(count: int) -> NDArray[np.float64]:
    return np.arange(1, count + 1) / (count + 1)


def _dissolve(old: Frames, new: Frames, rng: random.Random) -> Frames:
    return _blended(old, new, _shares(len(old)))


def _eased(old: Frames, new: Frames, rng: random.Random) -> Frames:
    share = _shares(len(old))
    return _blended(old, new, share * share * (3 - 2 * share))


def _through(luma: int) -> Mix:
    def mix(old: Frames, new: Frames, rng: random.Random) -> Frames:
        """Out, up to a quarter of the time in one colour, in."""
        plain = np.full_like(old, 128)
        plain[:, :HEIGHT] = luma
        held = rng.randint(0, len(old) // 4)
        out = (len(old) - held) // 2
        back = len(old) - held - out
        leaving = _blended(old[:out], plain[:out], _shares(out))
        coming = _blended(plain[-back:], new[-back:], _shares(back))
        return np.concatenate((leaving, plain[:held], coming))

    return mix


def _wipe(old: Frames, new: Frames, rng: random.Random) -> Frames:
    """An edge that goes from one side to the other and leaves the new picture behind it."""
    leftwards = rng.random() < 0.5
    mixed = old.copy()
    for n, share in enumerate(_shares(len(old))):
        for planes, fresh in zip(_planes(mixed[n]), _planes(new[n]), strict=True):
            edge = round(planes.shape[1] * share)
            if leftwards:
                planes[:, planes.shape[1] - edge :] = fresh[:, planes.shape[1] - edge :]
            else:
                planes[:, :edge] = fresh[:, :edge]
    return mixed


def _slide(old: Frames, new: Frames, rng: random.Random) -> Frames:
    """The new picture pushes the old one out to the left."""
    mixed = old.copy()
    for n, share in enumerate(_shares(len(old))):
        for planes, fresh in zip(_planes(mixed[n]), _planes(new[n]), strict=True):
            gone = round(planes.shape[1] * share)
            planes[:] = np.concatenate((planes[:, gone:], fresh[:, :gone]), axis=1)
    return mixed


def _planes(frame: Frames) -> list[Frames]:
    """Views of the luma and the two chroma planes of one frame."""
    chroma = frame[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    return [frame[:HEIGHT], chroma[0], chroma[1]]


_MIXES: dict[str, Mix] = {
    "dissolve": _dissolve,
    "eased dissolve": _eased,
    "through black": _through(16),
    "through white": _through(235),
    "wipe": _wipe,
    "slide": _slide,
}


def _shots(footage: Path) -> list[Frames]:
    found: dict[str, Frames] = {}
    for name in dict.fromkeys(name for name, _, _ in STRETCHES):
        shape = f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase,crop={WIDTH}:{HEIGHT},format=yuv420p"
        argv = [tools.find("ffmpeg"), "-v", "error", "-nostdin", "-i", tools.file_url(footage / name)]
        graph = ["-map", "0:v:0", "-vf", f"fps={RATE}:start_time=0,{shape}", "-f", "rawvideo", "-"]
        raw = subprocess.run([*argv, *graph], check=True, capture_output=True).stdout
        found[name] = np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT * 3 // 2, WIDTH)
    return [found[name][first:stop] for name, first, stop in STRETCHES]


def _encoder(path: Path) -> list[str]:
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-bf", "2"]
    return [tools.find("ffmpeg"), "-v", "error", "-y", *source, *coded, str(path)]
