"""List prices in US dollars, each with where and when it was seen. A price that nobody saw is not here."""

from __future__ import annotations

from dataclasses import dataclass

MONTH_H = 730.0  # hours, as Google counts a month


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """`usd` per `unit`. Without free tiers, which are per billing account."""

    usd: float
    unit: str
    seen: str
    source: str


# Cloud Run's are those of its first tier of regions, europe-west4 among them.
PRICES = {
    "service cpu": Price(usd=0.000024, unit="vCPU-second", seen="2026-11", source="cloud.google.com/run/pricing"),
    "service memory": Price(
        usd=0.0000025, unit="GiB-second", seen="2026-11", source="cloudchipr.com/blog/cloud-run-pricing"
    ),
    "job cpu": Price(usd=0.000018, unit="vCPU-second", seen="2026-11", source="cloud.google.com/run/pricing"),
    "gpu worker": Price(
        usd=1.42, unit="hour of an L4 with 8 vCPU and 32 GiB", seen="2026-11", source="two posts of 2026, and 'job cpu'"
    ),
    "scheduler job": Price(usd=0.10, unit="job and month", seen="2026-11", source="cloud.google.com/scheduler/pricing"),
    "secret version": Price(
        usd=0.06, unit="version and month", seen="2026-11", source="cloud.google.com/secret-manager/pricing"
    ),
    "forwarding rules": Price(
        usd=0.025, unit="hour, for up to five", seen="2026-11", source="cloud.google.com/load-balancing/pricing"
    ),
    "egress": Price(usd=0.12, unit="GB", seen="2026-11", source="cloudwebschool.com, Cloud Run calculator"),
}
