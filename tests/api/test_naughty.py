"""Texts that have broken other programs, in every place of a request where a text can stand.

The places are read from the API's description, so that a new one is tried by itself. What is kept and given back of a
plain text must be kept and given back of every text that is taken, as it is; what is refused is refused with a reason.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from common.events import signatures
from common.ports.documents import Create, Vector
from functions.api.openapi import described
from functions.api.table import TABLE
from tests.api.conftest import Served
from tests.api.test_app import problem
from tests.api.test_erasures import everything
from tests.api.test_publications_api import connected, postable
from tests.conftest import SHARED
from tests.described import Operation, Said, operations, texts

NAUGHTY = SHARED / "conformance" / "blns.json"
MARK = "-mark-"
SOME = 12  # for each place; --long tries all
RAN = ("/tmp/blns.fail", "/tmp/blns.shellshock1.fail", "/tmp/blns.shellshock2.fail")  # what some of them would make
OPERATIONS = [pytest.param(one, id=f"{one.method} {one.path}") for one in operations(described(TABLE)) if one.places()]
HOOK = {"name": "ours", "address": "https://hooks.example/x", "events": ["video.generation.started"], "may_start": True}


# Where the list is not there, one of each sort.
OURS = (
    "", " ", "null", "NaN", "-1", "1e999", "00", "\u0000", "\u202eevil\u2066", "\ufeffmark", "Z\u0336a\u0489lgo",
    "💸" * 20, "' OR 1=1; DROP TABLE documents; --", '{"$gt": ""}', "<script>alert(1)</script>", "{{7*7}}", "%n%s%x",
    "../../etc/passwd", "$(touch /tmp/blns.fail)", "`touch /tmp/blns.fail`", "a\r\nSet-Cookie: x", "İıſß", "ด้้้้้็็็็็",
    "\U000e0001", "=1+1", "__proto__", "CON", "tenants/bob",
)  # fmt: skip


@cache
def naughty() -> list[str]:
    return list(json.loads(NAUGHTY.read_text())) if NAUGHTY.is_file() else list(OURS)


@dataclass
class There:
    """What there is to ask of, by the name it has in a path or a body; made when it is first asked for."""

    served: Served
    made: dict[str, Any] = field(default_factory=dict)

    def __call__(self, name: str) -> Any:
        makers: dict[str, Callable[[], Any]] = {
            "clip": self._clip,
            "flow": lambda: self("clip").rpartition(".")[0],
            "asset": lambda: self("flow").rpartition("-")[0],
            "aspect": lambda: "9x16",
            "format": lambda: "srt",
            "address": lambda: HOOK["address"],
            "hook": lambda: self._new("/v1/webhooks", HOOK),
            "webhook": lambda: self("hook")["id"],
            "delivery": lambda: self._new(f"/v1/webhooks/{self('webhook')}/test", None)["id"],
            "key": lambda: self._new("/v1/keys", {"name": "ci", "role": "viewer"})["id"],
            "subject": lambda: self._new("/v1/members", {"subject": "bob", "role": "viewer"})["subject"],
            "channel": lambda: connected(self.served, "x")[0],
            "channels": lambda: self("channel"),
            "publication": self._publication,
            "experiment": self._experiment,
            "arm": lambda: "A",
            "Cutroom-Organisation": lambda: "ann",
            "If-Match": lambda: "*",
        }
        if name not in self.made:
            self.made[name] = makers[name]() if name in makers else None
        return self.made[name]

    def _clip(self) -> str:
        clip = postable(self.served)
        read = {
            "schema": 2,
            "asset": clip.partition("-")[0],
            "model": "test@1",
            "vector": Vector((1.0, 0.0)),
            "outcome": 5.0,
        }
        self.served.engine.documents.commit([Create(f"tenants/ann/embeddings/{clip}", read)])
        return clip

    def _publication(self) -> str:
        wanted = {"clip": self("clip"), "channels": [self("channel")], "at": "2027-01-01T00:00:00Z"}
        return str(self._new("/v1/publications", wanted)["items"][0]["id"])

    def _experiment(self) -> str:
        arms = [{"name": name, "text": f"{name} or not?"} for name in ("A", "B")]
        name = str(self._new("/v1/experiments", {"name": "Tea", "kind": "title", "arms": arms})["id"])
        self.served.told("POST", f"/v1/experiments/{name}/start")
        return name

    def _new(self, path: str, body: Any) -> Any:
        return self.served.told("POST", path, status=201, json=body)


def sent(served: Served, there: There, operation: Operation, said: Said, by: str, raw: str = "") -> Any:
    """With something raw in the place of the text MARK."""
    path = operation.path.format(**{name: quote(text, safe="") for name, text in said.path.items()})
    headers: dict[str, Any] = {name: text.encode() for name, text in said.header.items()}
    content = None if operation.body is None else json.dumps(said.body).replace(f'"{MARK}"', raw or MARK).encode()
    if content is not None:
        headers["Content-Type"] = "application/json"
    if operation.signed:
        headers[signatures.HEADER] = signatures.sign(content or b"", [there("hook")["secret"]], served.clock.now())
        by = ""
    return served.ask(operation.method, path, by, params=said.query, content=content, headers=headers)


def some(seed: str, count: int, *, header: bool = False) -> list[str]:
    """So many of them, the same for one seed; for a header those that a server hands on: none ends the line."""
    found = [text for text in naughty() if not (header and {"\r", "\n", "\0"} & set(text))]
    return random.Random(seed).sample(found, min(count, len(found)))


def kept(served: Served) -> set[str]:
    return {text for body in everything(served).values() for text in texts(body)}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_text_is_kept_as_it_is_or_refused(
    served: Served, operation: Operation, pytestconfig: pytest.Config
) -> None:
    there = There(served)
    count = len(naughty()) if pytestconfig.getoption("--long") else SOME
    for number, place in enumerate(operation.places()):
        least = operation.least(place, there)
        # Of what is one's own anybody has their own, so that no limit on how many there are is met.
        own = not there.made.keys() & {"clip", "hook", "key", "subject"}
        word = f"Plain{number}"
        plain = sent(served, there, operation, least.put(place, word), "plain" if own else "ann")
        assert plain.status_code < 500, plain.text
        given, stays = word in _given(plain), word in kept(served)
        taken, seed = 0, f"{operation.method} {operation.path} {place.name}"
        for n, text in enumerate(some(seed, count, header=place.where == "header")):
            answer = sent(served, there, operation, least.put(place, text), f"p{number}x{n // 9}" if own else "ann")
            told = f"{place.name} = {text!r}: {answer.status_code} {answer.text[:300]}"
            if not answer.is_success:
                assert 400 <= answer.status_code < 500, told
                if answer.headers["content-type"].startswith("text/html"):  # a page, for a browser
                    assert text not in answer.text or not {"<", ">", "&"} & set(text), told
                    continue
                assert len(problem(answer, answer.status_code, answer.json()["code"])["detail"]) > 5, told
                continue
            assert not given or text in _given(answer), told
            assert not stays or text in kept(served), told
            taken += 1
        assert taken > count / 2 or not (given and stays) or "pattern" in place.schema, f"{place.name}: {taken}"
    assert not [path for path in RAN if Path(path).exists()]
    assert served.told("GET", "/health", None) == {"ok": True}


def _given(answer: Any) -> set[str]:
    kind = answer.headers.get("content-type", "")
    return set(texts(answer.json())) if kind.startswith("application/json") else set()


def test_no_name_of_a_field_is_passed_over(served: Served) -> None:
    there = There(served)
    for operation in operations(described(TABLE)):
        for name in (*some(operation.path, 3), "nosuch"):
            said = operation.least(None, there)
            told = said.query if said.body is None else said.body
            told[name] = "x"
            served.limits.left = 10**9
            answer = sent(served, there, operation, said, "ann")
            assert answer.status_code in (400, 404), (operation.path, name, answer.text)


NO_JSON = ("NaN", "1 1", '{"a": 1, "a": 2}', "9" * 5000)
WRONG = ("1e999", "-1e999", "-1", "1.5", "true", "null", "{}", "[[]]", "[" * 40 + "]" * 40)


def test_what_is_of_another_kind_is_no_fault_of_ours_wherever_it_stands(served: Served) -> None:
    there, tried = There(served), 0
    for operation in operations(described(TABLE)):
        for place in operation.values():
            said = operation.least(place, there)
            for raw in (*NO_JSON, *WRONG):
                answer = sent(served, there, operation, said.put(place, MARK), "ann", raw)
                told = f"{operation.path} {place.name} = {raw[:50]}: {answer.status_code} {answer.text[:300]}"
                if raw in NO_JSON:
                    problem(answer, 400, "not_json")
                elif not answer.is_success:
                    assert answer.status_code < 500, told
                    problem(answer, answer.status_code, answer.json()["code"])
                tried += 1
    assert tried > 600


@pytest.mark.parametrize("header", ["Authorization", "Cutroom-Organisation", "If-None-Match", "Content-Type", "Origin"])
def test_every_header_that_is_read_is_read_with_care(served: Served, header: str, pytestconfig: pytest.Config) -> None:
    for text in some(header, len(naughty()) if pytestconfig.getoption("--long") else 5 * SOME, header=True):
        answer = served.ask("POST", "/v1/assets", headers={header: text.encode()}, content=b"{}")
        assert 400 <= answer.status_code < 500, text
        problem(answer, answer.status_code, answer.json()["code"])
        assert served.ask("GET", "/v1/assets", headers={header: text.encode()}).status_code < 500


def test_the_places_are_those_there_are() -> None:
    found = {f"{one.method} {one.path} {place.name}" for one in operations(described(TABLE)) for place in one.places()}
    assert len(found) > 120
    assert {
        "POST /v1/assets body:name",
        "PATCH /v1/clips/{clip} body:hashtags.0",
        "POST /v1/storyboards body:shots.0.say",
        "GET /v1/audit query:by",
        "POST /v1/erasures header:Idempotency-Key",
        "GET /v1/erasures/{erasure} path:erasure",
    } <= found
