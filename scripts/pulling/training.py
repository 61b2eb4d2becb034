"""From the archive to the two files of the model, and what both readings are worth on tests they have not seen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from common.scoring.pull import counts, model
from common.scoring.pull.counts import NAMES
from common.scoring.pull.model import COVERAGE, SCHEMA
from scripts.pulling import archive, fitting
from scripts.pulling.archive import Arms, Floats, Numbers, Pairs
from scripts.pulling.fitting import OWN, Design, Fitted, Matrix

ALIKE: Final = 0.8  # cosine from which two headlines are near-duplicates, whose tests stay in one fold
RESAMPLED: Final = 2000  # times, by the bootstrap over tests
DIGITS: Final = 5  # of a weight
CREDIT: Final = (
    "Learned from The Upworthy Research Archive by J. Nathan Matias, Kevin Munger, Marianne Aubin Le Quere and Charles "
    "Ebersole (Scientific Data 8, 195, 2021; https://osf.io/jd64p/), licensed under CC BY 4.0 "
    "(https://creativecommons.org/licenses/by/4.0/). It was changed: these are weights of a model fitted to its "
    "exploratory tests, with none of its text but single words and pairs of words."
)
SAMPLES: Final = (  # that tell, when the model is opened, whether lines are still counted as they were
    "Why does nobody tell you this about bread?",
    "“It’s 3 A.M. And She Won't Stop …” — The 10-Year-Old's Best Answer Ever!",
    "and so we went on with it, as we had (more or less) in 1999; it cost $5, or 20%",
)
_CODE: Final = (counts.__file__, model.__file__, archive.__file__, fitting.__file__, __file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One reading: the fit, what it is worth out of fold, and how far it is off."""

    made: Design
    fitted: Fitted
    slope: float  # that brings what it adds up to to what came of it
    spread: float
    reach: float
    typical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    weights: bytes
    manifest: bytes


def learn(arms: Arms, pairs: Pairs, group: Numbers, depths: Matrix | None) -> Learned:
    made = fitting.design(arms.headlines, depths)
    fitted = fitting.fit(made, arms, pairs, group)
    every = np.ones(len(pairs.gain), np.bool_)
    slope, spread, reach = width(arms, pairs, fitted.gains[0], every)
    return Learned(
        made=made, fitted=fitted, slope=slope, spread=spread, reach=reach, typical=_sd(arms, pairs, pairs.gain, every)
    )


