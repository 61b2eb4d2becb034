"""scripts/bench reading: what is read off the screen."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.adapters.models.local import LocalModels
from common.domain.codec import from_json, loads
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Reading
from common.media.probe import probe
from common.media.stills import stills
from common.scoring.texts import Text, texts
from common.stages import detect, ingest, read, shots
from scripts.benches import Row
from scripts.benches.rendered import CONTRASTS, SIZES, Rendered, distance, edits, pictures, plain_and_noisy
from tests.work import make_work

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
GROUNDS = (("ChromeCast.mp4", 3), ("googlework_short.mp4", 26), ("applausing.mp4", 2))  # seconds without text

# What was seen in googlework_short.mp4, looking at it: the words laid over it, and when (seconds since zero).
LOWER_THIRDS = (
    ("CARLO", Span(Fraction("21.5"), Fraction("24.0"))),
    ("Vice President - Southern & Eastern Europe, Middle East & Africa", Span(Fraction("21.5"), Fraction("24.0"))),
    ("OMAR", Span(Fraction("29.5"), Fraction("32.0"))),
    ("Software Engineer", Span(Fraction("29.5"), Fraction("32.0"))),
)
WRONG_AT_MOST = 0.1  # share of a lower third's characters, for it to count as found


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        yield from _rendered(folder)
        if (SHARED / "video" / "googlework_short.mp4").is_file():
            yield _lower_thirds(folder)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One rendered line: what it was, and how many of its characters were read wrong."""

    size: int
    contrast: float
    ground: str
    wrong: int
    length: int


def _rendered(folder: Path) -> Iterator[Row]:
    made = list(pictures(plain_and_noisy() | _real(folder)))
    with LocalModels(folder / "models").texts(folder) as reader:
        seen = []
        for one in made:
            found = reader.read(one.picture)
            seen += [
                _Seen(line.size, one.contrast, one.ground, edits(line, found), len(line.text)) for line in one.lines
            ]
    what = "text on screen: character error"
    peer = _tesseract(made, folder)
    yield Row(name=what, value=_error(seen), unit="%", target=3, peer=peer)
    parts = {f"at {size} px": [one for one in seen if one.size == size] for size in SIZES}
    parts |= {f"at contrast {ratio:g}:1": [one for one in seen if one.contrast == ratio] for ratio in CONTRASTS}
    parts |= {
        f"on {ground}": [one for one in seen if one.ground == ground]
        for ground in dict.fromkeys(x.ground for x in made)
    }
    for part, some in parts.items():
        yield Row(name=f"{what} {part}", value=_error(some), unit="%")


def _error(seen: Sequence[_Seen]) -> float:
    return 100 * sum(one.wrong for one in seen) / sum(one.length for one in seen)


def _real(folder: Path) -> dict[str, list[NDArray[np.uint8]]]:
    found = []
    for name, at in GROUNDS:
        path = SHARED / "video" / name
        if path.is_file():
            about = probe(path, scratch=folder)
            found += stills(path, about, [Fraction(at)], long_side=1280, scratch=folder)
    taken = [one for one in found if one is not None]
    return {"real footage": taken} if taken else {}


def _tesseract(made: Sequence[Rendered], folder: Path) -> str:
    tool = which("tesseract")
    if tool is None:
        return "no peer on this machine"
    wrong = total = 0
    for one in made:
        Image.fromarray(one.picture).save(folder / "peer.png")
        done = subprocess.run([tool, "peer.png", "-", "--psm", "6"], cwd=folder, capture_output=True, check=True)
        wrong += distance(" ".join(done.stdout.decode().split()), " ".join(line.text for line in one.lines))
        total += sum(len(line.text) for line in one.lines)
    return f"tesseract {100 * wrong / total:.1f} %"


def _lower_thirds(folder: Path) -> Row:
    found = [one for one in read_off(SHARED / "video" / "googlework_short.mp4", folder) if one.place == "lower third"]
    hits = sum(
        any(distance(one.text, text) <= WRONG_AT_MOST * len(text) and one.span.overlap(span) for one in found)
        for text, span in LOWER_THIRDS
    )
    peer = f"seen by a person: {len(LOWER_THIRDS)} lines; taken for lower thirds: {len(found)}"
    share = hits / len(LOWER_THIRDS)
    return Row(name="lower thirds of googlework_short found", value=share, unit="", target=1, at_least=True, peer=peer)


def read_off(video: Path, folder: Path) -> list[Text]:
    """All texts of a video of one segment, by the stages that find them."""
    needs: dict[str, Any] = {}
    taken = ingest.run(make_work(folder, source=video))
    needs["ingest"] = taken.result
    member = taken.members["segment"][0]
    needs["detect"] = [detect.run(make_work(folder, source=video, needs=needs, member=member)).result]
    needs["shots"] = shots.run(make_work(folder, source=video, needs=needs)).result
    work = make_work(folder, source=video, needs=needs, member=member)
    readings = from_json(list[Reading], loads(work.get(read.run(work).result["readings"])))
    return texts(readings, from_json(list[Shot], loads(work.get(needs["shots"]["shots"]))))
