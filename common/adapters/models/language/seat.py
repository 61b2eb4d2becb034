"""One language model: paced, asked in time, tried again where that costs nothing, its answer checked and priced."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from common.adapters.models.language import price, schema, wire
from common.adapters.models.language.pace import Pace
from common.errors import CutroomError, Permanent, TooMany, Transient, Unanswered
from common.ports.calls import NotSent
from common.ports.language import Question, Reply, Sight, Usage

TRIES = 4
BACKOFF_S = 0.5  # doubled with each try
PAUSE_S = 20.0  # where a maker wants a pause and does not say how long
LONGEST_S = 3600.0  # what is believed of a pause
REFUSED_S = 300.0  # for which a wrong key or id is not tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a maker answered: a text, or why there is none or not all of it. `usage` None: it did not say."""

    text: str
    stopped: str | None  # in words, where the answer is not whole
    usage: Usage | None
    model: str


class Maker(Protocol):
    """One maker's wire. Used by many threads."""

    def send(self, question: Question, schema: schema.Json, timeout_s: float) -> Said:
        """Ask once. Raises wire's errors, and Permanent where the question cannot be put to this maker."""

    def tokens(self, question: Question) -> int:
        """Of what is sent besides the texts and the schema, at most."""


class Seat:
    """A LanguageModel. `mend_key` says where its key belongs, `mend_model` which setting names its id."""

    def __init__(
        self,
        maker: Maker,
        *,
        name: str,
        model: str,
        sees: Sight,
        prices: Sequence[price.Price],
        pace: Pace,
        mend_key: str,
        mend_model: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._maker, self._prices, self._pace = maker, prices, pace
        self.name, self.model, self.sees = name, model, sees
        self._mend_key, self._mend_model = mend_key, mend_model
        self._now, self._seconds, self._sleep = now, seconds, sleep
        self._refused: tuple[str, float] | None = None  # why, and until when nobody asks
        self._lock = threading.Lock()

    def estimate(self, question: Question) -> int:
        texts = [question.system, json.dumps(schema.strict(question.schema))]
        texts += [part for part in question.parts if isinstance(part, str)]
        asked = _FORM + self._maker.tokens(question) + sum(price.text_tokens(text) + _FRAME for text in texts)
        return self._cost(Usage(input=asked, output=question.most_tokens))

    def ask(self, question: Question, *, timeout_s: float) -> Reply:
        until = self._seconds() + timeout_s
        wanted = schema.strict(question.schema)
        with self._lock:
            if self._refused is not None and self._seconds() < self._refused[1]:
                raise Permanent(self._refused[0], code="maker_refused")
        with self._pace.turn(until):
            said = self._said(question, wanted, until, timeout_s)
        return self._reply(said, wanted)

    def _said(self, question: Question, wanted: schema.Json, until: float, timeout_s: float) -> Said:
        for tried in range(TRIES):
            left = until - self._seconds()
            if left <= 0:
                break
            try:
                return wire.within(left, lambda time_s=left + _MARGIN_S: self._maker.send(question, wanted, time_s))  # type: ignore[misc]
            except wire.Late:
                break
            except wire.Garbled as error:
                why = f"{self.name} answered what is no answer of its kind ({error.why}); check its address"
                raise Unanswered(why, cost_micros=None) from error
            except (wire.Refused, wire.Broken) as error:
                wait = self._wait(error, tried)
                if wait is None or tried == TRIES - 1 or self._seconds() + wait >= until:
                    raise self._told(error) from error
                self._sleep(wait)
        raise Transient(f"{self.name} did not answer within {timeout_s:.3g} s; it may next time", code="late")

    def _wait(self, error: wire.Refused | wire.Broken, tried: int) -> float | None:
        """How long to wait before the next try; None: do not try. What may have been bought is not bought again."""
        backoff: float = BACKOFF_S * 2**tried * random.uniform(0.75, 1.25)
        if isinstance(error, wire.Broken):
            return None if error.sent else backoff
        if error.kind not in ("pause", "passing"):
            return None
        asked = self._asked(error)
        return backoff if asked is None else asked

    def _asked(self, error: wire.Refused) -> float | None:
        """The pause a maker asks for, in seconds."""
        found = wire.retry_after(error.headers, self._now())
        found = error.after_s if found is None else found
        return None if found is None else min(found, LONGEST_S)

    def _told(self, error: wire.Refused | wire.Broken) -> Exception:
        if isinstance(error, wire.Broken):
            if error.sent:
                return Transient(f"{self.name} broke off before it answered ({error.why}); it may next time")
            return NotSent(f"{self.name} cannot be reached ({error.why}); check the network and its address")
        said = f": {error.said}" if error.said else f" with status {error.status}"
        match error.kind:
            case "key":
                return self._remember(f"the key of {self.name} is wrong{said}; {self._mend_key}")
            case "model":
                return self._remember(f"{self.name} knows no model {self.model}{said}; {self._mend_model}")
            case "credit":
                return self._remember(f"the account with {self.name} has no credit left{said}; pay its maker in")
            case "pause":
                asked = self._asked(error)
                after = PAUSE_S if asked is None else asked
                return TooMany(f"{self.name} wants a pause{said}; ask again in {after:.0f} s", after_s=after)
            case "passing":
                return Transient(f"{self.name} has trouble of its own{said}; it may pass")
            case "question":
                return Permanent(f"{self.name} refuses the question{said}; {self._mend_model}", code="maker_refused")

    def _remember(self, why: str) -> CutroomError:
        with self._lock:
            self._refused = why, self._seconds() + REFUSED_S
        return Permanent(why, code="maker_refused")

    def _reply(self, said: Said, wanted: schema.Json) -> Reply:
        cost = None if said.usage is None else self._cost(said.usage)
        if said.stopped is not None:
            raise Unanswered(f"{self.name} gave no answer: {said.stopped}; go on without it", cost_micros=cost)
        try:
            content = schema.read(said.text, wanted)
        except schema.Misfit as error:
            why = f"{self.name} answered what was not asked: {error}; go on without it"
            raise Unanswered(why, cost_micros=cost) from error
        if said.usage is None or cost is None:
            raise Unanswered(f"{self.name} did not say what its answer costs; go on without it", cost_micros=None)
        return Reply(content=content, usage=said.usage, cost_micros=cost, model=said.model or self.model)

    def _cost(self, usage: Usage) -> int:
        return price.cost_micros(self._prices, usage, self._now().date())


_MARGIN_S = 0.5  # that the client has on top, so that it is the wall clock that ends a question
_FRAME = 16  # tokens around each text: roles, separators
_FORM = 500  # tokens of a maker's own words about the form of the answer, which are paid for too


def counted(*, input: object, output: object, cached: object = 0) -> Usage | None:
    """Usage as a maker gave it; None where it makes no sense, so that no cost is made of it."""
    numbers = (input, output, cached)
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in numbers):
        return None
    whole, made, known = (int(one) for one in numbers)  # type: ignore[call-overload]
    return Usage(input=whole, output=made, cached=min(known, whole))
