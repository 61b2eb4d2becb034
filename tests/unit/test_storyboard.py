"""A plan is judged like footage, and whatever is wrong in its file is said by the field's name."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.timebase import Span
from common.errors import BadInput
from common.scoring.judging import judge
from common.scoring.storyboard import LONGEST, MOST_BYTES, MOST_SHOTS, SCHEMA, observe, read
from common.signals.features.registry import vector

SHOTS: list[dict[str, Any]] = [
    {"seconds": 2, "say": "Why is your TV so slow?", "text": "Chromecast", "picture": "stills/1.jpg"},
    {"seconds": 1.5, "say": "Here's how to fix it."},
    {"seconds": 4.0, "text": "Get yours today"},
]


def plan(**changed: Any) -> bytes:
    board = {"schema": SCHEMA, "title": "A faster TV", "brand": "ChromeCast", "shots": SHOTS, **changed}
    return json.dumps({name: value for name, value in board.items() if value is not ...}).encode()


def shot(**changed: Any) -> bytes:
    return plan(shots=[*SHOTS, {"seconds": 1, **changed}])


def test_a_plan_becomes_what_is_known_of_it_and_no_more() -> None:
    board = read(plan())
    assert (board.title, board.brand) == ("A faster TV", "ChromeCast")
    assert board.shots[0].picture == PurePosixPath("stills/1.jpg")
    observed = observe(board)
    assert observed.span == Span(Fraction(0), Fraction(15, 2))
    assert [one.span.end for one in observed.shots or ()] == [2, Fraction(7, 2), Fraction(15, 2)]
    assert observed.text == "Why is your TV so slow? Here's how to fix it."
    assert [one.at for one in observed.readings or () if one.lines] == [0, Fraction(7, 2)]
    assert observed.words is not None and observed.words[-1].span.end == Fraction(7, 2)
    unknown = (observed.probe, observed.footage, observed.tracks, observed.sounds, observed.pitch, observed.vectors)
    assert unknown == (None,) * len(unknown)


def test_a_plan_is_judged_by_the_same_parts() -> None:
    judgement = judge(observe(read(plan())))
    told = {one.name: one.value for one in judgement.parts}
    assert judgement.hook.type == "question" and judgement.score > 0.5
    assert told["people"] is None and told["energy"] is None and told["completeness"] == 1
    met = {one.key: one.met for one in judgement.rubric}
    assert met["brand_shown_in_5s"] is True and met["call_to_action_shown"] is True
    assert met["brand_said_in_5s"] is False and met["face"] is None
    dull = judge(observe(read(plan(shots=[{"seconds": 30, "say": "And so it was as it had been"}]))))
    assert dull.score < judgement.score


def test_a_plan_without_words_knows_of_none_and_an_empty_one_is_silence() -> None:
    assert observe(read(plan(shots=[{"seconds": 3}]))).words is None
    silent = observe(read(plan(shots=[{"seconds": 3, "say": "", "text": " "}])))
    assert silent.words == () and silent.readings is not None and not silent.readings[0].lines


def test_control_characters_and_spaces_in_text_are_mended() -> None:
    assert read(shot(say="one\u0000\n two\ud800  three")).shots[-1].say == "one two three"


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (MOST_BYTES + 1), "over 1 MB"),
        (b"[]", "storyboard must be an object"),
        (plan(schema="cutroom.storyboard/2"), "schema"),
        (plan(schema=...), "no schema"),
        (plan(title=...), "no title"),
        (plan(title=7), "title must be text"),
        (plan(title="  "), "title is empty"),
        (plan(title="x" * 201), "title is longer"),
        (plan(brand=""), "brand is empty"),
        (plan(shots=[]), "shots must be a list"),
        (plan(shots={}), "shots must be a list"),
        (plan(shots=[{"seconds": 1}] * (MOST_SHOTS + 1)), f"1 to {MOST_SHOTS}"),
        (plan(colour="red"), "unknown field 'colour'"),
        (plan(shots=["x"]), "shots\\[0\\] must be an object"),
        (plan(shots=[{}]), "shots\\[0\\] has no seconds"),
        (shot(seconds=0), "shots\\[3\\].seconds"),
        (shot(seconds=-1), "shots\\[3\\].seconds"),
        (shot(seconds=True), "shots\\[3\\].seconds"),
        (shot(seconds="1"), "shots\\[3\\].seconds"),
        (shot(seconds=float(LONGEST) + 1), "shots\\[3\\].seconds"),
        (plan().replace(b"1.5", b"1e999"), "shots\\[1\\].seconds"),
        (plan().replace(b"1.5", b"NaN"), "NaN"),
        (plan().replace(b"1.5", b"9" * 5000), "no JSON"),
        (plan().replace(b'"title"', b'"schema"'), "'schema' is there twice"),
        (shot(say=["x"]), "shots\\[3\\].say"),
        (shot(text="x" * 5001), "shots\\[3\\].text"),
        (shot(subtitle="x"), "unknown field 'subtitle'"),
        (shot(picture=""), "shots\\[3\\].picture"),
        (shot(picture="."), "shots\\[3\\].picture"),
        (shot(picture="/etc/passwd"), "shots\\[3\\].picture"),
        (shot(picture="a/../../b.jpg"), "shots\\[3\\].picture"),
        (shot(picture="..\\b.jpg"), "shots\\[3\\].picture"),
        (shot(picture="C:b.jpg"), "shots\\[3\\].picture"),
        (shot(picture="a\u0000.jpg"), "shots\\[3\\].picture"),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, names: str) -> None:
    with pytest.raises(BadInput, match=names) as caught:
        read(raw)
    assert ";" in str(caught.value)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.fixed_dictionaries(
    {"seconds": st.floats(0.04, 60) | anything}, optional={"say": anything, "text": anything, "picture": anything}
)


@given(st.lists(fields, max_size=4), anything, st.binary(max_size=40))
def test_any_file_is_a_plan_or_a_named_fault(shots: list[Any], brand: Any, noise: bytes) -> None:
    for raw in (plan(shots=shots, brand=brand), noise, plan(shots=shots)[: len(noise) * 4]):
        try:
            board = read(raw)
        except BadInput:
            continue
        assert 0 <= judge(observe(board)).score <= 1


def test_a_plan_has_features_too() -> None:
    observed = observe(read(plan()))
    found = vector(observed, judge(observed))
    assert found["hook_type_question"] == 1 and found["text_coverage_mean"] is None
