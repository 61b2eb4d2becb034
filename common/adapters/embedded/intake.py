"""Files that we fetch, on this machine: they lie among the uploads, and arrive as those do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from common.adapters.embedded.sessions import Arrived, Refused, Session, Sessions
from common.errors import BadInput, NoSpace, NotFound
from common.ports.clock import Clock


class LocalIntake:
    """Intake and Purge of the folder that uploads come to; sessions are shared with whoever serves those."""

    def __init__(self, folder: Path, clock: Clock, arrived: Arrived) -> None:
        self._sessions = Sessions(folder, clock, arrived)

    def begin(self, name: str, *, most_bytes: int) -> str | None:
        try:
            return self._sessions.begin(name, least=1, most=most_bytes, again=True).token
        except Refused as refused:
            if refused.status == 412:
                return None
            raise

    def came(self, session: str) -> int | None:
        found = self._found(session)
        with _told():
            if not found.whole():
                return found.cut()
            self._sessions.finish(found)
        return None

    def add(self, session: str, at: int, part: bytes, *, last: bool) -> int:
        found = self._found(session)
        if found.whole():
            return at + len(part)
        with _told():
            there = found.size() or 0
            if at > there:
                raise NotFound(f"the bytes from {there} to {at} are not here; begin anew")
            if at + len(part) > found.most:
                raise BadInput(f"there are more than {found.most} bytes; send a smaller file", code="too_large")
            found.add(part[there - at :])
            if last:
                self._sessions.finish(found)
        return at + len(part)

    def count(self, prefix: str) -> int:
        return len(self._sessions.below(prefix))

    def remove(self, prefix: str, *, most: int = 1000) -> int:
        return self._sessions.forget(prefix, most)

    def lingers(self, prefix: str) -> datetime | None:
        """What a file system removes is removed."""
        return None

    def _found(self, session: str) -> Session:
        found = self._sessions.find(session)
        if found is None:
            raise NotFound("there is no such upload any more; begin it anew")
        return found


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        if refused.status == 507:
            raise NoSpace(str(refused)) from refused
        if refused.status in (409, 412):
            return  # it is whole: another came first, or this very part came before
        raise BadInput(str(refused)) from refused
