"""The pull of one opening line, from the weights in this package. Needs no numpy: a storyboard is judged without.

A line adds up to a number in log odds of a click against a typical line for the same story. Where that stands among
all headlines of the archive is its pull. There are two readings: by words alone, and by what the inner layers of the
model of sentences hold of it besides; each knows how far it was off on headlines it had not learned from.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, NoReturn

from common.domain.judgement import Pull
from common.errors import ModelRefused
from common.scoring.pull.counts import NAMES, counts, grams, plain

SCHEMA: Final = "cutroom.pull/1"
WEIGHTS, MANIFEST = "weights.json", "manifest.json"
COVERAGE: Final = 0.8  # of lines, whose true standing lies within the interval
FEW: Final = 3  # words; no headline of the archive had fewer
MOST_BYTES: Final = 2 << 20  # of either file
MOST_DEPTHS: Final = 20_000
LARGEST: Final = 1e4  # of a weight
SAME: Final = 1e-6  # by which a worth may differ from the one that was written down

Reading = Literal["words", "depths"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One reading. All is in log odds; `spread` and `typical` are standard deviations."""

    centre: float  # what a typical headline adds up to
    counts: tuple[float, ...]  # in the order of NAMES
    grams: Mapping[str, float]
    depths: tuple[float, ...]  # empty for words alone
    spread: float  # of a line's true worth about what it adds up to
    reach: float  # times spread, to hold COVERAGE of them
    typical: float  # of the worth of headlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Made by `opened`. `limits` are the least and the most of each count that was learned from."""

    name: str  # pull@VERSION
    manifest: Mapping[str, Any]
    limits: tuple[tuple[float, float], ...]
    readings: Mapping[Reading, Weights]

    def suits(self, embedder: str, depths: int) -> None:
        """Raises ModelRefused where depths come from another model of sentences than was learned from."""
        if embedder != self.manifest.get("embedder"):
            _refuse(f"it was learned with {self.manifest.get('embedder')}, and {embedder} reads the sentences here")
        self._told(depths)

    def _told(self, depths: int) -> None:
        if depths != len(self.readings["depths"].depths):
            _refuse(f"it knows {len(self.readings['depths'].depths)} depths of a sentence, and was given {depths}")

    def worth(self, text: str, depths: Sequence[float] | None = None) -> float | None:
        """Log odds against a typical line; None for a line of too few words. `depths` as the embedder gives them."""
        if len(text.split()) < FEW:
            return None
        line = plain(text)
        weights = self.readings["words" if depths is None else "depths"]
        if depths is not None:
            self._told(len(depths))
        counted = counts(line).values()
        held = [min(high, max(low, value)) for value, (low, high) in zip(counted, self.limits, strict=True)]
        found = [weight * value for weight, value in zip(weights.counts, held, strict=True)]
        found += [weights.grams.get(gram, 0.0) for gram in grams(line)]
        if depths is not None:
            found += [weight * value for weight, value in zip(weights.depths, depths, strict=True)]
        return math.fsum(found) - weights.centre

    def standing(self, worth: float, reading: Reading) -> Pull:
        """The share of headlines that a line of this worth out-pulls, to be expected of it, with its interval."""
        weights = self.readings[reading]
        reach = weights.reach * weights.spread
        return Pull(
            value=_below(worth / math.hypot(weights.spread, weights.typical)),
            low=_below((worth - reach) / weights.typical),
            high=_below((worth + reach) / weights.typical),
            source=f"{self.name} by {'words' if reading == 'words' else 'words and vectors'}",
        )

    def pull(self, text: str, depths: Sequence[float] | None = None) -> Pull | None:
        """Of one English line; None where it has too few words to tell."""
        worth = self.worth(text, depths)
        return None if worth is None else self.standing(worth, "words" if depths is None else "depths")


