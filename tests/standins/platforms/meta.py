"""Meta, as far as Cutroom speaks it: signing in, pages, Instagram's containers, reels of pages, their figures.

Fidelity: each request's method, version, header, and fields against lists of what Graph API v26.0 takes (an unknown one
is refused, where Graph passes it over), bytes by offset as rupload has it, containers that expire after 24 hours and
are published once, quotas over 24 hours. Not in Meta's tables, and from its guides: a code is exchanged for a token of
an hour and that for one of 60 days; a page's token lasts; a video of a page is processed after it was finished. No
video is looked at.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from tests.standins.loopback import Reply, Request
from tests.standins.platforms.network import Asked, Bad, Json, Network, Route, Token, answered, known

VERSION = "v26.0"
LONG_S = 5_184_000.0
LASTS_S = 86_400.0  # of a container
CAPTION = 2200
_V = rf"/{re.escape(VERSION)}"
_ID = r"(?P<id>[0-9]{1,40})"
_UPLOAD = re.compile(rf"/(?:ig-api-upload|video-upload)/{re.escape(VERSION)}/(\d+)")
_CONTAINER = {"id", "status", "status_code", "video_status", "copyright_check_status"}
_MEDIA = {"id", "permalink", "shortcode", "timestamp", "caption", "is_ai_generated", "media_product_type"}
_VIDEO = {"id", "status", "permalink_url", "post_id", "title", "description", "created_time"}
_INSIGHTS = {
    "comments",
    "crossposted_views",
    "facebook_views",
    "ig_reels_avg_watch_time",
    "ig_reels_video_view_total_time",
    "likes",
    "reach",
    "reels_skip_rate",
    "reposts",
    "saved",
    "shares",
    "total_interactions",
    "views",
}
INSTAGRAM = ("instagram_basic", "instagram_content_publish", "instagram_manage_insights")
PAGES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts", "read_insights")
SAYS: dict[str, tuple[int, int, int | None, str]] = {  # status, code, subcode, in its words
    "expired": (400, 190, 463, "Error validating access token: Session has expired."),
    "policy": (400, 25, 2207050, "The Instagram account is restricted."),
    "quota": (403, 9, 2207042, "You reached maximum number of posts that is allowed to be published by Content API."),
    "gone": (400, 24, 2207008, "The media builder with this creation id does not exist."),
    "blocked": (403, 4, 2207051, "We restrict certain activity to protect our community."),
    "not ready": (400, 9007, 2207027, "The media is not ready for publishing, please wait for a moment."),
    "denied": (400, 100, 33, "Unsupported get request. Object does not exist or cannot be loaded."),
    "transient": (400, 2, None, "An unexpected error has occurred. Please retry your request later."),
}


@dataclass(frozen=True, kw_only=True)
class Page:
    id: str
    name: str
    username: str
    instagram: str | None = None  # its account, and the name of that
    handle: str | None = None
    tasks: tuple[str, ...] = ("CREATE_CONTENT", "ANALYZE", "MANAGE")


@dataclass(kw_only=True)
class Held:
    """A container of Instagram, or a video of a page. `digest` of the bytes that have come, `size` of all of them."""

    id: str
    account: str
    made: Json
    until: float
    polls: int
    size: int | None = None
    got: int = 0
    state: str = "open"  # open, sent, failed, published
    wrong: str = ""
    digest: Any = field(default_factory=hashlib.sha256)


PEOPLE = (
    Page(id="1001", name="Ann's Teas", username="annsteas", instagram="17841400000000001", handle="ann.teas"),
    Page(id="1002", name="Ann's Pots", username="annspots", instagram="17841400000000002", handle="ann.pots"),
    Page(id="1003", name="Ann's Books", username="annsbooks"),
    Page(id="1004", name="Only Looked At", username="looked", tasks=("ANALYZE",)),
)


@dataclass(kw_only=True)
class Meta(Network):
    """`per_list` pages are told at once. `making`: so many looks at a reel that was finished find it at work; `again`:
    whether FINISH of one that is out is taken, and changes nothing. `after`: what the next posts are told though they
    are out; `cut`: at which byte the next files break off; `declined`: scopes that a person does not allow.
    """

    routes: tuple[Route, ...] = (  # type: ignore[misc]
        ("POST", f"{_V}/oauth/access_token", "token", "_token"),
        ("GET", f"{_V}/me/permissions", "permissions", "_permissions"),
        ("DELETE", f"{_V}/me/permissions", "revoke", "_revoke"),
        ("GET", f"{_V}/me/accounts", "accounts", "_accounts"),
        ("GET", f"{_V}/{_ID}/content_publishing_limit", "quota", "_quota"),
        ("POST", f"{_V}/{_ID}/media", "begin", "_container"),
        ("POST", f"{_V}/{_ID}/media_publish", "commit", "_publish"),
        ("POST", f"{_V}/{_ID}/video_reels", "reels", "_reels"),
        ("POST", f"{_V}/{_ID}/thumbnails", "cover", "_thumbnail"),
        ("GET", f"{_V}/{_ID}/insights", "measure", "_insights"),
        ("GET", f"{_V}/{_ID}/video_insights", "measure", "_video_insights"),
        ("GET", f"{_V}/{_ID}", "status", "_node"),
        ("POST", f"/ig-api-upload/{re.escape(VERSION)}/{_ID}", "part", "_bytes"),
        ("POST", f"/video-upload/{re.escape(VERSION)}/{_ID}", "part", "_bytes"),
    )
    scopes: tuple[str, ...] = (*INSTAGRAM, *PAGES)
    lasts_s: float = LONG_S
    pages: tuple[Page, ...] = PEOPLE
    per_list: int = 2
    making: int = 0
    quota: int = 50  # posts to Instagram in 24 hours, and reels of a page
    reels: int = 30
    again: bool = False
    declined: tuple[str, ...] = ()
    held: dict[str, Held] = field(default_factory=dict)
    covers: dict[str, bytes] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    coming: Counter[str] = field(default_factory=Counter)  # files, by whose they are
    settled: threading.Condition = field(default_factory=threading.Condition)

    def arriving(self, path: str) -> None:
        if found := _UPLOAD.match(path):
            with self.settled:
                self.coming[found[1]] += 1

    def answer(self, request: Request) -> Reply:
        """How far a file is is told once what comes of it has come: a break is noticed at both ends at once here."""
        if found := _UPLOAD.match(request.path):
            try:
                return super().answer(request)
            finally:
                with self.settled:
                    self.coming[found[1]] -= 1
                    self.settled.notify_all()
        if request.method == "GET" and (found := re.fullmatch(rf"{_V}/(\d+)", urlsplit(request.path).path)):
            node = found[1]
            with self.settled:
                assert self.settled.wait_for(lambda: not self.coming[node], timeout=30), "a file that never ends"
        return super().answer(request)

    def revoke(self, account: str) -> None:
        for one in (account, *self._pages_of(account)):
            super().revoke(one)

    def _named(self, request: Request) -> Asked:
        asked = super()._named(request)
        if asked.op != "reels":
            return asked
        phase = re.search(rb"upload_phase=(\w+)", request.body)
        op = "commit" if phase is not None and phase[1] == b"FINISH" else "begin"
        return Asked(op, request, asked.found)

    def _done(self, asked: Asked) -> Reply:
        """A token or a secret in an address is taken by Graph, and refused here."""
        secret = asked.query.keys() & {"access_token", "client_secret", "fb_exchange_token", "code"}
        if secret or (asked.query and asked.request.method == "POST"):
            raise Bad(400, "a secret stands in the address", (190, None))
        return super()._done(asked)

    def error(self, bad: Bad) -> Reply:
        code, subcode = bad.code if isinstance(bad.code, tuple) else ({429: 4}.get(bad.status, 100), None)
        if bad.more.get("rupload"):
            told = {"retriable": bad.status >= 500, "type": bad.more["rupload"], "message": bad.message}
            return answered(bad.status, {"debug_info": told})
        error: Json = {"message": f"(#{code}) {bad.message}", "type": "OAuthException", "code": code}
        error |= {"is_transient": code == 2, "fbtrace_id": "AbC123"}
        if subcode is not None:
            error |= {"error_subcode": subcode, "error_user_title": "It was refused", "error_user_msg": bad.message}
        return answered(bad.status, {"error": error})

    def fault(self, kind: str, asked: Asked) -> Bad:
        status, code, subcode, words = SAYS[kind]
        return Bad(status, words, (code, subcode))

    def page(self, account: str) -> Page:
        return next(page for page in self.pages if account in (page.id, page.instagram))

    def token_of(self, account: str) -> str:
        """The token of the page that an account is, or belongs to."""
        name = f"page-{self.number()}"
        self.tokens[name] = Token(account=self.page(account).id, until=math.inf, scopes=self.scopes)
        return name

    # signing in

    def _token(self, asked: Asked) -> Reply:
        form = asked.form
        if form.get("client_id") != self.client or form.get("client_secret") != self.secret:
            raise Bad(400, "Error validating client secret.", (1, None))
        if form.get("grant_type") == "fb_exchange_token":
            known(form, "grant_type", "client_id", "client_secret", "fb_exchange_token")
            old = self.tokens.get(form.get("fb_exchange_token", ""))
            if old is None or old.until <= self.now():
                raise self.fault("expired", asked)
            return self._new(old, LONG_S)
        known(form, "client_id", "client_secret", "redirect_uri", "code", "code_verifier")
        try:
            return self._new(self.exchanged(form, pkce=True), 3600.0)
        except Bad as bad:
            raise Bad(400, str(bad), (100, 36009)) from bad

    def _new(self, token: Token, lasts_s: float) -> Reply:
        name = f"user-{self.number()}"
        scopes = tuple(scope for scope in token.scopes if scope not in self.declined)
        self.tokens[name] = Token(account=token.account, until=self.now() + lasts_s, scopes=scopes)
        return answered(200, {"access_token": name, "token_type": "bearer", "expires_in": int(lasts_s)})

    def _permissions(self, asked: Asked) -> Reply:
        self.bearer(asked)
        known(asked.query, "permission", "status")
        token = self.tokens[asked.header("authorization").removeprefix("Bearer ")]
        rows = [{"permission": one, "status": "granted"} for one in token.scopes]
        return answered(200, {"data": rows + [{"permission": one, "status": "declined"} for one in self.declined]})

    def _revoke(self, asked: Asked) -> Reply:
        known(asked.query, "permission")
        self.revoke(self.bearer(asked))
        return answered(200, {"success": True})

    def _pages_of(self, account: str) -> list[str]:
        return [page.id for page in self.pages] if account == "ann" else []

    def _accounts(self, asked: Asked) -> Reply:
        if self.bearer(asked, "pages_show_list") != "ann":
            raise Bad(400, "Tried accessing nonexisting field (accounts) on node type (Page)", (100, None))
        known(asked.query, "fields", "limit", "after", "before")
        own = "instagram_business_account"
        fields = re.sub(rf"{own}\{{[\w,]+\}}", own, asked.query["fields"]).split(",")
        self._fields(fields, {"id", "name", "username", "access_token", "tasks", own})
        start = int(asked.query.get("after", "0"))
        found = self.pages[start : start + min(self.per_list, int(asked.query.get("limit", "25")))]
        end = start + len(found)
        told: Json = {"data": [self._page(page, fields) for page in found]}
        told["paging"] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(self.pages):
            token = asked.header("authorization").removeprefix("Bearer ")
            told["paging"]["next"] = f"{self.address}{asked.request.path}&after={end}&access_token={token}"
        return answered(200, told)

    def _page(self, page: Page, fields: list[str]) -> Json:
        told: Json = {"id": page.id, "name": page.name, "username": page.username, "tasks": list(page.tasks)}
        if page.instagram:
            told["instagram_business_account"] = {"id": page.instagram, "username": page.handle, "name": page.name}
        told["access_token"] = self.token_of(page.id)
        return {name: told[name] for name in fields if name in told}

    # posting

    def _quota(self, asked: Asked) -> Reply:
        account = self._mine(asked, "instagram_content_publish")
        known(asked.query, "fields", "since")
        self._fields(asked.query["fields"].split(","), {"config", "quota_usage"})
        config = {"quota_total": self.quota, "quota_duration": 86_400}
        return answered(200, {"data": [{"config": config, "quota_usage": self._used(account)}]})

    def _container(self, asked: Asked) -> Reply:
        account = self._mine(asked, "instagram_content_publish", instagram=True)
        form = asked.form
        names = ("caption", "cover_url", "media_type", "share_to_feed", "thumb_offset", "upload_type", "video_url")
        known(
            form, *names, "audio_name", "collaborators", "location_id", "user_tags", "trial_params", "is_ai_generated"
        )
        if form.get("media_type") != "REELS" or form.get("upload_type") != "resumable":
            raise Bad(400, "Only photo or video can be accepted as media type.", (100, 2207023))
        if len(form.get("caption", "")) > CAPTION:
            raise Bad(400, "The caption was too long.", (36004, 2207010))
        for name in ("share_to_feed", "is_ai_generated"):
            if form.get(name, "true") not in ("true", "false"):
                raise Bad(400, f"Param {name} must be a boolean", (100, None))
        held = self._hold(account, dict(form))
        return answered(200, {"id": held.id, "uri": f"{self.address}/ig-api-upload/{VERSION}/{held.id}"})

    def _reels(self, asked: Asked) -> Reply:
        account = self._mine(asked, "pages_manage_posts", instagram=False)
        form = asked.form
        if form.get("upload_phase") == "START":
            known(form, "upload_phase")
            held = self._hold(account, {})
            return answered(
                200, {"video_id": held.id, "upload_url": f"{self.address}/video-upload/{VERSION}/{held.id}"}
            )
        known(
            form, "upload_phase", "video_id", "video_state", "description", "title", "scheduled_publish_time", "place"
        )
        if form.get("upload_phase") != "FINISH" or form.get("video_state") != "PUBLISHED":
            raise Bad(400, "Invalid parameter", (100, None))
        video = self._of(asked, form.get("video_id", ""), account)
        if video.state == "published" and self.again:
            return answered(200, {"success": True})
        if video.state != "sent":
            raise Bad(400, "The video was not uploaded, or is finished.", (6000, 1363130))
        if self._used(account) >= self.reels:
            raise Bad(403, f"Reels can be published {self.reels} times in 24 hours.", (613, None))
        return self._out(asked, video, {"success": True}, form)

    def _publish(self, asked: Asked) -> Reply:
        account = self._mine(asked, "instagram_content_publish", instagram=True)
        known(asked.form, "creation_id")
        held = self._of(asked, asked.form.get("creation_id", ""), account)
        if held.until <= self.now():
            raise self.fault("gone", asked)
        if held.state != "sent" or held.polls > 0:
            raise self.fault("not ready", asked)
        if self._used(account) >= self.quota:
            raise self.fault("quota", asked)
        return self._out(asked, held, {}, held.made)

    def _out(self, asked: Asked, held: Held, told: Json, made: Json) -> Reply:
        """It is out; a fault of "after" is told all the same."""
        post = self.posted(held.account, held.id, made)
        if held.account == self.page(held.account).id:  # a reel of a page is its video
            post = self.posts[held.id] = replace(self.posts.pop(post.id), id=held.id)
        held.state, held.polls = "published", self.making
        if self.after:
            raise self.fault(self.after.pop(0), asked)
        return answered(200, told or {"id": post.id})

    def _bytes(self, asked: Asked) -> Reply:
        held = self.held.get(asked.found["id"])
        if self._account(asked, "OAuth ") not in ("ann", held and self.page(held.account).id) or held is None:
            raise Bad(401, "unauthorized user request", rupload="ProcessingFailedError")
        start, size = asked.header("offset"), asked.header("file_size")
        if not start.isdecimal() or not size.isdecimal():
            raise Bad(400, "Header Offset not convertable to unsigned long", rupload="ParameterValidationError")
        body, expected = asked.request.body, int(size) - int(start)
        if held.state != "open" or held.size not in (None, int(size)) or held.got != int(start):
            raise Bad(400, f"the next byte is {held.got}", rupload="OffsetInvalidError")
        if int(asked.header("content-length") or -1) != expected:
            raise Bad(400, "the rest of the file is wanted", rupload="PartialRequestError")
        if self.cut:
            body = body[: self.cut.pop(0)]
        held.size = int(size)
        held.got += len(body)
        held.digest.update(body)
        self.taken += len(body)
        if len(body) < expected:
            return Reply(status=0)
        held.state = "sent"
        if self.faults["processing"]:
            self.faults["processing"].pop(0)
            held.state, held.wrong = "failed", "Error: Media upload has failed with error code 2207026"
        return answered(200, {"success": True, "message": "Upload successful."})

    def _thumbnail(self, asked: Asked) -> Reply:
        account = self.held[asked.found["id"]].account
        self._mine(asked, "pages_manage_posts", account=account)
        fields = dict(asked.parts)
        known(fields, "source", "is_preferred")
        if not fields.get("source"):
            raise Bad(400, "source is needed", (100, None))
        self.covers[asked.found["id"]] = fields["source"]
        return answered(200, {"success": True})

    # reading

    def _node(self, asked: Asked) -> Reply:
        node = asked.found["id"]
        known(asked.query, "fields")
        fields = asked.query.get("fields", "id").split(",")
        if node not in self.held and (post := self.posts.get(node)):
            self._mine(asked, "instagram_basic", account=post.account)
            self._fields(fields, _MEDIA)
            media = {
                "id": node,
                "permalink": f"https://www.instagram.com/reel/R{node}/",
                "caption": post.made["caption"],
            }
            return answered(200, {name: media[name] for name in fields if name in media} | {"id": node})
        held = self.held.get(node)
        if held is None:
            raise self.fault("denied", asked)
        self._mine(asked, account=held.account)
        instagram = held.account != self.page(held.account).id
        self._fields(fields, _CONTAINER if instagram else _VIDEO)
        told = self._container_told(held) if instagram else self._video_told(held)
        return answered(200, {name: told[name] for name in fields if name in told} | {"id": node})

    def _container_told(self, held: Held) -> Json:
        uploading = self._uploading(held)
        code = {"published": "PUBLISHED", "failed": "ERROR", "sent": "FINISHED"}.get(held.state, "IN_PROGRESS")
        if code == "FINISHED" and held.polls > 0:
            held.polls -= 1
            code = "IN_PROGRESS"
        if held.until <= self.now() and held.state != "published":
            code = "EXPIRED"
        status = held.wrong or f"{code.title()}: as it is"
        processing = {"status": "complete" if code == "FINISHED" else "not_started"}
        phases = {"uploading_phase": uploading, "processing_phase": processing}
        return {"status_code": code, "status": status, "video_status": phases}

    def _video_told(self, held: Held) -> Json:
        processing: Json = {"status": "not_started"}
        publishing: Json = {"status": "not_started"}
        video = "upload_complete" if held.state == "sent" else "processing"
        if held.state == "sent" and held.polls > 0:
            held.polls -= 1
            processing = {"status": "in_progress"}
        if held.state == "failed":
            processing, video = (
                {"status": "error", "errors": [{"code": 1363040, "message": "Too low a resolution."}]},
                "error",
            )
        if held.state == "published":
            done = held.polls <= 0
            held.polls -= 1
            processing = {"status": "complete" if done else "in_progress"}
            publishing = {"status": "complete" if done else "not_started", "publish_status": "published"}
            video = "ready" if done else "processing"
        if held.until <= self.now() and held.state != "published":
            video = "expired"
        phases = {
            "processing_phase": processing,
            "publishing_phase": publishing,
            "uploading_phase": self._uploading(held),
        }
        return {"status": {"video_status": video, **phases}, "permalink_url": f"/reel/{held.id}/"}

    def _uploading(self, held: Held) -> Json:
        if held.size is not None and held.got == held.size:
            return {"status": "complete"}
        return {"status": "in_progress" if held.got else "not_started", "bytes_transferred": held.got}

    def _insights(self, asked: Asked) -> Reply:
        post = self.posts.get(asked.found["id"])
        if post is None or post.id in self.held:
            raise self.fault("denied", asked)
        self._mine(asked, "instagram_manage_insights", account=post.account)
        known(asked.query, "metric", "period", "breakdown")
        names = asked.query.get("metric", "").split(",")
        if strange := set(names) - _INSIGHTS:
            raise Bad(400, f"metric[0] must be one of the following values; not {sorted(strange)}", (100, None))
        return answered(200, {"data": [_told(name, post.counts[name]) for name in names if name in post.counts]})

    def _video_insights(self, asked: Asked) -> Reply:
        held = self.held.get(asked.found["id"])
        if held is None or held.state != "published":
            raise self.fault("denied", asked)
        self._mine(asked, "read_insights", account=held.account)
        known(asked.query, "metric", "period", "since", "until")
        return answered(200, {"data": [_told(name, value) for name, value in self.posts[held.id].counts.items()]})

    # what they have in common

    def _hold(self, account: str, made: Json) -> Held:
        held = Held(id=self.number(), account=account, made=made, until=self.now() + LASTS_S, polls=self.slow)
        self.held[held.id] = held
        self.begun[account] += 1
        return held

    def _of(self, asked: Asked, name: str, account: str) -> Held:
        held = self.held.get(name)
        if held is None or held.account != account:
            raise self.fault("gone", asked)
        return held

    def _used(self, account: str) -> int:
        since = self.now() - 86_400
        return sum(post.account == account and post.at > since for post in self.posts.values())

    def _account(self, asked: Asked, scheme: str) -> str | None:
        header = asked.header("authorization")
        token = self.tokens.get(header.removeprefix(scheme)) if header.startswith(scheme) else None
        return None if token is None or token.until <= self.now() else token.account

    def _mine(self, asked: Asked, *scopes: str, account: str | None = None, instagram: bool | None = None) -> str:
        """The account of a request, which its token may speak for. Raises Bad."""
        speaker, wanted = self.bearer(asked, *scopes), account or asked.found["id"]
        page = next((page for page in self.pages if wanted in (page.id, page.instagram)), None)
        right = page is not None and instagram in (None, wanted == page.instagram)
        if page is None or not right or speaker not in ("ann", page.id):
            raise self.fault("denied", asked)
        if wanted == page.id and speaker != page.id:
            raise Bad(403, "A page access token is required to request this resource.", (200, None))
        return wanted

    def _fields(self, fields: list[str], names: set[str]) -> None:
        if strange := set(fields) - names:
            raise Bad(400, f"Tried accessing nonexisting field ({sorted(strange)[0]})", (100, None))


def _told(name: str, value: Any) -> Json:
    return {"name": name, "period": "lifetime", "values": [{"value": value}], "title": name, "id": f"1/insights/{name}"}
