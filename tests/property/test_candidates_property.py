"""Whatever is said, whenever: sentences take every word once, candidates are whole sentences that cut no word."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.footage import Cover, Curve, Footage
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Word
from common.scoring import candidates, choice
from common.scoring.proposing import Told, clip
from common.scoring.sentences import BREATH, punctuated, sentences

TEXTS = st.sampled_from(
    ["why", "you", "and", "It", "7", "never", "end.", "so?", "Mr.", "3.5", "good!", "…", "终于。", "है।"]
)
TICKS = st.integers(0, 3000)


@st.composite
def talks(draw: st.DrawFn) -> list[Word]:
    at, words = Fraction(draw(TICKS), 1000), []
    for text, pause, length in draw(st.lists(st.tuples(TEXTS, TICKS, TICKS), min_size=1, max_size=80)):
        end = at + Fraction(length, 3000)
        words.append(Word(text=text, span=Span(at, end)))
        at = end + (Fraction(pause, 1000) if pause > 2000 else 0)
    return words


def footage(end: Fraction) -> Footage:
    shot = Shot(
        number=0,
        span=Span(Fraction(0), end),
        opens_with="start",
        confidence=1.0,
        brightness=0.5,
        motion=0.1,
        black=False,
        frozen=False,
    )
    curve = Curve([0.1], start=Fraction(0), step=Fraction(1, 2))
    return Footage(duration=end, shots=(shot,), motion=curve, brightness=curve, black=(), frozen=(), loudness=None)


@given(talks())
def test_every_word_is_in_one_sentence(words: list[Word]) -> None:
    found = sentences(words)
    assert [n for one in found for n in range(one.first, one.last + 1)] == list(range(len(words)))
    assert all(one.pause_before >= 0 and one.pause_after >= 0 for one in found)


@given(talks(), st.integers(1, 20), st.integers(0, 40))
def test_candidates_keep_to_the_lengths_and_cut_no_word(words: list[Word], least: int, more: int) -> None:
    film = footage(words[-1].span.end + 1)
    said = sentences(words)
    shortest, longest = Fraction(least), Fraction(least + more)
    found = candidates.spoken(film, said, shortest=shortest, longest=longest)
    for one in found:
        assert shortest <= one.span.duration <= longest
        assert one.span.start >= 0 and one.span.end <= film.duration
        assert 0 <= one.score <= 1 and all(0 <= part <= 1 for part in one.parts.values())
        for edge in (one.span.start, one.span.end):
            assert not any(word.span.start < edge < word.span.end for word in words)
        first, last = one.sentences or (0, 0)
        if not punctuated(said):
            assert first == 0 or said[first].pause_before >= BREATH
            assert last == len(said) - 1 or said[last].pause_after >= BREATH
    assert len({one.span for one in found}) == len(found)
    again = candidates.spoken(film, said, shortest=shortest, longest=longest)
    assert choice.choose(again, 3) == choice.choose(found, 3)
    best = choice.choose(found, 3)
    told = Told(footage=film, said=said, file="talk")
    for chosen, other in zip(best.chosen, best.runners_up, strict=True):
        made = clip(1, chosen, other, told)
        assert 0 < len(made.title) <= 60 and made.why.endswith(".")
        assert made.runner_up is None or made.runner_up.span != made.span


@pytest.mark.parametrize(
    ("lengths", "sentences_of"),
    [([0, 2001], [(0, 1)]), ([2001, 0, 0], [(0, 1), (0, 2)]), ([0, 2001, 0, 0], [(0, 2), (0, 3)])],
)
def test_of_two_cut_alike_the_one_with_all_its_words_is_proposed(
    lengths: list[int], sentences_of: list[tuple[int, int]]
) -> None:
    words, at = [], Fraction(0)
    for length in lengths:
        words.append(Word(text="End.", span=Span(at, at := at + Fraction(length, 1000))))
    found = candidates.spoken(footage(at + 1), sentences(words), shortest=Fraction(1), longest=Fraction(3))
    assert [one.sentences for one in found] == sentences_of


@given(talks(), st.integers(1, 8), st.randoms(use_true_random=False))
def test_no_two_chosen_say_much_the_same(words: list[Word], most: int, draw: Random) -> None:
    said = sentences(words)
    vectors = np.eye(3, dtype=np.float32)[[draw.randrange(3) for _ in said]]
    film = footage(words[-1].span.end + 1)
    found = candidates.spoken(film, said, shortest=Fraction(1), longest=Fraction(10))
    best = choice.choose(found, most, vectors)
    sums = [vectors[first : last + 1].sum(0) for first, last in (one.sentences or (0, -1) for one in best.chosen)]
    means = [one / np.linalg.norm(one) for one in sums]
    assert all(float(a @ b) <= choice.ALIKE + 1e-5 for n, a in enumerate(means) for b in means[:n])
    scores = [one.score for one in best.chosen]
    assert all(score >= choice.WORTH * max(one.score for one in found) for score in scores)
    assert scores == sorted(scores, reverse=True)


spans = st.tuples(st.integers(0, 100), st.integers(0, 30)).map(lambda at: Span(Fraction(at[0]), Fraction(sum(at))))


@given(st.lists(spans, max_size=12), spans)
def test_what_spans_cover_is_counted_once(covering: list[Span], asked: Span) -> None:
    seconds = range(int(asked.start), int(asked.end))
    covered = sum(any(one.contains(Fraction(second)) for one in covering) for second in seconds)
    assert abs(Cover(covering).share(asked) - (covered / len(seconds) if seconds else 0.0)) < 1e-9
