"""Predictions over the API, and the one that is kept with what goes out: by the live model, from frozen features."""

from __future__ import annotations

import sys
from subprocess import run
from typing import Any

import pytest

from common.learning import registry
from common.learning.retraining import FRESH
from common.ports.clock import stamp
from common.ports.documents import Create, Json
from common.scoring import foretelling
from common.scoring.weights import COMPOSITE
from tests.api.conftest import Served
from tests.api.test_publications_api import at, connected, go, plain, postable
from tests.learned import NAMES, trained

FEATURES = "f1"


def live(served: Served, *accounts: tuple[str, int], version: str = FEATURES) -> str:
    """A model that speaks for Ann; its name."""
    engine, made = served.engine, trained(version, *accounts)
    there = (engine.documents, engine.objects, engine.clock, "ann")
    name = registry.put(*there, made.ubj, made.manifest)
    registry.promote(*there, name, by="ann", why="it is good")
    return f"ctr@{name}"


def made(served: Served, clip: str, strength: float = 0.9) -> None:
    """What the stage keeps of a clip without a model."""
    body: Json = {"schema": 1, "asset": "a", "flow": clip.rpartition(".")[0], "clip": clip, "model": None}
    body |= {"created": stamp(served.engine.clock.now()), "accounts": [], "refused": None, "features_version": FEATURES}
    body |= {"silence": {"why": "too few; post", "have": 1, "need": 200, "of": "posts"}, "features": {}}
    body |= {"known": [{"name": "score", "value": 0.4, "text": "score 0.40 of 1"}]}
    body["features"] = {NAMES[0]: strength, "fps": None}
    served.engine.documents.commit([Create(f"tenants/ann/predictions/{clip}", body)])


def test_as_it_was_made_and_anew_by_the_model_that_is_live_now(served: Served) -> None:
    clip = postable(served)
    assert "no features" in served.told("GET", f"/v1/clips/{clip}/predictions", status=404)["detail"]
    made(served, clip)
    told = served.told("GET", f"/v1/clips/{clip}/predictions")
    assert (told["clip"], told["model"], told["accounts"]) == (clip, None, [])
    assert told["silence"]["need"] == 200 and told["known"][0]["value"] == 0.4
    wanted = {"clip": clip, "account": "shop"}
    silent = served.told("POST", "/v1/predictions", json=wanted)
    assert silent["prediction"] is None and silent["silence"]["need"] == FRESH == foretelling.NEED
    name = live(served, ("shop", 120), ("small", 4))
    said = served.told("POST", "/v1/predictions", json=wanted)
    one = said["prediction"]
    assert one["model"] == name and one["low"] < one["value"] < one["high"] and said["silence"] is None
    assert (said["network"], said["features_version"], said["clip"]) == ("meta-ads", FEATURES, clip)
    assert "of those who see it click" in one["says"] and one["contributions"]
    few = served.told("POST", "/v1/predictions", json={**wanted, "exposure": 300})["prediction"]
    assert few["high"] - few["low"] > one["high"] - one["low"], "the fewer see it, the less sure"
    small = served.told("POST", "/v1/predictions", json={**wanted, "account": "small"})
    assert small["prediction"] is None and (small["silence"]["have"], small["name"]) == (4, "small")
    assert served.told("GET", f"/v1/clips/{clip}/predictions") == told, "what was said when it was made stays"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"clip": "none.1"}, 404),
        ({"clip": "../../x"}, 404),
        ({"account": ""}, 400),
        ({"exposure": 0}, 400),
        ({"exposure": 10**13}, 400),
        ({"segments": {"age": 7}}, 400),
        ({"stranger": 1}, 400),
    ],
)
def test_what_cannot_be_asked_is_refused(served: Served, change: dict[str, Any], status: int) -> None:
    clip = postable(served)
    made(served, clip)
    live(served, ("shop", 120))
    served.told("POST", "/v1/predictions", status=status, json={"clip": clip, "account": "shop", **change})


def test_nobody_else_asks_of_it(served: Served) -> None:
    clip = postable(served)
    made(served, clip)
    served.told("GET", f"/v1/clips/{clip}/predictions", by="bob", status=404)
    served.told("POST", "/v1/predictions", by="bob", status=404, json={"clip": clip, "account": "shop"})


