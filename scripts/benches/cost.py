"""What some work costs, in a process of its own: CPU of it and of the processes it waited for, time, memory."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from common.pipeline.usage import tree_pss

_ENDED_S, _LOOK_S = 0.02, 0.25  # between two looks at whether it ended, and at its memory, which takes longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds, and at its `peak` the MB (proportional set size) of the process and of all it started, together."""

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
    peak, looked, ended = 0, began, 0
    while not ended:
        if time.monotonic() - looked >= _LOOK_S:
            peak, looked = max(peak, tree_pss(child)), time.monotonic()
        time.sleep(_ENDED_S)
        ended, status, usage = os.wait4(child, os.WNOHANG)
    if status:
        raise RuntimeError("the measured work failed; its error is printed above")
    return Cost(cpu=usage.ru_utime + usage.ru_stime, wall=time.monotonic() - began, peak=peak / 2**20)


def least(costs: list[Cost]) -> Cost:
    """The least of each over several runs: what others do on the machine only ever adds."""
    return Cost(
        cpu=min(one.cpu for one in costs), wall=min(one.wall for one in costs), peak=min(one.peak for one in costs)
    )
