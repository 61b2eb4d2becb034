"""Objects by a YOLO that lives apart. Implements common.ports.models.ObjectDetector by standing for one.

ultralytics is AGPL-3.0 and no part of Cutroom: jobs/detectors/ultralytics.py imports it, in a child process, with the
Python of an environment of its own. This module finds both, and says what the child may answer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.adapters.models import store as kept
from common.adapters.models.child import Apart, Here
from common.errors import ModelMissing, ModelRefused
from common.ports.models import SeenThing

ADAPTER = "jobs.detectors.ultralytics:Yolo"
PYTHON = Path(__file__).resolve().parents[3] / ".venv-objects" / "bin" / "python"
MISSING = (
    "no object detector is installed (it is AGPL and comes apart): "
    "scripts/setup objects, then scripts/models add NAME WEIGHTS --kind objects"
)


class Yolo:
    """What the parent knows of the adapter: its methods' types."""

    @staticmethod
    def here(store: Path) -> Here:
        """The first model of objects in the store. Raises ModelMissing; ModelRefused for one without weights."""
        models = kept.of_kind(store, "objects")
        if not models or not PYTHON.exists():
            raise ModelMissing(MISSING)
        model = models[0]
        weights = [path for path in model.files if path.endswith(".pt")]
        if len(weights) != 1:
            raise ModelRefused(
                f"{store / model.name} holds {len(weights)} files of weights (.pt) instead of one; add it again"
            )
        return Here(
            source=model.label,
            arguments={
                "source": model.label,
                "weights": str((kept.folder(store, model.name) / weights[0]).resolve()),
                "sha256": model.files[weights[0]].sha256,
            },
            apart=Apart(python=str(PYTHON), adapter=ADAPTER),
        )

    def objects(self, pictures: NDArray[np.uint8]) -> list[list[SeenThing]]:
        raise NotImplementedError("the adapter in the child does this")
