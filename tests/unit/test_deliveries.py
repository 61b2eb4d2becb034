"""Deliveries: tried until taken or a day is over, by one at a time, and never lost to whoever dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.errors import Conflict, Refused, Unreachable
from common.events import deliveries, log, signatures
from common.events.courier import Courier
from common.events.deliveries import PAUSES_S, Sender
from common.events.event import Data
from common.events.log import Happening
from common.ports.clock import stamp
from common.ports.documents import Create, Delete, Documents, Json, Merge
from common.ports.wake import Errand
from tests.harness import Meddling
from tests.post import Hands
from tests.receivers import Receivers

HOOK = "00000000000000aa"
STARTED = Happening(type="video.generation.started", data=Data(flow="a-1", asset="a", message="It has begun."))


class Bell:
    """Implements Wake: errands are kept."""

    def __init__(self) -> None:
        self.errands: list[tuple[Errand, Any]] = []

    def work(self, errand: Errand, at: Any) -> None:
        self.errands.append((errand, at))

    def ended(self, run: str, *, trace: str | None = None) -> None:
        raise AssertionError("a delivery is no run")


@dataclass
class Office:
    sender: Sender
    store: Documents
    outside: Receivers
    clock: Hands
    bell: Bell
    key: str

    @property
    def row(self) -> Json:
        return self.store.get_many([self.key])[self.key].body


def hook(store: Documents, identity: str = HOOK, **more: Any) -> None:
    body: Json = {"active": True, "events": ["video.generation.started"], "address": f"https://{identity}.example/in"}
    body["secrets"] = [{"text": "s", "until": None}]
    store.commit([Create(f"tenants/t/webhooks/{identity}", {**body, **more})])


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    store: Documents = SqliteDocuments(tmp_path / "s.sqlite")
    if request.param == "firestore":
        store = FirestoreDocuments(request.getfixturevalue("firestore"))
    clock, outside, bell = Hands(), Receivers(), Bell()
    hook(store)
    (key,) = log.record(store, clock, "t", [STARTED])
    sender = Sender(documents=store, clock=clock, wake=bell, outbound=outside)
    return Office(sender, store, outside, clock, bell, key)


def test_what_is_sent_is_signed_and_says_what_happened(office: Office) -> None:
    assert office.sender.deliver(office.key) == "done"
    (sent,) = office.outside.sent
    signatures.check(sent.headers[signatures.HEADER], sent.body, ["s"], office.clock.now())
    (event,) = log.after(office.store, "t", 0)
    assert sent.body == event.text.encode()
    assert sent.headers["Cutroom-Event"] == "video.generation.started"
    assert (office.row["state"], office.row["status"], "due" in office.row) == ("done", 200, False)
    assert office.sender.deliver(office.key) == "gone" and len(office.outside.sent) == 1


@pytest.mark.parametrize("failures", range(len(PAUSES_S) + 1))
def test_a_receiver_that_fails_so_often_gets_it_then(office: Office, failures: int) -> None:
    answers: list[int | BaseException] = [500, 302, Unreachable("no answer; later"), 404, 429, 503, 500]
    office.outside.answers = answers[:failures]
    for n in range(failures):
        assert office.sender.deliver(office.key) == "waiting"
        assert office.sender.deliver(office.key) == "early"
        errand, at = office.bell.errands[-1]
        assert (errand.run, errand.attempt) == (office.key, n + 1)
        office.clock.at = at
    assert office.sender.deliver(office.key) == "done"
    assert len(office.outside.sent) == failures + 1
    assert len({errand.name for errand, _ in office.bell.errands}) == failures


def test_after_a_day_it_is_dead_and_kept(office: Office) -> None:
    office.outside.answers = [500] * 100
    began = office.clock.at
    while office.sender.deliver(office.key) == "waiting":
        office.clock.at = office.bell.errands[-1][1]
    assert len(office.outside.sent) == 8
    assert timedelta(hours=20) < office.clock.at - began < timedelta(hours=27)
    assert (office.row["state"], office.row["status"]) == ("dead", 500)
    assert "so it is" in office.row["error"] and office.sender.due() == []


def test_where_no_request_may_go_it_is_dead_at_once(office: Office) -> None:
    office.outside.answers = [Refused("it leads into a private network; give another address")]
    assert office.sender.deliver(office.key) == "dead"
    assert "private network" in office.row["error"]


@pytest.mark.parametrize("gone", [{"active": False}, None])
def test_a_webhook_that_is_off_or_gone_is_sent_nothing(office: Office, gone: Json | None) -> None:
    where = f"tenants/t/webhooks/{HOOK}"
    if gone is None:
        office.store.commit([Delete(where)])
    else:
        office.store.commit([Merge(where, gone)])
    assert office.sender.deliver(office.key) == "dead" and office.outside.sent == []


def test_while_a_secret_is_rotated_both_sign(office: Office) -> None:
    until = stamp(office.clock.now() + timedelta(hours=24))
    both = [{"text": "new", "until": None}, {"text": "s", "until": until}]
    office.store.commit([Merge(f"tenants/t/webhooks/{HOOK}", {"secrets": both})])
    office.outside.answers = [500]
    office.sender.deliver(office.key)
    office.clock.at += timedelta(hours=25)
    office.sender.deliver(office.key)
    first, second = (sent.headers[signatures.HEADER].count("v1=") for sent in office.outside.sent)
    assert (first, second) == (2, 1)


def test_who_dies_while_sending_is_followed_by_another(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.outside.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        office.sender.deliver(office.key)
    assert office.row["state"] == "sending"
    assert office.sender.deliver(office.key) == "busy"
    monkeypatch.setattr(deliveries, "LEASE_S", 0.0)
    assert office.sender.deliver(office.key) == "done"
    first, second = office.outside.sent
    assert first.body == second.body


def test_of_two_at_once_one_sends(office: Office) -> None:
    """The other comes between the read and the claim of the first."""
    inner = office.sender
    met: list[str] = []

    def between(_: object) -> None:
        if not met:
            met.append("")
            met[0] = inner.deliver(office.key)

    documents = Meddling(office.store, before=between)
    first = Sender(documents=documents, clock=office.clock, wake=office.bell, outbound=office.outside)
    assert (first.deliver(office.key), met) == ("busy", ["done"])
    assert len(office.outside.sent) == 1


def test_the_sweep_wakes_what_was_not_woken(office: Office) -> None:
    sender = Sender(documents=office.store, clock=office.clock, wake=office.bell, outbound=office.outside, wake_s=60.0)
    assert sender.rescue() == 0, "its wake may still come"
    office.clock.at += timedelta(seconds=61)
    assert (sender.rescue(), sender.rescue()) == (1, 1)
    names = {errand.name for errand, _ in office.bell.errands}
    assert len(names) == 2, "another name each time: the transport takes none again"


def test_a_courier_sends_to_others_while_one_takes_its_time(tmp_path: Path) -> None:
    store, clock, free = SqliteDocuments(tmp_path / "s.sqlite"), Hands(), threading.Event()
    for n in range(6):
        hook(store, f"{n:016x}")
    keys = log.record(store, clock, "t", [STARTED])

    class Slow(Receivers):
        def post(self, address: str, *rest: Any, **more: Any) -> Any:
            if address.startswith("https://0000000000000000."):
                free.wait(30)
            return super().post(address, *rest, **more)

    courier = Courier(Sender(documents=store, clock=clock, wake=Bell(), outbound=Slow()))
    states: Callable[[], list[str]] = lambda: [store.get_many([key])[key].body["state"] for key in keys]  # noqa: E731
    try:
        _until(courier, lambda: sorted(states()) == ["done"] * 5 + ["sending"])
        free.set()
        _until(courier, lambda: states() == ["done"] * 6)
    finally:
        free.set()
        courier.close()


def _until(courier: Courier, over: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not over():
        assert time.monotonic() < ends
        courier.step()
        time.sleep(0.01)


def test_a_change_that_does_not_hold_is_not_told_of(office: Office) -> None:
    other = Happening(type="video.generation.started", data=Data(flow="b-1", message=""))
    with pytest.raises(Conflict):
        log.record(office.store, office.clock, "t", [other], Create(office.key, {}))
    assert [one.n for one in log.after(office.store, "t", 0)] == [1]
