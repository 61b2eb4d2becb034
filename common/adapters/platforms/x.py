"""X, API v2: a video in segments, and then a post with it.

initialize ─> append, a segment after another ─> finalize ─> looked at until it is processed ─> POST /2/tweets

X does not say which segments it has, so those it has acknowledged are counted here. A media id lasts a day and is
looked at again right before the post. X knows no key by which a post would be taken once: whether one is out is read
from the account's own posts, by the key of their video. (OpenAPI 2.167)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from common.adapters.platforms import signing, x_counts
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import Reply, Web, after
from common.domain import weighing
from common.domain.publication import Account, Network, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import (
    Absent,
    App,
    Finished,
    Found,
    Job,
    Json,
    Measured,
    Posted,
    Ready,
    Tokens,
    Wait,
)

API: Final = "https://api.x.com"
PAGE: Final = "https://x.com"
VERSION: Final = "2"  # of the API, in its paths; read in November 2026
SCOPES: Final = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
SEGMENT: Final = 4 << 20  # bytes; X takes up to 5 MB
POST_MICROS: Final = 15_000  # of USD, at list prices
ADDRESS_MICROS: Final = 200_000  # a post with an address in it
SOON_S: Final = 300  # before its end, in which a media id is not used any more
PAGES: Final = 10  # of 100 posts, that are looked through for one
CHECK_S: Final = 5.0  # where X does not say when to look again
_EARLIER: Final = timedelta(minutes=2)


class X:
    """Implements Platform."""

    network: Network = "x"
    kinds: Sequence[str] = ("x",)
    shows_later = False

    def __init__(self, site: Site) -> None:
        self._page = site.at(PAGE)
        self._api = f"{site.at(API)}/{site.version or VERSION}"
        self._web = Web(name="X", judge=_refused)
        self._uploads = Web(name="X", judge=_upload_refused)

    def price_micros(self, post: Post) -> int:
        return ADDRESS_MICROS if weighing.addresses(text_of(post)) else POST_MICROS

    def advance(self, job: Job) -> Ready | Wait:
        if job.post.visibility != "public":
            raise PlatformSaid("X has only public posts; choose public, or another channel", code="visibility")
        media = str(job.kept.get("media") or self._begun(job))
        if not job.kept.get("whole"):
            if not self._sent(job, media):
                return Wait(after_s=0)
            told = self._ended(job, media)
            job.keep("uploaded", whole=True)
        else:
            told = _data(self._uploads.ask("GET", f"{self._api}/media/upload", token=job.token, query=_status(media)))
        return _looked(told)

    def commit(self, job: Job) -> Posted:
        body: Json = {"text": text_of(job.post), "media": {"media_ids": [str(job.kept["media"])]}}
        if job.post.ai_made:
            body["made_with_ai"] = True
        if job.post.paid_partnership:
            body["paid_partnership"] = True
        reply = self._uploads.ask("POST", f"{self._api}/tweets", token=job.token, body=body)
        return _posted(_data(reply), reply.raw, self.price_micros(job.post))

    def find(self, job: Job) -> Found:
        """Absent where it is not there: X may still be about to show it."""
        since = _time(job.kept.get("since"))
        query: Json = {
            "max_results": 100,
            "post.fields": "attachments,created_at",
            "expansions": "attachments.media_keys",
            "exclude": "replies,retweets",
            "start_time": None if since is None else x_counts.stamp(since - _EARLIER),
        }
        address = f"{self._api}/users/{job.account}/tweets"
        for _ in range(PAGES):
            told = self._web.ask("GET", address, token=job.token, query=query).json
            for post in told.get("data") or ():
                if _is_of(post, str(job.kept["media"]), job.kept.get("key")):
                    return _posted(post, {"found": post}, self.price_micros(job.post))
            following = (told.get("meta") or {}).get("next_token")
            if following is None:
                break
            query["pagination_token"] = following
        return Absent()

    def finish(self, job: Job, posted: str | None) -> Finished:
        left = []
        if job.post.link and job.post.link not in text_of(job.post):
            left.append(("link", "the text leaves no room for it: X takes 280 characters, an address counts as 23"))
        if job.cover is not None:
            left.append(("cover", "X shows a frame of the video; it takes no picture of its own with it"))
        if job.captions is not None:
            left.append(("captions", "X wants to know their language, which is not told; they can be burnt in"))
        return Finished(left_out=tuple(left))

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        return x_counts.measured(self._web, self._api, token, posted, since, now)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        return signing.address(
            f"{self._page}/i/oauth2/authorize",
            response_type="code",
            client_id=app.id,
            redirect_uri=redirect,
            scope=" ".join(SCOPES),
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        return signing.tokens(self._oauth("token", app, form))

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh or ""}
        return signing.tokens(self._oauth("token", app, form), tokens)

    def revoke(self, app: App, tokens: Tokens) -> None:
        """The refresh token first: what is left then ends by itself."""
        if tokens.refresh is not None:
            self._oauth("revoke", app, {"token": tokens.refresh, "token_type_hint": "refresh_token"})
        self._oauth("revoke", app, {"token": tokens.access, "token_type_hint": "access_token"})

    def accounts(self, token: str) -> Sequence[Account]:
        me = _data(self._web.ask("GET", f"{self._api}/users/me", token=token))
        account = str(me.get("id", ""))
        if not account.isdecimal():
            raise Unreachable("X does not say whose token it is; connect again")
        handle = str(me.get("username", account))
        return [Account(id=account, name=str(me.get("name") or handle), handle=handle, visibilities=("public",))]

    def linked(self, token: str, account: str) -> None:
        """Nothing is to be set up."""

    def _oauth(self, what: str, app: App, form: Json) -> Json:
        return self._web.ask("POST", f"{self._api}/oauth2/{what}", headers=signing.basic(app), form=form).json

    def _begun(self, job: Job) -> str:
        size = job.video.size
        body = {"media_type": job.video.kind, "media_category": "tweet_video", "total_bytes": size}
        reply = self._uploads.ask("POST", f"{self._api}/media/upload/initialize", token=job.token, body=body)
        told = _data(reply)
        media = str(told.get("id", ""))
        if not media.isdecimal():
            raise Unreachable("X begins an upload without a name for it; it is tried again")
        job.keep("container", media=media, key=told.get("media_key"), since=reply.headers.get("date"))
        return media

    def _sent(self, job: Job, media: str) -> bool:
        """Whether all of it is there; not where the slice was over before."""
        count = -(-job.video.size // SEGMENT)
        for index in range(int(job.kept.get("segments", 0)), count):
            if job.spent():
                return False
            part = job.read(job.video.object, index * SEGMENT, SEGMENT)
            self._uploads.ask(
                "POST",
                f"{self._api}/media/upload/{media}/append",
                token=job.token,
                files={
                    "segment_index": (None, str(index)),
                    "media": ("segment", part, "application/octet-stream"),
                },
                timeout_s=120.0,
            )
            job.keep("container", segments=index + 1)
        return True

    def _ended(self, job: Job, media: str) -> Json:
        """X's word on the whole file. Where an answer to that was lost, it is asked first whether it was done."""
        if job.kept.get("ending"):
            address = f"{self._api}/media/upload"
            reply = self._uploads.ask("GET", address, token=job.token, query=_status(media), good=(400, 404))
            told = _data(reply)
            if told.get("processing_info") or told.get("size"):
                return told
        else:
            job.keep("container", ending=True)
        return _data(self._uploads.ask("POST", f"{self._api}/media/upload/{media}/finalize", token=job.token))


