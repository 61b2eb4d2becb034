"""Platforms: where clips are posted. Each is one file in common/adapters/platforms, and a line in its registry.

A post goes out in steps that can be gone on with after any death, and one that cannot be taken back:

advance ─> advance ─> … ─> Ready ─> commit ─> finish
   each keeps the ids it is given at once,       the one request after which others may see it: sent once,
   and goes on from what was kept                and on doubt never again before `find` has looked

What a platform refuses is PlatformSaid, with its own words and what can be done; what does not answer is Unreachable.
Out of `commit` PlatformSaid means that nothing was posted, for certain; NotConnected that nothing was sent. All else
leaves it unknown, so what may have been posted must not be raised as either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from common.domain.publication import Account, File, Metrics, Network, Post
from common.errors import PlatformSaid

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One publication, as its platform needs it.

    `id` is of the publication, the same at every attempt. `kept` is what was kept of it before; `keep(step, **more)`
    writes more of it down at once, and raises Fenced where another has taken over. `read(object, start, size)` gives
    bytes of a file, `spent()` says that it is time to let go. `at`: when the platform is to show it by itself; None:
    as soon as it has it.
    """

    id: str
    kind: str  # of rules, such as youtube_short
    account: str
    token: str
    post: Post
    video: File
    cover: File | None
    captions: File | None
    kept: Mapping[str, Any]
    keep: Callable[..., None]
    read: Callable[[str, int, int], bytes]
    spent: Callable[[], bool]
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """All is there; `commit` is what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The platform is at work, or the slice is over: look again."""

    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """`id` and `url` are None where the platform tells them later or never. `raw` is what it said."""

    id: str | None
    url: str | None = None
    raw: Json = field(default_factory=dict)
    cost_micros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Nothing of it can be seen. It may still come: a request that was lost can be done late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The platform itself says that what was begun is still to be committed, and takes it once: it may be again."""


Found = Posted | Absent | Open


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What was done after a post was out. `id`: where it is told only now. `left_out`: what could not be, with why.

    `undone`: the platform took it, and says now that it will not show it.
    """

    id: str | None = None
    url: str | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    undone: PlatformSaid | None = None
    raw: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a platform counts of a post. `view`: what it calls a view. `raw`: its answers, whole."""

    metrics: Metrics
    view: str
    raw: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Of one sign-in. Seconds from now; None where it lasts until it is revoked, or there is none."""

    access: str
    refresh: str | None
    lasts_s: float | None
    refresh_lasts_s: float | None
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What Cutroom is to a platform: an application that somebody registered there."""

    id: str
    secret: str


class Platform(Protocol):
    """By many threads. `kinds` are the rules it posts by; `price_micros` what one post costs, at list prices."""

    @property
    def network(self) -> Network: ...

    @property
    def kinds(self) -> Sequence[str]: ...

    @property
    def shows_later(self) -> bool:
        """Whether it can be given a post to show at a time to come."""

    def price_micros(self, post: Post) -> int: ...

    def advance(self, job: Job) -> Ready | Wait:
        """Do some of what can be taken back. Raises PlatformSaid, Unreachable, Fenced."""

    def commit(self, job: Job) -> Posted:
        """Post it: one request, sent once."""

    def find(self, job: Job) -> Found:
        """Whether it was posted, by asking for it by what was kept, and never for the newest. Raises PlatformSaid
        where the platform says that it will never be.
        """

    def finish(self, job: Job, posted: str | None) -> Finished:
        """What makes a post better and is none itself: its picture, its captions, its address."""

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        """What is counted of a post until now."""

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        """The address where a person allows it; `challenge` is PKCE's (S256)."""

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens: ...

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        """New ones. The old may be worth nothing from then on."""

    def revoke(self, app: App, tokens: Tokens) -> None: ...

    def accounts(self, token: str) -> Sequence[Account]:
        """Whom one may post as with it. Raises PlatformSaid where the token is refused."""

    def linked(self, token: str, account: str) -> None:
        """What is to be set up once at the platform for a channel, such as reports. Safe to call again."""
