"""Each member votes by evidence of its own or says why not; the merge says who counted, who differs, who is missing."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

from common.council import neighbours, registry, rubric
from common.council.hearing import Standing, hear
from common.domain.codec import from_json, to_json
from common.domain.judgement import Hook, Item, Judgement
from common.domain.observed import Observed, Vectors
from common.domain.timebase import Span
from common.domain.verdict import Ballot, History, Kind, LeftOut, Recommendation, Verdict, Vote
from common.errors import BadInput, Cancelled, Transient, VoteRefused
from common.ports.council import Member
from common.scoring import consensus, mending, weights
from common.scoring.calibration import Calibration
from common.scoring.deciding import decide
from common.scoring.mending import changes

SPAN = Span(Fraction(0), Fraction(20))


def item(key: str, met: bool | None, weight: float = 1.0) -> Item:
    return Item(key=key, text=f"does it {key}?", met=met, weight=weight, why=None if met is not None else "no words")


def ballot(*items: Item, score: float = 0.6, vectors: Vectors | None = None, history: History | None = None) -> Ballot:
    hook = Hook(type="none", strength=0.2, confidence=1.0, secondary=(), span=SPAN, evidence=())
    judgement = Judgement(score=score, parts=(), hook=hook, psychology={}, rubric=items, raise_by=())
    return Ballot(judgement=judgement, observed=Observed(span=SPAN, vectors=vectors), history=history)


def vote(member: str, score: float | None, kind: Kind = "rubric", *reasons: str) -> Vote:
    why = None if score is not None else "it has nothing to go by"
    return Vote(member=member, kind=kind, source=f"{member}@1", score=score, abstains=why, reasons=reasons)


def towards(*subjects: int) -> Vectors:
    """One vector each: 1 for the same subject, 0 for another."""
    return np.eye(384, dtype=np.float32)[list(subjects)]


def history(outcomes: Sequence[float | None], vectors: Vectors) -> History:
    return History(names=tuple(f"clip {n}" for n in range(len(outcomes))), vectors=vectors, outcomes=tuple(outcomes))


# The rubric


def test_the_rubric_gives_the_weight_that_is_met_of_what_could_be_told() -> None:
    found = rubric.Rubric().vote(
        ballot(item("a", True, 3), item("b", False, 1), item("c", None, 5), item("d", True, 2))
    )
    assert found.score == pytest.approx(100 * 5 / 6)
    assert found.evidence == ("a", "b", "d")
    assert found.reasons == ("meets 2 of 3 items of the rubric; 1 could not be told", "answered no: does it b?")


def test_the_rubric_names_the_weightiest_that_are_not_met() -> None:
    found = rubric.Rubric().vote(ballot(*(item(f"i{n}", False, n) for n in range(1, 6))))
    assert found.score == 0
    assert found.reasons[1:] == tuple(f"answered no: does it i{n}?" for n in (5, 4, 3))


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ((), "without a rubric"),
        ((item("a", None),), "only 0 of the rubric's 1 items"),
        ((item("a", True, 1), item("b", None, 3)), "only 1 of the rubric's 2 items"),
    ],
)
def test_the_rubric_abstains_where_too_little_can_be_told(items: tuple[Item, ...], why: str) -> None:
    found = rubric.Rubric().vote(ballot(*items))
    assert found.score is None and found.abstains is not None and why in found.abstains


# The account's history


def test_neighbours_go_by_the_clips_on_the_same_subject() -> None:
    """Talks on one subject did well, on another badly; a clip is judged by those on its own."""
    subjects = [0, 1] * 6
    past = history([80.0 + n if not one else 10.0 + n for n, one in enumerate(subjects)], towards(*subjects))
    good, bad = (neighbours.Neighbours().vote(ballot(vectors=towards(one, one), history=past)) for one in (0, 1))
    assert good.score == pytest.approx(85) and bad.score == pytest.approx(16)  # of six each: even numbers, odd ones
    assert good.evidence == tuple(sorted(f"clip {n}" for n in range(0, 12, 2)))
    assert good.reasons[0] == "the 6 earlier clips most like it rank 80 to 90 of 100 in the account"


def test_nearer_neighbours_count_more_and_at_most_k_count() -> None:
    clip = towards(0)
    cosines = np.linspace(0.4, 0.95, 10)
    vectors = np.zeros((10, 384), np.float32)
    vectors[:, 0], vectors[:, 1] = cosines, np.sqrt(1 - cosines**2)
    outcomes = [float(10 * n) for n in range(10)]
    found = neighbours.Neighbours().vote(ballot(vectors=clip, history=history(outcomes, vectors)))
    assert found.evidence == tuple(f"clip {n}" for n in range(9, 9 - neighbours.K, -1))
    nearest = range(3, 10)
    assert found.score == pytest.approx(sum(cosines[n] * outcomes[n] for n in nearest) / sum(cosines[3:]))


@pytest.mark.parametrize(
    ("past", "vectors", "why"),
    [
        (None, towards(0), "no earlier clips with outcomes"),
        (history([None, None], towards(0, 0)), towards(0), "no earlier clips with outcomes"),
        (history([50.0] * 3, towards(0, 0, 0)), None, "has no embedding"),
        (history([50.0] * 3, towards(0, 0, 0)), towards(0)[:0], "has no embedding"),
        (history([50.0] * 3, towards(0, 0, 0)[:, :100]), towards(0), "by another model"),
        (history([50.0, 50.0, None, 50.0], towards(0, 0, 0, 1)), towards(0), "2 of the account's 3 clips"),
        (history([50.0] * 4, towards(1, 1, 1, 0)), towards(0), "1 of the account's 4 clips with outcomes is like"),
    ],
)
def test_neighbours_abstain_with_the_reason(past: History | None, vectors: Vectors | None, why: str) -> None:
    found = neighbours.Neighbours().vote(ballot(vectors=vectors, history=past))
    assert found.score is None and found.abstains is not None and why in found.abstains


@pytest.mark.parametrize("outcome", [math.nan, math.inf, -1.0, 100.5])
def test_an_outcome_that_is_no_rank_is_refused_by_the_clip_s_name(outcome: float) -> None:
    with pytest.raises(BadInput, match="clip 1"):
        history([50.0, outcome], towards(0, 0))
    with pytest.raises(BadInput, match="as many of each"):
        history([50.0], towards(0, 0))


# A vote


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, -0.1, 100.1])
def test_a_score_out_of_range_is_refused_with_the_member_s_name(score: float) -> None:
    with pytest.raises(VoteRefused, match="gemini gave"):
        vote("gemini", score, "model")


@pytest.mark.parametrize(("score", "why"), [(None, None), (None, ""), (50.0, "no words")])
def test_a_vote_is_a_score_or_a_reason_for_none(score: float | None, why: str | None) -> None:
    with pytest.raises(VoteRefused, match="rubric must give either"):
        Vote(member="rubric", kind="rubric", source="rubric@1", score=score, abstains=why)


# The merge


def test_the_merge_by_hand() -> None:
    """Median 55 and MAD 5 of 50, 50, 60, 95; the spread is the floor, 8; only 95, at z = 5, counts less: 1.5 / 5."""
    scores = {"a": 50.0, "b": 50.0, "c": 60.0, "d": 95.0}
    found = consensus.merge([vote(name, score) for name, score in scores.items()], local=0)
    assert found.score == pytest.approx((50 + 50 + 60 + 0.3 * 95) / 3.3)
    assert [one.base for one in found.votes] == [0.25] * 4
    assert [one.weight for one in found.votes] == pytest.approx([1 / 3.3, 1 / 3.3, 1 / 3.3, 0.3 / 3.3])
    assert found.disagreement == pytest.approx(np.std(list(scores.values())))
    assert [(one.member, round(one.apart, 1)) for one in found.dissent] == [("d", 37.9)]


def test_members_who_agree_are_hardly_moved_by_one_who_does_not() -> None:
    votes = [vote(name, 50.0) for name in "abc"]
    for lie in (0.0, 100.0):
        found = consensus.merge([*votes, vote("liar", lie, "model", "it says give me 100")], local=0)
        assert 3 < abs(found.score - 50) <= 4
        assert [one.member for one in found.dissent] == ["liar"]
        assert found.dissent[0].why.endswith("it says give me 100")
    assert consensus.reach([50.0, 50.0, 50.0], 0.25) == pytest.approx((46, 54))


def test_two_who_differ_both_dissent() -> None:
    found = consensus.merge([vote("a", 10.0, "rubric", "no hook"), vote("b", 90.0)], local=0)
    assert found.score == pytest.approx(50)
    assert {one.member: one.why for one in found.dissent} == {
        "a": "gives 10 where the council gives 50: no hook",
        "b": "gives 90 where the council gives 50: it names no reason",
    }
    assert found.confidence < 0.1


@pytest.mark.parametrize(
    ("votes", "why"),
    [
        ([], "nobody voted"),
        ([vote("rubric", None)], "nobody voted"),
        ([vote("rubric", 90.0), vote("neighbours", None, "history")], "only rubric voted"),
        ([vote("rubric", 90.0), vote("rubric", 90.0)], "only rubric voted"),
        ([vote("gemini", 90.0, "model"), vote("claude", 90.0, "model")], "only language models voted"),
    ],
)
def test_without_a_quorum_the_local_score_stands_and_is_marked(votes: list[Vote], why: str) -> None:
    found = consensus.merge(votes, local=61)
    assert not found.quorum and found.degraded is not None and why in found.degraded
    assert (found.score, found.confidence, found.disagreement) == (61, 0, None)


def test_four_votes_of_correlated_judges_are_worth_fewer() -> None:
    assert consensus.effective_votes(4, 0.5) == pytest.approx(1.6)
    found = consensus.merge([vote(name, 50.0) for name in "abcd"], local=0)
    assert found.n_eff == pytest.approx(1.6)
    assert found.confidence == pytest.approx(1.6 / 2.6)


def test_the_share_of_who_does_not_vote_goes_to_the_others_up_to_their_caps() -> None:
    base = {"a": 0.4, "b": 0.2, "c": 0.1, "d": 0.3}
    votes = [vote("a", 50.0), vote("b", 50.0), vote("c", 50.0)]
    tried = consensus.merge(votes, local=0, base=base, records={"a": 100, "b": 99})
    assert [one.base for one in tried.votes] == pytest.approx([0.5, 1 / 3, 1 / 6])
    untried = consensus.merge(votes, local=0, base=base, records={"a": 99})
    assert [one.base for one in untried.votes] == pytest.approx([0.35, 0.35, 0.3])


def test_the_interval_by_hand_and_wider_with_a_seat_empty() -> None:
    """Four who differ by 6 are worth 1.6 votes: 1.2816 sqrt((36 + 64) / 1.6) on either side."""
    votes = [vote(name, score) for name, score in {"a": 44.0, "b": 44.0, "c": 56.0, "d": 56.0}.items()]
    found = consensus.merge(votes, local=0)
    assert found.low is not None and (found.low, found.high) == pytest.approx((50 - 10.13, 50 + 10.13), abs=0.01)
    lacking = consensus.merge(votes, local=0, left_out=[LeftOut(name="e", why="it hangs")])
    assert lacking.low is not None and lacking.low < found.low and lacking.score == found.score


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, math.nan, math.inf])
def test_a_share_out_of_range_is_refused_with_the_member_s_name(share: float) -> None:
    with pytest.raises(BadInput, match="the share of b"):
        consensus.merge([vote("a", 50.0), vote("b", 50.0)], local=0, base={"b": share})


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -0.5, 101.0])
def test_numbers_that_cannot_be_are_refused(wrong: float) -> None:
    with pytest.raises(BadInput, match="the local score"):
        consensus.merge([], local=wrong)
    with pytest.raises(BadInput, match="correlation"):
        consensus.merge([], local=0, correlation=wrong)


# Shares and shared errors, from outcomes


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -100.5])
def test_a_residual_out_of_range_is_refused_with_the_member_s_name(wrong: float) -> None:
    for ask in (lambda found: consensus.shares(["a", "b"], found), consensus.shared_error):
        with pytest.raises(BadInput, match="a residual of b"):
            ask({"a": [1.0], "b": [wrong]})
        with pytest.raises(BadInput, match="different numbers"):
            ask({"a": [1.0], "b": []})


def residuals(sds: dict[str, float], clips: int, shared: float = 0.0) -> dict[str, list[float | None]]:
    rng = random.Random(11)
    common = [rng.gauss(0, shared) for _ in range(clips)]
    return {name: [both + rng.gauss(0, sd) for both in common] for name, sd in sds.items()}


def settled(members: list[str], found: dict[str, list[float | None]]) -> dict[str, float]:
    given = consensus.shares(members, found)
    for _ in range(20):
        given = consensus.shares(members, found, given)
    return given


def test_members_without_outcomes_are_equal() -> None:
    assert consensus.shares(["a", "b", "c", "d"], {}) == dict.fromkeys("abcd", 0.25)


def test_who_comes_nearer_to_outcomes_gains_slowly_and_up_to_half() -> None:
    members, found = ["a", "b", "c", "d"], residuals({"a": 4, "b": 12, "c": 12, "d": 12}, 300)
    first = consensus.shares(members, found)
    assert first["a"] == pytest.approx(0.35)
    last = settled(members, found)
    assert last["a"] == pytest.approx(0.5) and sum(last.values()) == pytest.approx(1)


def test_few_outcomes_change_little() -> None:
    members = ["a", "b", "c", "d"]
    few, many = (settled(members, residuals({"a": 7, "b": 12, "c": 12, "d": 12}, clips)) for clips in (3, 3000))
    assert 0.25 < few["a"] < 0.3 < many["a"]
    assert many["a"] == pytest.approx((1 / 49) / (1 / 49 + 3 / 144), abs=0.03)


def test_the_correlation_of_errors_is_found_and_believed_slowly() -> None:
    assert consensus.shared_error({}) == consensus.CORRELATION
    members = {"a": 6.0, "b": 6.0, "c": 6.0}
    assert consensus.shared_error(residuals(members, 5000, shared=12.0)) == pytest.approx(144 / 180, abs=0.03)
    assert consensus.shared_error(residuals(members, 5000)) < 0.05
    assert 0.3 < consensus.shared_error(residuals(members, 5)) < 0.6
    assert consensus.shared_error({"a": [5.0] * 9, "b": [1.0, 2.0, 3.0] * 3}) == consensus.CORRELATION


# The council as a whole


@dataclass(frozen=True)
class Broken:
    """A member that cannot answer."""

    error: Exception
    name: str = "broken"
    kind: Kind = "model"
    needs_network: bool = True

    def vote(self, ballot: Ballot) -> Vote:
        raise self.error


def test_the_council_of_this_version_offline() -> None:
    assert [one.name for one in registry.members()] == ["rubric", "neighbours"]
    assert not any(one.needs_network for one in registry.members())
    items = (item("a", True), item("b", False))
    empty = [LeftOut(name=name, why="there is no key") for name in ("gemini", "claude", "third")]
    [alone] = hear([ballot(*items, score=0.7)], vacant=empty)
    assert alone.score == pytest.approx(70) and alone.degraded is not None
    assert [one.name for one in alone.left_out] == ["claude", "gemini", "neighbours", "third"]
    past = history([90.0] * 4, towards(0, 0, 0, 0))
    [both] = hear([ballot(*items, score=0.7, vectors=towards(0), history=past)], vacant=empty)
    assert both.quorum and both.score == pytest.approx(70)  # 50 by the rubric, 90 by the past
    assert [one.vote.member for one in both.votes] == ["neighbours", "rubric"]
    assert 0 < both.confidence < 0.4  # two of five seats
    assert from_json(Verdict, to_json(both)) == both


@pytest.mark.parametrize("error", [Transient("it is busy; try later"), VoteRefused("broken gave nan; leave it out")])
def test_a_member_that_fails_is_left_out_with_what_it_said(error: Exception) -> None:
    [found] = hear([ballot(item("a", True))], members=[rubric.Rubric(), Broken(error)])
    assert found.left_out == (LeftOut(name="broken", why=str(error)),)
    assert [one.vote.member for one in found.votes] == ["rubric"]


@pytest.mark.parametrize("error", [Cancelled("the flow was cancelled"), ZeroDivisionError()])
def test_what_is_no_answer_of_a_member_is_not_swallowed(error: Exception) -> None:
    with pytest.raises(type(error)):
        hear([ballot(item("a", True))], members=[Broken(error)])


@dataclass(frozen=True)
class Far:
    """A member that is asked elsewhere: it answers with the clip's own score, after a while."""

    name: str
    wait: Callable[[float], object]
    kind: Kind = "model"
    needs_network: bool = True

    def vote(self, ballot: Ballot) -> Vote:
        self.wait(20)
        return vote(self.name, 100 * ballot.judgement.score, "model")


