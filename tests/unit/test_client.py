"""The client: every route there is and no other, and what it does when answers are lost, late or wrong."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.client import (
    Changed,
    Cutroom,
    Fault,
    Late,
    NotFound,
    Refused,
    TooMany,
    Unauthorized,
    Unreachable,
    version_of,
)
from common.client.transport import Transport
from scripts.cli import client as written
from scripts.cli.openapi import PATH
from tests.standins.loopback import Reply, Request, serving

DESCRIBED = json.loads(PATH.read_text())
OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, method, operation in written.operations(DESCRIBED)
]
JSON = {"Content-Type": "application/json"}


def told(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status=status, body=json.dumps(body).encode(), headers={**JSON, **headers})


def wrong(status: int, code: str, **headers: str) -> Reply:
    return told({"code": code, "detail": "do it otherwise", "request": "r1", "status": status}, status, **headers)


@contextmanager
def asked(*replies: Reply | Callable[[Request], Reply]) -> Iterator[tuple[Cutroom, list[Request], list[float]]]:
    """A client of a server with these answers, one after another; what it was asked, and how long the client slept."""
    seen: list[Request] = []
    slept: list[float] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        reply = replies[min(len(seen), len(replies)) - 1]
        return reply(request) if callable(reply) else reply

    with serving(answer) as address:
        yield Cutroom(address, key="k", sleep=slept.append, timeout_s=5.0), seen, slept


def test_what_is_written_is_what_is_described() -> None:
    assert written.SHAPES.read_text() == written.shapes(DESCRIBED), "run scripts/openapi"
    assert written.ROUTES.read_text() == written.routes(DESCRIBED), "run scripts/openapi"


def test_it_has_every_route_and_no_other() -> None:
    made = Cutroom("http://x", key="k")
    resources = {name: one for name, one in vars(made).items() if not name.startswith("_")}
    methods = {
        f"{tag}.{name}"
        for tag, resource in resources.items()
        for name, _ in inspect.getmembers(resource, inspect.ismethod)
        if not name.startswith("_")
    }
    wanted = {
        f"{operation['tags'][0]}.{written.name_of(operation)}" for _, _, operation in written.operations(DESCRIBED)
    }
    assert methods == wanted and len(wanted) > 20


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_each_method_asks_its_route(path: str, method: str, operation: dict[str, Any], monkeypatch: Any) -> None:
    """With all that it takes, each under its own name."""
    seen: list[tuple[str, str, dict[str, Any]]] = []

    def call(self: Transport, how: str, where: str, **more: Any) -> Any:
        seen.append((how, where, more))
        return {"items": [], "next": None}

    monkeypatch.setattr(Transport, "call", call)

    def stream(self: Transport, where: str, **more: Any) -> Any:
        seen.append(("GET", where, more))
        return iter(())

    monkeypatch.setattr(Transport, "stream", stream)
    resource = getattr(Cutroom("http://x", key="k"), operation["tags"][0])
    function = getattr(resource, written.name_of(operation))
    parameters = inspect.signature(function).parameters.values()
    values: dict[str, Any] = {one.name: f"v-{one.name}/é" for one in parameters}
    answer = function(**values)
    if isinstance(answer, Iterator):
        list(answer)
    (how, where, more), *_ = seen
    assert how == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), where) and "/é" not in where
    given = {**(more.get("query") or {}), **(more.get("body") or {})}
    named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    if "requestBody" in operation:
        name = next(iter(operation["requestBody"]["content"].values()))["schema"]["$ref"].rpartition("/")[2]
        named |= set(DESCRIBED["components"]["schemas"][name]["properties"])
    assert set(given) == named


def test_who_asks_and_for_which_organisation_is_said_each_time() -> None:
    tokens = iter(["first", "second"])
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return told({"items": []})

    with serving(answer) as address:
        made = Cutroom(address, token=lambda: next(tokens), organisation="org-1")
        made.accounts.mine()
        made.accounts.mine()
    assert [one.headers["Authorization"] for one in seen] == ["Bearer first", "Bearer second"]
    assert {one.headers["Cutroom-Organisation"] for one in seen} == {"org-1"}


def test_pages_follow_one_another_as_they_are_taken() -> None:
    first, second = {"items": [{"id": "a"}, {"id": "b"}], "next": "c+/="}, {"items": [{"id": "c"}], "next": None}
    with asked(told(first), told(second)) as (made, seen, _):
        found = made.assets.every(limit=2)
        assert seen == []
        assert [one["id"] for one in found] == ["a", "b", "c"]
        assert [one.path for one in seen] == ["/v1/assets?limit=2", "/v1/assets?limit=2&cursor=c%2B%2F%3D"]


def test_who_comes_too_often_waits_as_long_as_was_said() -> None:
    with asked(wrong(429, "too_many", **{"Retry-After": "7"}), wrong(503, "transient"), told({})) as (made, _, slept):
        made.assets.one("a")
        assert slept[0] == 7.0 and len(slept) == 2
    with asked(wrong(429, "too_many", **{"Retry-After": "1800"})) as (made, seen, slept):
        with pytest.raises(TooMany):
            made.assets.one("a")
        assert (len(seen), slept) == (1, []), "half an hour is longer than anybody waits"


def test_a_post_whose_answer_was_lost_is_sent_again_with_its_key() -> None:
    with asked(Reply(status=0), wrong(409, "at_work"), told({"id": "a"}, 201)) as (made, seen, _):
        assert made.assets.create(name="a.mp4", size=1)["id"] == "a"
        assert len({one.headers["Idempotency-Key"] for one in seen}) == 1 and len(seen) == 3
        assert json.loads(seen[0].body) == {"name": "a.mp4", "size": 1}, "what is not said is left out"


def test_a_change_whose_answer_was_lost_is_for_the_caller_to_see() -> None:
    with asked(Reply(status=0)) as (made, seen, _):
        with pytest.raises(Unreachable):
            made.clips.change("c", state="approved")
        assert len(seen) == 1


def test_a_version_that_was_read_goes_along_with_the_change() -> None:
    with asked(told({"id": "c"}, ETag='"v7"')) as (made, seen, _):
        made.clips.change("c", state="approved", if_match=version_of(made.clips.one("c")))
        assert seen[1].headers["If-Match"] == '"v7"'


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "unauthorized", Unauthorized),
        (404, "not_found", NotFound),
        (412, "stale", Changed),
        (500, "bug", Fault),
    ],
)
def test_what_is_wrong_is_an_error_with_what_to_do(status: int, code: str, kind: type[Exception]) -> None:
    with asked(wrong(status, code)) as (made, _, _), pytest.raises(kind, match="do it otherwise") as error:
        made.assets.one("a")
    assert (error.value.code, error.value.request) == (code, "r1")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "reply", [Reply(body=b"<html>"), Reply(status=302, headers={"Location": "http://127.0.0.1:9/"})]
)
def test_another_server_gets_no_key_and_is_named(reply: Reply) -> None:
    with asked(reply) as (made, seen, _), pytest.raises(Refused, match="is it Cutroom's address"):
        made.assets.one("a")
    assert len(seen) == 1


def test_an_address_that_is_none_of_a_service_is_refused() -> None:
    with pytest.raises(Refused, match="no address of a service"):
        Cutroom("file:///etc", key="k").assets.one("a")
    with pytest.raises(ValueError, match="say who asks"):
        Cutroom("http://x")


class Place:
    """Takes an upload in parts and breaks off as told; `wrongs` by the number of the request."""

    def __init__(self, **wrongs: Reply | int) -> None:
        self.wrongs = {int(name.removeprefix("n")): one for name, one in wrongs.items()}
        self.came, self.asked = b"", 0

    def __call__(self, request: Request) -> Reply:
        if request.path == "/v1/assets":
            host = request.headers["Host"]
            begin = {"method": "POST", "url": f"http://{host}/begin?secret", "headers": {"x-goog-resumable": "start"}}
            return told({"id": "a1", "upload": {"resumable": begin}}, 201)
        if request.path.startswith("/begin"):
            return Reply(status=201, headers={"Location": f"http://{request.headers['Host']}/session?secret"})
        self.asked += 1
        first, whole = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", request.headers["Content-Range"]).groups()  # type: ignore[union-attr]
        happens = self.wrongs.get(self.asked)
        if first is not None:
            assert int(first) == len(self.came), "a part was left out, or came twice"
            # Only whole quarters of a MiB are kept of a part that broke off.
            self.came += (
                request.body if happens is None else request.body[:happens] if isinstance(happens, int) else b""
            )
        if happens is not None:
            return happens if isinstance(happens, Reply) else Reply(status=0)
        if len(self.came) == int(whole):
            return Reply()
        return Reply(status=308, headers={"Range": f"bytes=0-{len(self.came) - 1}"} if self.came else {})


QUARTER = 256 << 10


@pytest.mark.parametrize(
    "wrongs",
    [
        {},
        {"n1": QUARTER},
        {"n1": 0, "n2": Reply(status=503), "n4": QUARTER, "n5": Reply(status=429)},
        {"n3": Reply(status=500), "n4": Reply(status=0)},
    ],
)
def test_an_upload_goes_on_where_it_was_cut(wrongs: dict[str, Any], tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(bytes(range(256)) * (10 * QUARTER // 256) + b"tail")
    place, sent = Place(**wrongs), []
    with asked(place) as (made, _, _):
        asset = made.upload(video, part=4 * QUARTER, on_progress=lambda done, whole: sent.append((done, whole)))
    assert asset["id"] == "a1" and place.came == video.read_bytes()
    assert sent == sorted(sent) and sent[-1] == (len(place.came), len(place.came))


def test_an_upload_that_nobody_takes_ends(tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(b"x")
    with asked(Place(n1=Reply(status=403, body=b"too late"))) as (made, _, _):
        with pytest.raises(Refused, match="too late") as error:
            made.upload(video)
        assert "secret" not in str(error.value)


def test_a_download_goes_on_where_it_was_cut_and_is_what_it_says(tmp_path: Path) -> None:
    content, cuts = bytes(range(256)) * 40_000, [3_000_000, 5_000_000]
    digest = hashlib.sha256(content).hexdigest()

    def answer(request: Request) -> Reply:
        if request.path.startswith("/v1/clips/c/renditions"):
            return told({"url": f"http://{request.headers['Host']}/file"})
        if request.path.startswith("/v1/clips"):
            return told({"renditions": [{"aspect": "9:16", "sha256": digest}]})
        at = int(request.headers.get("Range", "bytes=0-")[6:-1])
        until = cuts.pop(0) if cuts else len(content)
        headers = {"Content-Range": f"bytes {at}-{len(content) - 1}/{len(content)}"} if at else {}
        if until < len(content):
            headers["Content-Length"] = str(len(content) - at)  # more than comes
        return Reply(status=206 if at else 200, body=content[at:until], headers=headers)

    def cut(request: Request) -> Reply:
        return answer(request)

    with asked(cut) as (made, seen, _):
        made.download("c", tmp_path / "clip.mp4")
        assert (tmp_path / "clip.mp4").read_bytes() == content
        ranges = [one.headers.get("Range") for one in seen if one.path == "/file"]
        assert ranges == [None, "bytes=3000000-", "bytes=5000000-"]
    digest = "0" * 64
    with asked(cut) as (made, _, _), pytest.raises(Refused, match="not what the server says"):
        made.download("c", tmp_path / "other.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4"]


def test_events_go_on_after_the_last_one() -> None:
    stream = {"Content-Type": "text/event-stream"}
    first = b': here\n\nid: 1\nevent: started\ndata: {"n":\ndata: 1}\n\nid: 2\ndata: half'
    second = b"id: 2\r\ndata: text\r\n\r\n"
    replies = [Reply(body=first, headers=stream), Reply(status=503), Reply(body=second, headers=stream)]
    with asked(*replies, Reply(status=204)) as (made, seen, _):
        found = list(made.accounts._ask.stream("/v1/events", query={}))
        assert [(one.id, one.name, one.data) for one in found] == [("1", "started", {"n": 1}), ("2", "message", "text")]
        assert [one.headers.get("Last-Event-Id") for one in seen] == [None, "1", "1", "2"]


def test_who_waits_gets_the_flow_or_is_told_that_it_is_late() -> None:
    open_, over = ({"items": [{"id": "a-1", "state": state}], "next": None} for state in ("running", "done"))
    alone, whole = told({"duplicate_of": None}), told({"id": "a-1", "runs": []})
    with asked(told({"items": [], "next": None}), told(open_), told(over), alone, whole) as (made, seen, _):
        assert made.wait("a")["id"] == "a-1"
        assert seen[0].path == "/v1/flows?limit=1&asset=a"
    with asked(told(open_)) as (made, _, _), pytest.raises(Late):
        made.wait("a", within_s=0)


def test_what_was_here_before_is_waited_for_in_the_first_ones_place() -> None:
    over = told({"items": [{"id": "x", "state": "done"}], "next": None})
    replies = [over, told({"duplicate_of": "b"}), over, told({"duplicate_of": None}), told({"id": "b-1", "runs": []})]
    with asked(*replies) as (made, seen, slept):
        assert made.wait("a")["id"] == "b-1"
        assert (seen[2].path, slept) == ("/v1/flows?limit=1&asset=b", [])
