"""A desk at which campaigns are made, at the stand-in of Meta's ads; its clock is theirs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from common.adapters.platforms.meta_ads import MetaAds as Adapter
from common.adapters.platforms.site import Site
from common.chores import chore
from common.chores.ads import campaigning
from common.chores.connections import channels
from common.domain.campaign import Audience, Plan
from common.domain.codec import to_json
from common.domain.publication import File
from common.ports.clock import stamp
from common.ports.documents import Json, Update
from tests.publishing.desk import TENANT, Desk, desk
from tests.publishing.plain import TOKEN
from tests.standins.platforms.meta_ads import MetaAds
from tests.standins.platforms.network import Token, running

ACCOUNT = "2001"
SIZE = (2 << 20) + 77


def planned(**more: Any) -> Plan:
    usual: Json = {"name": "Tea", "objective": "traffic", "categories": ("none",), "currency": "EUR"}
    usual |= {"audience": Audience(countries=("DE",), age_min=21, age_max=50, gender="women")}
    usual |= {"daily_micros": 20_000_000, "lifetime_micros": None, "start": None, "end": None, "message": "How to"}
    usual |= {"headline": "Tea", "link": "https://tea.example/", "button": "LEARN_MORE", "pixel": None, "event": None}
    return Plan(**{**usual, "beneficiary": "Ann", "payor": "Ann", **more})


@dataclass
class Office:
    """`key` of the campaign; of it as it is `body`."""

    desk: Desk
    site: MetaAds
    key: str = ""

    @property
    def body(self) -> Json:
        return self.desk.read(self.key)

    def campaign(self, name: str = "c" * 16, size: int = SIZE, **more: Any) -> str:
        engine = self.desk.tools.engine
        file = engine.objects.put_new(f"t/{TENANT}/a/{name}/clip.mp4", bytes(range(256)) * (size // 256 + 1))
        video = File(object=file.key, sha256=file.sha256, size=file.size, kind="video/mp4", duration=10.0)
        channel = channels.id_of("meta-ads", ACCOUNT)
        rehearsal = more.pop("rehearsal", False)
        body: Json = {"network": "meta-ads", "channel": channel, "account": ACCOUNT, "page": "page", "clip": "f-1.1"}
        body |= {"page_account": "1001", "flow": "f-1", "asset": "f", "step": "claimed", "rehearsal": rehearsal}
        body |= {"plan": to_json(planned(**more)), "video": to_json(video), "made": {}, "delivery": None}
        body |= {"predicted": {"score": 70}, "a_day": 20_000_000}
        self.key = campaigning.key_for(TENANT, name)
        engine.documents.commit([chore.created(engine, self.key, "campaign", by="ann", memo={}, fields=body)])
        return self.key

    def until_over(self, seconds: float = 400_000, **how: Any) -> Json:
        return self.desk.until(self.key, seconds=seconds, **how)

    def want(self, to: str) -> None:
        """As the API asks for it."""
        self._ask({"wanted": to, "step": "ready"})

    def allot(self, daily_micros: int) -> None:
        """As an experiment asks for it."""
        self._ask({"wanted_daily_micros": daily_micros})

    @property
    def budget(self) -> str:
        """A day's, as the network has it."""
        return str(self.site.nodes[self.body["made"]["adset"]].made["daily_budget"])

    def _ask(self, told: Json) -> None:
        snap = self.desk.tools.engine.documents.get_many([self.key])[self.key]
        fields = {**told, "state": "queued", "due": stamp(self.desk.clock.now())}
        self.desk.tools.engine.documents.commit([Update(self.key, fields, snap.version)])

    def later(self, **after: float) -> None:
        self.desk.clock.move(timedelta(**after).total_seconds())


@contextmanager
def office(home: Path, **site: Any) -> Iterator[Office]:
    with running(MetaAds(**site)) as there:
        made = desk(home)
        adapter = Adapter(Site(address=there.address))
        made.tools = replace(made.tools, ads=lambda network: adapter)
        there.now = lambda: made.clock.now().timestamp()
        there.tokens[TOKEN] = Token(account="ann", until=math.inf, scopes=there.scopes)
        made.channel("meta-ads", ACCOUNT)
        yield Office(desk=made, site=there)
