"""What some work costs, in a process of its own: CPU of it and of the processes it waited for, time, memory."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """`peak` is the largest resident size, in MB, of any one process."""

    cpu: float
    wall: float
    peak: float


def cost(work: Callable[[], object]) -> Cost:
    """Run it once in a fork of this process, so that what is imported already is not counted."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError("the measured work failed; its error is printed above")
    return Cost(cpu=usage.ru_utime + usage.ru_stime, wall=time.monotonic() - began, peak=usage.ru_maxrss / 1024)


def least(costs: list[Cost]) -> Cost:
    """The least of each over several runs: what others do on the machine only ever adds."""
    return Cost(
        cpu=min(one.cpu for one in costs), wall=min(one.wall for one in costs), peak=min(one.peak for one in costs)
    )
