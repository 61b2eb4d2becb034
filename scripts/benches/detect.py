"""The picture pass against bare decoding, in CPU seconds, and its hard cuts against footage with known ones."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.shot import Shot
from common.media import tools
from common.media.frames import SmallFrames
from common.media.probe import probe
from common.scoring import shots
from common.scoring.boundaries import find_cuts
from common.signals.picture import Measures, Meter
from scripts.benches.cost import cost

TOLERANCE_S = 0.08


def measure(video: Path, repeat: int = 3) -> dict[str, float]:
    """CPU seconds of bare one-thread decoding and of the detect pass (ffmpeg and Python), least of interleaved runs.

    `ratio` is the pass over bare decoding; `ms_per_frame` what it adds. The start of Python is not in it.
    """
    about = _probe(video)
    frames = len(_measured(video, about)[0])
    bare, ours = [], []
    for _ in range(repeat):
        bare.append(cost(lambda: _decode(video, about)).cpu)
        ours.append(cost(lambda: _measured(video, about)).cpu)
    decode, detect = min(bare), min(ours)
    return {
        "decode_cpu_s": decode,
        "detect_cpu_s": detect,
        "frames": float(frames),
        "ratio": detect / decode,
        "ms_per_frame": 1000 * (detect - decode) / frames,
    }


def cuts(video: Path) -> list[float]:
    """Hard cuts in seconds since zero."""
    about = _probe(video)
    ticks, measured = _measured(video, about)
    return [float(int(ticks[cut.frame]) * about.video.timebase) for cut in find_cuts(measured)]


def found_shots(video: Path) -> tuple[Shot, ...]:
    """All shots, as the product finds them."""
    about = _probe(video)
    ticks, measured = _measured(video, about)
    timebase = about.video.timebase
    end = int(ticks[-1]) * timebase + (1 / about.video.frame_rate if about.video.frame_rate else timebase)
    return shots.read(measured, shots.Times(ticks=ticks, timebase=timebase, end=end)).shots


def score(found: list[float], truth: Path, key: str) -> tuple[int, list[float], list[float]]:
    """Hits, missed and extra cuts of one video of a shots_gt.json, matched one to one within TOLERANCE_S."""
    known = json.loads(truth.read_text("utf-8"))["videos"][key]
    ignored = [tuple(zone) for zone in known["ignore"]]
    left = [t for t in found if not any(a <= t <= b for a, b in ignored)]
    missed = []
    for cut in known["hard"]:
        nearest = min(left, key=lambda t: abs(t - cut), default=None)
        if nearest is not None and abs(nearest - cut) <= TOLERANCE_S:
            left.remove(nearest)
        else:
            missed.append(cut)
    return len(known["hard"]) - len(missed), missed, left


def _decode(video: Path, about: Probe) -> None:
    video_only = ["-map", f"0:{about.video.index}", "-f", "null", "-"]
    quiet = ["-v", "error", "-nostdin", "-threads", "1"]
    subprocess.run([tools.find("ffmpeg"), *quiet, "-i", tools.file_url(video), *video_only], check=True)


def _probe(video: Path) -> Probe:
    with tempfile.TemporaryDirectory() as scratch:
        return probe(video, scratch=Path(scratch))


def _measured(video: Path, about: Probe) -> tuple[NDArray[np.int64], Measures]:
    meter = Meter()
    ticks, parts = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for batch in SmallFrames(video, about, scratch=Path(scratch)):
            ticks.append(batch.ticks)
            parts.append(meter.add(batch.y, batch.u, batch.v).arrays())
    return np.concatenate(ticks), Measures.joined(parts)
