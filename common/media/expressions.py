"""Values that move with time, as ffmpeg's expressions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def piecewise(keys: Sequence[tuple[int, float]]) -> str:
    """An expression of the frame `n`: straight from key to key, and still after the last."""
    if len(keys) == 1:
        return f"{keys[0][1]:.2f}"
    pieces = []
    for (n, value), (m, other) in pairwise(keys):
        slope = (other - value) / (m - n)
        pieces.append((m, f"{value:.2f}" if slope == 0 else f"{value:.2f}+(n-{n})*{slope:.5f}"))
    return _chosen([*pieces, (keys[-1][0] + 1, f"{keys[-1][1]:.2f}")])


def _chosen(pieces: Sequence[tuple[int, str]]) -> str:
    """The piece that a frame lies in, found by halving: ffmpeg does not nest hundreds deep."""
    if len(pieces) == 1:
        return pieces[0][1]
    half = len(pieces) // 2
    return f"if(lt(n,{pieces[half - 1][0]}),{_chosen(pieces[:half])},{_chosen(pieces[half:])})"
