"""What every network's world has: its stand-in, its adapter, and how things fail there. What is other than usual of one
is a method that it has of its own.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from common.adapters.platforms import registry
from common.adapters.platforms.site import Site
from common.domain.publication import File, Post
from common.domain.publication import Network as Name
from common.ports.platforms import App, Job, Platform, Ready, Tokens, Wait
from tests.standins.platforms.network import Fault, Network, challenge

SIZE: Final = (11 << 20) + 7  # bytes of a usual file: several parts of it on every platform that takes parts
MOST_READ: Final = 8 << 20  # bytes that are held of a file

_NUMBERS = itertools.count(1)


class Dead(BaseException):
    """The process is killed here."""


@dataclass
class Work:
    """A publication as the ledger would have it. `dies`: how many writes it lives to see; the next kills it before it
    is written, or after where `after`.
    """

    world: World
    post: Post
    size: int = SIZE
    cover: File | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)
    dies: int | None = None
    after: bool = False
    token: str = ""
    id: str = field(default_factory=lambda: f"publication-{next(_NUMBERS)}")

    def __post_init__(self) -> None:
        self.token = self.token or self.world.token

    def job(self) -> Job:
        """For one slice; the next gets what was kept by then, and nothing else."""
        video = File(object="clip.mp4", sha256="0" * 64, size=self.size, kind="video/mp4", duration=30.0)
        return Job(
            id=self.id,
            kind=self.world.kind,
            account=self.world.account,
            token=self.token,
            post=self.post,
            video=replace(video, width=1080, height=1920),
            cover=self.cover,
            captions=None,
            kept=dict(self.kept),
            keep=self._keep,
            read=self._read,
            spent=lambda: False,
        )

    def ready(self, looks: int = 200) -> None:
        """Until only the commit is left. What is to be waited for is not: the stand-in counts looks."""
        for _ in range(looks):
            if isinstance(self.world.platform.advance(self.job()), Ready):
                return
        raise AssertionError(f"not ready after {looks} slices")

    def slice(self) -> Ready | Wait:
        return self.world.platform.advance(self.job())

    def _keep(self, step: str | None = None, **more: Any) -> None:
        if self.dies is not None:
            self.dies -= 1
            if self.dies < 0 and not self.after:
                raise Dead
        self.kept.update(more)
        if step is not None:
            self.steps.append(step)
        if self.dies is not None and self.dies < 0:
            raise Dead

    def _read(self, name: str, start: int, size: int) -> bytes:
        self.reads.append(size)
        found = content(self.size)[start : start + size]
        if name == "cover.jpg":
            found = PICTURE[start : start + size]
        return found


PICTURE: Final = b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9"
_CONTENT: dict[int, bytes] = {}


def content(size: int) -> bytes:
    """Bytes that repeat nowhere, the same at every call."""
    if size not in _CONTENT:
        _CONTENT[size] = random.Random(size).randbytes(size)
    return _CONTENT[size]


@dataclass
class World(ABC):
    """A platform of its own, with one account that may post. `part`: the most bytes that are sent anew after a break.

    `kind` of rules; `late`: whether a commit that was not answered may be done long afterwards; `pkce`, `rotates`: of
    its sign-in; `anew`: at which op it says that what was begun is gone. `signed`: whether the commit carries a token;
    `judged`: when a file that it cannot process is found out.
    """

    network: Name
    site: Network
    kind: str
    account: str
    part: int
    commit: str = "commit"  # the op of the request that cannot be taken back
    late: bool = True
    pkce: bool = True
    rotates: bool = True
    anew: str | None = "commit"
    signed: bool = True
    judged: Literal["before", "at commit", "after", "once out"] = "before"
    parted: bool = True  # whether a file goes in several requests
    rides: bool = False  # whether a break is no failure where some of the file has arrived
    address: str = ""
    token: str = ""
    platform: Platform = field(init=False)

    def __post_init__(self) -> None:
        self.address = self.site.address
        self.token = self.token or self.signed_in()
        self.platform = registry.platform(self.network, Site(address=self.address, on=True))

    @property
    def app(self) -> App:
        return App(id=self.site.client, secret=self.site.secret)

    def signed_in(self) -> str:
        """Another token for the account."""
        return self.site.token(self.owner)

    def allowed(self) -> Tokens:
        """A person lets us speak for them, and what that gave is renewed: by the requests that Cutroom makes."""
        told, challenge = verifier()
        back = self.site.allowed(self.owner, self.platform.authorize(self.app, self.site.redirect, "s", challenge))
        return self.platform.refresh(self.app, self.platform.exchange(self.app, self.site.redirect, back["code"], told))

    @property
    def owner(self) -> str:
        """Whose token it is, by the platform's id of a person; usually the account itself."""
        return self.account

    def work(self, post: Post | None = None, **more: Any) -> Work:
        return Work(self, post or Post(title="", body="How to make tea #tea"), **more)

    def meets(self, op: str, *faults: Fault) -> None:
        """The next requests of an op meet these."""
        self.site.faults[op] += faults

    def fails(self) -> None:
        """The next file cannot be processed."""
        self.site.faults["processing"].append("failed")

    def posts(self) -> int:
        """That people see, by the platform's own count."""
        return sum(self.site.committed.values())

    def begun(self) -> int:
        return sum(self.site.begun.values())

    def sent(self) -> int:
        """Bytes of files that the platform took."""
        return self.site.taken

    def arrived(self) -> bytes | None:
        """The last file as it has come together there; None where that is not looked at."""
        return None

    def last(self) -> Any:
        """The last post that is out."""
        return next(reversed(self.site.posts.values()))

    def said(self) -> list[str]:
        """The texts of the last post, as others see them."""
        return [self.shown(self.last())]

    def seen(self) -> list[str]:
        """A text of every post, as people see them."""
        return [self.shown(post) for post in self.site.posts.values()]

    @abstractmethod
    def shown(self, post: Any) -> str:
        """A text of one post that tells it from others."""

    @abstractmethod
    def another(self, n: int) -> str:
        """One more account that may post; its id."""

    def whose(self, account: str) -> str:
        """By whose token one posts as an account."""
        return account

    def counted(self, zero: bool) -> None:
        """The last post has counts: of nothing at all, or none but zeros."""
        self.last().counts = self.zeros() if zero else {}

    @abstractmethod
    def zeros(self) -> dict[str, Any]:
        """All counts of a post that nobody has seen, as the stand-in has them."""

    def posting(self, title: str, body: str) -> Post:
        """What a post with these texts is to this platform."""
        return Post(title="", body=body)

    def texts(self, post: Post) -> list[str]:
        """Which of its texts must arrive as they are."""
        return [post.body]

    @abstractmethod
    def longest(self) -> Post:
        """A post with texts as long as the platform takes."""

    def urls(self) -> list[str]:
        return [asked.request.path for asked in self.site.requests]

    def secrets(self) -> set[str]:
        """What must be in no address."""
        return {self.site.secret, self.token, *self.site.tokens, *self.site.refreshes}


def verifier() -> tuple[str, str]:
    """Of PKCE, with its challenge."""
    told = hashlib.sha256(b"verifier").hexdigest()
    return told, challenge(told)
