"""Instagram Reels: a container, its bytes, and the one request that publishes it.

POST {account}/media ─> container ─> rupload ─> IN_PROGRESS ─> FINISHED ── media_publish ──> PUBLISHED
Containers can be seen by nobody, and are worth nothing after 24 hours. Instagram shows nothing later by itself, has no
word for children, and takes a cover only from a public address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.adapters.platforms.graph import BREAK_S, COMMIT_S, Graph, arrived, blocked, doubtful, of
from common.adapters.platforms.meta_login import MetaLogin
from common.adapters.platforms.site import Site
from common.domain.publication import Account, Metrics, Network, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import Absent, Finished, Found, Job, Measured, Open, Posted, Ready, Wait

Json = dict[str, Any]
SCOPES = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "pages_show_list",
    "pages_read_engagement",
)
FIRST_S, POLL_S = 15.0, 60.0  # Instagram wants to be asked once a minute
BLOCKED_S = 3600.0
FULL_S = 1800.0  # after which a full day's quota is read again
METRICS = (
    "views",
    "reach",
    "likes",
    "comments",
    "shares",
    "saved",
    "total_interactions",
    "ig_reels_video_view_total_time",
    "ig_reels_avg_watch_time",
)
STATUS = "status_code,status,video_status"


class Instagram(MetaLogin):
    """Implements Platform."""

    network: Network = "instagram"
    kinds: Sequence[str] = ("instagram_reels",)
    shows_later = False

    def __init__(self, site: Site) -> None:
        super().__init__(Graph("Instagram", site), SCOPES)

    def price_micros(self, post: Post) -> int:
        return 0

    def advance(self, job: Job) -> Ready | Wait:
        kept = job.kept if "container" in job.kept else self._begin(job)
        told = self._told(kept["container"], job.token)
        status = told.get("status_code")
        if status == "EXPIRED":
            raise self._graph.said("the container expired", code="expired", action="retry", anew=True, raw=told)
        if status == "ERROR":
            raise self._graph.processing(str(told.get("status") or "it could not be processed"), told)
        if status == "PUBLISHED":
            return Ready()  # by a commit that was in doubt: the next one finds that out
        if status == "FINISHED":
            self._room(job)
            return Ready()
        if kept.get("sent"):
            return Wait(after_s=POLL_S)
        start = arrived(of(told, "video_status").get("uploading_phase"), job.video.size)
        if start < job.video.size and not self._graph.send(job, kept["upload"], start):
            return Wait(after_s=BREAK_S)
        job.keep("uploaded", sent=True)
        return Wait(after_s=FIRST_S)

    def commit(self, job: Job) -> Posted:
        """What it refuses is believed once the container says that it is not out: it also refuses what is."""
        try:
            told = self._graph.post(
                f"{job.account}/media_publish", job.token, timeout_s=COMMIT_S, creation_id=job.kept["container"]
            )
        except PlatformSaid as error:
            return self._refused(job, error)
        return Posted(id=self._graph.id(told), raw=told)

    def find(self, job: Job) -> Found:
        """By the container. Which post was made of it Instagram does not tell afterwards, and the newest one may be
        another: its id stays unknown.

        FINISHED is Open: a container is published at most once, whoever asks how often, so that a request that was
        lost and is done late cannot make a second post of it.
        """
        told = self._told(job.kept["container"], job.token)
        status = told.get("status_code")
        if status == "PUBLISHED":
            return Posted(id=None, raw=told)
        if status == "EXPIRED":
            text = "it was not published, and the container expired"
            raise self._graph.said(text, code="expired", action="stop", raw=told)
        if status == "ERROR":
            error = self._graph.processing(str(told.get("status") or "it could not be published"), told)
            raise self._graph.said(str(told.get("status")), code=error.code, action="re-render", raw=told)
        if status != "FINISHED":
            return Absent()
        if job.kept.get("blocked"):
            job.keep(blocked=False)
            text = "it restricts what this account does, and may have posted it all the same"
            raise self._graph.said(text, code="blocked", action="wait", after_s=BLOCKED_S, raw=told)
        job.keep(doubted=True)
        return Open()

    def finish(self, job: Job, posted: str | None) -> Finished:
        left = []
        if job.cover is not None:
            left.append(("the cover", "Instagram takes one only from a public address; choose it in the app"))
        if job.captions is not None:
            left.append(("the captions", "Instagram takes no file of them; render them into the clip"))
        if posted is None:
            left.append(("the address", "Instagram does not tell it of a post whose answer was lost; see the app"))
            return Finished(left_out=tuple(left))
        told = self._graph.get(posted, job.token, fields="permalink")
        url = told.get("permalink")
        return Finished(url=url if isinstance(url, str) else None, left_out=tuple(left), raw=told)

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        told = self._graph.get(f"{posted}/insights", token, metric=",".join(METRICS))
        found = _values(told)
        return Measured(
            metrics=Metrics(
                reach=found.get("reach"),
                views=found.get("views"),
                watch_ms=found.get("ig_reels_video_view_total_time"),
                average_watch_ms=found.get("ig_reels_avg_watch_time"),
                likes=found.get("likes"),
                comments=found.get("comments"),
                shares=found.get("shares"),
                saves=found.get("saved"),
            ),
            view="the times that it began to play, again by the same person too",
            raw=told,
        )

    def accounts(self, token: str) -> Sequence[Account]:
        """The professional accounts that belong to the pages of one sign-in, each with its page's token."""
        fields = "id,name,access_token,instagram_business_account{id,username,name}"
        found = []
        for page in self.pages(token, fields):
            ours = page.get("instagram_business_account")
            if not isinstance(ours, dict):
                continue
            account, own = self._graph.id(ours), page.get("access_token")
            found.append(
                Account(
                    id=account,
                    name=str(ours.get("name") or ours.get("username") or page.get("name")),
                    handle=str(ours["username"]) if ours.get("username") else None,
                    token=str(own) if own else None,
                    posts_a_day=self._quota(account, str(own or token)),
                    visibilities=("public",),
                )
            )
        return found

    def _begin(self, job: Job) -> Mapping[str, Any]:
        if job.post.visibility != "public":
            raise self._graph.said("all posts are public here", code="visibility", action="stop")
        if job.post.paid_partnership:
            text = "a paid partnership cannot be marked from here"
            raise self._graph.said(text, code="paid_partnership", action="stop")
        told = self._graph.post(
            f"{job.account}/media",
            job.token,
            media_type="REELS",
            upload_type="resumable",
            caption=job.post.body,
            share_to_feed=True,
            is_ai_generated=True if job.post.ai_made else None,
        )
        container = self._graph.id(told)
        own = f"{self._graph.uploads}/ig-api-upload/{self._graph.version}/{container}"
        kept = {"container": container, "upload": self._graph.upload_to(told.get("uri") or own)}
        job.keep("container", **kept)
        return kept

    def _told(self, container: str, token: str) -> Json:
        """What a container says of itself. That it cannot be read says nothing of it: Meta at times denies those that
        are there.
        """
        try:
            return self._graph.get(container, token, timeout_s=10.0, fields=STATUS)
        except PlatformSaid as error:
            if error.action in ("retry", "wait", "reconnect"):
                raise
            raise Unreachable(f"the container cannot be read: {error}") from error

    def _refused(self, job: Job, error: PlatformSaid) -> Posted:
        if doubtful(error):
            if blocked(error):
                job.keep(blocked=True)
            raise Unreachable(f"it may be out all the same: {error}") from error
        if error.action == "reconnect":
            raise error  # nothing is done for a token that is refused, nor told
        try:
            told = self._told(job.kept["container"], job.token)
        except PlatformSaid as silent:
            raise Unreachable(f"it cannot be read whether it is out: {silent}") from error
        if told.get("status_code") == "PUBLISHED":
            return Posted(id=None, raw=told)
        if error.anew and job.kept.get("doubted"):  # a commit of before may yet be done: no second container beside it
            raise Unreachable(f"it is looked at again: {error}") from error
        raise error

    def _room(self, job: Job) -> None:
        """Raises PlatformSaid where the account has posted what it may: asked before, that is no failed commit."""
        total, used, raw = self._limit(job.account, job.token)
        if total is not None and used is not None and used >= total:
            text = f"the account has posted {used} times in 24 hours, of {total} that it may"
            raise self._graph.said(text, code="quota", action="wait", after_s=FULL_S, raw=raw)

    def _quota(self, account: str, token: str) -> int | None:
        try:
            return self._limit(account, token)[0]
        except PlatformSaid:
            return None  # it does not tell; whether it may be posted as shows at the first post

    def _limit(self, account: str, token: str) -> tuple[int | None, int | None, Json]:
        told = self._graph.get(f"{account}/content_publishing_limit", token, fields="config,quota_usage")
        rows = told.get("data")
        row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
        total, used = of(row, "config").get("quota_total"), row.get("quota_usage")
        return (total if isinstance(total, int) else None, used if isinstance(used, int) else None, told)


def _values(told: Json) -> dict[str, int]:
    """Each figure that is told, by its name; Instagram leaves out what it does not know."""
    found = {}
    for row in told.get("data") or ():
        values = row.get("values") or [row.get("total_value") or {}]
        value = values[-1].get("value") if isinstance(values[-1], dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[str(row.get("name"))] = round(value)
    return found
