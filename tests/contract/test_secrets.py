"""One suite for every adapter of the secrets port, and what Secret Manager may answer besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.adapters.embedded.secrets import LocalSecrets
from common.adapters.google.secret_manager import AGE_S, SecretManager, session
from common.errors import BadInput, Permanent, Transient
from common.ports.secrets import Secrets
from tests.standins.secrets import PROJECT, Vault
from tests.standins.secrets import vault as standin

Kept = Callable[[dict[str, str]], Secrets]


@pytest.fixture
def vault() -> Iterator[Vault]:
    with standin() as running:
        yield running


def manager(vault: Vault, seconds: Callable[[], float] = lambda: 0.0, patience_s: float = 30.0) -> SecretManager:
    return SecretManager(vault.session, PROJECT, address=vault.address, seconds=seconds, patience_s=patience_s)


@pytest.fixture(params=["environment", "file", "secret manager"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> Kept:
    """Makes an adapter that has these secrets."""

    def make(secrets: dict[str, str]) -> Secrets:
        match request.param:
            case "environment":
                variables = {f"CUTROOM_SECRET_{name.upper().replace('-', '_')}": secrets[name] for name in secrets}
                return LocalSecrets(tmp_path / "none", variables)
            case "file":
                file = tmp_path / "secrets"
                file.touch(mode=0o600)
                file.write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
                return LocalSecrets(file, {})
            case _:
                vault.secrets = {name: value.encode() for name, value in secrets.items()}
                return manager(vault)

    return make


def test_a_secret_is_read_by_its_name(kept: Kept) -> None:
    secrets = kept({"gemini-api-key": "AIza+/=ü", "b": "2"})
    assert (secrets.get("gemini-api-key"), secrets.get("b")) == ("AIza+/=ü", "2")
    assert secrets.get("gemini-api-key") == "AIza+/=ü"


def test_a_missing_secret_is_none(kept: Kept) -> None:
    assert kept({"b": "2"}).get("gemini-api-key") is None
    assert kept({}).get("a") is None


@pytest.mark.parametrize(
    "name", ["", "Upper", "1st", "a_b", "a b", "../b", "b/versions/1", "b?x", "a\n", "a" * 64, "é"]
)
def test_a_name_is_checked(kept: Kept, vault: Vault, name: str) -> None:
    with pytest.raises(BadInput, match="no secret's name"):
        kept({"b": "2"}).get(name)
    assert not vault.asked


def test_many_threads_may_ask(kept: Kept) -> None:
    secrets = kept({"b": "2"})
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(secrets.get, ["b"] * 40)) == {"2"}


def test_a_value_is_asked_for_once_and_again_when_it_is_old(vault: Vault) -> None:
    now = [0.0]
    secrets = manager(vault, lambda: now[0])
    vault.secrets["a"] = b"old"
    assert [secrets.get("a") for _ in range(50)] == ["old"] * 50
    assert len(vault.asked) == 1
    vault.secrets["a"] = b"new"
    now[0] = AGE_S - 1
    assert secrets.get("a") == "old"
    now[0] = AGE_S + 1
    assert secrets.get("a") == "new"
    assert len(vault.asked) == 2


def test_what_was_missing_is_found_as_soon_as_it_is_there(vault: Vault) -> None:
    secrets = manager(vault)
    assert secrets.get("a") is None
    vault.secrets["a"] = b"there\n"  # as `echo there | gcloud secrets versions add` leaves it
    assert secrets.get("a") == "there"


@pytest.mark.parametrize("fault", [500, 503, 429, 408, 0, "changed"])
def test_what_passes_is_asked_for_again(vault: Vault, fault: int | str) -> None:
    vault.secrets["a"] = b"x"
    vault.faults = [fault]
    assert manager(vault).get("a") == "x"
    assert vault.asked == ["a", "a"]
    vault.faults = [fault] * 3
    with pytest.raises(Transient, match="Secret Manager does not answer for a"):
        manager(vault, patience_s=0.0).get("a")


@pytest.mark.parametrize("status", [400, 403, 302])
def test_what_a_person_must_mend_is_said_at_once(vault: Vault, status: int) -> None:
    vault.secrets["a"] = b"x"
    vault.faults = [status] * 2
    with pytest.raises(Permanent, match=f"refuses a .{status}: as the test wants.; run scripts/doctor") as error:
        manager(vault).get("a")
    assert error.value.code == "secrets_refused"
    assert len(vault.asked) == 1


def test_an_old_value_is_not_given_while_the_server_is_away(vault: Vault) -> None:
    now = [0.0]
    secrets = manager(vault, lambda: now[0], patience_s=0.0)
    vault.secrets["a"] = b"x"
    assert secrets.get("a") == "x"
    vault.faults, now[0] = [503], AGE_S + 1
    with pytest.raises(Transient):
        secrets.get("a")
    assert secrets.get("a") == "x"


def test_bytes_that_are_no_text_are_not_shown(vault: Vault) -> None:
    vault.secrets["a"] = b"hidden\xff"
    with pytest.raises(Permanent, match="no text") as error:
        manager(vault).get("a")
    assert "hidden" not in repr(error.value)


@pytest.fixture
def signed_in(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecretManager:
    """As it runs in the cloud: with the session of a service account."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(vault.account(tmp_path)))
    vault.secrets["a"] = b"x"

    def make() -> object:
        vault.sessions.append(session())
        return vault.sessions[-1]

    return SecretManager(make, PROJECT, address=vault.address, patience_s=0.0)


def test_it_signs_in_when_first_asked_and_when_its_access_token_is_old(vault: Vault, signed_in: SecretManager) -> None:
    assert vault.tokens == 0
    vault.faults = [401]
    assert signed_in.get("a") == "x"
    assert (vault.tokens, len(vault.asked)) == (2, 2)


@pytest.mark.parametrize(("status", "error"), [(400, Permanent), (503, Transient)])
def test_who_cannot_sign_in_is_told_so(
    vault: Vault, signed_in: SecretManager, status: int, error: type[Exception]
) -> None:
    vault.token_status = status
    with pytest.raises(error, match="Secret Manager"):
        signed_in.get("a")
    vault.token_status = 200
    assert signed_in.get("a") == "x"


def test_without_an_account_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(Permanent, match="run scripts/doctor"):
        SecretManager(session, PROJECT).get("a")


def test_a_server_that_is_not_there_passes(vault: Vault) -> None:
    vault.address = "http://127.0.0.1:9"
    with pytest.raises(Transient, match="tried again"):
        manager(vault, patience_s=0.0).get("a")
