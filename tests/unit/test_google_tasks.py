"""What Cloud Tasks is told of an errand and what its answers mean, against a stand-in that does what the docs say."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import grpc  # type: ignore[import-untyped]
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError, TransportError
from google.cloud import tasks_v2

from common.adapters.embedded.clock import SteadyClock
from common.adapters.google import tasks as adapter
from common.adapters.google.tasks import SKEW, CloudTasks, Lane
from common.errors import Permanent, Transient
from common.ports.wake import Errand
from tests.standins.tasks import PARENT, Service, Tasks, service, tasks

CALLER = "caller@demo.iam.gserviceaccount.com"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ERRAND = Errand(
    run="tenants/t/runs/a-1.score", stage="score", place="task", image="light", timeout_s=120, attempt=0, wake=0
)
CLOCK = SteadyClock()
Status = grpc.StatusCode


class Minter:
    """Tokens as Google gives them, signed by a key of this test's own."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def __call__(self, audience: str, email: str) -> str:
        now = int(time.time())
        claims = {"iss": "https://accounts.google.com", "aud": audience, "email": email, "email_verified": True}
        return jwt.encode({**claims, "sub": email, "iat": now, "exp": now + 3600}, self._key, "RS256")

    def read(self, token: str, audience: str) -> dict[str, Any]:
        return dict(jwt.decode(token, self._key.public_key(), ["RS256"], audience=audience))


@pytest.fixture(scope="module")
def minter() -> Minter:
    return Minter()


@pytest.fixture
def cloud(minter: Minter) -> Iterator[Tasks]:
    with tasks(minter, hurry=50) as running:
        running.queue("light-lane", attempts=4)
        yield running


@pytest.fixture
def worker() -> Iterator[Service]:
    with service() as running:
        yield running


Maker = Callable[[], Any]


def sender(make: Maker, worker: Service | None = None, *, patience_s: float = 5.0) -> CloudTasks:
    lanes = {
        "light": Lane(queue="light-lane", url=worker.url if worker else "https://light.example"),
        "media": Lane(queue="gone-lane", url="https://media.example"),
    }
    return CloudTasks(
        make, project="demo", location="local", lanes=lanes, caller=CALLER, clock=CLOCK, patience_s=patience_s
    )


def send(cloud: Tasks, errand: Errand, ahead: timedelta = timedelta(0), **how: Any) -> None:
    sender(cloud.client, **how).send(errand, CLOCK.now() + ahead)


@pytest.fixture
def paused(cloud: Tasks) -> Tasks:
    """Takes tasks and calls nobody."""
    cloud.client().pause_queue(name=f"{PARENT}/queues/light-lane")
    return cloud


def test_a_task_says_all_that_its_service_needs(paused: Tasks) -> None:
    errand = replace(ERRAND, trace=TRACE)
    send(paused, errand)
    (task,) = paused.created
    assert task.name == f"{PARENT}/queues/light-lane/tasks/{errand.name}"
    asked = task.http_request
    assert (asked.http_method, asked.url) == (tasks_v2.HttpMethod.POST, "https://light.example/work")
    assert asked.headers == {"Content-Type": "application/json", "Cutroom-Traceparent": TRACE}
    assert asked.body == b'{"run":"tenants/t/runs/a-1.score"}'
    assert asked.oidc_token == tasks_v2.OidcToken(service_account_email=CALLER, audience="https://light.example")
    assert task.dispatch_deadline == timedelta(seconds=180)
    assert not task.schedule_time


def test_without_a_trace_there_is_no_header_of_one(paused: Tasks) -> None:
    send(paused, ERRAND)
    assert paused.created[0].http_request.headers == {"Content-Type": "application/json"}


