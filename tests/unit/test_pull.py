"""The hook model: what it says of a line, and that it is refused where it is not what was learned."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.observed import Observed
from common.domain.timebase import Span
from common.domain.transcript import Sentence
from common.errors import BadInput, ModelRefused
from common.scoring import naming, pulling
from common.scoring.hook import hook
from common.scoring.judging import judge
from common.scoring.pull import counts, model
from scripts.pulling import archive, fitting, training

ROOT = Path(model.__file__).parent
WEIGHTS, MANIFEST = (ROOT / model.WEIGHTS).read_bytes(), (ROOT / model.MANIFEST).read_bytes()
BAIT = "You won't believe what this 9-year-old did next, and the reason will make you cry."
DULL = "The board met in October to approve the minutes of the meeting before."


def opening(text: str, *, language: str | None = "en", worths: tuple[float | None, ...] | None = None) -> Observed:
    said = Sentence(
        first=0,
        last=len(text.split()) - 1,
        text=text,
        span=Span(Fraction(0), Fraction(2)),
        pause_before=Fraction(0),
        pause_after=Fraction(0),
        closed=True,
    )
    span = Span(Fraction(0), Fraction(20))
    return Observed(span=span, sentences=(said,), language=language, quality="given", worths=worths)


def sealed(weights: bytes, **changed: Any) -> bytes:
    told = {**json.loads(MANIFEST), "sha256": hashlib.sha256(weights).hexdigest(), **changed}
    return json.dumps(told).encode()


# What it says.


def test_a_line_that_makes_curious_out_pulls_a_dull_one() -> None:
    asked = model.shipped()
    bait, dull = asked.pull(BAIT), asked.pull(DULL)
    assert bait is not None and dull is not None and bait.value > 0.5 > dull.value
    assert bait.source == f"{asked.name} by words"


def test_an_interval_is_wider_by_words_alone() -> None:
    asked = model.shipped()
    words, depths = (asked.standing(0.0, reading) for reading in ("words", "depths"))
    assert words.high - words.low > depths.high - depths.low > 0.2
    assert words.value == pytest.approx(0.5)


@given(st.text(max_size=600))
def test_whatever_is_said_its_pull_lies_within_its_interval(text: str) -> None:
    found = model.shipped().pull(text)
    if found is None:
        assert len(text.split()) < model.FEW
    else:
        assert 0 <= found.low <= found.value <= found.high <= 1 and math.isfinite(found.value)


def test_case_and_kinds_of_quotes_tell_nothing() -> None:
    asked = model.shipped()
    assert asked.worth(BAIT.replace("'", "’")) == asked.worth(BAIT) == asked.worth(BAIT.upper())


@pytest.mark.parametrize(
    ("observed", "why"),
    [
        (opening("Das ist der Grund, warum niemand darüber spricht.", language="de"), "English alone"),
        (opening("Почему никто не говорит об этом?", language=None), "English alone"),
        (opening("Hello there."), "fewer than 3 words"),
        (Observed(span=Span(Fraction(0), Fraction(9))), "no words are known"),
    ],
)
def test_where_it_cannot_tell_it_says_why(observed: Observed, why: str) -> None:
    found = hook(observed)
    assert found.pull is None and found.pull_why is not None and why in found.pull_why
    assert "pull" not in {one.name for one in found.evidence}


def test_a_hook_is_the_stronger_for_its_pull_and_says_so() -> None:
    bait, dull = hook(opening(BAIT, worths=(0.4,))), hook(opening(BAIT, worths=(-0.4,)))
    assert bait.strength > dull.strength
    assert bait.pull is not None and bait.pull.source.endswith("by words and vectors")
    (told,) = [one.text for one in bait.evidence if one.name == "pull"]
    low, value, high = (round(10 * one) for one in (bait.pull.low, bait.pull.value, bait.pull.high))
    assert told == f"would out-pull {value} of 10 headlines ({low} to {high})"


def test_of_two_lines_the_title_is_the_one_that_pulls() -> None:
    """In another language, where nothing tells them apart, it is the first."""
    dull, pulls = (
        "A bakery in the south sells bread by the old harbour",
        "A boy asked what happened next and his dad cried",
    )
    said = tuple(one for text in (dull, pulls) for one in opening(text).sentences or ())

    def title(english: bool) -> str:
        source = naming.Source(
            span=Span(Fraction(0), Fraction(20)),
            spoken=said,
            words=[],
            others=[],
            key=None,
            texts=[],
            file="",
            shots=[],
            english=english,
        )
        return naming.name(source).title

    assert (title(english=True), title(english=False)) == (pulls, dull)


# The files.


def test_the_shipped_model_credits_whom_it_was_learned_from() -> None:
    told = model.shipped().manifest
    assert (
        "Matias" in told["learned_from"] and "CC BY 4.0" in told["learned_from"] and "changed" in told["learned_from"]
    )
    assert "The Upworthy Research Archive" in (ROOT.parents[2] / "NOTICE").read_text()
    assert told["features"] == list(counts.NAMES) and len(WEIGHTS) < 1_000_000
    draws = told["readings"]["depths"]["accuracy_of_draws"]
    assert len(draws) == fitting.DRAWS and min(draws) > 0.75 and told["readings"]["depths"]["accuracy_95"][0] > 0.72
    assert told["readings"]["depths"]["accuracy"] > told["readings"]["words"]["accuracy"] > told["longer_wins"]


@pytest.mark.parametrize("place", [0, len(WEIGHTS) // 3, len(WEIGHTS) - 2])
def test_a_byte_that_was_altered_is_noticed(place: int) -> None:
    altered = WEIGHTS[:place] + bytes([WEIGHTS[place] ^ 1]) + WEIGHTS[place + 1 :]
    with pytest.raises(ModelRefused, match=r"the hook model is refused: weights\.json is not the file"):
        model.opened(altered, MANIFEST)


def off(**changed: Any) -> bytes:
    told = json.loads(WEIGHTS)
    told["readings"]["words"] |= changed
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("weights", "manifest", "why"),
    [
        (WEIGHTS, sealed(WEIGHTS, schema="cutroom.pull/2"), "schema"),
        (WEIGHTS, sealed(WEIGHTS, features=["words"]), "counts other things"),
        (WEIGHTS, sealed(WEIGHTS, samples={BAIT: 9.0}), "adds a line up to something else"),
        (WEIGHTS, b"[" * 100_000, "no JSON"),
        (WEIGHTS, b"\xff", "no JSON"),
        (WEIGHTS, b"[]", "not what it should be"),
        (one := off(spread=0), sealed(one), "above 0"),
        (one := off(centre="0"), sealed(one), "no weight"),
        (one := off(centre=math.nan), sealed(one), "no weight"),
        (one := off(counts=[0.0]), sealed(one), "not 88"),
        (one := off(grams=[]), sealed(one), "not what it should be"),
        (one := off(depths=[0.0]), sealed(one), "depths has 1"),
        (one := off(more=1), sealed(one), "not what it should be"),
        (one := b" " * (model.MOST_BYTES + 1), sealed(one), "over 2 MB"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused_by_what_is_off(weights: bytes, manifest: bytes, why: str) -> None:
    with pytest.raises(ModelRefused, match=r"^the hook model is refused: ") as refused:
        model.opened(weights, manifest)
    assert why in str(refused.value) and str(refused.value).endswith("scripts/hooks")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(model, "WEIGHTS", "none.json")
    model.shipped.cache_clear()
    yield
    model.shipped.cache_clear()


@pytest.mark.usefixtures("without")
def test_without_it_all_else_is_judged_and_the_hook_says_why() -> None:
    found = judge(opening(BAIT)).hook
    assert found.pull is None and found.pull_why is not None and "none.json cannot be read" in found.pull_why
    assert found.strength > 0 and pulling.name() is None


def test_a_line_is_read_without_numpy() -> None:
    code = "import sys; from common.scoring.pull import model; model.shipped(); print('numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parents[2])
    assert told.stdout == "False\n"


# The learning.

DEPTHS = 8 * (fitting.LAYERS + fitting.POOLS * (fitting.LAYERS - fitting.INNERMOST))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made archive in which a word, and nothing else, decides: 150 stories of four headlines."""
    drawn = random.Random(7)
    fill = ["bread", "train", "river", "house", "music", "garden", "window", "letter", "market", "winter"]
    lines = ["clickability_test_id,headline,impressions,clicks,eyecatcher_id"]
    for test in range(150):
        for arm in range(4):
            pulls = arm % 2
            words = " ".join(drawn.choices(fill, k=5))
            share = 0.02 * (1.6 if pulls else 1.0)
            clicks = sum(drawn.random() < share for _ in range(3000))
            lines.append(f"t{test},The {'secret' if pulls else 'plain'} {words} {test} {arm},3000,{clicks},p{test}")
    path = tmp_path_factory.mktemp("archive") / "made.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def trained(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[training.Trained, archive.Arms, fitting.Matrix]:
    monkeypatch.setattr(fitting, "WIDTH", 8)
    rows, data = archive.read(path)
    arms = archive.arms(rows)
    deep = np.random.default_rng(1).normal(size=(len(arms.headlines), DEPTHS)).astype(np.float32)
    group = archive.groups(arms, deep[:, :2] * 0, training.ALIKE)
    told = training.train(path, arms, archive.pairs(arms), group, deep, data=data, source="none@1")
    return told, arms, deep


