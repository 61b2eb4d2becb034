"""Ads on Meta: a video in the account's library, a campaign, an ad set, a creative and an ad, all of them paused.

act_X/advideos start ─> transfer … ─> finish ─> ready ── /campaigns ─> /adsets ─> /adcreatives ─> /ads
A part is found again by its name, which holds our key: an ad set among those of its campaign, an ad among those of its
ad set, campaigns and creatives among all of the account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from common.adapters.platforms import meta_counts
from common.adapters.platforms.graph import Graph, doubtful, of, words_of
from common.adapters.platforms.meta_login import MetaLogin
from common.adapters.platforms.part import FilePart
from common.adapters.platforms.site import Site
from common.domain.campaign import (
    Category,
    Conversion,
    Day,
    Delivery,
    Made,
    Objective,
    Part,
    Plan,
    Told,
    minor,
    named,
    unit,
)
from common.domain.publication import Account, Network
from common.errors import PlatformSaid, Unreachable
from common.ports.ads import AdJob
from common.ports.clock import stamp
from common.ports.platforms import Ready, Wait

Json = dict[str, Any]
SCOPES = ("ads_management", "ads_read", "pages_show_list", "pages_read_engagement")
MAKE_S = 25.0
POLL_S = 10.0
MOVED: Final = 1363037  # the next byte is another one, which it tells
MOVES = 5  # in a row that are followed
PAGE, MOST_PAGES = 200, 100  # of a list
GOALS: Final[dict[Objective, tuple[str, str, str | None]]] = {
    "awareness": ("OUTCOME_AWARENESS", "REACH", None),
    "traffic": ("OUTCOME_TRAFFIC", "LINK_CLICKS", "WEBSITE"),
    "engagement": ("OUTCOME_ENGAGEMENT", "THRUPLAY", "ON_VIDEO"),
    "sales": ("OUTCOME_SALES", "OFFSITE_CONVERSIONS", "WEBSITE"),
}
CATEGORIES: Final[dict[Category, str]] = {
    "none": "NONE",
    "credit": "FINANCIAL_PRODUCTS_SERVICES",
    "employment": "EMPLOYMENT",
    "housing": "HOUSING",
    "politics": "ISSUES_ELECTIONS_POLITICS",
    "gambling": "ONLINE_GAMBLING_AND_GAMING",
}
GENDERS: Final = {"men": [1], "women": [2]}
STATUS: Final[dict[Delivery, str]] = {"active": "ACTIVE", "paused": "PAUSED", "archived": "ARCHIVED"}
EDGES: Final[dict[Part, str]] = {"campaign": "campaigns", "adset": "adsets", "creative": "adcreatives", "ad": "ads"}
ACCOUNT: Final = {  # what an account's number of state means where no ad can be made
    2: "it is switched off",
    3: "a bill is not paid",
    7: "Meta is looking at its risk",
    8: "a payment is pending",
    9: "it is in its days of grace",
    100: "it is being closed",
    101: "it is closed",
}


class MetaAds(MetaLogin):
    """Implements Ads, and of Platform how people sign in."""

    network: Network = "meta-ads"
    kinds: Sequence[str] = ()

    def __init__(self, site: Site) -> None:
        super().__init__(Graph("Meta", site), SCOPES)

    def accounts(self, token: str) -> Sequence[Account]:
        """The ad accounts in which who signed in may make ads."""
        rows = self._all("me/adaccounts", token, fields="account_id,name,user_tasks")
        return [
            Account(id=self._graph.id(row, "account_id"), name=str(row.get("name") or row["account_id"]))
            for row in rows
            if _may(row)
        ]

    def check(self, job: AdJob) -> Json:
        fields = "account_status,currency,user_tasks,min_daily_budget,timezone_name"
        account = self._graph.get(f"act_{job.account}", job.token, fields=fields)
        status = account.get("account_status")
        if status != 1:
            why = ACCOUNT.get(status, f"its state is {status}") if isinstance(status, int) else "its state is not told"
            raise self._said(f"no ads can be made in this account: {why}", "account", account)
        if not _may(account):
            raise self._said("who connected it may not make ads in this account", "permission", account)
        if account.get("currency") != job.plan.currency:
            told = f"the account pays in {str(account.get('currency'))[:10]}, and the budget is in {job.plan.currency}"
            raise self._said(told, "currency", account)
        if "ads_management" not in self._given(job.token):
            raise self._graph.said("ads_management was not allowed", code="scope", action="reconnect")
        if not self._has(f"act_{job.account}/promote_pages", job.token, job.page):
            raise self._said(
                "this account may not advertise for the page; link them in Meta's business settings", "page"
            )
        if job.plan.pixel and not self._has(f"act_{job.account}/adspixels", job.token, job.plan.pixel):
            raise self._said("the pixel is not one of this account's", "pixel")
        if interests := job.plan.audience.interests:
            self._interests(job, interests)
        reach = self._graph.get(
            f"act_{job.account}/reachestimate", job.token, targeting_spec=json.dumps(_targeting(job.plan))
        )
        reached = of(reach, "data") or reach
        people = {name: reached.get(name) for name in ("users_lower_bound", "users_upper_bound")}
        return {"timezone": account.get("timezone_name"), "min_daily_budget": account.get("min_daily_budget"), **people}

    def rehearse(self, job: AdJob) -> Sequence[tuple[str, str]]:
        form = {**self._form("campaign", job), "execution_options": json.dumps(["validate_only"])}
        told = self._graph.post(f"act_{job.account}/campaigns", job.token, **form)
        if told.get("success") is not True:
            raise Unreachable("Meta does not say whether it would take the campaign; it is asked again")
        why = "Meta checks them against a campaign that is there, and none was made"
        return [("the ad set, the creative and the ad", why)]

    def send(self, job: AdJob) -> Ready | Wait:
        kept = job.kept if "session" in job.kept else self._begin(job)
        if not kept.get("finished"):
            if not self._transferred(job, kept):
                return Wait(after_s=0.0)
            self._finish(job, kept)
        told = self._graph.get(kept["video"], job.token, fields="status")
        status = of(told, "status")
        if status.get("video_status") == "ready":
            return self._pictured(job, kept["video"])
        wrong = words_of(status.get("processing_phase")) or words_of(status.get("uploading_phase"))
        if status.get("video_status") == "error" or wrong:
            raise self._graph.said(
                wrong or "the video could not be processed", code="video", action="re-render", raw=told
            )
        return Wait(after_s=POLL_S)

    def make(self, part: Part, job: AdJob) -> str:
        form = self._form(part, job)
        try:
            told = self._graph.post(f"act_{job.account}/{EDGES[part]}", job.token, timeout_s=MAKE_S, **form)
        except PlatformSaid as error:
            if doubtful(error):
                raise Unreachable(f"it may be made all the same: {error}") from error
            raise
        return self._graph.id(told)

    def find(self, part: Part, job: AdJob) -> str | None:
        """Raises PlatformSaid where there are several: a person is to look at that."""
        name = named(job.plan, job.id)
        of_part = {"adset": job.made.campaign, "ad": job.made.adset}.get(part)
        where = f"{of_part or f'act_{job.account}'}/{EDGES[part]}"
        found = [row for row in self._all(where, job.token, fields="id,name") if row.get("name") == name]
        if len(found) > 1:
            ids = ", ".join(self._graph.id(row) for row in found)
            raise self._said(f"there are {len(found)} of the name {name!r} ({ids})", "twice")
        return self._graph.id(found[0]) if found else None

    def reviewed(self, token: str, ad: str) -> Told:
        return meta_counts.told_of(self._graph.get(ad, token, fields="effective_status,ad_review_feedback,issues_info"))

    def switch(self, token: str, made: Made, to: Delivery) -> None:
        """The campaign decides: it is let run last, and is what is stopped."""
        assert made.ad and made.adset and made.campaign
        for node in (made.ad, made.adset, made.campaign) if to == "active" else (made.campaign,):
            told = self._graph.post(node, token, status=STATUS[to])
            if told.get("success") is not True:
                raise Unreachable("Meta does not say whether it has done that; it is asked again")

    def delivery(self, token: str, made: Made) -> Delivery | Literal["deleted"]:
        assert made.campaign
        told = self._graph.get(made.campaign, token, fields="configured_status").get("configured_status")
        if told == "DELETED":
            return "deleted"
        for name, status in STATUS.items():
            if told == status:
                return name
        raise Unreachable("Meta does not say whether the campaign runs; it is asked again")

    def allot(self, token: str, made: Made, daily_micros: int, currency: str) -> None:
        """Four times an hour at most: then Meta says when again."""
        assert made.adset
        told = self._graph.post(made.adset, token, daily_budget=minor(daily_micros, currency))
        if told.get("success") is not True:
            raise Unreachable("Meta does not say whether it has changed the budget; it is asked again")

    def allotted(self, token: str, made: Made, currency: str) -> int:
        assert made.adset
        told = self._graph.get(made.adset, token, fields="daily_budget").get("daily_budget", "0")
        try:
            return int(told) * unit(currency)
        except (TypeError, ValueError) as error:
            raise Unreachable("Meta does not say what the budget is; it is asked again") from error

    def report(self, token: str, campaign: str) -> str:
        asked: Json = {"level": "campaign", "date_preset": "maximum", "time_increment": "1"}
        told = self._graph.post(f"{campaign}/insights", token, **asked, fields=json.dumps(meta_counts.FIELDS))
        return self._graph.id(told, "report_run_id")

    def days(self, token: str, report: str, event: str | None) -> Sequence[Day] | Wait:
        state = self._graph.get(report, token, fields="async_status,async_percent_completion,error_user_msg")
        status = state.get("async_status")
        if status in ("Job Failed", "Job Skipped"):
            words = state.get("error_user_msg") or f"the report came to nothing ({status})"
            raise self._graph.said(str(words)[:500], code="report", action="retry", anew=True, raw=state)
        if status != "Job Completed":
            return Wait(after_s=POLL_S)
        return [meta_counts.day(row, event) for row in self._all(f"{report}/insights", token)]

    def convert(self, token: str, pixel: str, events: Sequence[Conversion]) -> Json:
        told = self._graph.post(f"{pixel}/events", token, data=json.dumps([_event(one) for one in events]))
        if not isinstance(told.get("events_received"), int):
            raise Unreachable("Meta does not say whether it took the events; they are sent again, and counted once")
        return told

    # the video

    def _begin(self, job: AdJob) -> Mapping[str, Any]:
        told = self._video(job, upload_phase="start", file_size=job.video.size)
        session, video = self._graph.id(told, "upload_session_id"), self._graph.id(told, "video_id")
        start, end = self._offsets(told, job)
        kept = {"session": session, "video": video, "start": start, "end": end}
        job.keep(**kept)
        return kept

    def _transferred(self, job: AdJob, kept: Mapping[str, Any]) -> bool:
        """Whether all of it is there; not where the slice is over. Meta says which bytes are next."""
        start, end, moves = int(kept["start"]), int(kept["end"]), 0
        while start < end:
            if job.spent():
                return False
            part = FilePart(job.read, job.video.object, start, end)
            try:
                told = self._video(
                    job,
                    files={"video_file_chunk": ("clip.mp4", part, job.video.kind)},
                    upload_phase="transfer",
                    upload_session_id=kept["session"],
                    start_offset=start,
                )
            except PlatformSaid as error:
                moves += 1
                if (told := _moved(error)) == {} or moves > MOVES:
                    raise
            else:
                moves = 0
            start, end = self._offsets(told, job)
            job.keep(start=start, end=end)
        return True

    def _finish(self, job: AdJob, kept: Mapping[str, Any]) -> None:
        """Whether one whose answer was lost has done it, the video itself says."""
        try:
            title = job.plan.name[:200]
            told = self._video(job, upload_phase="finish", upload_session_id=kept["session"], title=title)
        except PlatformSaid as error:
            status = of(self._graph.get(kept["video"], job.token, fields="status"), "status")
            if status.get("video_status") not in ("processing", "ready"):
                raise error from None
        else:
            if told.get("success") is not True:
                raise Unreachable("Meta does not say whether it took the video; it is asked again")
        job.keep(finished=True)

    def _pictured(self, job: AdJob, video: str) -> Ready | Wait:
        """A creative shows a picture until the video plays: one that Meta has made of it."""
        rows = self._graph.get(f"{video}/thumbnails", job.token, fields="uri,is_preferred").get("data")
        pictures = [row for row in rows if row.get("uri")] if isinstance(rows, list) else []
        if not pictures:
            return Wait(after_s=POLL_S)
        chosen = next((row for row in pictures if row.get("is_preferred")), pictures[0])
        job.keep(picture=str(chosen["uri"]))
        return Ready()

    def _video(self, job: AdJob, files: Mapping[str, Any] | None = None, **form: Any) -> Json:
        at = self._graph.videos
        return self._graph.post(f"act_{job.account}/advideos", job.token, at=at, timeout_s=120.0, files=files, **form)

    def _offsets(self, told: Mapping[str, Any], job: AdJob) -> tuple[int, int]:
        try:
            start, end = int(told["start_offset"]), int(told["end_offset"])
        except (KeyError, TypeError, ValueError) as error:
            raise Unreachable("Meta does not say which bytes are next; it is asked again") from error
        if not 0 <= start <= end <= job.video.size:
            raise Unreachable(f"Meta asks for bytes {start} to {end} of {job.video.size}; it is asked again")
        return start, end

    # what is made

    def _form(self, part: Part, job: AdJob) -> Json:
        plan = job.plan
        form: Json = {"name": named(plan, job.id)}
        if part != "creative":
            form["status"] = "PAUSED"
        if part == "campaign":
            form |= {"objective": GOALS[plan.objective][0], "buying_type": "AUCTION"}
            form |= {"special_ad_categories": json.dumps([CATEGORIES[one] for one in plan.categories])}
            form |= {"is_adset_budget_sharing_enabled": "false"}
            if plan.categories != ("none",):
                form["special_ad_category_country"] = json.dumps(list(plan.audience.countries))
        elif part == "adset":
            form |= _adset(job)
        elif part == "creative":
            form["object_story_spec"] = json.dumps(self._story(job))
        else:
            form |= {"adset_id": job.made.adset, "creative": json.dumps({"creative_id": job.made.creative})}
        return form

    def _story(self, job: AdJob) -> Json:
        plan = job.plan
        video: Json = {"video_id": job.made.video, "message": plan.message, "image_url": job.kept["picture"]}
        if plan.headline:
            video["title"] = plan.headline
        if plan.link:
            video["call_to_action"] = {"type": plan.button, "value": {"link": plan.link}}
        return {"page_id": job.page, "video_data": video}

    # what is read

    def _interests(self, job: AdJob, interests: Sequence[str]) -> None:
        asked = json.dumps([{"type": "interests", "id": one} for one in interests])
        rows = self._all(f"act_{job.account}/targetingvalidation", job.token, targeting_list=asked)
        good = {str(row.get("id")) for row in rows if row.get("valid") is True}
        if strange := [one for one in interests if one not in good]:
            raise self._said(f"Meta knows no interest {', '.join(strange)}", "targeting")

    def _has(self, path: str, token: str, wanted: str) -> bool:
        return any(str(row.get("id")) == wanted for row in self._all(path, token, fields="id"))

    def _all(self, path: str, token: str, **query: Any) -> Iterator[Json]:
        """Each row of a list; the next of its pages by its cursor, for the address that is told has the token in it."""
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            told = self._graph.get(path, token, limit=PAGE, after=cursor, **query)
            rows = told.get("data")
            if not isinstance(rows, list):
                raise Unreachable("Meta answers without a list; it is asked again")
            yield from (row for row in rows if isinstance(row, dict))
            paging = of(told, "paging")
            cursor = of(paging, "cursors").get("after")
            if not paging.get("next") or not cursor:
                return
        raise Unreachable(f"Meta's list has more than {PAGE * MOST_PAGES} rows; look there")

    def _said(self, words: str, code: str, raw: Json | None = None) -> PlatformSaid:
        return self._graph.said(words, code=code, action="stop", raw=raw or {})


def _adset(job: AdJob) -> Json:
    plan = job.plan
    _, goal, destination = GOALS[plan.objective]
    form: Json = {"campaign_id": job.made.campaign, "billing_event": "IMPRESSIONS", "optimization_goal": goal}
    form |= {"bid_strategy": "LOWEST_COST_WITHOUT_CAP", "destination_type": destination}
    form["targeting"] = json.dumps(_targeting(plan))
    if plan.daily_micros is not None:
        form["daily_budget"] = minor(plan.daily_micros, plan.currency)
    if plan.lifetime_micros is not None:
        form["lifetime_budget"] = minor(plan.lifetime_micros, plan.currency)
    form["start_time"] = None if plan.start is None else stamp(plan.start)
    form["end_time"] = None if plan.end is None else stamp(plan.end)
    if plan.objective == "awareness":
        form["promoted_object"] = json.dumps({"page_id": job.page})
    if plan.pixel and plan.event:
        form["promoted_object"] = json.dumps({"pixel_id": plan.pixel, "custom_event_type": plan.event})
    return form | {"dsa_beneficiary": plan.beneficiary, "dsa_payor": plan.payor}


def _targeting(plan: Plan) -> Json:
    """Who is to see it, and nobody that Meta would add by itself."""
    told = plan.audience
    spec: Json = {
        "geo_locations": {"countries": list(told.countries)},
        "age_min": told.age_min,
        "age_max": told.age_max,
    }
    if told.gender != "all":
        spec["genders"] = GENDERS[told.gender]
    if told.interests:
        spec["flexible_spec"] = [{"interests": [{"id": one} for one in told.interests]}]
    return spec | {"targeting_automation": {"advantage_audience": 0}}


def _event(one: Conversion) -> Json:
    event: Json = {"event_name": one.name, "event_time": int(one.at.timestamp()), "event_id": one.id}
    event |= {"action_source": one.source, "user_data": dict(one.user)}
    if one.url:
        event["event_source_url"] = one.url
    if one.value_micros is not None:
        event["custom_data"] = {"value": one.value_micros / 1_000_000, "currency": one.currency}
    return event


def _moved(error: PlatformSaid) -> Json:
    """Where Meta wants the file to be gone on with; empty where it does not say."""
    told = of(error.raw, "error")
    if told.get("error_subcode") != MOVED:
        return {}
    found = told.get("error_data")
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return {}
    return found if isinstance(found, dict) else {}


def _may(account: Json) -> bool:
    """Where Meta tells what somebody may do in an account."""
    tasks = account.get("user_tasks")
    return not isinstance(tasks, list) or bool({"ADVERTISE", "MANAGE"} & set(tasks))
