"""Ask every member about a clip, and merge what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from common.council import registry
from common.domain.verdict import Ballot, LeftOut, Verdict, Vote
from common.errors import Permanent, Transient
from common.ports.council import Member
from common.scoring import consensus


def hear(
    ballot: Ballot,
    *,
    members: Iterable[Member] | None = None,
    vacant: Iterable[LeftOut] = registry.VACANT,
    base: Mapping[str, float] | None = None,
    correlation: float = consensus.CORRELATION,
) -> Verdict:
    """The council's verdict on one clip; `members` are those of the registry unless others are given.

    A member that cannot answer, or answers what is no vote, is left out with what it said. `base` and `correlation`
    are consensus.merge's.
    """
    votes: list[Vote] = []
    left_out = list(vacant)
    for member in registry.members() if members is None else members:
        try:
            votes.append(member.vote(ballot))
        except (Permanent, Transient) as error:
            left_out.append(LeftOut(name=member.name, why=str(error)))
    local = 100 * ballot.judgement.score
    return consensus.merge(votes, local=local, base=base or {}, correlation=correlation, left_out=left_out)
