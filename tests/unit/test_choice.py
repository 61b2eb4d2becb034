"""Which stretches become clips, and why."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.footage import Curve, Footage
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Word
from common.scoring import candidates, choice
from common.scoring.candidates import Candidate
from common.scoring.sentences import sentences

TEXT = (
    "So and then we went on. Why does nobody test the first three seconds? You can do it in a day. "
    "It costs little and it tells you a lot about what people want. Mr. Smith has 3.5 dogs at home. "
    "They sleep. The weather was fine on that day and we walked for a long time without a word. "
    "Imagine you had only one sentence to keep somebody. What would you say to them? Most people say hello. "
) * 4


def spoken(text: str, pace: Fraction = Fraction(2, 5)) -> list[Word]:
    words, at = [], Fraction(0)
    for token in text.split():
        words.append(Word(text=token, span=Span(at, at + pace - Fraction(1, 20))))
        at += pace + (Fraction(1, 2) if token.endswith((".", "?")) else 0)
    return words


def footage(seconds: int, cuts: Sequence[int] = (), black: tuple[Span, ...] = ()) -> Footage:
    edges = [0, *cuts, seconds]
    shots = tuple(
        Shot(
            number=n,
            span=Span(Fraction(a), Fraction(b)),
            opens_with="cut" if n else "start",
            confidence=1.0,
            brightness=0.5,
            motion=0.2,
            black=False,
            frozen=False,
        )
        for n, (a, b) in enumerate(pairwise(edges))
    )
    motion = [0.1 + 0.1 * (n % 7) for n in range(seconds * 2)]
    return Footage(
        duration=Fraction(seconds),
        shots=shots,
        motion=Curve(motion, start=Fraction(0), step=Fraction(1, 2)),
        brightness=Curve([0.5] * seconds * 2, start=Fraction(0), step=Fraction(1, 2)),
        black=black,
        frozen=(),
        loudness=None,
    )


def test_sentences_end_at_marks_and_not_at_abbreviations() -> None:
    found = sentences(spoken("Mr. Smith has 3.5 dogs. Does he? He said so etc. and left…"))
    assert [one.text for one in found] == ["Mr. Smith has 3.5 dogs.", "Does he?", "He said so etc. and left…"]
    assert all(one.closed for one in found)


def test_without_marks_pauses_end_sentences_and_long_runs_are_split() -> None:
    words = spoken("one two three four") + [
        Word(text=f"w{n}", span=Span(Fraction(100) + n, Fraction(100) + n + Fraction(1, 2))) for n in range(60)
    ]
    found = sentences(words)
    assert found[0].text == "one two three four" and not found[0].closed
    assert sum(one.last - one.first + 1 for one in found) == len(words)
    assert all(one.span.duration <= Fraction(21) for one in found)


def test_clips_of_speech_are_whole_sentences_of_an_allowed_length() -> None:
    words = spoken(TEXT)
    said = sentences(words)
    seconds = int(words[-1].span.end) + 2
    found = candidates.spoken(footage(seconds), said, shortest=Fraction(10), longest=Fraction(30))
    assert found
    inside = {word.span for word in words}
    for one in found:
        assert 10 <= one.span.duration <= 30
        assert not any(
            span.start < one.span.start < span.end or span.start < one.span.end < span.end for span in inside
        )
    best = choice.choose(found, 4)
    assert len(best) == 4
    made = choice.clip(1, best[0], footage(seconds), said)
    assert made.text.startswith(("Why", "Imagine", "You", "What")), made.text
    assert made.why.startswith("It ") and made.title and len(made.title) <= 60
    assert set(made.scores) == set(candidates.SPOKEN)


def test_a_sentence_that_leans_on_the_one_before_speaks_against_a_clip() -> None:
    said = sentences(spoken(TEXT))
    found = candidates.spoken(footage(300), said, shortest=Fraction(8), longest=Fraction(30))
    first = next(one for one in found if one.sentences and one.sentences[0] == 0)
    assert any(one.name == "opens_mid_thought" and one.weight < 0 for one in first.evidence)


def test_without_speech_clips_run_from_shot_to_shot() -> None:
    found = candidates.silent(footage(60, cuts=(8, 20, 33, 47)), shortest=Fraction(10), longest=Fraction(20))
    assert all(10 <= one.span.duration <= 20 for one in found)
    chosen = choice.choose(found, 3)
    assert len(chosen) == 3
    made = choice.clip(1, chosen[0], footage(60, cuts=(8, 20, 33, 47)), ())
    assert "shot" in made.title


def test_black_counts_against_a_clip() -> None:
    dark = footage(40, cuts=(20,), black=(Span(Fraction(0), Fraction(18)),))
    found = candidates.silent(dark, shortest=Fraction(15), longest=Fraction(20))
    best = choice.choose(found, 1)[0]
    assert best.span.overlap(Span(Fraction(0), Fraction(18))) < 4
    assert any(one.name == "black_or_frozen" for one in found[0].evidence)


def test_a_video_shorter_than_the_least_length_is_one_clip_without_its_black_ends() -> None:
    short = footage(9, black=(Span(Fraction(0), Fraction(1)), Span(Fraction(8), Fraction(9))))
    whole = candidates.whole(short, ())
    assert whole.span == Span(Fraction(1), Fraction(8))
    assert "shorter than the least length" in choice.clip(1, whole, short, ()).why


def candidate(start: int, end: int, score: float) -> Candidate:
    return Candidate(span=Span(Fraction(start), Fraction(end)), score=score, parts={}, evidence=())


def test_a_long_one_gives_way_where_it_leaves_no_room() -> None:
    long, a, b = candidate(0, 30, 0.9), candidate(0, 15, 0.6), candidate(15, 30, 0.5)
    assert choice.choose([long, a, b], 1) == [long]
    assert choice.choose([long, a, b], 2) == [a, b]


def test_asking_for_more_keeps_those_there_are() -> None:
    many = [candidate(n * 10, n * 10 + 9, 0.3 + n % 7 / 10) for n in range(20)]
    assert choice.choose(many, 3) == choice.choose(many, 8)[:3]


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60), st.floats(0, 1)), max_size=40), st.integers(1, 8))
def test_chosen_ones_never_share_more_than_a_fifth(rows: list[tuple[int, int, float]], most: int) -> None:
    chosen = choice.choose([candidate(a, a + b, c) for a, b, c in rows], most)
    assert len(chosen) <= most
    assert [one.score for one in chosen] == sorted((one.score for one in chosen), reverse=True)
    for n, one in enumerate(chosen):
        for other in chosen[n + 1 :]:
            shorter = min(one.span.duration, other.span.duration)
            assert one.span.overlap(other.span) <= Fraction(1, 5) * shorter + Fraction(1, 10**9)


@pytest.mark.parametrize(("found", "total", "text"), [(0, 0, "smaller --min"), (2, 9, "room for 2"), (6, 9, None)])
def test_fewer_than_asked_is_explained(found: int, total: int, text: str | None) -> None:
    said = choice.fewer(found, 6, total, least=15)
    assert said is None if text is None else text in str(said)