def test_all_are_asked_at_once_and_each_clip_gets_its_own_votes() -> None:
    scores = [n / 12 for n in range(12)]
    ballots = [ballot(item("a", True), score=score) for score in scores]
    together = threading.Barrier(24, timeout=10)  # nobody answers before all are asked
    found = hear(ballots, members=[rubric.Rubric(), Far("x", together.wait), Far("y", together.wait)])
    for verdict, score in zip(found, scores, strict=True):
        told = {one.vote.member: one.vote.score for one in verdict.votes}
        assert told == {"rubric": 100, "x": 100 * score, "y": 100 * score}


def test_who_hangs_is_not_waited_for_and_widens_the_interval() -> None:
    never, waited = threading.Event(), []
    members: list[Member] = [rubric.Rubric(), Far("there", lambda _: None), Far("hangs", never.wait)]
    [found] = hear([ballot(item("a", True))], members=members, within_s=2.0, on_wait=lambda: waited.append(1))
    never.set()
    [whole] = hear([ballot(item("a", True))], members=members[:2])
    assert waited and [one.name for one in found.left_out] == ["hangs"] and "within the 2 s" in found.left_out[0].why
    assert found.score == whole.score and found.low is not None and whole.low is not None and found.low < whole.low


def test_nobody_far_is_asked_about_a_clip_that_speaks_to_its_judges() -> None:
    never = Far("far", threading.Barrier(99, timeout=0.01).wait)
    marked = replace(ballot(item("a", True)), flagged=("it says: give it 100",))
    [found] = hear([marked], members=[rubric.Rubric(), never])
    assert found.left_out[0].name == "far" and "it says: give it 100" in found.left_out[0].why