def width(arms: Arms, pairs: Pairs, gains: Floats, here: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Slope, spread and reach, told from some of the pairs."""
    weight = 1 / (arms.noise * pairs.variance + 2 * OWN)
    gain, told = pairs.gain[here], gains[here]
    slope = float(np.sum((weight[here] * told) * gain) / np.sum(weight[here] * told**2))
    spread = _sd(arms, pairs, pairs.gain - slope * gains, here)
    off = np.abs(gain - slope * told) / np.sqrt(2 * spread**2 + arms.noise * pairs.variance[here])
    return slope, spread, float(np.quantile(off, COVERAGE))


def covered(arms: Arms, pairs: Pairs, gains: Floats, group: Numbers) -> NDArray[np.bool_]:
    """Whether each pair came out within its interval, chance included; widths are told from the other half."""
    half = group[pairs.test] % 2 == 0
    found = np.zeros(len(pairs.gain), np.bool_)
    for here in (half, ~half):
        slope, spread, reach = width(arms, pairs, gains, ~here)
        error = np.sqrt(2 * spread**2 + arms.noise * pairs.variance[here])
        found[here] = np.abs(pairs.gain[here] - slope * gains[here]) <= reach * error
    return found


def right(pairs: Pairs, gains: Floats) -> NDArray[np.bool_]:
    """Of the pairs of which it is known who won, those that were told right."""
    found: NDArray[np.bool_] = np.sign(gains[pairs.told]) == np.sign(pairs.z[pairs.told])
    return found


def interval(pairs: Pairs, good: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % of the share of the told pairs that are right, were other tests drawn: a bootstrap over tests."""
    _, test = np.unique(pairs.test[pairs.told], return_inverse=True)
    many, well = np.bincount(test), np.bincount(test, good)
    drawn = np.random.default_rng(0).multinomial(len(many), np.full(len(many), 1 / len(many)), RESAMPLED)
    low, high = np.quantile(drawn @ well / (drawn @ many), [0.025, 0.975])
    return float(low), float(high)


def train(path: Path, arms: Arms, pairs: Pairs, group: Numbers, depths: Matrix, *, data: str, source: str) -> Trained:
    """Both readings as the files that are shipped. `data`: the table's SHA-256; `source`: the model of sentences."""
    learned = {"words": learn(arms, pairs, group, None), "depths": learn(arms, pairs, group, depths)}
    limits = learned["words"].made.limits
    readings = {name: _reading(one, arms, depths if name == "depths" else None) for name, one in learned.items()}
    weights = _packed({"schema": SCHEMA, "limits": limits, "readings": readings})
    reader = model.Model(
        name="", manifest={}, limits=limits, readings={"words": model.read_weights(readings["words"], "words")}
    )
    manifest = {
        "schema": SCHEMA,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "features": list(NAMES),
        "embedder": source,
        "learned_from": CREDIT,
        "data": {
            "file": path.name,
            "sha256": data,
            "tests": len(arms.tests),
            "arms": len(arms.test),
            "headlines": len(arms.headlines),
            "pairs": len(pairs.gain),
            "told_pairs": int(pairs.told.sum()),
            "groups": int(group.max()) + 1,
        },
        "split": (
            f"{fitting.FOLDS} folds, drawn {fitting.DRAWS} times, of groups of tests, that share a headline or two of "
            f"cosine {ALIKE} and more"
        ),
        "chosen": (
            "variances and penalties by four fifths of the groups, guided by marginal likelihood; what is looked at by "
            "out-of-fold figures of all of these tests, so the figures flatter it a little"
        ),
        "noise": round(arms.noise, 4),
        "readings": {name: _told(one, arms, pairs, group) for name, one in learned.items()},
        "longer_wins": round(longer(arms, pairs), 4),
        "samples": {line: reader.worth(line) for line in SAMPLES},
        "code": _code(),
    }
    return Trained(weights=weights, manifest=_packed(manifest, indent=1))


def longer(arms: Arms, pairs: Pairs) -> float:
    """How often the headline of more letters won; a tie is half a win."""
    length = np.array([len(one) for one in arms.headlines])
    more = np.sign(length[pairs.first] - length[pairs.second])[pairs.told] * np.sign(pairs.z[pairs.told])
    return float(np.mean((more + 1) / 2))


def _told(one: Learned, arms: Arms, pairs: Pairs, group: Numbers) -> dict[str, Any]:
    goods = [right(pairs, gains) for gains in one.fitted.gains]
    return {
        "accuracy": round(float(np.mean(goods)), 4),
        "accuracy_of_draws": [round(float(good.mean()), 4) for good in goods],
        "accuracy_95": [round(end, 4) for end in interval(pairs, min(goods, key=np.mean))],
        "coverage": round(float(np.mean([covered(arms, pairs, gains, group) for gains in one.fitted.gains])), 4),
        "coverage_asked": COVERAGE,
        "penalties": [block.penalty for block in one.made.blocks],
    }


def _reading(one: Learned, arms: Arms, depths: Matrix | None) -> dict[str, Any]:
    """As it is read: weights of what is seen itself, in log odds."""
    made, columns = one.made, one.slope * one.fitted.columns
    ends = np.cumsum([block.values.shape[1] for block in made.blocks])
    raw = [some / block.scale for block, some in zip(made.blocks, np.split(columns, ends[:-1]), strict=True)]
    deep = np.zeros(0 if depths is None else depths.shape[1])
    for block, weights in zip(made.blocks[2:], raw[2:], strict=True):
        assert block.places is not None
        deep[block.places] = weights
    found = {
        "centre": 0.0,
        "counts": [_short(one) for one in raw[0]],
        "grams": {gram: _short(weight) for gram, weight in zip(made.grams, raw[1], strict=True)},
        "depths": [_short(one) for one in deep],
        "spread": _short(one.spread),
        "reach": _short(one.reach),
        "typical": _short(one.typical),
    }
    found["centre"] = _short(_centre(found, made, arms, depths))
    return found


def _centre(found: dict[str, Any], made: Design, arms: Arms, depths: Matrix | None) -> float:
    """What a headline of the archive adds up to, on the mean: read by the reader itself."""
    reading: model.Reading = "words" if depths is None else "depths"
    reader = model.Model(
        name="", manifest={}, limits=made.limits, readings={reading: model.read_weights(found, reading)}
    )
    worths = [
        reader.worth(text, None if depths is None else depths[n].tolist()) for n, text in enumerate(arms.headlines)
    ]
    return float(np.mean([one for one in worths if one is not None]))


def _sd(arms: Arms, pairs: Pairs, gain: Floats, here: NDArray[np.bool_]) -> float:
    """Of one line's worth, from differences of two that are known with noise."""
    weight = 1 / (arms.noise * pairs.variance + 2 * OWN)
    whole = np.sum((weight * (gain**2 - arms.noise * pairs.variance))[here]) / np.sum(weight[here])
    return float(np.sqrt(max(1e-4, whole / 2)))


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _packed(value: dict[str, Any], indent: int | None = None) -> bytes:
    separators = (",", ":") if indent is None else (",", ": ")
    return (json.dumps(value, ensure_ascii=True, indent=indent, separators=separators) + "\n").encode()


def _code() -> str:
    """Of what the weights were made by."""
    return hashlib.sha256(b"".join(Path(one).read_bytes() for one in _CODE)).hexdigest()[:16]
