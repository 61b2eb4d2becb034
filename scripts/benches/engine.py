"""What the engine itself costs: toy runs that do nothing, so that all that is measured is ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.benches import Row

_ROOT = Path(__file__).resolve().parents[2]
_RUNS = 10_000

# Run apart, so that the whole process's CPU and memory are the engine's.
_DRAIN = """
import json, resource, sys
from pathlib import Path
from tests import toy
from tests.harness import cutroom, read, submit

def resident():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0

def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

runs, home = int(sys.argv[1]), Path(sys.argv[2])
with cutroom(home, toy.definition(part="tests.toy:nothing")) as local:
    flow = submit(local.engine, parts=runs).flow
    before, marks = cpu(), []
    steps = 0
    def tick():
        global steps
        steps += 1
        if steps % 200 == 0:
            marks.append(resident())
    local.runner.until(lambda: read(local, flow).state != "running", tick=tick)
    print(json.dumps({"cpu_s": cpu() - before, "marks": marks, "state": read(local, flow).state}))
"""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-c", _DRAIN, str(_RUNS), folder],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(ran.stdout)
    assert found["state"] == "done", found
    yield Row(name="engine: CPU per run", value=found["cpu_s"] / _RUNS * 1000, unit="ms", target=10)
    marks = found["marks"]
    settled = marks[len(marks) // 5 :]  # after the plan of all runs is made and the allocator is warm
    yield Row(name=f"engine: memory growth over {_RUNS} runs", value=settled[-1] - settled[0], unit="MB", target=8)
    yield Row(name="engine: a worker process starts", value=_worker_start(), unit="s", target=0.3)


def _worker_start() -> float:
    """Median wall time of `python -m jobs` for a run that does not exist: all of a worker but the work."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(7):
            began = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "jobs", "ingest", "local/none-1"],
                cwd=_ROOT,
                env={**os.environ, "CUTROOM_HOME": folder},
                check=True,
                stderr=subprocess.DEVNULL,
            )
            times.append(time.monotonic() - began)
    return sorted(times)[len(times) // 2]
