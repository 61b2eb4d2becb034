"""The audit trail: newest first, whole by pages, and the one way to change anything."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

from common import accounts
from common.accounts import audit, invitations, keys, members, organisations
from tests.post import Hands
from tests.unit.accounts.office import Office


def test_pages_hold_every_line_once_whatever_is_added_meanwhile(office: Office) -> None:
    tenant = office.organisation("ann", m0="viewer", m1="viewer", m2="viewer", m3="viewer", m4="viewer", m5="viewer")
    ann = office.acting(tenant, "ann")
    whole = audit.lines(office.documents, tenant)
    assert [one.on for one in whole] == ["m5", "m4", "m3", "m2", "m1", "m0", tenant]
    found: list[audit.Line] = []
    while page := audit.lines(office.documents, tenant, cursor=found[-1].id if found else None, limit=3):
        found += page
        keys.make(ann, "meanwhile", "viewer", None)
    assert found == whole


def test_lines_of_one_moment_are_all_listed(office: Office) -> None:
    still = Hands()
    for n in range(5):
        line = audit.line(still, "t", by="ann", what="clips.approve", on=f"c{n}", request="r")
        office.documents.commit([line])
    found: list[audit.Line] = []
    while page := audit.lines(office.documents, "t", cursor=found[-1].id if found else None, limit=2):
        found += page
    assert sorted(one.on for one in found) == [f"c{n}" for n in range(5)]


def test_a_line_tells_who_what_on_what_when_and_in_which_request(office: Office) -> None:
    tenant = office.organisation("ann", eve="editor")
    members.change(replace(office.acting(tenant, "ann"), request="req-7"), "eve", "viewer")
    newest = audit.lines(office.documents, tenant)[0]
    assert (newest.by, newest.what, newest.on, newest.request) == ("ann", "members.change", "eve", "req-7")
    assert newest.detail == {"was": "editor", "role": "viewer"}
    assert newest.id.startswith(newest.at)


def test_no_line_names_an_address_or_a_name(office: Office) -> None:
    tenant = organisations.make(office.alone("ann"), "Secret Films", "ann@example.org").id
    ann = office.acting(tenant, "ann")
    members.add(ann, "eve", "editor", "eve@example.org")
    invitations.make(ann, "editor", "new@example.org")
    keys.make(ann, "Secret key", "viewer", None)
    organisations.change(ann, name="Secret too")
    kept = str([snap.body for snap in office.documents.query("audit")])
    assert "example.org" not in kept and "Secret" not in kept


def test_lines_of_others_are_not_there(office: Office) -> None:
    first, second = office.organisation("ann"), office.organisation("bob")
    (cursor,) = [one.id for one in audit.lines(office.documents, first)]
    members.add(office.acting(second, "bob"), "eve", "viewer", None)
    for given in (None, cursor, "9", f"../{first}"):
        assert {one.by for one in audit.lines(office.documents, second, cursor=given)} <= {"bob"}


def test_nothing_of_accounts_is_written_but_with_its_line() -> None:
    """`Acting.commit` adds the line; when a key was last used is the one thing that nobody does."""
    written = set()
    for path in Path(accounts.__path__[0]).glob("*.py"):
        for outer in ast.walk(ast.parse(path.read_text())):
            if isinstance(outer, ast.FunctionDef):
                for node in ast.walk(outer):
                    if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("documents.commit"):
                        written.add((path.name, outer.name))
    assert written == {("acting.py", "commit"), ("keys.py", "_note_use")}
