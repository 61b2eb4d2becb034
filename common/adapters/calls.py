"""Calls kept as documents, on whichever store stands behind the documents port.

Create(intended) ──conflict──> ours: an earlier attempt's, whose end is unknown to us
      │                        its answer is there: return it, send nothing
      v
still our run? ──no──> not_sent
      v
    send ──answer──> done ; ──NotSent──> not_sent ; ──anything else──> unknown, raised on
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from common.domain.codec import digest
from common.errors import BadInput, Conflict, Fenced, Transient
from common.ports.calls import Answer, Call, NotSent, key_of
from common.ports.clock import Clock, stamp
from common.ports.documents import ABSENT, Create, Documents, Json, Snap, Update

MARGIN_S = 30.0  # a remote may act this long after the sender gave up


class DocumentCalls:
    """See common.ports.calls. `due` lets the sweep find calls whose end nobody wrote down."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

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
        key = key_of(run, name)
        snap, mine = self._intend(key, token, request, reserved_micros, timeout_s)
        if snap.body["request"] != digest(request, 64):
            raise BadInput(f"call {name!r} of this run was made with another request; give it another name")
        if snap.body["state"] != "intended":
            return _call(snap)
        if not mine:
            # Another attempt may have sent it and died. Until its time is over nobody knows, after it nobody ever will.
            if snap.age < snap.body["window_s"]:
                raise Transient(f"call {name!r} may still be under way; it is looked at again")
            return self._write(snap, {"state": "unknown"})
        if not still_mine():
            self._write(snap, {"state": "not_sent", "cost_micros": 0})
            raise Fenced("the run was given to another attempt before the call was sent")
        try:
            answer = send()
        except NotSent:
            return self._write(snap, {"state": "not_sent", "cost_micros": 0})
        except BaseException:
            self._write(snap, {"state": "unknown"})
            raise
        return self._write(snap, _answered(answer))

    def resolve(self, key: str, *, state: Literal["done", "not_sent"], answer: Answer | None = None) -> Call:
        snap = self._documents.get_many([key])[key]
        if snap.body["state"] == state:
            return _call(snap)
        # Who read it before may have died before it could go on; what was lost may have come since.
        if snap.body["state"] not in ("unknown", "not_sent"):
            raise BadInput(f"call {key} is {snap.body['state']}; only an unknown call can be resolved")
        if state == "done":
            if answer is None:
                raise BadInput("a call that is done has an answer; give what the remote said")
            return self._write(snap, _answered(answer))
        return self._write(snap, {"state": "not_sent", "cost_micros": 0, "due": ABSENT})

    def _intend(self, key: str, token: str, request: Json, reserved_micros: int, timeout_s: float) -> tuple[Snap, bool]:
        window = timeout_s + MARGIN_S
        body: Json = {
            "schema": 1,
            "state": "intended",
            "token": token,
            "request": digest(request, 64),
            "reserved_micros": reserved_micros,
            "window_s": window,
            "due": stamp(self._clock.now() + timedelta(seconds=window)),
        }
        try:
            self._documents.commit([Create(key, body)])
            mine = True
        except Conflict:
            mine = False
        snap = self._documents.get_many([key])[key]
        # A conflict with our own token is our own write, whose answer was lost: it was not sent yet.
        return snap, mine or snap.body["token"] == token

    def _write(self, snap: Snap, fields: Json) -> Call:
        while True:
            try:
                self._documents.commit([Update(snap.key, fields, snap.version)])
            except Conflict:
                fresh = self._documents.get_many([snap.key])[snap.key]
                # What the sender knows outweighs what somebody else had to assume.
                if fresh.body["state"] not in ("intended", "unknown"):
                    return _call(fresh)
                snap = fresh
                continue
            return _call(self._documents.get_many([snap.key])[snap.key])


def _answered(answer: Answer) -> Json:
    return {
        "state": "done",
        "remote_id": answer.remote_id,
        "answer": answer.body,
        "cost_micros": answer.cost_micros,
        "due": ABSENT,
    }


def _call(snap: Snap) -> Call:
    body = snap.body
    return Call(
        key=snap.key,
        state=body["state"],
        token=body["token"],
        reserved_micros=body["reserved_micros"],
        cost_micros=body.get("cost_micros"),
        remote_id=body.get("remote_id"),
        answer=body.get("answer"),
    )
