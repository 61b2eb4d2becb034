"""Invitations: whoever brings one is a member, once, as long as who made it could still make it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.accounts import invitations, members, organisations
from common.accounts.acting import Acting
from common.errors import Conflict, CutroomError, Forbidden, NotFound, Permanent
from common.ports.auth import Caller
from tests.unit.accounts.office import Office, at_once


def accept(office: Office, text: str, subject: str = "eve", email: str | None = None) -> tuple[str, members.Member]:
    caller = Caller(subject=subject, email=email)
    return invitations.accept(office.documents, office.clock, caller, text, "r2")


def test_an_invitation_makes_a_member_once(office: Office) -> None:
    tenant = office.organisation("ann")
    invitation, text = invitations.make(office.acting(tenant, "ann"), "editor", None)
    assert invitations.invitations(office.documents, tenant) == [invitation]
    where, member = accept(office, text, email="eve@example.org")
    assert (where, member.subject, member.role, member.email) == (tenant, "eve", "editor", "eve@example.org")
    assert invitations.invitations(office.documents, tenant) == []
    with pytest.raises(NotFound, match="ask for a new one"):
        accept(office, text, "mallory")
    assert office.told(tenant)[1:] == [
        ("ann", "invitations.make", invitation.id),
        ("eve", "invitations.accept", "eve"),
    ]


def test_an_invitation_for_an_address_is_for_that_address(office: Office) -> None:
    tenant = office.organisation("ann")
    _, text = invitations.make(office.acting(tenant, "ann"), "editor", "Eve@Example.org")
    for email in (None, "mallory@example.org"):
        with pytest.raises(Forbidden, match="another address"):
            accept(office, text, "mallory", email)
    assert accept(office, text, email="eve@example.org")[1].role == "editor"


def test_what_is_not_exactly_an_invitation_opens_nothing(office: Office) -> None:
    tenant, other = office.organisation("ann"), office.organisation("bob")
    invitation, text = invitations.make(office.acting(tenant, "ann"), "editor", None)
    changed = text[:-1] + ("A" if text[-1] != "A" else "B")
    for wrong in (
        "",
        text[:-1],
        text + "\n",
        changed,
        text.replace(tenant, other),
        text.replace(invitation.id, "0" * 16),
    ):
        with pytest.raises(NotFound, match="ask for a new one"):
            accept(office, wrong)
    with pytest.raises(NotFound):
        accept(office, text, "a/b")
    assert set(office.roles(tenant)) == {"ann"} and set(office.roles(other)) == {"bob"}


def test_an_invitation_lasts_a_week(office: Office) -> None:
    tenant = office.organisation("ann")
    _, text = invitations.make(office.acting(tenant, "ann"), "editor", None)
    office.clock.at += timedelta(days=7)
    with pytest.raises(NotFound):
        accept(office, text)


def test_an_invitation_of_who_may_no_longer_invite_opens_nothing(office: Office) -> None:
    tenant = office.organisation("ann", adam="admin", olga="owner")
    _, text = invitations.make(office.acting(tenant, "olga"), "admin", None)
    _, second = invitations.make(office.acting(tenant, "adam"), "viewer", None)
    members.change(office.acting(tenant, "ann"), "olga", "editor")
    members.remove(office.acting(tenant, "ann"), "adam")
    for one in (text, second):
        with pytest.raises(NotFound):
            accept(office, one)


def test_nobody_invites_above_their_own_role(office: Office) -> None:
    tenant = office.organisation("ann", adam="admin", eve="editor")
    with pytest.raises(Forbidden):
        invitations.make(office.acting(tenant, "adam"), "owner", None)
    with pytest.raises(Forbidden):
        invitations.make(office.acting(tenant, "eve"), "viewer", None)
    with pytest.raises(Forbidden, match="a key cannot"):
        invitations.make(replace(office.acting(tenant, "ann"), subject="key:1"), "viewer", None)


def test_a_withdrawn_invitation_opens_nothing(office: Office) -> None:
    tenant = office.organisation("ann")
    ann = office.acting(tenant, "ann")
    invitation, text = invitations.make(ann, "editor", None)
    invitations.withdraw(ann, invitation.id)
    with pytest.raises(NotFound):
        accept(office, text)
    for identity in (invitation.id, "a/b", ""):
        with pytest.raises(NotFound):
            invitations.withdraw(ann, identity)


def test_who_is_a_member_already_keeps_their_role_and_the_invitation(office: Office) -> None:
    tenant = office.organisation("ann")
    _, text = invitations.make(office.acting(tenant, "ann"), "viewer", None)
    with pytest.raises(Conflict, match="member already"):
        accept(office, text, "ann")
    assert office.roles(tenant) == {"ann": "owner"}
    assert accept(office, text)[1].role == "viewer"


def test_of_two_who_bring_one_invitation_one_gets_in(office: Office) -> None:
    tenant = office.organisation("ann")
    _, text = invitations.make(office.acting(tenant, "ann"), "editor", None)

    def bring(acting: Acting) -> Any:
        return invitations.accept(acting.documents, acting.clock, Caller(subject=acting.subject), text, "r2")

    ended = at_once((bring, office.alone("eve")), (bring, office.alone("mallory")))
    assert [isinstance(one, CutroomError) for one in ended].count(True) == 1
    assert len(office.roles(tenant)) == 2


def test_a_closed_organisation_takes_nobody_in(office: Office) -> None:
    tenant = office.organisation("ann")
    ann = office.acting(tenant, "ann")
    _, text = invitations.make(ann, "editor", None)
    organisations.close(ann)
    with pytest.raises(NotFound):
        accept(office, text)


def test_there_are_only_so_many(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST", 1)
    ann = office.acting(office.organisation("ann"), "ann")
    invitations.make(ann, "viewer", None)
    with pytest.raises(Permanent, match="withdraw one first"):
        invitations.make(ann, "viewer", None)
