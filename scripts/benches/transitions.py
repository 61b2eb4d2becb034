"""Where shots change, where that is known: hard cuts of real clips, and gradual changes planted in real footage.

Hard cuts: every clip of shots_gt.json, matched one to one within 0.08 s, its zones to ignore left out.

Gradual changes: 300 of them, of 0.3 to 2 s, planted by scripts/benches/planted.py, which says what is in the mix. A
found interval is right when it and a planted one, each used once, share at least half of the time that they cover
together (intersection over union >= 0.5). A found interval without such a partner is false, and so is a hard cut found
where none is. The detector's numbers were chosen on the seeds TUNED_ON; what is reported comes from SEED.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from common.domain.timebase import Span
from common.media import tools
from scripts.benches import Row, detect, planted

TUNED_ON = (101, 102)
SEED = 7
ENOUGH = Fraction(1, 2)  # intersection over union
FRAME = Fraction(1, planted.RATE)

_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@dataclass(slots=True, kw_only=True)
class Tally:
    """Hits by kind, all there were by kind, and what was found but is not there."""

    hits: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    false: int = 0

    @property
    def precision(self) -> float:
        found = self.hits.total() + self.false
        return self.hits.total() / found if found else 0.0

    @property
    def recall(self) -> float:
        return self.hits.total() / self.known.total()

    @property
    def f1(self) -> float:
        return _f1(self.hits.total(), self.known.total() - self.hits.total(), self.false)


def rows() -> Iterator[Row]:
    yield from hard_cuts()
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as folder:
        yield from gradual(Path(folder))


def hard_cuts() -> Iterator[Row]:
    """F1 over all annotated clips, then a row per error, its value the second it is at."""
    truth = _DATA / "shots" / "shots_gt.json"
    hits, errors = 0, []
    theirs = [0, 0, 0]
    for key in json.loads(truth.read_text("utf-8"))["videos"]:
        found, missed, extra = detect.score(detect.cuts(_DATA / key), truth, key)
        hits += found
        errors += [(f"missed in {key}", at) for at in missed] + [(f"false in {key}", at) for at in extra]
        counts = detect.score(_scdet(_DATA / key), truth, key)
        theirs = [theirs[0] + counts[0], theirs[1] + len(counts[1]), theirs[2] + len(counts[2])]
    missed_count = sum(name.startswith("missed") for name, _ in errors)
    peer = f"ffmpeg scdet at its default: F1 {_f1(*theirs):.3f}; here {missed_count} missed"
    yield Row(
        name=f"hard cuts: F1, {hits + missed_count} cuts of real clips",
        value=_f1(hits, missed_count, len(errors) - missed_count),
        unit="",
        target=0.97,
        peer=f"{peer}, {len(errors) - missed_count} false",
        at_least=True,
    )
    for name, at in errors:
        yield Row(name=f"hard cuts: {name}", value=at, unit="s")


def gradual(folder: Path, seed: int = SEED, count: int = 300) -> Iterator[Row]:
    """F1 by interval overlap, precision, recall by kind, and both detectors by their mere place."""
    strict, loose, peer = Tally(), Tally(), Tally()
    cuts_hit = cuts_known = 0
    for made in planted.make(_DATA / "video", folder, seed=seed, count=count):
        shots = detect.found_shots(made.path)
        cuts = [shot.span.start for shot in shots if shot.opens_with == "cut"]
        spans = [shot.transition for shot in shots if shot.transition is not None]
        points = [Span(cut, cut + FRAME) for cut in _elsewhere(cuts, made.cuts)]
        count_overlaps(strict, [*spans, *points], made.planted, ENOUGH)
        count_overlaps(loose, [*spans, *points], made.planted, Fraction(0))
        cuts_hit += len(cuts) - len(points)
        cuts_known += len(made.cuts)
        changes = [Fraction(at).limit_denominator(10**6) for at in _scdet(made.path)]
        scenes = [Span(at, at + FRAME) for at in _elsewhere(changes, made.cuts)]
        count_overlaps(peer, [*scenes, *_black(made.path)], made.planted, Fraction(0))
    against = f"ffmpeg scdet and blackdetect; a hit wherever they touch the interval: F1 {peer.f1:.3f}"
    against += f" (P {peer.precision:.2f}, R {peer.recall:.2f})"
    name = f"gradual: F1 of {strict.known.total()} intervals, overlap >= half of the union"
    yield Row(name=name, value=strict.f1, unit="", target=0.8, peer=against, at_least=True)
    yield Row(name="gradual: F1, wherever they touch, as the peer", value=loose.f1, unit="", peer=against)
    yield Row(name="gradual: precision", value=strict.precision, unit="")
    yield Row(name="gradual: recall", value=strict.recall, unit="")
    for kind, known in sorted(strict.known.items()):
        yield Row(name=f"gradual: recall of {kind}, {known} of them", value=strict.hits[kind] / known, unit="")
    yield Row(name=f"gradual: recall of the {cuts_known} cuts between", value=cuts_hit / max(1, cuts_known), unit="")


def count_overlaps(tally: Tally, found: list[Span], known: list[planted.Planted], least: Fraction) -> None:
    """Match intervals one to one, those that share most first, if they share more than nothing and at least `least`."""
    tally.known.update(one.kind for one in known)
    shared = [(_over_union(span, one.span), n, m) for n, span in enumerate(found) for m, one in enumerate(known)]
    used: set[int] = set()
    hit: set[int] = set()
    for share, n, m in sorted(shared, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if share > 0 and share >= least and n not in used and m not in hit:
            used.add(n)
            hit.add(m)
            tally.hits[known[m].kind] += 1
    tally.false += len(found) - len(used)


def _over_union(a: Span, b: Span) -> Fraction:
    both = a.overlap(b)
    return both / (a.duration + b.duration - both) if both else Fraction(0)


def _f1(hits: int, missed: int, false: int) -> float:
    return 2 * hits / (2 * hits + missed + false) if hits else 0.0


def _elsewhere(found: list[Fraction], cuts: list[float]) -> list[Fraction]:
    """What is found but is none of the known cuts, each of which explains one."""
    left = list(found)
    for cut in cuts:
        nearest = min(left, key=lambda at: abs(float(at) - cut), default=None)
        if nearest is not None and abs(float(nearest) - cut) <= detect.TOLERANCE_S:
            left.remove(nearest)
    return left


def _scdet(video: Path) -> list[float]:
    """Seconds since zero of the changes that ffmpeg's scdet reports at its default threshold."""
    said = _ffmpeg(video, "scdet,metadata=print:file=-", quiet=True)
    return [float(at) for at in re.findall(r"lavfi\.scd\.time=([0-9.]+)", said)]


def _black(video: Path) -> list[Span]:
    said = _ffmpeg(video, "blackdetect=d=0.04", quiet=False)
    found = re.findall(r"black_start:([0-9.]+) black_end:([0-9.]+)", said)
    return [Span(Fraction(start), Fraction(end)) for start, end in found]


def _ffmpeg(video: Path, graph: str, *, quiet: bool) -> str:
    argv = [tools.find("ffmpeg"), "-v", "error" if quiet else "info", "-nostdin", "-i", tools.file_url(video)]
    done = subprocess.run([*argv, "-map", "0:v:0", "-vf", graph, "-f", "null", "-"], check=True, capture_output=True)
    return (done.stdout + done.stderr).decode(errors="replace")
