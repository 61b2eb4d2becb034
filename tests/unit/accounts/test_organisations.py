"""Organisations: who is let in, and with how many factors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.accounts import members, organisations
from common.errors import BadInput, Conflict, Forbidden, NotFound, Permanent, Stale
from common.ports.auth import Caller
from tests.unit.accounts.office import SIGNED_IN_TWICE, Office, at_once

BY_ONE_FACTOR: tuple[dict[str, Any], ...] = (
    {},
    {"firebase": {}},
    {"firebase": "phone"},
    {"firebase": {"sign_in_second_factor": ""}},
)


def let_in(office: Office, tenant: str, subject: str, claims: dict[str, Any] | None = None) -> str:
    return organisations.role_in(office.documents, tenant, Caller(subject=subject, claims=claims or {}))


def test_who_makes_an_organisation_owns_it(office: Office) -> None:
    made = organisations.make(office.alone("ann"), "Films", "ann@example.org")
    assert made.name == "Films" and made.second_factor is False
    assert let_in(office, made.id, "ann") == "owner"
    assert [(one.subject, one.email) for one in members.members(office.documents, made.id)] == [
        ("ann", "ann@example.org")
    ]
    assert office.told(made.id) == [("ann", "organisation.make", made.id)]
    assert office.told("ann") == []


def test_a_person_sees_their_own_and_those_they_are_in(office: Office) -> None:
    office.organisation("bob", "Not hers")
    second = office.organisation("bob", "B", ann="viewer")
    first = office.organisation("ann", "A")
    listed = organisations.of(office.documents, "ann")
    assert [(one.id, one.name, role) for one, role in listed] == [
        ("ann", None, "owner"),
        (first, "A", "owner"),
        (second, "B", "viewer"),
    ]
    members.remove(office.acting(second, "ann"), "ann")
    assert [one.id for one, _ in organisations.of(office.documents, "ann")] == ["ann", first]


@pytest.mark.parametrize("tenant", ["bob", "org-0000000000000000", "", "a/b", "ann/members/x", "__x__"])
def test_strangers_find_nothing(office: Office, tenant: str) -> None:
    office.organisation("ann")
    with pytest.raises(NotFound, match="you have no organisation"):
        let_in(office, tenant, "ann")


def test_nobody_is_an_organisation_by_their_name(office: Office) -> None:
    tenant = office.organisation("ann")
    for name in (tenant, "org-0000000000000000"):
        with pytest.raises(NotFound):
            let_in(office, name, name)
        assert organisations.of(office.documents, name) == []


def test_admins_and_owners_need_the_second_factor_where_it_is_wanted(office: Office) -> None:
    tenant = office.organisation("ann", adam="admin", pat="publisher")
    assert let_in(office, tenant, "ann") == "owner"
    changed = organisations.change(office.acting(tenant, "ann"), second_factor=True, proven=True)
    assert changed.second_factor
    for subject in ("ann", "adam"):
        for claims in BY_ONE_FACTOR:
            with pytest.raises(Forbidden, match="second factor") as refused:
                let_in(office, tenant, subject, claims)
            assert refused.value.code == "second_factor"
        assert let_in(office, tenant, subject, SIGNED_IN_TWICE) in ("owner", "admin")
    assert let_in(office, tenant, "pat") == "publisher"
    organisations.change(office.acting(tenant, "ann"), second_factor=False)
    assert let_in(office, tenant, "ann") == "owner"


def test_a_person_may_want_a_second_factor_of_themselves(office: Office) -> None:
    organisations.change(office.alone("ann"), second_factor=True, proven=True)
    with pytest.raises(Forbidden):
        let_in(office, "ann", "ann")
    assert let_in(office, "ann", "ann", SIGNED_IN_TWICE) == "owner"


def test_only_an_owner_with_a_second_factor_wants_one_of_others(office: Office) -> None:
    tenant = office.organisation("ann", adam="admin")
    ann, adam = office.acting(tenant, "ann"), office.acting(tenant, "adam")
    with pytest.raises(Forbidden, match="before you want one of others"):
        organisations.change(ann, second_factor=True)
    with pytest.raises(Forbidden, match=r"organisation\.secure"):
        organisations.change(adam, second_factor=True, proven=True)
    with pytest.raises(Forbidden, match="a key cannot"):
        organisations.change(replace(ann, subject="key:1"), second_factor=False)
    assert organisations.change(adam, name="Films & more").name == "Films & more"


def test_a_change_needs_the_version_that_was_read(office: Office) -> None:
    tenant = office.organisation("ann")
    ann, first = office.acting(tenant, "ann"), organisations.read(office.documents, tenant)
    organisations.change(ann, name="Second", version=first.version)
    with pytest.raises(Stale):
        organisations.change(ann, name="Third", version=first.version)
    with pytest.raises(Stale):
        organisations.change(office.alone("ann"), name="Mine", version="1")
    assert organisations.read(office.documents, tenant).name == "Second"


def test_of_two_first_changes_of_ones_own_one_counts(office: Office) -> None:
    ended = at_once(*((lambda acting: organisations.change(acting, name="Mine"), office.alone("ann")),) * 2)
    assert [isinstance(one, Conflict) for one in ended].count(True) == 1
    assert len(office.told("ann")) == 1


def test_what_is_closed_lets_nobody_in(office: Office) -> None:
    tenant = office.organisation("ann", adam="admin")
    with pytest.raises(Forbidden):
        organisations.close(office.acting(tenant, "adam"))
    ann = office.acting(tenant, "ann")
    with pytest.raises(Forbidden, match="a key cannot"):
        organisations.close(replace(ann, subject="key:1"))
    organisations.close(ann)
    for subject in ("ann", "adam"):
        with pytest.raises(NotFound):
            let_in(office, tenant, subject)
    with pytest.raises(NotFound):
        organisations.read(office.documents, tenant)
    with pytest.raises(NotFound):
        organisations.change(ann, name="Again")
    assert [one.id for one, _ in organisations.of(office.documents, "ann")] == ["ann"]
    assert office.told(tenant)[-1] == ("ann", "organisation.close", tenant)


def test_what_is_closed_is_erased_once_by_an_owner_with_the_factors_it_wants(office: Office) -> None:
    tenant = office.organisation("ann", bob="owner", adam="admin")
    organisations.change(office.acting(tenant, "ann"), second_factor=True, proven=True)
    ann, adam = office.acting(tenant, "ann"), office.acting(tenant, "adam")
    organisations.close(ann)
    once, twice = Caller(subject="ann"), Caller(subject="ann", claims=SIGNED_IN_TWICE)
    assert organisations.role_in(office.documents, tenant, twice, closed=True) == "owner"
    with pytest.raises(Forbidden, match="second factor"):
        organisations.role_in(office.documents, tenant, once, closed=True)
    for subject, name in (("adam", tenant), ("eve", tenant), ("ann", "org-0000000000000000")):
        with pytest.raises(NotFound):
            caller = Caller(subject=subject, claims=SIGNED_IN_TWICE)
            organisations.role_in(office.documents, name, caller, closed=True)
    with pytest.raises(Forbidden):
        organisations.erase(adam, "e1")
    with pytest.raises(Forbidden, match="a key cannot"):
        organisations.erase(replace(ann, subject="key:1"), "e1")
    closed = organisations.read(office.documents, tenant, closed=True).closed
    organisations.erase(ann, "e1")
    with pytest.raises(Conflict, match="already"):
        organisations.erase(ann, "e2")
    there = organisations.read(office.documents, tenant, closed=True)
    assert (there.closed, there.erasure) == (closed, "e1")
    assert office.told(tenant)[-1] == ("ann", "organisation.erase", tenant)


@pytest.mark.parametrize("first", ["ann", "org"])
def test_of_two_erasures_at_once_one_begins(office: Office, first: str) -> None:
    acting = office.alone("ann") if first == "ann" else office.acting(office.organisation("ann"), "ann")
    ids = iter(("e1", "e2"))
    ended = at_once(*((lambda one: organisations.erase(one, next(ids)), acting),) * 2)
    assert [isinstance(one, Conflict) for one in ended].count(True) == 1


def test_a_closed_tenant_of_ones_own_lets_nobody_in(office: Office) -> None:
    members.add(office.alone("ann"), "eve", "editor", None)
    organisations.close(office.alone("ann"))
    for subject in ("ann", "eve"):
        with pytest.raises(NotFound):
            let_in(office, "ann", subject)
    assert organisations.of(office.documents, "ann") == []


def test_what_cannot_be_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = office.alone("ann")
    for name in ("", " \n", "x" * 201):
        with pytest.raises(BadInput, match="characters"):
            organisations.make(ann, name)
    with pytest.raises(BadInput, match="nothing is to change"):
        organisations.change(ann)
    with pytest.raises(Forbidden, match="a key cannot"):
        organisations.make(replace(ann, subject="key:1"), "Films")
    monkeypatch.setattr(organisations, "MOST", 1)
    organisations.make(ann, "One")
    with pytest.raises(Permanent, match="leave one first"):
        organisations.make(ann, "Two")


@pytest.mark.parametrize("name", ["naïve ☃", "'; DROP TABLE documents; --", "<script>", "\u202eevil", "\u0000", "null"])
def test_a_name_comes_back_as_it_was_given(office: Office, name: str) -> None:
    assert organisations.make(office.alone("ann"), name).name == name
