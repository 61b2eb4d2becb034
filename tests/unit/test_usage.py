"""What an attempt used: its peak is kept between looks, and looks are seldom."""

import subprocess
import sys

import pytest

from common.pipeline import usage


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: at[0])
    return at


def test_memory_is_looked_at_no_more_often_than_said(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def look(root: int) -> int:
        looks.append(clock[0])
        return 0

    monkeypatch.setattr(usage, "tree_pss", look)
    meter = usage.Meter()
    for _ in range(9):
        meter.sample()
        clock[0] += usage.EVERY_S / 4
    assert looks == [100.0, 100.0 + usage.EVERY_S, 100.0 + 2 * usage.EVERY_S]


def test_a_peak_between_two_looks_stays(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter((1 << 20, 700 << 20, 2 << 20))
    monkeypatch.setattr(usage, "tree_pss", lambda root: next(sizes))
    monkeypatch.setattr(usage, "_largest_child", lambda: 3 << 20)
    meter = usage.Meter()
    meter.sample()
    clock[0] += usage.EVERY_S
    meter.sample()
    clock[0] += usage.EVERY_S
    assert meter.read()["peak_mb"] == 700.0


def test_a_child_that_ended_counts_by_its_resident_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "tree_pss", lambda root: 0)
    monkeypatch.setattr(usage, "_largest_child", lambda: 90 << 20)
    assert usage.Meter().read()["peak_mb"] == 90.0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of children at work")
def test_a_childs_work_counts_while_it_is_there_and_once_when_it_has_ended() -> None:
    meter = usage.Meter()
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        at_work = meter.read()["cpu_s"]
        child.communicate(b"\n")
    over = meter.read()["cpu_s"]
    assert at_work >= 0.28  # it is counted in hundredths
    assert at_work - 0.05 <= over < at_work + 0.3
