"""TikTok by its Content Posting API, as a file that is sent in chunks (facts of November 2026).

Neither an init nor any chunk but the last posts anything, so the last chunk is the commit. What became of it is read by
the publish_id that the init gave: an upload whose bytes are not all there has not been posted, and takes them again;
one whose bytes are is TikTok's, and is out or refused by it. Its public id comes after moderation, through `finish`.

Until TikTok has audited an app, all that it posts is seen by its account alone (SELF_ONLY), and TikTok refuses what is
to be public. Its web sign-in knows no PKCE and its desktop one takes the challenge in hexadecimal, so it is given so.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from common.adapters.platforms import answer, signing
from common.adapters.platforms.going import going
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import PART, SEND_S, Json, Reply, Web, after
from common.domain.publication import Account, Metrics, Network, Post, Visibility
from common.errors import Action, PlatformSaid, Unreachable
from common.ports.platforms import Absent, App, Finished, Found, Job, Measured, Open, Posted, Ready, Tokens, Wait

NAME: Final = "TikTok"
API: Final = "https://open.tiktokapis.com"
SIGN_IN: Final = "https://www.tiktok.com"
VERSION: Final = "v2"  # as of 2026-11
SCOPES: Final = ("user.info.basic", "video.publish", "video.list")
KINDS: Final = ("video/mp4", "video/quicktime", "video/webm")
LARGEST: Final = 4_000_000_000  # bytes that it takes in all
WHOLE: Final = 10 << 20  # bytes below which a file is one chunk: two would be smaller than the 5 MB it wants
ADDRESS_S: Final = 50 * 60  # after which an upload's address, which lasts an hour, is not used any more
WORKED_S: Final = 30.0  # after which it is asked again whether a file is processed
MODERATED_S: Final = 1200.0  # and whether it is moderated: a minute as a rule, and hours at times
COMMIT_S: Final = 35.0  # for the last chunk to be taken
LEVELS: Final[dict[Visibility, str]] = {"public": "PUBLIC_TO_EVERYONE", "private": "SELF_ONLY"}
COUNTS: Final = "id,share_url,view_count,like_count,comment_count,share_count"
AUDIT: Final = "until TikTok has audited your app it posts for the account's own eyes only; post it as private"

WAITS: Final = {  # seconds, where TikTok names none
    "rate_limit_exceeded": 60.0,
    "spam_risk_too_many_posts": 3600.0,
    "spam_risk_too_many_pending_share": 3600.0,
}
SIGNED_OUT: Final = {
    "access_token_invalid",
    "access_token_expired",
    "scope_not_authorized",
    "scope_permission_missed",
    "auth_removed",
    "invalid_grant",
}
WORTHLESS: Final = ("access_token_invalid", "access_token_expired", "invalid_request", "invalid_grant")
ADVICE: Final = {
    "unaudited_client_can_only_post_to_private_accounts": AUDIT,
    "privacy_level_option_mismatch": "choose who may see it from what the account offers",
    "spam_risk_user_banned_from_posting": "open TikTok and see what the account is accused of",
    "reached_active_user_cap": "an app that is not audited may serve few accounts a day; post it tomorrow",
}


class TikTok:
    """Implements Platform."""

    network: Network = "tiktok"
    kinds: Sequence[str] = ("tiktok",)
    shows_later = False

    def __init__(self, site: Site) -> None:
        self._api = f"{site.at(API)}/{site.version or VERSION}"
        self._own = site.at("https://upload.tiktokapis.com")
        self._sign_in = f"{site.at(SIGN_IN)}/{site.version or VERSION}/auth/authorize/"
        self._web = Web(name=NAME, judge=_refused)
        self._upload = Web(name=NAME, judge=_turned_away, hosts=("tiktokapis.com",))

    def price_micros(self, post: Post) -> int:
        return 0

    def advance(self, job: Job) -> Ready | Wait:
        job = going(job)
        chunk, count = plan(job.video.size)
        last = (count - 1) * chunk
        if "publish_id" not in job.kept or time.time() - float(job.kept["begun"]) > ADDRESS_S:
            self._begin(job, chunk, count)
            sent = 0
        else:
            sent = int(job.kept["sent"])
            if sent < last:
                sent = min(last, self._had(job, sent) // chunk * chunk)
        while sent < last:
            if job.spent():
                return Wait(after_s=0)
            self._put(job, sent, sent + chunk, SEND_S)
            sent += chunk
            job.keep("container", sent=sent)
        if not job.kept.get("uploaded"):
            job.keep("uploaded", uploaded=True, sent=last)
        return Ready()

    def commit(self, job: Job) -> Posted:
        chunk, count = plan(job.video.size)
        try:
            reply = self._put(job, (count - 1) * chunk, job.video.size, COMMIT_S)
        except PlatformSaid as error:
            if self._lacks(job):
                raise
            raise Unreachable("TikTok refuses bytes that it may have had before; it is looked at again") from error
        if reply.status == 206:
            raise Unreachable("TikTok has not all bytes yet; it is looked at again")
        return Posted(id=None, raw={"publish_id": job.kept["publish_id"], "status": reply.status})

    def find(self, job: Job) -> Found:
        told = self._status(job)
        state = answer.text(told, "status")
        if state == "FAILED":
            raise _failed(told, begun=False)
        had = answer.whole(told, "uploaded_bytes")
        if state == "PROCESSING_UPLOAD":
            if had is None:
                return Absent()
            return Open() if had < job.video.size else Posted(id=None, raw=told)
        if state in ("PROCESSING_DOWNLOAD", "SEND_TO_USER_INBOX", "PUBLISH_COMPLETE"):
            return Posted(id=_public(told), raw=told)
        return Absent()

    def finish(self, job: Job, posted: str | None) -> Finished:
        told = self._status(job)
        if answer.text(told, "status") == "FAILED":
            return Finished(undone=_failed(told, begun=False), raw=told)
        left = [("cover", "TikTok shows a moment of the video, and takes no picture")] if job.cover else []
        left += [("captions", "TikTok takes no file of captions; it makes its own")] if job.captions else []
        left += [("link", "TikTok takes no link with a video")] if job.post.link else []
        posted = posted or _public(told)
        done = answer.text(told, "status") == "PUBLISH_COMPLETE"
        if posted is None and done and job.post.visibility == "private":
            left.append(("address", "only the account itself can see it, so TikTok tells no address"))
            return Finished(left_out=tuple(left), raw=told)
        if posted is None:
            why, after_s = ("TikTok moderates it", MODERATED_S) if done else ("TikTok still works on it", WORKED_S)
            text = f"{why}; its address comes later"
            raise PlatformSaid(text, code="processing", action="wait", after_s=after_s, raw=told)
        try:
            url = answer.text(self._counted(job.token, posted), "share_url")
        except PlatformSaid as error:
            url = None
            left.append(("address", str(error)))
        return Finished(id=posted, url=url, left_out=tuple(left), raw=told)

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        told = self._counted(token, posted)
        metrics = Metrics(
            views=answer.whole(told, "view_count"),
            likes=answer.whole(told, "like_count"),
            comments=answer.whole(told, "comment_count"),
            shares=answer.whole(told, "share_count"),
        )
        return Measured(metrics=metrics, view="TikTok's view_count, from the first frame", raw=told)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        padded = challenge + "=" * (-len(challenge) % 4)
        return signing.address(
            self._sign_in,
            client_key=app.id,
            response_type="code",
            scope=",".join(SCOPES),
            redirect_uri=redirect,
            state=state,
            code_challenge=base64.urlsafe_b64decode(padded).hex(),
            code_challenge_method="S256",
        )

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        how = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        return self._tokens(app, how)

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        return self._tokens(app, {"grant_type": "refresh_token", "refresh_token": tokens.refresh or ""}, tokens)

    def revoke(self, app: App, tokens: Tokens) -> None:
        form = {"client_key": app.id, "client_secret": app.secret, "token": tokens.access}
        try:
            _good(self._web.ask("POST", f"{self._api}/oauth/revoke/", form=form), empty=True)
        except PlatformSaid as error:
            if error.code not in WORTHLESS:  # it was taken back before
                raise

    def accounts(self, token: str) -> Sequence[Account]:
        fields = {"fields": "open_id,display_name"}
        reply = self._web.ask("GET", f"{self._api}/user/info/", token=token, query=fields)
        user = answer.at(_good(reply), "user")
        try:
            allowed = self._call("/post/publish/creator_info/query/", token, {})
        except PlatformSaid as error:
            if error.action != "wait":
                raise
            allowed = {}  # it may not post now, and its limits are told when it may
        longest = answer.whole(allowed, "max_video_post_duration_sec")
        options = answer.at(allowed, "privacy_level_options")
        return [
            Account(
                id=answer.needed(NAME, user, "open_id"),
                name=answer.text(allowed, "creator_nickname") or answer.text(user, "display_name") or "TikTok",
                handle=answer.text(allowed, "creator_username"),
                longest_s=None if longest is None else float(longest),
                visibilities=tuple(one for one in LEVELS if LEVELS[one] in options) if options else None,
            )
        ]

    def linked(self, token: str, account: str) -> None:
        """Nothing is to be set up."""

    def _begin(self, job: Job, chunk: int, count: int) -> None:
        """Ask what the account may, and for an upload. That it was asked for twice harms nothing."""
        allowed = self._call("/post/publish/creator_info/query/", job.token, {})
        told = self._call(
            "/post/publish/video/init/",
            job.token,
            {
                "post_info": _post_info(job, allowed),
                "source_info": {
                    "source": "FILE_UPLOAD",
                    "video_size": job.video.size,
                    "chunk_size": chunk,
                    "total_chunk_count": count,
                },
            },
        )
        publish_id, address = (answer.needed(NAME, told, name) for name in ("publish_id", "upload_url"))
        self._upload.theirs(address, self._own)
        job.keep("container", publish_id=publish_id, upload_url=address, begun=time.time(), sent=0, uploaded=False)

    def _had(self, job: Job, sent: int) -> int:
        """Bytes that TikTok has of it. Raises PlatformSaid where it has given it up."""
        told = self._status(job)
        state = answer.text(told, "status")
        if state == "FAILED":
            raise _failed(told, begun=True)
        if state not in (None, "PROCESSING_UPLOAD"):
            raise PlatformSaid(f"TikTok says {state} of what was not sent whole; look at the account", raw=told)
        had = answer.whole(told, "uploaded_bytes")
        return sent if had is None else had

    def _put(self, job: Job, start: int, end: int, timeout_s: float) -> Reply:
        content = b"".join(job.read(job.video.object, at, min(PART, end - at)) for at in range(start, end, PART))
        return self._upload.ask(
            "PUT",
            self._upload.theirs(job.kept["upload_url"], self._own),
            content=content,
            headers={"Content-Type": job.video.kind, "Content-Range": f"bytes {start}-{end - 1}/{job.video.size}"},
            timeout_s=timeout_s,
        )

    def _lacks(self, job: Job) -> bool:
        """Whether bytes are missing for certain, so that it cannot have been posted."""
        try:
            told = self._status(job)
        except PlatformSaid as error:
            raise Unreachable(f"TikTok does not say what it has ({error}); it is looked at again") from error
        had = answer.whole(told, "uploaded_bytes")
        return answer.text(told, "status") == "PROCESSING_UPLOAD" and had is not None and had < job.video.size

    def _status(self, job: Job) -> Json:
        return self._call("/post/publish/status/fetch/", job.token, {"publish_id": job.kept["publish_id"]})

    def _counted(self, token: str, posted: str) -> Json:
        path, body = f"/video/query/?fields={COUNTS}", {"filters": {"video_ids": [posted]}}
        found = answer.items(self._call(path, token, body), "videos")
        return next((one for one in found if str(one.get("id")) == posted), {})

    def _call(self, path: str, token: str, body: Json) -> Json:
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return _good(self._web.ask("POST", f"{self._api}{path}", token=token, body=body, headers=headers))

    def _tokens(self, app: App, how: dict[str, str], before: Tokens | None = None) -> Tokens:
        form = {"client_key": app.id, "client_secret": app.secret, **how}
        told = _good(self._web.ask("POST", f"{self._api}/oauth/token/", form=form), flat=True)
        again = answer.whole(told, "refresh_expires_in")
        return replace(signing.tokens(told, before), refresh_lasts_s=None if again is None else float(again))


def plan(size: int) -> tuple[int, int]:
    """Bytes of a chunk, and how many there are; the last takes what is left over, at most 8 MiB with it.

    TikTok wants chunks of 5 to 64 MB, as many as the size has whole ones of them.
    """
    if size < WHOLE:
        return size, 1
    count = -(-size // (PART - 1024))
    return size // count, count


def _post_info(job: Job, allowed: Json) -> Json:
    """Raises PlatformSaid with the limit that the file or the post breaks."""
    post, video = job.post, job.video
    longest = answer.whole(allowed, "max_video_post_duration_sec")
    if longest is not None and video.duration is not None and video.duration > longest:
        text = f"the account may post videos of at most {longest} s, and this one has {video.duration:.1f} s; cut it"
        raise PlatformSaid(text, code="duration_check_failed", action="re-render", raw=allowed)
    if video.kind not in KINDS or not 0 < video.size <= LARGEST:
        text = f"TikTok takes MP4, QuickTime and WebM of at most {LARGEST} bytes; this is {video.kind}, {video.size}"
        raise PlatformSaid(text, code="file_format_check_failed", action="re-render")
    level, options = LEVELS.get(post.visibility), answer.at(allowed, "privacy_level_options") or []
    if level is None or level not in options:
        text = f"TikTok lets this account post as {', '.join(map(str, options)) or 'nothing'}; not {post.visibility}"
        raise PlatformSaid(f"{text}; {AUDIT}", code="privacy_level_option_mismatch", raw=allowed)
    if post.paid_partnership and level == "SELF_ONLY":
        raise PlatformSaid("TikTok takes no paid partnership that is private; post it as public", code="branded")
    return {
        "title": post.body,
        "privacy_level": level,
        "disable_comment": allowed.get("comment_disabled") is True,
        "disable_duet": allowed.get("duet_disabled") is True,
        "disable_stitch": allowed.get("stitch_disabled") is True,
        "brand_content_toggle": post.paid_partnership,
        "brand_organic_toggle": False,
        "is_aigc": post.ai_made,
    }


def _public(told: Json) -> str | None:
    """The post's public id, which TikTok's field spells so."""
    found = answer.at(told, "publicaly_available_post_id", 0)
    return str(found) if isinstance(found, str | int) and found else None


def _good(reply: Reply, *, flat: bool = False, empty: bool = False) -> Json:
    """What an answer holds: TikTok says what it refuses in answers of 200, too."""
    if empty and not reply.body:
        return {}
    told = reply.json
    error = told.get("error")
    code = answer.text(error, "code") if isinstance(error, dict) else error
    if code not in (None, "", "ok"):
        raise _refused(reply)
    if flat or empty:
        return told
    data = told.get("data")
    if not isinstance(data, dict):
        raise Unreachable("TikTok answers without data; it is asked again")
    return data


def _refused(reply: Reply) -> PlatformSaid:
    raw = reply.raw
    flat = isinstance(raw.get("error"), str)
    code = (raw["error"] if flat else answer.text(raw, "error", "code")) or str(reply.status)
    words = (answer.text(raw, "error_description") if flat else answer.text(raw, "error", "message")) or code
    if reply.status == 429 and code not in WAITS:
        code = "rate_limit_exceeded"
    return _said(code, words, raw, after(reply, WAITS.get(code, 60.0)), signed_out=reply.status == 401)


def _failed(told: Json, *, begun: bool) -> PlatformSaid:
    """TikTok will never post it. `begun`: it was not committed yet, so that it can be begun anew."""
    reason = answer.text(told, "fail_reason") or "no reason given"
    error = _said(reason, f"TikTok could not post it: {reason}", told, 3600.0, anew=begun)
    if not begun and error.action not in ("re-render", "stop"):
        error.action = "stop"
    return error


def _said(
    code: str, words: str, raw: Json, after_s: float, *, signed_out: bool = False, anew: bool = False
) -> PlatformSaid:
    action: Action = "stop"
    if code in SIGNED_OUT or signed_out:
        action = "reconnect"
    elif code in WAITS:
        action = "wait"
    elif code.endswith("_check_failed"):
        action = "re-render"
    elif code in ("internal", "internal_error"):
        action = "retry"
    text = f"{words}; {ADVICE[code]}" if code in ADVICE else words
    return PlatformSaid(text, code=code, action=action, after_s=after_s, anew=anew, raw=raw)


def _turned_away(reply: Reply) -> Exception:
    """What the host that takes the bytes refuses."""
    if reply.status == 416:
        return Unreachable("TikTok has other bytes of it than was thought; it is looked at again")
    if reply.status == 429 or answer.text(reply.raw, "error", "code") in {*WAITS, *ADVICE, *SIGNED_OUT}:
        return _refused(reply)
    text = f"TikTok does not take the file at the address it gave ({reply.status}); it is begun anew"
    return PlatformSaid(text, code="upload_gone", action="retry", anew=True, raw=reply.raw)