def opened(weights: bytes, manifest: bytes) -> Model:
    """The model in its two files. Raises ModelRefused where one is cut off, changed, or of another schema."""
    told = _object(_json(manifest, MANIFEST), MANIFEST)
    if told.get("schema") != SCHEMA:
        _refuse(f"its manifest is of schema {str(told.get('schema'))[:40]!r}, not {SCHEMA!r}")
    found = hashlib.sha256(weights).hexdigest()
    if told.get("sha256") != found:
        _refuse(f"{WEIGHTS} is not the file that its manifest names")
    if told.get("features") != list(NAMES):
        _refuse("it counts other things in a line, or in another order, than this version of Cutroom")
    read = _object(_json(weights, WEIGHTS), WEIGHTS, ("schema", "limits", "readings"))
    readings = _object(read["readings"], "readings", ("words", "depths"))
    limits = read["limits"]
    if not isinstance(limits, list) or len(limits) != len(NAMES) or not all(_pair(one) for one in limits):
        _refuse(f"limits are no {len(NAMES)} pairs, the lesser first")
    model = Model(
        name=f"pull@{found[:8]}",
        manifest=told,
        limits=tuple((float(low), float(high)) for low, high in limits),
        readings={
            "words": read_weights(readings["words"], "words"),
            "depths": read_weights(readings["depths"], "depths"),
        },
    )
    for line, worth in _object(told.get("samples"), "samples").items():
        if abs((model.worth(line) or 0.0) - _number(worth, "samples")) > SAME:
            _refuse("it adds a line up to something else than when it was learned")
    return model


@cache
def shipped() -> Model:
    """The model of this package, read once. Raises ModelRefused where a file is missing or not what it should be."""
    folder = resources.files(__package__)
    try:
        return opened(folder.joinpath(WEIGHTS).read_bytes(), folder.joinpath(MANIFEST).read_bytes())
    except OSError as error:
        _refuse(f"{error.filename or 'a file'} cannot be read ({error.strerror})")


def read_weights(value: object, name: Reading) -> Weights:
    """One reading, as it is written. Raises ModelRefused naming what is off."""
    told = _object(value, name, ("centre", "counts", "grams", "depths", "spread", "reach", "typical"))
    grams = _object(told["grams"], f"{name}.grams")
    depths = _numbers(told["depths"], f"{name}.depths")
    if (not depths) != (name == "words") or len(depths) > MOST_DEPTHS:
        _refuse(f"{name}.depths has {len(depths)} numbers")
    single = {one: _number(told[one], f"{name}.{one}") for one in ("centre", "spread", "reach", "typical")}
    if min(single["spread"], single["reach"], single["typical"]) <= 0:
        _refuse(f"{name}: spread, reach and typical must be above 0")
    weights = _numbers(told["counts"], f"{name}.counts")
    if len(weights) != len(NAMES):
        _refuse(f"{name}.counts has {len(weights)} numbers, not {len(NAMES)}")
    return Weights(
        centre=single["centre"],
        counts=weights,
        grams={gram: _number(weight, f"{name}.grams") for gram, weight in grams.items()},
        depths=depths,
        spread=single["spread"],
        reach=single["reach"],
        typical=single["typical"],
    )


def _json(raw: bytes, name: str) -> object:
    if len(raw) > MOST_BYTES:
        _refuse(f"{name} is over {MOST_BYTES >> 20} MB")
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelRefused(_why(f"{name} is no JSON")) from error


def _object(value: object, name: str, keys: Iterable[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict) or (keys is not None and set(value) != set(keys)):
        _refuse(f"{name} is not what it should be")
    return value


def _numbers(value: object, name: str) -> tuple[float, ...]:
    if not isinstance(value, list):
        _refuse(f"{name} is no list")
    return tuple(_number(one, name) for one in value)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        _refuse(f"{name} holds what is no weight")
    return float(value)


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and _number(value[0], "limits") <= _number(value[1], "limits")


def _refuse(why: str) -> NoReturn:
    raise ModelRefused(_why(why))


def _why(why: str) -> str:
    return f"the hook model is refused: {why}; install Cutroom anew, or train it again by scripts/hooks"


def _below(z: float) -> float:
    """The normal distribution at z."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
