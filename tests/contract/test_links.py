"""One suite for every adapter of the links port, and what the local server's are beyond."""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
import requests

from common.adapters.embedded.files import FileObjects
from common.adapters.embedded.links import LocalLinks
from common.adapters.google.links import BucketLinks
from common.adapters.google.storage import StorageObjects
from common.ports.links import Links, disposition
from common.ports.objects import Objects
from tests.hand import Hand
from tests.standins.asgi import address, listening, serving
from tests.standins.signed import signed_storage

KEY = "t/ann/a/a1/render@3/0123abcd/clip-1.9x16.mp4"
CLIP = bytes(range(256)) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    links: Links
    objects: Objects
    wait: Callable[[timedelta], object]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Place]:
    clock, objects = Hand(), FileObjects(tmp_path)
    with listening() as at:
        links = LocalLinks(address(at), objects, b"k", clock=clock)
        with serving(links, at):
            yield Place(links=links, objects=objects, wait=lambda past: clock.move(past.total_seconds()))


@pytest.fixture
def bucket() -> Iterator[Place]:
    with signed_storage() as storage:
        yield Place(
            links=BucketLinks(storage.client, "media", storage.credentials),
            objects=StorageObjects(storage.client, "media"),
            wait=lambda past: setattr(storage, "ahead", storage.ahead + past),
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of Google's library, as in tests/conftest.py
        gc.collect()


@pytest.fixture(params=["local", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    made: Place = request.getfixturevalue(request.param)
    made.objects.put_new(KEY, CLIP)
    return made


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={one.replace("_", "-"): value for one, value in headers.items()}, timeout=20)


def test_a_link_gives_the_whole_object(place: Place) -> None:
    answer = get(place.links.link(KEY, name="My clip (1).mp4", kind="video/mp4"))
    assert (answer.status_code, answer.content) == (200, CLIP)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Length"] == str(len(CLIP))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"] == disposition("My clip (1).mp4")


RANGES = (
    ("bytes=0-0", 0, 0),
    ("bytes=1000-1999", 1000, 1999),
    ("bytes=255990-", 255990, 255999),
    ("bytes=-7", 255993, 255999),
    ("bytes=255000-999999", 255000, 255999),
)


@pytest.mark.parametrize(("asked", "first", "last"), RANGES)
def test_a_link_gives_ranges(place: Place, asked: str, first: int, last: int) -> None:
    url = place.links.link(KEY, name="c.mp4", kind="video/mp4")
    answer = get(url, Range=asked)
    assert (answer.status_code, answer.content) == (206, CLIP[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CLIP)}"


def test_a_range_beyond_the_end_is_refused(place: Place) -> None:
    answer = get(place.links.link(KEY, name="c.mp4", kind="video/mp4"), Range=f"bytes={len(CLIP)}-")
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(CLIP)}")


def test_a_download_goes_on_only_if_the_object_is_the_same(place: Place) -> None:
    url = place.links.link(KEY, name="c.mp4", kind="video/mp4")
    etag = get(url).headers["ETag"]
    assert get(url, Range="bytes=5-9", If_Range=etag).status_code == 206
    answer = get(url, Range="bytes=5-9", If_Range='"other"')
    assert (answer.status_code, answer.content) == (200, CLIP)


def test_a_link_is_there_for_a_quarter_of_an_hour(place: Place) -> None:
    url = place.links.link(KEY, name="c.mp4", kind="video/mp4")
    place.wait(timedelta(minutes=14))
    assert get(url).status_code == 200
    place.wait(timedelta(minutes=2))
    assert get(url).status_code in (400, 403)


def test_a_link_gives_nothing_else(place: Place) -> None:
    place.objects.put_new("t/bob/secret.mp4", b"secret")
    url = place.links.link(KEY, name="c.mp4", kind="video/mp4")
    path, query = url.split("?", 1)
    for other in (
        f"{path.replace(quote(KEY), 't/bob/secret.mp4')}?{query}",
        f"{path}?{query.replace('c.mp4', 'd.mp4')}",
        f"{path}?{query.replace('video%2Fmp4', 'text%2Fhtml')}",
        url[:-4] + ("0000" if url[-4:] != "0000" else "1111"),
    ):
        assert other != url
        assert get(other).status_code == 403, other
    assert requests.delete(url, timeout=20).status_code in (403, 405)
    assert place.objects.get(KEY) == CLIP


def test_a_link_to_what_is_not_there_says_so(place: Place) -> None:
    url = place.links.link("t/ann/none.mp4", name="c.mp4", kind="video/mp4")
    assert get(url).status_code == 404


NAMES = (
    "ü ß.mp4",
    "日本.mp4",
    'a"b;c=d\\e.mp4',
    "x\r\nSet-Cookie: a=b.mp4",
    "../../etc/passwd",
    "\u202e4pm.exe",
    "🎬" * 400 + ".mp4",
    "",
    "...",
    "100% é'(1).mp4",
    "\ud800.mp4",
)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_safe_to_save_under(place: Place, name: str) -> None:
    answer = get(place.links.link(KEY, name=name, kind="video/mp4"))
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    found = re.fullmatch(
        r"attachment; filename=\"([A-Za-z0-9._() -]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)",
        answer.headers["Content-Disposition"],
    )
    assert found is not None, answer.headers["Content-Disposition"]
    saved = unquote(found[2], errors="strict")
    assert 0 < len(saved) <= 150 and not saved.startswith(".") and not set(saved) & set('/\\\r\n\u202e"')
    assert not name.endswith(".mp4") or saved.endswith(".mp4")


def test_names_that_harm_nobody_stay_as_they_are() -> None:
    for name in ("My talk é (1).mp4", "日本.mp4", "100% 🎬.mp4"):
        assert unquote(disposition(name).rpartition("''")[2]) == name


def test_the_local_server_lets_nothing_run(local: Place) -> None:
    local.objects.put_new(KEY, b"<script>alert(1)</script>")
    answer = get(local.links.link(KEY, name="x.html", kind="text/html"))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_the_local_server_tells_about_an_object_without_sending_it(local: Place) -> None:
    local.objects.put_new(KEY, CLIP)
    answer = requests.head(local.links.link(KEY, name="c.mp4", kind="video/mp4"), timeout=20)
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", str(len(CLIP)))
