"""Having a video watched for money: booked, bought once per video, waited for, kept. Implements common.ports.annotator.

     book ──> see common.pipeline.booking
      ask ──> calls/{asset}.watch.{feature}.{n}   written before it is sent; the operation's name the moment it comes
   answer ──> not yet: Later, and the run waits; whoever looks next asks after the same operation
         └──> t/{tenant}/a/{asset}/watched/{feature}.json   what was said, for every flow to come
    close ──> what was not spent goes back, once

The calls are the video's and not the run's: flows side by side, a retry and `--again` buy nothing twice. A feature is
asked for under a next number only where the last was refused, and so cost nothing, or provably never left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from common.domain.annotation import FEATURES, Annotations, Feature, together
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.timebase import Span
from common.errors import BadInput, Later, Permanent, TooMany, Transient
from common.pipeline.booking import Booking
from common.pipeline.engine import Engine
from common.pipeline.lease import Lease
from common.pipeline.run import Flow
from common.ports.annotator import Annotator, Evidence, Seen
from common.ports.calls import Answer, NotSent, key_of
from common.ports.clock import parse, stamp
from common.ports.documents import Json

TRIES = 5  # of a run, of a feature that it is told to wait for
PAGE = 8  # calls looked up at once; there are seldom more than one
SEND_S = 20.0  # for which a call may be under way
SOON_S = 10.0  # the first look after an answer; the next ones after a third of the time that has gone by
PAUSE_S = 60.0  # after the first refusal for want of quota; then twice as long each time
LEAST_S, SLOWEST = 3600.0, 3  # given up after an hour, or three times the video's length

# What is free with another is asked for along with it, always: the one is then known without being bought.
_BESIDE: Mapping[Feature, tuple[Feature, ...]] = {"labels": ("labels", "shots")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """It is not there yet."""

    after_s: float


_Told = Annotations | _Wait | str  # what was seen; not yet; why there is nothing


class RunWatching:
    """Of one attempt. `location` is the video's, as common.adapters.google.sources has it."""

    def __init__(self, engine: Engine, flow: Flow, lease: Lease, location: str) -> None:
        self._engine, self._lease, self._location = engine, lease, location
        self._evidence: Evidence = engine.evidence()
        self._booking = Booking(engine, flow, lease, lambda: self._evidence.caps)
        self._folder = f"t/{flow.tenant}/a/{flow.asset}/watched"
        self._owner = f"tenants/{flow.tenant}/runs/{flow.asset}.watch"  # of the calls: the video, not this run

    @property
    def wanted(self) -> tuple[Feature, ...]:
        return self._evidence.wanted

    def see(self, features: Collection[Feature], seconds: Fraction) -> Seen:
        annotator = self._evidence.annotator
        if annotator is None:
            return Seen(
                annotations=Annotations(), cost={}, spent=0, left_out=dict.fromkeys(features, self._evidence.why)
            )
        source = {one: self._source(one, features) for one in features}
        asked = sorted(set(source.values()))
        prices = self._evidence.prices(asked, seconds)
        told: dict[Feature, _Told] = {}
        lacking: dict[str, int] = {one: prices[one] for one in asked if self._must_be_bought(one)}
        refused = dict(self._booking.book(lacking)) if lacking else {}
        if lacking and self._booking.is_closed:  # an attempt before this one did, and died before it settled
            refused |= dict.fromkeys(lacking, self._booking.closed)
        for one in asked:
            if one in lacking and one in refused:
                told[one] = refused[one]
            else:
                told[one] = self._told(annotator, one, prices[one], seconds)
        if waits := [one.after_s for one in told.values() if isinstance(one, _Wait)]:
            watched = ", ".join(one for one, what in told.items() if isinstance(what, _Wait))
            raise Later(f"the video is still being watched ({watched}); it is looked at again", after_s=min(waits))
        cost = {one: self._cost(one) for one in asked}
        spent = self._booking.close(sum(micros for one, (micros, own) in cost.items() if own))
        whole = together(what for what in told.values() if isinstance(what, Annotations)).only(features)
        left_out = {one: why for one in features if isinstance(why := told[source[one]], str)}
        silent = {one: "the answer does not tell of it" for one in features if whole.of(one) is None}
        paid = {one: micros for one, (micros, _) in cost.items()}
        return Seen(annotations=whole, cost=paid, spent=spent, left_out=silent | left_out)

    def _source(self, feature: Feature, features: Collection[Feature]) -> Feature:
        """The feature it is bought with: another, where that one is wanted too or was bought before."""
        if not self._kept(feature):
            for one, beside in _BESIDE.items():
                if feature in beside and (one in features or self._kept(one)):
                    return one
        return feature

    def _kept(self, feature: Feature) -> bool:
        return self._engine.objects.stat(self._object(feature)) is not None

    def _object(self, feature: Feature) -> str:
        return f"{self._folder}/{feature}.json"

    def _must_be_bought(self, feature: Feature) -> bool:
        return not self._kept(feature) and self._may_follow(self._calls(feature))

    def _calls(self, feature: Feature) -> list[Json]:
        """The calls for a feature of this video, in order of their numbers, which have no gap."""
        found: list[Json] = []
        while len(found) % PAGE == 0:
            keys = [key_of(self._owner, f"{feature}.{len(found) + n}") for n in range(1, PAGE + 1)]
            there = self._engine.documents.get_many(keys)
            found += [dict(there[key].body) for key in keys if key in there]
            if not there:
                break
        return found

    def _may_follow(self, calls: list[Json]) -> bool:
        """Whether another call may come after these: the last cost nothing, and the next may be taken."""
        if not calls or calls[-1]["state"] == "not_sent":  # its run was given to another attempt
            return True
        refusal = _refusal(calls[-1])
        if refusal is None:
            return False
        if refusal["refused"] == "pause":
            return self._has_patience(calls) and self._engine.clock.now() >= parse(refusal["until"])
        return bool(refusal["run"] != self._lease.run.key)  # somebody may have mended it since

    def _has_patience(self, calls: list[Json]) -> bool:
        own = [one for one in map(_refusal, calls) if one and one["run"] == self._lease.run.key]
        return len(own) < TRIES

    def _told(self, annotator: Annotator, feature: Feature, price: int, seconds: Fraction) -> _Told:
        if self._kept(feature):
            return from_json(Annotations, loads(self._engine.objects.get(self._object(feature))))
        calls = self._calls(feature)
        if self._may_follow(calls):
            self._ask(annotator, feature, len(calls) + 1, price)
            calls = self._calls(feature)
        elif calls[-1]["state"] == "intended":
            self._ask(annotator, feature, len(calls), price)  # sends nothing: it settles what an earlier attempt left
            calls = self._calls(feature)
        call = calls[-1]
        if (refusal := _refusal(call)) is not None:
            if refusal["refused"] == "pause" and self._has_patience(calls):
                left = (parse(refusal["until"]) - self._engine.clock.now()).total_seconds()
                return _Wait(after_s=max(1.0, left))
            return f"{refusal['text']}; once that is mended, run again with --again watch"
        if call["state"] in ("intended", "not_sent"):
            return _Wait(after_s=float(call["window_s"]))
        if call["state"] == "unknown":
            return "it was asked for, and no answer came; it is not asked for twice, for that may be paid twice"
        return self._answer(annotator, feature, call, seconds)

    def _ask(self, annotator: Annotator, feature: Feature, number: int, price: int) -> None:
        def send() -> Answer:
            at = self._engine.clock.now()
            body: Json = {"run": self._lease.run.key, "at": stamp(at)}
            try:
                name = annotator.ask(self._location, self._beside(feature))
            except (TooMany, NotSent) as error:
                pause_s = PAUSE_S * 2.0 ** min(TRIES, number - 1)
                until = stamp(at + timedelta(seconds=pause_s))
                return Answer(body={**body, "refused": "pause", "until": until, "text": str(error)})
            except (BadInput, Permanent) as error:
                return Answer(body={**body, "refused": "permanent", "text": str(error)})
            return Answer(body=body, remote_id=name, cost_micros=price)

        try:
            self._engine.calls.perform(
                self._owner,
                f"{feature}.{number}",
                token=self._lease.token,
                request={"location": self._location, "features": list(self._beside(feature))},
                reserved_micros=price,
                timeout_s=SEND_S,
                send=send,
                still_mine=lambda: not self._lease.closed.is_set(),
            )
        except Transient:
            return  # its document says what is known of it

    def _beside(self, feature: Feature) -> tuple[Feature, ...]:
        return _BESIDE.get(feature, (feature,))

    def _answer(self, annotator: Annotator, feature: Feature, call: Json, seconds: Fraction) -> _Told:
        gone_s = (self._engine.clock.now() - parse(call["answer"]["at"])).total_seconds()
        try:
            found = annotator.answer(str(call["remote_id"]), self._beside(feature))
        except Permanent as error:
            return str(error)
        except Transient:
            found = None  # to look costs nothing
        if found is None:
            if gone_s > max(LEAST_S, SLOWEST * float(seconds)):
                return f"it is being watched for {gone_s / 60:.0f} minutes; later, run again from watch, at no cost"
            return _Wait(after_s=max(SOON_S, gone_s / 3))
        inside = found.within(Span(Fraction(0), seconds))
        found = replace(inside, dropped=inside.dropped + _count(found) - _count(inside))
        kept = self._engine.objects.put_new(self._object(feature), dumps(to_json(found)))
        return found if kept.created else from_json(Annotations, loads(self._engine.objects.get(kept.key)))

    def _cost(self, feature: Feature) -> tuple[int, bool]:
        """What it cost, and whether this run pays: for calls it sent, and those it booked whose end nobody knows."""
        calls = self._calls(feature)
        if not calls or calls[-1]["state"] == "not_sent":
            return 0, False
        call = calls[-1]
        if call["state"] == "done":
            return int(call["cost_micros"]), call["answer"]["run"] == self._lease.run.key
        return int(call["reserved_micros"]), feature in self._booking.booked()


def _count(found: Annotations) -> int:
    return sum(len(found.of(one) or ()) for one in FEATURES)


def _refusal(call: Json) -> Json | None:
    """What the service said where it took nothing."""
    answer: dict[str, Any] = call.get("answer") or {}
    return answer if call["state"] == "done" and "refused" in answer else None
