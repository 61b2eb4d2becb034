"""Meaning: sentences as vectors, topics, key moments and liveliness, each told from what it is not."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.adapters.models import minilm
from common.adapters.models.local import LocalModels
from common.domain.codec import loads, to_json
from common.domain.footage import Curve, Footage
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Sentence, Transcript, Word
from common.errors import ModelMissing, ModelRefused
from common.scoring.contentwords import content_words
from common.scoring.engagement import engagement
from common.scoring.keysentences import scores
from common.scoring.meaning import LEAST, cut, meaning, telling
from common.scoring.pull.model import shipped
from common.stages import inputs
from common.stages import meaning as stage
from tests.work import OneStage, make_work

F = Fraction

BREAD = (
    "Bread begins with flour and water.",
    "The dough needs salt and a little yeast.",
    "We knead the dough until it is smooth.",
    "Then the dough rests and rises for two hours.",
    "A hot oven gives the bread its crust.",
    "Good bread needs good flour and a slow dough.",
    "The crust of the bread should crack when it cools.",
    "Yeast works slowly in a cold kitchen.",
)
RAILWAY = (
    "The railway reached our town a century ago.",
    "Every train stopped at the old station.",
    "The engine driver knew each signal by name.",
    "A train to the coast took four hours on that line.",
    "Today the railway line carries freight alone.",
    "The station building became a museum of engines.",
    "Volunteers repair the engine of an old steam train.",
    "Signals and tracks are checked before any train may run.",
)


def said(texts: Sequence[str], *, each: Any = 3) -> list[Sentence]:
    found, words = [], 0
    for n, text in enumerate(texts):
        count = len(text.split())
        found.append(
            Sentence(
                first=words,
                last=words + count - 1,
                text=text,
                span=Span(n * F(each), (n + 1) * F(each)),
                pause_before=F(0),
                pause_after=F(0),
                closed=True,
            )
        )
        words += count
    return found


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float32]:
    """Of BREAD, then RAILWAY, by the model in its child."""
    folder = tmp_path_factory.mktemp("vectors")
    with LocalModels(folder).sentences(folder) as embedder:
        made = embedder.embed([*BREAD, *RAILWAY])
    return np.asarray(made, np.float32)


# The model.


def test_vectors_are_those_of_the_published_model(tmp_path: Path) -> None:
    """Against cosines that others get from the same weights."""
    texts = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    before = set(sys.modules)
    with LocalModels(tmp_path).sentences(tmp_path) as embedder:
        assert embedder.source == "all-MiniLM-L6-v2@0.1.0"
        made = embedder.embed(texts)
        assert (made @ made.T)[0] == pytest.approx([1, 0.695, 0.943, 0.257], abs=0.001)
        # a batch of other lengths, one text empty and one beyond what is read, changes no vector
        again = embedder.embed(["", "word " * 2000, *reversed(texts)])
        assert again[2:][::-1] == pytest.approx(made, abs=1e-5)
        assert np.linalg.norm(again, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
        assert embedder.embed([]).shape == (0, 384)
    assert not {"tokenizers", "safetensors"} & (set(sys.modules) - before)


def test_a_cut_off_or_missing_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(minilm.MiniLM.here(tmp_path).arguments["folder"])
    (tmp_path / minilm.WEIGHTS).write_bytes((folder / minilm.WEIGHTS).read_bytes()[:1000])
    with pytest.raises(ModelRefused, match=minilm.WEIGHTS):
        minilm.MiniLM(str(tmp_path))
    with pytest.raises(ModelRefused, match="not float32"):
        minilm._check_shapes({"embeddings.word_embeddings.weight": np.zeros((2, 2), np.float32)}, tmp_path)
    monkeypatch.setattr(minilm, "PACKAGE", "gt-that-is-not-there")
    with pytest.raises(ModelMissing, match="scripts/setup"):
        minilm.MiniLM.here(tmp_path)


# Topics.


def test_a_talk_is_cut_where_it_changes_its_subject(vectors: NDArray[np.float32]) -> None:
    texts = [*BREAD, *RAILWAY]
    found = meaning(said(texts), vectors)
    assert [(one.first, one.last) for one in found.topics] == [(0, 7), (8, 15)]
    bread, railway = found.topics
    assert bread.span == Span(F(0), F(24))
    assert {"bread", "dough"} <= set(bread.words) and {"train", "engine"} & set(railway.words)
    assert not set(bread.words) & set(railway.words)
    assert 2 <= len(bread.label.split(", ")) <= 4
    assert 0 <= bread.central <= 7 < railway.central <= 15
    assert cut(said(BREAD), vectors[:8]) == [(0, 8)]  # one subject is one topic


def test_the_cuts_are_the_best_of_all() -> None:
    """Against trying every way to cut, on vectors of three directions."""
    chance = np.random.default_rng(4)
    raw = np.repeat(np.eye(6)[:3], 5, axis=0) + chance.normal(0, 0.2, (15, 6))
    made = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    assert cut(said(["eight words are here to make it full"] * 15), made) == [(0, 5), (5, 10), (10, 15)]


def test_no_topic_is_shorter_than_asked() -> None:
    """One sentence that is like no other stays with its neighbours, wherever it stands."""
    for odd in (0, 10, 19):
        made = np.tile(np.array([[1.0, 0.0]], np.float32), (20, 1))
        made[odd] = (0, 1)
        cuts = cut(said(["eight words are here to make it full"] * 20), made)
        assert min(end - first for first, end in cuts) >= LEAST


def test_moments_stand_for_all_topics_and_say_nothing_twice(vectors: NDArray[np.float32]) -> None:
    found = meaning(said([*BREAD, *RAILWAY]), vectors)
    assert {one.topic for one in found.moments[:2]} == {0, 1}
    assert [one.worth for one in found.moments] == sorted((one.worth for one in found.moments), reverse=True)
    twice = np.vstack([vectors[:8], vectors[:8]])
    moments = meaning(said([*BREAD, *BREAD]), twice).moments
    assert len({one.sentence % 8 for one in moments}) == len(moments)


def test_key_sentences_have_matter_and_an_early_place() -> None:
    alike = np.ones((4, 1), np.float32)
    words = [["flour", "water"], ["dough"], [], ["oven", "crust", "bread"]]
    made = scores([" ".join(one) for one in words], words, alike)
    assert made[2] == min(made)
    assert made[0] > made[1]
    assert scores(["alone"], [["alone"]], np.ones((1, 1), np.float32)) == [0.0]


def test_a_sentence_that_leads_to_what_follows_is_key_and_talk_of_oneself_is_not() -> None:
    words = [["flour", "water"]] * 5
    texts = ["flour and water"] * 5
    alike = np.eye(5, dtype=np.float32)
    leading = alike.copy()
    leading[2, [1, 3, 4]] = 0, 0.5, 0.5
    assert scores(texts, words, leading)[2] > scores(texts, words, alike)[2]
    own = [*texts[:3], "I say flour water", texts[4]]
    other = [*texts[:3], "we say flour water", texts[4]]
    assert scores(own, words, alike)[3] < scores(other, words, alike)[3]


def test_labels_tell_a_topic_from_the_others() -> None:
    one, other = telling([["talk", "bread", "bread", "breads", "talk"], ["talk", "talk", "train", "train"]])
    assert one[0] == "bread" and other[0] == "train"
    assert "breads" not in one
    assert telling([[]]) == [()]


def test_content_words_are_lower_case_and_carry_matter() -> None:
    assert content_words(["So, the DOUGH’s   ready: don't you think?", "", "Übung macht Meister"]) == [
        ["dough", "ready"],
        [],
        ["übung", "macht", "meister"],
    ]
    often = content_words(["alors bread"] + ["alors rien"] * 2 + [f"alors w{n}x" for n in range(40)])
    assert often[0] == ["bread"]


def test_nothing_said_has_no_meaning() -> None:
    found = meaning([], np.zeros((0, 384), np.float32))
    assert (found.topics, found.key, found.moments) == ((), (), ())
    single = meaning(said(["Well."]), np.full((1, 4), 0.5, np.float32))
    assert [(one.first, one.last, one.label) for one in single.topics] == [(0, 0, "Well.")]


# Liveliness.


def footage(*, loud: bool = True) -> Footage:
    shots = tuple(
        Shot(
            number=n,
            span=Span(F(start), F(end)),
            opens_with="cut",
            confidence=1.0,
            brightness=0.5,
            motion=0.1,
            black=False,
            frozen=False,
        )
        for n, (start, end) in enumerate([(0, 30), (30, 33), (33, 36), (36, 60)])
    )
    second = [0.02] * 30 + [0.2] * 15 + [0.02] * 15
    levels = [-30.0] * 30 + [-18.0] * 15 + [-30.0] * 15
    return Footage(
        duration=F(60),
        shots=shots,
        motion=Curve(second, start=F(0), step=F(1)),
        brightness=Curve([0.5] * 60, start=F(0), step=F(1)),
        black=(),
        frozen=(),
        loudness=Curve(levels, start=F(0), step=F(1)) if loud else None,
    )


def test_liveliness_names_its_parts_and_finds_the_lively_stretch(vectors: NDArray[np.float32]) -> None:
    found = engagement(footage(), said([*BREAD, *BREAD], each=F(15, 4)), np.vstack([vectors[:8], vectors[:8]]))
    assert [one.span for one in found] == [Span(F(n), F(n + 15)) for n in (0, 15, 30, 45)]
    assert set(found[0].parts) == {"pace", "energy", "novelty", "motion", "cuts"}
    assert all(0 <= value <= 1 for one in found for value in (one.value, *one.parts.values()))
    assert max(found, key=lambda one: one.value) == found[2]
    assert found[0].parts["novelty"] > 0.5 > 0.1 > found[3].parts["novelty"]  # by then it was all said before


def test_without_words_or_sound_the_picture_is_left() -> None:
    nothing = np.zeros((0, 384), np.float32)
    assert [set(one.parts) for one in engagement(footage(loud=False), [], nothing)] == [{"motion", "cuts"}] * 4
    assert set(engagement(footage(), [], nothing)[0].parts) == {"energy", "motion", "cuts"}


# The stage.


class Models(LocalModels):
    def __init__(self, vectors: NDArray[np.float32] | None) -> None:
        super().__init__(Path("nowhere"))
        object.__setattr__(self, "vectors", vectors)

    @contextmanager
    def sentences(self, scratch: Path) -> Iterator[Any]:
        vectors = getattr(self, "vectors")  # noqa: B009
        if vectors is None:
            raise ModelMissing("no embedder here; run scripts/setup")
        yield Embedder(vectors)


class Embedder:
    source = "table@1"

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors

    def depths(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._vectors[[[*BREAD, *RAILWAY].index(text) for text in texts]]


def work_on(folder: Path, texts: Sequence[str], vectors: NDArray[np.float32] | None) -> OneStage:
    work = make_work(folder, source=folder / "video.mp4", models=Models(vectors))
    known = footage()
    activity = {"step": "1", "motion": known.motion.values, "brightness": known.brightness.values, "sharpness": []}
    assert known.loudness is not None
    levels = {"momentary": known.loudness.values, "start": "0", "step": "1"}
    spoken, start = [], F(0)
    for text in texts:
        for word in text.split():
            spoken.append(Word(text=word, span=Span(start, start + F(2, 5))))
            start += F(2, 5)
    told = Transcript(language="en", source="srt", timing="measured", words=tuple(spoken))
    work.given = {
        "ingest": {},
        "shots": {
            "shots": work.keep("shots.json", to_json(known.shots)),
            "activity": work.keep("activity.json", activity),
            "black": [],
            "frozen": [],
        },
        "listen": {"levels": work.keep("levels.json", levels)},
        "transcribe": {"words": len(spoken), "transcript": work.keep("transcript.json", to_json(told))},
    }
    return work


def test_a_few_words_are_about_nothing_and_that_is_said(tmp_path: Path, vectors: NDArray[np.float32]) -> None:
    outcome = stage.run(work_on(tmp_path, ["in the"], vectors))
    assert [one.why for one in outcome.left_out] == ["2 words are too few to tell what it is about"]
    assert (outcome.result["topics"], outcome.result["moments"], outcome.result["source"]) == (0, 0, None)


def test_the_stage_gives_topics_moments_liveliness_and_vectors(tmp_path: Path, vectors: NDArray[np.float32]) -> None:
    work = work_on(tmp_path, [*BREAD, *RAILWAY], vectors)
    outcome = stage.run(work)
    assert (outcome.result["topics"], outcome.result["source"], outcome.result["pull"]) == (2, "table@1", None)
    (left_out,) = outcome.left_out
    assert left_out.what == "how well each sentence would pull"
    assert "it was learned with all-MiniLM-L6-v2@0.1.0, and table@1 reads the sentences here" in left_out.why
    kept = loads(work.get(outcome.result["meaning"]))
    assert [one["text"] for one in kept["sentences"]] == [*BREAD, *RAILWAY]
    assert all(0 < one["key"] < 1 for one in kept["sentences"])
    assert [one["text"] for one in kept["moments"]] == [
        kept["sentences"][one["sentence"]]["text"] for one in kept["moments"]
    ]
    assert kept["topics"][1]["start"] == kept["sentences"][8]["start"]
    assert len(kept["engagement"]) == 4
    with np.load(io.BytesIO(work.get(outcome.result["vectors"]))) as arrays:
        assert np.array_equal(arrays["vectors"], vectors)
    assert work.steps[-1] == (16, 16, "sentences")


def test_each_sentence_is_weighed_as_an_opening(tmp_path: Path) -> None:
    work = work_on(tmp_path, BREAD, None)
    work.models = LocalModels(tmp_path)
    outcome = stage.run(work)
    asked = shipped()
    assert (outcome.result["pull"], outcome.left_out) == (asked.name, ())
    kept = [one["worth"] for one in loads(work.get(outcome.result["meaning"]))["sentences"]]
    with work.models.sentences(tmp_path) as embedder:
        depths = embedder.depths(BREAD)
    assert np.array_equal(depths[:, :384], np.load(io.BytesIO(work.get(outcome.result["vectors"])))["vectors"])
    assert kept == pytest.approx([asked.worth(text, depths[n, 384:]) for n, text in enumerate(BREAD)], abs=1e-6)
    work.given["meaning"] = outcome.result
    assert inputs.worths(work) == tuple(kept)
    work.given["meaning"] = {**outcome.result, "pull": "pull@other"}
    assert inputs.worths(work) is None


def test_without_the_model_sentences_and_liveliness_stay(tmp_path: Path) -> None:
    work = work_on(tmp_path, BREAD, None)
    outcome = stage.run(work)
    assert [one.what for one in outcome.left_out] == ["topics and key moments"]
    kept = loads(work.get(outcome.result["meaning"]))
    assert (kept["topics"], kept["moments"], kept["source"]) == ([], [], None)
    assert [one["key"] for one in kept["sentences"]] == [None] * 8
    assert set(kept["engagement"][0]["parts"]) == {"pace", "energy", "motion", "cuts"}


def test_without_words_no_model_is_opened(tmp_path: Path) -> None:
    work = work_on(tmp_path, [], None)
    for spoken in (work.given["transcribe"], None):
        work.given["transcribe"] = spoken
        outcome = stage.run(work)
        assert (outcome.left_out, outcome.result["topics"]) == ((), 0)
        kept = loads(work.get(outcome.result["meaning"]))
        assert (kept["sentences"], len(kept["engagement"])) == ([], 4)
