"""Facebook: reels of a page. A video is begun, its bytes are sent, and FINISH shows it.

POST {page}/video_reels START ─> video ─> rupload ── FINISH PUBLISHED ──> processed ──> seen
Facebook takes reels to show later, but wants to have them at least 10 minutes before, by which time we have only begun:
they are shown at their time by us. It has no word for children, nor for what a machine made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.adapters.platforms.graph import BREAK_S, COMMIT_S, Graph, arrived, doubtful, of, words_of
from common.adapters.platforms.meta_login import MetaLogin
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import PART
from common.domain.publication import Account, Metrics, Network, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import Absent, Finished, Found, Job, Measured, Open, Posted, Ready, Wait

Json = dict[str, Any]
SCOPES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts", "read_insights")
POSTS_A_DAY = 30  # by Meta's guide of July 2026; no request tells it
FIRST_S, POLL_S = 10.0, 30.0
STATUS = "status,permalink_url"
# A view by the first of these that is told.
VIEWS = {
    "blue_reels_play_count": "the times that it began to play, without those played again",
    "fb_reels_total_plays": "the times that it began to play, again by the same person too",
    "post_video_views": "the times that it was played for at least 3 seconds",
}
REACH = ("post_total_media_view_unique", "post_impressions_unique")


class Facebook(MetaLogin):
    """Implements Platform."""

    network: Network = "facebook"
    kinds: Sequence[str] = ("facebook_reels",)
    shows_later = False

    def __init__(self, site: Site) -> None:
        super().__init__(Graph("Facebook", site), SCOPES)

    def price_micros(self, post: Post) -> int:
        return 0

    def advance(self, job: Job) -> Ready | Wait:
        kept = job.kept if "video" in job.kept else self._begin(job)
        status = self._status(kept["video"], job.token)
        if of(status, "publishing_phase").get("status") == "complete":
            return Ready()  # by a commit that was in doubt: the next one finds that out
        self._good(status)
        if kept.get("sent"):
            waits = of(status, "processing_phase").get("status") == "in_progress"
            return Wait(after_s=POLL_S) if waits else Ready()
        start = arrived(status.get("uploading_phase"), job.video.size)
        if start < job.video.size and not self._graph.send(job, kept["upload"], start):
            return Wait(after_s=BREAK_S)
        job.keep("uploaded", sent=True)
        return Wait(after_s=FIRST_S)

    def commit(self, job: Job) -> Posted:
        """What it refuses is believed once the video says that it is not out: it also refuses what is."""
        video = job.kept["video"]
        try:
            told = self._graph.post(
                f"{job.account}/video_reels",
                job.token,
                timeout_s=COMMIT_S,
                upload_phase="FINISH",
                video_id=video,
                video_state="PUBLISHED",
                description=job.post.body,
                title=job.post.title or None,
            )
        except PlatformSaid as error:
            return self._refused(job, error)
        if told.get("success") is not True:
            raise Unreachable("Facebook does not say whether it took the reel; it is looked at again")
        return Posted(id=video, raw=told)

    def find(self, job: Job) -> Found:
        """By the video. One that was not finished is Open: it is made by START, and FINISH shows that same one, so
        that a request that was lost and is done late cannot make a second of it.
        """
        status = self._status(job.kept["video"], job.token)
        publishing = of(status, "publishing_phase")
        if publishing.get("status") == "complete":
            return Posted(id=job.kept["video"], raw=status)
        expired = "the upload expired" if status.get("video_status") == "expired" else None
        if words := expired or _wrong(status):
            raise self._graph.said(f"it was not published: {words}", code="processing", action="stop", raw=status)
        states = (of(status, "uploading_phase").get("status"), publishing.get("status", "not_started"))
        if states != ("complete", "not_started") or publishing.get("publish_status", "draft") != "draft":
            return Absent()  # it is being published, or was not even sent
        job.keep(doubted=True)
        return Open()

    def finish(self, job: Job, posted: str | None) -> Finished:
        """Its address, once Facebook has made a reel of it, and its cover."""
        video = posted or job.kept["video"]
        told = self._read(video, job.token)
        status = of(told, "status")
        left = []
        if words := _wrong(status):
            return Finished(left_out=(("the reel", f"Facebook could not show it: {words}; post it anew"),), raw=told)
        if of(status, "publishing_phase").get("status") != "complete":
            raise self._graph.said("the reel is being processed", code="processing", action="wait", after_s=30.0)
        if job.cover is not None and job.cover.size <= PART:
            picture = job.read(job.cover.object, 0, job.cover.size)
            files = {"source": ("cover", picture, job.cover.kind)}
            self._graph.post(f"{video}/thumbnails", job.token, files=files, is_preferred=True)
        elif job.cover is not None:
            left.append(("the cover", f"it is larger than {PART >> 20} MB; make it smaller, and choose it in the app"))
        if job.captions is not None:
            left.append(("the captions", "Facebook wants to be told their language; add them in the app"))
        url = told.get("permalink_url")
        if isinstance(url, str) and url.startswith("/"):
            url = f"https://www.facebook.com{url}"
        return Finished(url=url if isinstance(url, str) else None, left_out=tuple(left), raw=told)

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        """All figures that there are: asked for by name, one that was renamed would refuse the others."""
        told = self._graph.get(f"{posted}/video_insights", token)
        found = _values(told)
        counted = next((name for name in VIEWS if isinstance(found.get(name), int)), None)
        reached = next((name for name in REACH if isinstance(found.get(name), int)), None)
        social, likes = found.get("post_video_social_actions"), found.get("post_video_likes_by_reaction_type")
        return Measured(
            metrics=Metrics(
                reach=_count(found.get(reached)) if reached else None,
                views=_count(found.get(counted)) if counted else None,
                watch_ms=_count(found.get("post_video_view_time")),
                average_watch_ms=_count(found.get("post_video_avg_time_watched")),
                likes=sum(filter(None, map(_count, likes.values()))) if isinstance(likes, dict) else None,
                comments=_count(social.get("COMMENT")) if isinstance(social, dict) else None,
                shares=_count(social.get("SHARE")) if isinstance(social, dict) else None,
                follows=_count(found.get("post_video_followers")),
            ),
            view=VIEWS.get(counted or "", "none is told"),
            raw=told,
        )

    def accounts(self, token: str) -> Sequence[Account]:
        """The pages on which who signed in may post, each with its own token."""
        found = []
        for page in self.pages(token, "id,name,username,access_token,tasks"):
            own, tasks = page.get("access_token"), page.get("tasks")
            if not own or (isinstance(tasks, list) and "CREATE_CONTENT" not in tasks):
                continue
            found.append(
                Account(
                    id=self._graph.id(page),
                    name=str(page.get("name")),
                    handle=str(page["username"]) if page.get("username") else None,
                    token=str(own),
                    posts_a_day=POSTS_A_DAY,
                    visibilities=("public",),
                )
            )
        return found

    def _begin(self, job: Job) -> Mapping[str, Any]:
        if job.post.visibility != "public":
            raise self._graph.said("all posts of a page are public", code="visibility", action="stop")
        marks = {"what a machine made": job.post.ai_made, "a paid partnership": job.post.paid_partnership}
        for what, wanted in marks.items():
            if wanted:
                raise self._graph.said(f"{what} cannot be marked from here", code="mark", action="stop")
        told = self._graph.post(f"{job.account}/video_reels", job.token, upload_phase="START")
        video = self._graph.id(told, "video_id")
        own = f"{self._graph.uploads}/video-upload/{self._graph.version}/{video}"
        kept = {"video": video, "upload": self._graph.upload_to(told.get("upload_url") or own)}
        job.keep("container", **kept)
        return kept

    def _status(self, video: str, token: str) -> Json:
        return of(self._read(video, token), "status")

    def _read(self, video: str, token: str) -> Json:
        """What a video says of itself. That it cannot be read says nothing of it."""
        try:
            return self._graph.get(video, token, timeout_s=10.0, fields=STATUS)
        except PlatformSaid as error:
            if error.action in ("retry", "wait", "reconnect"):
                raise
            raise Unreachable(f"the video cannot be read: {error}") from error

    def _good(self, status: Json) -> None:
        """Raises PlatformSaid where nothing can become of it."""
        if status.get("video_status") == "expired":
            raise self._graph.said("the upload expired", code="expired", action="retry", anew=True, raw=status)
        if words := _wrong(status):
            raise self._graph.processing(words, status)

    def _refused(self, job: Job, error: PlatformSaid) -> Posted:
        if doubtful(error):
            raise Unreachable(f"it may be out all the same: {error}") from error
        if error.action == "reconnect":
            raise error  # nothing is done for a token that is refused, nor told
        try:
            status = self._status(job.kept["video"], job.token)
        except PlatformSaid as silent:
            raise Unreachable(f"it cannot be read whether it is out: {silent}") from error
        publishing = of(status, "publishing_phase")
        if publishing.get("status") == "complete":
            return Posted(id=job.kept["video"], raw=status)
        if publishing.get("status", "not_started") != "not_started":
            raise Unreachable(f"it is being published: {error}") from error
        if error.anew and job.kept.get("doubted"):  # a commit of before may yet be done: no second video beside it
            raise Unreachable(f"it is looked at again: {error}") from error
        raise error


def _wrong(status: Json) -> str | None:
    """What Facebook says that went wrong, in any phase."""
    for phase in ("uploading_phase", "processing_phase", "publishing_phase"):
        if words := words_of(status.get(phase)):
            return words
    return "it could not be processed" if status.get("video_status") == "error" else None


def _values(told: Json) -> dict[str, Any]:
    found = {}
    for row in told.get("data") or ():
        values = row.get("values") or [{}]
        found[str(row.get("name"))] = values[-1].get("value") if isinstance(values[-1], dict) else None
    return found


def _count(told: object) -> int | None:
    return round(told) if isinstance(told, int | float) and not isinstance(told, bool) else None
