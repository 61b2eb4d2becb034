"""Text in pictures, by rapidocr: PaddleOCR's detector and recogniser on onnxruntime, from the wheel's own files."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.child import Here
from common.adapters.models.wheels import check
from common.domain.track import Box, TextLine
from common.errors import ModelMissing

PACKAGE = "rapidocr"
FINDS, READS = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
SHA256 = {
    FINDS: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    READS: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
LARGEST, SHORT = 1920, 1080  # pixels of a long and a short side, to which any picture is brought: small text shows then
ENLARGED = 4  # times, at most: made larger still, a small picture costs more and is read worse
FAINT, LIKELY = 0.2, 0.4  # of the detector: lower than its own, or thin and pale lines come in pieces
SMALLEST = 64  # pixels to which a side is filled up
LEAST = 0.5  # confidence


class Rapid:
    """Implements common.ports.models.TextReader. Raises ModelRefused when its files are not the known ones."""

    def __init__(self, folder: str) -> None:
        check(Path(folder), SHA256, PACKAGE)
        from rapidocr import RapidOCR

        # Given paths, it downloads nothing.
        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Global.use_preprocess_img": False,
                "Global.use_vertical_padding": False,
                "Global.text_score": LEAST,
                "Det.model_path": str(Path(folder) / FINDS),
                "Det.limit_type": "max",
                "Det.limit_side_len": LARGEST,
                "Det.thresh": FAINT,
                "Det.box_thresh": LIKELY,
                "Rec.model_path": str(Path(folder) / READS),
                "EngineConfig.onnxruntime.intra_op_num_threads": 2,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    @staticmethod
    def here(store: Path) -> Here:
        """The installed package with its models; nothing of it is imported."""
        try:
            found = distribution(PACKAGE)
        except PackageNotFoundError:
            raise ModelMissing(f"{PACKAGE}, which reads text in pictures, is not here; run scripts/setup") from None
        folder = Path(str(found.locate_file(PACKAGE))) / "models"
        if find_spec("onnxruntime") is None or not all((folder / name).is_file() for name in SHA256):
            raise ModelMissing(f"{PACKAGE} is here without onnxruntime or its models; run scripts/setup")
        return Here(source=f"{PACKAGE}@{found.version}", arguments={"folder": str(folder)})

    def read(self, picture: NDArray[np.uint8]) -> list[TextLine]:
        """The lines of text in a picture of any size, row by row from its top, each from its left."""
        if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
            return []
        canvas, (height, width) = _canvas(picture)
        answer = self._engine(canvas)
        if answer.boxes is None or answer.txts is None:
            return []
        lines = []
        for corners, text, confidence in zip(answer.boxes, answer.txts, answer.scores, strict=True):
            left, top = np.clip(corners.min(0) / (width, height), 0, 1)
            right, bottom = np.clip(corners.max(0) / (width, height), 0, 1)
            if text.strip() and right > left and bottom > top:
                box = Box(x=float(left), y=float(top), width=float(right - left), height=float(bottom - top))
                lines.append(TextLine(text=text.strip(), box=box, confidence=float(confidence)))
        return in_order(lines)


def in_order(lines: list[TextLine]) -> list[TextLine]:
    """Rows from the top, each from the left; lines share a row where the middle of one is within the other."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.box.middle[1]):
        row = rows[-1] if rows else []
        if row and line.box.middle[1] <= row[0].box.middle[1] + min(line.box.height, row[0].box.height) / 2:
            row.append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box.x)]


def _canvas(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The picture as the engine takes it (BGR, neither tiny nor huge), and how much of it is picture: rows, columns."""
    import cv2

    height, width = picture.shape[:2]
    short, long = min(height, width), max(height, width)
    scale = min(LARGEST / long, max(1.0, min(ENLARGED, SHORT / short)))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size != (width, height):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)  # type: ignore[assignment]
    below, right = max(0, SMALLEST - size[1]), max(0, SMALLEST - size[0])
    if below or right:
        picture = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    return np.ascontiguousarray(picture[:, :, ::-1]), (size[1], size[0])
