"""Meta's ads, as far as Cutroom speaks them: accounts, chunked videos, campaigns and their parts, reports, events.

Fidelity: each request's method, version, header and fields against lists of what the Marketing API v26.0 takes, an
unknown one is refused, where Graph passes it over; a chunk from another byte than the next is refused with subcode
1363037 and where to go on; what is created must hang on what is there, in the same account; validate_only makes
nothing; an ad set's budget is changed four times an hour at most; one event older than seven days has all that are
sent along refused; of one name and id one is counted. Not so here: nothing is delivered, figures and reviews are what a
test says, no video is looked at, and how high a budget may be is the test's own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.standins.loopback import Reply
from tests.standins.platforms.meta import VERSION, Meta
from tests.standins.platforms.network import Asked, Bad, Json, Route, answered, known

_V = rf"/{re.escape(VERSION)}"
_ID = r"(?P<id>[0-9]{1,40})"
_ACT = r"act_(?P<act>[0-9]{1,40})"
ADS = ("ads_management", "ads_read", "pages_show_list", "pages_read_engagement")
WEEK_S = 7 * 86_400.0
HOUR_S, CHANGES = 3600.0, 4  # of an ad set's budget, that are taken in an hour
KINDS = {"campaigns": "campaign", "adsets": "adset", "adcreatives": "creative", "ads": "ad"}
OBJECTIVES = {
    "OUTCOME_AWARENESS": {"REACH", "IMPRESSIONS", "AD_RECALL_LIFT"},
    "OUTCOME_TRAFFIC": {"LINK_CLICKS", "LANDING_PAGE_VIEWS", "REACH", "IMPRESSIONS"},
    "OUTCOME_ENGAGEMENT": {"THRUPLAY", "POST_ENGAGEMENT"},
    "OUTCOME_SALES": {"OFFSITE_CONVERSIONS", "VALUE", "LINK_CLICKS"},
}
CATEGORIES = {
    *("NONE", "CREDIT", "EMPLOYMENT", "FINANCIAL_PRODUCTS_SERVICES", "HOUSING"),
    *("ISSUES_ELECTIONS_POLITICS", "ONLINE_GAMBLING_AND_GAMING"),
}
STATUSES = {"ACTIVE", "PAUSED", "ARCHIVED", "DELETED"}
FIELDS: dict[str, tuple[set[str], set[str]]] = {  # needed, and besides
    "campaigns": (
        {"name", "objective", "status", "special_ad_categories", "is_adset_budget_sharing_enabled"},
        {"buying_type", "special_ad_category_country", "execution_options"},
    ),
    "adsets": (
        {"name", "campaign_id", "status", "billing_event", "optimization_goal", "targeting", "bid_strategy"},
        {
            *("daily_budget", "lifetime_budget", "start_time", "end_time", "destination_type", "promoted_object"),
            *("dsa_beneficiary", "dsa_payor", "execution_options"),
        },
    ),
    "adcreatives": ({"name", "object_story_spec"}, {"execution_options"}),
    "ads": ({"name", "adset_id", "creative", "status"}, {"execution_options"}),
}
INSIGHTS = {
    *("impressions", "reach", "spend", "account_currency", "inline_link_clicks", "actions", "action_values"),
    *("video_play_actions", "video_avg_time_watched_actions", "attribution_setting"),
}
USER = {"em", "ph", "external_id", "client_ip_address", "client_user_agent", "fbc", "fbp"}
EVENT = ("event_name", "event_time", "event_id", "action_source", "user_data", "event_source_url", "custom_data")
SOURCES = {"website", "app", "email", "phone_call", "chat", "physical_store", "system_generated", "other"}
SAYS: dict[str, tuple[int, int, int | None, str]] = {
    "ads rate": (400, 80004, 2446079, "There have been too many calls to this ad-account."),
    "user rate": (400, 17, 2446079, "User request limit reached."),
    "transient": (400, 2, 1504043, "An unexpected error has occurred. Please retry your request later."),
    "refused": (400, 100, 1885183, "Ads creative post was created by an app that is in development mode."),
}


@dataclass(kw_only=True)
class AdAccount:
    id: str
    name: str
    status: int = 1
    currency: str = "EUR"
    tasks: tuple[str, ...] = ("ADVERTISE", "ANALYZE")
    pages: tuple[str, ...] = ("1001",)
    pixels: tuple[str, ...] = ("7001",)


@dataclass(kw_only=True)
class Upload:
    video: str
    account: str
    size: int
    got: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


@dataclass(kw_only=True)
class Node:
    id: str
    kind: str
    account: str
    name: str
    made: Json
    status: str = "PAUSED"
    effective: str | None = None  # of an ad, what its review came to; None: as it is set
    looks: int = 0
    feedback: Json = field(default_factory=dict)
    changes: list[float] = field(default_factory=list)  # of its budget, when


def people() -> list[AdAccount]:
    return [
        AdAccount(id="2001", name="Ann's Ads"),
        AdAccount(id="2002", name="Ann's Yen", currency="JPY"),
        AdAccount(id="2003", name="Only Looked At", tasks=("ANALYZE",)),
        AdAccount(id="2004", name="Switched Off", status=2),
    ]


@dataclass(kw_only=True)
class MetaAds(Meta):
    """`chunk`: bytes of a file that are asked for at once; `skips`: how much of the next chunks is kept, and the answer
    lost; `reviewing`: looks at an ad that find it in review, `verdict` what it comes to.
    """

    routes: tuple[Route, ...] = (  # type: ignore[misc]
        *Meta.routes[:3],
        ("GET", f"{_V}/me/adaccounts", "accounts", "_ad_accounts"),
        ("GET", f"{_V}/{_ACT}", "check", "_account_told"),
        ("GET", f"{_V}/{_ACT}/(?P<edge>promote_pages|adspixels)", "check", "_owned"),
        ("GET", f"{_V}/{_ACT}/targetingvalidation", "check", "_interests"),
        ("GET", f"{_V}/{_ACT}/reachestimate", "check", "_reach"),
        ("POST", f"{_V}/{_ACT}/advideos", "video", "_advideo"),
        *(("POST", f"{_V}/{_ACT}/(?P<edge>{edge})", KINDS[edge], "_make") for edge in KINDS),
        ("GET", f"{_V}/{_ACT}/(?P<edge>campaigns|adcreatives)", "read", "_list"),
        ("GET", f"{_V}/{_ID}/(?P<edge>adsets|ads)", "read", "_list"),
        ("GET", f"{_V}/{_ID}/thumbnails", "status", "_pictures"),
        ("POST", f"{_V}/{_ID}/insights", "report", "_report"),
        ("GET", f"{_V}/{_ID}/insights", "measure", "_rows"),
        ("POST", f"{_V}/{_ID}/events", "convert", "_events"),
        ("GET", f"{_V}/{_ID}", "status", "_node_told"),
        ("POST", f"{_V}/{_ID}", "switch", "_switch"),
    )
    scopes: tuple[str, ...] = ADS
    ad_accounts: list[AdAccount] = field(default_factory=people)
    chunk: int = 1 << 20
    skips: list[int] = field(default_factory=list)
    reviewing: int = 0
    verdict: tuple[str, Json] = ("CAMPAIGN_PAUSED", {})
    interests: set[str] = field(default_factory=lambda: {"6003139266461", "6003107902433"})
    sessions: dict[str, Upload] = field(default_factory=dict)
    videos: dict[str, int] = field(default_factory=dict)  # looks that are left while it is processed
    wrong_videos: set[str] = field(default_factory=set)
    nodes: dict[str, Node] = field(default_factory=dict)
    switched: list[tuple[str, str]] = field(default_factory=list)
    allots: list[tuple[str, int]] = field(default_factory=list)  # ad sets, and what each may cost a day from then on
    most_daily: int = 100_000_000  # in the least money there is
    reports: dict[str, int] = field(default_factory=dict)
    rows: list[Json] = field(default_factory=list)
    per_list: int = 2
    events: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    batches: int = 0
    moved: int = 0  # chunks that came from another byte than the next

    def count(self, kind: str) -> int:
        return sum(node.kind == kind for node in self.nodes.values())

    @property
    def counts(self) -> list[int]:
        """Of campaigns, ad sets, creatives and ads."""
        return [self.count(kind) for kind in KINDS.values()]

    @property
    def doubled(self) -> list[str]:
        """Names that two of one kind have."""
        return [name for (_, name), n in Counter((one.kind, one.name) for one in self.nodes.values()).items() if n > 1]

    def fault(self, kind: str, asked: Asked) -> Bad:
        if kind not in SAYS:
            return super().fault(kind, asked)
        status, code, subcode, words = SAYS[kind]
        return Bad(status, words, (code, subcode))

    def error(self, bad: Bad) -> Reply:
        reply = super().error(bad)
        if "offsets" in bad.more:
            told = json.loads(reply.body)
            told["error"]["error_data"] = bad.more["offsets"]
            return answered(reply.status, told)
        return reply

    # reading

    def _ad_accounts(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_read")
        known(asked.query, "fields", "limit", "after")
        self._fields(asked.query["fields"].split(","), {"account_id", "id", "name", "user_tasks", "account_status"})
        rows = [
            {"account_id": one.id, "id": f"act_{one.id}", "name": one.name, "user_tasks": list(one.tasks)}
            for one in self.ad_accounts
        ]
        return self._listed(asked, rows)

    def _account_told(self, asked: Asked) -> Reply:
        account = self._act(asked)
        known(asked.query, "fields")
        told = {
            "account_status": account.status,
            "currency": account.currency,
            "user_tasks": list(account.tasks),
            "min_daily_budget": 100,
            "timezone_name": "Europe/Berlin",
        }
        fields = asked.query.get("fields", "id").split(",")
        self._fields(fields, {*told, "id", "account_id"})
        return answered(200, {"id": f"act_{account.id}"} | {name: told[name] for name in fields if name in told})

    def _owned(self, asked: Asked) -> Reply:
        account = self._act(asked)
        known(asked.query, "fields", "limit", "after")
        self._fields(asked.query.get("fields", "id").split(","), {"id", "name"})
        ids = account.pages if asked.found["edge"] == "promote_pages" else account.pixels
        return self._listed(asked, [{"id": one} for one in ids])

    def _interests(self, asked: Asked) -> Reply:
        self._act(asked)
        known(asked.query, "targeting_list", "limit", "after")
        asks = self._json(asked.query, "targeting_list", list)
        rows = [{"id": one["id"], "type": one["type"], "valid": one["id"] in self.interests} for one in asks]
        return self._listed(asked, rows)

    def _reach(self, asked: Asked) -> Reply:
        self._act(asked)
        known(asked.query, "targeting_spec")
        self._targeting(self._json(asked.query, "targeting_spec", dict))
        return answered(200, {"data": {"users_lower_bound": 1000, "users_upper_bound": 2000, "estimate_ready": True}})

    def _list(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_read")
        known(asked.query, "fields", "limit", "after")
        kind, of = KINDS[asked.found["edge"]], asked.found.get("id")
        if of is not None and of not in self.nodes:
            raise super().fault("denied", asked)
        rows = [
            {"id": one.id, "name": one.name}
            for one in reversed(self.nodes.values())
            if one.kind == kind
            and one.status != "DELETED"
            and (
                one.account == asked.found["act"]
                if of is None
                else of in (one.made.get("campaign_id"), one.made.get("adset_id"))
            )
        ]
        self._fields(asked.query["fields"].split(","), {"id", "name", "status", "effective_status"})
        return self._listed(asked, rows)

    def _listed(self, asked: Asked, rows: list[Json]) -> Reply:
        start = int(asked.query.get("after", "0"))
        end = start + min(self.per_list, int(asked.query.get("limit", "25")))
        told: Json = {"data": rows[start:end], "paging": {"cursors": {"before": str(start), "after": str(end)}}}
        if end < len(rows):
            token = asked.header("authorization").removeprefix("Bearer ")
            told["paging"]["next"] = f"{self.address}{asked.request.path}&after={end}&access_token={token}"
        return answered(200, told)

    def _node_told(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_read")
        known(asked.query, "fields")
        name, fields = asked.found["id"], asked.query.get("fields", "id").split(",")
        if name in self.videos:
            self._fields(fields, {"id", "status", "title", "length"})
            return answered(200, {"id": name, "status": self._video_state(name)})
        if name in self.reports:
            self._fields(fields, {"id", "async_status", "async_percent_completion", "error_user_msg"})
            done = self.reports[name] <= 0
            self.reports[name] -= 1
            told: Json = {
                "async_status": "Job Completed" if done else "Job Running",
                "async_percent_completion": 100 * done,
            }
            return answered(200, {"id": name, **told})
        node = self.nodes.get(name)
        if node is None:
            raise super().fault("denied", asked)
        more = {"ad": {"ad_review_feedback", "adset_id", "creative"}, "adset": {"daily_budget", "lifetime_budget"}}
        self._fields(
            fields,
            {"id", "name", "status", "configured_status", "effective_status", "issues_info"}
            | more.get(node.kind, set()),
        )
        told = {"name": node.name, "status": node.status, "configured_status": node.status}
        if node.kind == "adset":
            told |= {name: node.made.get(name, "0") for name in ("daily_budget", "lifetime_budget")}
        if node.kind == "ad":
            told["effective_status"] = self._effective(node)
            if node.feedback and told["effective_status"] == "DISAPPROVED":
                told["ad_review_feedback"] = node.feedback
        return answered(200, {"id": name} | {one: told[one] for one in fields if one in told})

    def _effective(self, ad: Node) -> str:
        if ad.looks < self.reviewing:
            ad.looks += 1
            return "PENDING_REVIEW"
        ad.effective, ad.feedback = self.verdict
        campaign = self.nodes[self.nodes[ad.made["adset_id"]].made["campaign_id"]]
        running = campaign.status == "ACTIVE" and ad.effective == "CAMPAIGN_PAUSED"
        return "ACTIVE" if running else str(ad.effective)

    def _pictures(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_read")
        if asked.found["id"] not in self.videos:
            raise super().fault("denied", asked)
        known(asked.query, "fields")
        self._fields(asked.query["fields"].split(","), {"id", "uri", "is_preferred", "width", "height"})
        row = {"uri": f"https://scontent.example/{asked.found['id']}.jpg", "is_preferred": True}
        return answered(200, {"data": [{"uri": "https://scontent.example/other.jpg", "is_preferred": False}, row]})

    # videos

    def _advideo(self, asked: Asked) -> Reply:
        account = self._act(asked)
        multipart = asked.header("content-type").startswith("multipart/")
        form: Json = {name: value for name, value in asked.parts} if multipart else dict(asked.form)
        chunk = form.pop("video_file_chunk", None)
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in form.items()}
        phase = form.get("upload_phase")
        if phase == "start":
            known(form, "upload_phase", "file_size")
            made = Upload(video=self.number(), account=account.id, size=int(self._whole(form, "file_size")))
            name = self.number()
            self.sessions[name] = made
            return answered(200, {"upload_session_id": name, "video_id": made.video, **self._next(made)})
        known(form, "upload_phase", "upload_session_id", *(["start_offset"] if phase == "transfer" else ["title"]))
        upload = self.sessions.get(form.get("upload_session_id", ""))
        if upload is None or upload.account != account.id:
            raise Bad(400, "The upload session does not exist.", (6000, 1363033))
        if phase == "finish":
            if upload.got < upload.size:
                raise Bad(400, "The video is not complete.", (6000, 1363030))
            if upload.video in self.videos:
                raise Bad(400, "The upload session is finished.", (6000, 1363033))
            self.videos[upload.video] = self.slow
            return answered(200, {"success": True})
        if phase != "transfer" or chunk is None:
            raise Bad(400, "Invalid parameter", (100, None))
        if int(self._whole(form, "start_offset")) != upload.got:
            self.moved += 1
            raise Bad(400, "Another byte is next.", (6000, 1363037), offsets=self._next(upload))
        most = min(upload.size - upload.got, self.chunk)
        if len(chunk) != most:
            raise Bad(400, f"{most} bytes are wanted.", (6000, 1363041))
        lost = bool(self.skips)
        kept = chunk[: self.skips.pop(0)] if lost else chunk
        upload.got += len(kept)
        upload.digest.update(kept)
        self.taken += len(chunk)
        return Reply(status=0) if lost else answered(200, self._next(upload))

    def _next(self, upload: Upload) -> Json:
        """As text, as Graph has it."""
        end = min(upload.size, upload.got + self.chunk)
        return {"start_offset": str(upload.got), "end_offset": str(end)}

    def _video_state(self, video: str) -> Json:
        if video in self.wrong_videos:
            return {
                "video_status": "error",
                "processing_phase": {"status": "error", "errors": [{"code": 1363026, "message": "Too short."}]},
            }
        self.videos[video] -= 1
        return {"video_status": "ready" if self.videos[video] < 0 else "processing"}

    # making

    def _make(self, asked: Asked) -> Reply:
        account = self._act(asked)
        edge, form = asked.found["edge"], dict(asked.form)
        needed, besides = FIELDS[edge]
        known(form, *needed, *besides)
        if missing := sorted(needed - set(form)):
            raise Bad(400, f"The parameter {missing[0]} is required", (100, None))
        if edge != "adcreatives" and form["status"] != "PAUSED":
            raise Bad(400, "here all is made paused", (100, None))
        options = self._json(form, "execution_options", list) if "execution_options" in form else []
        if set(options) - {"validate_only"}:
            raise Bad(400, "Invalid parameter", (100, None))
        getattr(self, f"_{edge}_are_good")(form, account)
        if options:
            return answered(200, {"success": True})
        node = Node(id=self.number(), kind=KINDS[edge], account=account.id, name=form["name"], made=form)
        self.nodes[node.id] = node
        return answered(200, {"id": node.id})

    def _campaigns_are_good(self, form: Json, account: AdAccount) -> None:
        categories = self._json(form, "special_ad_categories", list)
        if form["objective"] not in OBJECTIVES or not set(categories) <= CATEGORIES or not categories:
            raise Bad(400, "Invalid parameter", (100, None))
        if form.get("buying_type", "AUCTION") != "AUCTION" or form["is_adset_budget_sharing_enabled"] != "false":
            raise Bad(400, "Invalid parameter", (100, None))
        if categories != ["NONE"] and not self._json(form, "special_ad_category_country", list):
            raise Bad(400, "Invalid parameter", (100, None))

    def _adsets_are_good(self, form: Json, account: AdAccount) -> None:
        campaign = self._mine_too(form["campaign_id"], "campaign", account)
        if form["optimization_goal"] not in OBJECTIVES[campaign.made["objective"]]:
            raise Bad(400, "The goal does not fit the objective.", (100, 2490408))
        if form["billing_event"] != "IMPRESSIONS" or form["bid_strategy"] != "LOWEST_COST_WITHOUT_CAP":
            raise Bad(400, "Invalid parameter", (100, None))
        budgets = [self._whole(form, name) for name in ("daily_budget", "lifetime_budget") if name in form]
        if len(budgets) != 1 or int(budgets[0]) < 100:
            raise Bad(400, "The budget is too low.", (100, 1885272))
        if "lifetime_budget" in form and "end_time" not in form:
            raise Bad(400, "end_time is needed.", (100, 1487793))
        for name in ("start_time", "end_time"):
            try:
                datetime.fromisoformat(form.get(name, "2026-01-01T00:00:00Z"))
            except ValueError as error:
                raise Bad(400, f"{name} is no time", (100, None)) from error
        spec = self._targeting(self._json(form, "targeting", dict))
        if "DE" in spec["geo_locations"]["countries"] and not (form.get("dsa_beneficiary") and form.get("dsa_payor")):
            raise Bad(400, "No beneficiary and payor.", (100, 3858081))
        goals = {"REACH": {"page_id"}, "OFFSITE_CONVERSIONS": {"pixel_id", "custom_event_type"}}
        wanted = goals.get(form["optimization_goal"])
        if wanted is not None and set(self._json(form, "promoted_object", dict)) != wanted:
            raise Bad(400, "promoted_object is needed.", (100, 1885154))

    def _adcreatives_are_good(self, form: Json, account: AdAccount) -> None:
        story = self._json(form, "object_story_spec", dict)
        known(story, "page_id", "video_data")
        video = story.get("video_data", {})
        known(video, "video_id", "message", "title", "image_url", "call_to_action")
        if story.get("page_id") not in account.pages or not video.get("image_url"):
            raise Bad(400, "The page or the picture is not there.", (100, 1443048))
        if self.videos.get(video.get("video_id"), 0) >= 0:
            raise Bad(400, "The video is not ready.", (100, 1885252))
        if "call_to_action" in video:
            action = video["call_to_action"]
            known(action, "type", "value")
            known(action["value"], "link")

    def _ads_are_good(self, form: Json, account: AdAccount) -> None:
        self._mine_too(form["adset_id"], "adset", account)
        creative = self._json(form, "creative", dict)
        known(creative, "creative_id")
        self._mine_too(creative["creative_id"], "creative", account)

    def _targeting(self, spec: Json) -> Json:
        known(spec, "geo_locations", "age_min", "age_max", "genders", "flexible_spec", "targeting_automation")
        countries = spec.get("geo_locations", {}).get("countries")
        if not countries or not all(re.fullmatch("[A-Z]{2}", one) for one in countries):
            raise Bad(400, "Location is missing.", (100, 1885364))
        if spec.get("targeting_automation") not in ({"advantage_audience": 0}, {"advantage_audience": 1}):
            raise Bad(400, "Advantage audience must be set.", (100, 1870227))
        if not 13 <= spec["age_min"] <= spec["age_max"] <= 65 or set(spec.get("genders", [])) - {1, 2}:
            raise Bad(400, "Invalid targeting.", (100, 1487756))
        for many in spec.get("flexible_spec", []):
            known(many, "interests")
            if any(one["id"] not in self.interests for one in many["interests"]):
                raise Bad(400, "Invalid interest.", (100, 1487079))
        return spec

    def _switch(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_management")
        known(asked.form, "status", "daily_budget")
        node = self.nodes.get(asked.found["id"])
        if node is None or node.status in ("ARCHIVED", "DELETED"):
            raise super().fault("denied", asked)
        if "daily_budget" in asked.form:
            return self._allot(asked, node)
        if asked.form.get("status") not in STATUSES:
            raise Bad(400, "Invalid parameter", (100, None))
        node.status = asked.form["status"]
        self.switched.append((node.kind, node.status))
        return answered(200, {"success": True})

    def _allot(self, asked: Asked, node: Node) -> Reply:
        if node.kind != "adset" or set(asked.form) != {"daily_budget"} or "lifetime_budget" in node.made:
            raise Bad(400, "Invalid parameter", (100, None))
        wanted = int(self._whole(asked.form, "daily_budget"))
        if wanted < 100:
            raise Bad(400, "The budget is too low.", (100, 1885272))
        if wanted > self.most_daily:
            raise Bad(400, "The budget is too high.", (100, None))
        if node.made["daily_budget"] != str(wanted):
            node.changes = [at for at in node.changes if at > self.now() - HOUR_S]
            if len(node.changes) == CHANGES:
                raise self.fault("user rate", asked)
            node.changes.append(self.now())
            node.made = {**node.made, "daily_budget": str(wanted)}
        self.allots.append((node.id, wanted))
        return answered(200, {"success": True})

    # figures and events

    def _report(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_read")
        form = asked.form
        known(form, "level", "date_preset", "time_increment", "fields")
        if form.get("level") != "campaign" or form.get("date_preset") != "maximum" or form.get("time_increment") != "1":
            raise Bad(400, "Invalid parameter", (100, None))
        self._fields(self._json(form, "fields", list), INSIGHTS)
        node = self.nodes.get(asked.found["id"])
        if node is None or node.kind != "campaign":
            raise super().fault("denied", asked)
        name = self.number()
        self.reports[name] = self.slow
        return answered(200, {"report_run_id": name})

    def _rows(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_read")
        known(asked.query, "limit", "after")
        if self.reports.get(asked.found["id"], 0) >= 0:
            raise Bad(400, "The report is not ready.", (100, None))
        return self._listed(asked, self.rows)

    def _events(self, asked: Asked) -> Reply:
        self.bearer(asked, "ads_management")
        known(asked.form, "data")
        pixel = asked.found["id"]
        if not any(pixel in one.pixels for one in self.ad_accounts):
            raise super().fault("denied", asked)
        events = self._json(asked.form, "data", list)
        for one in events:
            known(one, *EVENT)
            if not isinstance(one["event_time"], int) or one["event_time"] <= self.now() - WEEK_S:
                raise Bad(400, "The timestamp for this event is too far in the past.", (100, 2804003))
            if one["event_time"] > self.now() + 60 or one["action_source"] not in SOURCES:
                raise Bad(400, "Invalid parameter", (100, 2804004))
            known(one["user_data"], *USER)
            hashes = [one["user_data"].get(name, "0" * 64) for name in ("em", "ph")]
            if not one["user_data"] or any(not re.fullmatch("[0-9a-f]{64}", told) for told in hashes):
                raise Bad(400, "Invalid user data.", (100, 2804050))
        for one in events:
            self.events.setdefault((pixel, one["event_name"], one["event_id"]), one)
        self.batches += 1
        return answered(200, {"events_received": len(events), "messages": [], "fbtrace_id": "AbC"})

    # what they have in common

    def _act(self, asked: Asked) -> AdAccount:
        self.bearer(asked, "ads_management")
        account = next((one for one in self.ad_accounts if one.id == asked.found["act"]), None)
        if account is None:
            raise super().fault("denied", asked)
        return account

    def _mine_too(self, name: str, kind: str, account: AdAccount) -> Node:
        node = self.nodes.get(name)
        if node is None or node.kind != kind or node.account != account.id:
            raise Bad(400, f"{kind} {name} does not exist", (100, 33))
        return node

    def _json(self, told: Any, name: str, kind: type) -> Any:
        try:
            found = json.loads(told.get(name, ""))
        except ValueError as error:
            raise Bad(400, f"Param {name} must be JSON", (100, None)) from error
        if not isinstance(found, kind):
            raise Bad(400, f"Param {name} is of another type", (100, None))
        return found

    def _whole(self, told: Any, name: str) -> str:
        found = str(told.get(name, ""))
        if not re.fullmatch(r"\d{1,15}", found):
            raise Bad(400, f"Param {name} must be an integer", (100, None))
        return found
