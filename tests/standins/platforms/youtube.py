"""YouTube, as far as Cutroom asks it: signing in at Google, the Data API with resumable uploads, Analytics, Reporting.

Fidelity: a request is taken only if youtube_rules has its path, parameters, scopes and shape; an upload only byte after
byte, in multiples of 256 KiB; a session makes one video at most, and says so ever after. Bytes are counted and not
kept.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.standins.loopback import Reply, Request
from tests.standins.platforms import youtube_rules as rules
from tests.standins.platforms.network import Asked, Bad, Json, Network, Post, Route, answered

STEP: Final = 256 << 10
LARGEST: Final = 274_877_906_944
LARGEST_COVER: Final = 2 << 20
OPS: Final = {
    "youtube.videos.insert": "begin",
    "youtube.videos.list": "videos",
    "youtube.thumbnails.set": "thumbnail",
    "youtube.captions.insert": "captions",
    "youtube.channels.list": "accounts",
    "youtubeAnalytics.reports.query": "measure",
    "youtubereporting.jobs.list": "jobs",
    "youtubereporting.jobs.create": "job",
    "youtubereporting.jobs.reports.list": "reports",
    "youtubereporting.media.download": "media",
}
_HOW: Final = {"begin": "resumable", "thumbnail": "media", "captions": "multipart"}
_PUT: Final = "/upload/youtube/v3/videos"
_REASONS: Final = {429: "rateLimitExceeded", 403: "forbidden", 404: "notFound", 410: "gone"}
_STATUSES: Final = {  # of the Reporting API, which has other names
    "authError": "UNAUTHENTICATED",
    "insufficientPermissions": "PERMISSION_DENIED",
    "badRequest": "INVALID_ARGUMENT",
}
_FAULTS: Final = {
    "expired": (401, "Request had invalid authentication credentials.", "authError"),
    "policy": (403, "The YouTube account of the authenticated user is suspended.", "authenticatedUserAccountSuspended"),
    "quota": (400, "The user has exceeded the number of videos they may upload.", "uploadLimitExceeded"),
    "units": (403, 'You have exceeded your <a href="/youtube/quota">quota</a>.', "quotaExceeded"),
    "gone": (404, "Not Found", "notFound"),
}


@dataclass
class Channel:
    """`uploads`: how many more it may begin; None: any number. `jobs` by id, and the reports they made."""

    id: str
    title: str
    handle: str
    verified: bool = True
    long: str = "allowed"
    uploads: int | None = None
    jobs: dict[str, Json] = field(default_factory=dict)
    reports: list[Json] = field(default_factory=list)


@dataclass
class Session:
    id: str
    account: str
    body: Json
    part: str
    size: int
    taken: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    video: str | None = None
    gone: bool = False


@dataclass(kw_only=True)
class Video(Post):
    """`counts`: `live` are its statistics, `counted` a row of Analytics; what is not there is not told yet."""

    size: int
    sha256: str
    state: Json = field(default_factory=lambda: {"uploadStatus": "uploaded"})
    cover: bytes | None = None
    captions: dict[tuple[str, str], bytes] = field(default_factory=dict)


@dataclass(kw_only=True)
class YouTube(Network):
    """Ops beside the usual: read (a session is asked how far it is), thumbnail, captions, videos, jobs, job, reports,
    media. `cuts` are met by the next parts: half of one is taken, and then it is cut off, or answered.
    """

    scopes: tuple[str, ...] = tuple(rules.SCOPES.values())
    routes: tuple[Route, ...] = (  # type: ignore[misc]
        ("POST", "/token", "token", "_token"),
        ("POST", "/revoke", "revoke", "_revoke"),
        ("PUT", _PUT, "part", "_part"),
        ("POST", "/subscribe", "subscribe", "_subscribe"),
        *((one.verb, rules.pattern(one.path), OPS[name], f"_{OPS[name]}") for name, one in rules.METHODS.items()),
    )
    cuts: list[Literal["cut", "answered"]] = field(default_factory=list)
    page: int = 50
    channels: dict[str, Channel] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    refused: list[Bad] = field(default_factory=list)
    subscribed: dict[str, dict[str, str]] = field(default_factory=dict)  # what the hub was asked, by callback

    def channel(self, name: str) -> Channel:
        """It is there for whoever has a token of it."""
        with self.lock:
            return self.channels.setdefault(name, Channel(name, f"Channel {name}", f"@{name.lower()}"))

    def allowed(self, account: str, address: str, *, without: tuple[str, ...] = ()) -> dict[str, str]:
        """`without`: scopes whose boxes the person unticks."""
        told = urlsplit(address)
        asked = dict(parse_qsl(told.query, strict_parsing=True))
        fixed = {"access_type": "offline", "prompt": "consent", "code_challenge_method": "S256"}
        names = {"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", *fixed}
        if told.path != "/o/oauth2/v2/auth" or set(asked) != names:
            raise Bad(400, f"Required or unknown parameter: {sorted(set(asked) ^ names)}", "invalid_request")
        if any(asked[name] != value for name, value in fixed.items()) or len(asked["code_challenge"]) != 43:
            raise Bad(400, "Invalid parameter value", "invalid_request")
        left = [one for one in asked["scope"].split() if one not in {rules.SCOPES[name] for name in without}]
        return super().allowed(account, f"{address.partition('?')[0]}?{urlencode({**asked, 'scope': ' '.join(left)})}")

    def report(self, account: str, day: str, rows: list[tuple[str, int, float]], created: str = "") -> None:
        """That of a day (20261121), of video, impressions and their rate."""
        channel = self.channel(account)
        job = next(iter(channel.jobs))
        head = "date,channel_id,video_id,video_thumbnail_impressions,video_thumbnail_impressions_ctr\n"
        text = head + "".join(f"{day},{channel.id},{video},{shown},{rate}\n" for video, shown, rate in rows)
        start, name = f"{day[:4]}-{day[4:6]}-{day[6:]}T08:00:00Z", self.number()
        told = {"id": name, "jobId": job, "startTime": start, "createTime": created or start}
        told["downloadUrl"] = f"{self.address}/v1/media/CHANNEL/{channel.id}/jobs/{job}/reports/{name}?alt=media"
        channel.reports.append({**told, "text": text})

    def asks_back(self, callback: str) -> dict[str, str]:
        """What the hub asks at an address before it tells anything there."""
        told = self.subscribed[callback]
        same = {name: told[name] for name in ("hub.mode", "hub.topic", "hub.lease_seconds")}
        return {**same, "hub.challenge": hashlib.sha256(callback.encode()).hexdigest()[:20]}

    def notice(self, callback: str, video: str) -> tuple[dict[str, str], bytes]:
        """What the hub sends there of a video: its headers and its body."""
        told = self.subscribed[callback]
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
            f'xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="{told["hub.topic"]}"/><entry>'
            f"<id>yt:video:{video}</id><yt:videoId>{video}</yt:videoId><title>Tea</title></entry></feed>"
        ).encode()
        signed = hmac.new(told["hub.secret"].encode(), body, hashlib.sha1).hexdigest()
        return {"Content-Type": "application/atom+xml", "X-Hub-Signature": f"sha1={signed}"}, body

    def number(self) -> str:
        """As YouTube's ids look."""
        return base64.urlsafe_b64encode(hashlib.sha256(super().number().encode()).digest())[:11].decode()

    def fault(self, kind: str, asked: Asked) -> Bad:
        status, message, code = _FAULTS[kind]
        if kind == "gone" and (session := self.sessions.get(asked.query.get("upload_id", ""))):
            session.gone = True
        return Bad(status, message, code, path=urlsplit(asked.request.path).path)

    def error(self, bad: Bad) -> Reply:
        self.refused.append(bad)
        path, reason = bad.more.get("path", ""), bad.code or _REASONS.get(bad.status, "backendError")
        if path in ("/token", "/revoke"):
            return answered(bad.status, {"error": reason, "error_description": str(bad)})
        error: Json = {"code": bad.status, "message": str(bad)}
        if path.startswith("/v1/"):
            return answered(
                bad.status, {"error": error | {"status": _STATUSES.get(bad.code, bad.code or "INVALID_ARGUMENT")}}
            )
        error["errors"] = [{"message": str(bad), "domain": "youtube", "reason": reason}]
        if reason == "insufficientPermissions":
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            details = [{"@type": kind, "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com"}]
            error |= {"status": "PERMISSION_DENIED", "details": details}
        return answered(bad.status, {"error": error})

    def _named(self, request: Request) -> Asked:
        asked = super()._named(request)
        told = _range(asked)
        if asked.op != "part" or told is None:
            return asked
        whole = told[2] is not None and int(told[2]) + 1 == int(told[3])
        return Asked("read" if told[1] is None else "commit" if whole else "part", request, asked.found)

    def _done(self, asked: Asked) -> Reply:
        try:
            return super()._done(asked)
        except Bad as bad:
            bad.more.setdefault("path", urlsplit(asked.request.path).path)
            raise

    def _taken(self, asked: Asked, what: str) -> tuple[Channel, dict[str, str]]:
        """Whose request it is, and its parameters: one that the rules take. Raises Bad."""
        query = rules.query(what, asked.query)
        if query.get("uploadType") != _HOW.get(OPS[what]):
            raise Bad(400, "this kind of upload is not done here", "badRequest")
        account = self.bearer(asked)
        token = self.tokens[asked.header("authorization").removeprefix("Bearer ")]
        if not {rules.SCOPES[one] for one in rules.METHODS[what].scopes} & set(token.scopes):
            raise Bad(403, "Request had insufficient authentication scopes.", "insufficientPermissions")
        if rules.METHODS[what].verb == "GET" and asked.request.body:
            raise Bad(400, "this request takes no body", "badRequest")
        return self.channel(account), query

    def _begin(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtube.videos.insert")
        body = rules.fits("Video", asked.json)
        rules.video(body, query["part"])
        kind, size = asked.header("x-upload-content-type"), asked.header("x-upload-content-length")
        if not re.fullmatch(r"video/[\w.+-]+|application/octet-stream", kind):
            raise Bad(400, f"Media type '{kind}' is not supported. Valid media types: [video/*]", "badContent")
        if not size.isdecimal() or not 0 < int(size) <= LARGEST:
            raise Bad(400, "X-Upload-Content-Length is not one it can be", "badRequest")
        if channel.uploads is not None:
            if channel.uploads < 1:
                raise self.fault("quota", asked)
            channel.uploads -= 1
        name = f"session-{self.number()}"
        self.sessions[name] = Session(name, channel.id, body, query["part"], int(size))
        self.begun[channel.id] += 1
        told = urlencode({"uploadType": "resumable", "upload_id": name})
        return Reply(headers={"Location": f"{self.address}{_PUT}?{told}", "X-GUploader-UploadID": name})

    def _subscribe(self, asked: Asked) -> Reply:
        form = asked.form
        names = {"hub.mode", "hub.topic", "hub.callback", "hub.secret", "hub.lease_seconds", "hub.verify"}
        if set(form) != names or form["hub.mode"] != "subscribe" or not form["hub.lease_seconds"].isdecimal():
            raise Bad(400, "Invalid parameter for a subscription")
        topic = r"https://www\.youtube\.com/xml/feeds/videos\.xml\?channel_id=[\w-]+"
        if not re.fullmatch(topic, form["hub.topic"]) or not form["hub.callback"].startswith("https://"):
            raise Bad(400, "Invalid value for hub.topic or hub.callback")
        if not 0 < len(form["hub.secret"]) < 200 or int(form["hub.lease_seconds"]) > 864_000:
            raise Bad(400, "Invalid value for hub.secret or hub.lease_seconds")
        self.subscribed[form["hub.callback"]] = form
        return Reply(status=202)

    def _part(self, asked: Asked) -> Reply:
        if set(asked.query) != {"uploadType", "upload_id"} or asked.query["uploadType"] != "resumable":
            raise Bad(400, "the address of an upload is asked as it was given", "badRequest")
        account, session, told = self.bearer(asked), self.sessions.get(asked.query["upload_id"]), _range(asked)
        if session is None or session.gone or session.account != account:
            raise Bad(404, "Not Found", "notFound")
        content = asked.request.body
        if told is None or int(told[3]) != session.size or asked.header("content-length") != str(len(content)):
            raise Bad(400, "Failed to parse Content-Range header.", "badRequest")
        if session.video is not None:
            return answered(200, self._video(self.posts[session.video], session.part))
        if told[1] is None:
            if content:
                raise Bad(400, "a question has no body", "badRequest")
            return _stands(session)
        start, end = int(told[1]), int(told[2])
        if start != session.taken or end - start + 1 != len(content) or end >= session.size:
            raise Bad(400, f"Invalid request. There are {session.taken} bytes; {told[0]} do not follow.", "badRequest")
        if end + 1 < session.size and len(content) % STEP:
            raise Bad(400, "The number of bytes is required to be a multiple of 262144.", "badRequest")
        if self.cuts:
            self._written(session, content[: len(content) // 2 // STEP * STEP])
            return Reply(status=0) if self.cuts.pop(0) == "cut" else _stands(session)
        self._written(session, content)
        return _stands(session) if session.video is None else self._part(asked)

    def _written(self, session: Session, content: bytes) -> None:
        session.taken += len(content)
        self.taken += len(content)
        session.digest.update(content)
        if session.taken == session.size:
            video = Video(
                id=self.number(),
                account=session.account,
                container=session.id,
                made=session.body,
                at=self.now(),
                size=session.size,
                sha256=session.digest.hexdigest(),
            )
            self.posts[video.id], session.video = video, video.id
            self.committed[session.id] += 1

    def _thumbnail(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtube.thumbnails.set")
        video, content = self._own(channel, query["videoId"]), asked.request.body
        if asked.header("content-type") not in rules.METHODS["youtube.thumbnails.set"].media or not content:
            raise Bad(400, "The request does not include the image content.", "mediaBodyRequired")
        if len(content) > LARGEST_COVER:
            raise Bad(413, "Media larger than 2097152 bytes is not supported.", "uploadTooLarge")
        if not channel.verified:
            why = "The authenticated user doesnt have permissions to upload and set custom video thumbnails."
            raise Bad(403, why, "forbidden")
        video.cover = content
        items = [{"default": {"url": f"https://i.ytimg.com/vi/{video.id}/default.jpg"}}]
        return answered(200, {"kind": "youtube#thumbnailSetResponse", "items": items})

    def _captions(self, asked: Asked) -> Reply:
        channel, _ = self._taken(asked, "youtube.captions.insert")
        kind = asked.header("content-type")
        parts: Any = message_from_bytes(f"Content-Type: {kind}\n\n".encode() + asked.request.body).get_payload()
        if not kind.startswith("multipart/related") or not isinstance(parts, list) or len(parts) != 2:
            raise Bad(400, "Media type 'multipart/related' with two parts is required.", "badContent")
        if parts[0].get_content_type() != "application/json":
            raise Bad(400, "Parse Error", "parseError")
        snippet = rules.fits("Caption", json.loads(parts[0].get_payload(decode=True)))["snippet"]
        content = parts[1].get_payload(decode=True)
        if {"videoId", "language", "name"} - set(snippet) or len(snippet["name"]) > 150 or not content:
            raise Bad(400, "The request contains invalid metadata values.", "invalidMetadata")
        video, track = self._own(channel, snippet["videoId"]), (snippet["language"], snippet["name"])
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", snippet["language"]):
            raise Bad(400, "The request contains invalid metadata values.", "invalidMetadata")
        if track in video.captions:
            raise Bad(409, "The video already has a caption track of that language and name.", "captionExists")
        video.captions[track] = content
        return answered(200, {"kind": "youtube#caption", "id": self.number(), "snippet": snippet})

    def _own(self, channel: Channel, name: str) -> Video:
        video = self.posts.get(name)
        if not isinstance(video, Video) or video.account != channel.id:
            raise Bad(404, "The video identified by videoId cannot be found.", "videoNotFound")
        return video

    def _accounts(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtube.channels.list")
        if query.get("mine") != "true":
            raise Bad(400, "No filter selected.", "missingRequiredParameter")
        told = {
            "kind": "youtube#channel",
            "id": channel.id,
            "snippet": {"title": channel.title, "customUrl": channel.handle},
            "status": {"privacyStatus": "public", "longUploadsStatus": channel.long},
        }
        return answered(200, {"kind": "youtube#channelListResponse", "items": [_parts(told, query["part"])]})

    def _videos(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtube.videos.list")
        found = [self.posts[one] for one in query.get("id", "").split(",") if one in self.posts]
        for video in found:
            if isinstance(video, Video) and video.state["uploadStatus"] == "uploaded" and (self.slow < 1):
                video.state = {"uploadStatus": "processed"}
        self.slow -= 1
        seen = [one for one in found if one.account == channel.id or one.made["status"]["privacyStatus"] != "private"]
        told = {"kind": "youtube#videoListResponse", "items": [self._video(one, query["part"]) for one in seen]}
        return answered(200, told)

    def _video(self, video: Post, part: str) -> Json:
        assert isinstance(video, Video)
        told = {**video.made, "kind": "youtube#video", "id": video.id}
        told["status"] = {**video.made["status"], **video.state}
        told["snippet"] = {**video.made["snippet"], "channelId": video.account}
        if "live" in video.counts:
            told["statistics"] = {name: str(count) for name, count in video.counts["live"].items()}
        return _parts(told, part)

    def _measure(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtubeAnalytics.reports.query")
        days = [query.get(name, "") for name in ("startDate", "endDate")]
        if not all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days) or days[0] > days[1]:
            raise Bad(400, "The query is not supported: its dates are none.", "badRequest")
        if query.get("ids") not in (f"channel=={channel.id}", "channel==MINE"):
            raise Bad(403, "Forbidden", "forbidden")
        names = query.get("metrics", "").split(",")
        if strange := set(names) - set(rules.METRICS):
            raise Bad(400, f"Unknown identifier ({sorted(strange)[0]}) given in parameters.metrics.", "badRequest")
        told = re.fullmatch(r"video==([\w-]{11})", query.get("filters", ""))
        if told is None:
            raise Bad(400, "The query is not supported. Check its filters.", "badRequest")
        video = self.posts.get(told[1])
        counted = video.counts.get("counted") if video is not None and video.account == channel.id else None
        heads = [{"name": name, "columnType": "METRIC", "dataType": "INTEGER"} for name in names]
        rows = [] if counted is None else [[counted.get(name, 0) for name in names]]
        return answered(200, {"kind": "youtubeAnalytics#resultTable", "columnHeaders": heads, "rows": rows})

    def _jobs(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtubereporting.jobs.list")
        return self._paged("jobs", list(channel.jobs.values()), query)

    def _job(self, asked: Asked) -> Reply:
        channel, _ = self._taken(asked, "youtubereporting.jobs.create")
        body = rules.fits("Job", asked.json)
        kind, name = body.get("reportTypeId", ""), body.get("name", "")
        if not re.fullmatch(r"channel_[a-z_]+_a\d", kind) or not 0 < len(name) <= 100:
            raise Bad(400, "Request contains an invalid argument.")
        if any(one["reportTypeId"] == kind for one in channel.jobs.values()):
            raise Bad(409, "Requested entity already exists", "ALREADY_EXISTS")
        made = {"id": self.number(), "reportTypeId": kind, "name": name, "createTime": "2026-11-21T00:00:00Z"}
        channel.jobs[made["id"]] = made
        return answered(200, made)

    def _reports(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtubereporting.jobs.reports.list")
        job, since = asked.found["jobId"], query.get("startTimeAtOrAfter", "")
        if job not in channel.jobs:
            raise Bad(404, "Requested entity was not found.", "NOT_FOUND")
        found = [one for one in channel.reports if one["jobId"] == job and one["startTime"] >= since]
        told = [{name: value for name, value in one.items() if name != "text"} for one in found]
        return self._paged("reports", told[::-1], query)

    def _media(self, asked: Asked) -> Reply:
        channel, query = self._taken(asked, "youtubereporting.media.download")
        path = f"/v1/media/{asked.found['resourceName']}?"
        found = [one for one in channel.reports if path in one["downloadUrl"]]
        if not found or query.get("alt") != "media":
            raise Bad(404, "Requested entity was not found.", "NOT_FOUND")
        content = found[0]["text"].encode()
        if "gzip" not in asked.header("accept-encoding"):
            return Reply(body=content, headers={"Content-Type": "text/csv"})
        return Reply(body=gzip.compress(content), headers={"Content-Type": "text/csv", "Content-Encoding": "gzip"})

    def _paged(self, name: str, found: list[Json], query: dict[str, str]) -> Reply:
        start = int(query.get("pageToken", "0"))
        told: Json = {name: found[start : start + self.page]} if found else {}
        return answered(
            200, told | ({"nextPageToken": str(start + self.page)} if start + self.page < len(found) else {})
        )

    def _token(self, asked: Asked) -> Reply:
        form = asked.form
        if asked.query or form.pop("client_id", "") != self.client or form.pop("client_secret", "") != self.secret:
            raise Bad(401, "Unauthorized", "invalid_client")
        if form.get("grant_type") == "refresh_token" and set(form) == {"grant_type", "refresh_token"}:
            if (held := self.refreshes.get(form["refresh_token"])) is None:
                raise Bad(400, "Token has been expired or revoked.", "invalid_grant")
            return answered(200, self._granted(held.account, held.scopes))
        names = {"grant_type", "code", "code_verifier", "redirect_uri"}
        if form.get("grant_type") != "authorization_code" or set(form) != names:
            raise Bad(400, "Bad Request", "invalid_request")
        token = self.exchanged(form, pkce=True)
        again = f"1//{self.number()}"
        self.refreshes[again] = token
        return answered(200, self._granted(token.account, token.scopes) | {"refresh_token": again})

    def _granted(self, account: str, scopes: tuple[str, ...]) -> Json:
        told = {"access_token": self.token(account, scopes), "token_type": "Bearer", "scope": " ".join(scopes)}
        return {**told, "expires_in": int(self.lasts_s)}

    def _revoke(self, asked: Asked) -> Reply:
        form = asked.form
        held = self.refreshes.get(form.get("token", "")) or self.tokens.get(form.get("token", ""))
        if asked.query or set(form) != {"token"} or held is None:
            raise Bad(400, "Token expired or revoked", "invalid_token")
        self.revoke(held.account)
        return answered(200, {})


def _range(asked: Asked) -> re.Match[str] | None:
    return re.fullmatch(r"bytes (?:\*|(\d+)-(\d+))/(\d+)", asked.header("content-range"))


def _stands(session: Session) -> Reply:
    return Reply(status=308, headers={"Range": f"bytes=0-{session.taken - 1}"} if session.taken else {})


def _parts(told: Json, part: str) -> Json:
    return {name: value for name, value in told.items() if name in ("kind", "id", *part.split(","))}
