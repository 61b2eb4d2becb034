"""The machine's own clock: seconds since it booted, which no one sets, and a name for this boot."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def seconds() -> float:
    """Seconds since boot, counting sleep where the system can."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()


@cache
def name() -> str:
    """Differs after every boot; where the system has no boot id, the boot's wall time to the minute."""
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text().strip()
    return f"booted-{round((time.time() - seconds()) / 60)}"
