"""X, API v2, as far as Cutroom speaks it: OAuth 2, uploads in segments, posts, their counts.

Fidelity: what version 2.167 of X's OpenAPI says of each request and answer (unknown fields and parameters are refused
as its `additionalProperties: false` has it), and X's weighing of texts. Not in that file, and from X's guides: a code
lasts 30 s, an access token two hours, a refresh token is used once; segments are of at most 5 MB; counts that are not
public are the owner's, for 30 days. No video is looked at.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.standins.loopback import Reply
from tests.standins.platforms.network import Asked, Bad, Json, Network, Post, Route, answered, known

_ID = r"[0-9]{1,19}"
_MEDIA = r"/2/media/upload/(?P<id>" + _ID + ")"
SEGMENT = 5 << 20
LARGEST = 512 << 20
LASTS_S = 86_400.0  # of a media id
OWNERS_S = 30 * 86_400.0  # in which counts are told that are not public
_TYPES = ("video/mp4", "video/webm", "video/mp2t", "video/quicktime")
_POST_FIELDS = {"attachments", "created_at", "non_public_metrics", "organic_metrics", "public_metrics", "text", "id"}
_MEDIA_FIELDS = {"media_key", "type", "duration_ms", "public_metrics", "non_public_metrics", "organic_metrics"}
_USER_FIELDS = {"id", "name", "username", "protected", "verified", "subscription_type"}
_EMOJI = "[\U0001f300-\U0001faff\u2600-\u27ff]"
_COUNTS = ("video_views", "watch_time_ms", "playback_start", "playback_complete", "cta_url_clicks")
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # code points that weigh 1, all others 2


@dataclass(kw_only=True)
class Media:
    id: str
    key: str
    account: str
    total: int
    until: float
    segments: dict[int, int] = field(default_factory=dict)  # bytes, by index
    state: str = "open"  # open, pending, in_progress, succeeded, failed
    polls: int = 0


@dataclass(kw_only=True)
class X(Network):
    routes: tuple[Route, ...] = (  # type: ignore[misc]
        ("POST", "/2/oauth2/token", "token", "_token"),
        ("POST", "/2/oauth2/revoke", "revoke", "_revoke"),
        ("GET", "/2/users/me", "accounts", "_me"),
        ("POST", "/2/media/upload/initialize", "begin", "_begin"),
        ("POST", f"{_MEDIA}/append", "part", "_append"),
        ("POST", f"{_MEDIA}/finalize", "end", "_finalize"),
        ("GET", "/2/media/upload", "status", "_status"),
        ("POST", "/2/tweets", "commit", "_post"),
        ("GET", f"/2/users/(?P<id>{_ID})/tweets", "read", "_timeline"),
        ("GET", f"/2/tweets/(?P<id>{_ID})", "measure", "_one"),
        ("GET", "/2/media/analytics", "analytics", "_analytics"),
    )
    scopes: tuple[str, ...] = ("media.write", "tweet.write", "tweet.read", "users.read", "offline.access")
    lasts_s: float = 7200.0
    check_s: int = 1  # what it asks to wait
    people: dict[str, str] = field(default_factory=lambda: {"2244994945": "ann"})
    media: dict[str, Media] = field(default_factory=dict)

    def error(self, bad: Bad) -> Reply:
        if bad.code is not None and str(bad.code).startswith(("invalid_", "unauthorized_", "unsupported_")):
            return answered(bad.status, {"error": bad.code, "error_description": bad.message})
        kind = {400: "invalid-request", 401: "about:blank", 403: "client-forbidden", 429: "about:blank"}
        told: Json = {"title": f"{bad.status}", "detail": bad.message, "status": bad.status}
        name = kind.get(bad.status, "about:blank")
        told["type"] = name if name == "about:blank" else f"https://api.x.com/2/problems/{bad.code or name}"
        if "parameters" in bad.more:
            told["errors"] = [{"parameters": bad.more["parameters"], "message": bad.message}]
        return answered(bad.status, told)

    def fault(self, kind: str, asked: Asked) -> Bad:
        if kind == "expired":
            return Bad(401, "Unauthorized")
        if kind == "policy":
            return Bad(403, "You are not permitted to perform this action: it looks automated.")
        if kind == "quota":
            return Bad(429, "Too Many Requests")
        if kind == "gone":
            return _media_gone("0")
        raise AssertionError(f"X has no fault {kind!r} at {asked.op}")

    def _token(self, asked: Asked) -> Reply:
        known(asked.query)
        self.basic(asked)
        form = asked.form
        if form.get("grant_type") == "authorization_code":
            known(form, "grant_type", "code", "redirect_uri", "code_verifier", "client_id")
            token = self.exchanged(form, pkce=True)
        elif form.get("grant_type") == "refresh_token":
            known(form, "grant_type", "refresh_token", "client_id")
            token = self.renewed(form, Bad(400, "Value passed for the token was invalid.", "invalid_request"))
        else:
            raise Bad(400, "grant_type is not one it can be", "unsupported_grant_type")
        if form.get("client_id", self.client) != self.client:
            raise Bad(400, "client_id is another", "invalid_client")
        access = self.token(token.account, token.scopes)
        told: Json = {"token_type": "bearer", "expires_in": int(self.lasts_s), "access_token": access}
        told["scope"] = " ".join(token.scopes)
        if "offline.access" in token.scopes:
            told["refresh_token"] = f"again-{self.number()}"
            self.refreshes[told["refresh_token"]] = token
        return answered(200, told)

    def _revoke(self, asked: Asked) -> Reply:
        known(asked.query)
        self.basic(asked)
        known(asked.form, "token", "token_type_hint", "client_id")
        named = asked.form.get("token", "")
        self.tokens.pop(named, None)
        self.refreshes.pop(named, None)
        return answered(200, {"revoked": True})

    def _me(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "tweet.read", "users.read")
        known(asked.query, "user.fields")
        _listed(asked.query, "user.fields", _USER_FIELDS)
        name = self.people[account]
        return answered(200, {"data": {"id": account, "name": name.title(), "username": name}})

    def _begin(self, asked: Asked) -> Reply:
        known(asked.query)
        account = self.bearer(asked, "media.write")
        told = asked.json
        known(told, "media_type", "media_category", "total_bytes", "shared", "additional_owners")
        size = told.get("total_bytes")
        if told.get("media_type") not in _TYPES or told.get("media_category") not in ("tweet_video", "amplify_video"):
            raise Bad(400, "media_type or media_category is not one it can be")
        if type(size) is not int or not 0 < size <= LARGEST:
            raise Bad(400, f"total_bytes must be to {LARGEST}", parameters={"total_bytes": [str(size)]})
        name = self.number()
        self.media[name] = Media(
            id=name, key=f"7_{name}", account=account, total=size, until=self.now() + LASTS_S, polls=self.slow
        )
        self.begun[account] += 1
        return self._told(self.media[name])

    def _append(self, asked: Asked) -> Reply:
        known(asked.query)
        media = self._open(asked)
        parts = asked.parts
        fields = dict(parts)
        known(fields, "media", "segment_index")
        if len(parts) != 2 or len(fields) != 2 or not re.fullmatch(rb"[0-9]{1,3}", fields["segment_index"]):
            raise Bad(400, "media and segment_index (0 to 999) are needed", parameters={"segment_index": []})
        if not 0 < len(fields["media"]) <= SEGMENT:
            raise Bad(400, f"a segment is of 1 to {SEGMENT} bytes", parameters={"media": []})
        if media.state != "open":
            raise Bad(400, "the upload was finalized already", parameters={"id": [media.id]})
        self.taken += len(fields["media"])
        media.segments[int(fields["segment_index"])] = len(fields["media"])
        return answered(200, {"data": {"expires_at": int(media.until)}})

    def _finalize(self, asked: Asked) -> Reply:
        known(asked.query)
        media = self._open(asked)
        if asked.request.body:
            raise Bad(400, "finalize takes no body")
        if sorted(media.segments) != list(range(len(media.segments))) or sum(media.segments.values()) != media.total:
            raise Bad(400, "segments do not add up to total_bytes", parameters={"id": [media.id]})
        if media.state != "open":
            raise Bad(400, "the upload was finalized already", parameters={"id": [media.id]})
        media.state = "pending"
        return self._told(media)

    def _status(self, asked: Asked) -> Reply:
        known(asked.query, "media_id", "command")
        if asked.query.get("command", "STATUS") != "STATUS" or not re.fullmatch(_ID, asked.query.get("media_id", "")):
            raise Bad(400, "media_id is needed", parameters={"media_id": []})
        media = self._open(Asked(asked.op, asked.request, {"id": asked.query["media_id"]}))
        if media.state in ("pending", "in_progress"):
            media.state = "in_progress" if media.polls > 0 else "succeeded"
            media.polls -= 1
            if media.state == "succeeded" and "failed" in self.faults["processing"]:
                self.faults["processing"].remove("failed")
                media.state = "failed"
        return self._told(media)

    def _post(self, asked: Asked) -> Reply:
        known(asked.query)
        account = self.bearer(asked, "tweet.write", "tweet.read", "users.read")
        told = asked.json
        known(told, "text", "media", "made_with_ai", "paid_partnership", "reply_settings")
        for name in ("made_with_ai", "paid_partnership"):
            if name in told and type(told[name]) is not bool:
                raise Bad(400, f"{name} must be true or false", parameters={name: []})
        text, media = told.get("text", ""), told.get("media")
        if not isinstance(text, str) or not isinstance(media, dict):
            raise Bad(400, "text and media are needed", parameters={"text": [], "media": []})
        known(media, "media_ids", "tagged_user_ids", "preview_media_id")
        ids = media.get("media_ids")
        if not isinstance(ids, list) or len(ids) != 1 or not re.fullmatch(_ID, str(ids[0])):
            raise Bad(400, "one video is wanted", parameters={"media.media_ids": []})
        if weight(text) > 280:
            raise Bad(403, "Your Tweet text is too long. For more information, visit our documentation.")
        held = self.media.get(ids[0])
        if held is None or held.account != account or held.state != "succeeded" or held.until <= self.now():
            raise _media_gone(str(ids[0]))
        post = self.posted(account, held.id, told)
        return answered(201, {"data": {"id": post.id, "text": text}})

    def _timeline(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "tweet.read", "users.read")
        told = asked.query
        known(told, "max_results", "pagination_token", "start_time", "exclude", "post.fields", "expansions")
        fields = _listed(told, "post.fields", _POST_FIELDS)
        _listed(told, "exclude", {"replies", "retweets"})
        expansions = _listed(told, "expansions", {"attachments.media_keys", "author_id"})
        size = told.get("max_results", "10")
        if not size.isdecimal() or not 5 <= int(size) <= 100:
            raise Bad(400, "max_results is from 5 to 100", parameters={"max_results": [size]})
        most = int(size)
        posts = self.of(asked.found["id"])
        if asked.found["id"] != account:
            raise Bad(404, "no such user")
        if "start_time" in told:
            since = _time(told["start_time"])
            posts = [post for post in posts if post.at >= since]
        start = int(told.get("pagination_token", "0"))
        page = posts[start : start + most]
        meta: Json = {"result_count": len(page)}
        if start + most < len(posts):
            meta["next_token"] = str(start + most)
        if not page:
            return answered(200, {"meta": meta})
        shown = [self._shown(post, fields) for post in page]
        more: Json = {}
        if "attachments.media_keys" in expansions:
            more["includes"] = {"media": [self._media_of(post, set()) for post in page]}
        return answered(200, {"data": shown, "meta": meta, **more})

    def _one(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "tweet.read", "users.read")
        known(asked.query, "post.fields", "expansions", "media.fields")
        fields = _listed(asked.query, "post.fields", _POST_FIELDS)
        media_fields = _listed(asked.query, "media.fields", _MEDIA_FIELDS)
        _listed(asked.query, "expansions", {"attachments.media_keys", "author_id"})
        post = self.posts.get(asked.found["id"])
        if post is None:
            kind = "https://api.x.com/2/problems/resource-not-found"
            gone = {"type": kind, "title": "Not Found Error", "resource_type": "tweet", "detail": "Could not find it."}
            return answered(200, {"errors": [gone]})
        private = {"non_public_metrics", "organic_metrics"}
        if (fields | media_fields) & private and (post.account != account or self.now() - post.at > OWNERS_S):
            kind = "https://api.x.com/2/problems/not-authorized-for-field"
            title = "Field Authorization Error"
            bad = {"type": kind, "title": title, "detail": "Sorry, you cannot see it.", "field": "non_public_metrics"}
            return answered(200, {"errors": [bad]})
        includes = {"media": [self._media_of(post, media_fields)]}
        return answered(200, {"data": self._shown(post, fields), "includes": includes})

    def _analytics(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "tweet.read")
        known(asked.query, "media_keys", "start_time", "end_time", "granularity", "media_analytics.fields")
        _listed(asked.query, "media_analytics.fields", {*_COUNTS, "media_key", "timestamp"})
        if asked.query.get("granularity", "daily") not in ("hourly", "daily", "total"):
            raise Bad(400, "granularity is not one it can be", parameters={"granularity": []})
        if _time(asked.query["start_time"]) >= _time(asked.query["end_time"]):
            raise Bad(400, "end_time is before start_time", parameters={"end_time": []})
        keys = asked.query["media_keys"].split(",")
        if not all(re.fullmatch(r"[0-9]+_[0-9]+", key) for key in keys):
            raise Bad(400, "a media key is not one it can be", parameters={"media_keys": keys})
        found = [post for post in self.of(account) if self.media[post.container].key in keys]
        told = [
            {"media_key": self.media[post.container].key, **_some(post.counts, *_COUNTS)}
            for post in found
            if _some(post.counts, *_COUNTS)
        ]
        return answered(200, {"data": told} if told else {})

    def _shown(self, post: Post, fields: set[str]) -> Json:
        told: Json = {"id": post.id, "text": post.made["text"], "edit_history_post_ids": [post.id]}
        if "attachments" in fields:
            told["attachments"] = {"media_keys": [self.media[post.container].key]}
        if "created_at" in fields:
            told["created_at"] = datetime.fromtimestamp(post.at, UTC).isoformat().replace("+00:00", "Z")
        for name in ("public_metrics", "non_public_metrics", "organic_metrics"):
            if name in fields and name in post.counts:
                told[name] = post.counts[name]
        return told

    def _media_of(self, post: Post, fields: set[str]) -> Json:
        counts = post.counts.get("media", {})
        names = ("public_metrics", "non_public_metrics", "organic_metrics")
        told = _some(counts, *(name for name in names if name in fields))
        return {"media_key": self.media[post.container].key, "type": "video", **told}

    def _open(self, asked: Asked) -> Media:
        """The media of a request, of its account and not past its time."""
        account = self.bearer(asked, "media.write")
        media = self.media.get(asked.found["id"])
        if media is None or media.account != account or media.until <= self.now():
            raise Bad(404, "Could not find media with id: it has expired or never was", "resource-not-found")
        return media

    def _told(self, media: Media) -> Reply:
        data: Json = {"id": media.id, "media_key": media.key, "expires_after_secs": int(media.until - self.now())}
        if media.state != "open":
            data["size"] = media.total
            data["processing_info"] = {"state": media.state}
            if media.state in ("pending", "in_progress"):
                data["processing_info"]["check_after_secs"] = self.check_s
            if media.state == "succeeded":
                data["processing_info"]["progress_percent"] = 100
                data["video"] = {"video_type": "video/mp4"}
        return answered(200, {"data": data})


def weight(text: str) -> int:
    """X's weighted length, with each address counting 23; sequences of emoji that are shown as one count 2."""
    seen = re.sub(r"https?://\S+", "x" * 23, unicodedata.normalize("NFC", text))
    seen = re.sub(f"{_EMOJI}(?:\ufe0f?\u200d?{_EMOJI}|\ufe0f)*", "\u4e00", seen)
    return sum(1 if any(low <= ord(one) <= high for low, high in _LIGHT) else 2 for one in seen)


def _listed(told: Json, name: str, values: set[str]) -> set[str]:
    found = told[name].split(",") if name in told else []
    if len(found) != len(set(found)) or not set(found) <= values:
        raise Bad(400, f"The query parameter {name} is not one it can be", parameters={name: found})
    return set(found)


def _some(told: Json, *names: str) -> dict[str, Any]:
    return {name: told[name] for name in names if name in told}


def _time(told: str) -> float:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told):
        raise Bad(400, f"{told[:40]} is no time as YYYY-MM-DDTHH:mm:ssZ", parameters={"start_time": [told]})
    return datetime.fromisoformat(told).timestamp()


def _media_gone(media: str) -> Bad:
    return Bad(400, "Your media IDs are invalid.", parameters={"media.media_ids": [media]})
