"""From an address to an asset, whatever the server there does, and whenever we die."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from common.chores import imports, work
from common.ports.intake import QUANTUM
from tests.api.conftest import Served, serving
from tests.dying import dying
from tests.standins.loopback import Reply, Request
from tests.standins.outside import Outside, outside

FILM = os.urandom(5 * QUANTUM + 1234)


@dataclass
class Origin:
    """A server of one file. `cuts`: bytes after which each of the next replies breaks off."""

    content: bytes = FILM
    tag: str | None = '"one"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "video/mp4"})
    status: int = 200

    def answer(self, asked: Request) -> Reply:
        told = dict(self.headers) | ({"ETag": self.tag} if self.tag else {})
        if self.status != 200:
            return Reply(status=self.status, headers=told)
        wanted = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("Range", ""))
        first = int(wanted[1]) if wanted and self.ranges and asked.headers["If-Range"] == self.tag else 0
        content = self.content[first:]
        head = [f"{name}: {value}" for name, value in told.items()] + [f"Content-Length: {len(content)}"]
        if first:
            head.append(f"Content-Range: bytes {first}-{len(self.content) - 1}/{len(self.content)}")
        said = f"HTTP/1.1 {206 if first else 200} OK\r\n" + "\r\n".join(head) + "\r\n\r\n"
        return Reply(raw=[said.encode(), content[: self.cuts.pop(0)] if self.cuts else content])


@contextmanager
def both(home: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Served, Outside]]:
    monkeypatch.setattr(imports, "PART", QUANTUM)
    with outside(origin.answer) as there, serving(home, there.outbound) as served:
        yield served, there


def asked_for(served: Served, there: Outside, path: str = "/My%20talk.mp4?sig=x", **more: Any) -> str:
    told = served.told("POST", "/v1/imports", status=202, json={"address": there.at(path), **more})
    assert (told["state"], told["size"]) == ("importing", None)
    return str(told["id"])


def kept(home: Path) -> list[bytes]:
    return [path.read_bytes() for path in (home / "uploads" / "files").iterdir()]


def test_a_file_at_an_address_becomes_an_asset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with both(tmp_path, Origin(), monkeypatch) as (served, there):
        asset = asked_for(served, there)
        served.pass_time()
        told = served.told("GET", f"/v1/assets/{asset}")
        assert (told["name"], told["size"]) == ("My talk.mp4", len(FILM)), told
        assert kept(tmp_path) == [FILM]
        (flow,) = served.told("GET", f"/v1/flows?asset={asset}")["items"]
        assert flow["state"] == "done"
        assert len(there.asked) == 1 and "Cutroom" in there.asked[0].headers["User-Agent"]
        (line,) = [one for one in served.told("GET", "/v1/audit")["items"] if one["what"] == "imports.make"]
        assert line["on"] == asset and "sig=x" not in str(line)


def test_what_broke_off_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = Origin(cuts=[2 * QUANTUM + 5, QUANTUM + 9])
    with both(tmp_path, origin, monkeypatch) as (served, there):
        asset = asked_for(served, there)
        served.pass_time()
        assert kept(tmp_path) == [FILM]
        firsts = [one.headers.get("Range") for one in there.asked]
        assert firsts[0] is None and len(firsts) == 3
        assert all(str(one).startswith("bytes=") and one != "bytes=0-" for one in firsts[1:]), "no byte is asked twice"
        assert served.told("GET", f"/v1/assets/{asset}")["state"] == "new"


@pytest.mark.parametrize("how", ["another", "untagged", "weak", "no ranges"])
def test_what_is_not_known_to_be_the_same_file_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    origin = Origin(cuts=[3 * QUANTUM + 5])
    if how in ("untagged", "weak"):
        origin.tag = None if how == "untagged" else 'W/"one"'
    origin.ranges = how != "no ranges"
    with both(tmp_path, origin, monkeypatch) as (served, there):
        asked_for(served, there)
        while not there.asked:
            assert served.post.deliver(served.engine)
        if how == "another":
            origin.content, origin.tag = FILM[::-1], '"two"'
        served.pass_time()
        assert kept(tmp_path) == [origin.content]


@pytest.mark.parametrize(
    ("origin", "code", "times"),
    [
        (Origin(status=404), "address_refused", 1),
        (Origin(status=403), "address_refused", 1),
        (Origin(headers={"Content-Type": "text/html; charset=utf-8"}), "page", 1),
        (Origin(headers={"Content-Type": "video/mp4", "Content-Encoding": "gzip"}), "address_refused", 1),
        (Origin(content=b""), "empty", 1),
        (Origin(status=503), "unreachable", 8),
    ],
)
def test_what_cannot_be_had_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: Origin, code: str, times: int
) -> None:
    with both(tmp_path, origin, monkeypatch) as (served, there):
        asset = asked_for(served, there)
        served.pass_time(60)
        told = served.told("GET", f"/v1/assets/{asset}")
        assert (told["state"], told["error"]["code"]) == ("failed", code)
        assert there.port and str(there.port) not in told["error"]["text"], "an address may be a secret"
        assert len(there.asked) == times
        assert kept(tmp_path) == []


def test_a_file_that_is_too_large_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_BYTES", 4 * QUANTUM)
    for number, headers in enumerate(({"Content-Type": "video/mp4"}, {"Transfer-Encoding": "x"})):
        with both(tmp_path / str(number), Origin(headers=headers), monkeypatch) as (served, there):
            asset = asked_for(served, there)
            served.pass_time()
            told = served.told("GET", f"/v1/assets/{asset}")
            assert told["state"] == "failed" and told["error"]["code"] == "too_large"


@pytest.mark.parametrize(
    "address",
    [
        "http://files.example/a.mp4",
        "https://127.0.0.1/a.mp4",
        "https://user:pw@files.example/a.mp4",
        "https://[::1]/a.mp4",
        "https://files.example:8080/a.mp4",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_leads_astray_is_refused_at_once(served: Served, address: str) -> None:
    told = served.told("POST", "/v1/imports", status=422, json={"address": address})
    assert told["code"] == "address_refused"
    assert served.engine.documents.count("assets") == served.engine.documents.count("chores") == 0


def test_a_name_that_leads_into_our_network_is_refused_when_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with both(tmp_path, Origin(), monkeypatch) as (served, there):
        there.numbers["hooks.example"] = ["169.254.169.254"]
        asset = asked_for(served, there)
        served.pass_time()
        told = served.told("GET", f"/v1/assets/{asset}")
        assert (told["state"], told["error"]["code"]) == ("failed", "address_refused")
        assert not there.asked


def test_killed_at_every_step_it_comes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dies before or after the n-th write, for every n; the next life takes it up, and it is as if nothing was."""
    for number in itertools.count(1):
        home = tmp_path / str(number)
        with both(home, Origin(), monkeypatch) as (served, there):
            asset = asked_for(served, there)
            parts = (type(served.engine.documents), "commit"), (type(served.tools.intake), "add")
            with dying(monkeypatch, number, *parts) as died:
                work.execute(served.tools, imports.key_of("ann", asset))
            served.restart()
            served.pass_time()
            assert kept(home) == [FILM]
            assert served.told("GET", f"/v1/assets/{asset}")["state"] == "new"
            assert len(served.told("GET", f"/v1/flows?asset={asset}")["items"]) == 1
            assert len(served.told("GET", "/v1/assets")["items"]) == 1
        if not died:
            break
    assert number > 10


def test_there_are_only_so_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_OPEN", 2)
    with both(tmp_path, Origin(), monkeypatch) as (served, there):
        for _ in range(2):
            asked_for(served, there)
        told = served.told("POST", "/v1/imports", status=422, json={"address": there.at()})
        assert told["code"] == "too_many"
        served.told("POST", "/v1/imports", by="bob", status=202, json={"address": there.at()})


def test_what_is_deleted_meanwhile_does_not_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with both(tmp_path, Origin(cuts=[QUANTUM + 5]), monkeypatch) as (served, there):
        asset = asked_for(served, there)
        while not there.asked:
            assert served.post.deliver(served.engine)
        served.told("DELETE", f"/v1/assets/{asset}", status=202)
        served.pass_time()
        served.told("GET", f"/v1/assets/{asset}", status=404)
        assert kept(tmp_path) == [] and list((tmp_path / "uploads" / "begun").iterdir()) == []
