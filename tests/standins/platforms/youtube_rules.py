"""What YouTube's APIs take, as far as Cutroom asks: tests/contract/platforms/test_youtube.py holds it against Google's
own discovery documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.standins.platforms.network import Bad

Json = dict[str, Any]
_AUTH = "https://www.googleapis.com/auth/"
SCOPES = {
    name: f"{_AUTH}{name}"
    for name in (
        "youtube",
        "youtube.force-ssl",
        "youtube.readonly",
        "youtube.upload",
        "youtubepartner",
        "youtubepartner-channel-audit",
        "yt-analytics.readonly",
        "yt-analytics-monetary.readonly",
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """`params` by type; `must` be there. `body`: which shape of SHAPES; `media`: what may be sent beside it."""

    document: str
    verb: str
    path: str
    scopes: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    must: tuple[str, ...] = ()
    body: str | None = None
    media: tuple[str, ...] = ()


_OWN = ("youtube", "youtube.force-ssl", "youtubepartner")
_READ = ("youtube", "youtube.force-ssl", "youtube.readonly", "youtubepartner")
_COUNT = ("yt-analytics-monetary.readonly", "yt-analytics.readonly")

METHODS: dict[str, Method] = {
    "youtube.videos.insert": Method(
        document="youtube.v3",
        verb="POST",
        path="/upload/youtube/v3/videos",
        scopes=(*_OWN, "youtube.upload"),
        params={"part": "string", "notifySubscribers": "boolean"},
        must=("part",),
        body="Video",
        media=("video/*", "application/octet-stream"),
    ),
    "youtube.videos.list": Method(
        document="youtube.v3",
        verb="GET",
        path="/youtube/v3/videos",
        scopes=_READ,
        params={"part": "string", "id": "string", "pageToken": "string"},
        must=("part",),
    ),
    "youtube.thumbnails.set": Method(
        document="youtube.v3",
        verb="POST",
        path="/upload/youtube/v3/thumbnails/set",
        scopes=(*_OWN, "youtube.upload"),
        params={"videoId": "string"},
        must=("videoId",),
        media=("image/jpeg", "image/png", "application/octet-stream"),
    ),
    "youtube.captions.insert": Method(
        document="youtube.v3",
        verb="POST",
        path="/upload/youtube/v3/captions",
        scopes=("youtube.force-ssl", "youtubepartner"),
        params={"part": "string"},
        must=("part",),
        body="Caption",
        media=("text/xml", "application/octet-stream", "*/*"),
    ),
    "youtube.channels.list": Method(
        document="youtube.v3",
        verb="GET",
        path="/youtube/v3/channels",
        scopes=(*_READ, "youtubepartner-channel-audit"),
        params={"part": "string", "mine": "boolean", "maxResults": "integer", "pageToken": "string"},
        must=("part",),
    ),
    "youtubeAnalytics.reports.query": Method(
        document="youtubeAnalytics.v2",
        verb="GET",
        path="/v2/reports",
        scopes=("youtube", "youtube.readonly", "youtubepartner", *_COUNT),
        params={name: "string" for name in ("ids", "startDate", "endDate", "metrics", "filters")},
    ),
    "youtubereporting.jobs.list": Method(
        document="youtubereporting.v1",
        verb="GET",
        path="/v1/jobs",
        scopes=_COUNT,
        params={"pageToken": "string", "pageSize": "integer"},
    ),
    "youtubereporting.jobs.create": Method(
        document="youtubereporting.v1", verb="POST", path="/v1/jobs", scopes=_COUNT, body="Job"
    ),
    "youtubereporting.jobs.reports.list": Method(
        document="youtubereporting.v1",
        verb="GET",
        path="/v1/jobs/{jobId}/reports",
        scopes=_COUNT,
        params={"pageToken": "string", "pageSize": "integer", "startTimeAtOrAfter": "string"},
    ),
    "youtubereporting.media.download": Method(
        document="youtubereporting.v1", verb="GET", path="/v1/media/{+resourceName}", scopes=_COUNT
    ),
}

# A type of the documents; a tuple of what it can be; [..] for a list; or, with a capital, another shape.
Type = str | tuple[str, ...] | list[str]
SHAPES: dict[str, dict[str, Type]] = {
    "Video": {
        "snippet": "VideoSnippet",
        "status": "VideoStatus",
        "paidProductPlacementDetails": "VideoPaidProductPlacementDetails",
    },
    "VideoSnippet": {"title": "string", "description": "string", "tags": ["string"], "categoryId": "string"},
    "VideoStatus": {
        "privacyStatus": ("public", "unlisted", "private"),
        "publishAt": "date-time",
        "selfDeclaredMadeForKids": "boolean",
        "containsSyntheticMedia": "boolean",
    },
    "VideoPaidProductPlacementDetails": {"hasPaidProductPlacement": "boolean"},
    "Caption": {"snippet": "CaptionSnippet"},
    "CaptionSnippet": {"videoId": "string", "language": "string", "name": "string", "isDraft": "boolean"},
    "Job": {"reportTypeId": "string", "name": "string"},
}
PARTS = {
    "youtube.videos.insert": ("snippet", "status", "paidProductPlacementDetails"),
    "youtube.videos.list": ("snippet", "status", "statistics", "paidProductPlacementDetails"),
    "youtube.channels.list": ("snippet", "status"),
    "youtube.captions.insert": ("snippet",),
}
CATEGORIES = {"1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29"}
METRICS = (
    "views",
    "engagedViews",
    "estimatedMinutesWatched",
    "averageViewDuration",
    "likes",
    "comments",
    "shares",
    "subscribersGained",
)
_COMMON = {"alt": ("json", "media"), "uploadType": ("media", "multipart", "resumable")}


def pattern(path: str) -> str:
    whole = re.escape(path).replace(r"\{jobId\}", r"(?P<jobId>[\w-]+)")
    return whole.replace(r"\{\+resourceName\}", r"(?P<resourceName>[\w/-]+)")


def query(name: str, found: dict[str, str]) -> dict[str, str]:
    """Each known, and of its type. Raises Bad."""
    method = METHODS[name]
    for one, value in found.items():
        if one in _COMMON:
            if value not in _COMMON[one]:
                raise Bad(400, f"Invalid value {value!r} for {one}", "invalidParameter")
            continue
        kind = method.params.get(one)
        if kind is None:
            raise Bad(400, f'Unknown name "{one}": Cannot bind query parameter.', "badRequest")
        if (kind == "boolean" and value not in ("true", "false")) or (kind == "integer" and not value.isdecimal()):
            raise Bad(400, f"Invalid value {value!r} for {one}", "invalidParameter")
    for one in method.must:
        if not found.get(one):
            raise Bad(400, f"The required parameter {one} is missing.", "missingRequiredParameter")
    if name in PARTS and (strange := set(found["part"].split(",")) - set(PARTS[name])):
        raise Bad(400, f"'{sorted(strange)[0]}'", "unknownPart")
    return found


def fits(shape: str, told: Any, where: str = "") -> Json:
    """The body, if it is of a shape. Raises Bad."""
    if not isinstance(told, dict):
        raise Bad(400, f"{where or shape}: Invalid value: no object", "parseError")
    for name, value in told.items():
        kind = SHAPES[shape].get(name)
        if kind is None:
            raise Bad(400, f'Invalid JSON payload received. Unknown name "{name}" at "{where or shape}"', "badRequest")
        if isinstance(kind, str) and kind[0].isupper():
            fits(kind, value, name)
        elif not _is(kind, value):
            raise Bad(400, f'Invalid value at "{where}.{name}" ({kind}), {value!r}', "badRequest")
    return told


def _is(kind: Type, value: Any) -> bool:
    if isinstance(kind, list):
        return isinstance(value, list) and all(_is(kind[0], one) for one in value)
    if isinstance(kind, tuple):
        return value in kind
    if kind == "date-time":
        return isinstance(value, str) and _time(value)
    return isinstance(value, bool if kind == "boolean" else str)


def _time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def video(body: Json, part: str) -> None:
    """What the shapes do not say. Raises Bad."""
    if strange := set(body) ^ set(part.split(",")):
        raise Bad(400, f"{sorted(strange)[0]}", "unexpectedPart")
    snippet, status = body.get("snippet", {}), body.get("status", {})
    title, description, tags = snippet.get("title", ""), snippet.get("description", ""), snippet.get("tags", [])
    if not title.strip() or len(title) > 100 or set("<>") & set(title):
        raise Bad(400, "The request metadata specifies an invalid or empty video title.", "invalidTitle")
    if len(description.encode()) > 5000 or set("<>") & set(description):
        raise Bad(400, "The request metadata specifies an invalid video description.", "invalidDescription")
    if sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1) > 500:
        raise Bad(400, "The request metadata specifies invalid video keywords.", "invalidTags")
    if snippet.get("categoryId", "22") not in CATEGORIES:
        raise Bad(400, "The categoryId property specifies an invalid category ID.", "invalidCategoryId")
    if "publishAt" in status and status.get("privacyStatus") != "private":
        raise Bad(400, "The request metadata specifies an invalid scheduled publishing time.", "invalidPublishAt")
