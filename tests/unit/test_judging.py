"""What is thought of a clip: each part from what is known of it, each reason with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from common.domain.footage import Curve, Footage
from common.domain.judgement import Item, Judgement, Part
from common.domain.observed import Observed
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, Sighting, TextLine, Track
from common.domain.transcript import Word
from common.scoring import weights
from common.scoring.judging import judge
from common.scoring.sentences import sentences


def span(start: float, end: float) -> Span:
    return Span(Fraction(start), Fraction(end))


def spoken(text: str, *, at: float = 0, pause: float = 0.5) -> tuple[Word, ...]:
    """About 2.5 words a second, with a pause after each sentence."""
    words, now = [], Fraction(at)
    for token in text.split():
        words.append(Word(text=token, span=Span(now, now + Fraction(3, 10))))
        now += Fraction(7, 20) + (Fraction(pause) if token[-1] in ".?!" else 0)
    return tuple(words)


def saying(text: str, *, language: str | None = "en", at: float = 0, pause: float = 0.5, **more: Any) -> Observed:
    words = spoken(text, at=at, pause=pause)
    known: dict[str, Any] = {"span": Span(Fraction(0), words[-1].span.end + Fraction(1, 2)), "quality": "given", **more}
    return Observed(words=words, sentences=sentences(words), language=language, **known)


def shots(edges: Sequence[float], **more: Any) -> tuple[Shot, ...]:
    return tuple(
        Shot(
            number=n,
            span=span(a, b),
            opens_with="cut" if n else "start",
            confidence=1.0,
            brightness=0.5,
            motion=0.1,
            black=more.get("black", False),
            frozen=False,
        )
        for n, (a, b) in enumerate(pairwise(edges))
    )


def film(edges: Sequence[float], black: tuple[Span, ...] = (), motion: Sequence[float] = (0.1,)) -> Footage:
    return Footage(
        duration=Fraction(edges[-1]),
        shots=shots(edges),
        motion=Curve(motion, start=Fraction(0), step=Fraction(1, 2)),
        brightness=Curve([0.5], start=Fraction(0), step=Fraction(1, 2)),
        black=black,
        frozen=(),
        loudness=None,
    )


def face(start: float, end: float, *, height: float = 0.2, speaking: float | None = None) -> Track:
    seen = Sighting(at=Fraction(start), box=Box(x=0.4, y=0.2, width=0.2, height=height), confidence=0.9, frontal=0.95)
    return Track(
        number=0, kind="face", shot=0, source="t@1", sightings=(seen,), span=span(start, end), speaking=speaking
    )


def text(at: float, *lines: str) -> Reading:
    box = Box(x=0.1, y=0.8, width=0.8, height=0.1)
    found = tuple(TextLine(text=line, box=box, confidence=0.95) for line in lines)
    return Reading(at=Fraction(at), shot=0, source="t@1", coverage=0.08, lines=found)


def part(judgement: Judgement, name: str) -> Part:
    return next(one for one in judgement.parts if one.name == name)


def item(judgement: Judgement, key: str) -> Item:
    return next(one for one in judgement.rubric if one.key == key)


def names(found: Part) -> set[str]:
    return {one.name for one in found.evidence}


@pytest.mark.parametrize(
    "table",
    [
        weights.SPOKEN,
        weights.SILENT,
        weights.COMPOSITE,
        weights.HOOK,
        weights.COMPLETENESS,
        weights.PACE,
        weights.ENERGY,
        weights.PICTURE,
        weights.PEOPLE,
        weights.PSYCHOLOGY,
        weights.RUBRIC,
    ],
)
def test_each_table_of_weights_adds_up_to_one(table: dict[str, float]) -> None:
    assert sum(table.values()) == pytest.approx(1)


def test_of_a_span_alone_only_its_length_is_told() -> None:
    judgement = judge(Observed(span=span(3, 23)))
    assert judgement.score == 0 and judgement.raise_by == ()
    assert all(one.value is None and one.why for one in (*judgement.parts, *judgement.psychology.values()))
    assert (judgement.hook.type, judgement.hook.strength, judgement.hook.confidence) == ("none", 0.0, 0.0)
    assert [one.key for one in judgement.rubric if one.met is not None] == ["under_60s"]
    assert all(one.why for one in judgement.rubric if one.met is None)


@pytest.mark.parametrize(
    ("opening", "kind"),
    [
        ("Why does nobody test this?", "question"),
        ("This is the best camera in the world.", "bold_claim"),
        ("90% of startups do that.", "statistic"),
        ("I was stuck with a broken phone and a painful problem.", "problem"),
        ("Last year I quit my job.", "story"),
        ("How to cook rice in three steps.", "how_to"),
        ("My skin went from dry to clear.", "before_after"),
        ("Two million people use this app.", "social_proof"),
        ("Unpopular opinion, breakfast is overrated.", "contrarian"),
        ("Wait, look.", "pattern_interrupt"),
        ("If you want a garden, you need water.", "direct_address"),
        ("The committee met in June.", "none"),
    ],
)
def test_a_hook_has_the_type_of_what_it_says(opening: str, kind: str) -> None:
    hook = judge(saying(opening)).hook
    assert hook.type == kind, hook
    assert hook.type not in hook.secondary
    assert all(one.span is not None for one in hook.evidence)


def test_a_question_opens_stronger_than_a_leaning_sentence_and_a_late_one_weaker() -> None:
    question = judge(saying("Why does nobody test this? It is easy.")).hook.strength
    late = judge(saying("Why does nobody test this? It is easy.", at=2)).hook.strength
    leaning = judge(saying("And then it went on. It is easy.")).hook.strength
    assert question > late > leaning


def test_what_a_later_sentence_leans_on_does_not_weaken_the_opening() -> None:
    hook = judge(saying("Try this. It works.")).hook
    assert "opens_with_pronoun" not in {one.name for one in hook.evidence}


def test_a_clip_that_speaks_only_later_opens_silent_and_one_without_speech_is_told_by_its_picture() -> None:
    silent = judge(saying("Here we go now.", at=6)).hook
    assert "opens_silent" in {one.name for one in silent.evidence}
    quick = judge(Observed(span=span(0, 20), words=(), sentences=(), footage=film([0, 1, 2, 20]))).hook
    slow = judge(Observed(span=span(0, 20), words=(), sentences=(), footage=film([0, 20]))).hook
    assert quick.type == "pattern_interrupt" and quick.strength > slow.strength


def test_words_of_a_draft_and_of_an_unknown_language_are_trusted_less() -> None:
    sure = saying("Why does nobody test this?")
    confidences = [
        judge(one).hook.confidence
        for one in (sure, replace(sure, quality="draft"), replace(sure, quality="draft", language=None))
    ]
    assert confidences == sorted(confidences, reverse=True) and len(set(confidences)) == 3


def test_completeness_sees_both_edges() -> None:
    whole = saying("Rice needs water. Use two cups for each cup of it.")
    open_end = saying("Rice needs water. Use two cups for")
    inside = replace(whole, words=(Word(text="said", span=span(-1, 0.2)), *spoken("Rice needs water.", at=0.3)))
    inside = replace(inside, sentences=sentences(spoken("Rice needs water.", at=0.3)))
    asked = saying("Rice needs water. But how much?")
    assert part(judge(whole), "completeness").value == 1
    for one, reason in (
        (open_end, "ends_on_sentence"),
        (inside, "starts_on_sentence"),
        (asked, "ends_without_question"),
    ):
        found = part(judge(one), "completeness")
        assert (found.value or 0) < 1
        assert any(sign.name == reason and sign.weight < 0 and sign.span for sign in found.evidence), reason


def test_pauses_and_crowded_words_slow_the_pace_down_and_say_what_to_cut() -> None:
    calm = judge(saying("One two three four five six. " * 4))
    halting = judge(saying("One two three four five six. " * 4, pause=4))
    assert (part(halting, "pace").value or 0) < (part(calm, "pace").value or 0)
    assert any(one.startswith("cut the pause of 4.0 s at 0:0") for one in halting.raise_by)
    assert part(judge(saying("你 好 吗。", language="zh-CN")), "pace").value is None


def test_black_counts_against_the_picture_and_is_named() -> None:
    light = Observed(span=span(0, 10), footage=film([0, 3, 6, 10]))
    dark = replace(light, footage=film([0, 3, 6, 10], black=(span(4, 9),)))
    assert (part(judge(dark), "picture").value or 0) == pytest.approx(0.5 * (part(judge(light), "picture").value or 0))
    assert "black_or_frozen" in names(part(judge(dark), "picture"))
    assert "take out what is black or stands still, 50% of it, from 0:04 on" in judge(dark).raise_by
    assert part(judge(replace(light, footage=film([0, 10], black=(span(0, 10),)))), "picture").value == 0


def test_a_lively_voice_beats_one_on_one_note_and_distortion_counts_against_it() -> None:
    def voiced(hz: Sequence[float | None]) -> Observed:
        return Observed(span=span(0, 5), pitch=Curve(hz, start=Fraction(0), step=Fraction(1, 2)))

    lively, flat = voiced([120.0, 180.0, None, 110.0, 200.0]), voiced([120.0, 121.0, 120.0, None, 121.0])
    assert names(part(judge(lively), "energy")) == {"lively_voice"}
    assert names(part(judge(flat), "energy")) == {"flat_voice"}
    torn = judge(replace(lively, clipped=(span(1, 2),)))
    assert part(torn, "energy").value == pytest.approx(0.8 * (part(judge(lively), "energy").value or 0))
    assert "0:01" in torn.raise_by[0]


def test_a_face_that_comes_late_should_come_first() -> None:
    never = judge(Observed(span=span(0, 20), tracks=()))
    late = judge(Observed(span=span(0, 20), tracks=(face(8, 20, height=0.4),)))
    always = judge(Observed(span=span(0, 20), tracks=(face(0, 20, height=0.4),)))
    values = [part(one, "people").value or 0 for one in (never, late, always)]
    assert values == [0, pytest.approx(0.7), 1]
    assert late.raise_by == ("show the face at 0:08 from the first second on",)
    assert "no_face" in names(part(never, "people"))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("The reason is a secret. Nobody knows it.", "curiosity"),
        ("Hurry, this ends tonight. Only three left.", "urgency"),
        ("Thousands of people have rated it. It went viral.", "social_proof"),
        ("It used to be slow. It transformed my work.", "transformation"),
        ("A study at a university proved it. The doctor agrees.", "authority"),
    ],
)
def test_psychology_is_told_by_words_with_their_places(words: str, name: str) -> None:
    found = judge(saying(words)).psychology
    best = max(found.values(), key=lambda one: one.value or 0.0)
    assert best.name == name and (best.value or 0) > 0.4
    assert all(one.span is not None and one.weight > 0 for one in best.evidence)


def test_psychology_reads_what_is_shown_and_says_where_its_lists_do_not_reach() -> None:
    shown = judge(Observed(span=span(0, 10), language="en", readings=(text(4, "LAST CHANCE", "ends today"),)))
    assert shown.psychology["urgency"].value and shown.psychology["urgency"].evidence[0].span == span(2, 6)
    german = judge(saying("Das ist ein Geheimnis, das niemand kennt.", language="de"))
    assert all(one.value is None and "de" in (one.why or "") for one in german.psychology.values())
    assert part(german, "psychology").why == german.psychology["curiosity"].why
    unsaid = judge(saying("Das ist ein Geheimnis das niemand kennt und jeder sucht.", language=None))
    assert unsaid.psychology["curiosity"].value is None


def test_marks_and_digits_are_read_in_any_language() -> None:
    assert judge(saying("Warum scheitern so viele?", language="de")).hook.type == "question"
    assert judge(saying("為什麼 失敗？", language="zh")).hook.type == "question"
    assert judge(saying("Rund 90 % scheitern daran.", language="de")).hook.type == "statistic"
    assert judge(saying("So ist das eben hier.", language="de")).hook.evidence == ()


def test_the_rubric_answers_with_places() -> None:
    judgement = judge(
        saying(
            "Meet the Chrome Cast. Get yours today.",
            span=span(0, 8),
            shots=shots([0, 1, 2, 3, 4, 30]),
            tracks=(face(1, 4, height=0.4, speaking=2.0),),
            readings=(text(1, "Chromecast"), text(4, "learn more")),
            brand="ChromeCast",
        )
    )
    met = {one.key for one in judgement.rubric if one.met}
    assert met == set(weights.RUBRIC) - {"upright"}
    assert item(judgement, "five_shots_in_5s").span == span(1, 4)
    assert item(judgement, "brand_said_in_5s").span == Span(Fraction(7, 10), Fraction(27, 20))
    assert item(judgement, "upright").why


def test_a_brand_is_a_whole_word_and_must_be_declared() -> None:
    said = item(judge(saying("Shipping now.", brand="HP")), "brand_said_in_5s")
    assert said.met is False and said.why is None
    assert item(judge(saying("Use an HP!", brand="hp")), "brand_said_in_5s").met
    undeclared = item(judge(saying("Shipping now.")), "brand_said_in_5s")
    assert undeclared.met is None and undeclared.why == "no brand or product was declared; give its name"


def test_a_long_calm_shot_meets_little_of_the_rubric() -> None:
    judgement = judge(Observed(span=span(0, 90), shots=shots([0, 90]), tracks=(), readings=(), words=(), sentences=()))
    told = [one for one in judgement.rubric if one.met is not None and not one.key.startswith("lively")]
    assert not any(one.met for one in told)


def test_novelty_is_the_distance_to_the_closest_own_clip() -> None:
    vectors = np.eye(3, 4, dtype=np.float32)
    base = saying("Rice needs water.", vectors=vectors[:1])
    assert part(judge(base), "novelty").value is None
    assert part(judge(replace(base, own=vectors[:0])), "novelty").value is None
    assert part(judge(replace(base, own=vectors[1:])), "novelty").value == 1
    again = part(judge(replace(base, own=vectors)), "novelty")
    assert again.value == 0 and again.evidence[0].name == "said_before"
    assert "different models" in (part(judge(replace(base, own=np.eye(5, dtype=np.float32))), "novelty").why or "")


def test_a_better_first_sentence_is_named_with_its_time_and_once() -> None:
    leaning = "And it was like that for all of them in those days."
    judgement = judge(saying(f"{leaning} Why do so many fail at it? {'Rice needs water. ' * 6}"))
    assert judgement.raise_by[0] == "start at the sentence at 0:04, it opens with a question"
    assert sum(one.startswith("start") for one in judgement.raise_by) == 1


def test_what_the_opening_lacks_is_named_only_where_somebody_looked() -> None:
    lacking = judge(saying("Rice needs water.", readings=(), shots=shots([0, 30]))).raise_by
    assert lacking == ("put what it is about on screen in the first 3 s", "cut once in the first 3 s")
    assert judge(saying("Rice needs water.")).raise_by == ()


def test_a_part_that_cannot_be_told_leaves_its_weight_to_the_others() -> None:
    judgement = judge(Observed(span=span(0, 20), tracks=(face(0, 20, height=0.4),)))
    told = {one.name: one.value for one in judgement.parts if one.value is not None}
    assert told == {"hook": 1.0, "people": 1.0} and judgement.score == pytest.approx(1)
