"""One suite for every adapter of the vault port, and what each may meet besides."""

from __future__ import annotations

import base64
import json
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.adapters.embedded.vault import LocalVault
from common.adapters.google.vault import KmsVault
from common.errors import BadInput, Permanent, Transient
from common.ports.vault import Vault
from tests.standins.kms import KEY, Kms
from tests.standins.kms import kms as standin
from tests.standins.loopback import Reply

ABOUT = "tenants/t/channels/c"
OTHER_KEY = KEY.replace("tokens", "another")
TEXTS = ["a token", "", "\u202e💸' OR 1=1 --\x00", "x" * 40_000, json.dumps({"access": "a", "refresh": None})]


@pytest.fixture
def kms() -> Iterator[Kms]:
    with standin() as running:
        yield running


@dataclass
class World:
    """A vault; `other` has another key."""

    vault: Vault
    other: Vault


@pytest.fixture(params=["file", "cloud kms"])
def world(request: pytest.FixtureRequest, tmp_path: Path, kms: Kms) -> World:
    if request.param == "file":
        return World(LocalVault(tmp_path / "vault.key"), LocalVault(tmp_path / "other.key"))
    kms.keys[OTHER_KEY] = [os.urandom(32)]
    return World(KmsVault(kms.session, KEY, address=kms.address), KmsVault(kms.session, OTHER_KEY, address=kms.address))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_is_sealed_opens_as_it_was(world: World, text: str) -> None:
    sealed = world.vault.seal(text, ABOUT)
    assert world.vault.open(sealed, ABOUT) == text
    assert sealed.isascii() and (len(text) < 5 or text not in sealed)


def test_no_two_seals_are_alike(world: World) -> None:
    assert len({world.vault.seal("the same", ABOUT) for _ in range(50)}) == 50


def test_it_opens_nothing_about_something_else(world: World) -> None:
    sealed = world.vault.seal("a token", ABOUT)
    for about in ("tenants/t/channels/d", "tenants/u/channels/c", "", ABOUT + " "):
        with pytest.raises(Permanent, match="another key, or altered; connect the channel again") as error:
            world.vault.open(sealed, about)
        assert error.value.code == "sealed" and "a token" not in str(error.value)


def test_another_key_opens_nothing(world: World) -> None:
    with pytest.raises(Permanent) as error:
        world.other.open(world.vault.seal("a token", ABOUT), ABOUT)
    assert error.value.code == "sealed"


def test_not_one_altered_byte_is_passed_over(world: World) -> None:
    sealed = world.vault.seal("a token", ABOUT)
    form, raw = sealed[: sealed.find(".") + 1], bytearray(base64.b64decode(sealed.partition(".")[2] or sealed))
    for n in range(len(raw)):
        changed = raw[:n] + bytes([raw[n] ^ 1]) + raw[n + 1 :]
        with pytest.raises(Permanent) as error:
            world.vault.open(form + base64.b64encode(changed).decode(), ABOUT)
        assert error.value.code == "sealed"


@pytest.mark.parametrize("sealed", ["", "v1.", "v1.AAAA", "nonsense", "v1.é", "v2.AAAA", "=" * 100])
def test_what_was_never_sealed_opens_nothing(world: World, sealed: str) -> None:
    with pytest.raises(Permanent) as error:
        world.vault.open(sealed, ABOUT)
    assert error.value.code == "sealed"


# --- a file ---------------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_by_many_at_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file, sealed = tmp_path / "deep" / "vault.key", list[str]()
    start = threading.Barrier(8)

    def seal() -> None:
        start.wait()
        sealed.append(LocalVault(file).seal("a token", ABOUT))

    threads = [threading.Thread(target=seal) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [LocalVault(file).open(one, ABOUT) for one in sealed] == ["a token"] * 8
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and [one.name for one in file.parent.iterdir()] == ["vault.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "vault.key"
    LocalVault(file).seal("a token", ABOUT)
    file.chmod(mode)
    with pytest.raises(BadInput, match="chmod 600"):
        LocalVault(file).seal("a token", ABOUT)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_that_is_none_is_not_used(tmp_path: Path, size: int) -> None:
    file = tmp_path / "vault.key"
    file.touch(mode=0o600)
    file.write_bytes(b"x" * size)
    with pytest.raises(BadInput, match="no key of 32 bytes"):
        LocalVault(file).seal("a token", ABOUT)


# --- Cloud KMS ------------------------------------------------------------------------------------------------------


def test_what_an_older_version_sealed_opens_after_a_rotation(kms: Kms) -> None:
    vault = KmsVault(kms.session, KEY, address=kms.address)
    old = vault.seal("old", ABOUT)
    kms.rotate()
    assert [vault.open(one, ABOUT) for one in (old, vault.seal("new", ABOUT))] == ["old", "new"]


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_a_silence_passes_by_itself(kms: Kms, status: int) -> None:
    vault = KmsVault(kms.session, KEY, address=kms.address)
    sealed = vault.seal("a token", ABOUT)
    kms.faults = [status] * 9
    with pytest.raises(Transient, match="it is tried again"):
        vault.seal("a token", ABOUT)
    with pytest.raises(Transient, match="it is tried again"):
        vault.open(sealed, ABOUT)
    kms.faults = []
    assert vault.open(sealed, ABOUT) == "a token"


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_is_whoever_runs_this_to_mend(kms: Kms, status: int) -> None:
    kms.faults = [status]
    with pytest.raises(Permanent, match=rf"refuses \({status}\); run scripts/doctor") as error:
        KmsVault(kms.session, KEY, address=kms.address).seal("a token", ABOUT)
    assert error.value.code == "kms_refused"


@pytest.mark.parametrize("answer", [b"no JSON", b"[]", b"{}", b'{"plaintext": "\xc3\xa9"}', b"7", b"null"])
def test_an_answer_that_cannot_be_read_is_no_answer(kms: Kms, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.standins.kms._reply", lambda *_: _of(answer))
    vault = KmsVault(kms.session, KEY, address=kms.address)
    with pytest.raises(Transient, match="cannot be read"):
        vault.seal("a token", ABOUT)
    if answer != b"{}":  # which is how nothing at all is sent
        with pytest.raises(Transient, match="cannot be read"):
            vault.open("AAAA", ABOUT)


def _of(answer: bytes) -> Reply:
    return Reply(status=200, body=answer)
