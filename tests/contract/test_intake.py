"""One suite for whoever takes what we fetch, and takes it away for good, on both homes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.adapters.embedded.intake import LocalIntake
from common.adapters.embedded.sessions import LASTS
from common.adapters.google.intake import BucketIntake
from common.adapters.google.purge import BucketPurge
from common.errors import NotFound, Transient
from common.ports.intake import QUANTUM, Intake
from common.ports.purge import Purge
from tests.post import Hands

NAME = "t/ann/u1/talk.mp4"
FILM = os.urandom(3 * QUANTUM + 99)


@dataclass
class Home:
    intake: Intake
    purge: Purge
    files: Callable[[], list[bytes]]
    forget: Callable[[], None]  # all sessions


@pytest.fixture(params=["local", "bucket"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    if request.param == "local":
        clock = Hands()
        local = LocalIntake(tmp_path, clock, lambda name, path: None)

        def forget() -> None:
            clock.at += 2 * LASTS
            local.begin("t/ann/other/x", most_bytes=1)

        yield Home(local, local, lambda: [one.read_bytes() for one in (tmp_path / "files").iterdir()], forget)
        return
    storage: Any = request.getfixturevalue("storage")
    yield Home(
        BucketIntake(storage.client, "up"),
        BucketPurge(storage.client, "up"),
        lambda: [kept.content for (bucket, _), kept in storage.objects.items() if bucket == "up"],
        storage.sessions.clear,
    )


def begun(home: Home, name: str = NAME) -> str:
    session = home.intake.begin(name, most_bytes=len(FILM))
    assert session is not None
    return session


def test_parts_become_a_file_with_the_last(home: Home) -> None:
    session = begun(home)
    assert home.intake.came(session) == 0
    assert home.intake.add(session, 0, FILM[:QUANTUM], last=False) == QUANTUM
    assert home.intake.came(session) == QUANTUM
    assert home.files() == []
    assert home.intake.add(session, QUANTUM, FILM[QUANTUM:], last=True) == len(FILM)
    assert home.files() == [FILM]
    assert home.intake.begin(NAME, most_bytes=9) is None, "it is there"


def test_a_part_that_comes_twice_comes_once(home: Home) -> None:
    session = begun(home)
    for _ in range(2):
        home.intake.add(session, 0, FILM[: 2 * QUANTUM], last=False)
    home.intake.add(session, QUANTUM, FILM[QUANTUM:], last=True)
    assert home.files() == [FILM]


def test_of_two_that_bring_one_file_the_first_wins(home: Home) -> None:
    first, second = begun(home), begun(home)
    home.intake.add(first, 0, FILM, last=True)
    assert home.intake.add(second, 0, FILM[::-1], last=True) == len(FILM), "whole, whoever brought it"
    assert home.files() == [FILM]


def test_a_session_that_is_no_more_says_so(home: Home) -> None:
    session = begun(home)
    home.forget()
    with pytest.raises(NotFound):
        home.intake.came(session)
    with pytest.raises(NotFound):
        home.intake.add(session, 0, FILM, last=True)


def test_what_is_below_a_prefix_is_taken_away_and_nothing_else(home: Home) -> None:
    for name in (NAME, "t/ann/u1/b.mp4", "t/ann/u2/c.mp4", "t/anna/u1/d.mp4"):
        home.intake.add(begun(home, name), 0, name.encode(), last=True)
    before = home.purge.count("t/ann/u1/")
    assert before >= 2
    removed = 0
    while some := home.purge.remove("t/ann/u1/", most=1):
        removed += some
    assert removed == before and home.purge.count("t/ann/u1/") == 0
    assert sorted(home.files()) == [b"t/ann/u2/c.mp4", b"t/anna/u1/d.mp4"]
    assert home.purge.remove("t/ann/") > 0 and home.files() == [b"t/anna/u1/d.mp4"]


def test_every_version_goes_and_what_the_bucket_keeps_is_told(storage: Any) -> None:
    bucket = storage.client().bucket("up")
    for content in (b"first", b"second"):
        bucket.blob("t/ann/a/x").upload_from_string(content)
    bucket.blob("t/ann/a/x").delete()
    bucket.blob("t/ann/a/y").upload_from_string(b"third")
    purge = BucketPurge(storage.client, "up")
    assert (purge.count("t/ann/"), purge.lingers("t/ann/")) == (3, None)
    assert purge.remove("t/ann/") == 3
    assert purge.count("t/ann/") == 0 and storage.older == []
    until = purge.lingers("t/ann/")
    assert until is not None and until.isoformat() == "2026-12-24T00:00:00+00:00"


def test_a_bucket_that_does_not_answer_is_asked_again_later(storage: Any) -> None:
    intake = BucketIntake(storage.client, "up")
    session = intake.begin(NAME, most_bytes=9)
    assert session is not None
    for fault in ("503", "drop"):
        storage.faults.append(("chunk", fault))
        with pytest.raises(Transient) as raised:
            intake.add(session, 0, FILM, last=True)
        assert session not in str(raised.value), "whoever has it may send"
    at = intake.came(session)
    assert at is not None
    intake.add(session, at, FILM[at:], last=True)
    assert [kept.content for kept in storage.objects.values()] == [FILM]
