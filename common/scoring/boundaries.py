"""Where one shot ends and the next begins: hard cuts, fades and dissolves, from per-frame measures.

A cut is one frame that differs from the one before far more than its neighbours do, and stays different (a flash
comes back). The numbers were chosen on footage with known cuts; scripts/benches/transitions.py scores them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from common.domain.shot import Transition
from common.scoring import gradual

AROUND = 6  # frames to each side that a cut is compared with
FLASH = 3  # frames; a picture that is back by then was a flash, not a cut
CUT = 14.0  # least change at a cut, in steps of 255
SPREAD = 0.3  # share of the picture that changes at a cut, at least; a title that pops up changes less
OVER_MEAN, OVER_MAX = 3.0, 1.5  # times the neighbours' mean and largest change

Floats = NDArray[np.floating]


class Measured(gradual.Measured, Protocol):
    """Per-frame arrays, as common.signals.picture.Measures has them."""

    @property
    def change(self) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A shot opens at frame number `frame`; `confidence` 0 to 1.

    `first` is the first frame that no longer shows the old shot alone, `last` the first that shows the new one alone;
    `first` <= `frame` <= `last`, and a cut has all three the same.
    """

    frame: int
    opens_with: Transition
    confidence: float
    first: int
    last: int


def find(measured: Measured, frames_per_second: float) -> list[Boundary]:
    """All boundaries in order, at least 3 frames apart; the start of the video is none of them."""
    cuts = find_cuts(measured)
    changes = gradual.find(measured, [cut.frame for cut in cuts], frames_per_second)
    chosen: list[Boundary] = []
    for boundary in sorted([*cuts, *map(_boundary, changes)], key=lambda b: (b.opens_with != "cut", -b.confidence)):
        if all(abs(boundary.frame - other.frame) >= 3 for other in chosen):
            chosen.append(boundary)
    last = len(measured.change) - 3
    return sorted((b for b in chosen if 3 <= b.frame <= last), key=lambda b: b.frame)


def _boundary(change: gradual.Gradual) -> Boundary:
    return Boundary(
        frame=change.middle,
        opens_with=change.kind,
        confidence=change.confidence,
        first=change.first,
        last=change.last,
    )


def find_cuts(measured: Measured) -> list[Boundary]:
    """Hard cuts: the frame with the strongest change around, clear of its neighbours, unless it is part of a flash."""
    change = measured.change
    if len(change) < 2:
        return []
    padded = np.pad(change.astype(np.float64), AROUND, mode="reflect" if len(change) > AROUND else "edge")
    around = sliding_window_view(padded, 2 * AROUND + 1)
    cuts = []
    for frame in np.flatnonzero(change > CUT).tolist():
        limit = _limit(np.delete(around[frame], AROUND))
        if change[frame] > limit and _spread(measured.tiny, frame) >= SPREAD and not _flash(measured.tiny, frame):
            confidence = 1 - limit / (2 * float(change[frame]))
            sure = round(confidence, 3)
            cuts.append(Boundary(frame=frame, opens_with="cut", confidence=sure, first=frame, last=frame))
    return cuts


def _limit(neighbours: Floats) -> float:
    """What a change must exceed to be a cut; one more cut to each side, three frames off or more, is no objection."""
    near = float(neighbours[AROUND - 2 : AROUND + 2].max())
    usual = np.sort(neighbours)[:-2]
    return max(CUT, OVER_MEAN * float(usual.mean()), OVER_MAX * float(usual[-1]), OVER_MAX * near)


def _distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Floats:
    """Mean absolute difference of tiny pictures, over their last axis."""
    distance: Floats = np.abs(a.astype(np.int16) - b).mean(axis=-1)
    return distance


def _spread(tiny: NDArray[np.uint8], frame: int) -> float:
    """Share of blocks that changed by more than a third of the mean change."""
    change = np.abs(tiny[frame].astype(np.int16) - tiny[frame - 1])
    return float((change > change.mean() / 3).mean())


def _flash(tiny: NDArray[np.uint8], frame: int) -> bool:
    """Whether the picture before `frame` is soon seen again, or the one at `frame` was seen shortly before."""
    after = _distance(tiny[frame : frame + FLASH + 1], tiny[frame - 1])
    before = _distance(tiny[max(0, frame - FLASH - 1) : frame], tiny[frame])
    return bool(min(after.min(), before.min()) < 0.4 * after[0])
