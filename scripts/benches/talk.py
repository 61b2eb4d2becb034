"""A minute of a 720p talk through everything: how long it takes and how much memory, the whole process tree counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from common.pipeline.usage import tree_pss
from scripts.benches import Row

_ROOT = Path(__file__).resolve().parents[2]
_DATA = _ROOT.parent / "shared" / "data"
_SAID = "librivox_sense/sense_and_sensibility_01_austen_64kb-08"
# In groups of some 16 s, nothing said twice.
_SPEECH = [f"speech/ljspeech/LJ001-000{n}.wav" for n in (1, 4, 3, 6, 5)]
_SPEECH += [f"speech/{_SAID}70.wav", f"speech/{_SAID}90.wav", "speech/jfk.flac"]
# Two people who talk to the camera, from where to where; each stretch is played forth and back to make it longer.
_SHOTS = ((21.3, 3.0), (28.3, 4.0), (26.6, 1.5))
_TURNS = (0, 1, 2, 1, 0, 1)  # 14 s of turns, each doubled: with repeats, a minute


def rows() -> Iterator[Row]:
    if not (_DATA / "video" / "googlework_short.mp4").is_file():
        yield Row(name="talk: no real footage here", value=0, unit="")
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        talk = make(folder / "talk.mp4")
        yield from _run(talk, folder)


def make(path: Path) -> Path:
    """60 s of 1280x720 at 30 fps, eight shots of two people, with read speech and pauses as the sound."""
    files: list[str] = []
    pieces, joined = [], []
    for n, turn in enumerate((*_TURNS, *_TURNS[:4])):
        start, length = _SHOTS[turn]
        # An input of its own for each: trims of one input, some reversed, end late and leave the picture standing.
        files += ["-ss", str(start), "-t", str(length), "-i", str(_DATA / "video" / "googlework_short.mp4")]
        shape = "scale=1280:720:flags=lanczos,fps=30,setsar=1,format=yuv420p"
        pieces.append(
            f"[{n}:v]setpts=PTS-STARTPTS,{shape},split[a{n}][b{n}];[b{n}]reverse[r{n}];[a{n}][r{n}]concat=n=2:v=1[v{n}]"
        )
        joined.append(f"[v{n}]")
    count, first = len(_SPEECH), len(pieces)
    sounds = "".join(f"[{first + n}:a]aresample=48000,apad=pad_dur=0.6[s{n}];" for n in range(count))
    heard = "".join(f"[s{n}]" for n in range(count))
    for name in _SPEECH:
        files += ["-i", str(_DATA / name)]
    graph = (
        ";".join(pieces)
        + f";{''.join(joined)}concat=n={len(joined)}:v=1[v];{sounds}{heard}concat=n={count}:v=0:a=1,apad[a]"
    )
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error", *files, "-filter_complex", graph, "-map", "[v]", "-map", "[a]"]
    argv += ["-t", "60", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac", str(path)]
    subprocess.run(argv, check=True)
    return path


def _run(talk: Path, folder: Path) -> Iterator[Row]:
    env = {**os.environ, "CUTROOM_HOME": str(folder / "state"), "PYTHONPATH": str(_ROOT)}
    argv = [sys.executable, "-m", "scripts.cli.run", str(talk), "--clips", "3", "--min", "15", "--max", "20", "--json"]
    argv += ["--burn-draft", "--out", str(folder / "out")]
    began, peak = time.monotonic(), 0
    # a file, not a pipe: nobody reads while memory is watched, and a result is larger than a pipe holds
    with (
        tempfile.TemporaryFile() as out,
        subprocess.Popen(argv, cwd=_ROOT, env=env, stdout=out, stderr=subprocess.DEVNULL) as process,
    ):
        while process.poll() is None:
            peak = max(peak, tree_pss(process.pid))
            time.sleep(1)  # five times as often took a tenth of the machine from what is looked at
        out.seek(0)
        result = json.loads(out.read())
    wall = time.monotonic() - began
    assert process.returncode == 0, result
    clips = [f"{clip['end'] - clip['start']:.0f} s" for clip in result["clips"]]
    what = f"60 s of 1280x720, clips of {', '.join(clips)}; bound by x264 and by the recognisers"
    yield Row(name="talk: wall over its length", value=wall / 60, unit="x", target=1.75, peer=what)
    yield Row(name="talk: peak memory of the tree (PSS)", value=peak / 2**20, unit="MB", target=2000, peer=what)
    yield Row(name="talk: clips made", value=len(clips), unit="", target=3, at_least=True)
    for stage, timing in result["timings"].items():
        if timing["cpu_s"] and timing["cpu_s"] >= 0.5:
            yield Row(name=f"talk: CPU of {stage}", value=timing["cpu_s"], unit="s")
