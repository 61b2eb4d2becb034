"""Pinterest, API v5: a video is registered, sent to the storage it names, processed, and then pinned to a board.

POST /media ─> POST to upload_url, the whole file in one request ─> looked at until it is processed ─> POST /pins

A channel is a board: a pin cannot be without one. Pinterest knows no key by which a pin would be made once, and shows
of a pin neither the media id nor anything else of ours that people do not see, but its `dominant_color`: the tone that
is there while its picture loads. So each publication has a dark tone of its own, and a pin is ours where tone, title
and description are. Where Pinterest does not give the tone back, a person has to look. (OpenAPI 5.23.0)
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from common.adapters.platforms import pinterest_counts, signing
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import PART, SEND_S, Reply, Web, after
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

API: Final = "https://api.pinterest.com"
PAGE: Final = "https://www.pinterest.com"
VERSION: Final = "v5"  # read in November 2026
SCOPES: Final = ("boards:read", "boards:write", "pins:read", "pins:write", "user_accounts:read")
CHECK_S: Final = 5.0  # until it is looked at again
LOOKS: Final = 60  # at a file that was sent, and that Pinterest says it does not have
PAGES: Final = 20  # of 250, of boards and of a board's pins
LARGEST_COVER: Final = PART
PICTURES: Final = ("image/jpeg", "image/png")


class Pinterest:
    """Implements Platform."""

    network: Network = "pinterest"
    kinds: Sequence[str] = ("pinterest",)
    shows_later = False

    def __init__(self, site: Site) -> None:
        self._own, self._page = site.at(API), site.at(PAGE)
        self._api = f"{self._own}/{site.version or VERSION}"
        self._web = Web(name="Pinterest", judge=_refused, hosts=("amazonaws.com",))
        self._storage = Web(name="Pinterest's storage", judge=_storage_refused)
        self._sign_in = Web(name="Pinterest", judge=_sign_in_refused)

    def price_micros(self, post: Post) -> int:
        return 0

    def advance(self, job: Job) -> Ready | Wait:
        if job.post.visibility != "public":
            why = "pins go to public boards; choose public, or another channel"
            raise PlatformSaid(f"Pinterest: {why}", code="visibility")
        kept = job.kept if job.kept.get("media") else self._begun(job)
        state = self._state(job, str(kept["media"])) if kept.get("sending") else "registered"
        if state == "registered" and not kept.get("whole"):
            if job.spent():
                return Wait(after_s=0)
            self._sent(job, kept)
            kept = {**kept, "looks": 0}
            state = self._state(job, str(kept["media"]))
        return self._looked(job, state, int(kept.get("looks", 0)))

    def commit(self, job: Job) -> Posted:
        """Whoever reads the cover may fail, which is before anything is sent."""
        post = job.post
        told: Json = {"board_id": job.account, "title": post.title, "description": post.body, "link": post.link}
        body = {name: value for name, value in told.items() if value}
        body["dominant_color"] = tone(job.id)
        body["media_source"] = {"source_type": "video_id", "media_id": str(job.kept["media"]), **_cover(job)}
        reply = self._web.ask("POST", f"{self._api}/pins", token=job.token, body=body)
        return _posted(reply.json)

    def find(self, job: Job) -> Found:
        """Absent where it is not there: Pinterest may still be about to show it."""
        for pin in self._all(f"{self._api}/boards/{job.account}/pins", job.token):
            if _is_of(pin, job):
                return _posted(pin)
        return Absent()

    def finish(self, job: Job, posted: str | None) -> Finished:
        left = []
        if job.cover is not None and not _takes(job):
            why = f"Pinterest takes a JPEG or PNG, and this one of up to {LARGEST_COVER >> 20} MiB; it shows a frame"
            left.append(("cover", why))
        if job.captions is not None:
            left.append(("captions", "Pinterest makes captions by itself and takes none; they can be burnt in"))
        if job.post.ai_made:
            left.append(("AI-made", "Pinterest's API has no field to say so; say it in the description"))
        if job.post.paid_partnership:
            left.append(("paid partnership", "Pinterest's API takes it from few; set it in the pin's own settings"))
        return Finished(left_out=tuple(left))

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        return pinterest_counts.measured(self._web, self._api, token, posted, since, now)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        """Pinterest has no PKCE: the code is worth something only with the application's secret."""
        return signing.address(
            f"{self._page}/oauth/",
            client_id=app.id,
            redirect_uri=redirect,
            response_type="code",
            scope=",".join(SCOPES),
            state=state,
        )

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        # Else an application from before September 2025 gets a refresh token that ends after a year.
        return signing.tokens(self._oauth("token", app, {**form, "continuous_refresh": "true"}).json)

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh or ""}
        return signing.tokens(self._oauth("token", app, form).json, tokens)

    def revoke(self, app: App, tokens: Tokens) -> None:
        """Pinterest takes back only tokens of system users, and says so (403) of a person's, which ends by itself."""
        for token in (tokens.refresh, tokens.access):
            if token is not None:
                self._oauth("token/revoke", app, {"token": token}, good=(403,))

    def accounts(self, token: str) -> Sequence[Account]:
        me = self._web.ask("GET", f"{self._api}/user_account", token=token).json
        handle = str(me.get("username") or me.get("id") or "")
        boards = self._all(f"{self._api}/boards", token, privacy="PUBLIC")
        found = [
            Account(id=str(one["id"]), name=f"{handle}: {one['name']}", handle=handle, visibilities=("public",))
            for one in boards
            if str(one.get("id", "")).isdecimal() and one.get("name")
        ]
        if not found:
            text = "there is no public board to pin to; make one at Pinterest, then connect again"
            raise PlatformSaid(text, code="no_board", raw=me)
        return found

    def linked(self, token: str, account: str) -> None:
        """Nothing is to be set up."""

    def _oauth(self, what: str, app: App, form: Json, good: Sequence[int] = ()) -> Reply:
        address = f"{self._api}/oauth/{what}"
        return self._sign_in.ask("POST", address, headers=signing.basic(app), form=form, good=good)

    def _all(self, address: str, token: str, **query: str) -> list[Json]:
        """The things on its pages, in its order."""
        found: list[Json] = []
        asked: Json = {"page_size": 250, **query}
        for _ in range(PAGES):
            told = self._web.ask("GET", address, token=token, query=asked).json
            found += [one for one in told.get("items") or () if isinstance(one, dict)]
            if not told.get("bookmark"):
                break
            asked["bookmark"] = told["bookmark"]
        return found

    def _begun(self, job: Job) -> Json:
        told = self._web.ask("POST", f"{self._api}/media", token=job.token, body={"media_type": "video"}).json
        media, parameters = str(told.get("media_id", "")), told.get("upload_parameters")
        if not media.isdecimal() or not isinstance(parameters, dict):
            raise Unreachable("Pinterest begins an upload without saying where it goes; it is tried again")
        address = self._web.theirs(told.get("upload_url"), self._own)
        fields = {str(name): str(value) for name, value in parameters.items()}
        kept: Json = {"media": media, "address": address, "parameters": fields}
        job.keep("container", **kept)
        return kept

    def _sent(self, job: Job, kept: Any) -> None:
        job.keep("container", sending=True)
        with _File(job) as file:
            self._storage.ask(
                "POST",
                str(kept["address"]),
                form=kept["parameters"],
                files={"file": ("clip.mp4", file, job.video.kind)},
                timeout_s=SEND_S,
            )
        job.keep("uploaded", whole=True, parameters=None, address=None)

    def _state(self, job: Job, media: str) -> str:
        told = self._web.ask("GET", f"{self._api}/media/{media}", token=job.token, good=(404,))
        if told.status == 404:
            raise _gone(_words(told) or "the video is no more", told.raw)
        return str(told.json.get("status", "registered"))

    def _looked(self, job: Job, state: str, looks: int) -> Ready | Wait:
        if state == "succeeded":
            return Ready()
        if state == "failed":
            text = "Pinterest could not process the video and does not say why; render it anew within its limits"
            raise PlatformSaid(text, code="processing", action="re-render", raw={"status": state})
        if state == "registered":
            if looks >= LOOKS:
                raise _gone("it does not find the video that it was sent", {"status": state})
            job.keep("uploaded", looks=looks + 1)
        return Wait(after_s=CHECK_S)