@pytest.mark.parametrize(("timeout_s", "deadline_s"), [(0.5, 60.5), (600, 660), (1770, 1800), (1800, 1800)])
def test_the_deadline_is_the_stage_s_and_what_cloud_tasks_grants(
    paused: Tasks, timeout_s: float, deadline_s: float
) -> None:
    send(paused, replace(ERRAND, timeout_s=timeout_s))
    assert paused.created[0].dispatch_deadline == timedelta(seconds=deadline_s)


def test_the_service_is_called_by_who_may_call_it(cloud: Tasks, worker: Service, minter: Minter) -> None:
    send(cloud, replace(ERRAND, trace=TRACE), worker=worker)
    (request,) = worker.wait(1)
    assert cloud.drained()
    assert (request.path, request.body) == ("/work", b'{"run":"tenants/t/runs/a-1.score"}')
    assert request.headers["Cutroom-Traceparent"] == TRACE
    assert request.headers["X-CloudTasks-QueueName"] == "light-lane"
    assert request.headers["X-CloudTasks-TaskName"] == ERRAND.name
    claims = minter.read(request.headers["Authorization"].removeprefix("Bearer "), worker.url)
    assert (claims["email"], claims["email_verified"]) == (CALLER, True)


def test_it_is_called_when_it_is_due_and_not_before(cloud: Tasks, worker: Service) -> None:
    due = CLOCK.now() + timedelta(seconds=1)
    sender(cloud.client, worker).send(ERRAND, due)
    (request,) = worker.wait(1)
    later = (due + SKEW).timestamp()  # or a clock that goes before ours would find its run not yet due
    assert 0 <= request.at - later < 5
    assert float(request.headers["X-CloudTasks-TaskETA"]) == pytest.approx(later, abs=1e-3)


def test_what_is_due_in_more_than_thirty_days_is_left_to_the_sweep(cloud: Tasks) -> None:
    send(cloud, ERRAND, timedelta(days=30, seconds=1))
    send(cloud, ERRAND, timedelta(days=400))
    assert not cloud.created
    send(cloud, ERRAND, timedelta(days=29, hours=23, minutes=50))
    assert list(cloud.tasks) == [f"{PARENT}/queues/light-lane/tasks/{ERRAND.name}"]


def test_an_errand_sent_twice_is_one_even_when_it_is_over(cloud: Tasks, worker: Service) -> None:
    send(cloud, ERRAND, worker=worker)
    send(cloud, ERRAND, worker=worker)
    assert cloud.drained()
    send(cloud, ERRAND, worker=worker)
    assert (len(cloud.created), len(worker.wait(2, 0.2))) == (3, 1)


def test_another_attempt_and_another_wake_are_other_errands(cloud: Tasks, worker: Service) -> None:
    for errand in (
        ERRAND,
        replace(ERRAND, wake=1),
        replace(ERRAND, attempt=1),
        replace(ERRAND, run="tenants/t/runs/b"),
    ):
        send(cloud, errand, worker=worker)
    assert len(worker.wait(4)) == 4


def test_a_creation_whose_answer_was_lost_is_sent_once(cloud: Tasks, worker: Service) -> None:
    cloud.fail(Status.UNAVAILABLE, lost=True)
    send(cloud, ERRAND, worker=worker)
    assert cloud.drained()
    assert (len(cloud.created), len(worker.requests)) == (2, 1)


@pytest.mark.parametrize(
    "status",
    [Status.UNAVAILABLE, Status.RESOURCE_EXHAUSTED, Status.INTERNAL, Status.ABORTED, Status.DEADLINE_EXCEEDED],
)
def test_what_passes_is_tried_again_and_then_left(paused: Tasks, status: grpc.StatusCode) -> None:
    paused.fail(status, 2)
    send(paused, ERRAND)
    assert len(paused.tasks) == 1
    paused.fail(status, 1000)
    began = time.monotonic()
    with pytest.raises(Transient, match=r"Cloud Tasks does not answer .*; it is tried again$"):
        send(paused, replace(ERRAND, wake=1), patience_s=0.4)
    assert time.monotonic() - began < 3


