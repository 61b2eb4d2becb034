"""The platforms that the suite of adapters is passed by: for each its stand-in, its adapter, and how things fail there.

A new network is a `World` and a line in WORLDS. What is other than usual of it is a method that it has of its own.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from common.adapters.platforms import registry
from common.adapters.platforms.site import Site
from common.domain.publication import File, Post
from common.domain.publication import Network as Name
from common.ports.platforms import App, Job, Platform, Ready, Wait
from tests.standins.platforms import linkedin, snapchat
from tests.standins.platforms.linkedin import LinkedIn
from tests.standins.platforms.meta import CAPTION, Meta, Page
from tests.standins.platforms.network import RETRY_AFTER, Fault, Network, challenge, running
from tests.standins.platforms.pinterest import Pinterest
from tests.standins.platforms.snapchat import Snapchat
from tests.standins.platforms.tiktok import TikTok
from tests.standins.platforms.x import X
from tests.standins.platforms.youtube import YouTube

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
class World:
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

    def said(self) -> list[str]:
        """The texts of the last post, as others see them."""
        raise NotImplementedError

    def seen(self) -> list[str]:
        """A text of every post, as people see them."""
        return [self.shown(post) for post in self.site.posts.values()]

    def shown(self, post: Any) -> str:
        """A text of one post that tells it from others."""
        raise NotImplementedError

    def another(self, n: int) -> str:
        """One more account that may post; its id."""
        raise NotImplementedError

    def whose(self, account: str) -> str:
        """By whose token one posts as an account."""
        return account

    def counted(self, zero: bool) -> None:
        """The last post has counts: of nothing at all, or none but zeros."""
        raise NotImplementedError

    def posting(self, title: str, body: str) -> Post:
        """What a post with these texts is to this platform."""
        return Post(title="", body=body)

    def texts(self, post: Post) -> list[str]:
        """Which of its texts must arrive as they are."""
        return [post.body]

    def longest(self) -> Post:
        """A post with texts as long as the platform takes."""
        raise NotImplementedError

    def urls(self) -> list[str]:
        return [asked.request.path for asked in self.site.requests]

    def secrets(self) -> set[str]:
        """What must be in no address."""
        return {self.site.secret, self.token, *self.site.tokens, *self.site.refreshes}


class XWorld(World):
    def shown(self, post: Any) -> str:
        return str(post.made["text"])

    def another(self, n: int) -> str:
        account = str(3_000_000 + n)
        self.site.people[account] = f"ann{n}"  # type: ignore[attr-defined]
        return account

    def arrived(self) -> bytes | None:
        asked = [one for one in self.site.requests if one.op == "part"]
        parts = [dict(one.parts) for one in asked if one.found["id"] == asked[-1].found["id"]]
        whole = {int(part["segment_index"]): part["media"] for part in parts}
        return b"".join(whole[index] for index in sorted(whole))

    def said(self) -> list[str]:
        return [next(reversed(self.site.posts.values())).made["text"]]

    def counted(self, zero: bool) -> None:
        public = ("repost_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")
        own = ("url_link_clicks", "user_profile_clicks", "engagements", "impression_count")
        counts: dict[str, Any] = {}
        if zero:
            counts = {"public_metrics": dict.fromkeys(public, 0), "non_public_metrics": dict.fromkeys(own, 0)}
            counts |= {"media": {"public_metrics": {"view_count": 0}}, "watch_time_ms": 0}
        next(reversed(self.site.posts.values())).counts = counts

    def longest(self) -> Post:
        return Post(title="", body="茶" * 100 + "a" * 80)


class MetaWorld(World):
    """One sign-in has several accounts, each with a token of its own."""

    site: Meta

    @property
    def owner(self) -> str:
        return "ann"

    def signed_in(self) -> str:
        return self.site.token_of(self.account)

    def whose(self, account: str) -> str:
        return self.site.page(account).id

    def another(self, n: int) -> str:
        """Its posts are as many as a test has time for: what a day's quota is is not told by the clock there."""
        page = Page(id=f"{5000 + n}", name=f"Ann {n}", username=f"ann{n}", instagram=f"{178_414_000_100_000 + n}")
        self.site.pages += (page,)
        self.site.quota = self.site.reels = 1_000_000
        return str(page.instagram if self.network == "instagram" else page.id)


class InstagramWorld(MetaWorld):
    def shown(self, post: Any) -> str:
        return str(post.made["caption"])

    def said(self) -> list[str]:
        return [next(reversed(self.site.posts.values())).made["caption"]]

    def counted(self, zero: bool) -> None:
        names = ("views", "reach", "likes", "comments", "shares", "saved", "ig_reels_video_view_total_time")
        next(reversed(self.site.posts.values())).counts = dict.fromkeys(names, 0) if zero else {}

    def longest(self) -> Post:
        return Post(title="", body="\u8336" * (CAPTION - 1) + "a")


