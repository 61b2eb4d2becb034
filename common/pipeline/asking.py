"""Questions to language models: booked, asked at most once, kept. Implements common.ports.asking.

book ──> see common.pipeline.booking
 ask ──> answers/{key}   the same question to the same model was answered before: nothing is asked, nothing paid
     ──> calls/{run}.{name}   written before it is sent (common.ports.calls), so that a retry never buys it again
close ──> what was not spent goes back, once
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from common.domain.codec import digest
from common.errors import Permanent, TooMany, Transient, Unanswered
from common.pipeline.booking import Booking
from common.pipeline.engine import Engine
from common.pipeline.lease import Lease
from common.pipeline.run import Flow
from common.ports.calls import Answer, Call, key_of
from common.ports.clock import stamp
from common.ports.documents import Json, Merge
from common.ports.language import LanguageModel, Question, Reply, Seats, Usage

KEPT_DAYS = 90  # answers


class RunAsking:
    """Of one attempt."""

    def __init__(self, engine: Engine, flow: Flow, lease: Lease) -> None:
        self._engine = engine
        self._lease = lease
        self._tenant = f"tenants/{flow.tenant}"
        self._asset = flow.asset
        self._booking = Booking(engine, flow, lease, lambda: self.seats.caps)
        self._spent = 0
        self._lock = threading.Lock()

    @property
    def seats(self) -> Seats:
        return self._engine.seats()

    def book(self, wanted: Mapping[str, int]) -> Mapping[str, str]:
        return self._booking.book(wanted)

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
        return self._booking.close(self._spent)

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

    def _until(self) -> str:
        return stamp(self._engine.clock.now() + timedelta(days=KEPT_DAYS))


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
