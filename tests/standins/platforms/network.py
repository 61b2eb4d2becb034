"""What the stand-ins of platforms share: requests kept and named, faults, people who sign in, tokens that end, posts.

Each stand-in is a `Network` with its routes. A route has an `op`, by which a test says what fails: begin (a container
or an upload), part, end, status, commit, read (looking for a post), measure, accounts, token, revoke. A request is
answered so: kept, decided on (`decide`), checked, done, and then its answer may be lost.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Final, Literal, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from tests.standins.loopback import Reply, Request, serving

Json = dict[str, Any]
Fault = (
    Literal[
        "lost",  # done, and the connection cut before the answer
        "reset",  # cut before anything is done
        "late",  # cut, and done when `catch_up` is called
        "expired",  # the token has ended
        "policy",  # what the platform does not want
        "quota",  # the account has posted enough for today
        "gone",  # the container is no more
        "failed",  # the file could not be processed
    ]
    | int  # a status, with the platform's own words
    | Reply
)
RETRY_AFTER: Final = 120


class Bad(Exception):
    """A request that the platform refuses; `code` in its own words."""

    def __init__(self, status: int, message: str, code: Any = None, **more: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.more = status, message, code, more


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    account: str
    until: float
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a person allowed, until it is exchanged."""

    account: str
    client: str
    redirect: str
    challenge: str | None
    scopes: tuple[str, ...]


