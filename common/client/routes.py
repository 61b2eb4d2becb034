# Written by scripts/openapi from the table of routes; a change here is lost.
# fmt: off
"""Every route by its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from common.client.events import Event
from common.client.shapes import (
    ArmFigures,
    Asset,
    Assignment,
    Budget,
    Calendar,
    CalendarTable,
    Campaign,
    CampaignInsights,
    Channel,
    ChannelTest,
    Checked,
    Clip,
    Connection,
    ConversionEvent,
    Conversions,
    Delivery,
    Destination,
    Device,
    Devices,
    Erasure,
    Evaluation,
    EvidencePrices,
    ExperimentRules,
    ExperimentSummary,
    Export,
    Flow,
    FlowUsage,
    History,
    HistoryAccount,
    HistoryPart,
    Hits,
    Insights,
    Invitation,
    KeptFigures,
    Key,
    Knowledge,
    Line,
    Link,
    Member,
    ModelDetails,
    ModelReport,
    ModelSummary,
    NewArm,
    Note,
    OneExperiment,
    OnePrediction,
    Organisation,
    OwnWeights,
    Paused,
    Predictions,
    Publication,
    Refreshed,
    Renditions,
    Settings,
    Shot,
    StoryboardScore,
    Targeting,
    Times,
    Usage,
    Votes,
    Webhook,
    Weekly,
)
from common.client.transport import Transport, part


class _Resource:
    def __init__(self, transport: Transport) -> None:
        self._ask = transport


class AssetsRoutes(_Resource):
    def every(self, *, limit: int | None = None, cursor: str | None = None, state: Literal['accepted', 'awaiting', 'erasing', 'failed', 'importing', 'new', 'rejected'] | None = None, since: str | None = None, until: str | None = None) -> Iterator[Asset]:
        """List videos, the newest first."""
        found: Iterator[Asset] = self._ask.pages("/v1/assets", query={"limit": limit, "cursor": cursor, "state": state, "since": since, "until": until})
        return found

    def create(self, *, name: str, size: int, type: str | None = None, sha256: str | None = None) -> Asset:
        """Announce a video and get a place to send it to; what follows begins when it has come."""
        found: Asset = self._ask.call("POST", "/v1/assets", body={"name": name, "size": size, "type": type, "sha256": sha256})
        return found

    def one(self, asset: str) -> Asset:
        """Look at a video."""
        found: Asset = self._ask.call("GET", f"/v1/assets/{part(asset)}")
        return found

    def change(self, asset: str, *, name: str, if_match: str | None = None) -> Asset:
        """Call a video otherwise."""
        found: Asset = self._ask.call("PATCH", f"/v1/assets/{part(asset)}", body={"name": name}, if_match=if_match)
        return found

    def erase(self, asset: str, *, if_match: str | None = None) -> Asset:
        """Erase a video and all that was made of it; the receipt is its erasure."""
        found: Asset = self._ask.call("DELETE", f"/v1/assets/{part(asset)}", if_match=if_match)
        return found


class ErasuresRoutes(_Resource):
    def of_asset(self, asset: str) -> Erasure:
        """See how far a video is erased, and the receipt once it is."""
        found: Erasure = self._ask.call("GET", f"/v1/assets/{part(asset)}/erasure")
        return found

    def create(self, *, name: str, if_match: str) -> Erasure:
        """Close the organisation, where it is not, and erase everything that is kept of it."""
        found: Erasure = self._ask.call("POST", "/v1/erasures", body={"name": name}, if_match=if_match)
        return found

    def one(self, erasure: str) -> Erasure:
        """See how far an erasure is, and the receipt once it is done; its id opens it, without a token."""
        found: Erasure = self._ask.call("GET", f"/v1/erasures/{part(erasure)}")
        return found

    def leave(self, *, subject: str) -> Erasure:
        """Leave every organisation, and have all that is your own erased."""
        found: Erasure = self._ask.call("DELETE", "/v1/me", query={"subject": subject})
        return found


class ImportsRoutes(_Resource):
    def create(self, *, address: str, name: str | None = None) -> Asset:
        """Fetch a video from an address; it comes as an upload does."""
        found: Asset = self._ask.call("POST", "/v1/imports", body={"address": address, "name": name})
        return found

    def drive(self, *, file: str | None = None, folder: str | None = None) -> list[Asset]:
        """Fetch a video, or all of a folder, that is shared by link on Google Drive."""
        found: list[Asset] = self._ask.call("POST", "/v1/imports/drive", body={"file": file, "folder": folder})["items"]
        return found


class FlowsRoutes(_Resource):
    def every(self, *, limit: int | None = None, cursor: str | None = None, asset: str | None = None, state: Literal['cancelled', 'done', 'failed', 'running', 'waiting'] | None = None) -> Iterator[Flow]:
        """List flows, the newest first."""
        found: Iterator[Flow] = self._ask.pages("/v1/flows", query={"limit": limit, "cursor": cursor, "asset": asset, "state": state})
        return found

    def create(self, *, asset: str, settings: Settings | None = None) -> Flow:
        """Look at a video again with other settings; with the same ones the flow there is goes on."""
        found: Flow = self._ask.call("POST", "/v1/flows", body={"asset": asset, "settings": settings})
        return found

    def one(self, flow: str) -> Flow:
        """See how far each run of a flow is."""
        found: Flow = self._ask.call("GET", f"/v1/flows/{part(flow)}")
        return found

    def cancel(self, flow: str) -> Flow:
        """Stop a flow; what is at work ends at its next beat."""
        found: Flow = self._ask.call("POST", f"/v1/flows/{part(flow)}/cancel")
        return found


class ClipsRoutes(_Resource):
    def of_flow(self, flow: str) -> list[Clip]:
        """List the clips of a flow, the best first."""
        found: list[Clip] = self._ask.call("GET", f"/v1/flows/{part(flow)}/clips")["items"]
        return found

    def every(self, *, limit: int | None = None, cursor: str | None = None, order: Literal['created', 'score'] | None = None, state: Literal['approved', 'chosen', 'rejected'] | None = None, asset: str | None = None, least_score: float | None = None) -> Iterator[Clip]:
        """List clips of all videos, the newest or the best first."""
        found: Iterator[Clip] = self._ask.pages("/v1/clips", query={"limit": limit, "cursor": cursor, "order": order, "state": state, "asset": asset, "least_score": least_score})
        return found

    def one(self, clip: str) -> Clip:
        """Look at a clip: why it was chosen, and its finished files."""
        found: Clip = self._ask.call("GET", f"/v1/clips/{part(clip)}")
        return found

    def change(self, clip: str, *, state: Literal['approved', 'chosen', 'rejected'] | None = None, title: str | None = None, description: str | None = None, hashtags: list[str] | None = None, if_match: str | None = None) -> Clip:
        """Approve or reject a clip, or change its title, description or hashtags."""
        found: Clip = self._ask.call("PATCH", f"/v1/clips/{part(clip)}", body={"state": state, "title": title, "description": description, "hashtags": hashtags}, if_match=if_match)
        return found


class VerdictsRoutes(_Resource):
    def one(self, clip: str) -> Votes:
        """See what each member of the council said of a clip, and who differs."""
        found: Votes = self._ask.call("GET", f"/v1/clips/{part(clip)}/verdict")
        return found


class PredictionsRoutes(_Resource):
    def of_clip(self, clip: str) -> Predictions:
        """See what clicks were to be expected of a clip when it was made, and how sure that was."""
        found: Predictions = self._ask.call("GET", f"/v1/clips/{part(clip)}/predictions")
        return found

    def create(self, *, clip: str, account: str, network: str | None = None, exposure: int | None = None, segments: dict[str, str] | None = None) -> OnePrediction:
        """Ask what clicks are to be expected of a clip in an account, by the model that is live now."""
        found: OnePrediction = self._ask.call("POST", "/v1/predictions", body={"clip": clip, "account": account, "network": network, "exposure": exposure, "segments": segments})
        return found


class WeightsRoutes(_Resource):
    def one(self) -> OwnWeights:
        """See what the parts of a score count, and how your clips' outcomes have moved that."""
        found: OwnWeights = self._ask.call("GET", "/v1/weights")
        return found

    def rollback(self) -> OwnWeights:
        """Take back the last step of the weights of a score; flows that begin from now on count so."""
        found: OwnWeights = self._ask.call("POST", "/v1/weights/rollback")
        return found


