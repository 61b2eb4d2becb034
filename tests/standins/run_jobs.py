"""Cloud Run jobs as far as Cutroom uses them: RunJob with overrides, executions, and faults on demand.

An execution is one task. What it does is a command, run as a subprocess, or a function, called in a thread.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud import run_v2
from google.longrunning import operations_pb2  # type: ignore[import-untyped]

from tests.standins.rpc import Method, Refused, serving

PROJECT, LOCATION = "demo-cutroom", "europe-west4"
PARENT = f"projects/{PROJECT}/locations/{LOCATION}"
GRACE_S = 10.0  # between SIGTERM and SIGKILL
HANGS_S = 30.0  # at most

# A function is given the arguments, the environment, and what is set when it is to stop; it returns an exit status.
Work = Sequence[str] | Callable[[Sequence[str], Mapping[str, str], threading.Event], int]


@dataclass(slots=True)
class Execution:
    """One execution, and what came of it: `status` is None while it is at work, negative after a signal."""

    name: str
    job: str
    arguments: tuple[str, ...]
    operation: str
    began: datetime
    stop: threading.Event = field(default_factory=threading.Event)
    status: int | None = None
    over: datetime | None = None
    thread: threading.Thread | None = None

    def message(self) -> Any:
        cancelled = self.stop.is_set() and self.status is not None
        return run_v2.Execution(
            name=self.name,
            job=self.job,
            task_count=1,
            create_time=self.began,
            start_time=self.began,
            completion_time=self.over,
            running_count=int(self.status is None),
            cancelled_count=int(cancelled),
            succeeded_count=int(self.status == 0 and not cancelled),
            failed_count=int(bool(self.status) and not cancelled),
        )


class RunJobs:
    """The jobs by their last name, `PREFIX-POOL`, and every execution in the order they began."""

    def __init__(self, jobs: Mapping[str, Work]) -> None:
        self._jobs = jobs
        self._refusals: list[grpc.StatusCode] = []
        self._losses = 0
        self._over = False
        self._lock = threading.RLock()
        self.executions: list[Execution] = []
        self.calls: list[str] = []
        self.channel: Any = None
        self.answers = threading.Event()  # while it is not set, nothing is answered
        self.answers.set()

    def refuse(self, times: int, status: grpc.StatusCode = grpc.StatusCode.RESOURCE_EXHAUSTED) -> None:
        """Answer so many calls with a status, and do nothing."""
        self._refusals += [status] * times

    def lose_answer(self, times: int) -> None:
        """Start so many executions and answer UNAVAILABLE."""
        self._losses += times

    def jobs_client(self) -> Any:
        transport = run_v2.JobsClient.get_transport_class("grpc")
        return run_v2.JobsClient(transport=transport(channel=self.channel))

    def executions_client(self) -> Any:
        transport = run_v2.ExecutionsClient.get_transport_class("grpc")
        return run_v2.ExecutionsClient(transport=transport(channel=self.channel))

    def wait(self, seconds: float = 30.0) -> None:
        """Until every execution is over, those begun meanwhile too."""
        until = time.monotonic() + seconds
        while any(one.status is None for one in self.executions):
            assert time.monotonic() < until, "an execution did not end"
            time.sleep(0.01)

    def stop(self) -> None:
        """Nothing begins any more: an answer that was held until now may come to it only here."""
        with self._lock:
            self._over = True
            begun = list(self.executions)
        for one in begun:
            one.stop.set()
        for one in begun:
            if one.thread is not None:
                one.thread.join(GRACE_S + 5)

    def methods(self) -> dict[str, Method]:
        jobs, executions = "/google.cloud.run.v2.Jobs/", "/google.cloud.run.v2.Executions/"
        return {
            jobs + "RunJob": (run_v2.RunJobRequest, self._heard("RunJob", self._run)),
            executions + "GetExecution": (run_v2.GetExecutionRequest, self._heard("GetExecution", self._get)),
            executions + "ListExecutions": (run_v2.ListExecutionsRequest, self._heard("ListExecutions", self._list)),
            executions + "CancelExecution": (
                run_v2.CancelExecutionRequest,
                self._heard("CancelExecution", self._cancel),
            ),
            "/google.longrunning.Operations/GetOperation": (
                operations_pb2.GetOperationRequest,
                self._heard("GetOperation", self._operation),
            ),
        }

    def _heard(self, name: str, answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def method(request: Any) -> Any:
            self.answers.wait(HANGS_S)
            with self._lock:
                self.calls.append(name)
                if self._over:
                    raise Refused(grpc.StatusCode.UNAVAILABLE, "the server is gone")
                if self._refusals:
                    raise Refused(self._refusals.pop(0), "Quota exceeded for run executions")
                return answer(request)

        return method

    def _run(self, request: Any) -> Any:
        job = request.name.rpartition("/")[2]
        if request.name != f"{PARENT}/jobs/{job}" or job not in self._jobs:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Resource '{request.name}' was not found")
        overrides = request.overrides.container_overrides
        number = len(self.executions) + 1
        execution = Execution(
            name=f"{request.name}/executions/{job}-{number:05}",
            job=job,
            arguments=tuple(overrides[0].args) if overrides else (),
            operation=f"{PARENT}/operations/{number:05}",
            began=datetime.now(UTC),
        )
        environment = {
            "CLOUD_RUN_JOB": job,
            "CLOUD_RUN_EXECUTION": execution.name.rpartition("/")[2],
            "CLOUD_RUN_TASK_INDEX": "0",
            "CLOUD_RUN_TASK_COUNT": "1",
            "CLOUD_RUN_TASK_ATTEMPT": "0",
        }
        for override in overrides:
            environment |= {one.name: one.value for one in override.env}
        self.executions.append(execution)
        execution.thread = threading.Thread(target=self._work, args=(execution, self._jobs[job], environment))
        execution.thread.start()
        if self._losses:
            self._losses -= 1
            raise Refused(grpc.StatusCode.UNAVAILABLE, "the connection was reset")
        return self._told(execution)

    def _work(self, execution: Execution, work: Work, environment: Mapping[str, str]) -> None:
        status = 1
        try:
            if callable(work):
                status = work(execution.arguments, environment, execution.stop)
            else:
                status = _subprocess([*work, *execution.arguments], environment, execution.stop)
        finally:
            execution.over = datetime.now(UTC)
            execution.status = status

    def _get(self, request: Any) -> Any:
        return self._found("name", request.name).message()

    def _list(self, request: Any) -> Any:
        below = [one.message() for one in self.executions if one.name.startswith(f"{request.parent}/executions/")]
        at, size = int(request.page_token or 0), request.page_size or 100
        more = str(at + size) if at + size < len(below) else ""
        return run_v2.ListExecutionsResponse(executions=below[at : at + size], next_page_token=more)

    def _cancel(self, request: Any) -> Any:
        execution = self._found("name", request.name)
        if execution.status is not None:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION, f"Execution '{request.name}' has completed")
        execution.stop.set()
        return self._told(execution)

    def _operation(self, request: Any) -> Any:
        return self._told(self._found("operation", request.name))

    def _found(self, by: str, name: str) -> Execution:
        for one in self.executions:
            if getattr(one, by) == name:
                return one
        raise Refused(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' was not found")

    def _told(self, execution: Execution) -> Any:
        """The operation of an execution: the execution is its metadata, and its answer once it is over."""
        message = run_v2.Execution.pb(execution.message())
        told = operations_pb2.Operation(name=execution.operation, done=execution.status is not None)
        told.metadata.Pack(message)
        if execution.status == 0:
            told.response.Pack(message)
        elif execution.status is not None:
            cancelled = execution.stop.is_set()
            told.error.code = (grpc.StatusCode.CANCELLED if cancelled else grpc.StatusCode.INTERNAL).value[0]
            told.error.message = f"the task ended with status {execution.status}"
        return told


def _subprocess(argv: Sequence[str], environment: Mapping[str, str], stop: threading.Event) -> int:
    process = subprocess.Popen(
        list(argv), env={**os.environ, **environment}, stdin=subprocess.DEVNULL, start_new_session=True
    )
    asked: float | None = None
    while process.poll() is None:
        stop.wait(0.05) if asked is None else time.sleep(0.05)
        if stop.is_set() and asked is None:
            asked = time.monotonic()
            process.send_signal(signal.SIGTERM)
        elif asked is not None and time.monotonic() - asked > GRACE_S:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


@contextmanager
def run_jobs(jobs: Mapping[str, Work]) -> Iterator[RunJobs]:
    """A Cloud Run of this test's own; what is still at work at the end is told to stop."""
    running = RunJobs(jobs)
    with serving(running.methods()) as channel:
        running.channel = channel
        try:
            yield running
        finally:
            running.stop()
