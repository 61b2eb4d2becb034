"""Many votes, one honest score: who counts how much, how far they agree, and when they have nothing to say.

Scores are 0 to 100, shares 0 to 1. A vote far from the others counts less (Huber, Robust Estimation of a Location
Parameter, 1964), so that no member can carry the score away: see `reach` for how far one can.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import StatisticsError, median
from statistics import correlation as pearson

from common.domain.verdict import Counted, Dissent, LeftOut, Verdict, Vote
from common.errors import BadInput

TUNING = 1.5  # spreads from the median up to which a vote counts fully
FLOOR = 8.0  # points: the least spread, for members who agree have none
NORMAL = 1.4826  # from the median absolute deviation to the standard deviation, for normal errors
CAP = 0.5  # no member has more of the say, before the merge, unless it is alone
UNTRIED = 0.35  # nor more than this before it has TRIED outcomes, where there are three or more
TRIED = 100
STEP = 0.1  # that a member's share changes at once, at most
PRIOR = 30  # outcomes that count as much as the belief that all members are alike
LEAST_MSE = 1.0  # points squared: nobody is taken to be nearer than a point
CORRELATION = 0.5  # of two members' errors, until outcomes tell: language models share most of theirs
QUORUM = 2  # votes, one of them of no language model
APART = TUNING * FLOOR  # points from the score from which a member is said to dissent
TYPICAL = 16.0  # points of disagreement that halve the confidence
EIGHTY = 1.2816  # standard deviations on either side that hold 80 % of a normal distribution

NO_QUORUM = "{}; the score is the local one, and {}"


def merge(
    votes: Iterable[Vote],
    *,
    local: float,
    base: Mapping[str, float] | None = None,
    correlation: float = CORRELATION,
    left_out: Iterable[LeftOut] = (),
    records: Mapping[str, int] | None = None,
) -> Verdict:
    """One score from all votes, whatever their order; a member that votes twice counts once, by its lower score.

    `base` are shares by member, as `shares` gives them; a member it lacks has the mean of the others. `records` says
    how many outcomes each has been held against: none that it lacks. `local` is the score that stands, marked
    degraded, where there are fewer than two votes or all are by language models. Raises BadInput where a share is not
    in (0, 1], with the member's name, `local` not in [0, 100] or `correlation` not in [0, 1].
    """
    if not 0 <= local <= 100:
        raise BadInput(f"the local score is {local}; give one from 0 to 100")
    if not 0 <= correlation <= 1:
        raise BadInput(f"the correlation of the members' errors is {correlation}; give one from 0 to 1")
    once = _once(votes)
    voted = [(vote, vote.score) for vote in once if vote.score is not None]
    out = {*left_out, *(LeftOut(name=vote.member, why=vote.abstains) for vote in once if vote.abstains)}
    missing = tuple(sorted(out, key=lambda one: (one.name, one.why)))
    if why := _unfit([vote for vote, _ in voted]):
        return Verdict(
            score=local,
            low=None,
            high=None,
            disagreement=None,
            n_eff=0.0,
            degraded=why,
            confidence=0.0,
            dissent=(),
            votes=tuple(Counted(vote=vote, base=0.0, weight=0.0) for vote, _ in voted),
            left_out=missing,
        )
    scores = [score for _, score in voted]
    before = _say([vote.member for vote, _ in voted], base or {}, records or {})
    after = huber(scores, before)
    score = _mean(scores, after)
    disagreement = math.sqrt(
        math.fsum(w * (x - _mean(scores, before)) ** 2 for w, x in zip(before, scores, strict=True))
    )
    n_eff = effective_votes(_kish(after), correlation)
    seats = {vote.member for vote in once} | {one.name for one in missing}
    low, high = interval(score, disagreement, n_eff, len(voted) / len(seats))
    return Verdict(
        score=score,
        low=low,
        high=high,
        disagreement=disagreement,
        n_eff=n_eff,
        degraded=None,
        confidence=confidence(n_eff, disagreement, len(voted) / len(seats)),
        dissent=_dissent(voted, score),
        votes=tuple(Counted(vote=vote, base=b, weight=w) for (vote, _), b, w in zip(voted, before, after, strict=True)),
        left_out=missing,
    )


def huber(scores: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Weights, of sum 1, after one step: w min(1, TUNING / |z|), z = (x - median) / max(NORMAL MAD, FLOOR)."""
    middle = median(scores)
    spread = max(NORMAL * median(abs(score - middle) for score in scores), FLOOR)
    kept = [
        weight * min(1.0, TUNING * spread / apart) if (apart := abs(score - middle)) else weight
        for score, weight in zip(scores, weights, strict=True)
    ]
    whole = math.fsum(kept)
    return [weight / whole for weight in kept]