def test_it_learns_what_decides_the_same_each_time(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, arms, deep = trained(made, monkeypatch)
    assert told == trained(made, monkeypatch)[0]
    read = model.opened(told.weights, told.manifest)
    assert read.manifest["readings"]["words"]["accuracy"] > 0.95
    assert read.manifest["readings"]["words"]["coverage"] == pytest.approx(model.COVERAGE, abs=0.05)
    bait, dull = read.pull("The secret bread of the house"), read.pull("The plain bread of the house")
    assert bait is not None and dull is not None and bait.value > dull.value
    # the reader, without numpy, adds up what the fit did
    pairs = archive.pairs(arms)
    learned = training.learn(arms, pairs, np.arange(len(arms.tests)), deep)
    fitted = learned.slope * (learned.made.values @ learned.fitted.columns)
    worths = np.array([read.worth(one, deep[n].tolist()) for n, one in enumerate(arms.headlines)])
    assert worths == pytest.approx(fitted, abs=2e-3)
    with pytest.raises(ModelRefused, match="depths of a sentence"):
        read.worth(BAIT, [0.0])
    with pytest.raises(ModelRefused, match="learned with none@1"):
        read.suits("another@1", DEPTHS)
    with pytest.raises(ModelRefused, match="depths of a sentence"):
        read.suits("none@1", DEPTHS - 1)


def test_what_is_said_of_a_fold_is_what_a_model_says_that_never_saw_it() -> None:
    """Of arms that share a picture or a headline too; the shortcut by one inverse is held to learning anew."""
    drawn = random.Random(3)
    fill = ["bread", "train", "river", "house", "music", "secret", "market"]
    rows = []
    for test in range(60):
        lines = [f"The {' '.join(drawn.choices(fill, k=4))} {test} {n}" for n in range(3)]
        for picture, line in (("a", lines[0]), ("a", lines[1]), ("b", lines[1]), ("b", lines[2])):
            clicks = drawn.randrange(20, 80)
            rows.append(archive.Row(test=f"t{test}", picture=picture, headline=line, impressions=2000, clicks=clicks))
    arms = archive.arms(rows)
    pairs = archive.pairs(arms)
    group = np.arange(60) // 2
    made = fitting.design(arms.headlines, None)
    found = fitting.fit(made, arms, pairs, group)
    assert found.gains.shape == (fitting.DRAWS, len(pairs.gain)) and not np.array_equal(*found.gains[:2])
    fold = np.random.default_rng(1).permutation(np.arange(30) % fitting.FOLDS)[group]  # as the second draw has it
    for left_out in (0, 7):
        known = fold[arms.test] != left_out
        fewer = replace(
            arms,
            **{name: getattr(arms, name)[known] for name in ("test", "picture", "headline", "impressions", "clicks")},
            **{name: getattr(arms, name)[known] for name in ("logit", "variance")},
        )
        worths = made.values @ fitting.fit(made, fewer, archive.pairs(fewer), group).columns
        here = fold[pairs.test] == left_out
        assert here.any()
        anew = (worths[pairs.first] - worths[pairs.second])[here]
        assert np.abs(anew).max() > 0.01
        assert found.gains[1][here] == pytest.approx(anew, abs=1e-4)


def test_near_duplicates_stay_together() -> None:
    texts = ("Why Nobody Talks!", "why nobody talks", "A train at night", "Trains in the night", "Something else")
    rows = [
        archive.Row(test=f"t{n}", picture="p", headline=text, impressions=100, clicks=5) for n, text in enumerate(texts)
    ]
    arms = archive.arms(rows)
    turned = {"A train at night": (1, 0), "Trains in the night": (0.9, 0.43), "Something else": (0, -1)}
    vectors = np.array([turned.get(text, (-1, 0)) for text in arms.headlines], np.float32)
    vectors[[n for n, text in enumerate(arms.headlines) if text == "why nobody talks"]] = (0, 1)
    found = archive.groups(arms, vectors, 0.8)
    of = {arms.headlines[headline]: int(found[test]) for headline, test in zip(arms.headline, arms.test, strict=True)}
    assert of["Why Nobody Talks!"] == of["why nobody talks"] and of["A train at night"] == of["Trains in the night"]
    assert len(set(of.values())) == 3


HEAD = "clickability_test_id,headline,impressions,clicks,eyecatcher_id\n"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"no archive", "cannot be read"),
        (gzip.compress(HEAD.encode())[:-12], "cannot be read"),
        (gzip.compress(b"headline;clicks\n"), "no column clickability_test_id"),
        (gzip.compress(f"{HEAD}t,Why,10,11,p\n".encode()), "line 2: .*more clicks than impressions"),
        (gzip.compress(f"{HEAD}t,Why,10,-1,p\n".encode()), "line 2"),
        (gzip.compress(f"{HEAD}t,Why,nan,1,p\n".encode()), "line 2: impressions or clicks are no count"),
        (gzip.compress(f"{HEAD}t,Why,1e999,1,p\n".encode()), "line 2"),
        (gzip.compress(HEAD.encode() + b"\xff"), "no CSV in UTF-8"),
    ],
)
def test_an_archive_that_is_off_is_refused_by_its_line(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "archive.csv.gz"
    path.write_bytes(raw)
    with pytest.raises(BadInput, match=why):
        archive.read(path)
