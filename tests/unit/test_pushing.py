"""Push: once to each device of those who may look, by one at a time, tried a few times, with nothing of a video."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.accounts import devices, members, organisations
from common.accounts.acting import Acting
from common.adapters.embedded.push import NoPush
from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.adapters.google.push import FirebasePusher
from common.chores import pushing
from common.chores.pushing import PAUSES_S, Pushes, one_line
from common.errors import Transient, Unauthorized
from common.events import deliveries, log
from common.events.deliveries import Sender
from common.events.event import PUSHED, Data, Trouble
from common.events.log import Happening
from common.ports.documents import Create, Delete, Documents, Json, Merge
from common.ports.push import Message, Outcome
from functions.events import delivery_key
from tests.harness import Meddling
from tests.post import Hands
from tests.receivers import Receivers
from tests.standins import fcm as standin
from tests.standins.fcm import INVALID, LOST, QUOTA, RESET, UNAVAILABLE, Fcm
from tests.unit.test_deliveries import Bell

READY = Happening(type="video.generation.completed", data=Data(flow="a-1", asset="a", message="It is done."))
FAILED = Happening(
    type="video.generation.failed", data=Data(message="x", flow="a-2", error=Trouble(code="deadline", text="x"))
)


@dataclass
class Firebase:
    """Implements Standing; `out`: what it says of a person."""

    out: dict[str, Exception] = field(default_factory=dict)
    asked: list[tuple[str, float]] = field(default_factory=list)

    def check(self, subject: str, signed_in: float) -> None:
        self.asked.append((subject, signed_in))
        if subject in self.out:
            raise self.out[subject]


@dataclass
class Office:
    """An organisation `org-1` of ann and bob, each with a phone, and what pushes to them."""

    store: Documents
    fcm: Fcm
    clock: Hands
    bell: Bell
    standing: Firebase
    sender: Sender

    def acting(self, subject: str, tenant: str | None = None) -> Acting:
        return Acting(
            documents=self.store,
            clock=self.clock,
            tenant=tenant or subject,
            subject=subject,
            role="owner",
            request="r",
        )

    def device(self, subject: str, token: str, **more: Any) -> str:
        wanted: dict[str, Any] = {"platform": "web", "name": "mine", "events": list(PUSHED)}
        wanted |= {"signed_in": 1000.0, "second_factor": False}
        return devices.register(self.acting(subject), token=token, **{**wanted, **more}).id

    def tell(self, happening: Happening = READY, tenant: str = "org-1") -> list[str]:
        return log.record(self.store, self.clock, tenant, [happening])

    def run(self) -> dict[str, str]:
        """Deliver whatever is due until nothing is; how each delivery to a device stands, by its token."""
        while due := self.sender.due():
            for snap in due:
                self.sender.deliver(snap.key)
        return self.rows("state")

    def rows(self, name: str) -> dict[str, Any]:
        found = self.store.query("deliveries")
        mine = {snap.body["device"]: snap.body.get(name) for snap in found if "device" in snap.body}
        return {self.names[identity]: value for identity, value in mine.items()}

    @property
    def names(self) -> dict[str, str]:
        return {devices.hashed(token): token[:3] for token in (ANNS, BOBS, EVES)}

    @property
    def told(self) -> list[str]:
        return sorted(message["token"][:3] for message in self.fcm.sent)


ANNS, BOBS, EVES = ("ann:" + "x" * 40, "bob:" + "x" * 40, "eve:" + "x" * 40)


@pytest.fixture(scope="module")
def firebase() -> Iterator[tuple[Fcm, FirebasePusher]]:
    with standin.fcm() as made:
        yield made, FirebasePusher(made.project, address=made.address)


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def office(request: pytest.FixtureRequest, firebase: tuple[Fcm, FirebasePusher], tmp_path: Path) -> Office:
    store: Documents = SqliteDocuments(tmp_path / "s.sqlite")
    if request.param == "firestore":
        store = FirestoreDocuments(request.getfixturevalue("firestore"))
    fcm, pusher = firebase
    fcm.sent, fcm.faults, fcm.gone, fcm.asked = [], [], set(), 0
    clock, bell, standing = Hands(), Bell(), Firebase()
    pushes = Pushes(documents=store, clock=clock, wake=bell, pusher=pusher, standing=standing)
    sender = Sender(documents=store, clock=clock, wake=bell, outbound=Receivers(), pushes=pushes)
    made = Office(store, fcm, clock, bell, standing, sender)
    open_: Json = {"schema": 1, "name": "One", "made": None, "second_factor": False, "closed": None}
    store.commit([Create("tenants/org-1", open_), Create("tenants/org-1/assets/a", {"name": "talk.mp4"})])
    for subject, role in (("ann", "owner"), ("bob", "viewer")):
        store.commit([members.new(clock, "org-1", subject, role, None)])  # type: ignore[arg-type]
    made.device("ann", ANNS)
    made.device("bob", BOBS)
    made.device("eve", EVES)  # who is no member
    return made


def test_each_device_of_a_member_is_told_once(office: Office) -> None:
    (key,) = office.tell()
    assert office.tell() == [], "told already"
    assert office.run() == {"ann": "done", "bob": "done"}
    assert office.told == ["ann", "bob"]
    message = office.fcm.sent[0]
    assert message["notification"] == {"title": "Your clips are ready", "body": "talk.mp4"}
    event = key.rpartition(".")[2]
    assert message["data"] == {
        "type": "video.generation.completed",
        "event": event,
        "organisation": "org-1",
        "flow": "a-1",
        "asset": "a",
    }
    assert office.sender.deliver(key) == "gone"
    keys = [snap.key for snap in office.store.query("deliveries")]
    assert len(keys) == 3 and all(delivery_key({"run": one}) == one for one in keys)
    assert {errand.run for errand, _ in office.bell.errands} == set(keys) - {key}


def test_a_failure_and_a_cancellation_say_so(office: Office) -> None:
    office.store.commit([Merge(devices.key(devices.hashed(BOBS)), {"events": []})])
    office.tell(FAILED)
    office.tell(replace(FAILED, data=Data(message="x", flow="a-3", error=Trouble(code="cancelled", text="x"))))
    office.run()
    titles = [message["notification"]["title"] for message in office.fcm.sent]
    assert sorted(titles) == ["Your video could not be finished", "Your video was cancelled"]
    assert {message["notification"]["body"] for message in office.fcm.sent} == {"a video that was erased since"}


def test_nothing_is_written_where_nobody_has_a_device(office: Office) -> None:
    for snap in office.store.query("devices"):
        office.store.commit([Delete(snap.key)])
    assert office.tell() == []
    assert office.tell(replace(READY, type="video.generation.progress")) == []


def test_only_what_was_asked_for_is_told(office: Office) -> None:
    office.device("ann", ANNS, events=["video.generation.failed"])
    office.device("bob", BOBS, events=[])
    office.tell()
    assert office.run() == {}
    office.tell(FAILED)
    assert office.run() == {"ann": "done"}


def test_a_persons_own_videos_are_told_to_them(office: Office) -> None:
    office.store.commit([members.new(office.clock, "eve", "bob", "viewer", None)])
    office.tell(tenant="eve")
    assert office.run() == {"eve": "done", "bob": "done"}


# --- who is let in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "between"])
@pytest.mark.parametrize("how", ["left", "closed", "revoked", "switched off", "moved", "deleted", "second factor"])
def test_who_is_let_in_no_more_is_not_told(office: Office, how: str, when: str) -> None:
    """Before the event was told, or after a delivery was made for their device."""
    (key,) = office.tell()
    if when == "between":
        office.sender.deliver(key)
        assert office.rows("state") == {"ann": "queued", "bob": "queued"}
    if how == "left":
        members.remove(office.acting("bob", "org-1"), "bob")
    elif how == "closed":
        organisations.close(office.acting("ann", "org-1"))
    elif how == "revoked":
        office.standing.out["bob"] = Unauthorized("it was revoked")
    elif how == "switched off":
        office.device("bob", BOBS, events=[])
    elif how == "moved":
        office.device("eve", BOBS)
    elif how == "deleted":
        devices.remove(office.acting("bob"), devices.hashed(BOBS))
    else:
        members.change(office.acting("ann", "org-1"), "bob", "admin")
        office.store.commit([Merge("tenants/org-1", {"second_factor": True})])
        office.device("ann", ANNS, second_factor=True)
    states = office.run()
    told = [] if how == "closed" else ["ann"]
    assert office.told == told
    assert states.get("bob", "dead") == "dead"
    if how == "revoked":
        left = [one.id for one in devices.devices(office.store, "bob")]
        assert left == [] and ("bob", 1000.0) in office.standing.asked
    if how == "moved":
        assert [one.id for one in devices.devices(office.store, "eve")] != []


def test_while_it_cannot_be_told_who_counts_it_waits(office: Office) -> None:
    office.standing.out["bob"] = Transient("Firebase does not say; try again")
    office.tell()
    assert office.run() == {"ann": "done", "bob": "waiting"}
    office.standing.out.clear()
    office.clock.at += timedelta(seconds=20)
    assert office.run() == {"ann": "done", "bob": "done"} and office.told == ["ann", "bob"]


# --- what goes wrong ------------------------------------------------------------------------------------------------


def alone(office: Office) -> None:
    """Ann's device is the only one."""
    devices.remove(office.acting("bob"), devices.hashed(BOBS))