def test_what_was_called_off_is_transient(paused: Tasks) -> None:
    paused.fail(Status.CANCELLED)
    with pytest.raises(Transient):
        send(paused, ERRAND)


@pytest.mark.parametrize(
    "status",
    [
        Status.PERMISSION_DENIED,
        Status.UNAUTHENTICATED,
        Status.NOT_FOUND,
        Status.INVALID_ARGUMENT,
        Status.FAILED_PRECONDITION,
        Status.UNIMPLEMENTED,
    ],
)
def test_what_a_person_must_mend_is_permanent_and_asked_once(paused: Tasks, status: grpc.StatusCode) -> None:
    paused.fail(status)
    with pytest.raises(Permanent, match=r"^Cloud Tasks refuses: as the test asks; run scripts/doctor$") as caught:
        send(paused, ERRAND)
    assert caught.value.code == "tasks_refused"
    assert isinstance(caught.value.__cause__, exceptions.GoogleAPICallError)


def test_a_queue_that_is_not_there_is_permanent(cloud: Tasks) -> None:
    with pytest.raises(Permanent, match="gone-lane does not exist; run scripts/doctor"):
        send(cloud, replace(ERRAND, image="media"))


def test_an_image_without_a_queue_is_permanent(cloud: Tasks) -> None:
    with pytest.raises(Permanent, match="no queue takes gpu runs; run scripts/doctor") as caught:
        send(cloud, replace(ERRAND, image="gpu"))
    assert caught.value.code == "no_queue"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DefaultCredentialsError("no credentials"), Permanent),  # type: ignore[no-untyped-call]
        (TransportError("no metadata server", retryable=True), Transient),  # type: ignore[no-untyped-call]
    ],
)
def test_failing_to_prove_who_we_are_is_told(error: Exception, kind: type[Exception]) -> None:
    def make() -> Any:
        raise error

    with pytest.raises(kind, match=r"Cloud Tasks .*no "):
        sender(make).send(ERRAND, CLOCK.now())


def test_a_server_that_never_answers_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_S", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        grpc.insecure_channel(f"127.0.0.1:{deaf.getsockname()[1]}") as channel,
    ):
        transport = tasks_v2.CloudTasksClient.get_transport_class("grpc")(channel=channel)
        began = time.monotonic()
        with pytest.raises(Transient):
            sender(lambda: tasks_v2.CloudTasksClient(transport=transport), patience_s=0.5).send(ERRAND, CLOCK.now())
    assert time.monotonic() - began < 3


def test_the_client_is_made_once_for_many_threads(paused: Tasks) -> None:
    made = []

    def make() -> Any:
        made.append(1)
        time.sleep(0.05)
        return paused.client()

    kept = sender(make)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: kept.send(replace(ERRAND, wake=n), CLOCK.now()), range(24)))
    assert (len(made), len(paused.tasks)) == (1, 24)


# What the stand-in does, as other tests lean on it.


def test_a_failing_call_comes_again_with_growing_pauses_up_to_a_bound(cloud: Tasks, worker: Service) -> None:
    cloud.queue("slow", attempts=4, first_s=5, longest_s=12)  # 0.1, 0.2 and 0.24 s at this hurry
    worker.answer = lambda request: 500
    ask(cloud, "slow", "t", worker.url)
    assert cloud.drained() and cloud.given_up == [f"{PARENT}/queues/slow/tasks/t"]
    seen = worker.wait(4)
    pauses = [after.at - before.at for before, after in pairwise(seen)]
    assert len(pauses) == 3
    assert all(wanted <= pause < wanted + 2 for wanted, pause in zip((0.1, 0.2, 0.24), pauses, strict=True))
    told = [
        (one.headers["X-CloudTasks-TaskRetryCount"], one.headers["X-CloudTasks-TaskExecutionCount"]) for one in seen
    ]
    assert told == [("0", "0"), ("1", "1"), ("2", "2"), ("3", "3")]
    assert [one.headers.get("X-CloudTasks-TaskPreviousResponse") for one in seen] == [None, "500", "500", "500"]


