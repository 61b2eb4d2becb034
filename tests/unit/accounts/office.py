"""People at work in organisations, and what happens when two of them act in the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from common.accounts import audit, members, organisations
from common.accounts.acting import Acting
from common.accounts.roles import Role
from common.errors import CutroomError
from common.ports.auth import Caller
from common.ports.documents import Documents, Version, Write
from tests.post import Hands

SIGNED_IN_TWICE = {"firebase": {"sign_in_second_factor": "totp"}}


class Ticking(Hands):
    """A clock that goes on by a millisecond whenever it is looked at."""

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@dataclass(frozen=True)
class Office:
    documents: Documents
    clock: Hands

    def alone(self, subject: str) -> Acting:
        """A person in their own tenant."""
        return self._acting(subject, subject, "owner")

    def organisation(self, owner: str = "ann", name: str = "Films", **others: Role) -> str:
        tenant = organisations.make(self.alone(owner), name).id
        for subject, role in others.items():
            members.add(self.acting(tenant, owner), subject, role, None)
        return tenant

    def acting(self, tenant: str, subject: str) -> Acting:
        """As the API lets them in."""
        caller = Caller(subject=subject, claims=SIGNED_IN_TWICE)
        return self._acting(tenant, subject, organisations.role_in(self.documents, tenant, caller))

    def told(self, tenant: str) -> list[tuple[str, str, str]]:
        """Who did what on what, the newest last."""
        return [(one.by, one.what, one.on) for one in reversed(audit.lines(self.documents, tenant))]

    def roles(self, tenant: str) -> dict[str, Role]:
        return {one.subject: one.role for one in members.members(self.documents, tenant)}

    def _acting(self, tenant: str, subject: str, role: Role) -> Acting:
        return Acting(
            documents=self.documents, clock=self.clock, tenant=tenant, subject=subject, role=role, request="r1"
        )


class Met:
    """Documents of several threads that all have read before one of them writes."""

    def __init__(self, inner: Documents, threads: int) -> None:
        self._inner = inner
        self._barrier = threading.Barrier(threads, timeout=20)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        self._barrier.wait()
        return self._inner.commit(writes)


class Before:
    """Documents where something else is done right before the first commit."""

    def __init__(self, inner: Documents, act: Callable[[], Any]) -> None:
        self._inner, self._act = inner, act
        self.interrupted = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        if not self.interrupted:
            self.interrupted = True
            self._act()
        return self._inner.commit(writes)


class Answerless:
    """Documents whose commits are done, lose their answer and are sent again, as Firestore's client does."""

    def __init__(self, inner: Documents) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        self._inner.commit(writes)
        return self._inner.commit(writes)


def at_once(*acts: tuple[Callable[[Acting], Any], Acting]) -> list[Any]:
    """Do all in the same moment; what each gave, or the error it ended in."""

    def done(act: Callable[[Acting], Any], acting: Acting) -> Any:
        try:
            return act(replace(acting, documents=met))
        except CutroomError as error:
            return error

    met: Any = Met(acts[0][1].documents, len(acts))
    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(done, *act) for act in acts]
        return [future.result() for future in futures]
