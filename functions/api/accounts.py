"""Organisations, their members, the keys of their programs, and the trail of who did what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from common.accounts import audit, invitations, keys, members, organisations
from common.accounts.roles import Role, second_factor
from common.chores.ads import campaign_plans
from common.errors import BadInput
from common.ports.auth import Caller
from functions.api.pages import Cursor, Limit
from functions.api.route import Answer, Ask, Shape, matching

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Subject = Annotated[str, matching(r"[A-Za-z0-9_-]{1,128}", description="A person's id.")]
KeyRole = Literal["viewer", "editor", "publisher", "admin"]


class Organisation(Shape):
    """`second_factor`: whether admins and owners must sign in with one. `role` is the caller's, `closed` since when."""

    id: str
    name: str | None
    made: str | None
    second_factor: bool
    role: Role
    closed: str | None


class Organisations(Shape):
    items: list[Organisation]


class Which(Shape):
    """`closed`: those that are, in the place of those that are not. An owner may erase them still."""

    closed: bool = False


class NewOrganisation(Shape):
    name: Name


class OrganisationChange(Shape):
    name: Name | None = None
    second_factor: bool | None = None


class Member(Shape):
    subject: str
    role: Role
    email: str | None
    added: str | None


class Members(Shape):
    items: list[Member]


class NewMember(Shape):
    subject: Subject
    role: Role


class MemberChange(Shape):
    role: Role


class Key(Shape):
    """A program's. `text` is told once, when it is made or rotated; `earlier`: until when the one before opens too."""

    id: str
    name: str
    role: Role
    made_by: str
    made: str
    expires: str | None
    last_used: str | None
    earlier: str | None
    text: str | None = None


class Keys(Shape):
    items: list[Key]


class NewKey(Shape):
    name: Name
    role: KeyRole
    expires: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Rotation(Shape):
    """`overlap_h`: hours for which the text until now opens too."""

    overlap_h: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24


class Invitation(Shape):
    """To become a member. `text` is told once, to be sent on; `email`: whose verified address must be this."""

    id: str
    role: Role
    email: str | None
    made_by: str
    expires: str
    text: str | None = None


class Invitations(Shape):
    items: list[Invitation]


class NewInvitation(Shape):
    role: Role
    email: Annotated[str, matching(r"[^@\s]{1,64}@[^@\s]{1,255}")] | None = None


class Acceptance(Shape):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Line(Shape):
    """Who did what, on what, when. `request` is the number that its answer had."""

    id: str
    at: str
    by: str
    what: str
    on: str
    detail: dict[str, str]
    request: str


class Trail(Shape):
    items: list[Line]
    next: str | None


class Lines(Shape):
    """Which part of the trail."""

    limit: Limit = 50
    cursor: Cursor | None = None
    by: Annotated[str, msgspec.Meta(max_length=140, description="Who acted: a person's id, or key:ID.")] | None = None
    what: Annotated[str, msgspec.Meta(max_length=50, description="What was done, such as keys.make.")] | None = None


def mine(ask: Ask) -> Answer:
    wanted: Which = ask.query or Which()
    found = organisations.of(ask.parts.engine.documents, ask.who.subject, closed=wanted.closed)
    return Answer(body=Organisations(items=[_organisation(one, role) for one, role in found]))


def make(ask: Ask) -> Answer:
    made = organisations.make(ask.acting, ask.body.name, ask.who.email)
    return Answer(body=_organisation(made, "owner"), version=made.version)


def this(ask: Ask) -> Answer:
    found = organisations.read(ask.parts.engine.documents, ask.who.tenant)
    return Answer(body=_organisation(found, ask.who.role), version=found.version)


def change(ask: Ask) -> Answer:
    wanted: OrganisationChange = ask.body
    changed = organisations.change(
        ask.acting,
        name=wanted.name,
        second_factor=wanted.second_factor,
        proven=second_factor(ask.who.claims),
        version=ask.if_match,
    )
    return Answer(body=_organisation(changed, ask.who.role), version=changed.version)


def close(ask: Ask) -> Answer:
    stopped(ask)
    organisations.close(ask.acting, ask.if_match)
    return Answer()


