"""What is closed lets nobody in and can be erased still, by its owners alone; whoever leaves leaves none behind."""

from __future__ import annotations

from typing import Any

import pytest

from functions.api.table import TABLE
from tests.api.conftest import Served
from tests.api.test_accounts_api import joined, made
from tests.api.test_app import path_of, problem
from tests.api.test_erasures import checked, everything, files, lived

ROUTES = [pytest.param(one, id=f"{one.method} {one.path}") for one in TABLE if not (one.held or one.closed)]
ANY = {"If-Match": "*"}


def closed(served: Served, **roles: str) -> dict[str, str]:
    """The header that asks for an organisation of ann's, closed, with a video in it."""
    where = made(served)
    joined(served, where, **roles)
    lived(served, where["Cutroom-Organisation"], "ann", where)
    served.told("DELETE", "/v1/organisation", status=204, headers=where)
    return where


def erased(served: Served, where: dict[str, str], by: str = "ann", status: int = 202, name: str = "Studio") -> Any:
    return served.told("POST", "/v1/erasures", by, status, json={"name": name}, headers={**where, **ANY})


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_else_works(served: Served, route: Any) -> None:
    where = made(served)
    key = served.told("POST", "/v1/keys", status=201, json={"name": "ci", "role": "admin"}, headers=where)["text"]
    served.told("DELETE", "/v1/organisation", status=204, headers=where)
    before = everything(served)
    answer = served.ask(route.method, path_of(route), headers=where)
    problem(answer, *((401, "unauthorized") if route.signed else (404, "not_found")))
    assert served.ask(route.method, path_of(route), by=key).status_code == 401
    assert everything(served) == before


def test_its_owner_has_it_erased(served: Served) -> None:
    where = closed(served, bob="admin")
    tenant = where["Cutroom-Organisation"]
    for by, name, status in (("bob", "Studio", 404), ("eve", "Studio", 404), ("ann", "studio", 400)):
        erased(served, where, by, status, name)
    told = erased(served, where)
    assert erased(served, where)["id"] == told["id"], "asked for again"
    served.pass_time()
    found = served.told("GET", f"/v1/erasures/{told['id']}")
    gone = checked(found["receipt"])
    assert found["state"] == "erased" and gone["documents: assets"] == 1 and gone["documents: members"] == 2
    named = {key.split("/")[0] for key, body in everything(served).items() if tenant in key or tenant in str(body)}
    assert named == {"erasures", "tombstones"}
    assert not [name for name in files(served) if tenant in name]
    erased(served, where, status=404)


def test_an_owner_finds_what_is_closed_until_it_is_being_erased(served: Served) -> None:
    where, other = closed(served), made(served)
    ids = [one["id"] for one in served.told("GET", "/v1/organisations")["items"]]
    assert ids == ["ann", other["Cutroom-Organisation"]]
    (listed,) = served.told("GET", "/v1/organisations?closed=true")["items"]
    assert listed["id"] == where["Cutroom-Organisation"] and listed["closed"] is not None
    erased(served, where)
    assert served.told("GET", "/v1/organisations?closed=true")["items"] == []


def test_of_two_owners_one_has_the_receipt(served: Served) -> None:
    where = closed(served, bob="owner")
    told = erased(served, where)
    again = erased(served, where, "bob", 409)
    assert again["code"] == "erasing" and told["id"] not in str(again)
    assert len([key for key in everything(served) if key.startswith("erasures/")]) == 1


def test_nobody_leaves_a_closed_one_to_nobody(served: Served) -> None:
    where = closed(served)
    refused = served.told("DELETE", "/v1/me?subject=ann", status=422)
    assert refused["code"] == "last_owner" and where["Cutroom-Organisation"] in refused["detail"]
    erased(served, where)
    served.told("DELETE", "/v1/me?subject=ann", status=202)
    served.pass_time()
    assert not [key for key, body in everything(served).items() if key.startswith("tenants/") and "ann" in str(body)]


def test_who_is_not_alone_in_a_closed_one_leaves_it(served: Served) -> None:
    where = closed(served, bob="owner")
    served.told("DELETE", "/v1/me?subject=ann", status=202)
    served.pass_time()
    erased(served, where, status=404)
    erased(served, where, "bob")


def test_who_closed_their_own_can_leave_and_begin_anew(served: Served) -> None:
    lived(served, "ann", "ann", {})
    served.told("DELETE", "/v1/organisation", status=204)
    served.told("GET", "/v1/assets", status=404)
    told = served.told("DELETE", "/v1/me?subject=ann", status=202)
    assert served.told("DELETE", "/v1/me?subject=ann", status=202)["id"] == told["id"], "asked for again"
    served.pass_time()
    assert served.told("GET", f"/v1/erasures/{told['id']}", None)["receipt"]["what"] == "person"
    assert served.told("GET", "/v1/assets")["items"] == []


def test_a_person_goes_once_their_own_is_erased_and_not_before(served: Served) -> None:
    version = served.ask("PATCH", "/v1/organisation", json={"name": "Studio"}).headers["etag"]
    headers = {"If-Match": version}
    served.told("POST", "/v1/erasures", status=202, json={"name": "Studio"}, headers=headers)
    studio = made(served, "bob")
    served.told("POST", "/v1/members", "bob", 201, json={"subject": "ann", "role": "editor"}, headers=studio)
    assert served.told("DELETE", "/v1/me?subject=ann", status=409)["code"] == "erasing"
    members = served.told("GET", "/v1/members", "bob", headers=studio)["items"]
    assert "ann" in [one["subject"] for one in members], "refused, and not half done"
    served.pass_time()
    served.told("DELETE", "/v1/me?subject=ann", status=202)
