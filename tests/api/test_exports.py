"""What is handed out is all that is kept, without what opens anything."""

from __future__ import annotations

import io
import json
import zipfile

from common.accounts import keys, tokens
from common.chores import exports
from tests.api.conftest import Served


def test_an_archive_holds_every_collection_and_no_secret(served: Served) -> None:
    served.arrive("ann", served.announced())
    made = served.told("POST", "/v1/keys", status=201, json={"name": "ci", "role": "viewer"})
    key = tokens.read(keys.KIND, made["text"])
    assert key is not None
    hook = {"name": "ours", "address": "https://hooks.example/", "events": ["video.generation.completed"]}
    secret = served.told("POST", "/v1/webhooks", status=201, json=hook)["secret"]
    served.told("POST", "/v1/assets", "bob", 201, json={"name": "bobs.mp4", "size": 1})
    served.pass_time(5)
    export = served.told("POST", "/v1/exports", status=202)
    assert (export["state"], export["url"]) == ("writing", None)
    served.pass_time(3)
    told = served.told("GET", f"/v1/exports/{export['id']}")
    assert told["state"] == "ready" and told["url"].startswith("https://bucket/t/ann/exports/")
    (name,) = [key for key in served.engine.objects.list("t/ann/exports")]
    content = served.engine.objects.get(name)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        there = {one: archive.read(one).decode() for one in archive.namelist()}
    lines = {one: [json.loads(line) for line in text.splitlines()] for one, text in there.items()}
    kept = set(served.engine.documents.collections("tenants/ann")) - set(exports.OURS)
    assert {f"{one}.jsonl" for one in kept} <= set(lines)
    for collection, count in told["documents"].items():
        assert (
            len(lines[f"{collection}.jsonl"])
            == count
            == served.engine.documents.count(collection, parent="tenants/ann")
        )
    whole = "".join(there.values())
    assert "bobs.mp4" not in whole and secret not in whole and key.secret not in whole
    assert all("digest" not in one for one in lines["keys.jsonl"])
    served.told("GET", f"/v1/exports/{export['id']}", "bob", 404)
    served.clock.at += exports.KEPT
    served.pass_time(3)
    assert served.told("GET", f"/v1/exports/{export['id']}")["state"] == "expired"
    assert served.engine.objects.list("t/ann/exports") == []


def test_what_opens_something_is_left_out_at_any_depth() -> None:
    body = {"a": [{"secret": "x", "b": {"token": "y", "c": 1}}], "digest": "z"}
    assert exports.without_secrets(body) == {"a": [{"b": {"c": 1}}]}
