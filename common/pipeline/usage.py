"""What an attempt used: wall and CPU seconds, and the memory of its whole process tree at its peak."""

from __future__ import annotations

import os
import resource
import sys
import time
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
        """`wall_s`, `cpu_s` (children included once they ended) and `peak_mb`.

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
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
            for task in Path(f"/proc/{pid}/task").iterdir():
                todo.extend(int(child) for child in (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended while we looked, or this is no Linux
    return total


def _cpu() -> float:
    mine = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


def _largest_child() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