def reach(honest: Sequence[float], share: float) -> tuple[float, float]:
    """Between what scores the merge stays, whatever one more member of this share says; `honest` are the others' votes.

    With R the range of the others, that range widened on either side by

        share / (1 - share) * TUNING * max(NORMAL R, FLOOR)

    With two others or more the median lies among them and most of their deviations are in it, so that the MAD is at
    most R and the spread s at most S = max(NORMAL R, FLOOR). At a distance d the liar counts share TUNING s / d: it
    pulls by share TUNING s. Each other counts at least min(1, TUNING s / R) of its share, and s divided by that is at
    most S again. Of four equal members, three who agree are moved by 4 points at most.

    Beside a single other nobody can tell which of two lies: what is left to the liar is its share.
    """
    low, high = min(honest), max(honest)
    if len(honest) == 1:
        return low * (1 - share), low * (1 - share) + 100 * share
    width = share / (1 - share) * TUNING * max(NORMAL * (high - low), FLOOR)
    return max(0.0, low - width), min(100.0, high + width)


def effective_votes(votes: float, correlation: float) -> float:
    """How many independent votes so many are worth whose errors correlate: J / (1 + (J - 1) rho)."""
    return votes / (1 + (votes - 1) * correlation)


def confidence(n_eff: float, disagreement: float, present: float) -> float:
    """0 to 1: less with fewer votes, with members missing, and the more they differ. It ranks; it is no probability.

    The reliability n / (1 + n) of the mean of n judges of reliability 0.5 each (Spearman and Brown, 1910), times
    what is left by the disagreement, times `present`, the share of the seats that voted.
    """
    return n_eff / (1 + n_eff) / (1 + (disagreement / TYPICAL) ** 2) * present


def interval(score: float, disagreement: float, n_eff: float, present: float) -> tuple[float, float]:
    """Where the score of all seats would lie four times in five: wider with fewer votes, the more they differ, and with
    members missing.

    The standard error of a mean of n_eff votes that each err by FLOOR and by what they differ, over the root of
    `present`, the share of the seats that voted. It is of the council's opinion, not of what the clip will do.
    """
    half = EIGHTY * math.sqrt((disagreement**2 + FLOOR**2) / (n_eff * present))
    return max(0.0, score - half), min(100.0, score + half)


def shares(
    members: Sequence[str], residuals: Mapping[str, Sequence[float | None]], before: Mapping[str, float] | None = None
) -> dict[str, float]:
    """How much say each member gets, of sum 1: by how near it came to outcomes, 1 / MSE.

    `residuals` are vote less outcome in points, for each member one per clip, None where it did not vote. The MSE is
    shrunk to the mean of all by PRIOR outcomes, so that members without a record are equal. None gets more than its
    cap, and none changes by more than STEP against `before`, equal shares where there is none. Raises BadInput where a
    residual is more than 100 points or the lists are of different lengths.
    """
    _checked(residuals)
    squares = {name: [value**2 for value in residuals.get(name, ()) if value is not None] for name in members}
    count = sum(len(found) for found in squares.values())
    usual = math.fsum(value for found in squares.values() for value in found) / count if count else LEAST_MSE
    mse = [(math.fsum(found) + PRIOR * usual) / (len(found) + PRIOR) for found in squares.values()]
    records = {name: len(found) for name, found in squares.items()}
    wanted = _capped([1 / max(LEAST_MSE, value) for value in mse], _caps(members, records))
    now = _say(members, before or {}, records)
    farthest = max((abs(a - b) for a, b in zip(wanted, now, strict=True)), default=0.0)
    step = min(1.0, STEP / farthest) if farthest else 1.0
    return {name: b + step * (a - b) for name, a, b in zip(members, wanted, now, strict=True)}