class FacebookWorld(MetaWorld):
    def shown(self, post: Any) -> str:
        return str(post.made["description"])

    def said(self) -> list[str]:
        made = next(reversed(self.site.posts.values())).made
        return [made.get("title", ""), made["description"]]

    def posting(self, title: str, body: str) -> Post:
        return Post(title=title, body=body)

    def texts(self, post: Post) -> list[str]:
        return [post.title, post.body]

    def counted(self, zero: bool) -> None:
        names = ("blue_reels_play_count", "post_impressions_unique", "post_video_view_time")
        next(reversed(self.site.posts.values())).counts = dict.fromkeys(names, 0) if zero else {}

    def longest(self) -> Post:
        return Post(title="\u8336" * 255, body="\u8336" * 63_206)


@contextmanager
def _meta(world: type[MetaWorld], network: Name, account: str) -> Iterator[World]:
    """A file goes as one request, from the byte on that is there; a container is published once."""
    kind = f"{network}_reels"
    how: Any = {"late": False, "rotates": False, "parted": False}
    with running(Meta()) as site:
        yield world(network=network, site=site, kind=kind, account=account, part=0, **how)


class PinterestWorld(World):
    def shown(self, post: Any) -> str:
        return str(post.made["description"])

    def another(self, n: int) -> str:
        owner, board = str(4_000_000 + n), str(5_000_000 + n)
        self.site.people[owner] = f"ann{n}"  # type: ignore[attr-defined]
        self.site.boards[board] = (f"Board {n}", owner)  # type: ignore[attr-defined]
        return board

    def whose(self, account: str) -> str:
        return str(self.site.boards[account][1])  # type: ignore[attr-defined]

    def arrived(self) -> bytes | None:
        return dict([one for one in self.site.requests if one.op == "part"][-1].parts)["file"]

    @property
    def owner(self) -> str:
        return "2783136121146311751"

    def said(self) -> list[str]:
        made = next(reversed(self.site.posts.values())).made
        return [made.get("title", ""), made.get("description", "")]

    def posting(self, title: str, body: str) -> Post:
        return Post(title=title, body=body)

    def texts(self, post: Post) -> list[str]:
        return [post.title, post.body]

    def counted(self, zero: bool) -> None:
        names = ("IMPRESSION", "OUTBOUND_CLICK", "SAVE", "VIDEO_MRC_VIEW", "VIDEO_V50_WATCH_TIME", "TOTAL_COMMENTS")
        next(reversed(self.site.posts.values())).counts = dict.fromkeys(names, 0) if zero else {}

    def longest(self) -> Post:
        return Post(title="茶" * 100, body="茶é" * 400)


@contextmanager
def _pinterest() -> Iterator[World]:
    with running(Pinterest()) as site:
        board = next(iter(site.boards))
        yield PinterestWorld(
            network="pinterest", site=site, kind="pinterest", account=board, part=SIZE, parted=False, pkce=False
        )


class YouTubeWorld(World):
    """Its file goes out with its last bytes: there is no processing before that. It takes no < and no >."""

    site: YouTube

    def shown(self, post: Any) -> str:
        return str(post.made["snippet"]["description"])

    def another(self, n: int) -> str:
        return f"UC-ann-{n}"

    def work(self, post: Post | None = None, **more: Any) -> Work:
        return super().work(post or Post(title="Tea", body="How to make tea", tags=("tea",)), **more)

    def said(self) -> list[str]:
        told = next(reversed(self.site.posts.values())).made["snippet"]
        return [told["title"], told["description"], *told.get("tags", ())]

    def counted(self, zero: bool) -> None:
        live = dict.fromkeys(("viewCount", "likeCount", "commentCount"), 0)
        next(reversed(self.site.posts.values())).counts = {"live": live, "counted": {}} if zero else {}

    def posting(self, title: str, body: str) -> Post:
        none = str.maketrans("", "", "<>")
        return Post(title=title.translate(none), body=body.translate(none), tags=("tea",))

    def texts(self, post: Post) -> list[str]:
        return [post.title, post.body, *post.tags]

    def longest(self) -> Post:
        return Post(title="茶" * 100, body="茶" * 1666 + "ab", tags=("a" * 249, "b" * 250))


@contextmanager
def _x() -> Iterator[World]:
    with running(X()) as site:
        yield XWorld(network="x", site=site, kind="x", account="2244994945", part=4 << 20)


