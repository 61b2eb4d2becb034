"""Models by the API alone: trained when asked, looked at, chosen, and gone back from; nobody sees another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.chores import learning
from common.domain.learning import Silence
from common.learning import registry
from common.ports.documents import Create
from tests.api.conftest import Served
from tests.learning.worlds import creatives, outcome

PATH = "/v1/models/ctr"


def tenant(served: Served) -> str:
    return str(served.told("GET", "/v1/organisation")["id"])


def history(served: Served, many: int, first: int = 0) -> None:
    """So many creatives that came out over the last weeks."""
    there = creatives(many, first)
    late = served.clock.now() - there[-1].launched - timedelta(days=8)
    parent = f"tenants/{tenant(served)}/outcomes"
    made = [Create(f"{parent}/{one.id}", outcome(replace(one, launched=one.launched + late))) for one in there]
    served.engine.documents.commit(made)


def trained(served: Served) -> Any:
    served.told("POST", f"{PATH}/train", status=202)
    served.pass_time(3)
    return served.told("GET", PATH)


@pytest.fixture
def two(served: Served) -> list[str]:
    """Versions, the first of them live."""
    history(served, 120)
    trained(served)
    history(served, 20, 120)
    return [one["version"] for one in reversed(trained(served)["versions"])]


def test_where_nothing_is_known_it_says_what_it_takes(served: Served) -> None:
    (one,) = served.told("GET", "/v1/models")["items"]
    assert (one["name"], one["live"], one["have"], one["need"]) == ("ctr", None, 0, 100) and one["why"]
    assert served.told("GET", PATH)["versions"] == []
    assert served.told("GET", f"{PATH}/report", status=404)["code"] == "not_found"
    assert served.told("POST", f"{PATH}/rollback", status=400)["code"] == "bad_input"
    shown = trained(served)
    (look,) = shown["looks"]
    assert look["asked"] == "ann" and look["lacks"] == {**look["lacks"], "have": 0, "need": 100}


def test_it_is_trained_chosen_and_gone_back_from(served: Served, two: list[str]) -> None:
    first, second = two
    shown = served.told("GET", PATH)
    assert [one["state"] for one in shown["versions"]] == ["shadow", "live"]
    assert shown["versions"][1]["rows"] == 120 and shown["versions"][1]["metrics"]["skill_over_own_mean"] > 0
    assert shown["looks"][0]["did"] and shown["have"] == 140

    promoted = served.told("POST", f"{PATH}/promote", json={"version": second})
    assert (promoted["live"], promoted["previous"], promoted["shadow"]) == (second, first, None)
    assert (promoted["history"][0]["what"], promoted["history"][0]["by"]) == ("promote", "ann")
    back = served.told("POST", f"{PATH}/rollback")
    assert (back["live"], back["previous"]) == (first, second)
    model = registry.live(served.engine.documents, served.engine.objects, tenant(served))
    assert not isinstance(model, Silence) and model.name == f"ctr@{first}"
    lines = served.told("GET", "/v1/audit")["items"]
    assert {"models.promote", "models.rollback", "models.train"} <= {line["what"] for line in lines}


def test_what_is_refused_leaves_all_as_it_was(served: Served, two: list[str]) -> None:
    first, second = two
    before = served.told("GET", PATH)
    assert "9-abc" in served.told("POST", f"{PATH}/promote", status=404, json={"version": "9-abc"})["detail"]
    assert served.told("POST", f"{PATH}/promote", status=400, json={"version": first})["code"] == "bad_input"
    served.engine.objects.delete(f"{registry.files_of(tenant(served), second)}/model.ubj")
    refused = served.told("POST", f"{PATH}/promote", status=422, json={"version": second})
    assert refused["code"] == "model_refused" and second in refused["detail"]
    assert served.told("GET", PATH) == before


def test_a_report_is_told_of_any_version_and_of_the_live_one_where_none_is_named(
    served: Served, two: list[str]
) -> None:
    told = served.told("GET", f"{PATH}/report")
    assert told["version"] == two[0] and told["manifest"]["rows"] == 120 and told["report"]
    assert served.told("GET", f"{PATH}/report?version={two[1]}")["manifest"]["rows"] == 140
    assert served.told("GET", f"{PATH}/report?version=nope", status=404)["code"] == "not_found"


def test_the_same_request_sent_twice_moves_once(served: Served, two: list[str]) -> None:
    headers = {"Idempotency-Key": "one-and-the-same"}
    for _ in range(2):
        told = served.told("POST", f"{PATH}/promote", json={"version": two[1]}, headers=headers)
        assert told["live"] == two[1]
    assert [line["what"] for line in told["history"]].count("promote") == 2, "the first by itself, the second by ann"


def test_who_may_read_may_not_choose_and_others_see_nothing(served: Served, two: list[str]) -> None:
    home = tenant(served)
    served.told("POST", "/v1/members", status=201, json={"subject": "bob", "role": "editor"})
    there = {"Cutroom-Organisation": home}
    assert served.told("GET", PATH, "bob", headers=there)["live"] == two[0]
    for what, body in (("promote", {"version": two[1]}), ("rollback", None), ("train", None)):
        served.told("POST", f"{PATH}/{what}", "bob", 403, headers=there, json=body)
    assert served.told("GET", PATH, "eve")["versions"] == []
    assert served.told("POST", f"{PATH}/promote", "eve", 404, json={"version": two[1]})["code"] == "not_found"
    assert served.told("GET", "/v1/models/vtr", status=404)["code"] == "not_found"


def test_a_look_that_raises_says_why_until_one_passes(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret figures")

    with monkeypatch.context() as patched:
        patched.setattr("common.learning.history.creatives", broken)
        trouble = trained(served)["trouble"]
        assert "a fault of Cutroom (RuntimeError)" in trouble and "secret" not in trouble
    served.pass_time(5)
    assert served.told("GET", PATH)["trouble"] is None


def test_a_look_that_died_is_taken_up_again(served: Served) -> None:
    history(served, 120)
    served.told("POST", f"{PATH}/train", status=202)
    key = learning.key_of(tenant(served))
    assert served.engine.documents.get_many([key])[key].body["image"] == "media"
    served.post.errands.clear()  # its wake is lost
    served.pass_time(5)
    assert served.told("GET", PATH)["live"]
