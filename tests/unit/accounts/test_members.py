"""Who is in an organisation: never without an owner, and nobody gives what they have not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from common.accounts import members
from common.errors import BadInput, Conflict, CutroomError, Forbidden, NotFound, Permanent, Stale
from tests.unit.accounts.office import Answerless, Before, Office, at_once


def test_members_are_listed_by_what_they_may(office: Office) -> None:
    tenant = office.organisation("ann", vic="viewer", eve="editor", adam="admin")
    listed = members.members(office.documents, tenant)
    assert [(one.subject, one.role) for one in listed] == [
        ("ann", "owner"),
        ("adam", "admin"),
        ("eve", "editor"),
        ("vic", "viewer"),
    ]
    assert members.role_of(office.documents, tenant, "stranger") is None


def test_a_member_is_added_once(office: Office) -> None:
    tenant = office.organisation("ann", eve="editor")
    with pytest.raises(Conflict, match="a member already; change their role"):
        members.add(office.acting(tenant, "ann"), "eve", "viewer", None)
    assert office.roles(tenant)["eve"] == "editor"


def test_a_role_is_changed_with_the_version_that_was_read(office: Office) -> None:
    tenant = office.organisation("ann", eve="editor")
    ann = office.acting(tenant, "ann")
    first = next(one for one in members.members(office.documents, tenant) if one.subject == "eve")
    second = members.change(ann, "eve", "publisher", first.version)
    assert second.role == "publisher" and second.version != first.version
    with pytest.raises(Stale):
        members.change(ann, "eve", "viewer", first.version)
    with pytest.raises(Stale):
        members.remove(ann, "eve", first.version)
    assert office.roles(tenant)["eve"] == "publisher"


def test_an_admin_neither_makes_nor_unmakes_an_owner(office: Office) -> None:
    tenant = office.organisation("ann", bea="owner", adam="admin", eve="editor")
    adam = office.acting(tenant, "adam")
    for forbidden in (
        lambda: members.add(adam, "olga", "owner", None),
        lambda: members.change(adam, "eve", "owner"),
        lambda: members.change(adam, "adam", "owner"),
        lambda: members.change(adam, "bea", "viewer"),
        lambda: members.remove(adam, "bea"),
    ):
        with pytest.raises(Forbidden, match="ask one who is owner"):
            forbidden()
    assert office.roles(tenant) == {"ann": "owner", "bea": "owner", "adam": "admin", "eve": "editor"}


@pytest.mark.parametrize("role", ["viewer", "editor", "publisher"])
def test_others_change_nobody_but_may_leave(office: Office, role: Any) -> None:
    tenant = office.organisation("ann", eve=role, vic="viewer")
    eve = office.acting(tenant, "eve")
    for forbidden in (
        lambda: members.add(eve, "new", "viewer", None),
        lambda: members.change(eve, "eve", "viewer"),
        lambda: members.remove(eve, "vic"),
    ):
        with pytest.raises(Forbidden, match=r"members\.write"):
            forbidden()
    members.remove(eve, "eve")
    assert office.roles(tenant) == {"ann": "owner", "vic": "viewer"}
    assert office.told(tenant)[-1] == ("eve", "members.leave", "eve")


def test_the_last_owner_stays(office: Office) -> None:
    tenant = office.organisation("ann", eve="editor")
    ann = office.acting(tenant, "ann")
    before = office.told(tenant)
    with pytest.raises(Permanent, match="make somebody else an owner first"):
        members.remove(ann, "ann")
    with pytest.raises(Permanent, match="make somebody else an owner first"):
        members.change(ann, "ann", "viewer")
    assert office.told(tenant) == before
    members.change(ann, "eve", "owner")
    members.remove(ann, "ann")
    assert office.roles(tenant) == {"eve": "owner"}


def test_a_person_stays_owner_of_what_bears_their_name(office: Office) -> None:
    ann = office.alone("ann")
    members.add(ann, "olga", "owner", None)
    olga = office.acting("ann", "olga")
    with pytest.raises(Permanent, match="own account"):
        members.remove(olga, "ann")
    with pytest.raises(Permanent, match="own account"):
        members.change(olga, "ann", "viewer")
    with pytest.raises(Conflict, match="a member already"):
        members.add(olga, "ann", "viewer", None)
    members.remove(olga, "olga")
    assert office.roles("ann") == {"ann": "owner"}


def test_a_name_like_an_organisations_opens_no_organisation(office: Office) -> None:
    tenant = office.organisation("ann")
    assert members.role_of(office.documents, tenant, tenant) is None


@pytest.mark.parametrize("subject", ["", "a/b", "../ann", "a/members/b", "__x__", "x" * 129, "añ", "a\n"])
def test_what_cannot_be_an_id_reaches_no_document(office: Office, subject: str) -> None:
    tenant = office.organisation("ann")
    ann = office.acting(tenant, "ann")
    assert members.role_of(office.documents, tenant, subject) is None
    assert members.role_of(office.documents, subject, subject) is None
    with pytest.raises(BadInput, match="cannot be an id"):
        members.add(ann, subject, "viewer", None)
    with pytest.raises(BadInput, match="cannot be an id"):
        members.remove(ann, subject)


def test_members_of_others_are_not_there(office: Office) -> None:
    office.organisation("bob", name="Other", eve="editor")
    tenant = office.organisation("ann")
    with pytest.raises(NotFound):
        members.remove(office.acting(tenant, "ann"), "eve")


@pytest.mark.parametrize("owners", [2, 3, 4])
def test_of_owners_who_leave_at_once_one_stays(office: Office, owners: int) -> None:
    names = ["ann", "bea", "cat", "dan"][:owners]
    tenant = office.organisation("ann", **cast(Any, dict.fromkeys(names[1:], "owner")))
    people = [office.acting(tenant, name) for name in names]
    ended = at_once(*((lambda acting: members.remove(acting, acting.subject), one) for one in people))
    left = [name for name, error in zip(names, ended, strict=True) if error is None]
    assert all(isinstance(error, Conflict) for error in ended if error is not None), ended
    assert 1 <= len(left) < owners
    assert set(office.roles(tenant)) == set(names) - set(left)
    told = [by for by, what, _ in office.told(tenant) if what == "members.leave"]
    assert sorted(told) == left


def test_two_owners_who_unmake_each_other_do_not_both_succeed(office: Office) -> None:
    tenant = office.organisation("ann", bea="owner")
    ended = at_once(
        (lambda acting: members.change(acting, "bea", "viewer"), office.acting(tenant, "ann")),
        (lambda acting: members.remove(acting, "ann"), office.acting(tenant, "bea")),
    )
    assert [isinstance(one, Conflict) for one in ended].count(True) == 1
    assert list(office.roles(tenant).values()).count("owner") == 1


def test_of_two_changes_at_once_one_is_told(office: Office) -> None:
    tenant = office.organisation("ann", bea="owner", eve="editor")
    ended = at_once(
        (lambda acting: members.change(acting, "eve", "viewer"), office.acting(tenant, "ann")),
        (lambda acting: members.change(acting, "eve", "admin"), office.acting(tenant, "bea")),
    )
    (lost,) = [one for one in ended if isinstance(one, CutroomError)]
    assert isinstance(lost, Conflict) and "look at it and try again" in str(lost)
    (won,) = [one for one in ended if one is not lost]
    assert office.roles(tenant)["eve"] == won.role
    assert [line[1] for line in office.told(tenant)].count("members.change") == 1


def test_an_admin_does_not_remove_who_was_made_owner_that_moment(office: Office) -> None:
    tenant = office.organisation("ann", adam="admin", eve="viewer")
    ann, adam = office.acting(tenant, "ann"), office.acting(tenant, "adam")
    late = Before(office.documents, lambda: members.change(ann, "eve", "owner"))
    with pytest.raises(Conflict, match="look at it and try again"):
        members.remove(replace(adam, documents=cast(Any, late)), "eve")
    assert office.roles(tenant)["eve"] == "owner"
    assert office.told(tenant)[-1] == ("ann", "members.change", "eve")


def test_a_change_whose_answer_was_lost_is_done_and_told_once(office: Office) -> None:
    tenant = office.organisation("ann", eve="editor", vic="viewer")
    ann = office.acting(tenant, "ann")
    lossy = replace(ann, documents=cast(Any, Answerless(office.documents)))
    assert members.change(lossy, "eve", "admin").role == "admin"
    assert members.add(lossy, "new", "viewer", None).role == "viewer"
    members.remove(lossy, "vic")
    assert office.roles(tenant) == {"ann": "owner", "eve": "admin", "new": "viewer"}
    assert [line[1:] for line in office.told(tenant)[-3:]] == [
        ("members.change", "eve"),
        ("members.add", "new"),
        ("members.remove", "vic"),
    ]


def test_there_are_only_so_many(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST", 2)
    tenant = office.organisation("ann", eve="editor")
    with pytest.raises(Permanent, match="remove one first"):
        members.add(office.acting(tenant, "ann"), "new", "viewer", None)
