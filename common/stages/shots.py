"""Join what detect measured in all segments and find the shots of the whole video."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.codec import dumps, from_json, to_json
from common.errors import Permanent
from common.ports.work import Outcome, Work
from common.scoring import shots
from common.signals.picture import Measures


def run(work: Work) -> Outcome:
    ingest = work.need("ingest")
    if ingest is None:
        raise Permanent("there is no probed video to find shots in; run ingest first")
    probe = from_json(Probe, ingest["probe"])
    segments = work.needs("detect")
    parts = [_unpacked(work.get(segment["features"])) for segment in segments if segment["frames"]]
    if not parts:
        raise Permanent("no frame of this video can be decoded; export it again as H.264 in MP4", code="no_frames")
    shown = np.concatenate([part["ticks"] for part in parts])
    times = shots.Times(ticks=shown, timebase=probe.video.timebase, end=_end(int(shown[-1]), probe))
    picture = shots.read(Measures.joined(parts), times)
    packed = io.BytesIO()
    np.savez_compressed(packed, ticks=shown)
    return Outcome(
        result={
            "shots": to_json(work.put("shots.json", dumps(picture.shots))),
            "count": len(picture.shots),
            "frames": len(shown),
            "times": to_json(work.put("times.npz", packed.getvalue())),
            "activity": to_json(work.put("activity.json", dumps(picture.activity))),
            "black": to_json(picture.black),
            "frozen": to_json(picture.frozen),
            "damaged": sum(segment["damaged"] for segment in segments),
        }
    )


def _unpacked(features: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(features)) as arrays:
        return dict(arrays)


def _end(last: int, probe: Probe) -> Fraction:
    """When the last frame is gone: after one frame's length, or with the file if that ends earlier."""
    video = probe.video
    appears = last * video.timebase
    gone = appears + (1 / video.frame_rate if video.frame_rate else video.timebase)
    return min(gone, probe.duration) if probe.duration > appears else gone