def test_a_device_that_is_no_more_is_removed(office: Office) -> None:
    office.fcm.gone = {ANNS}
    office.tell()
    assert office.run() == {"ann": "dead", "bob": "done"}
    assert "knows this device no more" in office.rows("error")["ann"]
    assert devices.devices(office.store, "ann") == [] and len(devices.devices(office.store, "bob")) == 1
    (line, *_) = [snap for snap in office.store.query("audit", parent="tenants/ann") if snap.body["by"] == "push"]
    assert (line.body["what"], line.body["on"]) == ("devices.gone", devices.hashed(ANNS))


def test_a_device_that_is_not_taken_says_why_until_it_is_registered_anew(office: Office) -> None:
    alone(office)
    office.fcm.faults = [INVALID]
    office.tell()
    assert office.run() == {"ann": "dead"}
    (device,) = devices.devices(office.store, "ann")
    assert "does not take its token" in (device.error or "") and office.fcm.asked == 1
    office.device("ann", ANNS)
    assert devices.devices(office.store, "ann")[0].error is None


@pytest.mark.parametrize("met", [QUOTA, UNAVAILABLE, RESET, LOST])
@pytest.mark.parametrize("failures", range(1, len(PAUSES_S) + 2))
def test_it_is_tried_a_few_times(office: Office, met: Any, failures: int) -> None:
    alone(office)
    office.fcm.faults = [met] * failures
    office.tell()
    began = office.clock.at
    states = office.run()
    for n in range(failures):
        if states == {"ann": "dead"}:
            break
        assert states == {"ann": "waiting"} and office.fcm.asked == n + 1
        errand, at = office.bell.errands[-1]
        assert (errand.run.split("/")[3][:32], errand.attempt) == (devices.hashed(ANNS), n + 1)
        least = {id(QUOTA): 120, id(UNAVAILABLE): 45}.get(id(met), 0)
        assert (at - office.clock.at).total_seconds() >= max(least, 0.9 * PAUSES_S[n]) - 0.01
        office.clock.at = at
        states = office.run()
    assert states == {"ann": "done" if failures <= len(PAUSES_S) else "dead"}
    assert office.fcm.asked == min(failures, len(PAUSES_S)) + 1
    assert office.clock.at - began < timedelta(hours=1)
    tags = {message["webpush"]["headers"]["Topic"] for message in office.fcm.sent}
    assert len(tags) <= 1, "what comes twice replaces what is shown"
    assert len(devices.devices(office.store, "ann")) == 1


