"""Decode the picture of one segment once, small, and measure every frame of it."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.codec import from_json, to_json
from common.errors import Permanent
from common.media.frames import SmallFrames
from common.ports.work import Outcome, Work
from common.signals.picture import Meter


def run(work: Work) -> Outcome:
    ingest = work.need("ingest")
    if ingest is None or work.member is None:
        raise Permanent("there is no probed segment to look at; run ingest first")
    probe = from_json(Probe, ingest["probe"])
    start = Fraction(work.member["start"])
    end = None if work.member["end"] is None else Fraction(work.member["end"])
    frames = SmallFrames(work.local_source(), probe, scratch=work.scratch, start=start, end=end)
    total = float((probe.duration if end is None else end) - start)
    meter = Meter()
    parts: dict[str, list[NDArray[Any]]] = {}
    for batch in frames:
        measured = meter.add(batch.y, batch.u, batch.v)
        inside = batch.ticks >= frames.first
        for name, values in {"ticks": batch.ticks, **measured.arrays()}.items():
            parts.setdefault(name, []).append(values[inside])
        work.progress(max(0.0, float(int(batch.ticks[-1]) * probe.video.timebase - start)), total, "s")
    features = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **features)
    return Outcome(
        result={
            "frames": len(features.get("ticks", ())),
            "features": to_json(work.put("features.npz", packed.getvalue())),
            "damaged": frames.damaged,
        }
    )
