"""What YouTube counts of a video, from three places of which none tells all.

The Data API knows now how often it was seen, liked and commented on; Analytics, some two days later, how long it was
watched; and how often its thumbnail was shown is told in a file for each day, by a job that must have been set up.
"""

from __future__ import annotations

import csv
import io
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from common.adapters.platforms.youtube_client import ANALYTICS, REPORTING, Client
from common.domain.publication import Metrics
from common.errors import PlatformSaid, Unreachable
from common.ports.clock import stamp
from common.ports.platforms import Measured

VIEW: Final = "a play as YouTube counts it; of a Short, each start and each replay (since 31 March 2025)"
REACH: Final = "channel_reach_basic_a1"  # the kind of report that tells of thumbnails
JOB: Final = "Cutroom"
_COUNTED: Final = (
    "views",
    "engagedViews",
    "estimatedMinutesWatched",
    "averageViewDuration",
    "likes",
    "comments",
    "shares",
    "subscribersGained",
)
_SHOWN: Final = "video_thumbnail_impressions"
_RATE: Final = "video_thumbnail_impressions_ctr"  # of those, from 0 to 1
_PAGES: Final = 20
_KEPT: Final = 256  # reports that are kept in memory: they never change, and each is read for every video of a channel
_REPORTS = "https://youtubereporting.googleapis.com"

Json = dict[str, Any]
Reach = tuple[int, float]  # how often it was shown, and how often clicked


