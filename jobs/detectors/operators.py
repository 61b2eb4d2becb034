"""The two operators of torchvision that ultralytics reaches, where its own build cannot be loaded.

The registry's torchvision is built against CUDA. Beside a CPU build of torch its library does not load, and then
even `import torchvision` fails: "operator torchvision::nms does not exist".
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def provide() -> Any:
    """Make `import torchvision` work; call it before. What it returns is to be kept: the cache does."""
    import torch  # type: ignore[import-not-found,unused-ignore]

    package = find_spec("torchvision")
    folder = Path(package.origin).parent if package is not None and package.origin else Path()
    try:
        for built in folder.glob("_C*.so"):
            torch.ops.load_library(str(built))
            return None
    except OSError:
        pass  # it wants a CUDA that is not here
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", _nms, "CPU")
    import torchvision.extension  # type: ignore[import-not-found,unused-ignore]

    torchvision.extension._has_ops = lambda: True
    return library


def _nms(boxes: Any, scores: Any, threshold: float) -> Any:
    """Numbers of the boxes (n, 4; x1 y1 x2 y2) that stay, the best first: none overlaps a better one by more."""
    import torch

    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    left, kept = scores.argsort(descending=True, stable=True), []
    while left.numel():
        best, left = left[0], left[1:]
        kept.append(best)
        low = torch.maximum(boxes[best, :2], boxes[left, :2])
        high = torch.minimum(boxes[best, 2:], boxes[left, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        left = left[shared <= threshold * (areas[best] + areas[left] - shared)]
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.long)