def test_what_is_old_is_no_news(office: Office) -> None:
    office.tell()
    office.clock.at += timedelta(hours=7)
    office.run()
    assert (office.told, office.rows("state")) == ([], {})
    office.fcm.faults = [standin.fault(429, "RESOURCE_EXHAUSTED", None, Retry_After="86400")] * 2
    office.tell(FAILED)
    assert office.run() == {"ann": "waiting", "bob": "waiting"}
    office.clock.at += timedelta(days=1, seconds=1)
    assert office.run() == {"ann": "dead", "bob": "dead"} and office.told == []


def test_where_push_is_left_out_the_row_says_why(office: Office) -> None:
    office.tell()
    assert office.sender.pushes is not None
    off = replace(office.sender.pushes, pusher=NoPush("it is off; switch it on"))  # type: ignore[type-var]
    (row,) = office.sender.due()
    assert replace(office.sender, pushes=off).deliver(row.key) == "dead"
    (snap,) = office.store.query("deliveries")
    assert snap.body["error"] == "it is off; switch it on"
    assert len(devices.devices(office.store, "ann")) == 1


# --- several at once, and many --------------------------------------------------------------------------------------


def test_of_two_at_once_one_sends(office: Office) -> None:
    """The second comes in while the first is sending."""
    alone(office)
    (key,) = office.tell()
    office.sender.deliver(key)
    (row,) = office.sender.due()
    free, inside, met = threading.Event(), threading.Event(), []

    class Slow:
        left_out = None
        sent = 0

        def send(self, token: str, message: Message) -> Outcome:
            self.sent += 1
            inside.set()
            assert free.wait(30)
            return Outcome(ending="sent")

    slow = Slow()
    pushes = Pushes(documents=office.store, clock=office.clock, wake=office.bell, pusher=slow, standing=None)
    first = threading.Thread(target=lambda: met.append(replace(office.sender, pushes=pushes).deliver(row.key)))
    first.start()
    assert inside.wait(30)
    met.append(office.sender.deliver(row.key))
    free.set()
    first.join()
    assert met == ["busy", "done"] and (slow.sent, office.told) == (1, [])