def test_a_model_of_other_features_is_refused_by_name_and_holds_nothing_up(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    made(served, clip)
    (channel,) = connected(served, "x")
    name = live(served, (channel, 120), version="f0")
    refused = served.told("POST", "/v1/predictions", status=422, json={"clip": clip, "account": channel})
    assert name in refused["detail"] and "train it anew" in refused["detail"]
    wanted = {"clip": clip, "channels": [channel], "at": at(served, minutes=5)}
    (post,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    kept = publication(served, post["id"])["predicted"]["ctr"]
    assert kept["prediction"] is None and name in kept["refused"]


def publication(served: Served, name: str) -> Json:
    key = f"tenants/ann/publications/{name}"
    return served.engine.documents.get_many([key])[key].body


def test_what_goes_out_takes_along_what_was_foretold_for_that_very_channel(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    made(served, clip)
    known, strange = connected(served, "x", "tiktok")
    name = live(served, (known, 120))
    wanted = {"clip": clip, "channels": [known, strange], "at": at(served, minutes=5)}
    items = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    first, second = (publication(served, one["id"])["predicted"] for one in items)
    assert first["score"] is not None, "what was thought of it stays beside"
    one = first["ctr"]["prediction"]
    assert (one["model"], one["account"], first["ctr"]["features_version"]) == (name, known, FEATURES)
    assert (
        one["value"]
        == served.told("POST", "/v1/predictions", json={"clip": clip, "account": known})["prediction"]["value"]
    )
    asked = served.told("POST", "/v1/predictions", json={"clip": clip, "account": known})
    assert (asked["network"], asked["name"]) == ("x", "Ann on x")
    assert second["ctr"]["prediction"] is None and second["ctr"]["silence"]["have"] == 0
    live(served, (known, 121))
    go(served, 10)
    assert publication(served, items[0]["id"])["predicted"] == first, "what is known later changes nothing of it"


def test_a_clip_of_before_there_were_features_goes_out_as_ever(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": at(served, minutes=5)}
    (post,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    assert publication(served, post["id"])["predicted"]["ctr"] is None


def test_neither_numpy_nor_xgboost_is_loaded_to_foretell() -> None:
    """So that a light function starts cold in a second; what an answer needs is imported by then."""
    code = (
        "import sys, functions.api.predictions, common.stages.predict, common.chores.posts.scheduling\n"
        "print([one for one in ('numpy', 'xgboost', 'scipy', 'cv2') if one in sys.modules])"
    )
    told = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_own_weights_are_shown_and_a_step_is_taken_back(served: Served) -> None:
    told = served.told("GET", "/v1/weights")
    assert told["live"] is None and told["parts"] == told["begun"] == COMPOSITE and told["history"] == []
    assert "nothing to take back" in served.told("POST", "/v1/weights/rollback", status=400)["detail"]
    now = stamp(served.engine.clock.now())
    parts = {**COMPOSITE, "hook": COMPOSITE["hook"] + 0.05, "pace": COMPOSITE["pace"] - 0.05}
    version = {"version": "1", "at": now, "parts": parts, "from": None}
    line = {"at": now, "by": "cutroom", "what": "step", "why": "it pulled", "live": "1"}
    body: Json = {"schema": 1, "name": "weights", "n": 1, "live": "1", "previous": None, "since": now}
    body |= {"versions": [version], "history": [line]}
    served.engine.documents.commit([Create("tenants/ann/models/weights", body)])
    told = served.told("GET", "/v1/weights")
    assert (told["live"], told["parts"]["hook"], told["begun"]["hook"]) == ("1", parts["hook"], COMPOSITE["hook"])
    back = served.told("POST", "/v1/weights/rollback")
    assert back["live"] is None and back["parts"] == COMPOSITE
    assert [(one["what"], one["by"]) for one in back["history"]] == [("rollback", "ann"), ("step", "cutroom")]
    trail = {snap.body["what"] for snap in served.engine.documents.query("audit", parent="tenants/ann")}
    assert "weights.rollback" in trail
