"""One question to the live model: what is to be expected of a clip in one account, by the features it had when made.

Of an audience of several groups each is foretold: the middle of that is said, and an interval that holds for whomever
of them it is shown to, for nobody knows beforehand how the network shares it out among them.
Nothing here computes a feature or waits for anybody: two documents, a model that this process has opened before, and a
walk through its trees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from math import log
from statistics import fmean

from common.domain.campaign import Audience
from common.domain.learning import Contribution, Foretold, Prediction, Silence
from common.errors import ModelRefused
from common.learning import registry, whose
from common.learning.segments import Shown, among
from common.ports.documents import Documents, Json
from common.ports.objects import Objects
from common.scoring import foretelling
from common.scoring.ctr.model import Model, band, share
from common.scoring.ctr.words import phrase, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`told` for an account, or why the live model, which is `model`, was `refused`."""

    features_version: str
    network: str | None
    model: str | None
    told: Foretold | None
    refused: str | None = None
    shown: Shown | None = None  # to whom, where that was asked about


def key_of(tenant: str, clip: str) -> str:
    """Of the document with the features of a clip."""
    return f"tenants/{tenant}/predictions/{clip}"


def ask(
    documents: Documents,
    objects: Objects,
    tenant: str,
    clip: str,
    *,
    account: str,
    network: str | None,
    launched: datetime,
    segments: Mapping[str, str] | None = None,
    audience: Audience | None = None,
    exposure: int | None = None,
) -> Answered | None:
    """None where the clip has no features: it was made before any were kept. Raises BadInput for an odd exposure.

    `network` None: where the model knows the account to be. `audience` in the place of `segments`: of a campaign.
    """
    snap = documents.get_many([key_of(tenant, clip)]).get(key_of(tenant, clip))
    if snap is None:
        return None
    version = str(snap.body["features_version"])
    try:
        live = registry.live(documents, objects, tenant)
        if isinstance(live, Silence):
            return Answered(features_version=version, network=network, model=None, told=live)
        live, open_ = _whose(documents, tenant, live, account, network)
        known = live.shape.accounts.get(account)
        network = network or (known.network if known else None)
        shown = None if audience is None else among(audience, _levels(live))
        told = [
            live.foretell(
                snap.body["features"],
                account=account,
                network=network or "",
                segments=group,
                exposure=exposure,
                launched=launched,
                features_version=version,
            )
            for group in ([segments or {}] if shown is None else _groups(shown))
        ]
        together = _hinted(told[0] if shown is None else _together(told, shown), open_)
        return Answered(features_version=version, network=network, model=live.name, told=together, shown=shown)
    except ModelRefused as error:
        return Answered(features_version=version, network=network, model=None, told=None, refused=str(error))


def _whose(
    documents: Documents, tenant: str, model: Model, account: str, network: str | None
) -> tuple[Model, Sequence[str]]:
    """The model, answering for the account by what it learned before anybody knew whose that is.

    Where it still knows too little of a channel: the accounts of imports that are of none. Nothing of it is read where
    the model knows enough.
    """
    known, needs = model.shape.accounts.get(account), model.shape.account_needs
    if known is not None and known.creatives >= needs:
        return model, ()
    found = whose.read(documents, tenant)
    model = found.known_as(model)
    known = model.shape.accounts.get(account)
    if account not in found.channels or (known is not None and known.creatives >= needs):
        return model, ()
    return model, found.nobodys(model, network or str(found.channels[account]["network"]))


def _hinted(told: Foretold, open_: Sequence[str]) -> Foretold:
    if not open_ or not isinstance(told, Silence):
        return told
    why = f"{told.why}. Nobody knows whose the imported {whose.others(open_)} is: if it is this channel, say so by "
    return replace(told, why=f'{why}scripts/learn accounts --as "ACCOUNT=CHANNEL", or PUT /v1/history/accounts')


def kept(answered: Answered | None, *, account: str, network: str, name: str) -> Json | None:
    """As a publication or a campaign keeps it, for what comes of it to be held against; None: no features."""
    if answered is None:
        return None
    said: Json = {"model": answered.model, "features_version": answered.features_version, "refused": answered.refused}
    if answered.shown is not None:
        said["shown_to"] = {name: list(values) for name, values in answered.shown.groups.items()}
        said["left_out"] = [{"what": what, "why": why} for what, why in answered.shown.notes]
    if answered.told is None:
        return {"account": account, "network": network, "name": name, "prediction": None, "silence": None, **said}
    return {**foretelling.kept(answered.told, account=account, network=network, name=name), **said}


def _levels(model: Model) -> dict[str, set[str]]:
    """By segment the levels that a model has learned something of."""
    found: dict[str, set[str]] = {}
    for column in model.shape.columns:
        if column.kind == "segment" and column.level is not None:
            found.setdefault(column.of, set()).add(column.level)
    return found


def _groups(shown: Shown) -> list[dict[str, str]]:
    return [dict(zip(shown.groups, one, strict=True)) for one in product(*shown.groups.values())]


def _together(told: Sequence[Foretold], shown: Shown) -> Foretold:
    """The middle of them in log odds, so that contributions still add up, from the lowest low to the highest high."""
    some = [one for one in told if isinstance(one, Prediction)]
    first = told[0]
    if len(some) < 2 or not isinstance(first, Prediction):
        return first  # silence is the account's, whomever it is shown to
    value = share(fmean(log(one.value / (1 - one.value)) for one in some))
    return replace(
        first,
        value=value,
        low=min(one.low for one in some),
        high=max(one.high for one in some),
        band=band(value, first.typical),
        contributions=tuple(_meant(some, shown)),
    )


def _meant(some: Sequence[Prediction], shown: Shown) -> list[Contribution]:
    effects: dict[str, float] = {}
    texts: dict[tuple[str, bool], str] = {}
    for one in (part for prediction in some for part in prediction.contributions):
        effects[one.name] = effects.get(one.name, 0.0) + one.effect / len(some)
        texts[one.name, one.effect > 0] = one.text
    found = []
    for name, effect in effects.items():
        text = texts.get((name, effect > 0)) or said(phrase(name), effect)
        if len(values := shown.groups.get(name, ())) > 1:
            text = said(f"its {phrase(name)}, one of {', '.join(values)},", effect)
        found.append(Contribution(name=name, text=text, effect=effect))
    return sorted(found, key=lambda one: -abs(one.effect))
