"""Organisations, members, keys and the trail, by the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Served
from tests.post import MINUTE


def made(served: Served, by: str = "ann") -> dict[str, str]:
    """A new organisation of somebody; the header that asks for it."""
    told = served.told("POST", "/v1/organisations", by, 201, json={"name": "Studio"})
    assert (told["role"], told["name"]) == ("owner", "Studio")
    return {"Cutroom-Organisation": told["id"]}


def joined(served: Served, where: dict[str, str], **roles: str) -> None:
    for subject, role in roles.items():
        served.told("POST", "/v1/members", status=201, json={"subject": subject, "role": role}, headers=where)


def test_an_organisation_is_its_members(served: Served) -> None:
    where = made(served)
    served.told("GET", "/v1/organisation", "bob", 404, headers=where)
    joined(served, where, bob="viewer")
    assert served.told("GET", "/v1/organisation", "bob", headers=where)["role"] == "viewer"
    assert [one["id"] for one in served.told("GET", "/v1/organisations", "bob")["items"]][1:] == list(where.values())
    members = served.told("GET", "/v1/members", "bob", headers=where)["items"]
    assert [one["subject"] for one in members] == ["ann", "bob"]
    served.told("DELETE", "/v1/members/bob", "bob", 204, headers=where)
    served.told("GET", "/v1/organisation", "bob", 404, headers=where)


ROLES = ("viewer", "editor", "publisher", "admin", "owner")


@pytest.mark.parametrize(
    ("method", "path", "body", "least"),
    [
        ("POST", "/v1/assets", {"name": "a.mp4", "size": 1}, "editor"),
        ("POST", "/v1/members", {"subject": "eve", "role": "viewer"}, "admin"),
        ("POST", "/v1/members", {"subject": "eve", "role": "owner"}, "owner"),
        ("POST", "/v1/keys", {"name": "ci", "role": "viewer"}, "admin"),
        ("GET", "/v1/audit", None, "admin"),
        ("PATCH", "/v1/organisation", {"name": "Other"}, "admin"),
    ],
)
def test_a_role_may_do_what_it_may_and_no_more(served: Served, method: str, path: str, body: Any, least: str) -> None:
    where = made(served)
    joined(served, where, **{f"a{role}": role for role in ROLES})
    done = None
    for role in ROLES:
        answer = served.ask(method, path, by=f"a{role}", json=body, headers=where)
        if ROLES.index(role) < ROLES.index(least):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        elif done is None:
            done = answer.status_code
            assert done in (200, 201)


def test_a_key_opens_what_its_role_may_until_it_is_revoked(served: Served) -> None:
    where = made(served)
    key = served.told("POST", "/v1/keys", status=201, json={"name": "ci", "role": "editor"}, headers=where)
    headers = {"Authorization": f"Bearer {key['text']}"}
    assert served.ask("POST", "/v1/assets", None, json={"name": "a.mp4", "size": 1}, headers=headers).status_code == 201
    assert len(served.told("GET", "/v1/assets", headers=where)["items"]) == 1, "it is the organisation's"
    assert served.ask("GET", "/v1/keys", None, headers=headers).status_code == 403
    (listed,) = served.told("GET", "/v1/keys", headers=where)["items"]
    assert listed["text"] is None and listed["last_used"] is not None
    again = served.told("POST", f"/v1/keys/{key['id']}/rotate", json={"overlap_h": 0}, headers=where)
    assert served.ask("GET", "/v1/assets", None, headers=headers).status_code == 401
    headers = {"Authorization": f"Bearer {again['text']}"}
    assert served.ask("GET", "/v1/assets", None, headers=headers).status_code == 200
    served.told("DELETE", f"/v1/keys/{key['id']}", status=204, headers=where)
    assert served.ask("GET", "/v1/assets", None, headers=headers).status_code == 401


def test_an_invitation_makes_a_member_once(served: Served) -> None:
    where = made(served)
    told = served.told("POST", "/v1/invitations", status=201, json={"role": "editor"}, headers=where)
    (listed,) = served.told("GET", "/v1/invitations", headers=where)["items"]
    assert listed == {**told, "text": None}
    joined = served.told("POST", "/v1/invitations/accept", "bob", json={"text": told["text"]})
    assert (joined["id"], joined["role"]) == (where["Cutroom-Organisation"], "editor")
    served.told("POST", "/v1/invitations/accept", "eve", 404, json={"text": told["text"]})
    other = served.told("POST", "/v1/invitations", status=201, json={"role": "viewer"}, headers=where)
    served.told("DELETE", f"/v1/invitations/{other['id']}", status=204, headers=where)
    served.told("POST", "/v1/invitations/accept", "eve", 404, json={"text": other["text"]})


def test_every_change_is_in_the_trail(served: Served) -> None:
    where = made(served)
    served.clock.at += MINUTE
    joined(served, where, bob="admin")
    served.clock.at += MINUTE
    answer = served.ask("PATCH", "/v1/members/bob", json={"role": "viewer"}, headers=where)
    first = served.told("GET", "/v1/audit?limit=2", headers=where)
    rest = served.told("GET", f"/v1/audit?limit=2&cursor={first['next']}", headers=where)
    lines = [*first["items"], *rest["items"]]
    assert [(line["what"], line["by"], line["on"]) for line in lines[:2]] == [
        ("members.change", "ann", "bob"),
        ("members.add", "ann", "bob"),
    ]
    assert lines[0]["request"] == answer.headers["x-request-id"]
    assert rest["next"] is None


def test_the_last_owner_stays_and_a_closed_organisation_lets_nobody_in(served: Served) -> None:
    where = made(served)
    assert served.told("DELETE", "/v1/members/ann", status=422, headers=where)["code"] == "last_owner"
    served.told("DELETE", "/v1/organisation", status=204, headers=where)
    served.told("GET", "/v1/organisation", status=404, headers=where)
