"""scripts/python -m scripts.injection: learn the weights of common/council/gist.json anew, and say how well they hold.

Learned from attacks.txt and honest.txt, the texts of strangers, the attacks and honest texts of tests/council that are
seen or spent, and the windows of two thirds of the long talks of shared/data/text; the same each time. Families,
authors and talks left out of the learning say how well it does on others: what it finds of an author it has not read,
with a limit that lets MOST_FALSE of the talks it has not seen be flagged, is the figure to look at. A third of the
talks is never learned from.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix, vstack  # type: ignore[import-untyped]

from common.council import gist
from common.council.gist import KINDS, Window
from common.council.injection import _lines, _marks, _read
from scripts.injection.texts import HELD, Labelled, attacks, company, honest, parts, talks

MOST_FALSE = 0.009  # of windows of 150 words of talks, by the gist alone
FOLDS = 5
PULL = {"kinds": 8.0, "pairs": 8.0, "stems": 4.0}  # towards nothing: L2
ATTACK, HONEST, ABROAD, COMPANY = 3.0, 3.0, 7.0, 1.0  # what a text weighs; a window of a talk weighs 1
DROPPED, COPIES = 0.15, 2  # copies of a text, and the share of hits that each lacks: as if a word were not known
COMMON = 10  # times that a word is said in the talks, to be weighed as a word; what is rarer may be no English
SEED = 7
FILE = Path(gist.__file__).with_name("gist.json")

Floats = NDArray[np.float64]


class Row(NamedTuple):
    columns: tuple[int, ...]
    attack: bool
    weight: float


class Learned(NamedTuple):
    stems: tuple[str, ...]
    theta: Floats
    limit: float = 0.0


def windows(text: str) -> list[Window]:
    view = _lines(text)
    scale = len(view) / len(text) if text else 0.0
    cued = [*_marks(text), *_read(view, text)]
    return list(gist.split(view, [(hit.sort, round(hit.start * scale)) for hit in cued]))


class Columns:
    """What stands in which column: kinds, then pairs, then stems."""

    def __init__(self, stems: Iterable[str]) -> None:
        self.stems = tuple(sorted(stems))
        self._stems = {stem: n for n, stem in enumerate(self.stems)}
        n = len(KINDS)
        self.width = n + n * n + len(self.stems)
        self.pull = np.concatenate(
            [np.full(n, PULL["kinds"]), np.full(n * n, PULL["pairs"]), np.full(len(self.stems), PULL["stems"]), [0.0]]
        )

    def of(self, window: Window) -> tuple[int, ...]:
        n = len(KINDS)
        there = [kind for kind in range(n) if window.counts[kind]]
        pairs = [n + one * n + other for k, one in enumerate(there) for other in there[k + 1 :]]
        twice = [n + kind * n + kind for kind in there if window.counts[kind] > 1]
        stems = [n + n * n + self._stems[stem] for stem in window.stems if stem in self._stems]
        return (*there, *pairs, *twice, *stems)

    def matrix(self, rows: Sequence[tuple[int, ...]]) -> Any:
        ends = np.cumsum([0, *map(len, rows)])
        columns = np.fromiter((column for row in rows for column in row), np.int32, int(ends[-1]))
        return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), self.width))


def lacking(window: Window, dice: random.Random) -> Window:
    """The window as if some of its words were not known."""
    kept = tuple(sum(dice.random() >= DROPPED for _ in range(count)) for count in window.counts)
    stems = frozenset(stem for stem in sorted(window.stems) if dice.random() >= DROPPED)
    return Window(window.start, window.end, kept, stems)


def rows(columns: Columns, texts: Sequence[tuple[Labelled, list[Window]]]) -> list[Row]:
    dice = random.Random(SEED)
    made: list[Row] = []
    for text, those in texts:
        chosen = those[:1] if text.attack and len(text.text.split()) <= gist.WIDTH else those
        copies = [*chosen, *(lacking(window, dice) for window in chosen for _ in range(COPIES))]
        weight = _weight(text) / max(1, len(copies))
        made += [Row(columns.of(window), text.attack, weight) for window in copies]
    return made


def _weight(text: Labelled) -> float:
    """There is plenty of honest English in the talks, and nothing else in any other language."""
    if text.attack:
        return ATTACK
    if not _whole(text):
        return COMPANY
    return HONEST if text.text.isascii() else ABROAD


def _whole(text: Labelled) -> bool:
    """Not a sentence that stood around an attack."""
    return not text.family.startswith("company ")


def fit(columns: Columns, made: Sequence[Row], talked: Any) -> Floats:
    """Logistic regression, pulled towards nothing."""
    x = vstack([columns.matrix([row.columns for row in made]), talked]).tocsr()
    sign = np.where(np.array([*(row.attack for row in made), *[False] * talked.shape[0]]), 1.0, -1.0)
    weight = np.array([*(row.weight for row in made), *[1.0] * talked.shape[0]])

    def loss(theta: Floats) -> tuple[float, Floats]:
        margin = sign * (x @ theta[:-1] + theta[-1])
        error = -weight * sign / (1 + np.exp(np.clip(margin, -60, 60)))
        slope = np.append(x.T @ error, error.sum()) + columns.pull * theta
        return float(weight @ np.logaddexp(0, -margin) + 0.5 * columns.pull @ (theta * theta)), slope

    found: Floats = minimize(loss, np.zeros(columns.width + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return found


def highest(theta: Floats, matrix: Any, counts: Sequence[int]) -> Floats:
    """The greatest margin of each text, of which so many windows stand one after the other."""
    margins = np.append(matrix @ theta[:-1] + theta[-1], -np.inf)
    firsts = np.cumsum([0, *counts[:-1]])
    found: Floats = np.where(np.array(counts) > 0, np.maximum.reduceat(margins, firsts), -np.inf)
    return found


def folds(names: Sequence[str]) -> Iterator[frozenset[str]]:
    chosen = sorted(set(names))
    random.Random(SEED).shuffle(chosen)
    yield from (frozenset(chosen[n::FOLDS]) for n in range(FOLDS))


def main(say: Callable[[str], None] = print) -> None:
    texts = [(text, windows(text.text)) for text in (*attacks(), *honest(), *company())]
    texts = [(text, those) for text, those in texts if those]
    spoken = [[windows(part) for part in parts(talk)] for talk in talks()]
    columns = Columns(_named([those for _, those in texts], " ".join(talks())))
    talked = [columns.matrix([columns.of(w) for part in talk for w in part]) for talk in spoken]
    counts = [[len(part) for part in talk] for talk in spoken]
    learned = [n for n in range(len(spoken)) if n % HELD]
    held = [n for n in range(len(spoken)) if not n % HELD]

    marks: list[tuple[Labelled, float]] = []
    unseen: list[float] = []
    for n, out in enumerate(folds([text.family for text, _ in texts])):
        kept = rows(columns, [(text, those) for text, those in texts if text.family not in out])
        theta = fit(columns, kept, vstack([talked[k] for k in learned if k % FOLDS != n]))
        for text, those in texts:
            if text.family in out:
                marks.append((text, float(highest(theta, columns.matrix([*map(columns.of, those)]), [len(those)])[0])))
        for k in learned:
            if k % FOLDS == n:
                unseen += list(highest(theta, talked[k], counts[k]))
    limit = float(np.quantile(unseen, 1 - MOST_FALSE))
    for attack, name in ((True, "attacks of families left out"), (False, "honest texts of families left out")):
        those_marks = [mark for text, mark in marks if text.attack is attack and _whole(text)]
        say(f"{name}, flagged: {np.mean(np.array(those_marks) > limit):.3f} of {len(those_marks)}")

    for author in sorted({text.author for text, _ in texts} - {"ours"}):
        kept = rows(columns, [(text, those) for text, those in texts if text.author != author])
        theta = fit(columns, kept, vstack([talked[k] for k in learned if k % FOLDS]))
        others = [mark for k in learned if not k % FOLDS for mark in highest(theta, talked[k], counts[k])]
        most = float(np.quantile(others, 1 - MOST_FALSE))
        for attack, name in ((True, "attacks"), (False, "honest texts")):
            some = [those for text, those in texts if (text.author, text.attack) == (author, attack) and _whole(text)]
            found = [
                highest(theta, columns.matrix([*map(columns.of, those)]), [len(those)])[0] > most for those in some
            ]
            say(f"{name} of the author {author} left out, flagged: {np.mean(found):.3f} of {len(found)}")

    theta = fit(columns, rows(columns, texts), vstack([talked[k] for k in learned]))
    for name, talked_of in (("learned from", learned), ("held out", held)):
        flagged = [mark > limit for k in talked_of for mark in highest(theta, talked[k], counts[k])]
        say(f"parts of talks {name}, flagged: {np.mean(flagged):.4f} of {len(flagged)}")
    FILE.write_text(json.dumps(_written(columns, theta, limit), ensure_ascii=False, indent=0) + "\n", "utf-8")
    say(f"limit {limit:.2f}, {FILE.stat().st_size} bytes in {FILE.name}")
    if say is print:
        for text, mark in sorted(marks, key=lambda one: one[1]):
            if (mark > limit) != text.attack:
                print(f"{mark - limit:+.2f} {'missed' if text.attack else 'FALSE '} [{text.family}] {text.text!r}")


def _named(texts: Sequence[Sequence[Window]], talked: str) -> set[str]:
    """Stems; and =words, one or two, of English that are in two of the texts or more."""
    said = Counter(stem for those in texts for stem in {stem for window in those for stem in window.stems})
    spoken = Counter(re.findall(r"[a-z0-9]+", talked.lower()))
    return {
        stem
        for stem, count in said.items()
        if not stem.startswith("=")
        or (count > 1 and all(spoken[word] >= COMMON or word in said for word in stem[1:].split()))
    }


def _written(columns: Columns, theta: Floats, limit: float) -> dict[str, Any]:
    n = len(KINDS)
    pairs = {
        f"{KINDS[one]}|{KINDS[other]}": round(float(theta[n + one * n + other]), 3)
        for one in range(n)
        for other in range(one, n)
    }
    return {
        "bias": round(float(theta[-1]) - limit, 3),
        "kinds": {kind: round(float(theta[k]), 3) for k, kind in enumerate(KINDS)},
        "pairs": {names: weight for names, weight in pairs.items() if weight},
        "stems": {
            stem: round(float(theta[n + n * n + k]), 3)
            for k, stem in enumerate(columns.stems)
            if round(float(theta[n + n * n + k]), 3)
        },
    }


if __name__ == "__main__":
    main()
