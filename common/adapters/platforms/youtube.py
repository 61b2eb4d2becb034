"""YouTube and Shorts: a video goes up by one resumable session, and its last bytes are what posts it.

begin a session ─> all but its last bytes ─> Ready ─> the last bytes ─> thumbnail, captions
   its address is kept      `advance`                     `commit`          `finish`

A session makes one video at most, however often its last bytes are sent: so what it says of itself settles a doubt. It
answers 308 and how far it is, or 200 and the video; it is gone (404, 410) after a week, and then nobody can know.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from common.adapters.platforms import youtube_insights as insights
from common.adapters.platforms import youtube_sign_in as sign_in
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import PART, SEND_S, TIMEOUT_S, Reply
from common.adapters.platforms.youtube_client import HOST, UNSCOPED, Client
from common.domain.codec import digest
from common.domain.publication import Account, File, Network, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.clock import stamp
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

STEP: Final = 256 << 10  # bytes: what is not the end of a file must be a multiple of it
LARGEST: Final = 274_877_906_944  # bytes, by the API's own document
LARGEST_COVER: Final = 2_000_000  # bytes, by the help pages: the document's 50 MiB are refused for most channels
LARGEST_CAPTIONS: Final = PART
LONGEST_TEXT: Final = 5000  # bytes of a description
COVERS: Final = ("image/jpeg", "image/png")
CATEGORY: Final = "22"  # people and blogs: what YouTube itself takes where nobody says
BREATH_S: Final = 2.0  # after a break in a file of which something had arrived
_GONE: Final = "upload_gone"

Json = dict[str, Any]


class YouTube:
    """Implements Platform. Kept of a post: `session`, `sent` bytes, `about` (which texts and time the session was begun
    with), `whole`, `doubted` (its end was sent once, and nobody knows), `video`.
    """

    network: Network = "youtube"
    kinds: Sequence[str] = ("youtube_short", "youtube_video")
    shows_later = True

    def __init__(self, site: Site) -> None:
        self._client = Client(site)
        self._shelf = insights.Shelf()

    def price_micros(self, post: Post) -> int:
        return 0

    def advance(self, job: Job) -> Ready | Wait:
        if job.kept.get("doubted") or job.kept.get("video"):
            return Ready()  # only `commit` and `find` go on with it
        about = _about(job)
        session = job.kept.get("session")
        if session is None or _another(job, about):
            session, at = self._begun(job, about), 0
        else:
            stands = self._stands(job, session)
            if isinstance(stands, Posted):  # the end was taken, late, after YouTube had said that it was not
                job.keep(video=stands.id, raw=stands.raw)
                return Ready()
            at = stands
        start = at
        try:
            while size := min(PART, (job.video.size - 1 - at) // STEP * STEP):
                if job.spent():
                    return Wait(after_s=0)
                at = self._sent(job, session, at, size)
        except Unreachable:
            if at == start:
                raise
            return Wait(after_s=BREATH_S)  # it is getting on: no failure that counts against it
        if not job.kept.get("whole") or start != at:
            job.keep("uploaded", sent=at, whole=True)
        return Ready()

    def commit(self, job: Job) -> Posted:
        if job.kept.get("video"):
            return Posted(id=job.kept["video"], url=_address(job.kind, job.kept["video"]), raw=job.kept.get("raw", {}))
        at = int(job.kept["sent"])
        try:
            stands = self._put(job, job.kept["session"], at, min(PART, job.video.size - at), TIMEOUT_S)
        except PlatformSaid as error:
            if error.code == _GONE and job.kept.get("doubted"):  # a session that has ended may have ended well
                raise Unreachable(f"{error}; whether it was posted before cannot be told") from error
            raise
        if isinstance(stands, Posted):
            return stands
        why = f"YouTube has {stands} of {job.video.size} bytes, and asks for the rest; it goes on by itself"
        raise PlatformSaid(why, code="upload_incomplete", action="retry")

    def find(self, job: Job) -> Found:
        if job.kept.get("session") is None:
            return Absent()
        try:
            stands = self._stands(job, job.kept["session"])
        except PlatformSaid as error:
            if error.code != _GONE and (error.retryable or error.action == "reconnect"):
                raise
            return Absent()  # that it says nothing of the session does not mean that nothing came of it
        if isinstance(stands, Posted):
            return stands
        job.keep(doubted=True, sent=stands)
        return Open()

    def finish(self, job: Job, posted: str | None) -> Finished:
        """Each by itself, and what is done is not done again. Raises what passes, once all have been tried."""
        if posted is None:
            return Finished()
        left: list[tuple[str, str]] = []
        passes: PlatformSaid | Unreachable | None = None
        for name, file, set_ in (
            ("thumbnail", job.cover, self._cover_set),
            ("captions", job.captions, self._captions_set),
        ):
            if file is None or job.kept.get(name):
                continue
            try:
                if (why := set_(job, posted, file)) is None:
                    job.keep(**{name: True})
                else:
                    left.append((name, why))
            except PlatformSaid as error:
                if error.retryable:
                    passes = error
                else:
                    left.append((name, str(error)))
            except Unreachable as error:
                passes = error
        if passes is not None:
            raise passes
        return Finished(url=_address(job.kind, posted), left_out=tuple(left))

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        return insights.measure(self._client, self._shelf, token, account, posted, since, now)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        return sign_in.authorize(self._client, app, redirect, state, challenge)

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        return sign_in.exchange(self._client, app, redirect, code, verifier)

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        return sign_in.refresh(self._client, app, tokens)

    def revoke(self, app: App, tokens: Tokens) -> None:
        sign_in.revoke(self._client, tokens)

    def accounts(self, token: str) -> Sequence[Account]:
        return sign_in.accounts(self._client, token)

    def linked(self, token: str, account: str) -> None:
        insights.linked(self._client, token)

    def _begun(self, job: Job, about: Json) -> str:
        """A session's address. Nothing can be seen of it, so that one whose address was lost does no harm."""
        media = importlib.import_module("googleapiclient.http").MediaUpload
        begun = digest(about)
        about = {**about, "status": {**about["status"], **_times(job)}}
        file = {"mimetype": job.video.kind, "size": job.video.size, "resumable": True, "chunksize": STEP}
        told = {name: lambda self, value=value: value for name, value in file.items()}
        body = type("Video", (media,), told)()
        made = self._client.data.videos().insert(part=",".join(about), body=about, media_body=body)
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Upload-Content-Type": job.video.kind,
            "X-Upload-Content-Length": str(job.video.size),
        }
        web = self._client.web
        reply = web.ask(made.method, made.uri, token=job.token, content=made.body.encode(), headers=headers)
        if "location" not in reply.headers:
            raise Unreachable("YouTube begins an upload without an address for it; it is tried again")
        session = web.theirs(reply.headers["location"], self._client.site.at(HOST))
        at = None if job.at is None else stamp(job.at)
        job.keep("container", session=session, sent=0, whole=False, about=begun, at=at)
        return session

    def _sent(self, job: Job, session: str, at: int, size: int) -> int:
        stands = self._put(job, session, at, size, SEND_S)
        if isinstance(stands, Posted) or stands <= at:
            raise Unreachable(f"YouTube takes no bytes from {at} on; it is tried again")
        job.keep(sent=stands)
        return stands

    def _stands(self, job: Job, session: str) -> int | Posted:
        return self._put(job, session, job.video.size, 0, TIMEOUT_S)

    def _put(self, job: Job, session: str, at: int, size: int, timeout_s: float) -> int | Posted:
        """Bytes that YouTube has after these; or what was posted with them."""
        part = job.read(job.video.object, at, size) if size else b""
        if len(part) != size:
            raise PlatformSaid("the clip's file is shorter than it was; render it again", action="re-render")
        headers = {
            "Content-Type": job.video.kind,
            "Content-Range": f"bytes {f'{at}-{at + size - 1}' if size else '*'}/{job.video.size}",
        }
        reply = self._client.web.ask(
            "PUT",
            session,
            token=job.token,
            content=part,
            headers=headers,
            timeout_s=timeout_s,
            good=(308, 404, 410),
        )
        return _taken(reply, job)

    def _cover_set(self, job: Job, posted: str, file: File) -> str | None:
        if file.kind not in COVERS:
            return f"it is {file.kind}, and YouTube takes a JPEG or a PNG; choose another picture"
        if file.size > LARGEST_COVER:
            return f"it has {file.size} bytes, and YouTube takes {LARGEST_COVER}; choose a smaller picture"
        media = _whole(job, file, file.kind)
        try:
            self._client.send(self._client.data.thumbnails().set(videoId=posted, media_body=media), job.token)
        except PlatformSaid as error:
            if error.code != "forbidden":
                raise
            return f"{error}: channels set pictures of their own once a telephone is proved at youtube.com/verify"
        return None

    def _captions_set(self, job: Job, posted: str, file: File) -> str | None:
        if file.size > LARGEST_CAPTIONS:
            return f"they have {file.size} bytes, and {LARGEST_CAPTIONS} are sent at most; shorten them"
        media = _whole(job, file, "application/octet-stream")  # as the document has it: text/xml, or that
        snippet = {"videoId": posted, "language": "und", "name": "", "isDraft": False}
        request = self._client.data.captions().insert(part="snippet", body={"snippet": snippet}, media_body=media)
        try:
            self._client.send(request, job.token)
        except PlatformSaid as error:
            if error.code == "captionExists":
                return None  # an attempt before this one, whose answer was lost
            if error.code not in UNSCOPED:
                raise
            return (
                "the channel was connected without the right to add captions; switch it on for youtube in the file "
                "of CUTROOM_PLATFORMS, and connect it again"
            )
        return None


