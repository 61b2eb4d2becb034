"""Which stretches become clips, and why."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from common.domain.footage import Curve, Footage
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Word
from common.scoring import candidates, choice, weights
from common.scoring.advice import MOST
from common.scoring.candidates import Candidate
from common.scoring.proposing import Told, clip
from common.scoring.sentences import BREATH, begins, ends, punctuated, sentences

TEXT = (
    "So and then we went on. Why does nobody test the first three seconds? You can do it in a day. "
    "It costs little and it tells you a lot about what people want. Mr. Smith has 3.5 dogs at home. "
    "They sleep. The weather was fine on that day and we walked for a long time without a word. "
    "Imagine you had only one sentence to keep somebody. What would you say to them? Most people say hello. "
) * 4


def spoken(text: str, pace: Fraction = Fraction(2, 5), pause: Fraction = Fraction(1, 2)) -> list[Word]:
    words, at = [], Fraction(0)
    for token in text.split():
        words.append(Word(text=token, span=Span(at, at + pace - Fraction(1, 20))))
        at += pace + (pause if token.endswith((".", "?")) else 0)
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


def test_a_mark_inside_a_sentence_does_not_end_it() -> None:
    said = (
        "He lives in the U.S. with no. 5 of them... maybe more. J. Smith came at 5 p.m. and left. I said no. We went."
    )
    assert [one.text for one in sentences(spoken(said, pause=Fraction(0)))] == [
        "He lives in the U.S. with no. 5 of them... maybe more.",
        "J. Smith came at 5 p.m. and left.",
        "I said no.",
        "We went.",
    ]


def test_a_long_sentence_is_in_parts_and_no_clip_begins_or_ends_between_them() -> None:
    long = " ".join(f"word{n}" for n in range(90)) + "."
    said = sentences(spoken(f"First one here. {long} Last one here. {'And more is said. ' * 9}"))
    assert sum(not one.closed for one in said) > 0 and punctuated(said)
    found = candidates.spoken(footage(200), said, shortest=Fraction(5), longest=Fraction(60))
    assert found
    for one in found:
        first, last = one.sentences or (0, 0)
        assert first == 0 or said[first - 1].closed
        assert said[last].closed


def test_without_marks_clips_are_cut_at_pauses_alone() -> None:
    words, at = [], Fraction(0)
    for n in range(300):
        words.append(Word(text=f"w{n}", span=Span(at, at + Fraction(3, 10))))
        at += Fraction(3, 10) + (Fraction(n % 7, 20) if n % 20 else Fraction(1, 10))
    said = sentences(words)
    assert not punctuated(said)
    found = candidates.spoken(footage(int(at) + 2), said, shortest=Fraction(10), longest=Fraction(40))
    assert found
    for one in found:
        first, last = one.sentences or (0, 0)
        assert begins(said, first, marked=False) and ends(said, last, marked=False)
        assert first == 0 or said[first].pause_before >= BREATH
        assert last == len(said) - 1 or said[last].pause_after >= BREATH


def test_where_no_sentence_is_of_an_allowed_length_pauses_say_where_to_cut() -> None:
    words, at = [], Fraction(0)
    for n in range(240):
        words.append(Word(text=f"w{n}" + ("." if n % 48 == 47 else ""), span=Span(at, at + Fraction(7, 20))))
        at += Fraction(2, 5) if (n + 1) % 12 else Fraction(7, 5)
    said = sentences(words)
    assert punctuated(said)
    found = candidates.spoken(footage(int(at) + 2), said, shortest=Fraction(8), longest=Fraction(15))
    assert found and all(8 <= one.span.duration <= 15 for one in found)


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
    assert len(best.chosen) == 4
    told = Told(footage=footage(seconds), said=said)
    made = clip(1, best.chosen[0], best.runners_up[0], told)
    assert made.text.startswith(("Why", "Imagine", "You", "What")), made.text
    assert made.why.startswith("It ") and made.title and len(made.title) <= 60
    assert set(made.scores) == set(weights.SPOKEN) - {"key", "energy"}  # nobody weighed or heard it
    assert 0 < len(made.raise_by) <= MOST
    assert made.runner_up is not None and made.runner_up.span.overlap(made.span)


def test_a_sentence_that_leans_on_the_one_before_speaks_against_a_clip() -> None:
    said = sentences(spoken(TEXT))
    found = candidates.spoken(footage(300), said, shortest=Fraction(8), longest=Fraction(30))
    first = next(one for one in found if one.sentences and one.sentences[0] == 0)
    assert any(one.name == "opens_mid_thought" and one.weight < 0 for one in first.evidence)


def test_without_speech_clips_run_from_shot_to_shot() -> None:
    found = candidates.silent(footage(60, cuts=(8, 20, 33, 47)), shortest=Fraction(10), longest=Fraction(20))
    assert all(10 <= one.span.duration <= 20 for one in found)
    best = choice.choose(found, 3)
    assert len(best.chosen) == 3
    told = Told(footage=footage(60, cuts=(8, 20, 33, 47)), said=())
    made = clip(1, best.chosen[0], best.runners_up[0], told)
    assert "shot" in made.title


def test_black_counts_against_a_clip() -> None:
    dark = footage(40, cuts=(20,), black=(Span(Fraction(0), Fraction(18)),))
    found = candidates.silent(dark, shortest=Fraction(15), longest=Fraction(20))
    best = choice.choose(found, 1).chosen[0]
    assert best.span.overlap(Span(Fraction(0), Fraction(18))) < 4
    assert any(one.name == "black_or_frozen" for one in found[0].evidence)


def test_a_video_shorter_than_the_least_length_is_one_clip_without_its_black_ends() -> None:
    short = footage(9, black=(Span(Fraction(0), Fraction(1)), Span(Fraction(8), Fraction(9))))
    whole = candidates.whole(short, ())
    assert whole.span == Span(Fraction(1), Fraction(8))
    assert "shorter than the least length" in clip(1, whole, None, Told(footage=short, said=())).why


def candidate(start: int, end: int, score: float) -> Candidate:
    return Candidate(span=Span(Fraction(start), Fraction(end)), score=score, parts={}, evidence=())


def test_a_long_one_gives_way_where_it_leaves_no_room() -> None:
    long, a, b = candidate(0, 30, 0.9), candidate(0, 15, 0.6), candidate(15, 30, 0.5)
    assert choice.choose([long, a, b], 1).chosen == (long,)
    both = choice.choose([long, a, b], 2)
    assert both.chosen == (a, b)
    assert both.runners_up[0] is not None and both.runners_up[0].behind < 0
    assert "no room" in both.runners_up[0].why


def test_asking_for_more_keeps_those_there_are() -> None:
    many = [candidate(n * 10, n * 10 + 9, 0.3 + n % 7 / 10) for n in range(20)]
    assert choice.choose(many, 3).chosen == choice.choose(many, 8).chosen[:3]


def talk(*rows: tuple[int, float, int]) -> tuple[list[Candidate], NDArray[np.float32]]:
    """Candidates of one sentence each: the second it begins at, its score, what it is about; and their vectors."""
    made = [
        Candidate(span=Span(Fraction(at), Fraction(at + 9)), score=score, parts={}, evidence=(), sentences=(n, n))
        for n, (at, score, _) in enumerate(rows)
    ]
    return made, np.eye(8, dtype=np.float32)[[about for _, _, about in rows]]


def test_one_that_says_the_same_again_is_not_chosen_and_is_the_runner_up() -> None:
    made, vectors = talk((0, 0.9, 0), (50, 0.8, 0), (100, 0.7, 1))
    best = choice.choose(made, 3, vectors)
    assert best.chosen == (made[0], made[2])
    first, second = best.runners_up
    assert first is not None and first.span == made[1].span and first.why.startswith("says much the same")
    assert (first.score, first.behind) == (0.8, 0.1)
    assert second is None
    assert "say much the same" in str(choice.fewer(best, 3, least=5))
    assert len(choice.choose(made, 3).chosen) == 3  # where nobody knows what is said


def test_what_is_not_worth_it_is_left_out_but_for_the_best() -> None:
    made, _ = talk((0, 0.2, 0), (50, 0.09, 1), (100, 0.11, 2))
    best = choice.choose(made, 3)
    assert best.chosen == (made[0], made[2])
    assert "score less than half" in str(choice.fewer(best, 3, least=5))


def test_a_runner_up_was_in_the_way_of_its_clip_alone_where_there_is_one() -> None:
    a, b = candidate(0, 20, 0.9), candidate(20, 40, 0.8)
    between, late = candidate(10, 30, 0.7), candidate(30, 50, 0.6)
    best = choice.choose([a, b, between, late], 2)
    assert best.chosen == (a, b)
    assert [one.span if one else None for one in best.runners_up] == [between.span, late.span]


def test_nothing_to_choose_from_is_no_error() -> None:
    none = choice.choose([], 5)
    assert none.chosen == () and none.runners_up == ()
    assert "smaller --min" in str(choice.fewer(none, 5, least=15))


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60), st.floats(0, 1)), max_size=40), st.integers(1, 8))
def test_chosen_ones_never_share_more_than_a_fifth(rows: list[tuple[int, int, float]], most: int) -> None:
    chosen = choice.choose([candidate(a, a + b, c) for a, b, c in rows], most).chosen
    assert len(chosen) <= most
    assert [one.score for one in chosen] == sorted((one.score for one in chosen), reverse=True)
    for n, one in enumerate(chosen):
        for other in chosen[n + 1 :]:
            shorter = min(one.span.duration, other.span.duration)
            assert one.span.overlap(other.span) <= Fraction(1, 5) * shorter + Fraction(1, 10**9)


@pytest.mark.parametrize(("wanted", "text"), [(3, "room for 2"), (2, None)])
def test_fewer_than_asked_is_explained(wanted: int, text: str | None) -> None:
    best = choice.choose([candidate(0, 20, 0.9), candidate(20, 40, 0.8), candidate(10, 30, 0.7)], wanted)
    said = choice.fewer(best, wanted, least=15)
    assert said is None if text is None else text in str(said)


def test_what_would_raise_the_score_is_said_by_what_it_gains() -> None:
    said = sentences(spoken(TEXT))
    found = candidates.spoken(footage(300), said, shortest=Fraction(8), longest=Fraction(30))
    first = next(one for one in found if one.sentences and one.sentences[0] == 0)
    words = clip(1, first, None, Told(footage=footage(300), said=said)).raise_by
    assert any(one.startswith("open with the sentence at 0:0") for one in words)
    gains = [float(one.rpartition("+")[2].rstrip(")")) for one in words]
    assert gains == sorted(gains, reverse=True)