def text_of(post: Post) -> str:
    """What X is given to show: the link too where there is room for it."""
    if post.link is None or post.link in post.body:
        return post.body
    longer = f"{post.body}\n{post.link}".strip()
    return longer if weighing.weight(longer) <= weighing.MOST else post.body


def _looked(told: Json) -> Ready | Wait:
    info = told.get("processing_info")
    state = info.get("state") if isinstance(info, dict) else "succeeded"
    if state == "failed":
        words = _said(info.get("error")) if isinstance(info, dict) else ""
        text = f"X could not process the video{f': {words}' if words else ''}; render it anew within X's limits"
        raise PlatformSaid(text, code="processing", action="re-render", raw=told)
    if state != "succeeded":
        asked = info.get("check_after_secs") if isinstance(info, dict) else None
        return Wait(after_s=float(asked) if isinstance(asked, int | float) and asked > 0 else CHECK_S)
    left = told.get("expires_after_secs")
    if isinstance(left, int | float) and left < SOON_S:
        raise _gone("the video would be dropped before the post", told)
    return Ready()


def _posted(post: Json, raw: Json, cost_micros: int) -> Posted:
    name = str(post.get("id", ""))
    if not name.isdecimal():
        raise Unreachable("X does not say what the post is called; it is looked for")
    return Posted(id=name, url=f"https://x.com/i/status/{name}", raw=raw, cost_micros=cost_micros)


