"""What Cloud Run may answer to a launch, and what of it is ours to survive; over gRPC, with the real client."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue

import grpc  # type: ignore[import-untyped]
import pytest

from common.adapters.google import run_jobs as adapter
from common.adapters.google.run_jobs import CloudRunJobs
from common.errors import Permanent, Transient
from tests.standins.run_jobs import LOCATION, PROJECT, RunJobs, run_jobs

Seen = tuple[tuple[str, ...], Mapping[str, str]]
_WRITES = "import os, sys; open(sys.argv[1], 'w').write(' '.join([os.environ['CLOUD_RUN_EXECUTION'], *sys.argv[2:]]))"
_SLEEPS = "import time; time.sleep(60)"


@pytest.fixture
def seen() -> SimpleQueue[Seen]:
    """What the workers were started with."""
    return SimpleQueue()


@pytest.fixture
def cloud(seen: SimpleQueue[Seen]) -> Iterator[RunJobs]:
    def work(arguments: Sequence[str], environment: Mapping[str, str], stop: threading.Event) -> int:
        seen.put((tuple(arguments), environment))
        return 0

    def last(arguments: Sequence[str], environment: Mapping[str, str], stop: threading.Event) -> int:
        return int(not stop.wait(30))

    with run_jobs({"cutroom-gpu": work, "cutroom-cpu": last}) as running:
        yield running


@pytest.fixture
def jobs(cloud: RunJobs) -> CloudRunJobs:
    return adapted(cloud)


def adapted(cloud: RunJobs) -> CloudRunJobs:
    return CloudRunJobs(
        cloud.jobs_client, cloud.executions_client, project=PROJECT, location=LOCATION, prefix="cutroom"
    )


def test_a_launch_starts_one_worker_that_is_told_its_pool_and_its_launch(
    cloud: RunJobs, jobs: CloudRunJobs, seen: SimpleQueue[Seen]
) -> None:
    name = jobs.start("gpu", "gpu-7")
    assert name == "projects/demo-cutroom/locations/europe-west4/jobs/cutroom-gpu/executions/cutroom-gpu-00001"
    arguments, environment = seen.get(timeout=10)
    assert arguments == ("pull", "gpu", "--launch", "gpu-7")
    assert environment["CLOUD_RUN_EXECUTION"] == "cutroom-gpu-00001"
    assert cloud.calls == ["RunJob"]  # nobody waited for it to end


def test_a_full_platform_is_told_from_one_that_is_away(cloud: RunJobs, jobs: CloudRunJobs) -> None:
    cloud.refuse(1)
    with pytest.raises(Transient, match=r"no more workers of the pool gpu now \(Quota .*\); it is asked again") as full:
        jobs.start("gpu", "gpu-1")
    assert full.value.code == "pool_full"
    cloud.refuse(1, grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(Transient, match="does not answer"):
        jobs.start("gpu", "gpu-1")
    assert cloud.executions == []


def test_a_start_whose_answer_was_lost_is_not_sent_again(cloud: RunJobs, jobs: CloudRunJobs) -> None:
    cloud.lose_answer(1)
    with pytest.raises(Transient, match="does not answer"):
        jobs.start("gpu", "gpu-1")
    assert cloud.calls == ["RunJob"]
    assert len(cloud.executions) == 1


def test_a_platform_that_hangs_is_not_waited_for(
    cloud: RunJobs, jobs: CloudRunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_S", 0.2)
    cloud.answers.clear()
    try:
        with pytest.raises(Transient, match="does not answer"):
            jobs.start("gpu", "gpu-1")
    finally:
        cloud.answers.set()


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "UNAUTHENTICATED", "INVALID_ARGUMENT", "FAILED_PRECONDITION"])
def test_a_refusal_says_what_to_do(cloud: RunJobs, jobs: CloudRunJobs, status: str) -> None:
    cloud.refuse(1, grpc.StatusCode[status])
    with pytest.raises(Permanent, match=r"Cloud Run refuses: .*; run scripts/doctor") as refused:
        jobs.start("gpu", "gpu-1")
    assert refused.value.code == "jobs_refused"


def test_a_job_that_is_not_there_is_named(jobs: CloudRunJobs) -> None:
    with pytest.raises(Permanent, match="cutroom-tpu' was not found; run scripts/doctor"):
        jobs.start("tpu", "tpu-1")


def test_an_execution_is_cancelled_and_one_that_has_ended_is_no_error(cloud: RunJobs, jobs: CloudRunJobs) -> None:
    name = jobs.start("cpu", "cpu-1")
    cloud.refuse(1, grpc.StatusCode.UNAVAILABLE)
    jobs.cancel(name)  # may be sent twice, and is
    cloud.wait()
    execution = cloud.executions_client().get_execution(name=name)
    assert (execution.cancelled_count, execution.running_count) == (1, 0)
    jobs.cancel(name)
    jobs.cancel(name + "0")
    cloud.refuse(1, grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(Permanent, match="run scripts/doctor"):
        jobs.cancel(name)


def test_clients_are_made_once_and_not_before_they_are_needed(cloud: RunJobs) -> None:
    made: list[str] = []

    def make() -> object:
        made.append("jobs")
        return cloud.jobs_client()

    jobs = CloudRunJobs(make, lambda: made.append("executions"), project=PROJECT, location=LOCATION, prefix="cutroom")
    assert made == []
    jobs.start("gpu", "gpu-1")
    jobs.start("gpu", "gpu-2")
    assert made == ["jobs"]


def test_the_standin_runs_commands_and_lists_and_ends_them(tmp_path: Path) -> None:
    out = tmp_path / "out"
    commands = {
        "cutroom-cpu": [sys.executable, "-c", _WRITES, str(out)],
        "cutroom-gpu": [sys.executable, "-c", _SLEEPS],
    }
    with run_jobs(commands) as cloud:
        jobs = adapted(cloud)
        jobs.start("cpu", "cpu-1")
        hangs = jobs.start("gpu", "gpu-1")
        jobs.cancel(hangs)
        cloud.wait()
        assert out.read_text() == "cutroom-cpu-00001 pull cpu --launch cpu-1"
        assert [one.status for one in cloud.executions] == [0, -signal.SIGTERM]
        client = cloud.executions_client()
        parent = f"projects/{PROJECT}/locations/{LOCATION}/jobs/cutroom-cpu"
        assert [one.succeeded_count for one in client.list_executions(parent=parent)] == [1]
        done = cloud.jobs_client().run_job(request={"name": parent}).result(timeout=30)
        assert done.name == f"{parent}/executions/cutroom-cpu-00003"
        assert out.read_text() == "cutroom-cpu-00003"