def test_a_call_that_takes_too_long_is_cut_off_and_comes_again(cloud: Tasks, worker: Service) -> None:
    go, began = threading.Event(), time.time()

    def slow(request: Any) -> int:
        if request.headers["X-CloudTasks-TaskRetryCount"] == "0":
            go.wait(30)
        return 200

    worker.answer = slow
    ask(cloud, "light-lane", "t", worker.url, dispatch_deadline=timedelta(seconds=15))  # 0.3 s at this hurry
    _, second = worker.wait(2)
    go.set()
    assert cloud.drained()
    assert second.at - began >= 0.3  # not since the first came: it may have come late
    assert "X-CloudTasks-TaskPreviousResponse" not in second.headers


def test_tasks_are_lost_and_doubled_on_demand(cloud: Tasks, worker: Service) -> None:
    cloud.lose(2)
    cloud.double(1)
    for name in "abcd":
        ask(cloud, "light-lane", name, f"{worker.url}/{name}")
    worker.wait(3)
    assert sorted(one.path for one in worker.wait(4, 0.5)) == ["/c", "/c", "/d"]
    assert {name[-1] for name in cloud.tasks} == {"a", "b"}


def test_a_name_stays_taken_after_its_task_was_deleted(paused: Tasks) -> None:
    client = paused.client()
    for name in "abc":
        ask(paused, "light-lane", name, "http://127.0.0.1:1")
    queue = f"{PARENT}/queues/light-lane"
    assert [task.name[-1] for task in client.list_tasks(parent=queue)] == ["a", "b", "c"]  # in two pages
    client.delete_task(name=f"{queue}/tasks/b")
    assert [task.name[-1] for task in client.list_tasks(parent=queue)] == ["a", "c"]
    with pytest.raises(exceptions.NotFound):
        client.get_task(name=f"{queue}/tasks/b")
    with pytest.raises(exceptions.AlreadyExists):
        ask(paused, "light-lane", "b", "http://127.0.0.1:1")


def test_a_task_is_told_of_with_and_without_its_body(paused: Tasks) -> None:
    send(paused, ERRAND)
    client, name = paused.client(), next(iter(paused.tasks))
    assert client.get_task(name=name).http_request.body == b""
    asked = tasks_v2.GetTaskRequest(name=name, response_view=tasks_v2.Task.View.FULL)
    assert client.get_task(asked).http_request.body == b'{"run":"tenants/t/runs/a-1.score"}'


def test_a_paused_queue_calls_when_it_is_resumed(paused: Tasks, worker: Service) -> None:
    ask(paused, "light-lane", "t", worker.url)
    assert not worker.wait(1, 0.2)
    paused.client().resume_queue(name=f"{PARENT}/queues/light-lane")
    assert len(worker.wait(1)) == 1


@pytest.mark.parametrize(
    "off",
    [
        {"schedule_time": CLOCK.now() + timedelta(days=31)},
        {"dispatch_deadline": timedelta(seconds=14)},
        {"dispatch_deadline": timedelta(seconds=1801)},
        {"name": f"{PARENT}/queues/other/tasks/t"},
        {"name": f"{PARENT}/queues/light-lane/tasks/a.b"},
        {"http_request": tasks_v2.HttpRequest(url="light.example")},
    ],
)
def test_what_the_real_one_refuses_is_refused(cloud: Tasks, off: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        ask(cloud, "light-lane", "t", "http://127.0.0.1:1", **off)


def ask(cloud: Tasks, queue: str, task: str, url: str, **more: Any) -> None:
    """Create a task without the adapter."""
    parent = f"{PARENT}/queues/{queue}"
    about = {"name": f"{parent}/tasks/{task}", "http_request": tasks_v2.HttpRequest(url=url), **more}
    cloud.client().create_task(parent=parent, task=tasks_v2.Task(**about))