def _about(job: Job) -> Json:
    """What is told of a video, but for when. Raises PlatformSaid for what YouTube would refuse."""
    post, video = job.post, job.video
    if not 0 < video.size <= LARGEST:
        raise _not(f"the file has {video.size} bytes, and YouTube takes 1 to {LARGEST}; render it again", "re-render")
    if not video.kind.startswith("video/"):
        raise _not(f"the file is {video.kind}, and YouTube takes videos; render it again", "re-render")
    if any(mark in f"{post.title}{post.body}" for mark in "<>"):
        raise _not("YouTube takes no < and no > in a title or a description; write it without them")
    if job.at is not None and post.visibility == "unlisted":
        raise _not("YouTube brings out by itself only what becomes public; post it at its time, or make it public")
    snippet: Json = {"title": post.title, "description": _described(post), "categoryId": CATEGORY}
    if post.tags:
        snippet["tags"] = list(post.tags)
    status: Json = {
        "privacyStatus": post.visibility,
        "selfDeclaredMadeForKids": post.made_for_kids,
        "containsSyntheticMedia": post.ai_made,
    }
    about = {"snippet": snippet, "status": status}
    return about | ({"paidProductPlacementDetails": {"hasPaidProductPlacement": True}} if post.paid_partnership else {})


def _described(post: Post) -> str:
    """With its link, which has no field of its own, where there is room for it."""
    if post.link is None or post.link in post.body:
        return post.body
    longer = f"{post.body}\n\n{post.link}".strip()
    return longer if len(longer.encode()) <= LONGEST_TEXT else post.body


