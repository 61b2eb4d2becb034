"""python -m tests.objects.train FOLDER EPOCHS SIDE COUNT: a tiny YOLO of drawn shapes, from nothing, as best.pt there.

Runs with the Python of .venv-objects/. Two epochs exercise the way; about 20 at 160 pixels learn the shapes.
At the end the adapter looks at two pictures. Printed, as JSON: whatever tried to leave the process meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jobs.detectors.ultralytics import Yolo, library
from tests.objects.shapes import NAMES, drawn

LEAVING = ("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.sendto", "subprocess.Popen", "os.system")


def main(folder: Path, epochs: int, side: int, count: int) -> None:
    data = folder / "data"
    for part, seeds in (("train", range(count)), ("val", range(count, count + max(4, count // 5)))):
        for seed in seeds:
            _keep(data, part, seed, side)
    told = {"path": str(data), "train": "images/train", "val": "images/val", "names": dict(enumerate(NAMES))}
    (data / "shapes.yaml").write_text(json.dumps(told))  # JSON is YAML
    package = library(folder)
    model = package.YOLO("yolov8n.yaml", task="detect")

    package.data.utils.check_font = lambda *_: None  # nothing is plotted; looking for a font takes matplotlib

    base: Any = package.models.yolo.detect.DetectionTrainer

    class Trainer(base):  # type: ignore[misc]
        def read_results_csv(self) -> dict[str, Any]:
            return {}  # 170 MB of polars for a table that nobody reads

    model.train(
        trainer=Trainer,
        data=str(data / "shapes.yaml"),
        epochs=epochs,
        imgsz=side,
        batch=16,
        workers=0,
        device="cpu",
        amp=False,
        plots=False,
        mosaic=0,
        optimizer="AdamW",
        lr0=0.002,
        seed=1,
        project=str(folder),
        name="run",
        verbose=False,
    )
    best = Path(shutil.copyfile(folder / "run" / "weights" / "best.pt", folder / "best.pt"))
    adapter = Yolo(source="shapes", weights=str(best), sha256=hashlib.sha256(best.read_bytes()).hexdigest())
    adapter.objects(np.stack([drawn(seed, side=side)[0] for seed in (1, 2)]))


def _keep(data: Path, part: str, seed: int, side: int) -> None:
    picture, shapes = drawn(seed, side=side)
    for kind in ("images", "labels"):
        (data / kind / part).mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(data / "images" / part / f"{seed}.png")
    lines = (f"{NAMES.index(kind)} {box.middle[0]} {box.middle[1]} {box.width} {box.height}\n" for kind, box in shapes)
    (data / "labels" / part / f"{seed}.txt").write_text("".join(lines))


if __name__ == "__main__":
    left: list[str] = []
    sys.addaudithook(lambda event, told: left.append(f"{event} {told}") if event.startswith(LEAVING) else None)
    main(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:5]))
    print(json.dumps(left))