class PublicationsRoutes(_Resource):
    def every(self, *, limit: int | None = None, cursor: str | None = None, channel: str | None = None, state: Literal['cancelled', 'claimed', 'committing', 'container', 'failed', 'held', 'published', 'ready', 'scheduled', 'unknown', 'uploaded'] | None = None, clip: str | None = None, since: str | None = None, until: str | None = None) -> Iterator[Publication]:
        """List what goes out and went out, the latest time first."""
        found: Iterator[Publication] = self._ask.pages("/v1/publications", query={"limit": limit, "cursor": cursor, "channel": channel, "state": state, "clip": clip, "since": since, "until": until})
        return found

    def create(self, *, clip: str, channels: list[str], at: str | None = None, title: str | None = None, description: str | None = None, hashtags: list[str] | None = None, aspect: Literal['16:9', '1:1', '4:5', '9:16'] | None = None, link: str | None = None, visibility: Literal['private', 'public', 'unlisted'] | None = None, made_for_kids: bool | None = None, ai_made: bool | None = None, paid_partnership: bool | None = None, late: Literal['hold', 'publish'] | None = None, ahead: bool | None = None, topic: str | None = None, content: str | None = None, priority: int | None = None) -> list[Publication]:
        """Schedule a clip to go out on channels, each at its time."""
        found: list[Publication] = self._ask.call("POST", "/v1/publications", body={"clip": clip, "channels": channels, "at": at, "title": title, "description": description, "hashtags": hashtags, "aspect": aspect, "link": link, "visibility": visibility, "made_for_kids": made_for_kids, "ai_made": ai_made, "paid_partnership": paid_partnership, "late": late, "ahead": ahead, "topic": topic, "content": content, "priority": priority})["items"]
        return found

    def one(self, publication: str) -> Publication:
        """See how far a post is, and what its platform said."""
        found: Publication = self._ask.call("GET", f"/v1/publications/{part(publication)}")
        return found

    def change(self, publication: str, *, at: str | None = None, state: Literal['held', 'scheduled'] | None = None, title: str | None = None, text: str | None = None, late: Literal['hold', 'publish'] | None = None, priority: int | None = None, if_match: str | None = None) -> Publication:
        """Move a post, hold it, let it go, or word it otherwise."""
        found: Publication = self._ask.call("PATCH", f"/v1/publications/{part(publication)}", body={"at": at, "state": state, "title": title, "text": text, "late": late, "priority": priority}, if_match=if_match)
        return found

    def cancel(self, publication: str) -> Publication:
        """Call a post off."""
        found: Publication = self._ask.call("POST", f"/v1/publications/{part(publication)}/cancel")
        return found

    def reconcile(self, publication: str) -> Publication:
        """Ask the platform anew whether a post is out that nobody knows of."""
        found: Publication = self._ask.call("POST", f"/v1/publications/{part(publication)}/reconcile")
        return found

    def settle(self, publication: str, *, posted: bool, url: str | None = None) -> Publication:
        """Say whether a post is out that nobody knows of."""
        found: Publication = self._ask.call("POST", f"/v1/publications/{part(publication)}/settle", body={"posted": posted, "url": url})
        return found

    def insights(self, publication: str) -> Insights:
        """See how a post does, day by day, and its outcome beside what was foretold."""
        found: Insights = self._ask.call("GET", f"/v1/publications/{part(publication)}/insights")
        return found


