"""Announcements on the real Pub/Sub emulator. It sends no bearer token and no delivery attempt with a push."""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.pubsub_v1 import (
    DeadLetterPolicy,
    PublisherClient,
    PushConfig,
    SubscriberClient,
    Subscription,
)

from common.adapters.google.pubsub import Message, PubSubAnnouncer, parse_push
from common.errors import BadInput, Permanent
from tests.emulators import PROJECT, pubsub_emulator
from tests.standins.tasks import Request, Service, service

pytestmark = pytest.mark.emulator

RUN = "tenants/t/runs/a-1.score"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ATTEMPTS = 5  # after which a message is dead; the fewest that Pub/Sub allows


@dataclass(kw_only=True)
class PubSub:
    """Clients of the emulator, and names of this test's own."""

    publisher: Any
    subscriber: Any
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:12]}")

    def topic(self, name: str = "ended") -> str:
        full = f"projects/{PROJECT}/topics/{self.name}-{name}"
        self.publisher.create_topic(name=full)
        return full

    def subscribe(self, topic: str, url: str | None = None, **more: Any) -> str:
        """A subscription of its own, pushed to `url` if there is one."""
        full = f"projects/{PROJECT}/subscriptions/{topic.rpartition('/')[2]}"
        push = PushConfig(push_endpoint=url) if url else None
        about = Subscription(name=full, topic=topic, push_config=push, ack_deadline_seconds=10, **more)
        self.subscriber.create_subscription(about)
        return full

    def pull(self, subscription: str, n: int, within_s: float = 30.0) -> list[Any]:
        """The first `n` messages, acknowledged; fewer when the time is over."""
        found: list[Any] = []
        until = time.monotonic() + within_s
        while len(found) < n and time.monotonic() < until:
            pulled = self.subscriber.pull(subscription=subscription, max_messages=n).received_messages
            if pulled:
                acks = [one.ack_id for one in pulled]
                self.subscriber.acknowledge(subscription=subscription, ack_ids=acks)
            found += [one.message for one in pulled]
        return found


@pytest.fixture(scope="module")
def channel() -> Iterator[Any]:
    with pubsub_emulator() as address, grpc.insecure_channel(address) as opened:
        yield opened


@pytest.fixture
def pubsub(channel: Any) -> PubSub:
    return PubSub(
        publisher=PublisherClient(transport=PublisherClient.get_transport_class("grpc")(channel=channel)),
        subscriber=SubscriberClient(transport=SubscriberClient.get_transport_class("grpc")(channel=channel)),
    )


@pytest.fixture
def planner() -> Iterator[Service]:
    """Whom the emulator pushes to."""
    with service() as running:
        yield running


def announcer(pubsub: PubSub, topic: str) -> PubSubAnnouncer:
    return PubSubAnnouncer(lambda: pubsub.publisher, topic)


def read(request: Request) -> Message:
    return parse_push(request.body)


def test_an_announcement_is_pushed_and_read(pubsub: PubSub, planner: Service) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscribe(topic, planner.url + "/event")
    announcer(pubsub, topic).ended(RUN, trace=TRACE)
    (request,) = planner.wait(1, 30)
    message = read(request)
    assert request.path == "/event"
    assert json.loads(message.data) == {"run": RUN}
    assert message.attributes == {"kind": "ended", "cutroom-traceparent": TRACE}
    assert message.subscription == subscription and message.id
    assert len(planner.wait(2, 2)) == 1  # acknowledged by the 200


def test_what_was_not_acknowledged_comes_again_as_the_same_message(pubsub: PubSub, planner: Service) -> None:
    topic = pubsub.topic()
    pubsub.subscribe(topic, planner.url)
    answers = itertools.chain([500, 429], itertools.repeat(204))
    planner.answer = lambda request: next(answers)
    announcer(pubsub, topic).ended(RUN)
    seen = planner.wait(3, 60)
    assert len(planner.wait(4, 3)) == 3
    assert len({read(request).id for request in seen}) == 1


def test_what_fails_five_times_goes_to_the_dead_letters(pubsub: PubSub, planner: Service) -> None:
    topic, dead = pubsub.topic(), pubsub.topic("dead")
    letters = pubsub.subscribe(dead)
    pubsub.subscribe(
        topic,
        planner.url,
        dead_letter_policy=DeadLetterPolicy(dead_letter_topic=dead, max_delivery_attempts=ATTEMPTS),
    )
    poison = "tenants/t/runs/a-1.poison"
    planner.answer = lambda request: 500 if poison.encode() in read(request).data else 200
    announcer(pubsub, topic).ended(poison, trace=TRACE)
    announcer(pubsub, topic).ended(RUN)
    (letter,) = pubsub.pull(letters, 1, 60)
    assert json.loads(letter.data) == {"run": poison}
    assert letter.attributes["kind"] == "ended" and letter.attributes["cutroom-traceparent"] == TRACE
    assert "CloudPubSubDeadLetterSourceSubscription" in letter.attributes
    runs = [json.loads(read(request).data)["run"] for request in planner.wait(ATTEMPTS + 2, 2)]
    assert (runs.count(poison), runs.count(RUN)) == (ATTEMPTS, 1)


def test_messages_of_one_order_come_in_order(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscribe(topic, enable_message_ordering=True)
    sender = announcer(pubsub, topic)
    for n in range(20):
        sender.ended(f"{RUN}.{n}", order="a-1")
    found = pubsub.pull(subscription, 20)
    assert [json.loads(message.data)["run"] for message in found] == [f"{RUN}.{n}" for n in range(20)]
    assert {message.ordering_key for message in found} == {"a-1"}


def test_an_announcement_is_out_when_it_returns_and_starts_no_thread(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription, sender = pubsub.subscribe(topic), announcer(pubsub, topic)
    before = set(threading.enumerate())
    for n in range(5):
        sender.ended(f"{RUN}.{n}")
        assert set(threading.enumerate()) == before
    assert len(pubsub.pull(subscription, 5)) == 5


def test_a_topic_that_is_not_there_is_permanent(pubsub: PubSub) -> None:
    with pytest.raises(Permanent, match=r"^Pub/Sub refuses: .*; run scripts/doctor$") as caught:
        announcer(pubsub, f"projects/{PROJECT}/topics/none-{pubsub.name}").ended(RUN)
    assert caught.value.code == "announcement_refused"


def test_what_the_emulator_sends_is_refused_once_it_is_damaged(pubsub: PubSub, planner: Service) -> None:
    topic = pubsub.topic()
    pubsub.subscribe(topic, planner.url)
    announcer(pubsub, topic).ended(RUN)
    body = planner.wait(1, 30)[0].body
    whole = json.loads(body)
    assert parse_push(body).data
    off = {**whole["message"], "data": whole["message"]["data"] + "!"}
    nameless = {name: value for name, value in whole["message"].items() if name != "messageId"}
    for damaged in (
        body[:-2],
        body[1:],
        body + b"}",
        json.dumps({**whole, "message": off}).encode(),
        json.dumps({**whole, "message": nameless}).encode(),
        json.dumps({**whole, "subscription": None}).encode(),
        json.dumps(whole["message"]).encode(),
        json.dumps([whole]).encode(),
    ):
        with pytest.raises(BadInput):
            parse_push(damaged)
