"""One suite for every adapter of the uploads port: what goes over the wire, as a browser would send it."""

from __future__ import annotations

import gc
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import requests

from common.adapters.embedded.uploads import LocalUploads
from common.adapters.google.uploads import BucketUploads
from common.ports.uploads import Request, Uploads
from tests.hand import Hand
from tests.standins.asgi import address, listening, serving
from tests.standins.signed import signed_storage

NAME = "t/ann/u1/My talk é (1) #2?%41.mp4"
QUANTUM = 262_144
FILM = os.urandom(700_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`wait` lets time pass for who takes uploads; `files` holds what came, by name."""

    uploads: Uploads
    wait: Callable[[timedelta], object]
    files: Callable[[], dict[str, bytes]]


@pytest.fixture(params=["local", "storage"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "local":
        files: dict[str, bytes] = {}
        clock = Hand()
        with listening() as at:

            def arrived(name: str, path: Path) -> None:
                files[name] = path.read_bytes()

            uploads = LocalUploads(address(at), tmp_path, b"k", clock=clock, arrived=arrived)
            with serving(uploads, at):
                yield Place(uploads=uploads, wait=lambda past: clock.move(past.total_seconds()), files=lambda: files)
        return
    with signed_storage() as storage:
        yield Place(
            uploads=BucketUploads(storage.client, "uploads", storage.credentials),
            wait=lambda past: setattr(storage, "ahead", storage.ahead + past),
            files=lambda: {name: kept.content for (_, name), kept in storage.objects.items()},
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of Google's library, as in tests/conftest.py
        gc.collect()


def send(request: Request, content: bytes = b"", **headers: str) -> requests.Response:
    return requests.request(
        request.method, request.url, headers={**request.headers, **headers}, data=content, timeout=20
    )


def begun(place: Place, name: str = NAME, most: int = len(FILM)) -> str:
    """The URI of an upload in parts."""
    slot = place.uploads.slot(name, content_type="video/mp4", most_bytes=most)
    answer = send(slot.resumable)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def put(session: str, range_: str | None, content: bytes = b"") -> tuple[int, str | None]:
    headers: Mapping[str, str] = {} if range_ is None else {"Content-Range": range_}
    answer = requests.put(session, headers=headers, data=content, timeout=20)
    return answer.status_code, answer.headers.get("Range")


def test_a_place_takes_one_file_once(place: Place) -> None:
    slot = place.uploads.slot(NAME, content_type="video/mp4", most_bytes=len(FILM))
    assert [send(slot.whole, FILM).status_code, send(slot.whole, b"other").status_code] == [200, 412]
    assert place.files() == {NAME: FILM}


def test_a_file_of_unknown_length_is_taken(place: Place) -> None:
    slot = place.uploads.slot(NAME, content_type="video/mp4", most_bytes=len(FILM))
    pieces = (FILM[at : at + 50_000] for at in range(0, len(FILM), 50_000))
    answer = requests.put(slot.whole.url, headers=dict(slot.whole.headers), data=pieces, timeout=20)
    assert answer.status_code == 200 and place.files() == {NAME: FILM}


@pytest.mark.parametrize("content", [FILM, b""])
def test_a_file_that_is_too_long_or_empty_is_not_taken(place: Place, content: bytes) -> None:
    slot = place.uploads.slot(NAME, content_type="video/mp4", most_bytes=len(FILM) - 1)
    assert send(slot.whole, content).status_code in (400, 413)
    pieces = (content[at : at + 50_000] for at in range(0, len(content), 50_000))
    answer = requests.put(slot.whole.url, headers=dict(slot.whole.headers), data=pieces, timeout=20)
    assert answer.status_code in (400, 413)
    assert place.files() == {}


def test_what_was_not_signed_is_refused(place: Place) -> None:
    slot = place.uploads.slot(NAME, content_type="video/mp4", most_bytes=10)
    whole, begin = slot.whole, slot.resumable
    renamed = whole.url.replace(quote(NAME.rpartition("/")[2]), "other").replace(quote_plus(NAME), "other")
    tried = {
        "another method": Request(method="POST", url=whole.url, headers=whole.headers),
        "another name": Request(method="PUT", url=renamed, headers=whole.headers),
        "another type": Request(method="PUT", url=whole.url, headers={**whole.headers, "content-type": "text/html"}),
        "more bytes": Request(
            method="PUT", url=whole.url, headers={**whole.headers, "x-goog-content-length-range": "1,99"}
        ),
        "over what is there": Request(
            method="PUT",
            url=whole.url,
            headers={one: value for one, value in whole.headers.items() if one != "x-goog-if-generation-match"},
        ),
        "in parts by the other's": Request(method="POST", url=whole.url, headers=begin.headers),
        "another signature": Request(
            method="PUT", url=whole.url[:-4] + ("0000" if whole.url[-4:] != "0000" else "1111"), headers=whole.headers
        ),
    }
    assert renamed != whole.url
    for what, request in tried.items():
        assert send(request, b"film").status_code == 403, what
    assert place.files() == {}
    assert send(whole, b"film").status_code == 200


def test_a_place_is_there_for_half_an_hour(place: Place) -> None:
    slot = place.uploads.slot(NAME, content_type="video/mp4", most_bytes=10)
    early = place.uploads.slot("t/ann/u1/early", content_type="video/mp4", most_bytes=10)
    session = begun(place, "t/ann/u1/begun", most=4)
    place.wait(timedelta(minutes=29))
    assert send(early.whole, b"film").status_code == 200
    place.wait(timedelta(minutes=2))
    assert send(slot.whole, b"film").status_code in (400, 403)
    assert send(slot.resumable).status_code in (400, 403)
    assert put(session, "bytes 0-3/4", b"film")[0] == 200  # what was begun in time goes on
    assert set(place.files()) == {"t/ann/u1/early", "t/ann/u1/begun"}


def test_an_upload_in_parts_goes_on_where_it_broke_off(place: Place) -> None:
    session, size = begun(place), len(FILM)
    assert put(session, f"bytes */{size}") == (308, None)
    assert put(session, f"bytes 0-{QUANTUM - 1}/{size}", FILM[:QUANTUM]) == (308, f"bytes=0-{QUANTUM - 1}")
    assert put(session, f"bytes */{size}") == (308, f"bytes=0-{QUANTUM - 1}")
    assert put(session, f"bytes {QUANTUM}-{size - 1}/{size}", FILM[QUANTUM:])[0] == 200
    assert place.files() == {NAME: FILM}


def test_an_upload_in_parts_need_not_know_its_length(place: Place) -> None:
    session, size = begun(place), len(FILM)
    assert put(session, "bytes */*") == (308, None)
    assert put(session, f"bytes 0-{QUANTUM - 1}/*", FILM[:QUANTUM]) == (308, f"bytes=0-{QUANTUM - 1}")
    assert put(session, f"bytes {QUANTUM}-{2 * QUANTUM - 1}/*", FILM[QUANTUM : 2 * QUANTUM])[0] == 308
    assert put(session, "bytes */*") == (308, f"bytes=0-{2 * QUANTUM - 1}")
    assert put(session, f"bytes {2 * QUANTUM}-{size - 1}/{size}", FILM[2 * QUANTUM :])[0] == 200
    assert place.files() == {NAME: FILM}


def test_a_part_that_leaves_a_gap_is_refused(place: Place) -> None:
    session, size = begun(place), len(FILM)
    assert put(session, f"bytes {QUANTUM}-{size - 1}/{size}", FILM[QUANTUM:])[0] == 400
    assert put(session, f"bytes 0-{size - 1}/{size}", FILM)[0] == 200
    assert place.files() == {NAME: FILM}


def test_a_part_that_is_sent_again_changes_nothing(place: Place) -> None:
    session, size = begun(place), len(FILM)
    for _ in range(2):
        assert put(session, f"bytes 0-{QUANTUM - 1}/{size}", FILM[:QUANTUM]) == (308, f"bytes=0-{QUANTUM - 1}")
    assert put(session, f"bytes 0-{size - 1}/{size}", FILM)[0] == 200
    assert place.files() == {NAME: FILM}


def test_of_two_that_send_one_file_one_wins(place: Place) -> None:
    sessions, size = [begun(place), begun(place)], len(FILM)
    for session in sessions:
        assert put(session, f"bytes 0-{QUANTUM - 1}/{size}", FILM[:QUANTUM])[0] == 308
    came: list[int] = []
    threads = [
        threading.Thread(
            target=lambda one=one: came.append(put(one, f"bytes {QUANTUM}-{size - 1}/{size}", FILM[QUANTUM:])[0])
        )
        for one in sessions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == [200, 412]
    assert place.files() == {NAME: FILM}


def test_nobody_guesses_an_upload(place: Place) -> None:
    session = begun(place)
    at = session.index("upload_id=") + len("upload_id=")
    for guess in ("", "0", "../x", session[at:-1], session[at:-1] + ("a" if session[-1] != "a" else "b")):
        assert put(session[:at] + guess, "bytes 0-3/4", b"film")[0] in (403, 404), guess
    assert place.files() == {}
