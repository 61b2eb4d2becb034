"""A network of ads in this process, of no wire: what it has is counted at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from common.domain.campaign import Conversion, Day, Delivery, Made, Part, Told
from common.domain.publication import Metrics
from common.errors import PlatformSaid, Unreachable
from common.ports.ads import AdJob
from common.ports.platforms import Ready, Wait

Json = dict[str, Any]


@dataclass
class PlainAds:
    """Implements Ads. `made`: parts, of which each was made so often; `loses`: whose next request is lost, undone;
    `refusals`: what the next makes meet.
    """

    made: Counter[str] = field(default_factory=Counter)
    loses: list[Part] = field(default_factory=list)
    refusals: list[PlatformSaid] = field(default_factory=list)
    set_to: Delivery = "paused"  # what nobody switched
    states: dict[str, Delivery] = field(default_factory=dict)  # by campaign
    switched: list[Delivery] = field(default_factory=list)
    budgets: dict[str, int] = field(default_factory=dict)  # micros a day, by ad set
    refuses_below: int = 0
    told: list[Conversion] = field(default_factory=list)
    checks: int = 0

    def check(self, job: AdJob) -> Json:
        self.checks += 1
        return {"timezone": "Europe/Berlin"}

    def rehearse(self, job: AdJob) -> Sequence[tuple[str, str]]:
        return [("the ad", "there is no campaign")]

    def send(self, job: AdJob) -> Ready | Wait:
        job.keep(video="9", picture="https://plain.example/p.jpg")
        return Ready()

    def make(self, part: Part, job: AdJob) -> str:
        if self.refusals:
            raise self.refusals.pop(0)
        if part in self.loses:
            self.loses.remove(part)
            raise Unreachable("no answer")
        self.made[part] += 1
        return f"{len(part)}{sum(self.made.values())}"

    def find(self, part: Part, job: AdJob) -> str | None:
        return None

    def reviewed(self, token: str, ad: str) -> Told:
        return Told(state="passed", effective="CAMPAIGN_PAUSED", text=None, raw={})

    def switch(self, token: str, made: Made, to: Delivery) -> None:
        self.states[str(made.campaign)] = to
        self.switched.append(to)

    def delivery(self, token: str, made: Made) -> Delivery | Literal["deleted"]:
        return self.states.get(str(made.campaign), self.set_to)

    def allot(self, token: str, made: Made, daily_micros: int, currency: str) -> None:
        if daily_micros < self.refuses_below:
            raise PlatformSaid("the budget is too low; raise it", code="low", action="stop")
        self.budgets[str(made.adset)] = daily_micros

    def allotted(self, token: str, made: Made, currency: str) -> int:
        return self.budgets[str(made.adset)]

    def report(self, token: str, campaign: str) -> str:
        return "1"

    def days(self, token: str, report: str, event: str | None) -> Sequence[Day] | Wait:
        metrics = Metrics(impressions=1000, clicks=25, spend_micros=5_000_000, currency="EUR")
        return [Day(date="2026-11-21", metrics=metrics, actions={"link_click": 25.0}, raw={})]

    def convert(self, token: str, pixel: str, events: Sequence[Conversion]) -> Json:
        self.told += events
        return {"events_received": len(events)}
