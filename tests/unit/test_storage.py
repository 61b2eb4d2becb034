"""What Cloud Storage may do to a transfer, and what of it is ours to survive."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.adapters.google.storage import CHUNK, StorageObjects
from common.errors import Permanent, Transient
from tests.standins.storage import BUCKET, Storage


@pytest.fixture
def objects(storage: Storage) -> StorageObjects:
    return StorageObjects(storage.client, BUCKET)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file of two chunks and a half."""
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(CHUNK * 5 // 2))
    return path


def test_a_file_goes_up_in_chunks_and_comes_back_whole(
    storage: Storage, objects: StorageObjects, film: Path, tmp_path: Path
) -> None:
    stored = objects.put_new("t/film.mp4", film)
    assert stored.created and stored.size == film.stat().st_size
    assert sum(one.startswith("PUT") for one in storage.requests) == 3
    assert objects.fetch("t/film.mp4", tmp_path / "scratch").read_bytes() == film.read_bytes()
    assert objects.stat("t/film.mp4") == objects.put_new("t/film.mp4", b"another")


@pytest.mark.parametrize(
    "fault",
    [("chunk", "503"), ("insert", "503"), ("chunk", "drop"), ("chunk", "half"), ("media", "503"), ("get", "503")],
)
def test_a_transfer_survives_what_passes(
    storage: Storage, objects: StorageObjects, film: Path, tmp_path: Path, fault: tuple[str, str]
) -> None:
    storage.faults.append(fault)
    objects.put_new("t/film.mp4", film)
    assert objects.stat("t/film.mp4") is not None
    assert objects.fetch("t/film.mp4", tmp_path).read_bytes() == film.read_bytes()
    assert not storage.faults


def test_a_write_whose_answer_was_lost_is_there_once(storage: Storage, objects: StorageObjects) -> None:
    storage.faults.append(("insert", "lost"))
    stored = objects.put_new("t/a", b"once")
    assert objects.get("t/a") == b"once"
    assert stored == objects.stat("t/a")


def test_a_delete_whose_answer_was_lost_is_no_error(storage: Storage, objects: StorageObjects) -> None:
    objects.put_new("t/a", b"once")
    storage.faults.append(("delete", "lost"))
    objects.delete("t/a")
    assert objects.stat("t/a") is None


def test_what_somebody_else_wrote_is_named(storage: Storage, objects: StorageObjects) -> None:
    storage.insert(BUCKET, {"name": "t/stranger"}, b"x", None)
    with pytest.raises(Permanent, match="its digest is missing"):
        objects.stat("t/stranger")


def test_a_server_that_is_away_passes(storage: Storage) -> None:
    storage.address = "127.0.0.1:9"
    with pytest.raises(Transient, match="tried again"):
        StorageObjects(storage.client, BUCKET, patience_s=0.5).get("t/a")
