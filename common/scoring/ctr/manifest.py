"""The part of a model of clicks that is no trees: what its columns are, what it starts from, how sure it is.

`seal` makes the bytes of a manifest and `unsealed` reads no others: a byte that is another is seen, in the manifest by
its own digest, in model.ubj by the sha256 that the manifest holds.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from common.domain.codec import digest, dumps, from_json, loads
from common.errors import ModelRefused

SCHEMA: Final = "cutroom.ctr/1"
MOST_BYTES: Final = 32_000_000
FURTHEST: Final = 4.0  # standard deviations that a value counts for at most, in the linear part
NETWORK: Final = "network"  # the segment that every creative has


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One number that the model sees. A segment is 1 where its level is `level`, else 0."""

    name: str
    kind: Literal["feature", "segment"]
    of: str  # the feature or the segment
    level: str | None
    dtype: Literal["float32"]
    mean: float
    scale: float
    weight: float  # log odds for each `scale` above `mean`


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is known of an account: its level in log odds above all, and what it has behind it."""

    network: str  # of its latest creative
    prior: float
    creatives: int
    impressions: int
    clicks: int
    exposure: int  # the median of its creatives' impressions
    typical: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The logit that is said = shift + slope * the margin."""

    shift: float
    slope: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Half a width = factor * sqrt(q (1 - q) / n + (tau^2 + wander * days) (q (1 - q))^2), days after training.

    Models of before levels were seen to wander have none: their intervals are as wide whenever they speak.
    """

    coverage: float
    tau: float
    factor: float
    wander: float = 0.0  # the variance in log odds by which an account's level moves in a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a prediction needs of a manifest; it may say more."""

    schema: Literal["cutroom.ctr/1"]
    sha256: str
    trained_at: datetime
    features_version: str
    columns: list[Column]
    intercept: float
    accounts: dict[str, Account]
    account_needs: int
    calibration: Calibration
    intervals: Intervals


def seal(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest with the digest of all the rest: whoever adds to a manifest seals it anew."""
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    return dumps({**rest, "digest": digest(rest, 64)})


def unsealed(raw: bytes, ubj: bytes) -> tuple[dict[str, Any], Shape]:
    """All of it and what a prediction needs. Raises ModelRefused; the message has no name of a file yet."""
    if len(raw) > MOST_BYTES:
        raise ModelRefused(f"its manifest has {len(raw)} bytes, and at most {MOST_BYTES} are read")
    try:
        found = loads(raw)
        if not isinstance(found, dict):
            raise ModelRefused("its manifest is no table of names")
        if found.get("schema") != SCHEMA:
            raise ModelRefused(f"its manifest is of schema {str(found.get('schema'))[:40]!r}, and {SCHEMA!r} is read")
        if seal(found) != raw:
            raise ModelRefused("its manifest is not as it was sealed")
        shape = from_json(Shape, found)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelRefused(f"its manifest cannot be read ({str(error)[:200]})") from error
    if shape.sha256 != hashlib.sha256(ubj).hexdigest():
        raise ModelRefused("its trees are not those of the manifest: model.ubj is cut off or changed")
    if not all(map(math.isfinite, _numbers(shape))):
        raise ModelRefused("its manifest holds a number that is not finite")
    if (
        any(not column.scale > 0 for column in shape.columns)
        or any(one.exposure < 1 for one in shape.accounts.values())
        or shape.intervals.tau < 0
        or shape.intervals.factor < 0
        or shape.intervals.wander < 0
        or shape.trained_at.tzinfo is None
        or not 0 < shape.intervals.coverage < 1
    ):
        raise ModelRefused("its manifest holds a scale, an exposure, a time or an interval that cannot be")
    return found, shape


def _numbers(shape: Shape) -> Iterator[float]:
    for column in shape.columns:
        yield from (column.mean, column.scale, column.weight)
    for account in shape.accounts.values():
        yield from (account.prior, *account.typical)
    yield from (shape.intercept, shape.calibration.shift, shape.calibration.slope)
    yield from (shape.intervals.tau, shape.intervals.factor, shape.intervals.wander)
    yield shape.intervals.coverage
