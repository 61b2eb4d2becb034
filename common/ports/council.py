"""A member of the council: one judge with evidence of its own."""

from __future__ import annotations

from typing import Protocol

from common.domain.verdict import Ballot, Kind, Vote


class Member(Protocol):
    @property
    def name(self) -> str:
        """Fixed, lower case; its weight is kept under it."""

    @property
    def kind(self) -> Kind: ...

    @property
    def needs_network(self) -> bool: ...

    def vote(self, ballot: Ballot) -> Vote:
        """Its score, or why it abstains.

        Raises Transient or Permanent where it cannot answer, and VoteRefused where what it found is no score; the
        council then goes on without it and says why.
        """