class CampaignsRoutes(_Resource):
    def every(self, *, limit: int | None = None, cursor: str | None = None, channel: str | None = None, state: Literal['ad', 'adset', 'archived', 'campaign', 'claimed', 'creative', 'failed', 'ready', 'rejected', 'review', 'unknown', 'validated', 'video'] | None = None) -> Iterator[Campaign]:
        """List campaigns, the last made first."""
        found: Iterator[Campaign] = self._ask.pages("/v1/campaigns", query={"limit": limit, "cursor": cursor, "channel": channel, "state": state})
        return found

    def create(self, *, clip: str, channel: str, page: str, name: str, objective: Literal['awareness', 'engagement', 'sales', 'traffic'], categories: list[Literal['credit', 'employment', 'gambling', 'housing', 'none', 'politics']], targeting: Targeting, currency: str, message: str, daily_micros: int | None = None, lifetime_micros: int | None = None, start: str | None = None, end: str | None = None, headline: str | None = None, link: str | None = None, button: Literal['BOOK_TRAVEL', 'CONTACT_US', 'DOWNLOAD', 'GET_OFFER', 'LEARN_MORE', 'SHOP_NOW', 'SIGN_UP', 'SUBSCRIBE'] | None = None, pixel: str | None = None, event: str | None = None, beneficiary: str | None = None, payor: str | None = None, aspect: Literal['16:9', '1:1', '4:5', '9:16'] | None = None, validate_only: bool | None = None) -> Campaign:
        """Make a campaign of a clip, paused; or see whether it could be made."""
        found: Campaign = self._ask.call("POST", "/v1/campaigns", body={"clip": clip, "channel": channel, "page": page, "name": name, "objective": objective, "categories": categories, "targeting": targeting, "currency": currency, "message": message, "daily_micros": daily_micros, "lifetime_micros": lifetime_micros, "start": start, "end": end, "headline": headline, "link": link, "button": button, "pixel": pixel, "event": event, "beneficiary": beneficiary, "payor": payor, "aspect": aspect, "validate_only": validate_only})
        return found

    def one(self, campaign: str) -> Campaign:
        """See how far a campaign is, and what its network said."""
        found: Campaign = self._ask.call("GET", f"/v1/campaigns/{part(campaign)}")
        return found

    def status(self, campaign: str, *, status: Literal['active', 'archived', 'paused']) -> Campaign:
        """Let a campaign run, stop it, or put it away."""
        found: Campaign = self._ask.call("POST", f"/v1/campaigns/{part(campaign)}/status", body={"status": status})
        return found

    def settle(self, campaign: str, *, made: str | None) -> Campaign:
        """Say whether a part of a campaign is there that nobody knows of."""
        found: Campaign = self._ask.call("POST", f"/v1/campaigns/{part(campaign)}/settle", body={"made": made})
        return found

    def insights(self, campaign: str) -> CampaignInsights:
        """See how a campaign does, day by day, beside what was foretold."""
        found: CampaignInsights = self._ask.call("GET", f"/v1/campaigns/{part(campaign)}/insights")
        return found

    def budget(self, channel: str) -> Budget:
        """See what the campaigns of an ad account may cost a day."""
        found: Budget = self._ask.call("GET", f"/v1/channels/{part(channel)}/budget")
        return found

    def set_budget(self, channel: str, *, most_daily_micros: int, currency: str, if_match: str | None = None) -> Budget:
        """Set what the campaigns of an ad account may cost a day."""
        found: Budget = self._ask.call("PUT", f"/v1/channels/{part(channel)}/budget", body={"most_daily_micros": most_daily_micros, "currency": currency}, if_match=if_match)
        return found


