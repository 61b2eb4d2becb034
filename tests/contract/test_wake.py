"""One suite for every adapter of the wake port, and what the cloud's does besides."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.pubsub_v1 import PublisherClient, PublishRequest, PublishResponse

from common.adapters.embedded.clock import SteadyClock
from common.adapters.embedded.doorbell import Doorbell
from common.adapters.google.pubsub import PubSubAnnouncer
from common.adapters.google.tasks import CloudTasks, Lane
from common.adapters.google.wake import CloudWake
from common.errors import Permanent, Transient
from common.ports.wake import Errand, Wake
from tests.standins.rpc import Refused, serving
from tests.standins.tasks import Service, Tasks, service, tasks

CLOCK = SteadyClock()
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ERRAND = Errand(
    run="tenants/t/runs/a-1.score", stage="score", place="task", image="light", timeout_s=120, attempt=0, wake=0
)


@dataclass(kw_only=True)
class Rig:
    """An adapter, and both ends of what it sends over."""

    wake: Wake
    woken: Callable[[int], int]  # how often somebody was told of work since the last call, once it was so often
    heard: Callable[[], list[str]]  # runs whose end was heard since the last call
    cut: Callable[[], None]  # nothing that is sent arrives from now on


@dataclass(kw_only=True)
class Cloud(Rig):
    tasks: Tasks
    published: list[Any]
    launched: list[str]
    launching: list[Exception]  # what goes wrong with the next launch
    worker: Service


@contextmanager
def on_one_machine() -> Iterator[Rig]:
    bell = Doorbell()

    def woken(least: int) -> int:
        times = 0
        while bell.wait(0.1):
            times += 1
        return times

    yield Rig(wake=bell, woken=woken, heard=bell.announced, cut=lambda: None)


@contextmanager
def on_the_cloud() -> Iterator[Cloud]:
    published: list[Any] = []
    launched: list[str] = []
    launching: list[Exception] = []
    read = told = 0
    down = False

    def publish(asked: Any) -> Any:
        if down:
            raise Refused(grpc.StatusCode.UNAVAILABLE, "the line is cut")
        published.extend(asked.messages)
        return PublishResponse(message_ids=["1"] * len(asked.messages))

    def launch(pool: str) -> None:
        if launching:
            raise launching.pop()
        launched.append(pool)

    def woken(least: int) -> int:
        nonlocal read
        before, read = read, read + least
        worker.wait(read)
        while (seen := len(worker.wait(read + 1, 0.4))) > read:
            read = seen
        return seen - before

    def heard() -> list[str]:
        nonlocal told
        new, told = published[told:], len(published)
        return [json.loads(message.data)["run"] for message in new]

    def cut() -> None:
        nonlocal down
        down = True
        cloud.fail(grpc.StatusCode.UNAVAILABLE, 10_000)

    topic = {"/google.pubsub.v1.Publisher/Publish": (PublishRequest, publish)}
    with service() as worker, tasks(lambda audience, email: "token", hurry=50) as cloud, serving(topic) as channel:
        cloud.queue("light-lane")
        transport = PublisherClient.get_transport_class("grpc")(channel=channel)
        wake = CloudWake(
            CloudTasks(
                cloud.client,
                project="demo",
                location="local",
                lanes={"light": Lane(queue="light-lane", url=worker.url)},
                caller="caller@demo.iam.gserviceaccount.com",
                clock=CLOCK,
                patience_s=0.3,
            ),
            PubSubAnnouncer(lambda: PublisherClient(transport=transport), "projects/demo/topics/ended", patience_s=0.3),
            launch=launch,
            pools={"media": "cpu", "gpu": "gpu"},
            clock=CLOCK,
        )
        yield Cloud(
            wake=wake, woken=woken, heard=heard, cut=cut, tasks=cloud, published=published, launched=launched,
            launching=launching, worker=worker,
        )  # fmt: skip


@pytest.fixture(params=[on_one_machine, on_the_cloud], ids=["embedded", "google"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with request.param() as made:
        yield made


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with on_the_cloud() as made:
        yield made


def test_somebody_is_told_of_work(rig: Rig) -> None:
    rig.wake.work(ERRAND, CLOCK.now())
    assert rig.woken(1) == 1
    assert rig.woken(0) == 0


def test_light_work_is_told_of_like_any_other(rig: Rig) -> None:
    rig.wake.work(replace(ERRAND, place="in_place"), CLOCK.now())
    assert rig.woken(1) == 1


def test_the_same_errand_twice_is_one(rig: Rig) -> None:
    rig.wake.work(ERRAND, CLOCK.now())
    rig.wake.work(ERRAND, CLOCK.now())
    assert rig.woken(1) == 1


def test_an_errand_of_a_raised_wake_or_attempt_is_another(rig: Rig) -> None:
    for errand in (ERRAND, replace(ERRAND, wake=1), replace(ERRAND, attempt=1, wake=1)):
        rig.wake.work(errand, CLOCK.now())
        assert rig.woken(1) == 1


def test_an_end_is_heard(rig: Rig) -> None:
    rig.wake.ended("tenants/t/runs/a-1.score")
    rig.wake.ended("tenants/t/runs/a-1.check.3", trace=TRACE)
    assert rig.heard() == ["tenants/t/runs/a-1.score", "tenants/t/runs/a-1.check.3"]
    assert rig.heard() == []


def test_an_end_may_be_told_again(rig: Rig) -> None:
    for _ in range(2):
        rig.wake.ended(ERRAND.run)
    assert set(rig.heard()) == {ERRAND.run}


@pytest.mark.parametrize("place", ["in_place", "task", "pool"])
def test_a_lost_transport_is_nobody_s_error(rig: Rig, place: Any) -> None:
    rig.cut()
    began = time.monotonic()
    rig.wake.work(replace(ERRAND, place=place), CLOCK.now())
    rig.wake.ended(ERRAND.run, trace=TRACE)
    assert time.monotonic() - began < 5


# The cloud's.


def test_an_announcement_says_what_it_is_and_whose_trace(cloud: Cloud) -> None:
    cloud.wake.ended(ERRAND.run, trace=TRACE)
    cloud.wake.ended(ERRAND.run)
    first, second = cloud.published
    assert (first.data, first.ordering_key) == (b'{"run":"tenants/t/runs/a-1.score"}', "")
    assert dict(first.attributes) == {"kind": "ended", "cutroom-traceparent": TRACE}
    assert dict(second.attributes) == {"kind": "ended"}


def test_a_task_is_called_when_it_is_due_and_not_before(cloud: Cloud) -> None:
    due = CLOCK.now() + timedelta(seconds=0.6)
    cloud.wake.work(ERRAND, due)
    assert cloud.worker.wait(1)[0].at >= due.timestamp()


def test_a_pool_is_launched_once_its_run_is_due(cloud: Cloud) -> None:
    pooled = replace(ERRAND, place="pool", image="gpu")
    cloud.wake.work(pooled, CLOCK.now())
    cloud.wake.work(replace(pooled, image="media"), CLOCK.now() - timedelta(seconds=9))
    cloud.wake.work(pooled, CLOCK.now() + timedelta(seconds=60))
    assert cloud.launched == ["gpu", "cpu"]
    assert not cloud.tasks.created


def test_a_task_that_is_lost_is_sent_again_by_the_name_of_its_next_wake(cloud: Cloud) -> None:
    cloud.tasks.lose(1)
    cloud.wake.work(ERRAND, CLOCK.now())
    cloud.wake.work(ERRAND, CLOCK.now())
    assert cloud.woken(0) == 0
    cloud.wake.work(replace(ERRAND, wake=1), CLOCK.now())
    assert cloud.woken(1) == 1


def test_what_may_pass_is_a_warning_that_names_the_run(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.cut()
    cloud.wake.work(ERRAND, CLOCK.now())
    cloud.wake.ended(ERRAND.run)
    cloud.launching.append(Transient("Cloud Run does not answer; it is tried again"))
    cloud.wake.work(replace(ERRAND, place="pool", image="gpu"), CLOCK.now())
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    assert all(ERRAND.run in line and line.endswith("it is tried again") for line in caplog.messages)


def test_what_a_person_must_mend_is_an_error_that_names_the_run(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.wake.work(replace(ERRAND, image="media"), CLOCK.now())
    cloud.wake.work(replace(ERRAND, place="pool"), CLOCK.now())
    cloud.launching.append(Permanent("Cloud Run refuses: no such job; run scripts/doctor"))
    cloud.wake.work(replace(ERRAND, place="pool", image="gpu"), CLOCK.now())
    cloud.tasks.fail(grpc.StatusCode.PERMISSION_DENIED)
    cloud.wake.work(ERRAND, CLOCK.now())
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 4
    assert all(ERRAND.run in line and line.endswith("run scripts/doctor") for line in caplog.messages)


def test_a_fault_of_ours_is_not_hidden(cloud: Cloud) -> None:
    cloud.launching.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cloud.wake.work(replace(ERRAND, place="pool", image="gpu"), CLOCK.now())