def shared_error(residuals: Mapping[str, Sequence[float | None]]) -> float:
    """Rho, 0 to 1: the mean correlation of two members' residuals over the clips both voted on.

    Shrunk to CORRELATION by PRIOR clips, and 0 where it is below. A pair with less than three clips in common, or
    without variance, tells nothing.
    """
    _checked(residuals)
    total, count = 0.0, 0
    for one, other in combinations(sorted(residuals), 2):
        both = [
            (a, b) for a, b in zip(residuals[one], residuals[other], strict=True) if a is not None and b is not None
        ]
        if len(both) < 3:
            continue
        try:
            found = pearson([a for a, _ in both], [b for _, b in both])
        except StatisticsError:  # one of them is always off by the same
            continue
        total += len(both) * found
        count += len(both)
    pairs = math.comb(len(residuals), 2)
    clips = count / pairs if pairs else 0.0
    found = total / count if count else 0.0
    return min(1.0, max(0.0, (clips * found + PRIOR * CORRELATION) / (clips + PRIOR)))


def _checked(residuals: Mapping[str, Sequence[float | None]]) -> None:
    for name, found in residuals.items():
        if bad := [value for value in found if value is not None and not -100 <= value <= 100]:
            raise BadInput(f"a residual of {name} is {bad[0]}; give points from -100 to 100, or none")
    if len({len(found) for found in residuals.values()}) > 1:
        raise BadInput("the members' residuals are of different numbers of clips; give one per clip, or none")


def _kish(weights: Sequence[float]) -> float:
    """How many equal votes these are worth: 1 / sum w^2 (Kish, Survey Sampling, 1965), 1 to as many as there are."""
    return min(float(len(weights)), max(1.0, 1 / math.fsum(weight * weight for weight in weights)))


def _once(votes: Iterable[Vote]) -> list[Vote]:
    """One vote a member, in order of names: its lowest score, or why it abstains where it gives none."""
    first: dict[str, Vote] = {}
    for vote in sorted(votes, key=_order):
        first.setdefault(vote.member, vote)
    return list(first.values())


def _order(vote: Vote) -> tuple[object, ...]:
    score = 101.0 if vote.score is None else vote.score
    return vote.member, score, vote.kind, vote.source, vote.abstains or "", vote.reasons, vote.evidence


def _unfit(votes: Sequence[Vote]) -> str | None:
    """Why these votes are no quorum."""
    if not votes:
        return NO_QUORUM.format("nobody voted", "nobody has checked it")
    if len(votes) < QUORUM:
        return NO_QUORUM.format(f"only {votes[0].member} voted", f"{QUORUM} votes are needed to check it")
    if all(vote.kind == "model" for vote in votes):
        return NO_QUORUM.format("only language models voted", "one vote by something else is needed to check it")
    return None


def _say(members: Sequence[str], base: Mapping[str, float], records: Mapping[str, int]) -> list[float]:
    """The shares of these members alone, none above its cap."""
    for name, share in base.items():
        if not 0 < share <= 1:
            raise BadInput(f"the share of {name} is {share}; give one above 0 and at most 1")
    known = [base[name] for name in members if name in base]
    usual = math.fsum(known) / len(known) if known else 1.0
    return _capped([base.get(name, usual) for name in members], _caps(members, records))


def _caps(members: Sequence[str], records: Mapping[str, int]) -> list[float]:
    """How much of the say each may have. Two share it as they can, and one alone has it all."""
    if len(members) == 1:
        return [1.0]
    return [CAP if len(members) == 2 or records.get(name, 0) >= TRIED else UNTRIED for name in members]


def _capped(weights: Sequence[float], caps: Sequence[float]) -> list[float]:
    """Of sum 1; what one has above its cap goes to the others, by their weights."""
    held: dict[int, float] = {}
    while True:
        free = [n for n in range(len(weights)) if n not in held]
        room = 1 - math.fsum(held.values())
        whole = math.fsum(weights[n] for n in free)
        found = [held[n] if n in held else room * (weights[n] / whole) for n in range(len(weights))]
        over = [n for n in free if found[n] > caps[n]]
        if not over or len(over) == len(free):  # all at their caps: what rounding left is shared
            return found
        held |= {n: caps[n] for n in over}


def _mean(scores: Sequence[float], weights: Sequence[float]) -> float:
    """Weighted; rounding must not carry it outside the scores."""
    mean = math.fsum(weight * score for weight, score in zip(weights, scores, strict=True))
    return min(max(scores), max(min(scores), mean))


def _dissent(voted: Sequence[tuple[Vote, float]], score: float) -> tuple[Dissent, ...]:
    found = []
    for vote, own in voted:
        if abs(own - score) > APART:
            reasons = "; ".join(vote.reasons) or "it names no reason"
            why = f"gives {own:.0f} where the council gives {score:.0f}: {reasons}"
            found.append(Dissent(member=vote.member, apart=own - score, why=why))
    return tuple(sorted(found, key=lambda one: (-abs(one.apart), one.member)))