def stopped(ask: Ask) -> None:
    """Raises BadInput where an ad runs: once it is closed nobody could stop what spends money."""
    if (campaign := campaign_plans.running(ask.parts.engine, ask.who.tenant)) is not None:
        raise BadInput(f"an ad runs; pause campaign {campaign} first, then close it", code="ad_runs")


def all_members(ask: Ask) -> Answer:
    found = members.members(ask.parts.engine.documents, ask.who.tenant)
    return Answer(body=Members(items=[_member(one) for one in found]))


def add_member(ask: Ask) -> Answer:
    added = members.add(ask.acting, ask.body.subject, ask.body.role, None)
    return Answer(body=_member(added), version=added.version)


def change_member(ask: Ask) -> Answer:
    changed = members.change(ask.acting, ask.path["subject"], ask.body.role, ask.if_match)
    return Answer(body=_member(changed), version=changed.version)


def remove_member(ask: Ask) -> Answer:
    members.remove(ask.acting, ask.path["subject"], ask.if_match)
    return Answer()


def all_keys(ask: Ask) -> Answer:
    found = keys.keys(ask.parts.engine.documents, ask.who.tenant)
    return Answer(body=Keys(items=[_key(one) for one in found]))


def make_key(ask: Ask) -> Answer:
    made, text = keys.make(ask.acting, ask.body.name, ask.body.role, ask.body.expires)
    return Answer(body=_key(made, text))


def rotate_key(ask: Ask) -> Answer:
    rotated, text = keys.rotate(ask.acting, ask.path["key"], timedelta(hours=ask.body.overlap_h))
    return Answer(body=_key(rotated, text))


def revoke_key(ask: Ask) -> Answer:
    keys.revoke(ask.acting, ask.path["key"])
    return Answer()


def all_invitations(ask: Ask) -> Answer:
    found = invitations.invitations(ask.parts.engine.documents, ask.who.tenant)
    return Answer(body=Invitations(items=[_invitation(one) for one in found]))


def invite(ask: Ask) -> Answer:
    made, text = invitations.make(ask.acting, ask.body.role, ask.body.email)
    return Answer(body=_invitation(made, text))


def withdraw(ask: Ask) -> Answer:
    invitations.withdraw(ask.acting, ask.path["invitation"])
    return Answer()


def accept(ask: Ask) -> Answer:
    """The organisation that the caller now is a member of."""
    engine, who = ask.parts.engine, ask.who
    ask.acting.must_be_a_person()
    caller = Caller(subject=who.subject, email=who.email, claims=dict(who.claims))
    tenant, member = invitations.accept(engine.documents, engine.clock, caller, ask.body.text, ask.request)
    return Answer(body=_organisation(organisations.read(engine.documents, tenant), member.role))


def trail(ask: Ask) -> Answer:
    asked: Lines = ask.query or Lines()
    documents, tenant = ask.parts.engine.documents, ask.who.tenant
    found = audit.lines(documents, tenant, by=asked.by, what=asked.what, cursor=asked.cursor, limit=asked.limit + 1)
    shown = found[: asked.limit]
    lines = [Line(**{name: getattr(one, name) for name in Line.__struct_fields__}) for one in shown]
    return Answer(body=Trail(items=lines, next=shown[-1].id if len(found) > len(shown) else None))


def _organisation(one: organisations.Organisation, role: Role) -> Organisation:
    named = {name: getattr(one, name) for name in ("id", "name", "made", "second_factor", "closed")}
    return Organisation(role=role, **named)


def _member(one: members.Member) -> Member:
    return Member(subject=one.subject, role=one.role, email=one.email, added=one.added)


def _invitation(one: invitations.Invitation, text: str | None = None) -> Invitation:
    return Invitation(id=one.id, role=one.role, email=one.email, made_by=one.made_by, expires=one.expires, text=text)


def _key(one: keys.Key, text: str | None = None) -> Key:
    names = ("id", "name", "role", "made_by", "made", "expires", "last_used", "earlier")
    return Key(**{name: getattr(one, name) for name in names}, text=text)
