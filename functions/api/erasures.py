"""Erasures: of an asset, of an organisation, of a person. Each ends in a receipt that says what is gone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec

from common.accounts import members, organisations
from common.chores import chore
from common.chores.erasing import erase_asset, erase_tenant
from common.errors import BadInput, Conflict, NotFound, Permanent, Stale
from common.ports.documents import Snap, Where
from functions.api import accounts
from functions.api.judgements import LeftOut
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
    """`sha256` is over all else of it that is not null, as JSON with sorted names and no blanks."""

    what: Literal["asset", "organisation", "person"]
    asked: str
    done: str
    stores: list[Store]
    remains: list[Remain]
    sha256: str
    asset: str | None = None
    left_out: list[LeftOut] | None = None


class Erasure(Shape):
    """`id` opens the receipt, to whoever has it, and without a token; keep it. Of an asset it is the asset's."""

    id: str
    state: Literal["erasing", "erased"]
    asked: str
    gone: int
    receipt: Receipt | None


class NewErasure(Shape):
    """The organisation's name, or its id where it has none, so that nobody erases another than they think.

    If-Match is its ETag; of one that is closed, which changes no more and shows none, any will do, such as *.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Leave(Shape):
    """Of whom: your own id, as GET /v1/organisations shows it first."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


def create(ask: Ask) -> Answer:
    """Nobody is let in from now on; the rest is a chore."""
    there = organisations.read(ask.parts.engine.documents, ask.who.tenant, closed=True)
    if ask.body.name != (there.name or there.id):
        raise BadInput("name: it is not this organisation's; send it as GET /v1/organisation has it", code="not_named")
    if there.version is not None and there.closed is None and ask.if_match != there.version:
        raise Stale("send the organisation's ETag as If-Match; look at it once more before you do")
    if there.closed is None:
        accounts.stopped(ask)
    return _begun(ask, there)


def leave(ask: Ask) -> Answer:
    """A person goes: out of every organisation, and all that is their own with them."""
    subject, documents = ask.who.subject, ask.parts.engine.documents
    ask.acting.must_be_a_person()
    if ask.query.subject != subject or ask.who.tenant != subject:
        raise BadInput("subject: send your own id, and no organisation's header", code="not_named")
    accounts.stopped(ask)
    all_ = organisations.of(documents, subject) + organisations.of(documents, subject, closed=True)
    others = [(one, role) for one, role in all_ if one.id != subject]
    for one, role in others:
        owners = [Where("role", "==", "owner")]
        if role == "owner" and documents.count("members", owners, parent=f"tenants/{one.id}") < 2:
            way = (
                "make somebody else an owner, or erase it first"
                if one.closed is None
                else "it is closed: erase it first"
            )
            raise Permanent(f"you are the last owner of {one.id}; {way}", code="last_owner")
    own = organisations.read(documents, subject, closed=True)
    if own.erasure is not None and not _asked_before(ask, own, subject):
        raise Conflict("your own organisation is being erased; wait for its receipt, then leave", code="erasing")
    for one, role in others:
        members.remove(replace(ask.acting, tenant=one.id, role=role), subject)
    return _begun(ask, own, person=subject)


def _asked_before(ask: Ask, there: organisations.Organisation, person: str | None) -> Snap | None:
    """The erasure that is at work, where the same person asked for the same."""
    if there.erasure is None:
        return None
    snap = ask.snap(erase_tenant.key_of(there.erasure))
    asked = (erase_tenant.owner(ask.who.subject), erase_tenant.what(person))
    return None if snap is None or (snap.body["of"], snap.body["what"]) != asked else snap


def _begun(ask: Ask, there: organisations.Organisation, person: str | None = None) -> Answer:
    """A new one, or the one that the same person has asked for before."""
    engine, who = ask.parts.engine, ask.who
    if (before := _asked_before(ask, there, person)) is not None:
        return Answer(body=_shown(before.id, before.body))
    identity, writes = erase_tenant.planned(engine, who.tenant, who.subject, person)
    organisations.erase(ask.acting, identity, there.version, *writes)
    key = erase_tenant.key_of(identity)
    body = engine.documents.get_many([key])[key].body
    chore.wake(engine, key, body)
    return Answer(body=_shown(identity, body))


def one(ask: Ask) -> Answer:
    """By whoever has its id, which only who asked was told: they, and their organisation, may be gone."""
    identity = ask.path["erasure"]
    snap = ask.snap(erase_tenant.key_of(identity)) if _ID.fullmatch(identity) else None
    if snap is None:
        raise NotFound("there is no such erasure; look at the id that you kept")
    return Answer(body=_shown(identity, snap.body))


def of_asset(ask: Ask) -> Answer:
    asset = ask.path["asset"]
    snap = ask.snap(erase_asset.key_of(ask.who.tenant, asset))
    if snap is None:
        raise NotFound(f"asset {asset} was never to be erased; DELETE /v1/assets/{asset} does it")
    return Answer(body=_shown(asset, snap.body))


def _shown(identity: str, body: Mapping[str, Any]) -> Erasure:
    receipt = body.get("receipt")
    return Erasure(
        id=identity,
        state="erasing" if receipt is None else "erased",
        asked=body["created"],
        gone=sum(one["gone"] for one in body["memo"].get("counts", {}).values()),
        receipt=None if receipt is None else msgspec.convert(receipt, Receipt),
    )