@dataclass(kw_only=True)
class Post:
    """One that is out. `made`: as it was asked for."""

    id: str
    account: str
    container: str
    made: Json
    at: float
    counts: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, named. `found` is what its path says."""

    op: str
    request: Request
    found: Mapping[str, str]

    @property
    def query(self) -> dict[str, str]:
        pairs = parse_qsl(urlsplit(self.request.path).query, keep_blank_values=True)
        if len(pairs) != len(dict(pairs)):
            raise Bad(400, "a parameter is there twice")
        return dict(pairs)

    @property
    def json(self) -> Json:
        if self.header("content-type").split(";")[0] != "application/json":
            raise Bad(415, "Content-Type must be application/json")
        try:
            told = json.loads(self.request.body)
        except ValueError as error:
            raise Bad(400, "the body is no JSON") from error
        if not isinstance(told, dict):
            raise Bad(400, "the body is no object")
        return told

    @property
    def form(self) -> dict[str, str]:
        if self.header("content-type").split(";")[0] != "application/x-www-form-urlencoded":
            raise Bad(415, "Content-Type must be application/x-www-form-urlencoded")
        return dict(parse_qsl(self.request.body.decode(), keep_blank_values=True))

    @property
    def parts(self) -> list[tuple[str, bytes]]:
        """The fields of a multipart/form-data body, in their order."""
        kind = self.header("content-type")
        if not kind.startswith("multipart/form-data; boundary="):
            raise Bad(415, "Content-Type must be multipart/form-data")
        between = b"--" + kind.split("boundary=")[1].encode()
        found = []
        at = self.request.body.find(between)
        while (end := self.request.body.find(b"\r\n" + between, at + 1)) > 0:
            start = self.request.body.find(b"\r\n\r\n", at) + 4
            head = BytesParser(policy=HTTP).parsebytes(self.request.body[at + len(between) + 2 : start])
            found.append((str(head.get_param("name", header="content-disposition")), self.request.body[start:end]))
            at = end + 2
        return found

    def header(self, name: str) -> str:
        return next((value for one, value in self.request.headers.items() if one.lower() == name), "")


Route = tuple[str, str, str, str]  # method, path as a pattern, op, the name of what answers it
N = TypeVar("N", bound="Network")


@dataclass(kw_only=True)
class Network:
    """`decide` is asked of every request what it meets, else `faults` are met by the next ones of their op. `slow`: so
    many looks at the state of a file find it at work. `recording`: whether requests are kept; all is counted anyway.
    """

    routes: Final[tuple[Route, ...]] = ()
    address: str = ""
    client: str = "client-of-cutroom"
    secret: str = "secret-of-cutroom"
    redirect: str = "http://127.0.0.1:8080/v1/channels/back"
    scopes: tuple[str, ...] = ()
    lasts_s: float = 3600.0
    latency_s: float = 0.0
    slow: int = 0
    recording: bool = True
    decide: Callable[[Asked], Fault | None] | None = None
    now: Callable[[], float] = time.time
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    requests: list[Asked] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    refreshes: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)  # containers, by account
    committed: Counter[str] = field(default_factory=Counter)  # posts, by container
    taken: int = 0  # bytes of files
    waiting: list[Asked] = field(default_factory=list)  # requests that are done late
    lock: threading.RLock = field(default_factory=threading.RLock)
    _last: int = 0
    _stop: Callable[[], None] = lambda: None

    def error(self, bad: Bad) -> Reply:
        """In the platform's form."""
        raise NotImplementedError

    def fault(self, kind: str, asked: Asked) -> Bad:
        """What a fault that has a name is in the platform's words."""
        raise NotImplementedError

    def arriving(self, path: str) -> None:
        """A request has begun to come."""

    def answer(self, request: Request) -> Reply:
        time.sleep(self.latency_s)
        asked = self._named(request)
        with self.lock:
            if self.recording:
                self.requests.append(asked)
            met = self.decide(asked) if self.decide else None
            if met is None and self.faults[asked.op]:
                met = self.faults[asked.op].pop(0)
            if met == "late":
                self.waiting.append(asked)
            if met in ("reset", "late"):
                return Reply(status=0)
            if isinstance(met, Reply):
                return met
            try:
                if isinstance(met, int):
                    raise Bad(met, f"told {met}")
                if met is not None and met != "lost":
                    raise self.fault(met, asked)
                reply = self._done(asked)
            except Bad as bad:
                reply = self.error(bad)
                if bad.status == 429:
                    reply = Reply(
                        status=429, body=reply.body, headers={**reply.headers, "Retry-After": str(RETRY_AFTER)}
                    )
            return Reply(status=0) if met == "lost" else reply

    def refuses(self, request: Request) -> bool:
        """Whether it does, as things are; what it does not refuse it does."""
        with self.lock:
            try:
                self._done(self._named(request))
            except Bad:
                return True
            return False

    def catch_up(self) -> None:
        """Do what was asked and not answered."""
        with self.lock:
            while self.waiting:
                with suppress(Bad):  # who asks late may be refused
                    self._done(self.waiting.pop(0))

    def stop(self) -> None:
        """Nobody listens any more: connections are refused."""
        self._stop()

    def allowed(self, account: str, address: str) -> dict[str, str]:
        """A person follows the address and allows it: what comes back to the redirect. Raises Bad."""
        asked = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
        if asked.get("client_id") != self.client or asked.get("redirect_uri") != self.redirect:
            raise Bad(400, "an unknown client, or another redirect than it has registered")
        if asked.get("response_type") != "code" or not asked.get("state"):
            raise Bad(400, "response_type and state are needed")
        scopes = tuple(re.split("[ ,]", asked.get("scope", "")))
        if strange := set(scopes) - set(self.scopes):
            raise Bad(400, f"unknown scopes {strange}")
        code = secrets.token_urlsafe(16)
        challenge = asked.get("code_challenge")
        if challenge is not None and asked.get("code_challenge_method") != "S256":
            raise Bad(400, "code_challenge_method must be S256")
        made = Code(account=account, client=self.client, redirect=self.redirect, challenge=challenge, scopes=scopes)
        self.codes[code] = made
        return {"code": code, "state": asked["state"]}

    def token(self, account: str, scopes: tuple[str, ...] | None = None) -> str:
        """One that lasts as long as they do."""
        made = secrets.token_urlsafe(24)
        until = self.now() + self.lasts_s
        self.tokens[made] = Token(account=account, until=until, scopes=self.scopes if scopes is None else scopes)
        return made

    def exchanged(self, form: Mapping[str, str], *, pkce: bool) -> Token:
        """The code of a form against what was allowed; it is worth nothing afterwards. Raises Bad."""
        code = self.codes.get(form.get("code", ""))
        if code is None or form.get("redirect_uri") != code.redirect:
            raise Bad(400, "the code is worth nothing, or the redirect is another", "invalid_grant")
        if pkce and (code.challenge is None or challenge(form.get("code_verifier", "")) != code.challenge):
            raise Bad(400, "code_verifier does not fit", "invalid_grant")
        del self.codes[form["code"]]
        return Token(account=code.account, until=self.now() + self.lasts_s, scopes=code.scopes)

    def renewed(self, form: Mapping[str, str], spent: Bad) -> Token:
        """By a form's refresh token, which is worth nothing afterwards. Raises `spent`."""
        if (old := self.refreshes.pop(form.get("refresh_token", ""), None)) is None:
            raise spent
        return Token(account=old.account, until=self.now() + self.lasts_s, scopes=old.scopes)

    def granted(self, form: Mapping[str, str], *names: str) -> Token:
        """By a code with PKCE or a refresh token, as RFC 6749 has it; `names`: of what stands beside. Raises Bad."""
        if form.get("grant_type") == "authorization_code":
            known(form, *names, "grant_type", "code", "redirect_uri", "code_verifier")
            try:
                return self.exchanged(form, pkce=True)
            except Bad as bad:
                raise Bad(400, bad.message, "invalid_grant", flat=True) from bad
        if form.get("grant_type") == "refresh_token":
            known(form, *names, "grant_type", "refresh_token")
            return self.renewed(form, Bad(400, "Refresh token is invalid or expired.", "invalid_grant", flat=True))
        raise Bad(400, "grant_type is not one it can be", "unsupported_grant_type", flat=True)

    def basic(self, asked: Asked) -> None:
        """Raises Bad where the client does not prove who it is by HTTP Basic."""
        told = base64.b64encode(f"{quote(self.client, safe='')}:{quote(self.secret, safe='')}".encode()).decode()
        if asked.header("authorization") != f"Basic {told}":
            raise Bad(401, "Missing valid authorization header", "unauthorized_client")

    def bearer(self, asked: Asked, *scopes: str) -> str:
        """The account of a request's token. Raises Bad."""
        token = self.tokens.get(asked.header("authorization").removeprefix("Bearer "))
        if token is None or token.until <= self.now():
            raise self.fault("expired", asked)
        if missing := set(scopes) - set(token.scopes):
            raise Bad(403, f"the token lacks {', '.join(sorted(missing))}")
        return token.account

    def revoke(self, account: str) -> None:
        """The person takes it all back."""
        for held in (self.tokens, self.refreshes):
            for name in [name for name, token in held.items() if token.account == account]:
                del held[name]

    def number(self) -> str:
        """A new id."""
        with self.lock:
            self._last += 1
            return str(1_900_000_000_000_000_000 + self._last * 4099)

    def posted(self, account: str, container: str, made: Json) -> Post:
        """Counted: every call is a post that people see."""
        post = Post(id=self.number(), account=account, container=container, made=made, at=self.now())
        self.posts[post.id] = post
        self.committed[container] += 1
        return post

    def of(self, account: str) -> list[Post]:
        """The posts of an account, the newest first."""
        return [post for post in reversed(self.posts.values()) if post.account == account]

    def _named(self, request: Request) -> Asked:
        path = urlsplit(request.path).path
        for method, pattern, op, _ in self.routes:
            if method == request.method and (found := re.fullmatch(pattern, path)):
                return Asked(op, request, found.groupdict())
        return Asked("", request, {})

    def _done(self, asked: Asked) -> Reply:
        path = urlsplit(asked.request.path).path
        for method, pattern, _, name in self.routes:
            if method == asked.request.method and re.fullmatch(pattern, path):
                reply: Reply = getattr(self, name)(asked)
                return reply
        raise Bad(404, f"there is no {asked.request.method} {path}")


def challenge(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def answered(status: int, told: Any) -> Reply:
    return Reply(status=status, body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})


def known(told: Mapping[str, Any], *names: str) -> None:
    """Raises Bad where something is there that the platform does not know."""
    if strange := sorted(set(told) - set(names)):
        raise Bad(400, f"unknown: {', '.join(strange)}")


@contextmanager
def running(made: N) -> Iterator[N]:
    """A stand-in on a server of its own, until it is over or stopped."""
    over = threading.Event()
    ready = threading.Event()

    def serve() -> None:
        with serving(made.answer, arriving=made.arriving) as address:
            made.address = address
            ready.set()
            over.wait()

    thread = threading.Thread(target=serve, daemon=True)

    def stop() -> None:
        over.set()
        thread.join()

    made._stop = stop
    thread.start()
    ready.wait()
    try:
        yield made
    finally:
        stop()
