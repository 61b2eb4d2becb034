"""What an account uses, by the names it is counted under, and what that costs at list prices.

footage_ms     of videos brought in          brought_bytes   their files
made_bytes     of files made from them       cpu_ms_IMAGE, wall_ms_IMAGE   of runs, by the image they need
"""

from __future__ import annotations

from collections.abc import Mapping

from common.domain.prices import PRICES

IMAGES = ("light", "media", "gpu")
COUNTED = (
    "footage_ms",
    "brought_bytes",
    "made_bytes",
    *(f"cpu_ms_{image}" for image in IMAGES),
    *(f"wall_ms_{image}" for image in IMAGES),
)
MEMORY_GIB = 2.0  # beside each vCPU at work, as docs/benchmarks.md reckons
PRICED = max(PRICES[name].seen for name in ("service cpu", "service memory", "gpu worker"))  # year and month


def usd_micros(counts: Mapping[str, int]) -> int:
    """What the runs cost on Google Cloud, in millionths of a US dollar; nothing of storage, documents or traffic.

    vCPU seconds at work with their memory; of what needs a GPU the worker's hours.
    """
    second = PRICES["service cpu"].usd + MEMORY_GIB * PRICES["service memory"].usd
    busy_s = sum(counts.get(f"cpu_ms_{image}", 0) for image in IMAGES if image != "gpu") / 1000
    gpu_h = counts.get("wall_ms_gpu", 0) / 3_600_000
    return round(1_000_000 * (busy_s * second + gpu_h * PRICES["gpu worker"].usd))
