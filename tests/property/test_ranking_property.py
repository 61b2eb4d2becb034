"""One order, whatever the candidates and wherever they are kept; and texts that come to words, whatever is in them."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from common.scoring.ranking import Candidate, ranked
from common.scoring.wording import asked, kept

WORDS = ("money", "mistakes", "日本", "talk")


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    def one(n: int) -> Candidate:
        words = draw(st.frozensets(st.sampled_from((*WORDS, "other"))))
        return Candidate(
            id=f"c{n}",
            words=words,
            strong=frozenset(draw(st.sets(st.sampled_from(sorted(words))))) if words else frozenset(),
            near=draw(st.none() | st.sampled_from((0.3, 0.5, 0.9))),
            score=draw(st.sampled_from((0.1, 0.5))),
        )

    return [one(n) for n in range(draw(st.integers(0, 12)))]


@given(candidates(), st.lists(st.sampled_from(WORDS), max_size=4), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_the_candidates(
    found: list[Candidate], words: list[str], draw: object
) -> None:
    before = ranked(words, found)
    draw.shuffle(found)  # type: ignore[attr-defined]
    assert ranked(words[::-1], found) == before


@given(candidates(), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
def test_what_has_all_words_is_before_what_lacks_one_and_what_has_none_only_by_meaning(
    found: list[Candidate], words: list[str]
) -> None:
    order = ranked(words, found)
    whole = [set(words) <= one.words for one in order]
    assert whole == sorted(whole, reverse=True)
    assert {one.id for one in order} == {one.id for one in found if one.words & set(words) or one.near is not None}


@given(candidates(), st.lists(st.sampled_from(WORDS), max_size=4))
def test_who_is_better_in_everything_is_before(found: list[Candidate], words: list[str]) -> None:
    order = {one.id: n for n, one in enumerate(ranked(words, found))}
    best = Candidate(id="best", words=frozenset(WORDS), strong=frozenset(WORDS), near=1.0, score=1.0)
    assert ranked(words, [*found, best])[0] == best
    assert all(math.isfinite(n) for n in order.values())


@given(st.text(), st.text())
def test_a_text_is_found_by_its_own_words(text: str, more: str) -> None:
    assert set(asked(text)) <= kept([f"{text} {more}"]) | kept([text])
    assert all(word and "`" not in word and "'" not in word for word in kept([text, more]))


def test_case_width_accents_and_apostrophes_make_no_difference() -> None:
    assert asked("NAÏVE Ｆｏｕｎｄｅｒｓ straße, don’t") == ("naive", "founders", "strasse")
    assert asked("naive founders STRASSE") == asked("naïve ｆounders straße")
    assert asked("हिन्दी में") == ("हिन्दी", "में")


def test_scripts_without_spaces_are_found_by_pairs_and_by_single_characters() -> None:
    assert asked("日本語") == ("日本", "本語")
    assert asked("猫") == ("猫",)
    assert {"日本", "本語", "猫"} <= kept(["日本語の猫"])
    assert "本日" not in kept(["日本語"])


def test_words_that_carry_nothing_are_not_looked_for() -> None:
    assert asked("how to be or not to be") == ()
    assert asked("how to raise the money") == ("raise", "money")
