"""One question to the live model: what is to be expected of a clip in one account, by the features it had when made.

Nothing here computes a feature or waits for anybody: two documents, a model that this process has opened before, and a
walk through its trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.domain.learning import Foretold, Silence
from common.errors import ModelRefused
from common.learning import registry
from common.ports.documents import Documents, Json
from common.ports.objects import Objects
from common.scoring import foretelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`told` for an account, or why the live model, which is `model`, was `refused`."""

    features_version: str
    network: str | None
    model: str | None
    told: Foretold | None
    refused: str | None = None


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
    segments: Mapping[str, str] | None = None,
    exposure: int | None = None,
) -> Answered | None:
    """None where the clip has no features: it was made before any were kept. Raises BadInput for an odd exposure.

    `network` None: where the model knows the account to be.
    """
    snap = documents.get_many([key_of(tenant, clip)]).get(key_of(tenant, clip))
    if snap is None:
        return None
    version = str(snap.body["features_version"])
    try:
        live = registry.live(documents, objects, tenant)
        if isinstance(live, Silence):
            return Answered(features_version=version, network=network, model=None, told=live)
        known = live.shape.accounts.get(account)
        network = network or (known.network if known else None)
        told = live.foretell(
            snap.body["features"],
            account=account,
            network=network or "",
            segments=segments,
            exposure=exposure,
            features_version=version,
        )
        return Answered(features_version=version, network=network, model=live.name, told=told)
    except ModelRefused as error:
        return Answered(features_version=version, network=network, model=None, told=None, refused=str(error))


def kept(answered: Answered | None, *, account: str, network: str, name: str) -> Json | None:
    """As a publication or a campaign keeps it, for what comes of it to be held against; None: no features."""
    if answered is None:
        return None
    said: Json = {"model": answered.model, "features_version": answered.features_version, "refused": answered.refused}
    if answered.told is None:
        return {"account": account, "network": network, "name": name, "prediction": None, "silence": None, **said}
    return {**foretelling.kept(answered.told, account=account, network=network, name=name), **said}