class Shelf:
    """Reports that were read, the last ones; by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: OrderedDict[str, Mapping[str, Reach]] = OrderedDict()

    def get(self, key: str) -> Mapping[str, Reach] | None:
        with self._lock:
            if key in self._read:
                self._read.move_to_end(key)
            return self._read.get(key)

    def put(self, key: str, read: Mapping[str, Reach]) -> None:
        with self._lock:
            self._read[key] = read
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)


def measure(
    client: Client, shelf: Shelf, token: str, account: str, posted: str, since: datetime, now: datetime
) -> Measured:
    """Raises PlatformSaid where the video is no more."""
    live = _live(client, token, posted)
    counted = _analytics(client, token, account, posted, since, now)
    reach, why = _reach(client, shelf, token, posted, since)
    seconds, minutes = counted.get("averageViewDuration"), counted.get("estimatedMinutesWatched")
    shown = live.get("statistics", {})
    metrics = Metrics(
        impressions=None if reach is None else reach[0],
        views=_first(shown.get("viewCount"), counted.get("views")),
        engaged_views=_first(counted.get("engagedViews")),
        watch_ms=None if minutes is None else round(minutes * 60_000),
        average_watch_ms=None if seconds is None else round(seconds * 1000),
        clicks=None if reach is None else round(reach[1]),
        likes=_first(shown.get("likeCount"), counted.get("likes")),
        comments=_first(shown.get("commentCount"), counted.get("comments")),
        shares=_first(counted.get("shares")),
        follows=_first(counted.get("subscribersGained")),
    )
    raw = {"video": live, "analytics": counted, "reach": why if reach is None else list(reach)}
    return Measured(metrics=metrics, view=VIEW, raw=raw)


def linked(client: Client, token: str) -> None:
    """Reports are made from the day on which a job is set up, so that is done when a channel is connected."""
    if _job(client, token) is not None:
        return
    request = client.api(REPORTING).jobs().create(body={"reportTypeId": REACH, "name": JOB})
    try:
        client.send(request, token)
    except PlatformSaid as error:
        if error.code != "ALREADY_EXISTS":
            raise


def _live(client: Client, token: str, posted: str) -> Json:
    request = client.data.videos().list(part="status,statistics", id=posted)
    items = client.send(request, token).get("items", [])
    if not items:
        raise PlatformSaid("the video is not on YouTube any more; look at the channel", code="gone")
    live: Json = items[0]
    status = live.get("status", {})
    if status.get("uploadStatus") == "failed":
        why = f"YouTube could not work on the file ({status.get('failureReason')}); render it again, and post that"
        raise PlatformSaid(why, code=str(status.get("failureReason")), action="re-render", raw=live)
    if status.get("uploadStatus") == "rejected":
        why = f"YouTube took the video down ({status.get('rejectionReason')}); look at the channel"
        raise PlatformSaid(why, code=str(status.get("rejectionReason")), raw=live)
    return live


def _analytics(client: Client, token: str, account: str, posted: str, since: datetime, now: datetime) -> Json:
    """{} where it has nothing yet. Its days are those of California."""
    there = ZoneInfo("America/Los_Angeles")
    request = (
        client.api(ANALYTICS)
        .reports()
        .query(
            ids=f"channel=={account}",
            startDate=since.astimezone(there).date().isoformat(),
            endDate=now.astimezone(there).date().isoformat(),
            metrics=",".join(_COUNTED),
            filters=f"video=={posted}",
        )
    )
    told = client.send(request, token)
    names = [one.get("name") for one in told.get("columnHeaders", ())]
    rows = told.get("rows") or []
    return dict(zip(names, rows[0], strict=True)) if rows else {}


def _reach(client: Client, shelf: Shelf, token: str, posted: str, since: datetime) -> tuple[Reach | None, str]:
    """Of the days that are told so far; or why there is nothing. It spoils nothing else where it is refused."""
    try:
        job = _job(client, token)
        if job is None:
            return None, "no job makes reports for the channel; connect it again"
        days = [_report(client, shelf, token, one) for one in _reports(client, token, job, since)]
    except PlatformSaid as error:
        if error.retryable or error.action == "reconnect":
            raise
        return None, str(error)
    found = [day[posted] for day in days if posted in day]
    if not found:
        return None, "no report has told of it yet; they come some two days late"
    return (sum(shown for shown, _ in found), sum(clicked for _, clicked in found)), ""


def _job(client: Client, token: str) -> str | None:
    jobs = client.api(REPORTING).jobs()
    told = _paged(client, token, "jobs", lambda page: jobs.list(pageToken=page))
    ids = sorted(one["id"] for one in told if one.get("reportTypeId") == REACH)
    return ids[0] if ids else None


def _reports(client: Client, token: str, job: str, since: datetime) -> list[Json]:
    """One for each day since, the newest: a day is told anew where its figures were mended."""
    reports = client.api(REPORTING).jobs().reports()
    start = stamp(since - timedelta(days=1))
    newest: dict[str, Json] = {}
    asked = _paged(
        client, token, "reports", lambda page: reports.list(jobId=job, startTimeAtOrAfter=start, pageToken=page)
    )
    for one in asked:
        before = newest.get(one["startTime"])
        if before is None or one["createTime"] > before["createTime"]:
            newest[one["startTime"]] = one
    return [newest[day] for day in sorted(newest)]


def _paged(client: Client, token: str, name: str, asked: Any) -> Iterator[Json]:
    page = None
    for _ in range(_PAGES):
        told = client.send(asked(page), token)
        yield from told.get(name, ())
        page = told.get("nextPageToken")
        if not page:
            return
    raise Unreachable(f"YouTube's list of {name} does not end; it is looked at again")


def _report(client: Client, shelf: Shelf, token: str, told: Json) -> Mapping[str, Reach]:
    """By video."""
    address = client.web.theirs(told["downloadUrl"], client.site.at(_REPORTS))
    if (read := shelf.get(address)) is None:
        read = _read(client.web.ask("GET", address, token=token, headers={"Accept": "text/csv"}).body)
        shelf.put(address, read)
    return read


def _read(content: bytes) -> dict[str, Reach]:
    found: dict[str, Reach] = {}
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace")))
    try:
        for row in rows:
            shown, clicked = found.get(row["video_id"], (0, 0.0))
            more = int(row[_SHOWN] or 0)
            found[row["video_id"]] = shown + more, clicked + more * float(row[_RATE] or 0)
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        why = f"YouTube's report of thumbnails is not as it should be ({type(error).__name__}); tell us"
        raise PlatformSaid(why, code="odd_report") from error
    return found


def _first(*told: Any) -> int | None:
    """The first that is a number; YouTube writes large ones as text."""
    for one in told:
        if isinstance(one, int | float) or (isinstance(one, str) and one.isdecimal()):
            return int(one)
    return None
