"""Objects by a YOLO of ultralytics (AGPL-3.0): the one file that imports it. See this package for why.

It works in a child process with the Python of .venv-objects/; common.adapters.models.yolo stands for it outside.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.domain.track import Box
from common.errors import ModelRefused
from common.ports.models import SeenThing
from jobs.detectors import operators

LEAST = 0.25  # confidence of what is handed on
AT_ONCE = 8  # pictures


def library(scratch: Path) -> Any:
    """The package ultralytics, asking nobody, installing nothing, keeping its settings in `scratch`."""
    os.environ |= {
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_CONFIG_DIR": str(scratch),
        "YOLO_VERBOSE": "false",
        "ULTRALYTICS_SAFE_LOAD": "true",  # weights are a pickle: only the classes of models are made from it
    }
    operators.provide()
    import ultralytics  # type: ignore[import-not-found,unused-ignore]

    reporters = ("sync", "clearml", "comet", "dvc", "hub", "mlflow", "neptune", "raytune", "tensorboard", "wandb")
    ultralytics.settings.update({name: False for name in reporters if name in ultralytics.settings})
    return ultralytics


def device() -> str:
    """Where the model works: on a GPU that torch can use, else on the processor."""
    import torch  # type: ignore[import-not-found,unused-ignore]

    return "cuda:0" if torch.cuda.is_available() else "cpu"


class Yolo:
    """Implements common.ports.models.ObjectDetector; `least` is the confidence of what is handed on.

    Raises ModelRefused, naming the file, when its sha256 is another or it holds no detector.
    """

    def __init__(self, source: str, weights: str, sha256: str, least: str = str(LEAST)) -> None:
        self.source = source
        self._least = float(least)
        path = Path(weights)
        _check(path, sha256)
        try:
            self._model: Any = library(Path.cwd()).YOLO(path, task="detect")
        except (
            TypeError,
            ValueError,
            RuntimeError,
            KeyError,
            AttributeError,
            ImportError,
            pickle.PickleError,
        ) as error:
            raise ModelRefused(f"{path} holds no model that ultralytics reads; add another one") from error
        if self._model.task != "detect":
            raise ModelRefused(f"{path} is a model for {self._model.task}, not for finding objects; add another one")
        self._device = device()

    def objects(self, pictures: NDArray[np.uint8]) -> list[list[SeenThing]]:
        """Of each picture (n, height, width, 3; RGB), the objects, the surest first."""
        found: list[list[SeenThing]] = []
        for first in range(0, len(pictures), AT_ONCE):
            batch = [np.ascontiguousarray(one[..., ::-1]) for one in pictures[first : first + AT_ONCE]]  # it wants BGR
            results = self._model.predict(batch, conf=self._least, device=self._device, verbose=False, save=False)
            found += [_things(result) for result in results]
        return found


def _things(result: Any) -> list[SeenThing]:
    boxes = result.boxes
    rows = zip(boxes.xyxyn.tolist(), boxes.conf.tolist(), boxes.cls.tolist(), strict=True)
    return [
        SeenThing(
            label=str(result.names[int(kind)]),
            box=Box(x=left, y=top, width=right - left, height=bottom - top),
            confidence=confidence,
        )
        for (left, top, right, bottom), confidence, kind in rows
    ]


def _check(path: Path, sha256: str) -> None:
    again = "remove the model and add it again with scripts/models"
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read ({error.strerror}); {again}") from error
    if found != sha256:
        raise ModelRefused(f"{path} is cut off or changed: its sha256 is not {sha256}; {again}")