class ConversionsRoutes(_Resource):
    def create(self, *, channel: str, pixel: str, events: list[ConversionEvent]) -> Conversions:
        """Tell an ad account's network what people did, each thing once."""
        found: Conversions = self._ask.call("POST", "/v1/conversions", body={"channel": channel, "pixel": pixel, "events": events})
        return found

    def one(self, conversions: str) -> Conversions:
        """See whether the network took conversions."""
        found: Conversions = self._ask.call("GET", f"/v1/conversions/{part(conversions)}")
        return found


class HistoryRoutes(_Resource):
    def part(self, *, content: str) -> HistoryPart:
        """Send a part of a table of past campaigns that is too large for one request."""
        found: HistoryPart = self._ask.call("POST", "/v1/history/parts", body={"content": content})
        return found

    def create(self, *, table: str | None = None, parts: list[str] | None = None, account: str | None = None, channel: str | None = None, whose: dict[str, str] | None = None, network: str | None = None, dates: Literal['day-first', 'month-first'] | None = None, numbers: Literal['comma', 'point'] | None = None, currency: str | None = None, blanks: Literal['unknown', 'zero'] | None = None, rehearsal: bool | None = None) -> History:
        """Bring past campaigns by a CSV table, such as Meta Ads Manager exports; all of its rows or none."""
        found: History = self._ask.call("POST", "/v1/history", body={"table": table, "parts": parts, "account": account, "channel": channel, "whose": whose, "network": network, "dates": dates, "numbers": numbers, "currency": currency, "blanks": blanks, "rehearsal": rehearsal})
        return found

    def accounts(self) -> list[HistoryAccount]:
        """List the accounts of imports, and which channel each is taken for."""
        found: list[HistoryAccount] = self._ask.call("GET", "/v1/history/accounts")["items"]
        return found

    def belongs(self, *, account: str, channel: str | None, network: str | None = None) -> list[HistoryAccount]:
        """Say which channel an account of an import is, or that it is none."""
        found: list[HistoryAccount] = self._ask.call("PUT", "/v1/history/accounts", body={"account": account, "channel": channel, "network": network})["items"]
        return found

    def one(self, history: str) -> History:
        """See what each column of a table was taken for, which rows are wrong, and how far it is."""
        found: History = self._ask.call("GET", f"/v1/history/{part(history)}")
        return found

    def take_back(self, history: str, *, if_match: str | None = None) -> History:
        """Take an import back: what was known before it is known again."""
        found: History = self._ask.call("DELETE", f"/v1/history/{part(history)}", if_match=if_match)
        return found


class CalendarRoutes(_Resource):
    def every(self, *, since: str | None = None, until: str | None = None, channel: str | None = None) -> Calendar:
        """See what goes out when, and which weekly times are free."""
        found: Calendar = self._ask.call("GET", "/v1/calendar", query={"since": since, "until": until, "channel": channel})
        return found

    def bring(self, *, table: str) -> CalendarTable:
        """Schedule many posts by a CSV table; all of its rows or none."""
        found: CalendarTable = self._ask.call("POST", "/v1/calendar/tables", body={"table": table})
        return found

    def table(self, table: str) -> CalendarTable:
        """See which rows of a table are wrong, or how many are scheduled."""
        found: CalendarTable = self._ask.call("GET", f"/v1/calendar/tables/{part(table)}")
        return found

    def times_of(self, channel: str) -> Times:
        """See a channel's weekly times and pauses, and when its posts did best."""
        found: Times = self._ask.call("GET", f"/v1/channels/{part(channel)}/times")
        return found

    def set_times(self, channel: str, *, slots: list[Weekly], pauses: list[Paused] | None = None, if_match: str | None = None) -> Times:
        """Set a channel's weekly times and pauses."""
        found: Times = self._ask.call("PUT", f"/v1/channels/{part(channel)}/times", body={"slots": slots, "pauses": pauses}, if_match=if_match)
        return found


class ChannelsRoutes(_Resource):
    def begin(self, *, network: Literal['facebook', 'instagram', 'linkedin', 'meta-ads', 'pinterest', 'snapchat', 'tiktok', 'x', 'youtube']) -> Connection:
        """Begin to connect an account: get the address where its owner allows it."""
        found: Connection = self._ask.call("POST", "/v1/connections", body={"network": network})
        return found

    def every(self, *, network: Literal['facebook', 'instagram', 'linkedin', 'meta-ads', 'pinterest', 'snapchat', 'tiktok', 'x', 'youtube'] | None = None, state: Literal['broken', 'connected', 'disconnected'] | None = None) -> list[Channel]:
        """List the accounts that are posted as."""
        found: list[Channel] = self._ask.call("GET", "/v1/channels", query={"network": network, "state": state})["items"]
        return found

    def one(self, channel: str) -> Channel:
        """Look at a channel: whether it can be posted as, and for how long."""
        found: Channel = self._ask.call("GET", f"/v1/channels/{part(channel)}")
        return found

    def change(self, channel: str, *, name: str | None = None, timezone: str | None = None, niche: str | None = None, persona: str | None = None, style: str | None = None, language: str | None = None, late: Literal['hold', 'publish'] | None = None, ahead: bool | None = None, approval: bool | None = None, if_match: str | None = None) -> Channel:
        """Call a channel otherwise, or set how it is posted as."""
        found: Channel = self._ask.call("PATCH", f"/v1/channels/{part(channel)}", body={"name": name, "timezone": timezone, "niche": niche, "persona": persona, "style": style, "language": language, "late": late, "ahead": ahead, "approval": approval}, if_match=if_match)
        return found

    def remove(self, channel: str, *, if_match: str | None = None) -> None:
        """Disconnect a channel: its tokens are removed, and its platform is told."""
        self._ask.call("DELETE", f"/v1/channels/{part(channel)}", if_match=if_match)

    def check(self, channel: str) -> ChannelTest:
        """Test a channel: ask its platform now."""
        found: ChannelTest = self._ask.call("POST", f"/v1/channels/{part(channel)}/check")
        return found


