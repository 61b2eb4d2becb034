"""Whatever the trees are: walked as xgboost walks them, parts as xgboost's; whatever the bytes are: read or refused."""

from __future__ import annotations

import math
import struct
from functools import cache

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ModelRefused
from common.scoring.ctr import trees, ubj

COLUMNS = 4
# What splits lie near: few different values, so that many fall on a threshold exactly, and what a float32 rounds.
VALUES = st.one_of(
    st.just(math.nan), st.sampled_from([0.0, 0.1, 0.2, 1 / 3, 0.5, 1.0, -1.0, 1e30]), st.floats(-2, 2, allow_nan=False)
)
ROWS = st.lists(st.lists(VALUES, min_size=COLUMNS, max_size=COLUMNS), min_size=20, max_size=60)


def boosted(rows: list[list[float]], seed: int, depth: int, rounds: int = 8) -> xgboost.Booster:
    random = np.random.default_rng(seed)
    learned = xgboost.DMatrix(
        np.array(rows, np.float32), random.random(len(rows)), weight=random.uniform(1, 50, len(rows)), nthread=1
    )
    params = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": depth, "nthread": 1, "seed": 0}
    return xgboost.train({**params, "min_child_weight": 0.1, "lambda": 0.1}, learned, rounds)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, asked=ROWS, seed=st.integers(0, 10), depth=st.integers(1, 5))
def test_trees_are_walked_as_xgboost_walks_them(
    rows: list[list[float]], asked: list[list[float]], seed: int, depth: int
) -> None:
    booster = boosted(rows, seed, depth)
    read = trees.read(bytes(booster.save_raw("ubj")))
    matrix = xgboost.DMatrix(np.array(asked, np.float32), nthread=1)
    margins = booster.predict(matrix, output_margin=True)
    parts = booster.predict(matrix, pred_contribs=True)
    for row, margin, part in zip(np.array(asked, np.float32), margins, parts, strict=True):
        told, found = read.told([float(value) for value in row])
        assert abs(told - margin) < 1e-5 * max(1.0, abs(margin))  # xgboost adds in float32
        assert abs(1 / (1 + math.exp(-told)) - 1 / (1 + math.exp(-float(margin)))) < 1e-6
        assert abs(read.base + sum(found) - told) < 1e-9
        assert all(abs(found[at] - part[at]) < 1e-5 * max(1.0, abs(margin)) for at in range(COLUMNS))


@cache
def written() -> bytes:
    rows = np.random.default_rng(0).random((50, COLUMNS)).tolist()
    return bytes(boosted(rows, 0, 3, 4).save_raw("ubj"))


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 10**6), by=st.integers(1, 255), cut=st.booleans())
def test_an_altered_model_is_read_or_refused(at: int, by: int, cut: bool) -> None:
    raw = bytearray(written())
    at %= len(raw)
    raw[at] ^= by
    try:
        read = trees.read(bytes(raw[:at] if cut else raw))
    except ModelRefused:
        return
    assert not cut
    told, parts = read.told([0.5] * read.columns)
    assert math.isfinite(told) and len(parts) == read.columns


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for one in (raw, b"{" + raw, b"[" + raw, b"[$" + raw):
        try:
            ubj.loads(one)
        except ModelRefused:
            continue


def test_what_claims_to_be_large_is_refused_before_it_is_made() -> None:
    huge = struct.pack(">q", 2**62)
    for raw in (
        b"[$d#L" + huge,
        b"[#L" + huge,
        b"SL" + huge,
        b"{L" + huge,
        b"[" * 100_000,
        b"{i\x01a" * 100_000,
        b"[#i\x01" * 100_000,
        b"[$[#i\x01",
        b"S" + b"i\xff" + b"a",
        b"d" + struct.pack(">f", math.nan),
        b"{i\x01aZi\x01aZ}",
        b"ZZ",
        b"",
        b"Z" * (ubj.MOST_BYTES + 1),
    ):
        with pytest.raises(ModelRefused):
            ubj.loads(raw)
    assert ubj.loads(b"{i\x01a[$U#i\x02\x00\x01i\x01b[TFZi\x05]i\x01cSi\x02hi}") == {
        "a": [0, 1],
        "b": [True, False, None, 5],
        "c": "hi",
    }


def test_a_tree_that_goes_in_circles_or_nowhere_is_refused() -> None:
    raw = written()
    for name in (b"left_children", b"right_children", b"split_indices"):
        at = raw.index(name) + len(name)
        kind = raw[at + 2 : at + 3]
        start = at + 4 + 9  # the marker and eight bytes of the length stand between
        size = {b"i": 1, b"l": 4}[kind]
        for value in (0, 100, -2):
            changed = raw[:start] + value.to_bytes(size, "big", signed=True) + raw[start + size :]
            if changed == raw:
                continue
            if name == b"split_indices" and 0 <= value < COLUMNS:
                continue
            with pytest.raises(ModelRefused):
                trees.read(changed)


@pytest.mark.parametrize(
    "params",
    [{"objective": "reg:squarederror"}, {"base_score": 0.2}, {"max_depth": 7}, {"booster": "dart"}],
)
def test_another_kind_of_model_is_refused(params: dict[str, object]) -> None:
    random = np.random.default_rng(0)
    learned = xgboost.DMatrix(random.random((300, COLUMNS)), random.random(300), nthread=1)
    plain = {"objective": "binary:logistic", "base_score": 0.5, "nthread": 1, "min_child_weight": 0.01}
    with pytest.raises(ModelRefused):
        trees.read(bytes(xgboost.train({**plain, **params}, learned, 3).save_raw("ubj")))
