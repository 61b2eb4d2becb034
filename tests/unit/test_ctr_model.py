"""The model of clicks: what it says, that its parts add up, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import xgboost

from common.domain.learning import Prediction, Silence
from common.errors import BadInput, ModelRefused, NotEnough
from common.scoring.ctr import model, table, training, words
from common.scoring.ctr.manifest import seal
from common.signals.features.registry import FEATURES
from tests.clicks import NOW, VERSION, creatives


@cache
def trained() -> training.Trained:
    return training.train(creatives(), now=NOW, features_version=VERSION)


@cache
def opened() -> model.Model:
    return model.opened("ctr@1", trained().ubj, trained().sealed)


def told(**given: object) -> Prediction:
    asked = {"account": "account-1", "network": "meta", "segments": {"age": "18-24"}, **given}
    found = opened().foretell(asked.pop("features", {"strong": 0.5, "other": 0.1}), **asked)  # type: ignore[arg-type]
    assert isinstance(found, Prediction)
    return found


def test_every_row_is_told_as_xgboost_tells_it() -> None:
    rows = training.ripe(creatives(), NOW)
    made = table.table(rows)
    shape = opened().shape
    booster = xgboost.Booster(model_file=bytearray(trained().ubj))
    lines = []
    for at, row in enumerate(rows):
        parts = [
            column.weight * min(4, max(-4, (value - column.mean) / column.scale))
            for column, value in zip(shape.columns, map(float, made.raw[at]), strict=True)
            if value == value
        ]
        lines.append(shape.intercept + sum(parts) + shape.accounts[row.account].prior)
    base = np.array(lines)
    margin = booster.predict(xgboost.DMatrix(made.raw, base_margin=base), output_margin=True)
    expected = 1 / (1 + np.exp(-(shape.calibration.shift + shape.calibration.slope * margin.astype(float))))
    for at, row in enumerate(rows):
        found = opened().foretell(row.features, account=row.account, network=row.network, segments=row.segments)
        assert isinstance(found, Prediction)
        assert abs(found.value - expected[at]) < 1e-6


def test_the_parts_and_the_base_make_the_prediction() -> None:
    shape = opened().shape
    base = shape.calibration.shift + shape.calibration.slope * (shape.intercept + opened().trees.base)
    for strong in (0.0, 0.3, 1.0, None):
        found = told(features={"strong": strong, "other": None})
        logit = math.log(found.value / (1 - found.value))
        assert abs(base + sum(one.effect for one in found.contributions) - logit) < 1e-9
    assert told(features={"strong": 1.0}).value > 1.5 * told(features={"strong": 0.0}).value


def test_parts_are_told_in_words_the_most_first() -> None:
    found = told(features={"strong": 1.0}).contributions
    effects = [abs(one.effect) for one in found]
    assert effects == sorted(effects, reverse=True)
    assert {"strong", "account", "age"} <= {one.name for one in found}
    assert next(one.text for one in found if one.name == "strong") == "strong raises it"
    assert "this account usually" in next(one.text for one in found if one.name == "account")


def test_every_feature_has_a_phrase_of_its_own() -> None:
    assert not [one.name for one in FEATURES if words.phrase(one.name) == one.name.replace("_", " ")]


def test_fewer_impressions_make_the_interval_wider() -> None:
    widths = [told(exposure=n).high - told(exposure=n).low for n in (100, 1000, 10_000, 10**9)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0
    assert told().exposure == opened().shape.accounts["account-1"].exposure


def test_an_account_with_little_behind_it_gets_no_number() -> None:
    rows = creatives()
    new = [replace(row, account="new") if at in (8, 16, 24) else row for at, row in enumerate(rows)]
    made = training.train(new, now=NOW, features_version=VERSION)
    for account, have in (("new", 3), ("never seen", 0)):
        found = model.opened("ctr@2", made.ubj, made.sealed).foretell({}, account=account, network="meta")
        assert isinstance(found, Silence)
        assert (found.have, found.need) == (have, training.NEEDED_OF_ACCOUNT)
        assert "not enough data" in found.why


def test_the_order_of_creatives_changes_no_byte() -> None:
    again = training.train(creatives()[::-1], now=NOW, features_version=VERSION)
    assert (again.ubj, again.sealed) == (trained().ubj, trained().sealed)


def test_what_is_not_ripe_or_too_little_is_not_learned_from() -> None:
    with pytest.raises(NotEnough) as caught:
        training.train(creatives(99), now=NOW, features_version=VERSION)
    assert (caught.value.have, caught.value.need) == (99, 100)
    with pytest.raises(NotEnough, match="clicks"):
        training.train([replace(row, clicks=0) for row in creatives()], now=NOW, features_version=VERSION)
    with pytest.raises(NotEnough, match="near-duplicates"):
        training.train([replace(row, group="all") for row in creatives()], now=NOW, features_version=VERSION)
    young = [replace(row, launched=NOW) for row in creatives()]
    with pytest.raises(NotEnough):
        training.train(young, now=NOW, features_version=VERSION)


@pytest.mark.parametrize(
    "change",
    [
        {"clicks": 10**9},
        {"clicks": -1},
        {"impressions": 10**400},
        {"features": {"strong": math.inf}},
        {"features": {"strong": 1e300}},
        {"launched": NOW.replace(tzinfo=None)},
        {"id": "c0000"},
    ],
)
def test_a_creative_that_cannot_be_is_named(change: dict[str, object]) -> None:
    rows = creatives()
    rows[7] = replace(rows[7], **change)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=str(change.get("id", "c0007"))):
        training.train(rows, now=NOW, features_version=VERSION)


def test_one_account_and_one_constant_feature_are_enough() -> None:
    rows = [replace(row, features={"same": 1.0}, segments={}) for row in creatives(200, accounts=1)]
    made = training.train(rows, now=NOW, features_version=VERSION)
    found = model.opened("ctr@1", made.ubj, made.sealed).foretell({"same": 1.0}, account="account-0", network="youtube")
    assert isinstance(found, Prediction)
    mean = sum(row.clicks for row in rows) / sum(row.impressions for row in rows)
    assert abs(found.value / mean - 1) < 0.2


def test_features_of_another_version_are_refused_by_the_name_of_the_model() -> None:
    with pytest.raises(ModelRefused, match="ctr@1"):
        told(features_version="other")
    assert told(features_version=VERSION)


@pytest.mark.parametrize("features", [{"strong": math.inf}, {"strong": -1e39}, {"strong": 10**400}])
def test_a_feature_that_is_no_number_is_named(features: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="strong"):
        told(features=features)
    with pytest.raises(BadInput, match="impressions"):
        told(exposure=10**400)


def test_an_altered_file_is_refused_by_name() -> None:
    ubj, manifest = trained().ubj, trained().sealed
    for at in range(0, len(ubj), len(ubj) // 20):
        with pytest.raises(ModelRefused, match="ctr@7"):
            model.opened("ctr@7", ubj[:at] + bytes([ubj[at] ^ 1]) + ubj[at + 1 :], manifest)
    for at in range(0, len(manifest), len(manifest) // 40):
        with pytest.raises(ModelRefused, match="ctr@7"):
            model.opened("ctr@7", ubj, manifest[:at] + bytes([manifest[at] ^ 1]) + manifest[at + 1 :])
    for bad in (b"", b"[]", b"{}", b"[" * 100_000, b"\xff"):
        with pytest.raises(ModelRefused, match="ctr@7"):
            model.opened("ctr@7", ubj, bad)
    more = seal({**trained().manifest, "code": "more"})
    assert model.opened("ctr@7", ubj, more).manifest["code"] == "more"
