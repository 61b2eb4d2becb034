"""Whatever people do to each other: rights only grow with the role, nobody is given what nobody had, an owner stays."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from common.accounts import audit, keys, members, roles
from common.accounts.roles import PERMISSIONS, ROLES, Role
from common.adapters.embedded.sqlite import SqliteDocuments
from common.errors import Conflict, CutroomError, NotFound
from tests.unit.accounts.office import Office, Ticking

ROLE = st.sampled_from(ROLES)
PERMISSION = st.sampled_from(sorted(PERMISSIONS))
PERSON = st.sampled_from(["ann", "bea", "cat", "dan"])
ACTS = st.lists(st.tuples(PERSON, st.sampled_from(["add", "change", "remove", "key"]), PERSON, ROLE), max_size=15)

THEIR_OWN = ("members.leave", "devices.write")  # concerns nobody but who does it


@given(ROLE, ROLE, PERMISSION)
def test_who_may_give_a_role_may_all_that_it_may(role: Role, given: Role, permission: str) -> None:
    if roles.grants(role, given) and roles.may(given, permission):
        assert roles.may(role, permission)


@given(ROLE, ROLE, ROLE)
def test_roles_stand_in_one_line(one: Role, other: Role, third: Role) -> None:
    assert roles.grants(one, other) or roles.grants(other, one)
    assert (roles.grants(one, other) and roles.grants(other, one)) == (one == other)
    if roles.grants(one, other) and roles.grants(other, third):
        assert roles.grants(one, third)


@given(PERMISSION)
def test_an_owner_may_all_and_what_changes_something_is_no_viewers(permission: str) -> None:
    assert roles.may("owner", permission)
    assert roles.may("viewer", permission) <= (permission.endswith(".read") or permission in THEIR_OWN)


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_no_odd_claim_is_a_second_factor(claim: object) -> None:
    assert not roles.second_factor({"sign_in_second_factor": "totp", "firebase": {"other": claim}})
    proven = roles.second_factor({"firebase": {"sign_in_second_factor": claim}})
    assert proven == (isinstance(claim, str) and claim != "")


@settings(max_examples=40)
@given(ACTS)
def test_nobody_gets_what_nobody_could_give_and_an_owner_stays(acts: list[tuple[str, str, str, Role]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteDocuments(Path(folder) / "store.sqlite")
        try:
            _hold(Office(store, Ticking()), acts)
        finally:
            store.close()


def _hold(office: Office, acts: list[tuple[str, str, str, Role]]) -> None:
    tenant = office.organisation("ann")
    done = 1
    for by, what, on, role in acts:
        before = office.roles(tenant)
        try:
            acting = office.acting(tenant, by)
        except NotFound:
            assert by not in before
            continue
        try:
            match what:
                case "add":
                    members.add(acting, on, role, None)
                case "change":
                    members.change(acting, on, role)
                case "remove":
                    members.remove(acting, on)
                case _:
                    keys.make(acting, "key", role, None)
            done += 1
        except CutroomError as error:
            assert not isinstance(error, Conflict) or (what == "add" and on in before)
            assert office.roles(tenant) == before
        after = office.roles(tenant)
        assert "owner" in after.values()
        if after != before:
            assert roles.may(before[by], "members.write") or (what, on) == ("remove", by)
            gained = after.get(on)
            assert gained is None or roles.grants(before[by], gained)
            assert on not in before or roles.grants(before[by], before[on])
        if made := keys.keys(office.documents, tenant)[:1]:
            assert roles.grants("admin", made[0].role)
        assert len(audit.lines(office.documents, tenant)) == done
