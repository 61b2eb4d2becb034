"""One suite for every adapter of the objects port."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from common.adapters.embedded.files import FileObjects
from common.adapters.google.storage import StorageObjects
from common.errors import BadInput, Permanent
from common.ports.objects import Objects, Stored
from tests.standins.storage import BUCKET


@pytest.fixture(params=["files", "storage"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "storage":
        return StorageObjects(request.getfixturevalue("storage").client, BUCKET)
    return FileObjects(tmp_path / "objects")


def test_what_was_put_is_read_back(objects: Objects, tmp_path: Path) -> None:
    stored = objects.put_new("t/a/x.bin", b"\0\1two")
    digest = hashlib.sha256(b"\0\1two").hexdigest()
    assert stored == Stored(key="t/a/x.bin", sha256=digest, size=5, created=True)
    assert objects.get("t/a/x.bin") == b"\0\1two"
    assert objects.fetch("t/a/x.bin", tmp_path).read_bytes() == b"\0\1two"
    assert objects.stat("t/a/x.bin") == Stored(key="t/a/x.bin", sha256=digest, size=5)


def test_a_part_is_read_alone(objects: Objects) -> None:
    objects.put_new("t/a", b"0123456789")
    assert objects.part("t/a", 0, 4) == b"0123"
    assert objects.part("t/a", 7, 100) == b"789"
    assert objects.part("t/a", 10, 4) == b""
    with pytest.raises(Permanent) as missing:
        objects.part("t/b", 0, 4)
    assert missing.value.code == "no_object"


def test_the_first_writer_wins(objects: Objects) -> None:
    first = objects.put_new("k/one", b"first")
    second = objects.put_new("k/one", b"second")
    assert (second.created, second.sha256) == (False, first.sha256)
    assert objects.get("k/one") == b"first"


def test_a_file_can_be_put(objects: Objects, tmp_path: Path) -> None:
    (tmp_path / "made.mp4").write_bytes(b"film")
    assert objects.put_new("k/film.mp4", tmp_path / "made.mp4").size == 4
    (tmp_path / "made.mp4").unlink()
    assert objects.get("k/film.mp4") == b"film"


def test_of_eight_writers_one_wins(objects: Objects) -> None:
    results: list[Stored] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(objects.put_new("k/race", bytes([n]) * 1000)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(stored.created for stored in results) == 1
    assert {stored.sha256 for stored in results} == {hashlib.sha256(objects.get("k/race")).hexdigest()}


def test_what_is_not_there(objects: Objects, tmp_path: Path) -> None:
    assert objects.stat("k/none") is None
    objects.delete("k/none")
    with pytest.raises(Permanent, match="gone"):
        objects.get("k/none")
    with pytest.raises(Permanent, match="gone"):
        objects.fetch("k/none", tmp_path)


def test_listing_shows_whole_objects_below_a_prefix(objects: Objects) -> None:
    for key in ("a/2", "a/1", "b/1"):
        objects.put_new(key, b"x")
    assert objects.list("a") == ["a/1", "a/2"]
    assert objects.list("") == ["a/1", "a/2", "b/1"]
    objects.delete("a/1")
    assert objects.list("a") == ["a/2"]


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/.hidden", "a\0b", "a/b\n", "-rf", "x" * 950]
)
def test_a_key_cannot_leave_the_bucket(objects: Objects, key: str) -> None:
    with pytest.raises(BadInput, match="no object key"):
        objects.put_new(key, b"")
