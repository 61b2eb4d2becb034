"""Publications: one finished file, to one channel, at one time; what is posted with it, and how far that is.

scheduled ─> claimed ─> container ─> uploaded ─> ready ─> committing ──> published
  │  ^ held                                                 │   │
  │  └─────── whoever holds it back lets it go again        │   └──> unknown ── read ──> published | failed
  └─> cancelled                                             └──────> failed
What a platform took it may still not show: it is `published` until it says so, and `failed` then.
Up to `ready` nothing can be seen by anybody; `committing` holds the one request that cannot be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Step = Literal[
    "scheduled",
    "held",
    "cancelled",
    "claimed",
    "container",
    "uploaded",
    "ready",
    "committing",
    "published",
    "unknown",
    "failed",
]
STEPS: tuple[Step, ...] = get_args(Step)
BEFORE: Final[tuple[Step, ...]] = ("scheduled", "held")  # nothing has been asked of the platform
UNDER_WAY: Final[tuple[Step, ...]] = ("claimed", "container", "uploaded", "ready", "committing")
OVER: Final[tuple[Step, ...]] = ("cancelled", "published", "failed")

Visibility = Literal["public", "unlisted", "private"]
Late = Literal["publish", "hold"]  # what becomes of a post whose time has passed
Network = Literal[
    "youtube", "instagram", "facebook", "tiktok", "linkedin", "x", "pinterest", "snapchat", "meta-ads"
]  # who a channel is with

# By which rules a network is posted to, the first that a file meets.
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "youtube": ("youtube_short", "youtube_video"),
    "instagram": ("instagram_reels",),
    "facebook": ("facebook_reels",),
    "tiktok": ("tiktok",),
    "linkedin": ("linkedin",),
    "x": ("x",),
    "pinterest": ("pinterest",),
    "snapchat": ("snapchat_spotlight",),
    "meta-ads": (),  # an account that pays: campaigns are made in it, and nothing is posted
}

# What is kept of a post under this name is what its platform names it by, where it tells of one by itself.
HANDLES: Final[dict[str, str]] = {"tiktok": "publish_id", "youtube": "video"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What stands beside the video. `title` is "" where the platform takes one text: then `body` opens with it.

    `tags` are without their "#"; where a platform has no field of its own for them they stand in `body` too.
    """

    title: str
    body: str
    tags: tuple[str, ...] = ()
    link: str | None = None
    visibility: Visibility = "public"
    made_for_kids: bool = False
    ai_made: bool = False
    paid_partnership: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An object that is to be sent. Seconds and pixels are None of what is no video or picture."""

    object: str
    sha256: str
    size: int  # bytes
    kind: str  # its media type
    duration: float | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom a channel speaks as, by the platform's own words. `token`: its own, where one sign-in has several.

    `posts_a_day` and `longest_s` are what the platform allows this account; None where it does not say.
    """

    id: str
    name: str
    handle: str | None = None
    token: str | None = None
    posts_a_day: int | None = None
    longest_s: float | None = None
    visibilities: tuple[Visibility, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What is known of a post by a platform's own count. None is what it does not tell, and is never 0.

    Times in milliseconds, money in micros of `currency`.
    """

    impressions: int | None = None
    reach: int | None = None
    views: int | None = None
    engaged_views: int | None = None
    watch_ms: int | None = None
    average_watch_ms: int | None = None
    clicks: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    follows: int | None = None
    conversions: int | None = None
    spend_micros: int | None = None
    revenue_micros: int | None = None
    currency: str | None = None
