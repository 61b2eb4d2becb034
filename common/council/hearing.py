"""Ask every member about every clip, side by side, and merge what they answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar, cast

from common.council import comparing, registry
from common.domain.verdict import Ballot, LeftOut, Verdict, Vote
from common.errors import Permanent, Transient
from common.ports.council import Member
from common.scoring import consensus
from common.scoring.calibration import Calibration

log = logging.getLogger("cutroom.council")

T = TypeVar("T")

WHOLE_S = 20.0  # for all members and all clips together
LATE = "it did not answer within the {:.0f} s the council has; run again with --again council to ask it anew"
FLAGGED = "the clip's own words or pictures try to instruct whoever judges it ({}), so no language model is asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What outcomes have taught of the members, by name: all but `calibrations` as consensus.merge takes it."""

    base: Mapping[str, float] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)
    correlation: float = consensus.CORRELATION
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)


UNTRIED = Standing()


def hear(
    ballots: Sequence[Ballot],
    *,
    members: Sequence[Member] | None = None,
    vacant: Sequence[LeftOut] = (),
    standing: Standing = UNTRIED,
    compared: Mapping[str, Callable[[], Mapping[int, float] | None]] | None = None,
    within_s: float = WHOLE_S,
    on_wait: Callable[[], None] = lambda: None,
) -> list[Verdict]:
    """The council's verdict on each clip; `members` are the local ones of the registry unless others are given.

    A member that cannot answer, answers what is no vote, or hangs, is left out with why. Those that need the network
    are all asked at once. `compared` asks a member, by name, for the places of the clips among each other (0 to 1, by
    their place in `ballots`), beside its votes; without an answer the votes stand as they are. `on_wait` is called a
    few times while they are waited for.
    """
    seated = registry.members() if members is None else members
    asked = [(n, member) for n in range(len(ballots)) for member in seated]
    near = [_near(member, ballots[n]) for n, member in asked]
    votes = [partial(_answer, member, ballots[n]) for (n, member), one in zip(asked, near, strict=True) if one is None]
    orders = {name: partial(_places, ask) for name, ask in (compared or {}).items()}
    away: list[Callable[[], Any]] = [*votes, *orders.values()]
    came = side_by_side(away, within_s, on_wait)
    places: dict[str, Mapping[int, float]] = dict(zip(orders, (one or {} for one in came[len(votes) :]), strict=True))
    rest = iter(came[: len(votes)])
    found: list[list[Vote | LeftOut]] = [[] for _ in ballots]
    for (n, member), one in zip(asked, near, strict=True):
        answer = next(rest) if one is None else one
        answer = LeftOut(name=member.name, why=LATE.format(within_s)) if answer is None else answer
        if isinstance(answer, Vote):
            answer = comparing.placed(answer, places.get(member.name, {}).get(n))
        found[n].append(answer)
    return [_merged(ballot, answers, vacant, standing) for ballot, answers in zip(ballots, found, strict=True)]


def side_by_side(
    asked: Sequence[Callable[[], T]], seconds: float, on_wait: Callable[[], None] = lambda: None
) -> list[T | None]:
    """What each gives, in order, None for those that did not within this time. What one raises is raised."""
    found: dict[int, T | BaseException] = {}
    changed = threading.Condition()

    def work(n: int) -> None:
        came: T | BaseException
        try:
            came = asked[n]()
        except BaseException as error:
            came = error  # raised where somebody waits for it
        with changed:
            found[n] = came
            changed.notify()

    for n in range(len(asked)):
        # Daemons: one that hangs must not keep the process. Its own deadline ends it.
        threading.Thread(target=work, args=(n,), daemon=True).start()
    until = time.monotonic() + seconds
    with changed:
        while len(found) < len(asked) and (left := until - time.monotonic()) > 0:
            changed.wait(min(left, 1.0))
            on_wait()
        came = dict(found)
    for one in came.values():
        if isinstance(one, BaseException):
            raise one
    return [cast(T | None, came.get(n)) for n in range(len(asked))]


def _near(member: Member, ballot: Ballot) -> Vote | LeftOut | None:
    """The answer of a member that is here, or is not to be asked; None for one that is asked elsewhere."""
    if not member.needs_network:
        return _answer(member, ballot)
    if ballot.flagged:
        return LeftOut(name=member.name, why=FLAGGED.format("; ".join(ballot.flagged)))
    return None


def _answer(member: Member, ballot: Ballot) -> Vote | LeftOut:
    try:
        return member.vote(ballot)
    except (Permanent, Transient) as error:
        return LeftOut(name=member.name, why=str(error))


def _places(ask: Callable[[], Mapping[int, float] | None]) -> Mapping[int, float] | None:
    try:
        return ask()
    except (Permanent, Transient) as error:
        log.info("the clips were not compared: %s", error)
        return None


def _merged(
    ballot: Ballot, answers: Sequence[Vote | LeftOut], vacant: Sequence[LeftOut], standing: Standing
) -> Verdict:
    return consensus.merge(
        [_calibrated(one, standing) for one in answers if isinstance(one, Vote)],
        local=100 * ballot.judgement.score,
        base=standing.base,
        correlation=standing.correlation,
        left_out=[*vacant, *(one for one in answers if isinstance(one, LeftOut))],
        records=standing.records,
    )


def _calibrated(vote: Vote, standing: Standing) -> Vote:
    known = standing.calibrations.get(vote.member)
    return vote if known is None or vote.score is None else replace(vote, score=known(vote.score))
