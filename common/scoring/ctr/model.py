"""One prediction of clicks out of impressions, from a model's two files. Needs neither numpy nor xgboost.

The margin is what the account usually gets, a line for each feature, and what boosted trees add to both; a line
that was learned on creatives of a later time makes it a logit. All of it adds up, so each part can be told.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from common.domain.learning import RIPE, Band, Contribution, Creative, Foretold, Prediction, Silence
from common.errors import BadInput, ModelRefused
from common.scoring.ctr import manifest as manifests
from common.scoring.ctr import trees as forests
from common.scoring.ctr.manifest import FURTHEST, NETWORK, Column, Shape
from common.scoring.ctr.words import phrase, said

MOST_EXPOSURE: Final = 10**12
DAY_S: Final = 86_400
LARGEST: Final = 3.0e38  # what a float32 holds
COUNTED: Final = f"creatives of this account that have been out for {RIPE.days} days"


def opened(name: str, ubj: bytes, manifest: bytes) -> Model:
    """The model in its two files. Raises ModelRefused naming it where one is cut off, changed, or of another kind."""
    try:
        found, shape = manifests.unsealed(manifest, ubj)
        trees = forests.read(ubj)
        if trees.columns != len(shape.columns):
            raise ModelRefused(f"its trees ask for {trees.columns} columns, its manifest has {len(shape.columns)}")
    except ModelRefused as error:
        raise ModelRefused(
            f"the model {name} is refused: {error}; train it anew, or go back to the version before"
        ) from error
    phrases = {column.of: phrase(column.of) for column in shape.columns if column.kind == "feature"}
    return Model(name=name, manifest=found, shape=shape, trees=trees, phrases=phrases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Made by `opened`. `manifest` is all that its manifest says."""

    name: str  # ctr@VERSION
    manifest: Mapping[str, Any]
    shape: Shape
    trees: forests.Trees
    phrases: Mapping[str, str]  # what each feature is called

    def foretell(
        self,
        features: Mapping[str, float | None],
        *,
        account: str,
        network: str,
        segments: Mapping[str, str] | None = None,
        exposure: int | None = None,
        launched: datetime | None = None,
        features_version: str | None = None,
    ) -> Foretold:
        """What clicks out of `exposure` impressions (None: as many as this account usually has) are to be expected.

        `launched` is when it comes out: the longer after training, the less sure it is. None: right after training.
        None or NaN among the features: not known. Silence where the account has too little behind it. Raises
        ModelRefused where the features are of another version than the model's, BadInput for a value that is none.
        """
        self._checked(features_version, exposure, launched)
        shape = self.shape
        known = shape.accounts.get(account)
        have = known.creatives if known else 0
        if known is None or have < shape.account_needs:
            return Silence(
                why=f"not enough data: the model has learned from {have} {COUNTED}, and needs {shape.account_needs}; "
                "post more, or import what this account has run before, and train again",
                have=have,
                need=shape.account_needs,
                of=COUNTED,
            )
        margin, parts = self._told(features, network, segments or {})
        slope = shape.calibration.slope
        logit = shape.calibration.shift + slope * (margin + known.prior)
        value = share(logit)
        seen = exposure or known.exposure
        spread = value * (1 - value)
        half = shape.intervals.factor * math.sqrt(spread / seen + self._unknown(launched) * spread**2)
        parts.append(("account", "what this account usually gets", known.prior))
        effects = [
            Contribution(name=name, text=said(what, slope * part), effect=slope * part) for name, what, part in parts
        ]
        effects.sort(key=lambda one: -abs(one.effect))
        return Prediction(
            model=self.name,
            account=account,
            value=value,
            low=max(0.0, value - half),
            high=min(1.0, value + half),
            coverage=shape.intervals.coverage,
            exposure=seen,
            band=band(value, known.typical),
            typical=known.typical,
            contributions=tuple(effects),
            alike=not self.phrases,
        )

    def hindcast(self, creative: Creative) -> Foretold:
        """What would have been said of one that came out, for as many impressions as came."""
        return self.foretell(
            creative.features,
            account=creative.account,
            network=creative.network,
            segments=creative.segments,
            exposure=creative.impressions,
            launched=creative.launched,
        )

    def _unknown(self, launched: datetime | None) -> float:
        """The variance of log odds that nobody could have told when it was trained."""
        of = self.shape.intervals
        days = 0.0 if launched is None else (launched - self.shape.trained_at).total_seconds() / DAY_S
        return of.tau**2 + of.wander * max(0.0, days)

    def margin(self, features: Mapping[str, float | None], *, network: str, segments: Mapping[str, str]) -> float:
        """Of an account like all others, before calibration."""
        return self._told(features, network, segments)[0]

    def line(self, features: Mapping[str, float | None], *, network: str, segments: Mapping[str, str]) -> float:
        """The margin without trees and without an account, before calibration: what a GLM would say."""
        row = self._row(features, network, segments)
        return self.shape.intercept + math.fsum(map(_line, self.shape.columns, row))

    def _told(
        self, features: Mapping[str, float | None], network: str, segments: Mapping[str, str]
    ) -> tuple[float, list[tuple[str, str, float]]]:
        """The margin, and (name, what it is called, its part) of every feature and segment that has one."""
        row = self._row(features, network, segments)
        margin, parts = self.trees.told(row)
        margin += self.shape.intercept
        told: dict[str, float] = {}
        for at, (column, value) in enumerate(zip(self.shape.columns, row, strict=True)):
            line = _line(column, value)
            margin += line
            part = parts[at] + line
            if part:
                told[column.of] = told.get(column.of, 0.0) + part
        shown = {**segments, NETWORK: network}
        return margin, [(name, self.phrases.get(name) or _called(name, shown), part) for name, part in told.items()]

    def _row(self, features: Mapping[str, float | None], network: str, segments: Mapping[str, str]) -> list[float]:
        row: list[float] = []
        for column in self.shape.columns:
            if column.kind == "segment":
                level = network if column.of == NETWORK else segments.get(column.of)
                row.append(1.0 if level == column.level else 0.0)
            else:
                row.append(known(column.of, features.get(column.of)))
        return list(struct.unpack(f"{len(row)}f", struct.pack(f"{len(row)}f", *row)))

    def _checked(self, features_version: str | None, exposure: int | None, launched: datetime | None) -> None:
        if features_version is not None and features_version != self.shape.features_version:
            raise ModelRefused(
                f"the model {self.name} knows features of version {self.shape.features_version}, and these are of "
                f"version {features_version}; train it anew"
            )
        if exposure is not None and not 1 <= exposure <= MOST_EXPOSURE:
            raise BadInput(f"impressions are a whole number from 1 to {MOST_EXPOSURE}; give such a one, or none")
        if launched is not None and launched.tzinfo is None:
            raise BadInput("when it comes out has no time zone; give it in UTC")


def known(name: str, value: float | None) -> float:
    """A feature as the model sees it, NaN where it is not known. Raises BadInput for what a float32 does not hold."""
    if value is None or value != value:
        return math.nan
    if not -LARGEST <= value <= LARGEST:
        raise BadInput(f"the feature {name[:80]} is no number that can be learned from; give a finite one, or none")
    return float(value)


def _line(column: Column, value: float) -> float:
    if not column.weight or value != value:
        return 0.0
    return column.weight * min(FURTHEST, max(-FURTHEST, (value - column.mean) / column.scale))


def _called(name: str, shown: Mapping[str, str]) -> str:
    level = shown.get(name)
    if level is None:
        return f"that its {name.replace('_', ' ')} is not known"
    return f"that it is shown on {level}" if name == NETWORK else f"its {name.replace('_', ' ')}, {level},"


def band(value: float, typical: tuple[float, float]) -> Band:
    """Below, within or above what is typical."""
    return "low" if value < typical[0] else "high" if value > typical[1] else "typical"


def share(logit: float) -> float:
    """The share with these log odds."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    odds = math.exp(max(logit, -700.0))
    return odds / (1 + odds)
