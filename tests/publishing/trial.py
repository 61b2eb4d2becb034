"""A desk at which an experiment hands out money: campaigns that are made, at a network of ads of no wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from common.accounts.acting import Acting
from common.accounts.roles import Role
from common.chores import chore, experimenting
from common.chores.ads import campaign_plans, campaigning, handing, winding
from common.chores.connections import channels
from common.domain.codec import to_json
from common.domain.experiment import Arm, Experiment, Rules
from common.learning.experiments import lifecycle
from common.ports.clock import stamp
from common.ports.documents import Create, Delete, Json, Merge, Update
from tests.publishing.ads import ACCOUNT, planned
from tests.publishing.desk import TENANT, Desk, desk
from tests.publishing.plain_ads import PlainAds

CHANNEL = channels.id_of("meta-ads", ACCOUNT)
EURO = 1_000_000


@dataclass
class Sums(PlainAds):
    """Of all that may have been at the network at once: `most`, micros a day."""

    most: int = 0

    def allot(self, *asked: Any) -> None:
        super().allot(*asked)
        self.most = max(self.most, sum(self.budgets.values()))


@dataclass
class Trial:
    """An experiment of the arms A, B and so on, each with the campaigns that bear its name: A1, A2, B1."""

    desk: Desk
    ads: Sums
    name: str = ""
    campaigns: list[str] = field(default_factory=list)

    def campaign(self, name: str, micros: int = 10 * EURO, **more: Any) -> None:
        """One that is made, and runs."""
        engine, n = self.desk.tools.engine, len(self.campaigns) + 1
        plan = more.pop("plan", {})
        made = {"video": "1", "campaign": f"{n}0", "adset": f"{n}1", "creative": f"{n}2", "ad": f"{n}3"}
        body: Json = {"network": "meta-ads", "channel": CHANNEL, "account": ACCOUNT, "page": "p", "clip": "f-1.1"}
        body |= {"page_account": "1", "flow": "f-1", "asset": "f", "step": "ready", "rehearsal": False, "made": made}
        body |= {
            "plan": to_json(planned(name=name, daily_micros=micros, **plan)),
            "a_day": micros,
            "delivery": "active",
        }
        body |= {"account_told": {"min_daily_budget": "100"}, **more}
        self.ads.budgets[made["adset"]] = micros
        self.ads.states[made["campaign"]] = body["delivery"] or "paused"
        written = chore.created(engine, self.key(name), "campaign", by="ann", memo={}, fields=body)
        done = {name: value for name, value in written.body.items() if name != "due"}
        engine.documents.commit([Create(written.key, {**done, "state": "done"})])
        self.campaigns.append(name)

    def limit(self, micros: int) -> None:
        key = campaign_plans.budget_key(TENANT, CHANNEL)
        self.documents.commit([Merge(key, {"most_daily_micros": micros, "currency": "EUR"})])

    def drafted(self, *arms: str, **rules: Any) -> str:
        """Of arms written as A:A1,A2."""
        made = []
        for one in arms:
            name, _, named = one.partition(":")
            made.append(Arm(name=name, text=name, campaigns=tuple(filter(None, named.split(",")))))
        usual: Json = {"daily_micros": 20 * EURO, "least_impressions": 0, "ripe": timedelta(0)}
        how = Rules(**{**usual, **rules})
        plan = Experiment(name="Tea", kind="title", shown="together", arms=tuple(made), seed="s", rules=how)
        self.name = lifecycle.create(self.acting(), plan)
        return self.name

    def started(self, role: Role = "admin") -> None:
        engine, acting = self.desk.tools.engine, self.acting(role)
        made = experimenting.planned(engine, TENANT, self.name, "ann")
        assert lifecycle.start(acting, self.name, made, partial(handing.begun, engine, acting))

    def stop(self) -> None:
        engine = self.desk.tools.engine
        lifecycle.stop(self.acting("publisher"), self.name, partial(winding.planned, engine, TENANT, by="ann"))

    def acting(self, role: Role = "owner") -> Acting:
        engine = self.desk.tools.engine
        return Acting(
            documents=engine.documents, clock=engine.clock, tenant=TENANT, subject="ann", role=role, request="r"
        )

    def count(self, **counted: tuple[int, int]) -> None:
        """What each campaign came to today."""
        day = stamp(self.desk.clock.now())[:10]
        for campaign, (shown, clicks) in counted.items():
            told = {"impressions": shown, "clicks": clicks, "spend_micros": EURO}
            body = {"campaign": campaign, "date": day, "metrics": told}
            self.documents.commit([Merge(f"tenants/{TENANT}/campaign_metrics/{campaign}.{day}", body)])

    def person(self, campaign: str, to: str) -> None:
        """Somebody pauses one, or lets it run, and the network does it."""
        body = self.of(campaign)
        step = "archived" if to == "archived" else body["step"]
        self.ads.states[body["made"]["campaign"]] = to  # type: ignore[assignment]
        self.documents.commit([Merge(self.key(campaign), {"delivery": to, "step": step})])

    def erased(self, campaign: str) -> None:
        self.documents.commit([Delete(self.key(campaign))])

    def shares(self, **shares: float) -> None:
        snap = self.documents.get_many([self.experiment])[self.experiment]
        self.documents.commit([Update(self.experiment, {"shares": shares}, snap.version)])
        self.hasten()

    def hasten(self) -> None:
        chore.hasten(self.desk.tools.engine, experimenting.key_of(TENANT, self.name))

    def pass_time(self, **after: float) -> None:
        """Work for so long as the keeper does, the clock going on."""
        over = self.desk.clock.now() + timedelta(**after)
        while self.desk.clock.now() < over:
            if not self.desk.look():
                self.desk._skip(over)

    @property
    def documents(self) -> Any:
        return self.desk.tools.engine.documents

    @property
    def experiment(self) -> str:
        return f"tenants/{TENANT}/experiments/{self.name}"

    @property
    def body(self) -> Json:
        return self.desk.read(self.experiment)

    def key(self, campaign: str) -> str:
        return campaigning.key_for(TENANT, campaign)

    def of(self, campaign: str) -> Json:
        return self.desk.read(self.key(campaign))

    @property
    def budgets(self) -> dict[str, float]:
        """Of each campaign, as the network has it."""
        return {one: self.ads.budgets[self.of(one)["made"]["adset"]] / EURO for one in self.campaigns}

    @property
    def runs(self) -> set[str]:
        return {one for one in self.campaigns if self.ads.states[self.of(one)["made"]["campaign"]] == "active"}

    @property
    def used(self) -> float:
        engine = self.desk.tools.engine
        return campaign_plans.used(engine, TENANT, CHANNEL, engine.clock.now()) / EURO

    @property
    def told(self) -> str:
        events = self.documents.query("events", parent=f"tenants/{TENANT}", limit=999)
        return " ".join(json.loads(one.body["told"])["data"]["message"] for one in events)


@contextmanager
def trial(home: Path) -> Iterator[Trial]:
    made, ads = desk(home), Sums()
    made.tools = replace(made.tools, ads=lambda network: ads)
    made.channel("meta-ads", ACCOUNT)
    at = Trial(desk=made, ads=ads)
    at.limit(100 * EURO)
    yield at
