"""LinkedIn, as far as Cutroom speaks it: sign-in, who one may post as, videos in parts, posts, their figures.

Fidelity: paths, headers, fields, scopes, roles, parts of 4 MiB, states of a video and codes of errors are those of
LinkedIn's documents of 2026. It reads the little text format as LinkedIn does: from the first reserved character on
that is not escaped, nothing of a text is shown, and nothing is said of it. No video is looked at.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tests.standins.loopback import Reply
from tests.standins.platforms.network import Asked, Bad, Json, Network, Post, Route, Token, answered, known

PART: Final = 4 << 20
LARGEST: Final = 500_000_000
LONGEST: Final = 3000  # characters of a text as it is shown
LASTS_S: Final = 3600.0  # of the addresses of parts
RESERVED: Final = r"\|{}@[]()<>#*_~"
ANN: Final = "urn:li:person:ann-1"
PAGE: Final = "urn:li:organization:2414183"
_VIDEO: Final = r"/rest/videos/(?P<id>urn%3Ali%3Avideo%3A[\w-]+)"
_POST: Final[dict[str, type]] = {
    "author": str,
    "commentary": str,
    "visibility": str,
    "distribution": dict,
    "content": dict,
    "lifecycleState": str,
    "isReshareDisabledByAuthor": bool,
}
DISTRIBUTION: Final = {
    "feedDistribution": "MAIN_FEED",
    "targetEntities": [],
    "thirdPartyDistributionChannels": [],
}
OF_MEMBERS: Final = {
    "/rest/memberCreatorPostAnalytics": (
        "IMPRESSION",
        "MEMBERS_REACHED",
        "LINK_CLICKS",
        "REACTION",
        "COMMENT",
        "RESHARE",
        "POST_SAVE",
        "FOLLOWER_GAINED_FROM_CONTENT",
    ),
    "/rest/memberCreatorVideoAnalytics": ("VIDEO_PLAY", "VIDEO_WATCH_TIME", "VIDEO_VIEWER"),
}


@dataclass(kw_only=True)
class Video:
    urn: str
    owner: str
    size: int
    until: float
    etags: dict[int, str] = field(default_factory=dict)  # by part
    bytes: dict[int, bytes] = field(default_factory=dict)  # hashes of parts
    state: str = "WAITING_UPLOAD"
    looks: int = 0

    @property
    def parts(self) -> int:
        return -(-self.size // PART)


@dataclass(kw_only=True)
class LinkedIn(Network):
    routes: tuple[Route, ...] = (  # type: ignore[misc]
        ("POST", "/oauth/v2/accessToken", "token", "_token"),
        ("POST", "/oauth/v2/revoke", "revoke", "_revoke"),
        ("GET", "/v2/userinfo", "accounts", "_userinfo"),
        ("GET", "/rest/organizationAcls", "pages", "_acls"),
        ("GET", r"/rest/organizations/(?P<id>\d+)", "pages", "_organization"),
        ("POST", "/rest/videos", "begin", "_videos"),
        ("PUT", r"/dms-uploads/(?P<id>[\w-]+)/(?P<part>\d+)", "part", "_part"),
        ("GET", _VIDEO, "status", "_video"),
        ("POST", "/rest/posts", "commit", "_create"),
        ("GET", "/rest/posts", "read", "_list"),
        ("GET", "/rest/organizationalEntityShareStatistics", "measure", "_shares"),
        ("GET", "/rest/videoAnalytics", "measure", "_analytics"),
        ("GET", "/rest/memberCreatorPostAnalytics", "measure", "_member"),
        ("GET", "/rest/memberCreatorVideoAnalytics", "measure", "_member"),
    )
    scopes: tuple[str, ...] = (
        "openid",
        "profile",
        "w_member_social",
        "r_member_social",
        "w_organization_social",
        "r_organization_social",
        "rw_organization_admin",
        "r_member_postAnalytics",
    )
    lasts_s: float = 5_184_000.0
    version: str = "202605"
    renews: bool = True  # whether the app is given refresh tokens
    twins: bool = True  # whether a text may be posted twice
    people: dict[str, str] = field(default_factory=lambda: {ANN: "Ann Maker"})
    roles: dict[str, dict[str, str]] = field(default_factory=lambda: {PAGE: {ANN: "ADMINISTRATOR"}})
    videos: dict[str, Video] = field(default_factory=dict)

    def error(self, bad: Bad) -> Reply:
        if bad.more.get("flat"):
            return answered(bad.status, {"error": bad.code, "error_description": bad.message})
        told = {"status": bad.status, "code": bad.code or "INVALID_ARGUMENT", "message": bad.message}
        return answered(bad.status, told)

    def fault(self, kind: str, asked: Asked) -> Bad:
        if kind == "expired":
            return Bad(401, "The token used in the request has expired", "EXPIRED_ACCESS_TOKEN")
        if kind == "policy":
            return Bad(422, "Content violates our policies: it looks automated", "CONTENT_BLOCKED")
        if kind == "quota":
            return Bad(429, "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls", "TOO_MANY_REQUESTS")
        if kind == "gone":
            return Bad(403, "the address has expired", "EXPIRED")
        raise AssertionError(f"LinkedIn has no fault {kind!r} at {asked.op}")

    def _done(self, asked: Asked) -> Reply:
        path = urlsplit(asked.request.path).path
        if asked.op in ("token", "revoke", "accounts", "status", "commit") or (asked.op == "pages" and asked.found):
            known(asked.query)
        if path.startswith("/rest/"):
            if asked.header("linkedin-version") == "":
                raise Bad(400, "A version must be present", "VERSION_MISSING")
            if asked.header("linkedin-version") != self.version:
                raise Bad(426, "Requested version is not active", "NONEXISTENT_VERSION")
            if asked.header("x-restli-protocol-version") != "2.0.0":
                raise Bad(400, "X-Restli-Protocol-Version must be 2.0.0")
        return super()._done(asked)

    def posted(self, account: str, container: str, made: Json) -> Post:
        """By its URN."""
        post = Post(id=f"urn:li:share:{self.number()}", account=account, container=container, made=made, at=self.now())
        self.posts[post.id] = post
        self.committed[container] += 1
        return post

    def _token(self, asked: Asked) -> Reply:
        form = asked.form
        if (form.get("client_id"), form.get("client_secret")) != (self.client, self.secret):
            raise Bad(401, "Client authentication failed", "invalid_client", flat=True)
        if form.get("grant_type") == "authorization_code":
            known(form, "client_id", "client_secret", "grant_type", "code", "redirect_uri")
            try:
                token = self.exchanged(form, pkce=False)
            except Bad as bad:
                raise Bad(400, bad.message, "invalid_request", flat=True) from bad
        elif form.get("grant_type") == "refresh_token":
            known(form, "client_id", "client_secret", "grant_type", "refresh_token")
            old = self.refreshes.get(form.get("refresh_token", ""))
            if old is None:
                raise Bad(400, "The provided refresh token is invalid", "invalid_request", flat=True)
            token = Token(account=old.account, until=self.now() + self.lasts_s, scopes=old.scopes)
        else:
            raise Bad(400, "grant_type is not one it can be", "unsupported_grant_type", flat=True)
        told: Json = {"access_token": self.token(token.account, token.scopes), "expires_in": int(self.lasts_s)}
        told |= {"token_type": "Bearer", "scope": ",".join(token.scopes)}
        if self.renews:
            told |= {"refresh_token": f"again-{self.number()}", "refresh_token_expires_in": 31_536_000}
            self.refreshes[told["refresh_token"]] = token
        return answered(200, told)

    def _revoke(self, asked: Asked) -> Reply:
        form = asked.form
        known(form, "client_id", "client_secret", "token")
        if (form.get("client_id"), form.get("client_secret")) != (self.client, self.secret):
            raise Bad(401, "Client authentication failed", "invalid_client", flat=True)
        self.tokens.pop(form.get("token", ""), None)
        return Reply()

    def _userinfo(self, asked: Asked) -> Reply:
        account = self.bearer(asked, "openid", "profile")
        return answered(200, {"sub": account.rpartition(":")[2], "name": self.people[account], "locale": "en_US"})

    def _acls(self, asked: Asked) -> Reply:
        account = self._allowed(asked, "rw_organization_admin")
        self._finder(asked)
        query = asked.query
        known(query, "q", "state", "role", "count", "start")
        if query.get("q") != "roleAssignee":
            raise Bad(400, "q must be roleAssignee")
        elements = [
            {"organization": page, "role": roles[account], "roleAssignee": account, "state": "APPROVED"}
            for page, roles in self.roles.items()
            if account in roles
        ]
        return answered(200, {"elements": elements, "paging": {"start": 0, "count": 100, "links": []}})

    def _organization(self, asked: Asked) -> Reply:
        self._allowed(asked, "rw_organization_admin")
        name = asked.found["id"]
        if f"urn:li:organization:{name}" not in self.roles:
            raise Bad(404, "no such organization", "NOT_FOUND")
        return answered(200, {"id": int(name), "localizedName": f"Page {name}", "vanityName": f"page-{name}"})

    def _videos(self, asked: Asked) -> Reply:
        action = asked.query.get("action")
        known(asked.query, "action")
        if action == "initializeUpload":
            return self._initialized(asked)
        if action == "finalizeUpload":
            return self._finalized(asked)
        raise Bad(400, "there is no such action")

    def _initialized(self, asked: Asked) -> Reply:
        body = asked.json
        known(body, "initializeUploadRequest")
        wanted = _object(body, "initializeUploadRequest")
        known(wanted, "owner", "fileSizeBytes", "uploadCaptions", "uploadThumbnail")
        if wanted.get("uploadCaptions") is not False or wanted.get("uploadThumbnail") is not False:
            raise Bad(400, "uploadCaptions and uploadThumbnail are needed, and both are false here")
        self._acting(asked, wanted.get("owner"))
        size = wanted.get("fileSizeBytes")
        if type(size) is not int or not 0 < size <= LARGEST:
            raise Bad(400, "fileSizeBytes is none")
        name = f"D5{self.number()}"
        video = Video(urn=f"urn:li:video:{name}", owner=wanted["owner"], size=size, until=self.now() + LASTS_S)
        self.videos[video.urn] = video
        self.begun[video.owner] += 1
        parts = [
            {
                "uploadUrl": f"{self.address}/dms-uploads/{name}/{n}?ut={_signed(name, n)}",
                "firstByte": n * PART,
                "lastByte": min(size, (n + 1) * PART) - 1,
            }
            for n in range(video.parts)
        ]
        told = {"uploadUrlsExpireAt": int(video.until * 1000), "video": video.urn, "uploadInstructions": parts}
        return answered(200, {"value": {**told, "uploadToken": ""}})

    def _part(self, asked: Asked) -> Reply:
        video = self.videos.get(f"urn:li:video:{asked.found['id']}")
        n = int(asked.found["part"])
        if video is None or n >= video.parts or self.now() > video.until:
            raise Bad(403, "the address is none, or has expired", "EXPIRED")
        if asked.query != {"ut": _signed(asked.found["id"], n)}:
            raise Bad(403, "the signature does not fit", "EXPIRED")
        if asked.header("authorization") or asked.header("content-type") != "application/octet-stream":
            raise Bad(400, "bytes are wanted, and no token")
        content = asked.request.body
        if len(content) != min(video.size, (n + 1) * PART) - n * PART:
            raise Bad(400, "the part is of another size")
        if video.state != "WAITING_UPLOAD":
            raise Bad(409, "the video is finalized", "CONFLICT")
        video.bytes[n] = hashlib.sha256(content).digest()
        video.etags[n] = f"/ambry-video/signedId/{video.bytes[n].hex()}"
        self.taken += len(content)
        return Reply(status=200, headers={"ETag": f'"{video.etags[n]}"'})

    def _finalized(self, asked: Asked) -> Reply:
        body = asked.json
        known(body, "finalizeUploadRequest")
        wanted = _object(body, "finalizeUploadRequest")
        known(wanted, "video", "uploadToken", "uploadedPartIds")
        video = self.videos.get(str(wanted.get("video")))
        if video is None:
            raise Bad(404, "no such video", "NOT_FOUND")
        self._acting(asked, video.owner)
        if wanted.get("uploadToken") != "" or video.state != "WAITING_UPLOAD":
            raise Bad(400, "uploadToken is another, or it is finalized")
        if wanted.get("uploadedPartIds") != [video.etags.get(n) for n in range(video.parts)]:
            raise Bad(400, "uploadedPartIds are not those of the parts, in their order")
        video.state = "PROCESSING"
        if self.faults["processing"]:
            self.faults["processing"].pop(0)
            video.state = "PROCESSING_FAILED"
        return Reply()

    def _video(self, asked: Asked) -> Reply:
        video = self.videos.get(unquote(asked.found["id"]))
        if video is None:
            raise Bad(404, "no such video", "NOT_FOUND")
        self._acting(asked, video.owner)
        told: Json = {"id": video.urn, "owner": video.owner, "status": video.state}
        if video.state == "PROCESSING":
            video.looks += 1
            if video.looks > self.slow:
                video.state = told["status"] = "AVAILABLE"
        if video.state == "PROCESSING_FAILED":
            told["processingFailureReason"] = "The video codec is not supported"
        return answered(200, told)

    def _create(self, asked: Asked) -> Reply:
        body = asked.json
        known(body, *_POST)
        if wrong := [name for name, kind in _POST.items() if type(body.get(name)) is not kind]:
            raise Bad(422, f"ERROR :: /{wrong[0]} :: field is required, or of another type")
        self._acting(asked, body["author"])
        if body["visibility"] not in ("PUBLIC", "CONNECTIONS") or body["lifecycleState"] != "PUBLISHED":
            raise Bad(422, "ERROR :: /visibility or /lifecycleState is not one it can be")
        known(body["content"], "media")
        media = _object(body["content"], "media")
        known(media, "id", "title", "altText")
        if not all(isinstance(one, str) for one in media.values()):
            raise Bad(422, "ERROR :: /content/media :: a field is of another type")
        if body["distribution"] != DISTRIBUTION:
            raise Bad(422, "ERROR :: /distribution is not what it can be")
        video = self.videos.get(str(media.get("id")))
        if video is None or video.state != "AVAILABLE" or video.owner != body["author"]:
            raise Bad(400, "the media is none of the author's that is available")
        shown = plain(body["commentary"])
        if len(shown) > LONGEST:
            raise Bad(422, "ERROR :: /commentary :: text length exceeded maximum allowed", "FIELD_LENGTH_TOO_LONG")
        twin = next((post for post in self.of(body["author"]) if post.made["commentary"] == body["commentary"]), None)
        if twin is not None and not self.twins:
            raise Bad(422, f"Content is a duplicate of {twin.id}", "DUPLICATE_POST")
        sha = hashlib.sha256(b"".join(video.bytes[n] for n in range(video.parts))).hexdigest()
        post = self.posted(body["author"], video.urn, {**body, "shown": shown, "parts": sha})
        return Reply(status=201, headers={"x-restli-id": post.id, "x-linkedin-id": post.id})

    def _list(self, asked: Asked) -> Reply:
        query = asked.query
        known(query, "author", "q", "count", "start", "sortBy")
        self._finder(asked)
        author = query.get("author", "")
        reading = "r_organization_social" if ":organization:" in author else "r_member_social"
        self._acting(asked, author, reading)
        start, count = int(query.get("start", "0")), int(query.get("count", "10"))
        if (
            query.get("q") != "author"
            or not 0 < count <= 100
            or query.get("sortBy") not in ("LAST_MODIFIED", "CREATED")
        ):
            raise Bad(400, "q, count or sortBy is not what it can be")
        posts = self.of(author)[start : start + count]
        elements = [
            {
                "id": post.id,
                "author": author,
                "commentary": post.made["commentary"],
                "content": post.made["content"],
                "lifecycleState": "PUBLISHED",
                "visibility": post.made["visibility"],
                "createdAt": int(post.at * 1000),
            }
            for post in posts
        ]
        return answered(200, {"elements": elements, "paging": {"start": start, "count": count, "links": []}})

    def _shares(self, asked: Asked) -> Reply:
        query = asked.query
        known(query, "q", "organizationalEntity", "shares", "ugcPosts")
        page = query.get("organizationalEntity", "")
        self._acting(asked, page, "rw_organization_admin")
        listed = re.fullmatch(r"List\((.+)\)", query.get("shares", ""))
        if query.get("q") != "organizationalEntity" or listed is None:
            raise Bad(400, "q must be organizationalEntity, and shares a List")
        posts = [post for post in self.of(page) if post.id in listed[1].split(",")]
        shown = [
            {"organizationalEntity": page, "share": post.id, "totalShareStatistics": post.counts.get("share", {})}
            for post in posts
        ]
        return answered(200, {"elements": shown, "paging": {}})

    def _analytics(self, asked: Asked) -> Reply:
        known(asked.query, "q", "entity", "type")
        post = self._seen(asked, asked.query.get("entity", ""), "r_organization_social")
        kind = asked.query.get("type")
        if asked.query.get("q") != "entity" or kind not in ("VIDEO_VIEW", "VIEWER", "TIME_WATCHED_FOR_VIDEO_VIEWS"):
            raise Bad(400, "q or type is not what it can be")
        count = post.counts.get(kind)
        return answered(200, {"elements": [] if count is None else [{"entity": post.id, "value": count}]})

    def _member(self, asked: Asked) -> Reply:
        split = urlsplit(asked.request.path)
        found = re.search(r"[?&]entity=\(share:(urn%3Ali%3Ashare%3A\d+)\)(&|$)", f"?{split.query}")
        if found is None:
            raise Bad(400, "entity must be (share:URN), its URN encoded")
        known(asked.query, "q", "entity", "queryType", "aggregation")
        post = self._seen(asked, unquote(found[1]), "r_member_postAnalytics")
        kind = asked.query.get("queryType")
        if kind not in OF_MEMBERS[split.path] or asked.query.get("aggregation") != "TOTAL":
            raise Bad(400, "queryType or aggregation is not what it can be")
        count = post.counts.get(kind)
        return answered(200, {"elements": [] if count is None else [{"count": count}]})

    def _seen(self, asked: Asked, urn: str, scope: str) -> Post:
        post = next((post for post in self.posts.values() if post.id == urn), None)
        if post is None:
            raise Bad(404, "no such post", "NOT_FOUND")
        self._acting(asked, post.account, scope)
        return post

    def _allowed(self, asked: Asked, *scopes: str) -> str:
        try:
            return self.bearer(asked, *scopes)
        except Bad as bad:
            if bad.status != 403:
                raise
            raise Bad(403, "Not enough permissions to access this resource", "ACCESS_DENIED") from bad

    def _acting(self, asked: Asked, urn: Any, scope: str | None = None) -> None:
        """Raises Bad where the token's member may not act for whom it says."""
        page = isinstance(urn, str) and ":organization:" in urn
        account = self._allowed(asked, scope or ("w_organization_social" if page else "w_member_social"))
        if urn != account and account not in self.roles.get(str(urn), {}):
            raise Bad(403, "Member does not have permission to act for it", "ACCESS_DENIED")

    def _finder(self, asked: Asked) -> None:
        if asked.header("x-restli-method") != "FINDER":
            raise Bad(400, "X-RestLi-Method must be FINDER")


def plain(little: str) -> str:
    """What of a text in the little text format is shown."""
    shown, at = "", 0
    while at < len(little):
        if found := re.compile(r"\{hashtag\|(\\#|＃)\|((?:\\.|[^\\|{}@\[\]()<>#*_~])+)\}").match(little, at):
            shown += "#" + re.sub(r"\\(.)", r"\1", found[2])
            at = found.end()
        elif little[at] == "\\" and little[at + 1 : at + 2] in RESERVED and little[at + 1 : at + 2]:
            shown += little[at + 1]
            at += 2
        elif little[at] in RESERVED:
            return shown
        else:
            shown += little[at]
            at += 1
    return shown


def parts_of(content: bytes) -> str:
    """What `made["parts"]` of a post is where its file arrived as it was."""
    hashes = [hashlib.sha256(content[at : at + PART]).digest() for at in range(0, len(content), PART)]
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def _object(told: Json, name: str) -> Json:
    found = told.get(name)
    if not isinstance(found, dict):
        raise Bad(400, f"{name} is no object")
    return found


def _signed(name: str, part: int) -> str:
    return hashlib.sha256(f"{name} {part}".encode()).hexdigest()