class TikTokWorld(World):
    site: TikTok

    def shown(self, post: Any) -> str:
        return str(post.made["title"])

    def another(self, n: int) -> str:
        account = f"open-id-{n}"
        self.site.people[account] = f"ann{n}"
        return account

    def said(self) -> list[str]:
        return [next(reversed(self.site.posts.values())).made["title"]]

    def counted(self, zero: bool) -> None:
        names = ("view_count", "like_count", "comment_count", "share_count")
        next(reversed(self.site.posts.values())).counts = dict.fromkeys(names, 0) if zero else {}

    def longest(self) -> Post:
        return Post(title="", body="💸" * 100 + "a" * 2000)

    def fails(self) -> None:
        self.site.verdict = "frame_rate_check_failed"

    def sent(self) -> int:
        """With the last chunk of each, which goes with its commit."""
        uploads = self.site.uploads.values()
        last = [one.size - one.had for one in uploads if one.had == (one.count - 1) * one.chunk]
        return self.site.taken + sum(last)


class LinkedInWorld(World):
    site: LinkedIn

    def shown(self, post: Any) -> str:
        return str(post.made["shown"])

    def another(self, n: int) -> str:
        account = f"urn:li:person:ann-{n + 1}"
        self.site.people[account] = f"Ann {n}"
        return account

    def said(self) -> list[str]:
        return [next(reversed(self.site.posts.values())).made["shown"]]

    def counted(self, zero: bool) -> None:
        kinds = [kind for kinds in linkedin.OF_MEMBERS.values() for kind in kinds]
        next(reversed(self.site.posts.values())).counts = dict.fromkeys(kinds, 0) if zero else {}

    def longest(self) -> Post:
        return Post(title="", body="(#茶_|)" * 500)


class SnapchatWorld(World):
    site: Snapchat

    def shown(self, post: Any) -> str:
        return str(post.made["description"])

    def another(self, n: int) -> str:
        account = f"9c1d2b3a-0000-4000-8000-{n:012x}"
        self.site.people[account] = f"ann{n}"
        return account

    def said(self) -> list[str]:
        return [next(reversed(self.site.posts.values())).made["description"]]

    def counted(self, zero: bool) -> None:
        next(reversed(self.site.posts.values())).counts = {"SPOTLIGHT_VIEWS": 0} if zero else {}

    def longest(self) -> Post:
        return Post(title="", body="茶💸" * 80)


@contextmanager
def _tiktok() -> Iterator[World]:
    with running(TikTok()) as site:
        how: dict[str, Any] = {"late": False, "parted": False, "signed": False, "judged": "after"}
        yield TikTokWorld(network="tiktok", site=site, kind="tiktok", account="open-id-of-ann", part=8 << 20, **how)


@contextmanager
def _linkedin() -> Iterator[World]:
    with running(LinkedIn()) as site:
        how: dict[str, Any] = {"pkce": False, "rotates": False, "anew": None}
        yield LinkedInWorld(network="linkedin", site=site, kind="linkedin", account=linkedin.ANN, part=4 << 20, **how)


@contextmanager
def _snapchat() -> Iterator[World]:
    with running(Snapchat()) as site:
        how: dict[str, Any] = {"parted": False, "judged": "at commit"}
        kind = "snapchat_spotlight"
        yield SnapchatWorld(network="snapchat", site=site, kind=kind, account=snapchat.ANN, part=16 << 20, **how)


@contextmanager
def _youtube() -> Iterator[World]:
    with running(YouTube()) as site:
        made = YouTubeWorld(
            network="youtube",
            site=site,
            kind="youtube_short",
            account="UC-ann",
            part=8 << 20,
            late=False,
            rotates=False,
            judged="once out",
            rides=True,
        )
        yield made


WORLDS: Mapping[str, Callable[[], Any]] = {
    "facebook": lambda: _meta(FacebookWorld, "facebook", "1001"),
    "instagram": lambda: _meta(InstagramWorld, "instagram", "17841400000000001"),
    "linkedin": _linkedin,
    "pinterest": _pinterest,
    "snapchat": _snapchat,
    "tiktok": _tiktok,
    "x": _x,
    "youtube": _youtube,
}


def verifier() -> tuple[str, str]:
    """Of PKCE, with its challenge."""
    told = hashlib.sha256(b"verifier").hexdigest()
    return told, challenge(told)


__all__ = ["MOST_READ", "PICTURE", "RETRY_AFTER", "SIZE", "WORLDS", "Dead", "Work", "World", "content", "verifier"]