def _is_of(post: Any, media: str, key: object) -> bool:
    """Whether a post shows the video: by the whole key, or by the media's id in it where X gave none."""
    keys = (post.get("attachments") or {}).get("media_keys") or ()
    return any(one == key if key else str(one).partition("_")[2] == media for one in keys)


def _status(media: str) -> Json:
    return {"media_id": media, "command": "STATUS"}


def _data(reply: Reply) -> Json:
    told = reply.json.get("data")
    return told if isinstance(told, dict) else {}


def _said(told: object) -> str:
    """X's own words of an error, wherever it put them."""
    if not isinstance(told, dict):
        return ""
    errors = [one for one in told.get("errors") or () if isinstance(one, dict)]
    words = [one.get("message") or one.get("detail") for one in errors]
    words += [told.get("error_description"), told.get("detail"), told.get("message"), told.get("title")]
    return next((str(one)[:300].rstrip(".") for one in words if one), "")


def _gone(words: str, raw: Json) -> PlatformSaid:
    text = f"X: {words}; the video is sent again"
    return PlatformSaid(text, code="media_gone", action="retry", anew=True, raw=raw)


def _upload_refused(reply: Reply) -> PlatformSaid:
    """As any refusal, but that a media id that is no more is got anew."""
    told = reply.raw
    named = {name for one in told.get("errors") or () if isinstance(one, dict) for name in one.get("parameters") or ()}
    if reply.status == 404 or (reply.status == 400 and "media.media_ids" in named):
        return _gone(_said(told), told)
    return _refused(reply)


def _refused(reply: Reply) -> PlatformSaid:
    told = reply.raw
    words = _said(told) or f"it answers {reply.status}"
    if reply.status == 401 or told.get("error") in ("invalid_grant", "invalid_request", "invalid_client"):
        return PlatformSaid(f"X says: {words}; connect the channel again", code="token", action="reconnect", raw=told)
    if reply.status == 429:
        text = f"X says: {words}; it goes on by itself"
        return PlatformSaid(text, code="rate", action="wait", after_s=_until(reply), raw=told)
    if reply.status == 402:
        text = f"X says: {words}; buy credits in X's console for developers, then it goes on by itself"
        return PlatformSaid(text, code="credits", action="wait", after_s=3600.0, raw=told)
    text = f"X says: {words}; change the post or ask X, then schedule it again"
    return PlatformSaid(text, code=str(reply.status), raw=told)


def _until(reply: Reply) -> float:
    """Seconds until X's window is over, both times by X's own clock; 15 minutes, its window, where it does not say."""
    told, now = reply.headers.get("x-rate-limit-reset", ""), _time(reply.headers.get("date"))
    if "retry-after" not in reply.headers and told.isdecimal() and len(told) < 12 and now is not None:
        return min(86_400.0, max(1.0, float(told) - now.timestamp()))
    return after(reply, 900.0)


def _time(told: object) -> datetime | None:
    """Of a Date header; None where it is none."""
    try:
        return parsedate_to_datetime(str(told)).astimezone(UTC)
    except ValueError:
        return None
