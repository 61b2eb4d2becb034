"""Erasures: of an asset, of an organisation, of a person. Each ends in a receipt that says what is gone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec

from common.accounts import members, organisations
from common.chores import chore, erase_asset, erase_tenant
from common.errors import BadInput, NotFound, Permanent, Stale
from common.ports.documents import Where
from functions.api.route import Answer, Ask, Shape

_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class Store(Shape):
    """One collection of documents, or one bucket: how many are gone, and how many a recount found."""

    store: str
    gone: int
    left: int


class Remain(Shape):
    """What nobody can remove sooner than it goes by itself."""

    what: str
    until: str


class Receipt(Shape):
    """`sha256` is over all else of it, as JSON with sorted names and no blanks."""

    what: Literal["asset", "organisation", "person"]
    asked: str
    done: str
    stores: list[Store]
    remains: list[Remain]
    sha256: str
    asset: str | None = None


class Erasure(Shape):
    """`id` opens the receipt, to who asked for the erasure alone; keep it. Of an asset it is the asset's."""

    id: str
    state: Literal["erasing", "erased"]
    asked: str
    gone: int
    receipt: Receipt | None


class NewErasure(Shape):
    """The organisation's name, or its id where it has none, so that nobody erases another than they think."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Leave(Shape):
    """Of whom: your own id, as GET /v1/organisations shows it first."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


def create(ask: Ask) -> Answer:
    """Nobody is let in from now on; the rest is a chore."""
    there = organisations.read(ask.parts.engine.documents, ask.who.tenant)
    if ask.body.name != (there.name or there.id):
        raise BadInput("name: it is not this organisation's; send it as GET /v1/organisation has it", code="not_named")
    if there.version is not None and ask.if_match != there.version:
        raise Stale("send the organisation's ETag as If-Match; look at it once more before you do")
    return _begun(ask, there.version)


def leave(ask: Ask) -> Answer:
    """A person goes: out of every organisation, and all that is their own with them."""
    subject, documents = ask.who.subject, ask.parts.engine.documents
    ask.acting.must_be_a_person()
    if ask.query.subject != subject or ask.who.tenant != subject:
        raise BadInput("subject: send your own id, and no organisation's header", code="not_named")
    others = [(one, role) for one, role in organisations.of(documents, subject) if one.id != subject]
    for one, role in others:
        owners = [Where("role", "==", "owner")]
        if role == "owner" and documents.count("members", owners, parent=f"tenants/{one.id}") < 2:
            text = f"you are the last owner of {one.id}; make somebody else an owner, or erase it first"
            raise Permanent(text, code="last_owner")
    for one, role in others:
        members.remove(replace(ask.acting, tenant=one.id, role=role), subject)
    return _begun(ask, organisations.read(documents, subject).version, person=subject)


def _begun(ask: Ask, version: str | None, person: str | None = None) -> Answer:
    engine, who = ask.parts.engine, ask.who
    identity, writes = erase_tenant.planned(engine, who.tenant, who.subject, person)
    organisations.close(ask.acting, version, *writes)
    key = erase_tenant.key_of(identity)
    body = engine.documents.get_many([key])[key].body
    chore.wake(engine, key, body)
    return Answer(body=_shown(identity, body))


def one(ask: Ask) -> Answer:
    """By who asked for it alone, whose organisation may be gone."""
    identity = ask.path["erasure"]
    key = erase_tenant.key_of(identity)
    snap = ask.parts.engine.documents.get_many([key]).get(key) if _ID.fullmatch(identity) else None
    if snap is None or snap.body["of"] != erase_tenant.owner(ask.who.subject):
        raise NotFound("there is no such erasure of yours; look at the id that you kept")
    return Answer(body=_shown(identity, snap.body))


def of_asset(ask: Ask) -> Answer:
    asset = ask.path["asset"]
    key = erase_asset.key_of(ask.who.tenant, asset)
    snap = ask.parts.engine.documents.get_many([key]).get(key)
    if snap is None:
        raise NotFound(f"asset {asset} was never to be erased; DELETE /v1/assets/{asset} does it")
    return Answer(body=_shown(asset, snap.body))


def _shown(identity: str, body: dict[str, Any]) -> Erasure:
    receipt = body.get("receipt")
    return Erasure(
        id=identity,
        state="erasing" if receipt is None else "erased",
        asked=body["created"],
        gone=sum(one["gone"] for one in body["memo"].get("counts", {}).values()),
        receipt=None if receipt is None else msgspec.convert(receipt, Receipt),
    )
