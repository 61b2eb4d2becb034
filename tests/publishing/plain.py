"""A platform in this process, of no wire: what it has is counted at it, and it fails as a test says."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from common.domain.publication import Account, Metrics, Network, Post
from common.errors import NotConnected, PlatformSaid, Unreachable
from common.ports.platforms import (
    Absent,
    App,
    Finished,
    Found,
    Job,
    Measured,
    Open,
    Posted,
    Ready,
    Tokens,
    Wait,
)

Fault = Literal["lost before", "lost after", "not connected", "late"] | Exception | None
TOKEN = "token-of-ann"


class Dead(BaseException):
    """The process is killed here."""


@dataclass
class Plain:
    """Implements Platform. `posts`: containers by id, of which each was committed so often; `faults`: what the next
    commit meets, `dies`: kills it before or after. `blind`: it never says what was posted; `again`: a container can be
    committed anew where it was not.
    """

    posts: Counter[str] = field(default_factory=Counter)
    begun: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    advances: list[Exception | None] = field(default_factory=list)
    late: list[str] = field(default_factory=list)  # commits that it does by and by
    blind: bool = False
    again: bool = False
    waits: int = 0
    finishes: list[Exception | Finished] = field(default_factory=list)
    silent: bool = False  # a commit tells no id
    network: Network = "x"
    kinds: Sequence[str] = ("x",)
    shows_later: bool = False
    token: str = TOKEN
    lock: threading.Lock = field(default_factory=threading.Lock)

    def price_micros(self, post: Post) -> int:
        return 15_000

    def advance(self, job: Job) -> Ready | Wait:
        if job.token != self.token:
            raise PlatformSaid("the token is worth nothing", code="token", action="reconnect")
        if self.advances and (error := self.advances.pop(0)) is not None:
            raise error
        if "container" not in job.kept:
            name = f"container-{len(self.begun) + 1}"
            self.begun.append(name)
            job.keep("container", container=name)
        sent = int(job.kept.get("sent", 0))
        while sent < job.video.size:
            part = job.read(job.video.object, sent, 4)
            assert part, "bytes that are not there"
            sent += len(part)
            job.keep("container", sent=sent)
        if self.waits:
            self.waits -= 1
            job.keep("uploaded")
            return Wait(after_s=5)
        return Ready()

    def commit(self, job: Job) -> Posted:
        fault = self.faults.pop(0) if self.faults else None
        name = job.kept["container"]
        if isinstance(fault, Exception):
            raise fault
        if fault == "not connected":
            raise NotConnected("nobody there")
        if fault == "lost before":
            raise Unreachable("no answer")
        if fault == "late":
            self.late.append(name)
            raise Unreachable("no answer")
        with self.lock:
            self.posts[name] += 1
        if fault == "lost after":
            raise Unreachable("no answer")
        told = None if self.silent else f"post-of-{name}"
        return Posted(id=told, url=f"https://plain.example/{name}", raw={"ok": True}, cost_micros=15_000)

    def find(self, job: Job) -> Found:
        name = job.kept["container"]
        if self.late:
            self.posts[self.late.pop()] += 1
        if self.blind:
            return Absent()
        if self.posts[name]:
            return Posted(id=f"post-of-{name}", url=None)
        return Open() if self.again else Absent()

    def finish(self, job: Job, posted: str | None) -> Finished:
        if self.finishes:
            met = self.finishes.pop(0)
            if isinstance(met, Exception):
                raise met
            return met
        return Finished(url=f"https://plain.example/p/{posted}")

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        hours = int((now - since).total_seconds() // 3600)
        return Measured(metrics=Metrics(views=100 * hours), view="a second", raw={"views": 100 * hours})

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        return f"https://plain.example/allow?state={state}"

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        return Tokens(access=self.token, refresh="again", lasts_s=3600, refresh_lasts_s=None, scopes=())

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        return tokens

    def revoke(self, app: App, tokens: Tokens) -> None:
        self.token = "none"

    def accounts(self, token: str) -> Sequence[Account]:
        return [Account(id="ann", name="Ann")]

    def linked(self, token: str, account: str) -> None:
        """Nothing is to be set up."""
