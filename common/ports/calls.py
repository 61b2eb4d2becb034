"""Calls: what costs money or cannot be taken back, written down before it is sent and never sent on doubt.

intended ──> done        the remote answered; its id and the cost are kept
    │  └───> not_sent    it provably never left; the reservation is given back
    └──────> unknown     sent, and no answer: only reading the remote may resolve it, to done or not_sent
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Json = dict[str, Any]
State = Literal["intended", "done", "not_sent", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One intended call. Costs are integer micros of a US dollar."""

    key: str
    state: State
    token: str
    reserved_micros: int
    cost_micros: int | None
    remote_id: str | None
    answer: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the remote said. `remote_id` is its name for what was made, if it made something."""

    body: Json
    remote_id: str | None = None
    cost_micros: int = 0


def key_of(run: str, name: str) -> str:
    """Where a call of a run, or of a publication, is written down."""
    tenant, _, own = run.rsplit("/", 2)
    return f"{tenant}/calls/{own}.{name}"


class Calls(Protocol):
    def perform(
        self,
        run: str,
        name: str,
        *,
        token: str,
        request: Json,
        reserved_micros: int,
        timeout_s: float,
        send: Callable[[], Answer],
        still_mine: Callable[[], bool],
    ) -> Call:
        """Do `send` at most once for this run and name; a repeat returns what is recorded.

        `token` is the run's fencing token; `still_mine` is asked right before `send`. An exception from
        `send` that is a `NotSent` leaves `not_sent`; any other leaves `unknown` and is raised on.
        """

    def resolve(self, key: str, *, state: Literal["done", "not_sent"], answer: Answer | None = None) -> Call:
        """Settle an `unknown` call after the remote was read. To settle it so again changes nothing, and one that was
        taken for `not_sent` is `done` where the remote has it after all.
        """


class NotSent(Exception):
    """Raised by `send` when the request provably never left this machine."""
