"""A small video, whose bytes are unlike any other's: one that was seen before would be linked and make no clips."""

from __future__ import annotations

import secrets
from pathlib import Path

from scripts.delivery.commands import Commands


def make(commands: Commands, path: Path) -> None:
    """3 s of 96x54 at 10 fps with a cut in the middle and a tone. Raises Failed where ffmpeg cannot."""
    shot = "format=yuv420p,setsar=1"
    argv = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error"]
    for source in ("testsrc2=size=96x54:rate=10", "mandelbrot=size=96x54:rate=10"):
        argv += ["-f", "lavfi", "-t", "1.5", "-i", source]
    argv += ["-f", "lavfi", "-t", "3", "-i", "sine=frequency=330:sample_rate=48000"]
    argv += ["-filter_complex", f"[0:v]{shot}[a];[1:v]{shot}[b];[a][b]concat=n=2[v]", "-map", "[v]", "-map", "2:a"]
    argv += ["-c:v", "libx264", "-g", "10", "-c:a", "aac", "-metadata", f"comment={secrets.token_hex(16)}"]
    commands.read(*argv, str(path.absolute()), instead="")