class FilesRoutes(_Resource):
    def renditions(self, clip: str) -> Renditions:
        """List a clip's files, and which are wanted where."""
        found: Renditions = self._ask.call("GET", f"/v1/clips/{part(clip)}/renditions")
        return found

    def choose(self, clip: str, *, wanted: list[Destination], if_match: str | None = None) -> Renditions:
        """Choose which files go to which platforms."""
        found: Renditions = self._ask.call("PATCH", f"/v1/clips/{part(clip)}/renditions", body={"wanted": wanted}, if_match=if_match)
        return found

    def rendition(self, clip: str, aspect: str) -> Link:
        """Get a link to a clip's file; the aspect as 9x16."""
        found: Link = self._ask.call("GET", f"/v1/clips/{part(clip)}/renditions/{part(aspect)}")
        return found

    def cover(self, clip: str, aspect: str) -> Link:
        """Get a link to the picture that stands for a clip's file before it plays, a JPEG of its shape."""
        found: Link = self._ask.call("GET", f"/v1/clips/{part(clip)}/renditions/{part(aspect)}/cover")
        return found

    def captions(self, clip: str, format: str) -> Link:
        """Get a link to a clip's captions: srt, vtt or ass."""
        found: Link = self._ask.call("GET", f"/v1/clips/{part(clip)}/captions/{part(format)}")
        return found

    def thumbnail(self, clip: str) -> Link:
        """Get a link to a clip's thumbnail, a JPEG."""
        found: Link = self._ask.call("GET", f"/v1/clips/{part(clip)}/thumbnail")
        return found

    def preview(self, clip: str) -> Link:
        """Get a link to a small file of a clip, to look at."""
        found: Link = self._ask.call("GET", f"/v1/clips/{part(clip)}/preview")
        return found

    def report(self, flow: str) -> Link:
        """Get a link to a flow's report, a page that plays from anywhere."""
        found: Link = self._ask.call("GET", f"/v1/flows/{part(flow)}/report")
        return found

    def result(self, flow: str) -> Link:
        """Get a link to a flow's result.json."""
        found: Link = self._ask.call("GET", f"/v1/flows/{part(flow)}/result")
        return found


class UsageRoutes(_Resource):
    def of_flow(self, flow: str) -> FlowUsage:
        """See what a flow took, stage by stage."""
        found: FlowUsage = self._ask.call("GET", f"/v1/flows/{part(flow)}/usage")
        return found

    def by_day(self, *, from_: str | None = None, to: str | None = None) -> Usage:
        """See what you used, day by day."""
        found: Usage = self._ask.call("GET", "/v1/usage", query={"from": from_, "to": to})
        return found


class ModelsRoutes(_Resource):
    def every(self) -> list[ModelSummary]:
        """List the models that learn from the organisation's own figures."""
        found: list[ModelSummary] = self._ask.call("GET", "/v1/models")["items"]
        return found

    def one(self, model: str) -> ModelDetails:
        """Look at a model: its versions and which is live, who chose it and why, and how it has come true."""
        found: ModelDetails = self._ask.call("GET", f"/v1/models/{part(model)}")
        return found

    def report(self, model: str, *, version: str | None = None) -> ModelReport:
        """See how good a version was, beside simple ones, on creatives that it had not seen."""
        found: ModelReport = self._ask.call("GET", f"/v1/models/{part(model)}/report", query={"version": version})
        return found

    def train(self, model: str) -> ModelDetails:
        """Have a version trained now; it is tried in the shadow before it may speak."""
        found: ModelDetails = self._ask.call("POST", f"/v1/models/{part(model)}/train")
        return found

    def promote(self, model: str, *, version: str) -> ModelDetails:
        """Have a version speak from now on."""
        found: ModelDetails = self._ask.call("POST", f"/v1/models/{part(model)}/promote", body={"version": version})
        return found

    def rollback(self, model: str) -> ModelDetails:
        """Have the version before speak again; where there was none, nothing is foretold."""
        found: ModelDetails = self._ask.call("POST", f"/v1/models/{part(model)}/rollback")
        return found


