"""Predictions: what clicks are to be expected of a clip in an account, how sure that is, and why.

A clip's features are those of when it was made: nothing is looked at again, so that one answer takes milliseconds.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

from common.chores.connections import channels
from common.domain.learning import Band
from common.errors import ModelRefused, NotFound
from common.learning import asking
from common.learning.segments import spelled
from common.ports.documents import Json
from common.scoring import foretelling
from functions.api import clips
from functions.api.route import Answer, Ask, Shape

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Contribution(Shape):
    """What one thing does to it, in log odds; all of them and the base add up to the prediction."""

    name: str
    text: str
    effect: float


class Prediction(Shape):
    """Clicks as a share of those who see it. `low` to `high`: where `coverage` of clips shown `exposure` times lie.

    `band`: below, within or above `typical`, the middle half of the account's own history. `says` is for people.
    `alike`: the model has learned from what it knew no clip of, so every clip of the account gets the same.
    """

    model: str
    value: float
    low: float
    high: float
    coverage: float
    exposure: int
    band: Band
    alike: bool
    typical: list[float]
    says: str
    contributions: list[Contribution]


class NotEnoughData(Shape):
    """`have` of the `need` things that are counted, which `of` names. `why` ends in what to do."""

    why: str
    have: int
    need: int
    of: str


class AccountPrediction(Shape):
    """For one account: a prediction, or why there is too little to say anything."""

    account: str
    network: str | None
    name: str
    prediction: Prediction | None
    silence: NotEnoughData | None


class KnownOfClip(Shape):
    """What is known without any history: it describes, and predicts nothing. 0 to 1."""

    name: str
    value: float
    text: str


class Predictions(Shape):
    """As they were when the clip was made. `silence`: there was no model. `refused`: why it could not be used."""

    clip: str
    created: str
    model: str | None
    features_version: str
    accounts: list[AccountPrediction]
    silence: NotEnoughData | None
    refused: str | None
    known: list[KnownOfClip]


class WantedPrediction(Shape):
    """`account`: a channel's id, or the name of an account in what was imported. `network`: of an account that the
    model does not know, else its own. `exposure`: how often it will be shown; None: as often as is usual there.
    `segments`: to whom, by names such as age, gender, interest, placement.
    """

    clip: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    account: Name
    network: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    exposure: Annotated[int, msgspec.Meta(ge=1, le=10**12)] | None = None
    segments: Annotated[dict[Name, Name], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=dict)


class OnePrediction(AccountPrediction):
    """By the model that is live now, from the features that the clip had when it was made."""

    clip: str
    features_version: str


def of_clip(ask: Ask) -> Answer:
    snap = clips.read(ask)
    kept = ask.snap(asking.key_of(ask.who.tenant, snap.id))
    if kept is None:
        raise NotFound(_missing(snap.id))
    body = kept.body
    told: dict[str, Any] = {name: body[name] for name in ("created", "model", "features_version", "silence")}
    told |= {name: body[name] for name in ("refused", "known")}
    told |= {"clip": snap.id, "accounts": [foretelling.shown(one) for one in body["accounts"]]}
    return Answer(body=msgspec.convert(told, Predictions))


def create(ask: Ask) -> Answer:
    """Nothing of it is kept: what a publication is held against is foretold when it is scheduled."""
    wanted: WantedPrediction = ask.body
    engine = ask.parts.engine
    channel = _channel(ask, wanted.account)
    answered = asking.ask(
        engine.documents,
        engine.objects,
        ask.who.tenant,
        wanted.clip,
        account=wanted.account,
        network=channel["network"] if channel else wanted.network,
        segments={name: spelled(name, told) for name, told in wanted.segments.items()},
        exposure=wanted.exposure,
        launched=engine.clock.now(),
    )
    if answered is None:
        raise NotFound(_missing(wanted.clip))
    if answered.told is None:
        raise ModelRefused(str(answered.refused))
    name = channel["name"] if channel else wanted.account
    entry = foretelling.kept(answered.told, account=wanted.account, network=answered.network, name=name)
    told = {**foretelling.shown(entry), "clip": wanted.clip, "features_version": answered.features_version}
    return Answer(body=msgspec.convert(told, OnePrediction))


def _channel(ask: Ask, account: str) -> Json | None:
    """Where the account is a channel of ours: it is where the channel is, and is called so."""
    if not re.fullmatch(r"[0-9a-f]{16}", account):
        return None
    snap = ask.snap(channels.key_of(ask.who.tenant, account))
    return None if snap is None else snap.body


def _missing(clip: str) -> str:
    return (
        f"no features of a clip {clip[:80]} are kept; GET /v1/clips lists clips, POST /v1/flows looks at a video again"
    )
