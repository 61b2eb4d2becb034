"""Sessions of people: over after half an hour in which nobody asked, and a day after signing in.

A session is a person and the moment they signed in, which every token that is refreshed from it names. When it was
last used stands in `sessions/{digest of both}`, to a minute.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from common.errors import Conflict, Unauthorized
from common.ports.auth import Auth, Caller
from common.ports.clock import Clock, parse, stamp
from common.ports.documents import Create, Documents, Json, Update, Write

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=24)
NOTED = timedelta(seconds=60)
OVER = "your session is over; sign in again"


class Sessions:
    """Implements Auth: of those whom another one knows, who signed in not too long ago and has asked since."""

    def __init__(self, auth: Auth, documents: Documents, clock: Clock) -> None:
        self._auth, self._documents, self._clock = auth, documents, clock

    def person(self, token: str) -> Caller:
        """Raises Unauthorized with the code session_over where only signing in again helps."""
        caller = self._auth.person(token)
        self._see(caller.subject, datetime.fromtimestamp(int(caller.claims["auth_time"]), UTC))
        return caller

    def _see(self, subject: str, began: datetime) -> None:
        now = self._clock.now()
        if now - began >= LONGEST:
            raise Unauthorized(OVER, code="session_over")
        key = f"sessions/{hashlib.sha256(f'{subject} {began.timestamp()}'.encode()).hexdigest()[:40]}"
        snap = self._documents.get_many([key]).get(key)
        seen = None if snap is None else parse(snap.body["seen"])
        if seen is not None and now - seen >= IDLE:
            raise Unauthorized(OVER, code="session_over")
        if seen is not None and now - seen < NOTED:
            return
        body: Json = {"schema": 1, "seen": stamp(now), "expires": stamp(began + LONGEST)}
        write: Write = Create(key, body) if snap is None else Update(key, body, snap.version)
        try:
            self._documents.commit([write])
        except Conflict:
            return  # another instance has just noted it