class ExperimentsRoutes(_Resource):
    def every(self, *, limit: int | None = None, cursor: str | None = None, state: Literal['decided', 'draft', 'frozen', 'running', 'stopped'] | None = None) -> Iterator[ExperimentSummary]:
        """List experiments, the last made first."""
        found: Iterator[ExperimentSummary] = self._ask.pages("/v1/experiments", query={"limit": limit, "cursor": cursor, "state": state})
        return found

    def create(self, *, name: str, kind: Literal['clip', 'thumbnail', 'title'], arms: list[NewArm], shown: Literal['in_turn', 'together'] | None = None, account: str | None = None, rules: ExperimentRules | None = None) -> OneExperiment:
        """Make an experiment: arms that are to be shown beside each other; nothing is shown until it is started."""
        found: OneExperiment = self._ask.call("POST", "/v1/experiments", body={"name": name, "kind": kind, "arms": arms, "shown": shown, "account": account, "rules": rules})
        return found

    def one(self, experiment: str) -> OneExperiment:
        """Look at an experiment: its arms, their shares and figures, each day's shares, and what is known."""
        found: OneExperiment = self._ask.call("GET", f"/v1/experiments/{part(experiment)}")
        return found

    def start(self, experiment: str) -> OneExperiment:
        """Start an experiment, all arms alike; its shares, and the money it hands out, move once a day then."""
        found: OneExperiment = self._ask.call("POST", f"/v1/experiments/{part(experiment)}/start")
        return found

    def stop(self, experiment: str) -> OneExperiment:
        """Stop an experiment, for good: no arm is drawn, no share moves, campaigns it gave money are paused."""
        found: OneExperiment = self._ask.call("POST", f"/v1/experiments/{part(experiment)}/stop")
        return found

    def figures(self, experiment: str, *, figures: list[ArmFigures]) -> KeptFigures:
        """Tell what was counted of arms in a day; told again, the last word counts."""
        found: KeptFigures = self._ask.call("POST", f"/v1/experiments/{part(experiment)}/figures", body={"figures": figures})
        return found

    def assign(self, experiment: str, *, key: str, publication: str | None = None) -> Assignment:
        """Draw the arm for a slot by the shares of now; the same key gives the same arm ever after."""
        found: Assignment = self._ask.call("POST", f"/v1/experiments/{part(experiment)}/assignments", body={"key": key, "publication": publication})
        return found

    def evaluation(self, experiment: str, *, choose: str | None = None) -> Evaluation:
        """See what another way of choosing would have brought, by the slots that were drawn; or why nobody knows."""
        found: Evaluation = self._ask.call("GET", f"/v1/experiments/{part(experiment)}/evaluation", query={"choose": choose})
        return found


class EvidenceRoutes(_Resource):
    def prices(self, *, asset: str | None = None) -> EvidencePrices:
        """See what evidence for the council costs, before it is bought: by feature, and of one video."""
        found: EvidencePrices = self._ask.call("GET", "/v1/evidence", query={"asset": asset})
        return found


class ComplianceRoutes(_Resource):
    def check(self, *, clip: str | None = None, platforms: list[str] | None = None, title: str | None = None, description: str | None = None, hashtags: list[str] | None = None) -> Checked:
        """Check a clip, or texts, against what platforms take."""
        found: Checked = self._ask.call("POST", "/v1/compliance", body={"clip": clip, "platforms": platforms, "title": title, "description": description, "hashtags": hashtags})
        return found


class StoryboardsRoutes(_Resource):
    def score(self, *, schema: Literal['cutroom.storyboard/1'], title: str, shots: list[Shot], brand: str | None = None) -> StoryboardScore:
        """Score a plan before anything is shot; nothing of it is kept."""
        found: StoryboardScore = self._ask.call("POST", "/v1/storyboards", body={"schema": schema, "title": title, "shots": shots, "brand": brand})
        return found


class SearchRoutes(_Resource):
    def clips(self, *, text: str, asset: str | None = None, flow: str | None = None, state: Literal['approved', 'chosen', 'rejected'] | None = None, aspect: Literal['16:9', '1:1', '4:5', '9:16'] | None = None, least_score: float | None = None, shortest: float | None = None, longest: float | None = None, since: str | None = None, until: str | None = None, limit: int | None = None, cursor: str | None = None) -> Hits:
        """Find clips by words and by meaning, the best first."""
        found: Hits = self._ask.call("POST", "/v1/search", body={"text": text, "asset": asset, "flow": flow, "state": state, "aspect": aspect, "least_score": least_score, "shortest": shortest, "longest": longest, "since": since, "until": until, "limit": limit, "cursor": cursor})
        return found


class KnowledgeRoutes(_Resource):
    def status(self) -> Knowledge:
        """See what the council is told of clips like yours: notes, their age and model, the last snapshots."""
        found: Knowledge = self._ask.call("GET", "/v1/knowledge")
        return found

    def put(self, *, kind: Literal['loser', 'pattern', 'winner'], text: str, clip: str) -> Note:
        """Put a note on one of your clips, for the council to be told where a clip is like it."""
        found: Note = self._ask.call("POST", "/v1/knowledge", body={"kind": kind, "text": text, "clip": clip})
        return found

    def refresh(self) -> Refreshed:
        """Make the notes on winners and losers anew from what is known of how your clips did."""
        found: Refreshed = self._ask.call("POST", "/v1/knowledge/refresh")
        return found

    def remove(self, note: str) -> None:
        """Remove a note."""
        self._ask.call("DELETE", f"/v1/knowledge/{part(note)}")


