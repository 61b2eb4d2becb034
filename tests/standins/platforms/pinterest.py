"""Pinterest, API v5, as far as Cutroom speaks it: OAuth 2, boards, videos, pins, their analytics; and the storage that
videos are sent to.

Fidelity: what version 5.23.0 of Pinterest's OpenAPI says of each request and answer; unknown fields and parameters are
refused too, which it does not say. The storage takes a POST as S3's policies have it: all fields as they were given,
the file as the last, its size known before, no other signature. Not in that file, and from Pinterest's guides: an
access token lasts 30 days, a refresh token 60 and is renewed with it; tokens of people are not revoked. Whether
Pinterest gives the `dominant_color` of a pin back as it was given is not known; here it does (`tones`), or it has one
of its own. No video is looked at.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.standins.loopback import Reply
from tests.standins.platforms.network import Asked, Bad, Json, Network, Post, Route, answered, known

_ID = r"\d{1,20}"
LARGEST = 2 << 30
LASTS_S = 24 * 3600.0  # of what a video may be sent with
_WORDS = {
    2: "Authentication failed.",
    8: "You have exceeded your rate limit. Try again later.",
    9: "This Pin was blocked because it looks like spam.",
    283: "The authorization code is invalid.",
}
_TYPES = {
    "IMPRESSION", "OUTBOUND_CLICK", "PIN_CLICK", "SAVE", "SAVE_RATE", "VIDEO_MRC_VIEW", "VIDEO_10S_VIEW",
    "QUARTILE_95_PERCENT_VIEW", "VIDEO_V50_WATCH_TIME", "VIDEO_START", "VIDEO_AVG_WATCH_TIME", "TOTAL_COMMENTS",
    "TOTAL_REACTIONS",
}  # fmt: skip
_LONGEST = {"title": 100, "description": 800, "alt_text": 500, "link": 2048}


@dataclass(kw_only=True)
class Media:
    id: str
    account: str
    parameters: dict[str, str]
    until: float
    state: str = "registered"
    polls: int = 0


@dataclass(kw_only=True)
class Pinterest(Network):
    routes: tuple[Route, ...] = (  # type: ignore[misc]
        ("POST", "/v5/oauth/token", "token", "_token"),
        ("POST", "/v5/oauth/token/revoke", "revoke", "_revoke"),
        ("GET", "/v5/user_account", "accounts", "_me"),
        ("GET", "/v5/boards", "boards", "_boards"),
        ("POST", "/v5/media", "begin", "_begin"),
        ("POST", "/pinterest-media-upload/", "part", "_store"),
        ("GET", f"/v5/media/(?P<id>{_ID})", "status", "_status"),
        ("POST", "/v5/pins", "commit", "_pin"),
        ("GET", f"/v5/boards/(?P<id>{_ID})/pins", "read", "_pins"),
        ("GET", f"/v5/pins/(?P<id>{_ID})/analytics", "measure", "_analytics"),
    )
    scopes: tuple[str, ...] = ("boards:read", "boards:write", "pins:read", "pins:write", "user_accounts:read")
    lasts_s: float = 30 * 86_400.0
    people: dict[str, str] = field(default_factory=lambda: {"2783136121146311751": "ann"})
    boards: dict[str, tuple[str, str]] = field(  # name and owner, by id
        default_factory=lambda: {
            "549755885175": ("Tea", "2783136121146311751"),
            "549755885176": ("Coffee", "2783136121146311751"),
        }
    )
    media: dict[str, Media] = field(default_factory=dict)
    tones: bool = True

    def error(self, bad: Bad) -> Reply:
        if bad.code == "xml":
            body = f"<Error><Code>{bad.more['name']}</Code><Message>{bad.message}</Message></Error>"
            return Reply(status=bad.status, body=body.encode(), headers={"Content-Type": "application/xml"})
        codes = {401: 2, 429: 8, 403: 29, 404: 50}
        code = bad.code if isinstance(bad.code, int) else codes.get(bad.status, 1)
        return answered(bad.status, {"code": code, "message": bad.message})

    def fault(self, kind: str, asked: Asked) -> Bad:
        if kind == "expired":
            return Bad(401, _WORDS[2], 2)
        if kind == "policy":
            return Bad(403, _WORDS[9], 9)
        if kind == "quota":
            return Bad(429, _WORDS[8], 8)
        if kind == "gone" and asked.op == "part":
            return _storage_bad("AccessDenied", "Invalid according to Policy: Policy expired.")
        if kind == "gone":
            return Bad(404, "Media not found.", 50)
        raise AssertionError(f"Pinterest has no fault {kind!r} at {asked.op}")

    def _token(self, asked: Asked) -> Reply:
        known(asked.query)
        self.basic(asked)
        form = asked.form
        if form.get("grant_type") == "authorization_code":
            known(form, "grant_type", "code", "redirect_uri", "continuous_refresh")
            token = self.exchanged(form, pkce=False)
        elif form.get("grant_type") == "refresh_token":
            known(form, "grant_type", "refresh_token", "scope")
            token = self.renewed(form, Bad(401, _WORDS[2], 2))
        else:
            raise Bad(400, "grant_type is not one it can be", 1)
        refresh = f"pinr.{secrets.token_hex(16)}"
        self.refreshes[refresh] = token
        told = {
            "response_type": form["grant_type"],
            "access_token": self.token(token.account, token.scopes),
            "token_type": "bearer",
            "expires_in": int(self.lasts_s),
            "scope": " ".join(token.scopes),
            "refresh_token": refresh,
            "refresh_token_expires_in": 60 * 86_400,
            "refresh_token_expires_at": int(self.now()) + 60 * 86_400,
        }
        return answered(200, told)

    def _revoke(self, asked: Asked) -> Reply:
        known(asked.query)
        self.basic(asked)
        known(asked.form, "token", "token_type_hint")
        raise Bad(403, "You are not permitted to access that resource.", 29)

    def _me(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "user_accounts:read")
        known(asked.query, "ad_account_id")
        return answered(200, {"id": account, "username": self.people[account], "account_type": "BUSINESS"})

    def _boards(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "boards:read")
        known(asked.query, "page_size", "bookmark", "privacy", "ad_account_id")
        if asked.query.get("privacy", "ALL") not in ("ALL", "PUBLIC", "PROTECTED", "SECRET", "PUBLIC_AND_SECRET"):
            raise Bad(400, "privacy is not one it can be", 1)
        found = [
            {"id": name, "name": told, "privacy": "PUBLIC", "owner": {"username": self.people[account]}}
            for name, (told, owner) in self.boards.items()
            if owner == account
        ]
        return self._page(asked, found)

    def _begin(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "pins:read", "pins:write")
        known(asked.query)
        told = asked.json
        known(told, "media_type")
        if told.get("media_type") != "video":
            raise Bad(400, "media_type must be video", 1)
        name = self.number()
        parameters = {
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-signature": secrets.token_hex(32),
            "x-amz-security-token": secrets.token_urlsafe(40),
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "key": f"uploads/11/aa/22/3:video:{account}:{name}",
            "policy": base64.b64encode(secrets.token_bytes(60)).decode(),
            "x-amz-credential": "ASIA6QZJ64OPIKV7FRVX/20261122/us-east-1/s3/aws4_request",
            "Content-Type": "multipart/form-data",
        }
        until = self.now() + LASTS_S
        self.media[name] = Media(id=name, account=account, parameters=parameters, until=until, polls=self.slow)
        self.begun[account] += 1
        upload = {"upload_url": f"{self.address}/pinterest-media-upload/", "upload_parameters": parameters}
        return answered(201, {"media_id": name, "media_type": "video", **upload})

    def _store(self, asked: Asked) -> Reply:
        known(asked.query)
        if asked.header("authorization"):
            raise _storage_bad("InvalidArgument", "Only one auth mechanism allowed")
        if not asked.header("content-length").isdecimal():
            raise _storage_bad("MissingContentLength", "You must provide the Content-Length HTTP header.")
        parts = asked.parts
        if not parts or parts[-1][0] != "file":
            raise _storage_bad("InvalidArgument", "POST requires exactly one file upload, as the last field.")
        fields = {name: value.decode() for name, value in parts[:-1]}
        media = next((one for one in self.media.values() if one.parameters["key"] == fields.get("key")), None)
        if media is None or fields != media.parameters or len(fields) != len(parts) - 1:
            raise _storage_bad("AccessDenied", "Invalid according to Policy: Policy Condition failed")
        if media.until <= self.now():
            raise _storage_bad("AccessDenied", "Invalid according to Policy: Policy expired.")
        if len(parts[-1][1]) > LARGEST:
            raise _storage_bad("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400)
        self.taken += len(parts[-1][1])
        media.state = "sent"
        return Reply(status=204)

    def _status(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "pins:read")
        known(asked.query)
        media = self.media.get(asked.found["id"])
        if media is None or media.account != account or media.until <= self.now():
            raise Bad(404, "Media not found.", 50)
        if media.state in ("sent", "processing"):
            lagging = media.state == "sent" and media.polls > 0
            media.state = "processing" if media.polls > 0 else "succeeded"
            media.polls -= 1
            if media.state == "succeeded" and "failed" in self.faults["processing"]:
                self.faults["processing"].remove("failed")
                media.state = "failed"
            state = "registered" if lagging else media.state  # it hears of the file by and by
        else:
            state = media.state
        return answered(200, {"media_id": media.id, "media_type": "video", "status": state})

    def _pin(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "boards:read", "boards:write", "pins:read", "pins:write")
        known(asked.query, "ad_account_id")
        told = asked.json
        known(told, "board_id", "title", "description", "link", "alt_text", "dominant_color", "media_source")
        for name, most in _LONGEST.items():
            if told.get(name) is not None and (not isinstance(told[name], str) or len(told[name]) > most):
                raise Bad(400, f"{name} must be a text of at most {most} characters", 1)
        board = self.boards.get(str(told.get("board_id")))
        if not re.fullmatch(r"\d+", str(told.get("board_id"))) or board is None or board[1] != account:
            raise Bad(404, "Board not found.", 40)
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", str(told.get("dominant_color", "#000000"))):
            raise Bad(400, "dominant_color must be a hex number such as #6E7874", 1)
        source = told.get("media_source")
        if not isinstance(source, dict) or source.get("source_type") != "video_id":
            raise Bad(400, "media_source must be of a video", 1)
        _covered(source)
        media = self.media.get(str(source.get("media_id")))
        if media is None or media.account != account or media.state != "succeeded" or media.until <= self.now():
            raise Bad(404, "Media not found.", 50)
        return answered(201, self._shown(self.posted(account, media.id, told)))

    def _pins(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "boards:read", "pins:read")
        known(asked.query, "page_size", "bookmark", "creative_types", "ad_account_id", "pin_metrics")
        if self.boards.get(asked.found["id"], ("", ""))[1] != account:
            raise Bad(404, "Board not found.", 40)
        pins = [post for post in self.of(account) if post.made["board_id"] == asked.found["id"]]
        return self._page(asked, [self._shown(post) for post in pins])

    def _analytics(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "boards:read", "pins:read")
        told = asked.query
        known(told, "start_date", "end_date", "metric_types", "app_types", "split_field", "ad_account_id")
        try:
            start, end = date.fromisoformat(told["start_date"]), date.fromisoformat(told["end_date"])
        except (KeyError, ValueError) as error:
            raise Bad(400, "start_date and end_date must be as YYYY-MM-DD", 1) from error
        types = told.get("metric_types", "").split(",")
        if not set(types) <= _TYPES or start > end or date.today() - start > timedelta(days=90):
            raise Bad(400, "Invalid pins analytics parameters.", 1)
        post = self.posts.get(asked.found["id"])
        if post is None or post.account != account:
            raise Bad(404, "Pin not found.", 50)
        life = {"TOTAL_COMMENTS", "TOTAL_REACTIONS"}
        found = {name: value for name, value in post.counts.items() if name in types}
        metrics: Json = {"daily_metrics": [], "lifetime_metrics": {}, "summary_metrics": {}}
        for name, value in found.items():
            metrics["lifetime_metrics" if name in life else "summary_metrics"][name] = value
        return answered(200, {"all": metrics})

    def _page(self, asked: Asked, found: list[Json]) -> Reply:
        size, start = asked.query.get("page_size", "25"), asked.query.get("bookmark", "0")
        if not size.isdecimal() or not 1 <= int(size) <= 250 or not start.isdecimal():
            raise Bad(400, "page_size is from 1 to 250", 1)
        following = int(start) + int(size)
        bookmark = str(following) if following < len(found) else None
        return answered(200, {"items": found[int(start) : following], "bookmark": bookmark})

    def _shown(self, post: Post) -> Json:
        told: Json = {name: post.made.get(name) for name in ("title", "description", "link", "alt_text", "board_id")}
        made = datetime.fromtimestamp(post.at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        told |= {"id": post.id, "created_at": made, "creative_type": "VIDEO", "is_owner": True, "is_standard": True}
        told |= {"dominant_color": post.made.get("dominant_color", "#6E7874") if self.tones else "#6E7874"}
        told |= {"media": {"media_type": "video", "duration": None, "height": None, "width": None, "video_url": None}}
        return told


def _covered(source: Json) -> None:
    """A video needs one cover. Raises Bad."""
    names = ("cover_image_content_type", "cover_image_data", "cover_image_key_frame_time")
    known(source, "source_type", "media_id", "cover_image_url", "is_standard", *names)
    time: Any = source.get("cover_image_key_frame_time")
    if "cover_image_data" in source:
        if source.get("cover_image_content_type") not in ("image/jpeg", "image/png") or time is not None:
            raise Bad(400, "the cover is of no kind that it can be", 1)
        try:
            base64.b64decode(source["cover_image_data"], validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise Bad(400, "the cover is no Base64", 1) from error
    elif type(time) is not int or time < 0:
        raise Bad(400, "a video needs a cover", 1)


def _storage_bad(name: str, message: str, status: int = 403) -> Bad:
    return Bad(status, message, "xml", name=name)
