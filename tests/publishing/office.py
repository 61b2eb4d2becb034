"""A platform whose sign-in is as strict as any: a code opens once, with its verifier; what renews is worth nothing once
it was used; a token ends at its time. And what a test does at a desk to connect an account of it.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from common.accounts.acting import Acting
from common.chores.connections import channels, connecting
from common.domain.publication import Account
from common.errors import NotConnected, PlatformSaid, Unreachable
from common.pipeline.engine import Engine
from common.ports.clock import Clock
from common.ports.documents import Json
from common.ports.platforms import App, Job, Ready, Tokens, Wait
from tests.hand import Hand
from tests.helping import consent
from tests.publishing.desk import TENANT, Desk, desk
from tests.publishing.plain import Fault, Plain

APP = App(id="our-id", secret="our-secret")
ANN = Account(id="ann", name="Ann", handle="@ann", posts_a_day=5)


@dataclass
class Office(Plain):
    """`faults_of` what it is asked ("exchange", "refresh", "accounts", "revoke", "linked"), each met once."""

    clock: Clock = field(default_factory=Hand)
    people: list[Account] = field(default_factory=lambda: [ANN])
    lasts_s: float | None = 3600.0
    refresh_lasts_s: float | None = None
    renews: bool = True  # whether it gives what can be renewed with
    faults_of: dict[str, list[Fault]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)  # challenge and redirect by code
    good: dict[str, datetime | None] = field(default_factory=dict)  # until when, by token
    renewing: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    _n: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def advance(self, job: Job) -> Ready | Wait:
        self._check(job.token)
        self.token = job.token
        return super().advance(job)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        assert app.secret == "", "no secret is needed to send somebody to an address"
        told = {"client_id": app.id, "redirect_uri": redirect, "state": state, "code_challenge": challenge}
        return f"https://plain.example/allow?{urlencode({**told, 'code_challenge_method': 'S256'})}"

    def allow(self, url: str) -> dict[str, str]:
        """A person allows it: what their browser is sent back with."""
        told = dict(parse_qsl(urlsplit(url).query))
        assert told["client_id"] == APP.id and told["code_challenge_method"] == "S256"
        code = f"code-{next(self._n)}"
        self.codes[code] = told["code_challenge"], told["redirect_uri"]
        return {"state": told["state"], "code": code}

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        def done() -> Tokens:
            found = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            if app != APP or self.codes.pop(code, None) != (found, redirect):
                raise PlatformSaid("invalid_grant: the code opens nothing", code="invalid_grant", action="reconnect")
            return self._fresh()

        return self._met("exchange", done)

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        def done() -> Tokens:
            if app != APP or tokens.refresh not in self.renewing:
                raise PlatformSaid("invalid_grant: it was used", code="invalid_grant", action="reconnect")
            self.renewing.discard(str(tokens.refresh))
            self.good.pop(tokens.access, None)
            return self._fresh()

        return self._met("refresh", done)

    def revoke(self, app: App, tokens: Tokens) -> None:
        def done() -> Tokens:
            self.good.pop(tokens.access, None)
            self.renewing.discard(str(tokens.refresh))
            return tokens

        self._met("revoke", done)

    def accounts(self, token: str) -> Sequence[Account]:
        self._met("accounts", lambda: self._check(token))
        return list(self.people)

    def linked(self, token: str, account: str) -> None:
        self._met("linked", lambda: self._check(token))
        self.links.append(account)

    def _check(self, token: str) -> Tokens:
        until = self.good.get(token, self.clock.now() - timedelta(days=1))
        own = {one.token for one in self.people}
        if token not in own and until is not None and until <= self.clock.now():
            raise PlatformSaid("the token is worth nothing", code="token", action="reconnect")
        return Tokens(access=token, refresh=None, lasts_s=None, refresh_lasts_s=None, scopes=())

    def _fresh(self) -> Tokens:
        n = next(self._n)
        refresh = f"refresh-{n}" if self.renews else None
        self.good[f"access-{n}"] = None if self.lasts_s is None else self.clock.now() + timedelta(seconds=self.lasts_s)
        if refresh is not None:
            self.renewing.add(refresh)
        return Tokens(
            access=f"access-{n}",
            refresh=refresh,
            lasts_s=self.lasts_s,
            refresh_lasts_s=self.refresh_lasts_s,
            scopes=("post",),
        )

    def _met(self, what: str, done: Callable[[], Tokens]) -> Tokens:
        with self.lock:
            self.asked.append(what)
            fault = self.faults_of[what].pop(0) if self.faults_of.get(what) else None
            if isinstance(fault, Exception):
                raise fault
            if fault == "not connected":
                raise NotConnected("nobody there")
            if fault == "lost before":
                raise Unreachable("no answer")
            given = done()
            if fault == "lost after":
                raise Unreachable("no answer")
            return given


def office(home: Path, **more: object) -> tuple[Desk, Office]:
    """A desk at which Cutroom is registered with it."""
    (home / "secrets").touch(mode=0o600)
    (home / "secrets").write_text(f"x-client-id={APP.id}\nx-client-secret={APP.secret}\n")
    made = Office(**more)  # type: ignore[arg-type]
    at = desk(home, made)
    made.clock = at.clock
    return at, made


def acting(engine: Engine, role: str = "owner", subject: str = TENANT) -> Acting:
    return Acting(
        documents=engine.documents,
        clock=engine.clock,
        tenant=TENANT,
        subject=subject,
        role=role,  # type: ignore[arg-type]
        request="r",
    )


def begin(at: Desk) -> str:
    return connecting.begun(acting(at.tools.engine), consent(at.tools), "x")[0]


def back(at: Desk, told: dict[str, str]) -> str:
    """The browser comes back; the key of the chore that goes on."""
    engine = at.tools.engine
    taken = connecting.taken(engine, consent(at.tools), told["state"], told.get("code"), told.get("error"), "r")
    assert taken.chore is not None
    return taken.chore


def connect(at: Desk, of: Office) -> Json:
    """An account is connected, as far as that goes; the chore's document once it is over."""
    return at.until(back(at, of.allow(begin(at))))


def channel(at: Desk, account: str = "ann") -> Json:
    return at.read(channels.key_of(TENANT, channels.id_of("x", account)))


def grant(at: Desk, account: str = "ann") -> str:
    return channels.grant_key(TENANT, channel(at, account)["grant"])


def passes(at: Desk, seconds: float) -> None:
    """Time passes, and what is due is done."""
    until = at.clock.now() + timedelta(seconds=seconds)
    while (left := (until - at.clock.now()).total_seconds()) > 0:
        at.look()
        if left > 86_400:
            at.clock.move(600)  # a machine that looks seldom