class _File(io.RawIOBase):
    """The video as it is sent: a part of it in memory, and each written down, which says that somebody is at it."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job, self._at = job, 0
        self._part, self._start = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._job.video.size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        if self._at >= self._job.video.size:
            return b""
        if not self._start <= self._at < self._start + len(self._part):
            if self._at:
                self._job.keep("container", sent=self._at)
            self._part = b""  # not two of them at once
            self._part, self._start = self._job.read(self._job.video.object, self._at, PART), self._at
        first = self._at - self._start
        told = self._part[first : len(self._part) if size < 0 else first + size]
        self._at += len(told)
        return told


def tone(publication: str) -> str:
    """A dark colour by which the pin of a publication is known: one of 2,097,152."""
    return "#" + "".join(f"{one >> 1:02X}" for one in hashlib.sha256(publication.encode()).digest()[:3])


def _takes(job: Job) -> bool:
    return job.cover is not None and job.cover.kind in PICTURES and job.cover.size <= LARGEST_COVER


def _cover(job: Job) -> Json:
    """The picture that stands for the video: ours, or a frame of it."""
    if job.cover is None or not _takes(job):
        return {"cover_image_key_frame_time": 1 if (job.video.duration or 0) >= 2 else 0}
    picture = job.read(job.cover.object, 0, job.cover.size)
    return {"cover_image_content_type": job.cover.kind, "cover_image_data": base64.b64encode(picture).decode()}


def _is_of(pin: Json, job: Job) -> bool:
    """Whether it is this publication's: its tone and its texts, but for blanks."""
    if str(pin.get("dominant_color", "")).upper() != tone(job.id):
        return False
    told = [" ".join(str(pin.get(name) or "").split()) for name in ("title", "description")]
    return told == [" ".join(one.split()) for one in (job.post.title, job.post.body)]


