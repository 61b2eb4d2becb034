"""Whatever the members say: nobody counts twice, nobody carries the score away, and nothing but votes counts."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.domain.verdict import Counted, Kind, LeftOut, Vote
from common.errors import VoteRefused
from common.scoring import consensus

SCORES = st.floats(0, 100)
KINDS: tuple[Kind, ...] = ("rubric", "history", "model")


def vote(member: str, score: float | None, kind: Kind = "rubric") -> Vote:
    why = None if score is not None else "it has nothing to go by"
    return Vote(member=member, kind=kind, source=f"{member}@1", score=score, abstains=why)


@st.composite
def councils(draw: st.DrawFn, least: int = 2) -> list[Vote]:
    """Votes of members of all kinds, the first of them of no language model."""
    scores = draw(st.lists(SCORES, min_size=least, max_size=9))
    kinds = [draw(st.sampled_from(KINDS)) for _ in scores]
    return [vote(f"m{n}", score, kinds[n] if n else "rubric") for n, score in enumerate(scores)]


def some_shares(votes: list[Vote]) -> st.SearchStrategy[dict[str, float]]:
    names = sorted({one.member for one in votes})
    return st.dictionaries(st.sampled_from(names), st.floats(0, 1, exclude_min=True), max_size=len(names))


@given(councils(), st.data())
def test_the_score_lies_among_the_votes_and_shares_make_one(votes: list[Vote], data: st.DataObject) -> None:
    base = data.draw(some_shares(votes))
    found = consensus.merge(votes, local=50, base=base, correlation=data.draw(st.floats(0, 1)))
    scores = [one.score for one in votes if one.score is not None]
    assert found.quorum
    assert min(scores) <= found.score <= max(scores)
    assert math.isclose(math.fsum(one.base for one in found.votes), 1)
    assert math.isclose(math.fsum(one.weight for one in found.votes), 1)
    assert all(0 <= one.base <= consensus.CAP + 1e-12 for one in found.votes)
    assert 1 <= found.n_eff <= len(votes)
    assert 0 < found.confidence < 1
    assert found.low is not None and found.high is not None and 0 <= found.low <= found.score <= found.high <= 100
    assert found.disagreement is not None and 0 <= found.disagreement <= max(scores) - min(scores) + 1e-9


@given(councils(), st.data())
def test_order_and_duplicates_change_nothing(votes: list[Vote], data: st.DataObject) -> None:
    base = data.draw(some_shares(votes))
    found = consensus.merge(votes, local=50, base=base)
    again = votes + data.draw(st.lists(st.sampled_from(votes), max_size=5))
    assert consensus.merge(data.draw(st.permutations(again)), local=50, base=base) == found


@given(councils(), SCORES, st.data())
def test_a_member_that_contradicts_itself_counts_once(votes: list[Vote], other: float, data: st.DataObject) -> None:
    twice = [*votes, replace(votes[-1], score=other)]
    found = consensus.merge(data.draw(st.permutations(twice)), local=50)
    lower = min(other, votes[-1].score or 0.0)
    assert found == consensus.merge([*votes[:-1], replace(votes[-1], score=lower)], local=50)


def test_a_share_of_next_to_nothing_is_a_share() -> None:
    found = consensus.merge([vote("liar", 0), vote("m", 1)], local=50, base={"liar": 1.0, "m": 5e-324})
    assert [one.base for one in found.votes] == [0.5, 0.5]


@given(st.lists(SCORES, min_size=1, max_size=8), SCORES, st.data())
@example([50.0, 50.0, 50.0], 100.0, None)
@example([50.0], 0.0, None)
@example([0.0, 100.0], 100.0, None)
def test_one_liar_stays_within_the_documented_reach(
    honest: list[float], lie: float, data: st.DataObject | None
) -> None:
    votes = [vote("liar", lie), *(vote(f"m{n}", score) for n, score in enumerate(honest))]
    base = data.draw(some_shares(votes)) if data else {}
    found = consensus.merge(votes, local=50, base=base)
    share = next(one.base for one in found.votes if one.vote.member == "liar")
    low, high = consensus.reach(honest, share)
    assert low - 1e-9 <= found.score <= high + 1e-9


@given(st.floats(40, 60), st.floats(0, 20), st.integers(2, 8), st.integers(1, 5))
def test_a_missing_member_widens_the_interval(score: float, apart: float, votes: int, missing: int) -> None:
    there = consensus.interval(score, apart, consensus.effective_votes(votes, 0.5), 1.0)
    fewer = consensus.interval(score, apart, consensus.effective_votes(votes - 1, 0.5), (votes - 1) / votes)
    absent = consensus.interval(score, apart, consensus.effective_votes(votes, 0.5), votes / (votes + missing))
    for low, high in (fewer, absent):
        assert low < there[0] and high > there[1]


@given(councils(), st.lists(st.sampled_from(["x", "y", "z"]), max_size=3))
def test_those_who_abstain_never_count(votes: list[Vote], silent: list[str]) -> None:
    found = consensus.merge([*votes, *(vote(name, None) for name in silent)], local=50)
    alone = consensus.merge(votes, local=50)
    assert (found.score, found.votes, found.n_eff) == (alone.score, alone.votes, alone.n_eff)
    assert [one.name for one in found.left_out] == sorted(set(silent))
    assert found.confidence < alone.confidence if silent else found == alone


@given(
    st.floats().filter(lambda score: not 0 <= score <= 100), st.text("abcdefghij", min_size=5, max_size=12), councils()
)
def test_what_is_no_score_is_refused_by_name(score: float, member: str, votes: list[Vote]) -> None:
    with pytest.raises(VoteRefused, match=member):
        vote(member, score)
    with pytest.raises(VoteRefused, match=votes[0].member):
        replace(votes[0], score=score)


@given(st.lists(SCORES, max_size=6), SCORES)
def test_language_models_alone_are_no_quorum(scores: list[float], local: float) -> None:
    votes = [vote(f"m{n}", score, "model") for n, score in enumerate(scores)]
    found = consensus.merge(votes, local=local)
    assert (found.score, found.confidence, found.n_eff, found.disagreement) == (local, 0, 0, None)
    assert found.degraded and not found.quorum and not found.dissent
    assert found.votes == tuple(Counted(vote=one, base=0, weight=0) for one in votes)


@given(st.floats(0, 40), st.floats(0, 30), st.floats(0.5, 30))
def test_the_further_votes_are_apart_the_less_sure_it_is(low: float, apart: float, more: float) -> None:
    near, far = (
        consensus.merge([vote("a", low), vote("b", low + distance)], local=0) for distance in (apart, apart + more)
    )
    assert near.confidence > far.confidence
    missing = consensus.merge(
        [vote("a", low), vote("b", low + apart)], local=0, left_out=[LeftOut(name="c", why="it is not here")]
    )
    assert missing.confidence < near.confidence


@given(st.integers(1, 9), st.floats(0, 1))
def test_votes_are_worth_one_to_as_many_as_there_are(votes: int, correlation: float) -> None:
    worth = consensus.effective_votes(votes, correlation)
    assert 1 - 1e-12 <= worth <= votes
    assert consensus.effective_votes(votes, 0) == votes and consensus.effective_votes(votes, 1) == 1


RECORDS = st.integers(0, 40).flatmap(
    lambda clips: st.lists(
        st.lists(st.none() | st.floats(-100, 100), min_size=clips, max_size=clips), min_size=1, max_size=6
    )
)


@given(RECORDS, st.data())
def test_shares_are_capped_and_change_little_at_once(records: list[list[float | None]], data: st.DataObject) -> None:
    names = [f"m{n}" for n in range(len(records))]
    residuals = dict(zip(names, records, strict=True))
    before = consensus.shares(names, residuals)
    other = {name: data.draw(st.permutations(found)) for name, found in residuals.items()}
    for found, was in (
        (before, dict.fromkeys(names, 1 / len(names))),
        (consensus.shares(names, other, before), before),
    ):
        assert math.isclose(math.fsum(found.values()), 1)
        assert all(share > 0 for share in found.values())
        assert len(names) == 1 or max(found.values()) <= consensus.CAP + 1e-12
        assert all(abs(found[name] - was[name]) <= consensus.STEP + 1e-12 for name in names)
    assert 0 <= consensus.shared_error(residuals) <= 1
