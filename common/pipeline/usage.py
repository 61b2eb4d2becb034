"""What an attempt used: wall and CPU seconds, and the memory of its whole process tree at its peak."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

EVERY_S = 2.0  # to look at the memory of a tree takes the system some 10 ms


class Meter:
    """Starts when made. `sample` is called by the heartbeat, however often; `read` gives the figures."""

    def __init__(self) -> None:
        self._wall = time.monotonic()
        self._cpu = _cpu()
        self._peak = 0
        self._looked = float("-inf")

    def sample(self) -> None:
        if time.monotonic() - self._looked >= EVERY_S:
            self._look()

    def _look(self) -> None:
        self._peak = max(self._peak, tree_pss(os.getpid()))
        self._looked = time.monotonic()

    def read(self) -> dict[str, float]:
        """`wall_s`, `cpu_s` (of children too, at work or ended) and `peak_mb`.

        The peak is the largest proportional set size seen of the whole tree, and at least the largest resident
        size of any process it started. Its own is not asked for: a process that was forked from a large one
        counts that one's memory as its peak.
        """
        self._look()
        peak = max(self._peak, _largest_child())
        return {
            "wall_s": round(time.monotonic() - self._wall, 3),
            "cpu_s": round(_cpu() - self._cpu, 3),
            "peak_mb": round(peak / 2**20, 1),
        }


def tree_pss(root: int) -> int:
    """Proportional set size of a process and all below it, in bytes; 0 where the system does not tell."""
    total = 0
    for pid in _tree(root):
        for line in _told(pid, "smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def _tree(root: int) -> Iterator[int]:
    """A process and all below it, where the system tells."""
    todo = [root]
    while todo:
        yield (pid := todo.pop())
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):  # it ended meanwhile; or no Linux
            for task in Path(f"/proc/{pid}/task").iterdir():
                todo.extend(int(child) for child in (task / "children").read_text().split())


def _told(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""  # it ended while we looked, or this is no Linux


def _cpu() -> float:
    """Of this process and all it started. A child at work counts from /proc, once it has ended from getrusage."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    below = list(_tree(os.getpid()))[1:]
    # user, system, and both of children it has waited for: fields 14 to 17, after a name that may hold anything
    ticks = [sum(map(int, stat.rpartition(")")[2].split()[11:15])) for pid in below if (stat := _told(pid, "stat"))]
    return sum(one.ru_utime + one.ru_stime for one in used) + sum(ticks) / os.sysconf("SC_CLK_TCK")


def _largest_child() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
