"""Cloud Tasks as far as Cutroom uses it: queues, tasks made once per name, and an engine that calls them over HTTP.

Left out: rates, concurrency, max_retry_duration, slowing down for 429 and 503, permissions, App Engine.
"""

from __future__ import annotations

import heapq
import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import grpc  # type: ignore[import-untyped]
from google.cloud import tasks_v2
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from tests.standins.rpc import Method, Refused, serving

PARENT = "projects/demo/locations/local"
PAGE = 2  # tasks in one page of a listing: few, so that paging is seen to work
LOOK_S = 0.02  # between two looks at a task whose queue is paused

_NAME = re.compile(r"(projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9-]{1,100})/tasks/[A-Za-z0-9_-]{1,500}")
_State = tasks_v2.Queue.State


@dataclass(slots=True)
class Kept:
    """A task that is there. `copies`: how many calls are made of each attempt; 0 of one that is lost."""

    task: Any
    copies: int = 1
    tries: int = 0
    answers: int = 0
    last: int | None = None  # the status of the last answer


class Tasks:
    """Every queue and its tasks. `token(audience, email)` gives the bearer token of a call.

    `hurry` is how many times as fast as they should deadlines and pauses between attempts pass; times of day do not.
    """

    def __init__(self, token: Callable[[str, str], str], *, hurry: float = 1.0) -> None:
        self.channel: Any = None
        self.queues: dict[str, Any] = {}
        self.tasks: dict[str, Kept] = {}
        self.created: list[Any] = []  # every task as it was asked for
        self.given_up: list[str] = []  # names of those that failed as often as their queue allows
        self._token, self._hurry = token, hurry
        self._names: set[str] = set()  # ever used: none may be used again
        self._lost = self._doubled = 0
        self._faults: list[tuple[grpc.StatusCode, bool]] = []
        self._due: list[tuple[float, int, str]] = []
        self._order = count()
        self._news = threading.Condition(threading.RLock())
        self._over = False
        self._pool = ThreadPoolExecutor(8)
        self._calls: list[Future[Any]] = []

    def client(self) -> tasks_v2.CloudTasksClient:
        """A client of the real library that talks to this server."""
        transport = tasks_v2.CloudTasksClient.get_transport_class("grpc")
        return tasks_v2.CloudTasksClient(transport=transport(channel=self.channel))

    def queue(self, name: str, *, attempts: int = 100, first_s: float = 0.1, longest_s: float = 3600.0) -> str:
        """Make a queue with these retries; its full name."""
        retry = tasks_v2.RetryConfig(
            max_attempts=attempts, min_backoff=timedelta(seconds=first_s), max_backoff=timedelta(seconds=longest_s)
        )
        queue = tasks_v2.Queue(name=f"{PARENT}/queues/{name}", retry_config=retry)
        self._create_queue(tasks_v2.CreateQueueRequest(parent=PARENT, queue=queue))
        return str(queue.name)

    def lose(self, n: int) -> None:
        """Take the next `n` tasks that are created, and never call them."""
        self._lost += n

    def double(self, n: int) -> None:
        """Make each call of the next `n` tasks twice, at once."""
        self._doubled += n

    def fail(self, status: grpc.StatusCode, times: int = 1, *, lost: bool = False) -> None:
        """Answer the next `times` creations with `status`; with `lost` do what they ask for before that."""
        self._faults += [(status, lost)] * times

    def drained(self, within_s: float = 10.0) -> bool:
        """Whether no task is left, once none is or the time is over."""
        with self._news:
            return self._news.wait_for(lambda: not self.tasks, within_s)

    def methods(self) -> Mapping[str, Method]:
        found: dict[str, Method] = {
            "CreateQueue": (tasks_v2.CreateQueueRequest, self._create_queue),
            "GetQueue": (tasks_v2.GetQueueRequest, lambda asked: self._queue(asked.name)),
            "PauseQueue": (tasks_v2.PauseQueueRequest, lambda asked: self._turn(asked.name, _State.PAUSED)),
            "ResumeQueue": (tasks_v2.ResumeQueueRequest, lambda asked: self._turn(asked.name, _State.RUNNING)),
            "CreateTask": (tasks_v2.CreateTaskRequest, self._create),
            "GetTask": (tasks_v2.GetTaskRequest, lambda asked: _seen(self._kept(asked.name), asked.response_view)),
            "ListTasks": (tasks_v2.ListTasksRequest, self._list),
            "DeleteTask": (tasks_v2.DeleteTaskRequest, self._delete),
        }
        return {f"/google.cloud.tasks.v2.CloudTasks/{name}": method for name, method in found.items()}

    def run(self) -> None:
        """Call tasks as they come due, until `stop`."""
        with self._news:
            while not self._over:
                if not self._due:
                    self._news.wait()
                    continue
                at, _, name = self._due[0]
                if (left := at - time.time()) > 0:
                    self._news.wait(left)
                    continue
                heapq.heappop(self._due)
                kept = self.tasks.get(name)
                if kept is None or not kept.copies:
                    continue
                if self._queue_of(name).state == _State.PAUSED:
                    self._push(name, time.time() + LOOK_S)
                    continue
                self._calls.append(self._pool.submit(self._attempt, name, kept))

    def stop(self) -> None:
        with self._news:
            self._over = True
            self._news.notify_all()
        self._pool.shutdown(cancel_futures=True)
        for call in self._calls:
            if not call.cancelled():
                call.result()  # what went wrong here, not in what was called, fails the test

    def _create_queue(self, asked: Any) -> Any:
        with self._news:
            if asked.queue.name in self.queues:
                raise Refused(grpc.StatusCode.ALREADY_EXISTS, "Queue already exists")
            queue = tasks_v2.Queue(asked.queue, state=_State.RUNNING)
            self.queues[queue.name] = queue
            return queue

    def _turn(self, name: str, state: Any) -> Any:
        with self._news:
            queue = self._queue(name)
            queue.state = state
            return queue

    def _create(self, asked: Any) -> Any:
        with self._news:
            fault = self._faults.pop(0) if self._faults else None
            if fault is not None and not fault[1]:
                raise Refused(fault[0], "as the test asks")
            task = self._accepted(asked)
            self.tasks[task.name] = kept = Kept(task)
            if self._lost:
                self._lost, kept.copies = self._lost - 1, 0
            elif self._doubled:
                self._doubled, kept.copies = self._doubled - 1, 2
            self._push(task.name, task.schedule_time.timestamp())
            if fault is not None:
                raise Refused(fault[0], "as the test asks, though the task is there")
            return _seen(kept, asked.response_view)

    def _accepted(self, asked: Any) -> Any:
        """The task as it is kept; refuses what the real one refuses."""
        self._queue(asked.parent)
        task: Any = tasks_v2.Task(asked.task)
        now = datetime.now(UTC)
        self.created.append(asked.task)
        task.name = task.name or f"{asked.parent}/tasks/{next(self._order)}"
        named = _NAME.fullmatch(task.name)
        if named is None or named[1] != asked.parent:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"Task name {task.name!r} is not of {asked.parent}")
        if not re.match(r"https?://.", task.http_request.url):
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "HttpRequest.url is required and must be http or https")
        if task.schedule_time and task.schedule_time > now + timedelta(days=30):
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "Task.scheduleTime is too far in the future")
        task.http_request.http_method = task.http_request.http_method or tasks_v2.HttpMethod.POST
        task.dispatch_deadline = task.dispatch_deadline or timedelta(minutes=10)
        if not timedelta(seconds=15) <= task.dispatch_deadline <= timedelta(minutes=30):
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "Task.dispatchDeadline must be between [15s, 30m]")
        if task.name in self._names:
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, "The task cannot be created because its name is taken")
        self._names.add(task.name)
        task.create_time = now
        task.schedule_time = task.schedule_time or now
        return task

    def _list(self, asked: Any) -> Any:
        with self._news:
            self._queue(asked.parent)
            names = sorted(n for n in self.tasks if n.startswith(f"{asked.parent}/") and n > asked.page_token)
            seen = [_seen(self.tasks[name], asked.response_view) for name in names[:PAGE]]
            more = names[PAGE - 1] if len(names) > PAGE else ""
            return tasks_v2.ListTasksResponse(tasks=seen, next_page_token=more)

    def _delete(self, asked: Any) -> Any:
        with self._news:
            self._kept(asked.name)
            self._end(asked.name)
            return Empty()

    def _queue(self, name: str) -> Any:
        if name not in self.queues:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Queue {name} does not exist")
        return self.queues[name]

    def _queue_of(self, task: str) -> Any:
        return self._queue(task.partition("/tasks/")[0])

    def _kept(self, name: str) -> Kept:
        if name not in self.tasks:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Task {name} does not exist")
        return self.tasks[name]

    def _push(self, name: str, at: float) -> None:
        heapq.heappush(self._due, (at, next(self._order), name))
        self._news.notify_all()

    def _end(self, name: str) -> None:
        self.tasks.pop(name, None)
        self._news.notify_all()

    def _attempt(self, name: str, kept: Kept) -> None:
        """Call the task; then it is over, or comes again after a pause, or is given up."""
        with self._news:
            if self._over:
                return
            self._calls += [self._pool.submit(self._call, replace(kept)) for _ in range(kept.copies - 1)]
        status = self._call(kept)
        with self._news:
            kept.tries += 1
            kept.answers += status is not None
            kept.last = status
            if self._over or name not in self.tasks:
                return
            retry = self._queue_of(name).retry_config
            if status is not None and 200 <= status < 300:
                self._end(name)
            elif 0 < retry.max_attempts <= kept.tries:
                self.given_up.append(name)
                self._end(name)
            else:
                pause = min(retry.max_backoff, retry.min_backoff * 2 ** min(kept.tries - 1, 16))
                self._push(name, time.time() + pause.total_seconds() / self._hurry)

    def _call(self, kept: Kept) -> int | None:
        """The status of the answer; None when there was none before the deadline."""
        asked, url = kept.task.http_request, urlsplit(kept.task.http_request.url)
        queue, _, name = kept.task.name.rpartition("/tasks/")
        headers = {
            "User-Agent": "Google-Cloud-Tasks",
            "Content-Type": "application/octet-stream",
            **asked.headers,
            "X-CloudTasks-QueueName": queue.rpartition("/")[2],
            "X-CloudTasks-TaskName": name,
            "X-CloudTasks-TaskRetryCount": str(kept.tries),
            "X-CloudTasks-TaskExecutionCount": str(kept.answers),
            "X-CloudTasks-TaskETA": f"{kept.task.schedule_time.timestamp():.6f}",
        }
        if kept.last is not None:
            headers["X-CloudTasks-TaskPreviousResponse"] = str(kept.last)
        if asked.oidc_token.service_account_email:
            audience = asked.oidc_token.audience or asked.url
            headers["Authorization"] = f"Bearer {self._token(audience, asked.oidc_token.service_account_email)}"
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        deadline_s = kept.task.dispatch_deadline.total_seconds() / self._hurry
        connection = kind(str(url.hostname), url.port, timeout=deadline_s)
        try:
            path = url.path + (f"?{url.query}" if url.query else "")
            connection.request(asked.http_method.name, path or "/", asked.body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def _seen(kept: Kept, view: Any) -> Any:
    """A task as it is told of: the basic view has no body."""
    task: Any = tasks_v2.Task(kept.task)
    task.view = view or tasks_v2.Task.View.BASIC
    task.dispatch_count, task.response_count = kept.tries, kept.answers
    if task.view != tasks_v2.Task.View.FULL:
        task.http_request.body = b""
    return task


@contextmanager
def tasks(token: Callable[[str, str], str], *, hurry: float = 1.0) -> Iterator[Tasks]:
    """A Cloud Tasks of its own on the loopback, its engine running."""
    running = Tasks(token, hurry=hurry)
    engine = threading.Thread(target=running.run, daemon=True)
    with serving(running.methods()) as running.channel:
        engine.start()
        try:
            yield running
        finally:
            running.stop()
            engine.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call that a service got. Names of headers are as they were sent; `at` is the time of day in seconds."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass
class Service:
    """Keeps what it is sent, and answers with the status that `answer` gives."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], int] = lambda request: 200
    news: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, n: int, within_s: float = 10.0) -> list[Request]:
        """All requests, once there are `n` or the time is over."""
        with self.news:
            self.news.wait_for(lambda: len(self.requests) >= n, within_s)
            return list(self.requests)


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = Request(path=self.path, headers=dict(self.headers), body=body, at=time.time())
        with self.service.news:
            self.service.requests.append(request)
            self.service.news.notify_all()
        status = self.service.answer(request)
        try:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except ConnectionError:
            self.close_connection = True  # the caller's deadline is over


@contextmanager
def service() -> Iterator[Service]:
    """A service of its own on the loopback."""
    kept = Service()
    handler = type("Handler", (_Handler,), {"service": kept})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
