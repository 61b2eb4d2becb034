"""What an account used, counted with the settle of each attempt, in its batch: so once, whatever dies or comes twice.

`tenants/{t}/usage/{day}.{part}`. Many runs settle in one second, and one document takes few writes in it: so a day has
several parts, which are added up when somebody asks. An attempt that died without an answer is not counted.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from common.domain.usage import COUNTED
from common.pipeline.run import RunId
from common.ports.documents import Documents, Increment, Json, Merge, Write

PARTS = 4
SCHEMA = 1


def counted(
    run: RunId, image: str, now: datetime, timings: Mapping[str, float], used: Mapping[str, int]
) -> list[Write]:
    """The writes to settle an attempt with; `used` is beside its time, by the names of common.domain.usage."""
    counts = {
        **used,
        f"cpu_ms_{image}": round(1000 * timings["cpu_s"]),
        f"wall_ms_{image}": round(1000 * timings["wall_s"]),
    }
    key = _key(run.tenant, now.date(), zlib.crc32(run.key.encode()) % PARTS)
    return [
        Merge(key, {"schema": SCHEMA, "day": now.date().isoformat()}),
        *(Increment(key, name, by) for name, by in counts.items() if by),
    ]


def days(documents: Documents, tenant: str, first: date, last: date) -> dict[date, dict[str, int]]:
    """By day, both included, what was used: every name of COUNTED, 0 where there was nothing."""
    wanted = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    there = documents.get_many(_key(tenant, day, part) for day in wanted for part in range(PARTS))
    found = {day: dict.fromkeys(COUNTED, 0) for day in wanted}
    for snap in there.values():
        _add(found[date.fromisoformat(snap.body["day"])], snap.body)
    return found


def _add(counts: dict[str, int], body: Json) -> None:
    for name in COUNTED:
        counts[name] += int(body.get(name, 0))


def _key(tenant: str, day: date, part: int) -> str:
    return f"tenants/{tenant}/usage/{day.isoformat()}.{part}"