def test_what_outcomes_taught_counts() -> None:
    kind = Standing(calibrations={"rubric": Calibration(scores=(0.0, 100.0), worth=(20.0, 60.0), outcomes=90)})
    [found] = hear([ballot(item("a", True))], members=[rubric.Rubric()], standing=kind)
    assert [one.vote.score for one in found.votes] == [60]


# What to do


def verdict(score: float, low: float | None = None, high: float | None = None) -> Verdict:
    why = "nobody voted" if low is None else None
    return Verdict(
        score=score,
        low=low,
        high=high,
        disagreement=None,
        n_eff=1,
        degraded=why,
        confidence=0.5,
        dissent=(),
        votes=(),
        left_out=(),
    )


@pytest.mark.parametrize(
    ("given", "changes", "flagged", "decision", "why"),
    [
        (verdict(70, 60, 80), [], [], "publish", "at least 60"),
        (verdict(70), [], [], "publish", "which nobody checked"),
        (verdict(50, 40, 60), ["cut"], [], "fix", "something to mend"),
        (verdict(50, 40, 60), [], [], "hold", "no change is known"),
        (verdict(20, 10, 30), ["cut"], [], "hold", "another clip"),
        (verdict(61, 30, 92), ["cut"], [], "hold", "differ too far"),
        (verdict(90, 85, 95), [], ["it says: give it 100"], "hold", "a person must look"),
    ],
)
def test_what_to_do_with_a_clip(
    given: Verdict, changes: list[str], flagged: list[str], decision: str, why: str
) -> None:
    found = decide(given, changes=changes, flagged=flagged)
    assert found[0] == decision and why in found[1]


def test_changes_name_their_time_and_the_weightiest_come_first() -> None:
    items = (item("speech_in_1s", False, 0.06), item("face", False, 0.08), item("face_in_5s", True), item("x", False))
    judgement = replace(ballot(*items).judgement, raise_by=("end it where a sentence ends",))
    span = Span(Fraction(10), Fraction(30))
    assert changes(judgement, span) == (
        Recommendation(text="end it where a sentence ends", by="score"),
        Recommendation(text="show a face", by="rubric", span=span),
        Recommendation(text="begin where somebody speaks", by="rubric", span=Span(Fraction(10), Fraction(11))),
    )


def test_a_change_that_several_want_is_told_once() -> None:
    found = [Recommendation(text=text, by=by) for text, by in (("cut", "score"), ("speak", "claude"), ("cut", "third"))]
    assert [(one.text, one.by) for one in mending.together(found)] == [("cut", "score, third"), ("speak", "claude")]


def test_every_mend_is_of_an_item_of_the_rubric() -> None:
    assert set(mending._MENDS) <= set(weights.RUBRIC)
