"""The key of this machine: made once, and kept from others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.adapters.embedded.auth import LocalKey, refuse_reachable
from common.errors import BadInput, Unauthorized


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "key"
    key = LocalKey(file).key
    assert file.stat().st_mode & 0o777 == 0o600
    assert LocalKey(file).key == key
    assert len(key) >= 43 and LocalKey(tmp_path / "another").key != key


def test_those_who_start_at_once_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = {made.key for made in threads.map(LocalKey, [tmp_path / "key"] * 8)}
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_key_made_meanwhile_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = LocalKey(tmp_path / "key").key
    monkeypatch.setattr(Path, "exists", lambda file: False)
    assert LocalKey(tmp_path / "key").key == first


def test_a_file_that_others_can_read_is_no_key(tmp_path: Path) -> None:
    LocalKey(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(BadInput, match="mode 0640"):
        LocalKey(tmp_path / "key")


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"two words that are long enough for a key", b"\xff" * 43])
def test_a_file_without_a_key_opens_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(BadInput, match="holds no key"):
        LocalKey(tmp_path / "key")


def test_a_wrong_key_is_told_what_to_do(tmp_path: Path) -> None:
    key = LocalKey(tmp_path / "key")
    with pytest.raises(Unauthorized, match="printed at start"):
        key.person(key.key[:-1])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_the_loopback_is_ours(host: str) -> None:
    refuse_reachable(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.4", "example.com", "localhost.example.com"])
def test_others_could_reach_any_other_address(host: str) -> None:
    with pytest.raises(BadInput, match=r"use 127\.0\.0\.1"):
        refuse_reachable(host)
