# Written by scripts/openapi from the table of routes; a change here is lost.
# fmt: off
"""What the routes take and give."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Acceptance(TypedDict):
    text: str


class AccountOf(TypedDict):
    """`account` as a table named it. `channel` null: found out again, where that is certain. `network`: where it ran;
    without it wherever an account of that name did."""

    account: str
    channel: str | None
    network: NotRequired[str | None]


class AccountPrediction(TypedDict):
    """For one account: a prediction, or why there is too little to say anything."""

    account: str
    network: str | None
    name: str
    prediction: Prediction | None
    silence: NotEnoughData | None


class ArmFigures(TypedDict):
    """What was counted of an arm in a day, by UTC. Told again, the last word counts; those before are its history."""

    arm: str
    date: str
    impressions: int
    clicks: int
    spend_micros: NotRequired[int | None]


class ArmPrior(TypedDict):
    """Clicks by impressions that are expected, and how many impressions that belief is worth."""

    mean: float
    strength: float


class Asset(TypedDict):
    """One video. What is not known yet is null. `fetched` and `error` are of an import."""

    id: str
    name: str
    state: Literal['accepted', 'awaiting', 'erasing', 'failed', 'importing', 'new', 'rejected']
    size: int | None
    created: str
    title: str | None
    duration: float | None
    width: int | None
    height: int | None
    sound: bool | None
    duplicate_of: str | None
    rejected: Rejected | None
    upload: Upload | None
    fetched: Fetched | None
    error: Fault | None


class AssetChange(TypedDict):
    name: str


class Assets(TypedDict):
    items: list[Asset]
    next: str | None


class Assignment(TypedDict):
    """`propensity`: the chance that this arm had, by which it can be told later what another choice had brought."""

    key: str
    arm: str
    propensity: float
    at: str
    publication: str | None


class BestTimes(TypedDict):
    """Of this channel's own posts. `enough`: whether there are enough to say anything; if not, `usual` is all."""

    posts: int
    enough: bool
    needed: int
    days: list[GoodTime]
    stretches: list[GoodTime]
    usual: str


class Budget(TypedDict):
    """What all campaigns of an ad account may cost a day on average, and what those that are not over would."""

    most_daily_micros: int
    currency: str
    used_daily_micros: int


class Calendar(TypedDict):
    """`more`: there are more posts than are shown; ask for a shorter time."""

    items: list[CalendarEntry]
    more: bool


class CalendarEntry(TypedDict):
    """A post, or a weekly time that is free. `paused`: why nothing goes out then."""

    at: str
    channel: str
    topic: str | None
    content: str | None
    priority: int
    paused: str | None
    publication: Publication | None


class CalendarTable(TypedDict):
    """`state` done with nothing wrong: all rows are scheduled; with `wrong`: none was, or those alone were not."""

    id: str
    state: str
    rows: int | None
    scheduled: int
    wrong: list[WrongRow]
    wrong_in_all: int


class Call(TypedDict):
    """What a workflow asks for. Sent again with the same `id`, it is answered as before and done once, for a day."""

    id: str
    action: Literal['flow.start']
    asset: str
    settings: Settings


class Campaign(TypedDict):
    """`state` as docs/publishing.md draws it; `delivery`: what the network says it is set to, null while it is not
    made; `wanted`: what somebody asked for since. `doubt`: the part of which nobody knows whether it was made.
    `experiment`: what moves `daily_micros`, by `wanted_daily_micros`, until the network says that it is so."""

    id: str
    state: Literal['ad', 'adset', 'archived', 'campaign', 'claimed', 'creative', 'failed', 'ready', 'rejected', 'review', 'unknown', 'validated', 'video']
    network: str
    channel: str
    page: str
    clip: str
    aspect: str
    name: str
    objective: Literal['awareness', 'engagement', 'sales', 'traffic']
    categories: list[Literal['credit', 'employment', 'gambling', 'housing', 'none', 'politics']]
    targeting: Targeting
    currency: str
    daily_micros: int | None
    lifetime_micros: int | None
    wanted_daily_micros: int | None
    experiment: str | None
    start: str | None
    end: str | None
    message: str
    headline: str | None
    link: str | None
    validate_only: bool
    made: CampaignParts
    doubt: Literal['ad', 'adset', 'campaign', 'creative'] | None
    delivery: Literal['active', 'archived', 'paused'] | None
    wanted: Literal['active', 'archived', 'paused'] | None
    review: CampaignReview | None
    predicted: dict[str, Any] | None
    outcome: CampaignOutcome | None
    by: str
    created: str
    error: PublicationError | None
    left_out: list[LeftOut]


class CampaignDay(TypedDict):
    """What was counted in a day of the account's clock; null is what the network does not tell. `rate`: link clicks by
    impressions. `history`: what was read of the same day before."""

    date: str
    as_of: str
    metrics: dict[str, int | str | None]
    rate: float | None
    actions: dict[str, float]
    history: list[dict[str, Any]]


class CampaignInsights(TypedDict):
    items: list[CampaignDay]
    predicted: dict[str, Any] | None
    outcome: CampaignOutcome | None


class CampaignOutcome(TypedDict):
    as_of: str
    metrics: dict[str, int | str | None]


class CampaignParts(TypedDict):
    """What of it is there, by the network's ids."""

    video: str | None
    campaign: str | None
    adset: str | None
    creative: str | None
    ad: str | None


class CampaignReview(TypedDict):
    """What the network said of the ad; `effective` in its own word."""

    state: Literal['passed', 'rejected', 'waiting']
    effective: str
    text: str | None
    as_of: str


class CampaignSettled(TypedDict):
    """What somebody saw in the ad account: the id of the part that nobody knew of, or null where it is not there and
    is to be made."""

    made: str | None


class CampaignStatus(TypedDict):
    """archived puts it away for good, and gives its budget back."""

    status: Literal['active', 'archived', 'paused']


class CampaignsPage(TypedDict):
    items: list[Campaign]
    next: str | None