class AccountsRoutes(_Resource):
    def mine(self, *, closed: bool | None = None) -> list[Organisation]:
        """List the organisations you are in, or those of them that are closed."""
        found: list[Organisation] = self._ask.call("GET", "/v1/organisations", query={"closed": closed})["items"]
        return found

    def make(self, *, name: str) -> Organisation:
        """Make an organisation; you are its owner."""
        found: Organisation = self._ask.call("POST", "/v1/organisations", body={"name": name})
        return found

    def this(self) -> Organisation:
        """Look at the organisation you ask for (header Cutroom-Organisation)."""
        found: Organisation = self._ask.call("GET", "/v1/organisation")
        return found

    def change(self, *, name: str | None = None, second_factor: bool | None = None, if_match: str | None = None) -> Organisation:
        """Rename it, or want a second factor of admins and owners."""
        found: Organisation = self._ask.call("PATCH", "/v1/organisation", body={"name": name, "second_factor": second_factor}, if_match=if_match)
        return found

    def close(self, *, if_match: str | None = None) -> None:
        """Close it: nobody is let in any more, and all that an owner may do is to erase it."""
        self._ask.call("DELETE", "/v1/organisation", if_match=if_match)

    def all_members(self) -> list[Member]:
        """List the members, those first who may do most."""
        found: list[Member] = self._ask.call("GET", "/v1/members")["items"]
        return found

    def add_member(self, *, subject: str, role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']) -> Member:
        """Make somebody a member."""
        found: Member = self._ask.call("POST", "/v1/members", body={"subject": subject, "role": role})
        return found

    def change_member(self, subject: str, *, role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer'], if_match: str | None = None) -> Member:
        """Give a member another role."""
        found: Member = self._ask.call("PATCH", f"/v1/members/{part(subject)}", body={"role": role}, if_match=if_match)
        return found

    def remove_member(self, subject: str, *, if_match: str | None = None) -> None:
        """Remove a member; anybody may leave."""
        self._ask.call("DELETE", f"/v1/members/{part(subject)}", if_match=if_match)

    def all_keys(self) -> list[Key]:
        """List the keys of programs."""
        found: list[Key] = self._ask.call("GET", "/v1/keys")["items"]
        return found

    def make_key(self, *, name: str, role: Literal['admin', 'editor', 'publisher', 'viewer'], expires: str | None = None) -> Key:
        """Make a key; its text is told this once."""
        found: Key = self._ask.call("POST", "/v1/keys", body={"name": name, "role": role, "expires": expires})
        return found

    def rotate_key(self, key: str, *, overlap_h: int | None = None) -> Key:
        """Give a key another text; the one until now opens for a while too."""
        found: Key = self._ask.call("POST", f"/v1/keys/{part(key)}/rotate", body={"overlap_h": overlap_h})
        return found

    def revoke_key(self, key: str) -> None:
        """Revoke a key, from this moment."""
        self._ask.call("DELETE", f"/v1/keys/{part(key)}")

    def trail(self, *, limit: int | None = None, cursor: str | None = None, by: str | None = None, what: str | None = None) -> Iterator[Line]:
        """See who changed what, the last first."""
        found: Iterator[Line] = self._ask.pages("/v1/audit", query={"limit": limit, "cursor": cursor, "by": by, "what": what})
        return found

    def all_invitations(self) -> list[Invitation]:
        """List the invitations that are open."""
        found: list[Invitation] = self._ask.call("GET", "/v1/invitations")["items"]
        return found

    def invite(self, *, role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer'], email: str | None = None) -> Invitation:
        """Invite somebody; the text is told this once, to be sent on."""
        found: Invitation = self._ask.call("POST", "/v1/invitations", body={"role": role, "email": email})
        return found

    def accept(self, *, text: str) -> Organisation:
        """Become a member by an invitation."""
        found: Organisation = self._ask.call("POST", "/v1/invitations/accept", body={"text": text})
        return found

    def withdraw(self, invitation: str) -> None:
        """Withdraw an invitation."""
        self._ask.call("DELETE", f"/v1/invitations/{part(invitation)}")


class EventsRoutes(_Resource):
    def every(self, *, last: str | None = None) -> Iterator[Event]:
        """Listen to what happens in the organisation, from now on or from Last-Event-ID."""
        found: Iterator[Event] = self._ask.stream("/v1/events", query={}, last=last)
        return found

    def of_flow(self, flow: str, *, last: str | None = None) -> Iterator[Event]:
        """Listen to what happens to a flow, from its beginning or from Last-Event-ID."""
        found: Iterator[Event] = self._ask.stream(f"/v1/flows/{part(flow)}/events", query={}, last=last)
        return found


class WebhooksRoutes(_Resource):
    def every(self) -> list[Webhook]:
        """List the webhooks, the newest first."""
        found: list[Webhook] = self._ask.call("GET", "/v1/webhooks")["items"]
        return found

    def make(self, *, name: str, address: str | None = None, events: list[Literal['alert.quota', 'alert.system', 'experiment.decided', 'experiment.frozen', 'experiment.stopped', 'metrics.update', 'publication.cancelled', 'publication.failed', 'publication.held', 'publication.published', 'publication.unknown', 'transcription.complete', 'video.generation.completed', 'video.generation.failed', 'video.generation.progress', 'video.generation.started']] | None = None, may_start: bool | None = None) -> Webhook:
        """Have an address told what happens, or let a program start flows; the secret is told this once."""
        found: Webhook = self._ask.call("POST", "/v1/webhooks", body={"name": name, "address": address, "events": events, "may_start": may_start})
        return found

    def one(self, webhook: str) -> Webhook:
        """Look at a webhook."""
        found: Webhook = self._ask.call("GET", f"/v1/webhooks/{part(webhook)}")
        return found

    def change(self, webhook: str, *, name: str | None = None, address: str | None = None, events: list[Literal['alert.quota', 'alert.system', 'experiment.decided', 'experiment.frozen', 'experiment.stopped', 'metrics.update', 'publication.cancelled', 'publication.failed', 'publication.held', 'publication.published', 'publication.unknown', 'transcription.complete', 'video.generation.completed', 'video.generation.failed', 'video.generation.progress', 'video.generation.started']] | None = None, active: bool | None = None, may_start: bool | None = None, if_match: str | None = None) -> Webhook:
        """Change a webhook, or switch it off and on."""
        found: Webhook = self._ask.call("PATCH", f"/v1/webhooks/{part(webhook)}", body={"name": name, "address": address, "events": events, "active": active, "may_start": may_start}, if_match=if_match)
        return found

    def remove(self, webhook: str, *, if_match: str | None = None) -> None:
        """Delete a webhook: nothing more is sent to it, nor taken from it."""
        self._ask.call("DELETE", f"/v1/webhooks/{part(webhook)}", if_match=if_match)

    def rotate(self, webhook: str) -> Webhook:
        """Give a webhook another secret; the one until now signs too for a day."""
        found: Webhook = self._ask.call("POST", f"/v1/webhooks/{part(webhook)}/rotate")
        return found

    def test(self, webhook: str) -> Delivery:
        """Send a webhook an event that tells of nothing."""
        found: Delivery = self._ask.call("POST", f"/v1/webhooks/{part(webhook)}/test")
        return found

    def sent(self, webhook: str, *, limit: int | None = None, cursor: str | None = None) -> Iterator[Delivery]:
        """List what was sent to a webhook in the last month and what became of it, the newest first."""
        found: Iterator[Delivery] = self._ask.pages(f"/v1/webhooks/{part(webhook)}/deliveries", query={"limit": limit, "cursor": cursor})
        return found

    def again(self, webhook: str, delivery: str) -> Delivery:
        """Send something once more, with all its tries."""
        found: Delivery = self._ask.call("POST", f"/v1/webhooks/{part(webhook)}/deliveries/{part(delivery)}/redeliver")
        return found


class DevicesRoutes(_Resource):
    def every(self) -> Devices:
        """List your browsers and phones that are told by push, the newest first."""
        found: Devices = self._ask.call("GET", "/v1/devices")
        return found

    def register(self, *, token: str, platform: Literal['android', 'ios', 'web'], name: str, events: list[Literal['video.generation.completed', 'video.generation.failed']] | None = None) -> Device:
        """Have a browser or phone of yours told when flows end; the same token again changes what of."""
        found: Device = self._ask.call("POST", "/v1/devices", body={"token": token, "platform": platform, "name": name, "events": events})
        return found

    def remove(self, device: str, *, if_match: str | None = None) -> None:
        """Delete a device: nothing more is sent to it."""
        self._ask.call("DELETE", f"/v1/devices/{part(device)}", if_match=if_match)


class ExportsRoutes(_Resource):
    def create(self) -> Export:
        """Have everything that is kept of the organisation written into one archive."""
        found: Export = self._ask.call("POST", "/v1/exports")
        return found

    def one(self, export: str) -> Export:
        """See whether an archive is ready, and get a link to it."""
        found: Export = self._ask.call("GET", f"/v1/exports/{part(export)}")
        return found


class Routes:
    def __init__(self, transport: Transport) -> None:
        self.assets = AssetsRoutes(transport)
        self.erasures = ErasuresRoutes(transport)
        self.imports = ImportsRoutes(transport)
        self.flows = FlowsRoutes(transport)
        self.clips = ClipsRoutes(transport)
        self.verdicts = VerdictsRoutes(transport)
        self.predictions = PredictionsRoutes(transport)
        self.weights = WeightsRoutes(transport)
        self.publications = PublicationsRoutes(transport)
        self.campaigns = CampaignsRoutes(transport)
        self.conversions = ConversionsRoutes(transport)
        self.history = HistoryRoutes(transport)
        self.calendar = CalendarRoutes(transport)
        self.channels = ChannelsRoutes(transport)
        self.files = FilesRoutes(transport)
        self.usage = UsageRoutes(transport)
        self.models = ModelsRoutes(transport)
        self.experiments = ExperimentsRoutes(transport)
        self.evidence = EvidenceRoutes(transport)
        self.compliance = ComplianceRoutes(transport)
        self.storyboards = StoryboardsRoutes(transport)
        self.search = SearchRoutes(transport)
        self.knowledge = KnowledgeRoutes(transport)
        self.accounts = AccountsRoutes(transport)
        self.events = EventsRoutes(transport)
        self.webhooks = WebhooksRoutes(transport)
        self.devices = DevicesRoutes(transport)
        self.exports = ExportsRoutes(transport)
