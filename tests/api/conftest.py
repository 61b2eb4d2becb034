"""The API on the embedded adapters, asked in this process as a server would ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from common.bootstrap.parts import Parts
from common.chores import work
from common.chores.tools import Tools
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.errors import ModelMissing, Unauthorized
from common.pipeline import flows, sweep
from common.pipeline.engine import Engine
from common.ports.annotator import Evidence
from common.ports.auth import Caller
from common.ports.documents import Vector
from common.ports.limits import Rule
from common.ports.notices import Herald
from common.ports.outbound import Outbound
from common.ports.platforms import App, Platform
from common.ports.push import Message, Outcome
from common.ports.uploads import Request, Slot
from common.ports.vectors import Vectors
from functions.api import app
from functions.api.listening import Hub
from tests import toy
from tests.helping import consent, tools
from tests.post import MINUTE, Hands, Post, cloudlike
from tests.receivers import Receivers


class People:
    """Implements Auth: a token is the name of whoever it is."""

    def person(self, token: str) -> Caller:
        if not token.isalnum():
            raise Unauthorized("this token does not prove who you are; get a new one")
        return Caller(subject=token, email=f"{token}@example.com")


@dataclass
class Slots:
    """Implements Uploads; notes what it was asked for."""

    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def slot(self, name: str, *, content_type: str, most_bytes: int) -> Slot:
        self.asked.append((name, content_type, most_bytes))
        put = Request(method="PUT", url=f"https://bucket/{name}?signed", headers={"content-type": content_type})
        return Slot(name=name, whole=put, resumable=put, expires=datetime(2026, 1, 1, tzinfo=UTC))


class Named:
    """Implements Links."""

    def link(self, key: str, *, name: str, kind: str) -> str:
        return f"https://bucket/{key}?as={name}&kind={kind}"


@dataclass
class Counted:
    """Implements Limits: `left` more are let in."""

    left: int = 10**9
    seen: list[tuple[str, tuple[Rule, ...]]] = field(default_factory=list)

    def take(self, who: str, rules: tuple[Rule, ...]) -> float | None:
        self.seen.append((who, rules))
        self.left -= 1
        return None if self.left >= 0 else 12.3


class Meant:
    """Implements Meaning: one direction for texts of money, another for all else; or no model."""

    missing = False

    def of(self, text: str) -> tuple[str, Vector]:
        if self.missing:
            raise ModelMissing("there is no model here; search by words")
        return "test@1", Vector((1.0, 0.0) if "money" in text or "cash" in text else (0.0, 1.0))


@dataclass
class Phones:
    """Implements Pusher: what was sent, as token and message."""

    left_out: str | None = None
    sent: list[tuple[str, Message]] = field(default_factory=list)

    def send(self, token: str, message: Message) -> Outcome:
        self.sent.append((token, message))
        return Outcome(ending="sent")


@dataclass
class Served:
    """A server of the API, and what stands behind it."""

    client: TestClient
    engine: Engine
    post: Post
    clock: Hands
    slots: Slots
    limits: Counted
    outside: Any
    meaning: Meant
    tools: Tools
    phones: Phones

    def pass_time(self, minutes: int = 10) -> None:
        """Deliver and tick for so long."""
        for _ in range(minutes):
            while self.post.deliver(self.engine):
                pass
            self.clock.at += MINUTE
            sweep.rescue(self.engine)
            work.rescue(self.engine)

    def restart(self) -> None:
        """Another life of the process: whoever held something is dead."""
        self.engine = replace(self.engine, epoch=self.engine.epoch + 1)
        self.tools = again = replace(self.tools, engine=self.engine)
        self.post.chores = lambda key: work.execute(again, key)

    def ask(self, method: str, path: str, by: str | None = "ann", **more: Any) -> Any:
        headers = {**({"Authorization": f"Bearer {by}"} if by else {}), **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def told(self, method: str, path: str, by: str | None = "ann", status: int = 200, **more: Any) -> Any:
        """The body of an answer that must have this status."""
        answer = self.ask(method, path, by, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def arrive(self, tenant: str, asset: str, name: str = "talk.mp4") -> str:
        """The file of an announced asset comes; the flow that it starts."""
        source = Source(bucket="uploads", name=name, generation="1", size=352)
        where = f"gs://up/t/{tenant}/{asset}/{name}#1"
        return flows.submit(self.engine, tenant, source, where, FlowSettings(clips=2), asset=asset).flow.id

    def announced(self, name: str = "talk.mp4", by: str = "ann") -> str:
        return str(self.told("POST", "/v1/assets", by, 201, json={"name": name, "size": 352})["id"])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, Receivers()) as made:
        yield made


@contextmanager
def serving(
    home: Path,
    outbound: Outbound,
    evidence: Evidence | None = None,
    *,
    platform: Callable[[str], Platform] | None = None,
    app_of: Callable[[str], App] | None = None,
    herald: Callable[[str], Herald | None] | None = None,
    patience_s: float = 0.0,
) -> Iterator[Served]:
    """A server whose imports go out by `outbound`; `evidence` is what is bought of every video, if any is. `platform`
    gives those that are posted to, `app_of` what we are to them, `herald` hears what they tell by themselves, and for
    as long as `patience_s` a person waits for what they say.
    """
    engine, post, clock = cloudlike(home, toy.definition(), active=4)
    if evidence is not None:
        engine = replace(engine, evidence=lambda: evidence)
    slots, limits, meaning, phones = Slots(), Counted(), Meant(), Phones()
    made = tools(engine, home, outbound)
    if platform is not None:
        made = replace(made, platform=platform)
    if herald is not None:
        made = replace(made, herald=herald, told_at="https://cutroom.example")
    agreed = replace(consent(made), patience_s=patience_s)
    if app_of is not None:
        made, agreed = replace(made, app=app_of), replace(agreed, client=lambda network: app_of(network).id)
    post.chores = lambda key: work.execute(made, key)
    parts = Parts(
        engine=engine,
        people=People(),
        uploads=slots,
        links=Named(),
        limits=limits,
        outbound=outbound,
        drive=made.drive,
        consent=agreed,
        herald=made.herald,
        vectors=cast(Vectors, engine.documents),  # SQLite keeps both
        meaning=meaning,
        pusher=phones,
    )
    built = app.build(parts, ["https://console.example"], hub=Hub(longest_s=0.0))  # else a test would listen on and on
    with TestClient(built, raise_server_exceptions=False) as client:
        yield Served(client, engine, post, clock, slots, limits, outbound, meaning, made, phones)