def _posted(pin: Json) -> Posted:
    name = str(pin.get("id", ""))
    if not name.isdecimal():
        raise Unreachable("Pinterest does not say what the pin is called; it is looked for")
    return Posted(id=name, url=f"https://www.pinterest.com/pin/{name}/", raw=pin)


def _words(reply: Reply) -> str:
    """Pinterest's own words of an error."""
    return str(reply.raw.get("message") or "")[:300].rstrip(".")


def _gone(words: str, raw: Json) -> PlatformSaid:
    text = f"Pinterest says: {words}; the video is sent again"
    return PlatformSaid(text, code="media_gone", action="retry", anew=True, raw=raw)


def _refused(reply: Reply) -> PlatformSaid:
    words, raw = _words(reply) or f"it answers {reply.status}", reply.raw
    if reply.status == 401:
        text = f"Pinterest says: {words}; connect the channel again"
        return PlatformSaid(text, code="token", action="reconnect", raw=raw)
    if reply.status == 429:
        text = f"Pinterest says: {words}; it goes on by itself"
        return PlatformSaid(text, code="rate", action="wait", after_s=after(reply, 900.0), raw=raw)
    if reply.status == 404 and "media" in words.lower():
        return _gone(words, raw)
    text = f"Pinterest says: {words}; change the post or its board, then schedule it again"
    return PlatformSaid(text, code=str(raw.get("code", reply.status)), raw=raw)


def _sign_in_refused(reply: Reply) -> PlatformSaid:
    if reply.status == 429:
        return _refused(reply)
    text = f"Pinterest says: {_words(reply) or reply.status}; connect the channel again"
    return PlatformSaid(text, code="token", action="reconnect", raw=reply.raw)


def _storage_refused(reply: Reply) -> PlatformSaid:
    """It speaks XML. What it was told to take ends after a while, and is then got anew."""
    told = reply.body[:4000].decode(errors="replace")
    found = {name: re.search(rf"<{name}>([^<]*)</{name}>", told) for name in ("Code", "Message")}
    code, words = (one[1] if one else "" for one in found.values())
    if code == "EntityTooLarge":
        text = "Pinterest says that the file is too large; render it smaller"
        return PlatformSaid(text, code=code, action="re-render", raw=reply.raw)
    return _gone(words or f"its storage answers {reply.status}", reply.raw)
