"""Foretell how each clip would do, where an account's own history lets a model; what it saw is kept either way.

`tenants/{t}/predictions/{flow}.{n}` holds the features of a clip as they were before it was shown to anybody. What
comes of it later is learned from against these, whether or not there was a model yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.judgement import Judgement
from common.domain.learning import Silence
from common.errors import ModelRefused, Permanent
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring import foretelling
from common.scoring.ctr.model import Model, opened

STATES: Final = ("connected", "broken", "disconnected")  # of channels
MOST: Final = 5  # accounts, those with the most history


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The live model, or why there is none: too little history, or one that is live and cannot be used."""

    name: str | None = None
    model: Model | None = None
    silence: Silence | None = None
    refused: str | None = None


def run(work: Work) -> Outcome:
    """`predictions`: for each clip what is foretold for each account, or why nothing is."""
    scored = work.need("score")
    if scored is None:
        raise Permanent("there are no judged clips to foretell; run again from score")
    listed, version = loads(work.get(scored["scores"])), scored["features_version"]
    asked, today = _live(work), datetime.now(UTC)
    names = _names(work) if asked.model is not None else {}
    found: list[Json] = []
    refused = asked.refused
    for one in listed:
        accounts: list[Json] = []
        if asked.model is not None and refused is None:
            try:
                accounts = _accounts(asked.model, one["features"], version, names, today)
            except ModelRefused as error:
                refused = str(error)
        found.append(
            {
                "number": one["number"],
                "model": asked.name,
                "accounts": accounts,
                "silence": to_json(asked.silence),
                "refused": refused,
                "known": to_json(foretelling.known(from_json(Judgement, one["judgement"]))),
                "features": one["features"],
                "features_version": version,
            }
        )
        work.progress(len(found), len(listed), "clips")
    return Outcome(
        result={"predictions": to_json(work.put("predictions.json", dumps(found))), "count": len(found)},
        documents={f"predictions/{{flow}}.{one['number']}": _document(work, one) for one in found},
        left_out=() if refused is None else (LeftOut(what=foretelling.WHAT, why=refused),),
    )


def _document(work: Work, one: Json) -> Json:
    kept = {name: value for name, value in one.items() if name != "number"}
    whose: Json = {"asset": work.asset, "flow": None, "clip": f"{work.flow}.{one['number']}", "created": None}
    return {"schema": foretelling.SCHEMA, **whose, **kept}


def _live(work: Work) -> Asked:
    """Read anew for each flow: what was promoted or rolled back a moment ago counts."""
    shelf = next(iter(work.find("models", "name", "ctr")), {})
    version = shelf.get("live")
    if version is None:
        have = shelf.get("have")  # as was counted when learning was last thought of
        have = work.count("outcomes", "schema", 1) if have is None else int(have)
        return Asked(silence=foretelling.silence(have, tried=bool(shelf.get("versions"))))
    name = f"ctr@{version}"
    try:
        return Asked(name=name, model=_opened(work, shelf, str(version), name))
    except ModelRefused as error:
        return Asked(name=name, refused=str(error))


def _opened(work: Work, shelf: Json, version: str, name: str) -> Model:
    """Raises ModelRefused where its files are not what was put there."""
    entry = next((one for one in shelf["versions"] if one["version"] == version), None)
    where = f"t/{work.tenant}/models/ctr/{version}"
    try:
        ubj, manifest = (work.get({"object": f"{where}/{file}"}) for file in ("model.ubj", "manifest.json"))
    except Permanent as error:
        raise ModelRefused(f"the model {name} is refused: {error}; go back to the version before, or train") from error
    if entry is None or hashlib.sha256(ubj + manifest).hexdigest() != entry["digest"]:
        told = "its files are not those that were put there"
        raise ModelRefused(f"the model {name} is refused: {told}; go back to the version before, or train it anew")
    return opened(name, ubj, manifest)


def _names(work: Work) -> dict[str, Json]:
    """The channels, gone ones as well, by their id: accounts of an import have a name alone."""
    return {str(one["id"]): one for state in STATES for one in work.find("channels", "state", state)}


def _accounts(model: Model, features: Json, version: str, channels: Mapping[str, Json], today: datetime) -> list[Json]:
    """The accounts with the most history, and what is foretold for each, the less surely the older the model is."""
    known = sorted(model.shape.accounts.items(), key=lambda one: (-one[1].creatives, one[0]))
    found = []
    for account, behind in known[:MOST]:
        told = model.foretell(
            features, account=account, network=behind.network, launched=today, features_version=version
        )
        name = channels[account]["name"] if account in channels else None
        found.append(foretelling.kept(told, account=account, network=behind.network, name=name))
    return found
