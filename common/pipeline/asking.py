"""Questions to language models: booked, asked at most once, kept. Implements common.ports.asking.

    book ──> bookings/{run}  and what the day and the video have left, in one batch: none is spent that is not there
     ask ──> answers/{key}   the same question to the same model was answered before: nothing is asked, nothing paid
         ──> calls/{run}.{name}   written before it is sent (common.ports.calls), so that a retry never buys it again
    close ──> what was not spent goes back, once

A booking whose run dies for good stays: what was sent may have been paid for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from common.domain.codec import digest
from common.errors import Conflict, Permanent, TooMany, Transient, Unanswered
from common.pipeline.engine import Engine
from common.pipeline.lease import Lease
from common.pipeline.run import Flow
from common.ports.calls import Answer, Call, key_of
from common.ports.clock import stamp
from common.ports.documents import Create, Increment, Json, Merge, Snap, Update, Write
from common.ports.language import LanguageModel, Question, Reply, Seats, Usage

KEPT_DAYS = 90  # answers, and what was spent on a day
TRIES = 20  # of a booking that others book beside


class RunAsking:
    """Of one attempt."""

    def __init__(self, engine: Engine, flow: Flow, lease: Lease) -> None:
        self._engine = engine
        self._lease = lease
        self._tenant = f"tenants/{flow.tenant}"
        self._asset = flow.asset
        self._booking = lease.run.key.replace("/runs/", "/bookings/")
        self._spent = 0
        self._lock = threading.Lock()

    @property
    def seats(self) -> Seats:
        return self._engine.seats()

    def book(self, wanted: Mapping[str, int]) -> Mapping[str, str]:
        for _ in range(TRIES):
            purses = self._purses()
            found = self._engine.documents.get_many([self._booking, *purses])
            if self._booking in found:
                return dict(found[self._booking].body["refused"])
            left = min(cap - _micros(found.get(key)) for key, cap in purses.items())
            booked, refused = _fitting(wanted, left)
            body: Json = {"schema": 1, "booked": booked, "refused": refused, "state": "open"}
            about = {"asset": self._asset, "expires": self._until()}
            writes = [_taken(key, found.get(key), sum(booked.values()), about) for key in purses]
            try:
                self._engine.documents.commit([Create(self._booking, {**body, "purses": list(purses)}), *writes])
            except Conflict:
                continue
            return refused
        raise Transient("too many book at once; it is tried again")

    def ask(self, model: LanguageModel, question: Question, *, name: str, timeout_s: float) -> Reply:
        kept = f"{self._tenant}/answers/{digest({'question': question.key, 'model': model.model}, 40)}"
        own = key_of(self._lease.run.key, name)
        there = self._engine.documents.get_many([kept, own])
        if kept in there and own not in there:  # else this run has paid for it, and that must be counted
            return _again(there[kept].body)
        call = self._bought(model, question, name, timeout_s)
        body = _told(call, name)
        fields: Json = {"schema": 1, "asset": self._asset, "prompt": question.prompt, "expires": self._until(), **body}
        self._engine.documents.commit([Merge(kept, fields)])
        return Reply(
            content=body["content"], usage=Usage(**body["usage"]), cost_micros=_cost(call), model=body["model"]
        )

    def close(self) -> int:
        snap = self._engine.documents.get_many([self._booking]).get(self._booking)
        if snap is None:
            return self._spent
        if snap.body["state"] == "open":
            back = sum(snap.body["booked"].values()) - self._spent
            fields: Json = {"state": "closed", "spent": self._spent}
            gave = [Increment(key, "micros", -back) for key in snap.body["purses"]]
            try:
                self._engine.documents.commit([Update(snap.key, fields, snap.version), *gave])
            except Conflict:
                return self.close()  # another attempt closed it, or this one did and the answer was lost
            return self._spent
        return int(snap.body["spent"])

    def _bought(self, model: LanguageModel, question: Question, name: str, timeout_s: float) -> Call:
        def send() -> Answer:
            try:
                reply = model.ask(question, timeout_s=timeout_s)
            except (TooMany, Permanent) as error:
                # An answer, though none of use: it is written down with what it cost, and is not asked for again.
                cost = error.cost_micros if isinstance(error, Unanswered) else 0
                return Answer(body={"refused": _kind(error), "text": str(error)}, cost_micros=cost or 0)
            usage = {"input": reply.usage.input, "output": reply.usage.output, "cached": reply.usage.cached}
            body = {"content": reply.content, "usage": usage, "model": reply.model}
            return Answer(body=body, cost_micros=reply.cost_micros)

        try:
            call = self._engine.calls.perform(
                self._lease.run.key,
                name,
                token=self._lease.token,
                request={"question": question.key, "model": model.model},
                reserved_micros=model.estimate(question),
                timeout_s=timeout_s,
                send=send,
                still_mine=lambda: not self._lease.closed.is_set(),
            )
        except Exception:
            self._spend(model.estimate(question))  # sent, and no answer: it may have to be paid for
            raise
        self._spend(_cost(call))
        return call

    def _spend(self, micros: int) -> None:
        with self._lock:
            self._spent += micros

    def _purses(self) -> dict[str, int]:
        """What is spent from, and how much may be."""
        day = stamp(self._engine.clock.now())[:10]
        caps = self.seats.caps
        return {
            f"{self._tenant}/spending/day-{day}": caps.per_day,
            f"{self._tenant}/spending/asset-{self._asset}": caps.per_video,
        }

    def _until(self) -> str:
        return stamp(self._engine.clock.now() + timedelta(days=KEPT_DAYS))


def _fitting(wanted: Mapping[str, int], left: int) -> tuple[dict[str, int], dict[str, str]]:
    booked: dict[str, int] = {}
    refused: dict[str, str] = {}
    for seat, micros in sorted(wanted.items(), key=lambda one: (one[1], one[0])):
        if micros <= left:
            booked[seat] = micros
            left -= micros
        else:
            refused[seat] = (
                f"asking it may cost ${micros / 1e6:.4f}, and ${max(0, left) / 1e6:.4f} is left of what may be spent "
                "on this video or today; raise the caps, or come again tomorrow"
            )
    return booked, refused


def _taken(key: str, snap: Snap | None, micros: int, about: Json) -> Write:
    fields = {"micros": _micros(snap) + micros, "expires": about["expires"]}
    if snap is None:
        return Create(key, {"schema": 1, **fields, **(about if "/asset-" in key else {})})
    return Update(key, fields, snap.version)


def _micros(snap: Snap | None) -> int:
    return 0 if snap is None else int(snap.body["micros"])


def _cost(call: Call) -> int:
    """What is not known is taken to be what was set aside."""
    return call.reserved_micros if call.cost_micros is None else call.cost_micros


def _told(call: Call, name: str) -> dict[str, Any]:
    if call.state == "not_sent":
        raise Transient(f"{name}: the request could not be sent; look whether its address can be reached")
    if call.answer is None:
        raise Transient(f"{name}: it was asked, and no answer came; it is not asked twice, for that may be paid twice")
    if "refused" in call.answer:
        raise _ERRORS[call.answer["refused"]](str(call.answer["text"]))
    return call.answer


def _again(body: Json) -> Reply:
    return Reply(content=body["content"], usage=Usage(input=0, output=0), cost_micros=0, model=body["model"])


def _kind(error: Exception) -> str:
    return "pause" if isinstance(error, TooMany) else "unanswered" if isinstance(error, Unanswered) else "permanent"


def _pause(text: str) -> Exception:
    return TooMany(text, after_s=60.0)


def _unanswered(text: str) -> Exception:
    return Unanswered(text, cost_micros=None)


_ERRORS: dict[str, Callable[[str], Exception]] = {"pause": _pause, "unanswered": _unanswered, "permanent": Permanent}
