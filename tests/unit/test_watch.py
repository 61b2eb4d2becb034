"""The stage that has a video watched, and what the council makes of it: evidence, no vote."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.domain.annotation import FEATURES, Annotation, Annotations, Feature, together
from common.domain.codec import from_json, loads
from common.domain.settings import FlowSettings
from common.domain.timebase import Span
from common.ports.work import LeftOut
from common.stages import watch
from tests.work import OneStage, make_work

AT = Span(Fraction(1), Fraction(2))
DOG = Annotation(text="dog", span=AT, confidence=0.5)


def work(tmp_path: Path, *wanted: Feature, language: str | None = None, sound: bool = True) -> OneStage:
    ingest = {"probe": {"duration": "90/1"}, "audio_track": 0 if sound else None}
    settings = FlowSettings(language=language)
    made = make_work(tmp_path, source=tmp_path / "none", settings=settings, needs={"ingest": ingest})
    made.watching.wanted = wanted
    return made


def test_what_was_seen_is_kept_with_what_it_cost(tmp_path: Path) -> None:
    made = work(tmp_path, "labels", "texts")
    made.watching.seen = Annotations(labels=(DOG,), dropped=2)
    made.watching.cost = {"labels": 200_000, "texts": 300_000}
    made.watching.left_out = {"texts": "unsupported codec"}
    outcome = watch.run(made)
    assert from_json(Annotations, loads(made.get(outcome.result["annotations"]))) == Annotations(
        labels=(DOG,), dropped=2
    )
    assert outcome.result["features"] == [
        {"name": "labels", "count": 1, "cost_micros": 200_000},
        {"name": "texts", "count": None, "cost_micros": 300_000},
    ]
    assert outcome.left_out == (LeftOut(what="texts by Video Intelligence", why="unsupported codec"),)
    assert outcome.cost_micros == 500_000
    assert made.watching.asked == [(["labels", "texts"], Fraction(90))]


@pytest.mark.parametrize(
    ("language", "sound", "why"),
    [
        ("de", True, "English alone, and the video is in de"),
        ("pt-BR", True, "English alone"),
        (None, False, "no sound"),
        ("en-GB", True, None),
        (None, True, None),
    ],
)
def test_speech_that_it_cannot_hear_is_not_paid_for(
    tmp_path: Path, language: str | None, sound: bool, why: str | None
) -> None:
    made = work(tmp_path, *FEATURES, language=language, sound=sound)
    nothing: Any = dict.fromkeys(FEATURES, ())
    made.watching.seen = Annotations(**nothing)
    outcome = watch.run(made)
    assert ("speech" in made.watching.asked[0][0]) == (why is None)
    assert [one.what for one in outcome.left_out] == ([] if why is None else ["speech by Video Intelligence"])
    assert why is None or why in outcome.left_out[0].why


def test_annotations_are_cut_put_together_and_told_apart_from_what_nobody_looked_for() -> None:
    one: Any = Annotations(labels=(DOG,), shots=(AT,), dropped=1)
    other = Annotations(texts=(replace(DOG, text="SALE", span=Span(Fraction(5), Fraction(5))),), dropped=2)
    whole = together([one, other])
    assert (whole.labels, whole.texts, whole.faces, whole.dropped) == ((DOG,), other.texts, None, 3)
    assert bool(whole) and not Annotations() and not Annotations(labels=())
    cut = whole.within(Span(Fraction(3, 2), Fraction(5)))
    assert cut.shots == (Span(Fraction(3, 2), Fraction(2)),) and cut.texts == () and cut.faces is None
    assert whole.within(Span(Fraction(5), Fraction(6))).texts == other.texts, "a moment counts where it is"
    assert whole.only(["texts"]) == Annotations(texts=other.texts, dropped=3)
