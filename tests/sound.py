"""Sounds for tests: made on the spot, or decoded from the recordings beside the repository."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.domain.codec import to_json
from common.domain.timebase import Span
from common.media.probe import probe
from common.media.sound import RATE

Samples = NDArray[np.float32]
JFK = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"


def ffmpeg(*args: str) -> bytes:
    return subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", *args], check=True, capture_output=True, stdin=subprocess.DEVNULL
    ).stdout


def decoded(path: Path) -> Samples:
    return np.frombuffer(ffmpeg("-i", str(path), "-vn", "-ac", "1", "-ar", "16000", "-f", "f32le", "-"), np.float32)


def noise(seconds: float, level: float = 0.1) -> Samples:
    return (level * np.random.default_rng(3).standard_normal(int(seconds * RATE))).astype(np.float32)


def melody(seconds: float) -> Samples:
    """A tune of three voices with a beat: music, as far as a model of speech can tell."""
    t = np.arange(int(seconds * RATE)) / RATE
    made = sum(
        0.2 * np.sin(2 * np.pi * low * 2 ** (np.floor(t * beat) * 7 % 12 / 12) * t) * np.exp(-3 * (t * beat % 1) / beat)
        for low, beat in ((110, 1.5), (220, 3), (330, 3))
    )
    return (np.asarray(made) + noise(seconds, 0.05) * np.exp(-20 * (t % 0.5))).astype(np.float32)


def span(start: float | str, end: float | str) -> Span:
    return Span(Fraction(start), Fraction(end))


def video(folder: Path, sound: str | Path, *options: str, name: str = "v.mp4") -> Path:
    """A small picture with this sound, a file or an ffmpeg source."""
    source = ["-i", str(sound)] if isinstance(sound, Path) else ["-f", "lavfi", "-i", sound]
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=10:d=14"]
    made = folder / name
    ffmpeg(*picture, *options, *source, "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-c:a", "aac", str(made))
    return made


def ingested(path: Path, scratch: Path) -> dict[str, Any]:
    return {"probe": to_json(probe(path, scratch=scratch)), "audio_track": 0}


def noisy_film(folder: Path) -> Path:
    """14 s of full-scale noise, both channels alike, in AAC at 44.1 kHz: after a seek its decoder gives other noise."""
    return video(folder, "anoisesrc=d=14:a=1:r=44100,aformat=channel_layouts=stereo,volume=9")
