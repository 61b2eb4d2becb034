"""Snapchat's Public Profile API, as far as Cutroom speaks it: sign-in, a profile, encrypted media in parts, Spotlights.

Fidelity: creating media, its key and initial vector, parts of at most 32 MB and at most 35, the end of an upload and 24
hours that media lasts are from Snap's documents of 2026; the encryption is undone and the file compared. That of
Spotlight, lists of them and their figures no document that could be read shows: it is as others who post there say.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.standins.loopback import Reply
from tests.standins.platforms.network import Asked, Bad, Json, Network, Post, Route, answered, known

LARGEST: Final = 32_000_000  # bytes of a part
LONGEST: Final = 160  # characters of a description
LASTS_S: Final = 24 * 3600.0
ANN: Final = "9c1d2b3a-0000-4000-8000-0000000000aa"
_OWN: Final = r"/v1/public_profiles/(?P<profile>[0-9a-f-]{36})"


@dataclass(kw_only=True)
class Media:
    id: str
    profile: str
    key: bytes
    iv: bytes
    until: float
    parts: dict[int, bytes] = field(default_factory=dict)
    sha256: str | None = None  # of the file, once it is whole
    looks: int = 0
    used: bool = False


@dataclass(kw_only=True)
class Snapchat(Network):
    routes: tuple[Route, ...] = (  # type: ignore[misc]
        ("POST", "/login/oauth2/access_token", "token", "_token"),
        ("POST", "/accounts/oauth2/revoke", "revoke", "_revoke"),
        ("GET", "/v1/public_profiles/my_profile", "accounts", "_profile"),
        ("POST", f"{_OWN}/media", "begin", "_create"),
        ("POST", r"/us/v1/media/(?P<media>[0-9a-f-]{36})/upload", "part", "_upload"),
        ("POST", r"/v1/media/(?P<media>[0-9a-f-]{36})/upload", "end", "_upload"),
        ("POST", f"{_OWN}/spotlights", "commit", "_post"),
        ("GET", f"{_OWN}/spotlights", "read", "_list"),
        ("GET", _OWN + r"/spotlights/(?P<id>\d+)/stats", "measure", "_stats"),
    )
    scopes: tuple[str, ...] = ("snapchat-profile-api",)
    processing: int = 0  # requests to post media before it can be: nothing else tells its state
    people: dict[str, str] = field(default_factory=lambda: {ANN: "ann"})
    media: dict[str, Media] = field(default_factory=dict)

    def error(self, bad: Bad) -> Reply:
        if bad.more.get("flat"):
            return answered(bad.status, {"error": bad.code, "error_description": bad.message})
        told = {"request_status": "ERROR", "request_id": "1", "error_code": bad.code or f"E{bad.status}"}
        return answered(bad.status, {**told, "display_message": bad.message, "debug_message": bad.message})

    def fault(self, kind: str, asked: Asked) -> Bad:
        if kind == "expired":
            return Bad(401, "Unauthorized - the access token is expired", "E1401")
        if kind == "policy":
            return Bad(403, "The profile may not post: it broke our guidelines", "PROFILE_BLOCKED")
        if kind == "quota":
            return Bad(429, "Too many requests", "E1429")
        if kind == "gone":
            return _expired()
        raise AssertionError(f"Snapchat has no fault {kind!r} at {asked.op}")

    def _done(self, asked: Asked) -> Reply:
        if asked.op not in ("read", "measure"):
            known(asked.query)
        return super()._done(asked)

    def _token(self, asked: Asked) -> Reply:
        form = asked.form
        self._client(form)
        token = self.granted(form, "client_id", "client_secret")
        again = f"hCg{self.number()}"
        self.refreshes[again] = token
        told: Json = {"access_token": self.token(token.account, token.scopes), "expires_in": int(self.lasts_s)}
        return answered(200, {**told, "refresh_token": again, "token_type": "Bearer", "scope": " ".join(token.scopes)})

    def _revoke(self, asked: Asked) -> Reply:
        form = asked.form
        known(form, "client_id", "client_secret", "token")
        self._client(form)
        held = self.refreshes.get(form.get("token", "")) or self.tokens.get(form.get("token", ""))
        if held is not None:
            self.revoke(held.account)
        return Reply()

    def _client(self, form: Json) -> None:
        if (form.get("client_id"), form.get("client_secret")) != (self.client, self.secret):
            raise Bad(401, "Client authentication failed", "invalid_client", flat=True)

    def _profile(self, asked: Asked) -> Reply:
        account = self.bearer(asked, *self.scopes)
        known(asked.query)
        name = self.people[account]
        profile = {"id": account, "display_name": name.title(), "snap_user_name": name, "profile_tier": "TIER_PUBLIC"}
        return _told({"public_profile": profile})

    def _create(self, asked: Asked) -> Reply:
        account = self._own(asked)
        body = asked.json
        known(body, "type", "name", "key", "iv")
        if body.get("type") != "VIDEO" or not isinstance(body.get("name"), str) or not body["name"]:
            raise Bad(400, "type and name are needed", "E1001")
        try:
            key, iv = (base64.b64decode(body[name], validate=True) for name in ("key", "iv"))
        except (KeyError, TypeError, ValueError) as error:
            raise Bad(400, "key and iv must be base64", "E1001") from error
        if (len(key), len(iv)) != (32, 16):
            raise Bad(400, "key must have 32 bytes and iv 16", "E1001")
        name = str(uuid5(UUID(account), self.number()))
        self.media[name] = Media(id=name, profile=account, key=key, iv=iv, until=self.now() + LASTS_S)
        self.begun[account] += 1
        paths = {"add_path": f"/us/v1/media/{name}/upload", "finalize_path": f"/v1/media/{name}/upload"}
        return _told({"media_id": name, **paths})

    def _upload(self, asked: Asked) -> Reply:
        account = self.bearer(asked, *self.scopes)
        media = self._media(asked.found["media"], account)
        parts = asked.parts
        told = dict(parts)
        if len(parts) != len(told):
            raise Bad(400, "a field is there twice", "E1001")
        if asked.op == "end":
            known(told, "action")
            if told.get("action") != b"FINALIZE":
                raise Bad(400, "action must be FINALIZE", "E1001")
            self._whole(media)
            return _told({"media_id": media.id})
        known(told, "action", "part_number", "file")
        number = told.get("part_number", b"").decode()
        if told.get("action") != b"ADD" or not number.isdecimal() or not 1 <= int(number) <= 35:
            raise Bad(400, "action must be ADD, and part_number 1 to 35", "E1001")
        content = told.get("file", b"")
        if media.sha256 is not None or not 0 < len(asked.request.body) <= LARGEST or not content:
            raise Bad(400, "Media size is too large, or it is whole", "E1001")
        media.parts[int(number)] = content
        self.taken += len(content)
        return _told({})

    def _whole(self, media: Media) -> None:
        if media.sha256 is not None:
            return
        sealed = b"".join(media.parts.get(n, b"") for n in range(1, len(media.parts) + 1))
        if not media.parts or max(media.parts) != len(media.parts) or len(sealed) % 16:
            raise Bad(400, "parts are missing, or are not what AES makes", "E1001")
        cipher = Cipher(algorithms.AES(media.key), modes.CBC(media.iv)).decryptor()
        plain = cipher.update(sealed) + cipher.finalize()
        padding = plain[-1]
        if not 1 <= padding <= 16 or plain[-padding:] != bytes([padding]) * padding:
            raise Bad(400, "it cannot be decrypted", "E1001")
        media.sha256 = hashlib.sha256(plain[:-padding]).hexdigest()
        self.taken -= padding

    def _post(self, asked: Asked) -> Reply:
        account = self._own(asked)
        body = asked.json
        known(body, "media_id", "description", "locale", "skip_save_to_profile")
        description = body.get("description", "")
        if not isinstance(description, str) or len(description) > LONGEST:
            raise Bad(400, "description has at most 160 characters", "E1001")
        if body.get("locale") != "en_US" or type(body.get("skip_save_to_profile", False)) is not bool:
            raise Bad(400, "locale is needed", "E1001")
        media = self._media(str(body.get("media_id")), account)
        if media.sha256 is None:
            raise Bad(400, "The media is not whole", "E1001")
        if self.faults["processing"]:
            self.faults["processing"].pop(0)
            raise Bad(400, "The media could not be processed", "MEDIA_INVALID")
        media.looks += 1
        if media.looks <= self.processing:
            raise Bad(400, "The media is still processing", "MEDIA_PROCESSING")
        if media.used:
            raise Bad(400, "The media is posted already", "MEDIA_POSTING_ALREADY_IN_PROGRESS")
        media.used = True
        post = self.posted(account, media.id, {**body, "sha256": media.sha256})
        return _told({"spotlight_id": post.id})

    def _list(self, asked: Asked) -> Reply:
        account = self._own(asked)
        query = asked.query
        known(query, "cursor")
        start = int(query.get("cursor", "0"))
        posts = self.of(account)
        shown = [{"spotlight": _shown(post), "sub_request_status": "SUCCESS"} for post in posts[start : start + 50]]
        more = f"{self.address}/v1/public_profiles/{account}/spotlights?cursor={start + 50}"
        return _told({"spotlights": shown, "paging": {"next_link": more} if len(posts) > start + 50 else {}})

    def _stats(self, asked: Asked) -> Reply:
        account = self._own(asked)
        query = asked.query
        known(query, "granularity", "fields")
        post = self.posts.get(asked.found["id"])
        if post is None or post.account != account:
            raise Bad(404, "no such Spotlight", "E1404")
        if query != {"granularity": "LIFETIME", "fields": "SPOTLIGHT_VIEWS"}:
            raise Bad(400, "granularity or fields are not what they can be", "E1001")
        stat = {"id": post.id, "type": "SPOTLIGHT", "granularity": "LIFETIME", "stats": post.counts}
        return _told({"lifetime_stats": [{"sub_request_status": "SUCCESS", "lifetime_stat": stat}]})

    def _own(self, asked: Asked) -> str:
        account = self.bearer(asked, *self.scopes)
        if asked.found["profile"] != account:
            raise Bad(403, "You do not have permission for this profile", "AUTHORIZATION_PERMISSION_DENIED")
        return account

    def _media(self, name: str, account: str) -> Media:
        media = self.media.get(name)
        if media is None or media.profile != account:
            raise Bad(404, "no such media", "E1404")
        if self.now() > media.until:
            raise _expired()
        return media


def _expired() -> Bad:
    return Bad(400, "The media has expired", "MEDIA_EXPIRED")


def _shown(post: Post) -> Json:
    return {"id": post.id, "media_id": post.container, "description": post.made["description"], "status": "LIVE"}


def _told(data: Json) -> Reply:
    return answered(200, {"request_status": "SUCCESS", "request_id": "1", **data})
