"""Fingerprints: equal bytes are linked, a re-encoded copy is recognised, another video is not."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from common.domain.codec import to_json
from common.errors import RejectedMedia
from common.media.hashing import PICTURES, SAME_BITS, distance, hamming, perceptual_hash, pictures, sha256_of
from common.media.probe import probe
from common.stages import fingerprint
from tests.work import OneStage, make_work

MANDELBROT = "mandelbrot=s=320x180:r=25,trim=duration=6"
MOVING = "testsrc2=s=320x180:r=25:d=6"


class Library(OneStage):
    """A tenant with other assets."""

    others: list[dict[str, Any]]

    def find(self, collection: str, field: str, value: Any) -> list[dict[str, Any]]:
        assert collection == "assets"
        return [document for document in self.others if document.get(field) == value]


def encode(target: Path, source: str, *args: str) -> Path:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source, *args, str(target)],
        check=True,
        timeout=300,
    )
    return target


def fingerprinted(folder: Path, path: Path, others: list[dict[str, Any]] | None = None, asset: str = "a1") -> Any:
    folder.mkdir(exist_ok=True)
    plain = make_work(folder, source=path)
    found = probe(path, scratch=plain.scratch)
    given = {"ingest": {"probe": to_json(found)}}
    work = Library(root=folder, path=path, given=given, settings=plain.settings, models=plain.models)
    work.others, work.asset = others or [], asset
    return fingerprint.run(work), work


def test_sha256_says_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 10_000)
    steps: list[tuple[int, int]] = []
    assert sha256_of(path, lambda done, total: steps.append((done, total))) == (
        hashlib.sha256(path.read_bytes()).hexdigest()
    )
    assert steps == [(1 << 20, 2_560_000), (2 << 20, 2_560_000), (2_560_000, 2_560_000)]


def test_a_hash_survives_noise_and_tells_pictures_apart() -> None:
    random = np.random.default_rng(7)
    one, other = (np.kron(random.integers(20, 220, (8, 8)), np.ones((4, 4))).astype(np.uint8) for _ in range(2))
    noisy = np.clip(one + random.normal(0, 6, one.shape) + 10, 0, 255).astype(np.uint8)
    a, b, c = (perceptual_hash(picture) for picture in (one, noisy, other))
    assert a is not None and b is not None and c is not None
    assert len(a) == 16
    assert hamming(a, b) <= SAME_BITS < hamming(a, c)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_flat_picture_has_no_hash(grey: int) -> None:
    assert perceptual_hash(np.full((32, 32), grey, np.uint8)) is None


def test_distance_needs_half_of_the_pictures() -> None:
    ones, zeros = "f" * 16, "0" * 16
    assert hamming(ones, zeros) == 64
    assert distance([ones] * 8, [ones] * 4 + [zeros] * 4) == 32
    assert distance([ones] * 8, [ones] * 4 + [None] * 4) == 0
    assert distance([ones] * 8, [ones] * 3 + [None] * 5) is None
    assert distance([], [ones] * 8) is None


def test_a_reencoded_smaller_copy_is_similar_and_another_video_is_not(tmp_path: Path) -> None:
    first = encode(tmp_path / "a.mp4", MANDELBROT, "-c:v", "libx264", "-preset", "ultrafast")
    copy = encode(
        tmp_path / "b.webm", MANDELBROT, "-vf", "scale=200:112,eq=brightness=0.03",
        "-c:v", "libvpx", "-deadline", "realtime", "-b:v", "300k", "-g", "60", "-t", "5.8",
    )  # fmt: skip
    other = encode(tmp_path / "c.mp4", MOVING, "-c:v", "libx264", "-preset", "ultrafast")

    outcome, work = fingerprinted(tmp_path / "1", first)
    document = {"id": "a1", **outcome.documents["assets/a1"]}
    assert document["duration_s"] == 6
    assert outcome.result["duplicate_of"] is None and outcome.result["similar_to"] is None
    assert len([found for found in outcome.result["phash"] if found]) == PICTURES
    assert work.claimed == {f"sha256/{outcome.result['sha256']}": "a1"}
    assert work.steps[-1][:2] == (first.stat().st_size, first.stat().st_size)

    again, _ = fingerprinted(tmp_path / "2", copy, [document], asset="a2")
    assert again.result["similar_to"] == "a1"
    assert again.result["duplicate_of"] is None
    elsewhere, _ = fingerprinted(tmp_path / "3", other, [document], asset="a3")
    assert elsewhere.result["similar_to"] is None


def test_the_same_bytes_are_a_duplicate_and_not_also_similar(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", MOVING, "-t", "1", "-c:v", "libx264", "-preset", "ultrafast")
    first, work = fingerprinted(tmp_path / "1", path)
    work.others = [{"id": "a1", **first.documents["assets/a1"]}]
    work.asset = "a2"
    second = fingerprint.run(work)
    assert second.result["duplicate_of"] == "a1"
    assert second.result["similar_to"] is None
    work.asset = "a1"
    assert fingerprint.run(work).result["duplicate_of"] is None


def test_other_bytes_than_those_announced_are_rejected_and_claim_nothing(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", MOVING, "-t", "1", "-c:v", "libx264", "-preset", "ultrafast")
    told, work = fingerprinted(tmp_path / "1", path)
    announced = replace(work.source, sha256=told.result["sha256"])
    with patch.object(Library, "source", announced):
        assert fingerprint.run(work).result["sha256"] == announced.sha256
    work.claimed.clear()
    with (
        patch.object(Library, "source", replace(announced, sha256="0" * 64)),
        pytest.raises(RejectedMedia, match="send it again") as rejected,
    ):
        fingerprint.run(work)
    assert rejected.value.code == "other_bytes" and work.claimed == {}


@pytest.mark.parametrize(
    "args",
    [("-t", "1"), ("-t", "1", "-r", "2"), ("-g", "9999", "-sc_threshold", "0"), ("-bf", "0")],
    ids=["one second", "two frames", "one key frame", "no B frames"],
)
def test_every_position_has_a_picture(tmp_path: Path, args: tuple[str, ...]) -> None:
    path = encode(tmp_path / "a.mp4", MOVING, *args, "-c:v", "libx264", "-preset", "ultrafast")
    got = pictures(path, probe(path, scratch=tmp_path), scratch=tmp_path)
    assert len([picture for picture in got if picture is not None]) >= PICTURES // 2
    assert all(picture is None or picture.shape == (32, 32) for picture in got)
