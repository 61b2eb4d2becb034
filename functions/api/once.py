"""Idempotency-Key: a POST that is sent again is answered as before, and done once.

`tenants/{t}/idempotency/{digest of who and key}`: the digest of the request, and its answer once there is one. The
document is made before anything is done, so of two at once one does it. An answer that holds a secret is not kept.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from common.errors import BadInput, Conflict
from common.ports.clock import stamp
from common.ports.documents import Create, Delete, Json, Snap, Update, Version
from functions.api.route import Ask, Route

KEPT = timedelta(days=1)
ABANDONED_S = 120.0  # after which whoever does it has died: no request may take longer
HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as it was sent."""

    status: int
    body: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A request that nobody has done yet: end it with `keep`, or with `drop` where it was refused."""

    ask: Ask
    key: str
    version: Version
    secret: bool

    def keep(self, given: Given) -> None:
        fields: Json = {"state": "done", "status": given.status, "version": given.version}
        fields["body"] = None if self.secret else given.body
        self.ask.parts.engine.documents.commit([Update(self.key, fields, self.version)])

    def drop(self) -> None:
        self.ask.parts.engine.documents.commit([Delete(self.key, self.version)])


def begin(ask: Ask, route: Route, key: str, content: bytes) -> Begun | Given:
    """The answer that was given before, or leave to do it now. Raises BadInput, Conflict."""
    if not _KEY.fullmatch(key):
        raise BadInput("Idempotency-Key: send 1 to 128 plain characters, such as a random UUID")
    request = hashlib.sha256(f"{route.method} {route.path} {sorted(ask.path.items())} ".encode() + content).hexdigest()
    name = hashlib.sha256(f"{ask.who.subject} {key}".encode()).hexdigest()[:40]
    where, documents = f"{ask.parent}/idempotency/{name}", ask.parts.engine.documents
    now = ask.parts.engine.clock.now()
    body: Json = {"schema": 1, "request": request, "state": "open", "at": stamp(now), "expires": stamp(now + KEPT)}
    while True:
        there = documents.get_many([where]).get(where)
        if there is not None and (given := _before(there, request, route)) is not None:
            return given
        write = Create(where, body) if there is None else Update(where, body, there.version)
        try:
            version = documents.commit([write])[where]
        except Conflict:
            continue  # the same request came twice in this very moment
        return Begun(ask=ask, key=where, version=version, secret=route.secret)


def _before(there: Snap, request: str, route: Route) -> Given | None:
    """The answer of an earlier one; None where whoever began it has died."""
    if there.body["request"] != request:
        raise BadInput("this Idempotency-Key was used for another request; take a new one", code="key_reused")
    if there.body["state"] == "open":
        if there.age < ABANDONED_S:
            raise Conflict("this very request is at work; ask again in a moment", code="at_work")
        return None
    if route.secret:
        raise Conflict("this was done, and its text is told once; make another", code="told_once")
    return Given(status=there.body["status"], body=there.body["body"], version=there.body["version"])