def test_two_who_claim_at_once_send_once(office: Office) -> None:
    alone(office)
    (key,) = office.tell()
    office.sender.deliver(key)
    (row,) = office.sender.due()
    met: list[str] = []

    def between(_: object) -> None:
        if not met:
            met.append("")
            met[0] = office.sender.deliver(row.key)

    meddled = replace(office.sender, documents=Meddling(office.store, before=between))
    assert (meddled.deliver(row.key), met, office.told) == ("busy", ["done"], ["ann"])


def test_who_dies_while_spreading_is_followed_by_another(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    (key,) = office.tell()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "wake_all", dies)
        with pytest.raises(KeyboardInterrupt):
            office.sender.deliver(key)
    assert office.sender.deliver(key) == "busy"
    monkeypatch.setattr(deliveries, "LEASE_S", 0.0)
    office.clock.at += timedelta(seconds=61)
    assert office.run() == {"ann": "done", "bob": "done"} and office.told == ["ann", "bob"]


def test_many_members_are_told_in_slices(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "SLICE_S", 0.0)
    monkeypatch.setattr(pushing, "PAGE", 3)
    for n in range(10):
        office.store.commit([members.new(office.clock, "org-1", f"m{n}", "viewer", None)])
        office.device(f"m{n}", f"m{n}:{'x' * 30}")
    (key,) = office.tell()
    slices = 0
    while office.sender.deliver(key) == "waiting":
        slices += 1
    assert slices == 4, "twelve members in pages of three"
    assert len(office.store.query("deliveries", limit=1000)) == 13
    names = [errand.name for errand, _ in office.bell.errands]
    assert len(names) == len(set(names)) == 12 + slices
    while due := office.sender.due():
        for snap in due:
            office.sender.deliver(snap.key)
    assert len(office.told) == 12


# --- what is said ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("talk.mp4", "talk.mp4"),
        ("a\nb\tc\x00\x1b[31m", "a b c[31m"),
        ("\u202egnp.exe\u2069 \u200b!", "gnp.exe !"),
        ("é" * 200, "é" * 79 + "…"),
        ("\u2028\u2029line", "line"),
        ("", ""),
    ],
)
def test_a_name_is_one_line_that_cannot_be_turned_around(office: Office, name: str, shown: str) -> None:
    office.store.commit([Merge("tenants/org-1/assets/a", {"name": name})])
    office.tell()
    office.run()
    assert {message["notification"].get("body", "") for message in office.fcm.sent} == {shown}


def test_nothing_of_what_is_in_a_video_is_sent(office: Office) -> None:
    said = Data(flow="a-1", asset="a", message="secret words", error=Trouble(code="x", text="secret words"))
    office.tell(replace(FAILED, data=said))
    office.run()
    assert office.told == ["ann", "bob"] and "secret" not in json.dumps(office.fcm.sent)


def test_no_token_stands_in_a_delivery(office: Office) -> None:
    alone(office)
    office.fcm.faults = [standin.fault(400, f"no {ANNS}", "INVALID_ARGUMENT")]
    office.tell()
    assert office.run() == {"ann": "waiting"} and "no …" in office.rows("error")["ann"]
    for snap in office.store.query("deliveries"):
        assert ANNS not in json.dumps(snap.body)


def test_one_line_keeps_letters_of_all_scripts() -> None:
    assert one_line("  日本語 \u0635\u0648\u062a  ") == "日本語 \u0635\u0648\u062a"
