"""Tiny videos made on the spot."""

from __future__ import annotations

import subprocess
from pathlib import Path

WORDS = """WEBVTT

00:00.200 --> 00:01.300
Why does <00:00.600>this matter?

00:01.500 --> 00:02.800
Because it is three seconds long.
"""


def three_seconds(folder: Path, name: str = "three.mp4", *, seconds: float = 3, rate: int = 10) -> Path:
    """3 s, or as many, of 96x54 at 10 fps, or another rate, with sound and a cut in the middle; WebVTT beside it."""
    made = folder / name
    shot = "format=yuv420p,setsar=1"
    graph = f"[0:v]{shot}[a];[1:v]{shot}[b];[a][b]concat=n=2[v]"
    sources = [f"testsrc2=size=96x54:rate={rate}:duration={seconds / 2}", f"mandelbrot=size=96x54:rate={rate}"]
    argv = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error"]
    for source in sources:
        argv += ["-f", "lavfi", "-t", str(seconds / 2), "-i", source]
    argv += ["-f", "lavfi", "-t", str(seconds), "-i", "sine=frequency=330:sample_rate=48000", "-filter_complex", graph]
    argv += ["-map", "[v]", "-map", "2:a", "-c:v", "libx264", "-g", "10", "-c:a", "aac", "-fflags", "+bitexact"]
    subprocess.run([*argv, "-map_metadata", "-1", str(made)], check=True, stdin=subprocess.DEVNULL)
    made.with_suffix(".vtt").write_text(WORDS)
    return made
