"""TikTok's Content Posting API, as far as Cutroom speaks it: sign-in, what a creator may, uploads in chunks, states.

Fidelity: fields, types, scopes, chunk rules, order of bytes, codes of errors and the envelope are those of TikTok's
documents of 2026; so are its spelling `publicaly_available_post_id`, an address of an upload that lasts an hour, and a
refresh token that is used once. A post is one from its last byte on. Its file is not looked at: `verdict` says what
becomes of it. The rates (6 inits and 30 looks a minute for a token) are kept where a test wants it (`paced`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.standins.loopback import Reply, Request
from tests.standins.platforms.network import Asked, Bad, Json, Network, Post, Route, answered, known

LEVELS: Final = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY")
KINDS: Final = ("video/mp4", "video/quicktime", "video/webm")
SMALLEST: Final = 5 << 20  # bytes of a chunk, by the stricter reading of 5 MB
LARGEST: Final = 64_000_000
LAST: Final = 128_000_000
LONGEST: Final = 2200  # of a title, in UTF-16 code units
LASTS_S: Final = 3600.0  # of an upload's address
_POST_INFO: Final[dict[str, type]] = {
    "title": str,
    "privacy_level": str,
    "disable_comment": bool,
    "disable_duet": bool,
    "disable_stitch": bool,
    "video_cover_timestamp_ms": int,
    "brand_content_toggle": bool,
    "brand_organic_toggle": bool,
    "is_aigc": bool,
}
_VIDEO_FIELDS: Final = ("id", "share_url", "view_count", "like_count", "comment_count", "share_count", "title")


@dataclass(kw_only=True)
class Upload:
    """`state` is of what was sent: open until all its bytes are there, then posted or failed."""

    id: str
    account: str
    made: Json
    size: int
    chunk: int
    count: int
    until: float
    had: int = 0
    looks: int = 0
    reason: str | None = None
    post: Post | None = None
    hashed: Any = field(default_factory=hashlib.sha256)


@dataclass(kw_only=True)
class TikTok(Network):
    routes: tuple[Route, ...] = (  # type: ignore[misc]
        ("POST", "/v2/oauth/token/", "token", "_token"),
        ("POST", "/v2/oauth/revoke/", "revoke", "_revoke"),
        ("GET", "/v2/user/info/", "accounts", "_user"),
        ("POST", "/v2/post/publish/creator_info/query/", "allowed", "_creator"),
        ("POST", "/v2/post/publish/video/init/", "begin", "_init"),
        ("PUT", "/video/", "part", "_part"),
        ("POST", "/v2/post/publish/status/fetch/", "read", "_status"),
        ("POST", "/v2/video/query/", "measure", "_query"),
    )
    scopes: tuple[str, ...] = ("user.info.basic", "video.publish", "video.list")
    lasts_s: float = 86_400.0
    audited: bool = True
    longest_s: int = 600
    options: tuple[str, ...] = LEVELS
    verdict: str | None = None  # the fail_reason of what is sent from now on
    moderating: int = 0  # looks at a public post that is out, before its id is told
    closed: int = 416  # what an upload that is whole answers to more bytes
    paced: bool = False
    people: dict[str, str] = field(default_factory=lambda: {"open-id-of-ann": "ann"})
    uploads: dict[str, Upload] = field(default_factory=dict)
    _times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def error(self, bad: Bad) -> Reply:
        log = {"log_id": "20261122052716A1B2C3"}
        if bad.more.get("flat"):
            return answered(bad.status, {"error": bad.code, "error_description": bad.message, **log})
        return answered(bad.status, {"error": {"code": bad.code or "invalid_params", "message": bad.message, **log}})

    def fault(self, kind: str, asked: Asked) -> Bad:
        if kind == "expired":
            return Bad(401, "The access token is invalid or not found in the request.", "access_token_invalid")
        if kind == "policy":
            return Bad(403, "The user is banned from making new posts.", "spam_risk_user_banned_from_posting")
        if kind == "quota":
            return Bad(403, "The daily post cap from the API is reached.", "spam_risk_too_many_posts")
        if kind == "gone":
            return Bad(403, "The upload_url has expired.", "upload_url_expired")
        raise AssertionError(f"TikTok has no fault {kind!r} at {asked.op}")

    def allowed(self, account: str, address: str) -> dict[str, str]:
        """As TikTok's desktop sign-in: its own name for the client, and the challenge in hexadecimal."""
        told = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
        if urlsplit(address).path != "/v2/auth/authorize/" or not re.fullmatch("[0-9a-f]{64}", told["code_challenge"]):
            raise Bad(400, "another path, or a challenge that is no hexadecimal SHA-256")
        hashed = bytes.fromhex(told.pop("code_challenge"))
        told["code_challenge"] = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        told["client_id"] = told.pop("client_key")
        return super().allowed(account, f"{self.address}/?{urlencode(told)}")

    def catch_up(self) -> None:
        """A chunk that comes late may meet others that were there before, and is refused then."""
        with self.lock:
            while self.waiting:
                try:
                    self._done(self.waiting.pop(0))
                except Bad as bad:
                    assert bad.status in (403, 416), bad

    def _named(self, request: Request) -> Asked:
        asked = super()._named(request)
        told = re.fullmatch(r"bytes \d+-(\d+)/(\d+)", asked.header("content-range"))
        if asked.op == "part" and told is not None and int(told[1]) + 1 == int(told[2]):
            return replace(asked, op="commit")
        return asked

    def _done(self, asked: Asked) -> Reply:
        if asked.op not in ("accounts", "measure", "part", "commit"):
            known(asked.query)
        return super()._done(asked)

    def notice(self, upload: Upload, event: str) -> tuple[dict[str, str], bytes]:
        """What it sends to the address that is written there: its headers and its body."""
        about = json.dumps({"publish_id": upload.id, "publish_type": "DIRECT_PUBLISH"})
        told = {"client_key": self.client, "event": f"post.publish.{event}", "create_time": int(self.now())}
        body = json.dumps({**told, "user_openid": upload.account, "content": about}).encode()
        at = str(int(self.now()))
        signed = hmac.new(self.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Content-Type": "application/json", "TikTok-Signature": f"t={at},s={signed}"}, body

    def _token(self, asked: Asked) -> Reply:
        form = asked.form
        self._client(form)
        token = self.granted(form, "client_key", "client_secret")
        again = f"rft.{self.number()}"
        self.refreshes[again] = token
        told: Json = {"open_id": token.account, "token_type": "Bearer", "scope": ",".join(token.scopes)}
        told |= {"access_token": self.token(token.account, token.scopes), "expires_in": int(self.lasts_s)}
        return answered(200, {**told, "refresh_token": again, "refresh_expires_in": 31_536_000})

    def _revoke(self, asked: Asked) -> Reply:
        form = asked.form
        known(form, "client_key", "client_secret", "token")
        self._client(form)
        token = self.tokens.get(form.get("token", ""))
        if token is None:
            raise Bad(400, "The token is none.", "invalid_request", flat=True)
        self.revoke(token.account)
        return Reply()

    def _user(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "user.info.basic")
        known(asked.query, "fields")
        wanted = asked.query.get("fields", "").split(",")
        has = {"open_id": account, "union_id": f"union-{account}", "display_name": self.people[account]}
        has["avatar_url"] = "https://p16.example/ann.jpg"
        if strange := set(wanted) - set(has):
            raise Bad(401, f"scope not authorized for {strange}", "scope_not_authorized")
        return _told({"user": {name: has[name] for name in wanted}})

    def _creator(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "video.publish")
        self._empty(asked)
        return _told(
            {
                "creator_avatar_url": "https://p16.example/ann.jpg",
                "creator_username": f"{self.people[account]}.makes",
                "creator_nickname": self.people[account].title(),
                "privacy_level_options": list(self.options),
                "comment_disabled": False,
                "duet_disabled": True,
                "stitch_disabled": False,
                "max_video_post_duration_sec": self.longest_s,
            }
        )

    def _init(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "video.publish")
        self._pace(asked, 6)
        body = self._json(asked)
        known(body, "post_info", "source_info")
        made, source = body.get("post_info"), body.get("source_info")
        if not isinstance(made, dict) or not isinstance(source, dict):
            raise Bad(400, "post_info and source_info are needed")
        self._checked(made)
        size, chunk, count = self._planned(source)
        upload = Upload(
            id=f"v_pub_file~v2-1.{self.number()}",
            account=account,
            made=made,
            size=size,
            chunk=chunk,
            count=count,
            until=self.now() + LASTS_S,
        )
        self.uploads[upload.id] = upload
        self.begun[account] += 1
        query = urlencode({"upload_id": upload.id, "upload_token": f"token-{upload.id}"})
        return _told({"publish_id": upload.id, "upload_url": f"{self.address}/video/?{query}"})

    def _checked(self, made: Json) -> None:
        known(made, *_POST_INFO)
        if wrong := [name for name, value in made.items() if type(value) is not _POST_INFO[name]]:
            raise Bad(400, f"{wrong[0]} is of another type")
        if len(made.get("title", "").encode("utf-16-le")) // 2 > LONGEST:
            raise Bad(400, "The title is too long")
        level = made.get("privacy_level")
        if level not in self.options:
            raise Bad(403, "privacy_level is not among the creator's options", "privacy_level_option_mismatch")
        if not self.audited and level != "SELF_ONLY":
            code = "unaudited_client_can_only_post_to_private_accounts"
            raise Bad(403, "Unaudited clients can only post to a private account.", code)
        if made.get("brand_content_toggle") and level == "SELF_ONLY":
            raise Bad(400, "Branded content cannot be private")

    def _planned(self, source: Json) -> tuple[int, int, int]:
        known(source, "source", "video_size", "chunk_size", "total_chunk_count")
        told: list[Any] = [source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count")]
        if source.get("source") != "FILE_UPLOAD" or any(type(one) is not int or one < 1 for one in told):
            raise Bad(400, "source, video_size, chunk_size and total_chunk_count are needed")
        size, chunk, count = told
        if count != size // chunk or count > 1000:
            raise Bad(400, "The total chunk count is invalid")
        if count == 1 and (chunk != size or size > LARGEST):
            raise Bad(400, "The chunk size is invalid")
        if count > 1 and not (SMALLEST <= chunk <= LARGEST and size - chunk * (count - 1) <= LAST):
            raise Bad(400, "The chunk size is invalid")
        return size, chunk, count

    def _part(self, asked: Asked) -> Reply:
        query = asked.query
        known(query, "upload_id", "upload_token")
        upload = self.uploads.get(query.get("upload_id", ""))
        if upload is None or query.get("upload_token") != f"token-{upload.id}":
            raise Bad(404, "no such upload", "not_found")
        if asked.header("authorization"):
            raise Bad(400, "the token has no business here")
        if self.now() > upload.until:
            raise Bad(403, "The upload_url has expired.", "upload_url_expired")
        if upload.had == upload.size:
            raise Bad(self.closed, "all bytes are there", "range")
        if asked.header("content-type") not in KINDS:
            raise Bad(400, "Content-Type is none of a video")
        n = upload.had // upload.chunk
        end = upload.size if n == upload.count - 1 else upload.had + upload.chunk
        content = asked.request.body
        if asked.header("content-range") != f"bytes {upload.had}-{end - 1}/{upload.size}":
            raise Bad(416, f"the next byte is {upload.had}", "range")
        if len(content) != end - upload.had:
            raise Bad(400, "Content-Length is another than Content-Range")
        upload.hashed.update(content)
        upload.had = end
        self.taken += len(content)
        if end < upload.size:
            return Reply(status=206, headers={"Content-Range": f"bytes 0-{end - 1}/{upload.size}"})
        upload.reason = self.verdict
        if upload.reason is None:
            upload.post = self.posted(upload.account, upload.id, {**upload.made, "sha256": upload.hashed.hexdigest()})
        return Reply(status=201, headers={"Content-Range": f"bytes 0-{end - 1}/{upload.size}"})

    def _status(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "video.publish")
        self._pace(asked, 30)
        body = self._json(asked)
        known(body, "publish_id")
        upload = self.uploads.get(str(body.get("publish_id")))
        if upload is None or upload.account != account:
            raise Bad(400, "The publish_id does not exist", "invalid_publish_id")
        if upload.had < upload.size:
            if self.now() > upload.until:
                return _told({"status": "FAILED", "fail_reason": "internal", "uploaded_bytes": upload.had})
            return _told({"status": "PROCESSING_UPLOAD", "uploaded_bytes": upload.had})
        upload.looks += 1
        if upload.looks <= self.slow:
            return _told({"status": "PROCESSING_UPLOAD", "uploaded_bytes": upload.had})
        if upload.reason is not None:
            return _told({"status": "FAILED", "fail_reason": upload.reason, "uploaded_bytes": upload.had})
        assert upload.post is not None
        told: Json = {"status": "PUBLISH_COMPLETE", "uploaded_bytes": upload.had}
        public = upload.made["privacy_level"] == "PUBLIC_TO_EVERYONE"
        if public and upload.looks > self.slow + self.moderating:
            told["publicaly_available_post_id"] = [int(upload.post.id)]
        return _told(told)

    def _query(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "video.list")
        known(asked.query, "fields")
        fields = asked.query.get("fields", "").split(",")
        known(dict.fromkeys(fields), *_VIDEO_FIELDS)
        body = self._json(asked)
        known(body, "filters")
        known(_object(body, "filters"), "video_ids")
        ids = body["filters"].get("video_ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= 20 or not all(isinstance(one, str) for one in ids):
            raise Bad(400, "video_ids must be 1 to 20 texts")
        mine = [post for post in self.of(account) if post.id in ids]
        return _told({"videos": [self._shown(post, fields) for post in mine], "has_more": False, "cursor": 0})

    def _shown(self, post: Post, fields: Iterable[str]) -> Json:
        name = self.people[post.account]
        has: Json = {"id": post.id, "share_url": f"https://www.tiktok.com/@{name}.makes/video/{post.id}"}
        has |= {"title": post.made.get("title", ""), **post.counts}
        return {field: has[field] for field in fields if field in has}

    def _client(self, form: Json) -> None:
        if (form.get("client_key"), form.get("client_secret")) != (self.client, self.secret):
            raise Bad(401, "Client key or secret is incorrect.", "invalid_client", flat=True)

    def _json(self, asked: Asked) -> Json:
        if asked.header("content-type") != "application/json; charset=UTF-8":
            raise Bad(400, "Content-Type must be application/json; charset=UTF-8")
        return asked.json

    def _empty(self, asked: Asked) -> None:
        if self._json(asked):
            raise Bad(400, "nothing is wanted here")

    def _pace(self, asked: Asked, most: int) -> None:
        if not self.paced:
            return
        times = self._times[f"{asked.op} {asked.header('authorization')}"]
        times[:] = [one for one in times if one > self.now() - 60]
        if len(times) >= most:
            raise Bad(429, "The API rate limit was exceeded.", "rate_limit_exceeded")
        times.append(self.now())


def _object(told: Json, name: str) -> Json:
    found = told.get(name)
    if not isinstance(found, dict):
        raise Bad(400, f"{name} is no object")
    return found


def _told(data: Json) -> Reply:
    return answered(200, {"data": data, "error": {"code": "ok", "message": "", "log_id": "20261122052716A1B2C3"}})
