"""A minute of 1080p30 at about 2.7 Mbit/s to measure on: real footage where it is there, else a moving fractal."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "video"
_REAL = ("googlework_short.mp4", "ChromeCast.mp4", "short_hamilton_clip.mp4", "applausing.mp4", "chaplin.mp4")


def minute_of_1080p(folder: Path) -> tuple[Path, str]:
    """The file, made once per folder, and what it is made of."""
    made = folder / "minute-1080p30.mp4"
    real = [_SHARED / name for name in _REAL if (_SHARED / name).is_file()]
    if not made.exists():
        subprocess.run(_real(real, made) if real else _drawn(made), check=True, stdin=subprocess.DEVNULL)
    return made, "real footage" if real else "a moving fractal (no real footage here)"


def _real(files: list[Path], made: Path) -> list[str]:
    inputs: list[str] = []
    for file in files:
        inputs += ["-i", str(file)]
    shape = "scale=1920:1080:force_original_aspect_ratio=increase,crop=1920:1080,fps=30,setsar=1,format=yuv420p"
    sound = "aresample=48000,aformat=channel_layouts=stereo"
    graph = ";".join(f"[{n}:v]{shape}[v{n}];[{n}:a]{sound}[a{n}]" for n in range(len(files)))
    joined = "".join(f"[v{n}][a{n}]" for n in range(len(files))) + f"concat=n={len(files)}:v=1:a=1[v][a]"
    return [*_head(), *inputs, "-filter_complex", f"{graph};{joined}", "-map", "[v]", "-map", "[a]", *_tail(made)]


def _drawn(made: Path) -> list[str]:
    sources = ["-f", "lavfi", "-i", "mandelbrot=size=1920x1080:rate=30", "-f", "lavfi", "-i", "sine=frequency=300"]
    return [*_head(), *sources, "-pix_fmt", "yuv420p", *_tail(made)]


def _head() -> list[str]:
    return ["ffmpeg", "-nostdin", "-y", "-loglevel", "error"]


def _tail(made: Path) -> list[str]:
    rate = ["-b:v", "2700k", "-maxrate", "3M", "-bufsize", "6M"]
    return ["-t", "60", "-c:v", "libx264", "-preset", "veryfast", *rate, "-c:a", "aac", "-b:a", "128k", str(made)]
