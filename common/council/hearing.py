"""Ask every member about every clip, side by side, and merge what they answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from common.council import registry
from common.domain.verdict import Ballot, LeftOut, Verdict, Vote
from common.errors import Permanent, Transient
from common.ports.council import Member
from common.scoring import consensus
from common.scoring.calibration import Calibration

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
    within_s: float = WHOLE_S,
    on_wait: Callable[[], None] = lambda: None,
) -> list[Verdict]:
    """The council's verdict on each clip; `members` are the local ones of the registry unless others are given.

    A member that cannot answer, answers what is no vote, or hangs, is left out with why. Those that need the network
    are all asked at once. `on_wait` is called a few times while they are waited for.
    """
    seated = registry.members() if members is None else members
    asked = [(n, member) for n in range(len(ballots)) for member in seated]
    away = _Away([(member, ballots[n]) for n, member in asked if member.needs_network and not ballots[n].flagged])
    near = [_near(member, ballots[n]) for n, member in asked]
    came = iter(away.within(within_s, on_wait))
    answers = [next(came) if one is None else one for one in near]
    by_clip = [answers[n * len(seated) : (n + 1) * len(seated)] for n in range(len(ballots))]
    return [_merged(ballot, found, vacant, standing) for ballot, found in zip(ballots, by_clip, strict=True)]


def _near(member: Member, ballot: Ballot) -> Vote | LeftOut | None:
    """The answer of a member that is here, or is not to be asked; None for one that is asked elsewhere."""
    if not member.needs_network:
        return _answer(member, ballot)
    if ballot.flagged:
        return LeftOut(name=member.name, why=FLAGGED.format("; ".join(ballot.flagged)))
    return None


class _Away:
    """Answers that are on their way, each in a thread of its own."""

    def __init__(self, asked: Sequence[tuple[Member, Ballot]]) -> None:
        self._asked = asked
        self._found: dict[int, Vote | LeftOut | BaseException] = {}
        self._changed = threading.Condition()
        for n in range(len(asked)):
            # Daemons: one that hangs must not keep the process. Its own deadline ends it.
            threading.Thread(target=self._ask, args=(n,), daemon=True).start()

    def within(self, seconds: float, on_wait: Callable[[], None]) -> list[Vote | LeftOut]:
        """In the order they were asked, once all came or the time is over."""
        until = time.monotonic() + seconds
        with self._changed:
            while len(self._found) < len(self._asked) and (left := until - time.monotonic()) > 0:
                self._changed.wait(min(left, 1.0))
                on_wait()
            came = dict(self._found)
        answers: list[Vote | LeftOut] = []
        for n, (member, _) in enumerate(self._asked):
            one = came.get(n, LeftOut(name=member.name, why=LATE.format(seconds)))
            if isinstance(one, BaseException):
                raise one
            answers.append(one)
        return answers

    def _ask(self, n: int) -> None:
        found: Vote | LeftOut | BaseException
        try:
            found = _answer(*self._asked[n])
        except BaseException as error:
            found = error  # raised where somebody waits for it
        with self._changed:
            self._found[n] = found
            self._changed.notify()


def _answer(member: Member, ballot: Ballot) -> Vote | LeftOut:
    try:
        return member.vote(ballot)
    except (Permanent, Transient) as error:
        return LeftOut(name=member.name, why=str(error))


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