def _times(job: Job) -> Json:
    if job.at is None or job.post.visibility == "private":
        return {}
    return {"privacyStatus": "private", "publishAt": stamp(job.at)}


def _another(job: Job, about: Json) -> bool:
    """Whether it was begun for other texts, or for another time: a session cannot be told anything new.

    That there is no time any more says only that the time is near.
    """
    at = job.kept.get("at")
    return job.kept.get("about") != digest(about) or (job.at is not None and stamp(job.at) != at)


def _taken(reply: Reply, job: Job) -> int | Posted:
    if reply.status in (404, 410):
        why = "YouTube has let go of the upload, which it keeps for a week; it begins anew"
        raise PlatformSaid(why, code=_GONE, action="retry", anew=True, raw=reply.raw)
    if reply.status != 308:
        told = reply.json
        if not isinstance(told.get("id"), str):
            raise Unreachable("YouTube took the file and names no video; it is looked at again")
        return Posted(id=told["id"], url=_address(job.kind, told["id"]), raw=told)
    if "range" not in reply.headers:
        return 0
    found = re.fullmatch(r"(?:bytes=)?0-(\d{1,15})", reply.headers["range"])
    if found is None or int(found[1]) >= job.video.size:
        raise Unreachable("YouTube does not say how much of the file it has; it is looked at again")
    return int(found[1]) + 1


def _whole(job: Job, file: File, kind: str) -> Any:
    content = job.read(file.object, 0, file.size)
    return importlib.import_module("googleapiclient.http").MediaInMemoryUpload(content, mimetype=kind)


def _address(kind: str, video: str) -> str:
    return f"https://www.youtube.com/shorts/{video}" if kind == "youtube_short" else f"https://youtu.be/{video}"


def _not(why: str, action: Any = "stop") -> PlatformSaid:
    return PlatformSaid(why, code="not_taken", action=action)