class Change(TypedDict):
    """What is left out stays. `state` takes the right to approve."""

    state: NotRequired[Literal['approved', 'chosen', 'rejected'] | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    hashtags: NotRequired[list[str] | None]


class Channel(TypedDict):
    """An account on a platform. `error`: why it cannot be posted as; `expires`: when what it posts with is renewed at
    the latest, `ends`: when somebody must connect it again; `warned`: that people were told so. `unlinked`: what could
    not be set up at the platform, and is tried again. `revoked`: what became of the sign-in of one that was
    disconnected. Null limits are what the platform does not tell."""

    id: str
    network: Literal['facebook', 'instagram', 'linkedin', 'meta-ads', 'pinterest', 'snapchat', 'tiktok', 'x', 'youtube']
    account: str
    name: str
    handle: str | None
    state: Literal['broken', 'connected', 'disconnected']
    error: str | None
    timezone: str
    niche: str | None
    persona: str | None
    style: str | None
    language: str | None
    late: Literal['hold', 'publish']
    ahead: bool
    approval: bool
    posts_a_day: int | None
    longest_s: float | None
    visibilities: list[Literal['private', 'public', 'unlisted']] | None
    expires: str | None
    ends: str | None
    warned: str | None
    unlinked: str | None
    revoked: str | None
    checked: ChannelTest | None
    by: str
    created: str
    connected: str


class ChannelChange(TypedDict):
    """What is left out stays as it is. `late`: what becomes of a post whose time has passed; `ahead`: whether the
    platform is given posts before their time, where it can; `approval`: whether it posts approved clips alone."""

    name: NotRequired[str]
    timezone: NotRequired[str]
    niche: NotRequired[str | None]
    persona: NotRequired[str | None]
    style: NotRequired[str | None]
    language: NotRequired[str | None]
    late: NotRequired[Literal['hold', 'publish']]
    ahead: NotRequired[bool]
    approval: NotRequired[bool]


class ChannelTest(TypedDict):
    """What the platform said of it when it was asked. `good`: null where it did not answer, or has not yet."""

    at: str | None
    good: bool | None
    text: str


class Channels(TypedDict):
    items: list[Channel]


class Checked(TypedDict):
    """`ready`: no check of the files themselves failed; null where there are none. `findings`: without platforms'
    rules on files that are met, which `fits` counts."""

    clip: str | None
    ready: bool | None
    findings: list[Finding]
    fits: list[Fit]
    left_out: list[LeftOut]


class Choice(TypedDict):
    wanted: list[Destination]


class Clip(TypedDict):
    """Times in seconds of the video. `score` ranks clips of one video and predicts nothing.

    `ready`: its files have passed every check; null until they are made. `texts`: on which platforms its title,
    description and hashtags are too long. These, `decided` and `renditions` are null in lists."""

    id: str
    flow: str
    number: int
    state: Literal['approved', 'chosen', 'rejected']
    title: str
    description: str
    hashtags: list[str]
    start: float
    end: float
    text: str
    score: float
    scores: dict[str, float]
    why: str
    evidence: list[Evidence]
    raise_by: list[str]
    verdict: Verdict | None
    ready: bool | None
    renditions: list[Rendition] | None
    texts: list[Finding] | None
    decided: Decided | None


class Clips(TypedDict):
    items: list[Clip]


class ClipsPage(TypedDict):
    items: list[Clip]
    next: str | None


class Connection(TypedDict):
    """Where to send the person's browser; until `expires`, and once."""

    url: str
    expires: str


class Contribution(TypedDict):
    """What one thing does to it, in log odds; all of them and the base add up to the prediction."""

    name: str
    text: str
    effect: float


class ConversionEvent(TypedDict):
    """`id` is the same at every attempt: it is counted once."""

    name: str
    id: str
    at: str
    source: Literal['app', 'chat', 'email', 'other', 'phone_call', 'physical_store', 'system_generated', 'website']
    user: ConversionUser
    url: NotRequired[str | None]
    value_micros: NotRequired[int | None]
    currency: NotRequired[str | None]


class ConversionUser(TypedDict):
    """By whom. What names a person is hashed before it is sent here, and is forgotten once it was passed on."""

    email_hash: NotRequired[str | None]
    phone_hash: NotRequired[str | None]
    external_hash: NotRequired[str | None]
    ip: NotRequired[str | None]
    agent: NotRequired[str | None]
    fbc: NotRequired[str | None]
    fbp: NotRequired[str | None]


class Conversions(TypedDict):
    """`taken`: how many are sent; `received`: how many the network says it has, null until it does. `left_out`: the ids
    of those that are not sent, each with why. `id` is null where none is."""

    id: str | None
    state: Literal['done', 'failed', 'queued', 'running', 'waiting']
    taken: int
    received: int | None
    left_out: list[LeftOut]
    error: dict[str, str] | None


class Data(TypedDict):
    """`left_s`: seconds that are left, by how long the organisation's last flows took; null while that is not known.

    `percent` is null until anything is known; `retry_after`: seconds until what waits is tried again.
    `service`, `usage`, `limit`: of a quota that is reached."""

    flow: str | None
    asset: str | None
    publication: str | None
    channel: str | None
    experiment: str | None
    url: str | None
    stage: str | None
    percent: int | None
    message: str
    left_s: int | None
    retry_after: int | None
    service: str | None
    usage: int | None
    limit: int | None
    error: Trouble | None


class Day(TypedDict):
    footage_s: float
    wall_s: float
    cpu_s: float
    gpu_s: float
    brought_bytes: int
    made_bytes: int
    model_calls: int | None
    estimated_usd_micros: int
    day: str


class Decided(TypedDict):
    """By whom, when, and of what: a digest of its texts and files. `stands`: whether they are the same still."""

    by: str
    at: str
    of: str
    stands: bool


class Deliveries(TypedDict):
    items: list[Delivery]
    next: str | None


class Delivery(TypedDict):
    """An event on its way. `status`: of the receiver's last answer; `next`: when it is tried again; `body`: as sent."""

    id: str
    event: str
    type: str
    state: Literal['dead', 'done', 'queued', 'sending', 'waiting']
    attempts: int
    status: int | None
    error: str | None
    at: str
    tried: str | None
    next: str | None
    body: str


class Destination(TypedDict):
    """One file, and the platforms it is to go to."""

    aspect: Literal['16:9', '1:1', '4:5', '9:16']
    platforms: list[str]


class Device(TypedDict):
    """`token` is its end alone; `error` says why Firebase did not take the last message."""

    id: str
    platform: Literal['android', 'ios', 'web']
    name: str
    events: list[Literal['video.generation.completed', 'video.generation.failed']]
    token: str
    made: str
    error: str | None


class Devices(TypedDict):
    """`left_out` says why nothing can be pushed from this server; null where it can."""

    items: list[Device]
    left_out: str | None


class Dissent(TypedDict):
    """A member that differs: its score less the council's, and why."""

    member: str
    apart: float
    why: str


class Drifted(TypedDict):
    """A feature that is distributed otherwise than when the model was trained: its population stability index, and how
    often chance alone makes one as large."""

    feature: str
    index: float
    chance: float


class Erasure(TypedDict):
    """`id` opens the receipt, to whoever has it, and without a token; keep it. Of an asset it is the asset's."""

    id: str
    state: Literal['erased', 'erasing']
    asked: str
    gone: int
    receipt: Receipt | None


class Error(TypedDict):
    """Why something did not come. `code` keeps its meaning."""

    code: str
    text: str
    stage: str | None


class Evaluation(TypedDict):
    """`drawn` slots, `posted` of them with a post, `counted` ones with figures that another way could have had too;
    null where so few have a post that none was looked at. `had`: clicks by view of those. `worth`: as many slots of
    that choice as they are worth. Where they say too little `why` tells, there are no estimates, and `lacks` is what
    is lacking."""

    chances: dict[str, float]
    drawn: int
    posted: int
    counted: int | None
    had: float | None
    worth: float | None
    estimates: list[EvaluationEstimate]
    why: str | None
    lacks: EvaluationLacks | None


class EvaluationEstimate(TypedDict):
    """Clicks by view, or by slot, between `low` and `high` with 95 %. SNIPW: weighted clicks by weighted views; DR:
    what the model said of the arms, and how far it was off; IPW: weighted clicks by slot."""

    estimator: Literal['DR', 'IPW', 'SNIPW']
    by: Literal['slot', 'view']
    value: float
    low: float
    high: float


class EvaluationLacks(TypedDict):
    """What there was too little, or too much, of."""

    have: int
    need: int
    of: str


class Event(TypedDict):
    """One thing that happened. `id` names it however often it is sent; null for how far a flow is this moment."""

    id: str | None
    type: Literal['alert.quota', 'alert.system', 'experiment.decided', 'experiment.frozen', 'experiment.stopped', 'metrics.update', 'publication.cancelled', 'publication.failed', 'publication.held', 'publication.published', 'publication.unknown', 'transcription.complete', 'video.generation.completed', 'video.generation.failed', 'video.generation.progress', 'video.generation.started'] | Literal['webhook.test']
    at: str
    organisation: str
    data: Data


class Evidence(TypedDict):
    """Something that was seen or heard, its part of the score, and where in the video, if in one place (seconds)."""

    name: str
    text: str
    weight: float
    start: float | None
    end: float | None


class EvidencePrice(TypedDict):
    """A feature: whether it is bought of every video, and what it costs, in millionths of a US dollar.

    `usd_micros` is of the whole video, beside what is wanted: shots are free with labels. It is null where no video was
    named, or its length is not known yet."""

    name: Literal['faces', 'labels', 'objects', 'shots', 'speech', 'texts']
    wanted: bool
    usd_micros_per_minute: int
    usd_micros: int | None


class EvidencePrices(TypedDict):
    """At list prices as they were `priced`, each minute that is begun; what a month has free is not counted on.

    The totals are of what is wanted. A video may cost at most `usd_micros_per_video`, evidence and council together:
    what does not fit is not bought."""

    features: list[EvidencePrice]
    usd_micros_per_hour: int
    usd_micros: int | None
    usd_micros_per_video: int
    priced: str


class ExperimentArm(TypedDict):
    """`share` of the showing now; `allotted`: micros of a day's budget by it; `budget`: what its campaigns may cost a
    day by their network's last word, null where no money is handed out. Clicks by impressions lie between `low` and
    `high`, however often somebody looks; null while nothing was counted. `spend_micros` null: nobody told. `erased`:
    its video is, and with it what was counted by posts."""

    name: str
    clip: str | None
    text: str | None
    thumbnail: str | None
    campaigns: list[str]
    publications: list[str]
    prior: ArmPrior | None
    share: float
    allotted_micros: int | None
    budget_micros: int | None
    impressions: int
    clicks: int
    spend_micros: int | None
    low: float | None
    high: float | None
    beaten: bool
    erased: bool


class ExperimentDay(TypedDict):
    """The shares that held from that day on."""

    date: str
    shares: dict[str, float]
    state: Literal['decided', 'draft', 'frozen', 'running', 'stopped']
    why: str


class ExperimentRules(TypedDict):
    """What no figure can move. `floor`: the least share of an arm that is not beaten; `step`: what a share moves a day
    at most; `least_impressions`, `least_spend_micros`: what an arm has had before it may get less; `cap_micros`: all
    that may be spent, after which it ends; `daily_micros`: what is handed out to the arms each day; `ripe_hours`: from
    the end of a day until its figures count; `longest_days`: after which it ends; `alpha`: the chance that equal arms
    are ever told apart."""

    floor: NotRequired[float]
    step: NotRequired[float]
    least_impressions: NotRequired[int]
    least_spend_micros: NotRequired[int]
    cap_micros: NotRequired[int | None]
    daily_micros: NotRequired[int | None]
    ripe_hours: NotRequired[int]
    longest_days: NotRequired[int]
    alpha: NotRequired[float]


class ExperimentSummary(TypedDict):
    """`why` is for people; `best` null until it is decided."""

    id: str
    name: str
    kind: Literal['clip', 'thumbnail', 'title']
    state: Literal['decided', 'draft', 'frozen', 'running', 'stopped']
    why: str
    best: str | None
    shares: dict[str, float]
    by: str
    created: str
    started: str | None
    ended: str | None


class Experiments(TypedDict):
    items: list[ExperimentSummary]
    next: str | None


class Export(TypedDict):
    """An archive: JSON lines of every collection, and the names of all files. `url` is good for 15 minutes."""

    id: str
    state: Literal['expired', 'failed', 'ready', 'writing']
    asked: str
    documents: dict[str, int] | None
    size: int | None
    sha256: str | None
    expires: str | None
    url: str | None
    error: Fault | None


class Fault(TypedDict):
    """Why nothing came. `code` keeps its meaning."""

    code: str
    text: str


class Fetched(TypedDict):
    """How much of an import is here, in bytes; `total` is null where the server does not say."""

    done: int
    total: int | None


class Finding(TypedDict):
    """One check. `platform` null: of the file itself; `source`: where the platform's rule was read, and when."""

    name: str
    verdict: Literal['fail', 'pass', 'warn']
    measured: str
    limit: str
    fix: str | None
    aspect: str | None
    platform: str | None
    source: str | None
    date: str | None


class Fit(TypedDict):
    """Whether a platform takes it. `checked` counts the rules looked at, `unverified` names those nobody knows."""

    platform: str
    aspect: str | None
    fits: bool
    checked: int
    unverified: list[str]
    source: str
    date: str
    note: str | None


class Flow(TypedDict):
    """`percent` is of its runs so far, by the time each was thought to take; null until anything is known."""

    id: str
    asset: str
    name: str | None
    state: Literal['cancelled', 'done', 'failed', 'running', 'waiting']
    started: str
    ended: str | None
    error: Error | None
    percent: int | None
    runs: list[Run] | None


class FlowUsage(TypedDict):
    flow: str
    stages: list[StageUsage]
    wall_s: float
    cpu_s: float
    estimated_usd_micros: int
    priced: str


class Flows(TypedDict):
    items: list[Flow]
    next: str | None


class GoodTime(TypedDict):
    """`group`: a weekday from 0, Monday, or the first hour of three. `lift`: times the views of an average post, with
    its 90 % interval."""

    group: int
    posts: int
    lift: float
    low: float
    high: float


class History(TypedDict):
    """`state` done with nothing wrong and no error: all of it is there. With `wrong` rows nothing was taken.

    `creatives` are the ads, each as one group of people was shown it; of them `written` are there, `restated` in the
    place of earlier figures, `other_days` of those with days that are counted no more. `first`, `last`: days."""

    id: str
    state: Literal['done', 'failed', 'queued', 'running', 'waiting']
    rehearsal: bool
    taken_back: bool
    rows: int | None
    creatives: int | None
    written: int
    restated: int
    other_days: int
    columns: list[HistoryColumn]
    notes: list[str]
    accounts: list[HistoryAccount]
    first: str | None
    last: str | None
    numbers: str | None
    dates: str | None
    currency: str | None
    wrong: list[WrongRow]
    wrong_in_all: int
    error: dict[str, str] | None


class HistoryAccount(TypedDict):
    """`channel`: the one that it is taken for, of that `name` and on the network `of`; null where it is of none. `why`
    says why, and is null where nobody looked."""

    account: str
    network: str
    creatives: int
    channel: str | None
    name: str | None
    of: str | None
    why: str | None


class HistoryAccounts(TypedDict):
    """Those of imports and of the live model, the most creatives first."""

    items: list[HistoryAccount]


class HistoryColumn(TypedDict):
    """`meaning`: what it is taken for; null where it is ignored. `why` says more."""

    name: str
    meaning: str | None
    why: str | None


class HistoryPart(TypedDict):
    """`part` names these bytes; sent twice they are one."""

    part: str


class Hit(TypedDict):
    """A clip, and why it was found: the words it has, and how near its meaning is (to 1; null where it is not near).

    `seek`: seconds of the video where `quote` begins, the sentence with the most of the words; else the clip's start."""

    id: str
    flow: str
    asset: str | None
    title: str
    state: Literal['approved', 'chosen', 'rejected']
    score: float
    start: float
    end: float
    created: str | None
    words: list[str]
    meaning: float | None
    seek: float
    quote: str | None


class Hits(TypedDict):
    """The best first. `left_out`: what was not looked at, and why."""

    items: list[Hit]
    next: str | None
    left_out: list[LeftOut]


class Hook(TypedDict):
    """How the first 3 seconds hold somebody; strength and confidence 0 to 1."""

    type: str
    strength: float
    confidence: float
    secondary: list[str]
    start: float
    end: float
    evidence: list[Evidence]
    pull: Pull | None
    pull_why: str | None


class Imports(TypedDict):
    items: list[Asset]


class Insights(TypedDict):
    items: list[Reading]
    outcome: PostOutcome | None


class Invitation(TypedDict):
    """To become a member. `text` is told once, to be sent on; `email`: whose verified address must be this."""

    id: str
    role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']
    email: str | None
    made_by: str
    expires: str
    text: str | None


class Invitations(TypedDict):
    items: list[Invitation]


class Judgement(TypedDict):
    parts: list[NamedPart]
    hook: Hook
    psychology: dict[str, Part]
    rubric: list[RubricItem]


class KeptFigures(TypedDict):
    """`changed`: how many said something new."""

    changed: int


class Key(TypedDict):
    """A program's. `text` is told once, when it is made or rotated; `earlier`: until when the one before opens too."""

    id: str
    name: str
    role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']
    made_by: str
    made: str
    expires: str | None
    last_used: str | None
    earlier: str | None
    text: str | None


class Keys(TypedDict):
    items: list[Key]


class Knowledge(TypedDict):
    """`models`: what made the vectors by which notes are found, with how many notes; clips read by another one do not
    meet them. `oldest` is a date."""

    notes: list[Note]
    count: int
    oldest: str | None
    models: dict[str, int]
    snapshots: list[Snapshot]


class KnownOfClip(TypedDict):
    """What is known without any history: it describes, and predicts nothing. 0 to 1."""

    name: str
    value: float
    text: str


class LeftOut(TypedDict):
    what: str
    why: str


class Line(TypedDict):
    """Who did what, on what, when. `request` is the number that its answer had."""

    id: str
    at: str
    by: str
    what: str
    on: str
    detail: dict[str, str]
    request: str


class Link(TypedDict):
    """Where a file can be taken from, whole or by ranges, for a quarter of an hour. `note`: what is amiss with it."""

    url: str
    note: str | None


class LookLacks(TypedDict):
    have: int
    need: int
    why: str


class LookPart(TypedDict):
    what: str
    why: str


class Member(TypedDict):
    subject: str
    role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']
    email: str | None
    added: str | None


class MemberChange(TypedDict):
    role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']


class Members(TypedDict):
    items: list[Member]


class ModelDetails(TypedDict):
    """Versions, moves, looks and weeks: the newest first. `trouble`: why the last look could not end; it is tried
    again by itself."""

    name: str
    live: str | None
    previous: str | None
    shadow: str | None
    have: int
    need: int
    why: str | None
    trouble: str | None
    versions: list[ModelVersion]
    history: list[ModelMove]
    looks: list[ModelLook]
    weeks: list[ModelWeek]


class ModelLook(TypedDict):
    """`unripe`: creatives that have not been out for 7 days. `why` is why a version was trained, null where none was;
    `lacks`: what there was too little of. `asked`: by whom it was asked for."""

    at: str
    have: int
    unripe: int
    left_out: list[LookPart]
    without_features: list[LookPart]
    asked: str | None
    why: str | None
    did: list[str]
    lacks: LookLacks | None


class ModelMove(TypedDict):
    """What was live, before that, and in the shadow from then on."""

    at: str
    by: str
    what: Literal['erase', 'promote', 'put', 'refuse', 'rollback', 'shadow']
    why: str
    live: str | None
    previous: str | None
    shadow: str | None


class ModelReport(TypedDict):
    """What was found when the version was trained: what its manifest says of it, and a backtest beside simple models;
    `why_not` stands in its place where there was too little before any later slice."""

    version: str
    manifest: dict[str, Any]
    report: dict[str, Any]


class ModelSummary(TypedDict):
    """`have`: creatives that have been out for 7 days, with known impressions and clicks; at `need` a first version is
    trained. `why` is why nothing is live."""

    name: str
    live: str | None
    previous: str | None
    shadow: str | None
    have: int
    need: int
    why: str | None


class ModelVersion(TypedDict):
    """`rows`: creatives that it was trained from; `erased_rows`: outcomes that were erased since, of which some may be
    among them. `metrics`: on creatives that were held back from it."""

    version: str
    state: Literal['kept', 'live', 'previous', 'shadow']
    at: str
    by: str
    features_version: str | None
    rows: int | None
    accounts: int
    erased_rows: int
    metrics: dict[str, Any] | None


class ModelWeek(TypedDict):
    """How the live version did with creatives that came out after it was trained; shares of `creatives`, null where
    there is none. `calibration`: clicks foretold over clicks that came. `importance_drift`: from 0, that features
    weigh as in the version before, to 1."""

    week: str
    at: str
    model: str
    predictions: int
    creatives: int
    silent: int
    in_band: float | None
    covered: float | None
    promised: float | None
    calibration: float | None
    calibration_low: float | None
    calibration_high: float | None
    alarm: str | None
    days_since_training: int
    importance_drift: float | None
    drifted: list[Drifted]


class Models(TypedDict):
    items: list[ModelSummary]


class NamedPart(TypedDict):
    value: float | None
    weight: float
    why: str | None
    evidence: list[Evidence]
    name: str


class NewArm(TypedDict):
    """`campaigns` and `publications`: whose figures count for it; without them its figures are told. `prior`: left out,
    it is what the model of clicks says of `clip` in `account`, or what the arms together come to."""

    name: str
    clip: NotRequired[str | None]
    text: NotRequired[str | None]
    thumbnail: NotRequired[str | None]
    campaigns: NotRequired[list[str]]
    publications: NotRequired[list[str]]
    prior: NotRequired[ArmPrior | None]


class NewAsset(TypedDict):
    """What is about to be sent."""

    name: str
    size: int
    type: NotRequired[str]
    sha256: NotRequired[str | None]


class NewAssignment(TypedDict):
    """`key` names what the arm is for, such as a slot; `publication`: the post that was made of it, now or later."""

    key: str
    publication: NotRequired[str | None]


class NewBudget(TypedDict):
    most_daily_micros: int
    currency: str


class NewCampaign(TypedDict):
    """`channel` is an ad account, `page` a channel of Facebook, as which the ad is shown. One of the two budgets.
    `categories`: the special ones that the law or the network sets apart, or none. `validate_only`: make nothing."""

    clip: str
    channel: str
    page: str
    name: str
    objective: Literal['awareness', 'engagement', 'sales', 'traffic']
    categories: list[Literal['credit', 'employment', 'gambling', 'housing', 'none', 'politics']]
    targeting: Targeting
    currency: str
    message: str
    daily_micros: NotRequired[int | None]
    lifetime_micros: NotRequired[int | None]
    start: NotRequired[str | None]
    end: NotRequired[str | None]
    headline: NotRequired[str | None]
    link: NotRequired[str | None]
    button: NotRequired[Literal['BOOK_TRAVEL', 'CONTACT_US', 'DOWNLOAD', 'GET_OFFER', 'LEARN_MORE', 'SHOP_NOW', 'SIGN_UP', 'SUBSCRIBE']]
    pixel: NotRequired[str | None]
    event: NotRequired[str | None]
    beneficiary: NotRequired[str | None]
    payor: NotRequired[str | None]
    aspect: NotRequired[Literal['16:9', '1:1', '4:5', '9:16'] | None]
    validate_only: NotRequired[bool]


class NewConnection(TypedDict):
    network: Literal['facebook', 'instagram', 'linkedin', 'meta-ads', 'pinterest', 'snapchat', 'tiktok', 'x', 'youtube']


class NewConversions(TypedDict):
    """`channel` is the ad account whose pixel it is."""

    channel: str
    pixel: str
    events: list[ConversionEvent]


class NewDevice(TypedDict):
    """`events`: what it is to be told of; with none it stays registered and silent."""

    token: str
    platform: Literal['android', 'ios', 'web']
    name: str
    events: NotRequired[list[Literal['video.generation.completed', 'video.generation.failed']]]


class NewDriveImport(TypedDict):
    """One of both, shared with everybody who has the link. Of a folder the videos right in it, at most 100."""

    file: NotRequired[str | None]
    folder: NotRequired[str | None]


class NewErasure(TypedDict):
    """The organisation's name, or its id where it has none, so that nobody erases another than they think.

    If-Match is its ETag; of one that is closed, which changes no more and shows none, any will do, such as *."""

    name: str


class NewExperiment(TypedDict):
    """`shown`: together, every arm every day, as ads are; or in_turn, one to each slot, as posts are."""

    name: str
    kind: Literal['clip', 'thumbnail', 'title']
    arms: list[NewArm]
    shown: NotRequired[Literal['in_turn', 'together']]
    account: NotRequired[str | None]
    rules: NotRequired[ExperimentRules]


class NewFigures(TypedDict):
    """All are kept, or none where one of them cannot be."""

    figures: list[ArmFigures]


class NewFlow(TypedDict):
    """Look at an asset again, with these settings."""

    asset: str
    settings: NotRequired[Settings]


class NewHistory(TypedDict):
    """One of `table`, its text, and `parts`, those names in their order. `account` and `network` stand for all rows;
    without them the columns are asked. `channel`: all of it is this channel's, whatever its accounts are called;
    `whose`: by the name of an account in the table, which channel it is. Of all others it is found out, where that is
    certain, now and whenever channels change; what is said here stays said of the account. `dates` and `numbers` are
    needed where nothing in the table tells 3 April from 4 March, or 1,234 from 1.234. `blanks`: what an empty cell
    among figures means. A `rehearsal` keeps nothing."""

    table: NotRequired[str | None]
    parts: NotRequired[list[str] | None]
    account: NotRequired[str | None]
    channel: NotRequired[str | None]
    whose: NotRequired[dict[str, str]]
    network: NotRequired[str | None]
    dates: NotRequired[Literal['day-first', 'month-first'] | None]
    numbers: NotRequired[Literal['comma', 'point'] | None]
    currency: NotRequired[str | None]
    blanks: NotRequired[Literal['unknown', 'zero']]
    rehearsal: NotRequired[bool]


class NewHistoryPart(TypedDict):
    """Bytes of a CSV, of UTF-8 or UTF-16, packed by gzip or not, in base64: up to 675 KB of it."""

    content: str


class NewImport(TypedDict):
    """Where the file lies: https alone, open to whoever has the address."""

    address: str
    name: NotRequired[str | None]


class NewInvitation(TypedDict):
    role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']
    email: NotRequired[str | None]


class NewKey(TypedDict):
    name: str
    role: Literal['admin', 'editor', 'publisher', 'viewer']
    expires: NotRequired[str | None]


class NewMember(TypedDict):
    subject: str
    role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']


class NewNote(TypedDict):
    kind: Literal['loser', 'pattern', 'winner']
    text: str
    clip: str


class NewOrganisation(TypedDict):
    name: str


class NewPromotion(TypedDict):
    version: str


class NewPublications(TypedDict):
    """One clip to each of these channels. What is left out is as the clip and the channel have it."""

    clip: str
    channels: list[str]
    at: NotRequired[str]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    hashtags: NotRequired[list[str] | None]
    aspect: NotRequired[Literal['16:9', '1:1', '4:5', '9:16'] | None]
    link: NotRequired[str | None]
    visibility: NotRequired[Literal['private', 'public', 'unlisted']]
    made_for_kids: NotRequired[bool]
    ai_made: NotRequired[bool]
    paid_partnership: NotRequired[bool]
    late: NotRequired[Literal['hold', 'publish'] | None]
    ahead: NotRequired[bool | None]
    topic: NotRequired[str | None]
    content: NotRequired[str | None]
    priority: NotRequired[int]


class NewTable(TypedDict):
    """A CSV table: clip, channel and at in each row, and what POST /v1/publications takes besides."""

    table: str


class NewTimes(TypedDict):
    slots: list[Weekly]
    pauses: NotRequired[list[Paused]]


class NewWebhook(TypedDict):
    name: str
    address: NotRequired[str | None]
    events: NotRequired[list[Literal['alert.quota', 'alert.system', 'experiment.decided', 'experiment.frozen', 'experiment.stopped', 'metrics.update', 'publication.cancelled', 'publication.failed', 'publication.held', 'publication.published', 'publication.unknown', 'transcription.complete', 'video.generation.completed', 'video.generation.failed', 'video.generation.progress', 'video.generation.started']]]
    may_start: NotRequired[bool]


class NotCounted(TypedDict):
    member: str
    why: str


class NotEnoughData(TypedDict):
    """`have` of the `need` things that are counted, which `of` names. `why` ends in what to do."""

    why: str
    have: int
    need: int
    of: str


class Note(TypedDict):
    """`outcome`: how its clip had done when the note was made, 0 to 100 among the account's clips. `by`: a person, or
    outcomes."""

    id: str
    kind: Literal['loser', 'pattern', 'winner']
    text: str
    clip: str
    model: str
    outcome: float | None
    snapshot: str
    by: str


class OneExperiment(TypedDict):
    """`money`: what becomes of a day's money by it, for people, before it does; null where it says nothing of any."""

    id: str
    name: str
    kind: Literal['clip', 'thumbnail', 'title']
    state: Literal['decided', 'draft', 'frozen', 'running', 'stopped']
    why: str
    best: str | None
    shares: dict[str, float]
    by: str
    created: str
    started: str | None
    ended: str | None
    shown: Literal['in_turn', 'together']
    rules: ExperimentRules
    arms: list[ExperimentArm]
    days: list[ExperimentDay]
    money: str | None


class OnePrediction(TypedDict):
    """By the model that is live now, from the features that the clip had when it was made."""

    account: str
    network: str | None
    name: str
    prediction: Prediction | None
    silence: NotEnoughData | None
    clip: str
    features_version: str


class Organisation(TypedDict):
    """`second_factor`: whether admins and owners must sign in with one. `role` is the caller's, `closed` since when."""

    id: str
    name: str | None
    made: str | None
    second_factor: bool
    role: Literal['admin', 'editor', 'owner', 'publisher', 'viewer']
    closed: str | None


class OrganisationChange(TypedDict):
    name: NotRequired[str | None]
    second_factor: NotRequired[bool | None]


class Organisations(TypedDict):
    items: list[Organisation]


class Outcome(TypedDict):
    """Scores 0 to 100, `disagreement` in points. `degraded`: why no quorum was reached; the score is the local one.

    `decision`: publish it, fix it and publish, or hold it for a person; null in verdicts of before there was one.
    `flagged`: what in the clip speaks to whoever judges it. `low` and `high`: where the score would lie four times in
    five, were all seats taken; null where no vote counted."""

    decision: Literal['fix', 'hold', 'publish'] | None
    because: str | None
    changes: list[Recommendation]
    flagged: list[str]
    score: float
    low: float | None
    high: float | None
    confidence: float
    disagreement: float | None
    effective_votes: float
    degraded: str | None
    dissent: list[Dissent]
    left_out: list[NotCounted]


class OwnWeights(TypedDict):
    """`parts` sum to 1, as do `begun`, those that all begin with. `live` and `since` are null until they move."""

    live: str | None
    since: str | None
    parts: dict[str, float]
    begun: dict[str, float]
    history: list[WeightsMove]


class Part(TypedDict):
    """0 to 1; null where it cannot be told, and `why` says what is missing."""

    value: float | None
    weight: float
    why: str | None
    evidence: list[Evidence]


class Paused(TypedDict):
    """A period in which nothing can be scheduled; `end` is not in it."""

    start: str
    end: str
    why: str


class PostOutcome(TypedDict):
    """What a post came to after `day` days beside what was foretold when it was scheduled."""

    day: int
    as_of: str
    metrics: dict[str, int | str | None]
    predicted: dict[str, Any] | None


class Prediction(TypedDict):
    """Clicks as a share of those who see it. `low` to `high`: where `coverage` of clips shown `exposure` times lie.

    `band`: below, within or above `typical`, the middle half of the account's own history. `says` is for people.
    `alike`: the model has learned from what it knew no clip of, so every clip of the account gets the same."""

    model: str
    value: float
    low: float
    high: float
    coverage: float
    exposure: int
    band: Literal['high', 'low', 'typical']
    alike: bool
    typical: list[float]
    says: str
    contributions: list[Contribution]


class Predictions(TypedDict):
    """As they were when the clip was made. `silence`: there was no model. `refused`: why it could not be used."""

    clip: str
    created: str
    model: str | None
    features_version: str
    accounts: list[AccountPrediction]
    silence: NotEnoughData | None
    refused: str | None
    known: list[KnownOfClip]


class Problem(TypedDict):
    """What went wrong (RFC 9457). `code` keeps its meaning, `detail` ends in what to do, `request` is in the log."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request: str


class Progress(TypedDict):
    done: float
    total: float
    unit: str


class Publication(TypedDict):
    """`state` as docs/publishing.md draws it; `slot`: when it is to go out; `url` and `remote`: what the platform calls
    it. `stopping`: it is being called off. `content`: of what sort it is, for people."""

    id: str
    state: Literal['cancelled', 'claimed', 'committing', 'container', 'failed', 'held', 'published', 'ready', 'scheduled', 'unknown', 'uploaded']
    network: str
    channel: str
    clip: str
    aspect: str
    slot: str
    late: Literal['hold', 'publish']
    priority: int
    topic: str | None
    content: str | None
    title: str
    text: str
    tags: list[str]
    link: str | None
    visibility: Literal['private', 'public', 'unlisted']
    made_for_kids: bool
    ai_made: bool
    paid_partnership: bool
    by: str
    created: str
    published: str | None
    remote: str | None
    url: str | None
    cost_micros: int | None
    stopping: bool
    error: PublicationError | None
    left_out: list[LeftOut]


class PublicationChange(TypedDict):
    """What is left out stays. `state`: held keeps it from going out, scheduled lets it go again. Texts can be changed
    before anything of it was asked of the platform."""

    at: NotRequired[str | None]
    state: NotRequired[Literal['held', 'scheduled'] | None]
    title: NotRequired[str | None]
    text: NotRequired[str | None]
    late: NotRequired[Literal['hold', 'publish'] | None]
    priority: NotRequired[int | None]


class PublicationError(TypedDict):
    """Why it has not gone out. `action`: what helps; `raw`: the platform's own answer."""

    code: str
    text: str
    action: Literal['re-render', 'reconnect', 'retry', 'stop', 'wait'] | None
    raw: dict[str, Any] | None


class Publications(TypedDict):
    items: list[Publication]


class PublicationsPage(TypedDict):
    items: list[Publication]
    next: str | None


class Pull(TypedDict):
    """The share of tested headlines that the first sentence would out-pull; 8 in 10 such lie from low to high."""

    value: float
    low: float
    high: float
    source: str


class Reading(TypedDict):
    """What a platform counted until `as_of`, `day` days after the post; null is what it does not tell.

    `view`: what it calls a view. `history`: what was read of the same day before."""

    day: int
    as_of: str
    view: str
    metrics: dict[str, int | str | None]
    history: list[dict[str, Any]]


class Receipt(TypedDict):
    """`sha256` is over all else of it that is not null, as JSON with sorted names and no blanks."""

    what: Literal['asset', 'organisation', 'person']
    asked: str
    done: str
    stores: list[Store]
    remains: list[Remain]
    sha256: str
    asset: str | None
    left_out: list[LeftOut] | None


class Recommendation(TypedDict):
    """What would make the clip better, and who says so; seconds in the video, null for all of the clip."""

    text: str
    by: str
    start: float | None
    end: float | None


class Refreshed(TypedDict):
    """`snapshot` is null where too few outcomes are known; then nothing has changed."""

    snapshot: Snapshot | None


class Rejected(TypedDict):
    """Why a file cannot become clips; docs/rejections.md lists the codes."""

    code: str
    text: str


class Remain(TypedDict):
    """What nobody can remove sooner than it goes by itself."""

    what: str
    until: str


class Rendition(TypedDict):
    """A finished file."""

    aspect: str
    width: int
    height: int
    duration: float
    size: int
    sha256: str
    captions: str | None


class Renditions(TypedDict):
    """The files there are, and which of them a publication is to take; `wanted` null: nobody chose yet."""

    items: list[Rendition]
    wanted: list[Destination] | None


class Request(TypedDict):
    """An HTTP request to send as it stands: any other method or header is refused."""

    method: str
    url: str
    headers: dict[str, str]


class Rotation(TypedDict):
    """`overlap_h`: hours for which the text until now opens too."""

    overlap_h: NotRequired[int]


class RubricItem(TypedDict):
    """A yes-or-no question. `met` is null where nothing was there to tell it by."""

    key: str
    text: str
    met: bool | None
    why: str | None
    start: float | None
    end: float | None


class Run(TypedDict):
    """One stage, or one part of it."""

    stage: str
    title: str
    number: int | None
    state: Literal['done', 'failed', 'queued', 'running', 'skipped', 'waiting']
    attempt: int
    progress: Progress | None
    place: str | None
    place_reason: str | None
    error: Error | None
    left_out: list[LeftOut]


class Settings(TypedDict):
    """What a person chooses; what is left out is as the product has it."""

    clips: NotRequired[int]
    min_s: NotRequired[int]
    max_s: NotRequired[int]
    aspects: NotRequired[list[Literal['16:9', '1:1', '4:5', '9:16']]]
    language: NotRequired[str | None]
    captions: NotRequired[Literal['box', 'clean', 'none', 'pop']]
    burn_draft: NotRequired[bool]


class Settled(TypedDict):
    """What somebody saw on the channel."""

    posted: bool
    url: NotRequired[str | None]


class Shot(TypedDict):
    """One shot that is planned. `say`, and `text` on screen: left out where the plan is silent on them, "" for none."""

    seconds: float
    say: NotRequired[str | None]
    text: NotRequired[str | None]
    picture: NotRequired[str | None]


class Snapshot(TypedDict):
    at: str
    by: str
    winners: int
    losers: int


class StageUsage(TypedDict):
    """The last attempts of a stage's runs. `reused`: how many took the result of an earlier flow, and no time.

    `peak_mb`: the most memory that any of them took; null where none was measured."""

    stage: str
    runs: int
    reused: int
    wall_s: float
    cpu_s: float
    peak_mb: float | None
    estimated_usd_micros: int


class Store(TypedDict):
    """One collection of documents, or one bucket: how many are gone, and how many a recount found."""

    store: str
    gone: int
    left: int


class Storyboard(TypedDict):
    """As `scripts/run PLAN.json` takes it."""

    schema: Literal['cutroom.storyboard/1']
    title: str
    shots: list[Shot]
    brand: NotRequired[str | None]


class StoryboardScore(TypedDict):
    """`score` compares plans and predicts nothing, so `prediction` is null. `left_out`: what was not looked at."""

    schema: Literal['cutroom.storyboard-score/1']
    title: str
    seconds: float
    score: float
    prediction: None
    raise_by: list[str]
    judgement: Judgement
    left_out: list[LeftOut]


class Targeting(TypedDict):
    """Who is to see it. `age_max` 65 is 65 and more."""

    countries: list[str]
    age_min: NotRequired[int]
    age_max: NotRequired[int]
    gender: NotRequired[Literal['all', 'men', 'women']]
    interests: NotRequired[list[str]]


class Times(TypedDict):
    timezone: str
    slots: list[Weekly]
    pauses: list[Paused]
    best: BestTimes


class ToCheck(TypedDict):
    """A clip, or texts, or a clip as if it had these texts. Without `platforms`: against all that are known."""

    clip: NotRequired[str | None]
    platforms: NotRequired[list[str] | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    hashtags: NotRequired[list[str] | None]


class Trail(TypedDict):
    items: list[Line]
    next: str | None


class Trouble(TypedDict):
    """Why it did not come; `code` keeps its meaning."""

    code: str
    text: str
    stage: str | None


class Upload(TypedDict):
    """Where the file may be sent: whole, or begun by `resumable` and sent in parts that can be taken up again."""

    whole: Request
    resumable: Request
    expires: str


Usage = TypedDict('Usage', {'from': 'str', 'to': 'str', 'days': 'list[Day]', 'total': 'Used', 'priced': 'str'})


class Used(TypedDict):
    """Seconds, bytes, and millionths of a US dollar. What is not known is null.

    `estimated_usd_micros` is what the runs cost on Google Cloud at list prices (on one machine: would cost), without
    storage, documents and traffic. `model_calls`, of models that others run, are not counted yet."""

    footage_s: float
    wall_s: float
    cpu_s: float
    gpu_s: float
    brought_bytes: int
    made_bytes: int
    model_calls: int | None
    estimated_usd_micros: int


class Verdict(TypedDict):
    """Of the council. `degraded` says what it lacked."""

    score: float | None
    confidence: float | None
    degraded: str | None


class Vote(TypedDict):
    """`score` 0 to 100, or why there is none; `weight`: its share of the verdict, 0 to 1.

    `cost_micros`, in millionths of a US dollar, and `tokens`: of a vote that is paid for; 0 where an answer was kept."""

    member: str
    kind: str
    source: str
    score: float | None
    abstains: str | None
    reasons: list[str]
    weight: float
    cost_micros: int | None
    tokens: int | None


class Votes(TypedDict):
    clip: str
    votes: list[Vote]
    verdict: Outcome


class WantedPrediction(TypedDict):
    """`account`: a channel's id, or the name of an account in what was imported. `network`: of an account that the
    model does not know, else its own. `exposure`: how often it will be shown; None: as often as is usual there.
    `segments`: to whom, by names such as age, gender, interest, placement."""

    clip: str
    account: str
    network: NotRequired[str | None]
    exposure: NotRequired[int | None]
    segments: NotRequired[dict[str, str]]


class Webhook(TypedDict):
    """`secret` is told once, when it is made or rotated; `earlier`: until when the one before signs too.

    `may_start`: whether who has the secret may start flows (POST /v1/inbound/workflow/{webhook})."""

    id: str
    name: str
    address: str | None
    events: list[str]
    active: bool
    may_start: bool
    made_by: str
    made: str
    earlier: str | None
    secret: str | None


class WebhookChange(TypedDict):
    """What is left out stays as it is."""

    name: NotRequired[str]
    address: NotRequired[str | None]
    events: NotRequired[list[Literal['alert.quota', 'alert.system', 'experiment.decided', 'experiment.frozen', 'experiment.stopped', 'metrics.update', 'publication.cancelled', 'publication.failed', 'publication.held', 'publication.published', 'publication.unknown', 'transcription.complete', 'video.generation.completed', 'video.generation.failed', 'video.generation.progress', 'video.generation.started']]]
    active: NotRequired[bool]
    may_start: NotRequired[bool]


class Webhooks(TypedDict):
    items: list[Webhook]


class Weekly(TypedDict):
    """A time of each week by the channel's clock. `day` 0 is Monday."""

    day: int
    time: str
    topic: NotRequired[str | None]
    content: NotRequired[str | None]
    priority: NotRequired[int]


class WeightsMove(TypedDict):
    """`live`: the version that counts from then on; null for the weights that all begin with."""

    at: str
    by: str
    what: Literal['rollback', 'step']
    why: str
    live: str | None


class Wish(TypedDict):
    """What is looked for. Lengths in seconds; `since` and `until` (excluded) are of when a clip was made."""

    text: str
    asset: NotRequired[str | None]
    flow: NotRequired[str | None]
    state: NotRequired[Literal['approved', 'chosen', 'rejected'] | None]
    aspect: NotRequired[Literal['16:9', '1:1', '4:5', '9:16'] | None]
    least_score: NotRequired[float | None]
    shortest: NotRequired[float | None]
    longest: NotRequired[float | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]
    limit: NotRequired[int]
    cursor: NotRequired[str | None]


class WrongRow(TypedDict):
    line: int
    text: str
