"""Options and guards every test runs under."""

from __future__ import annotations

import gc
import socket
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.emulators import PROJECT, firestore_emulator
from tests.standins.storage import Storage
from tests.standins.storage import storage as standin

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

SLOW = ("/fault/", "/emulator/", "/cli/")  # whole pipelines, in processes of their own

# How long an example takes says how busy the machine is. A commit that was green stays green: its examples are the same
# each time, and --long looks for others.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("others", deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also the tests that take many minutes")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A name for each test that every worker gives alike: bytes made by a library may differ by the second."""
    return argname if isinstance(val, bytes) else None


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("others" if config.getoption("--long") else "same")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # What takes minutes begins first: last, it would leave all cores but one idle. All else is in random order. One
    # worker gets them, and the others take from the end of its list: of what is heavy little runs at once.
    items.sort(key=lambda item: not any(folder in item.nodeid for folder in SLOW))
    if config.getoption("--long"):
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes many minutes: scripts/test --long"))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    # What is imported and collected by now lasts to the end: no collection of garbage looks through it again.
    gc.collect()
    gc.freeze()


@pytest.fixture
def shared() -> Path:
    """Real footage beside the repository; tests that need it say so when it is not there."""
    if not SHARED.is_dir():
        pytest.skip(f"no real footage at {SHARED}")
    return SHARED


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in Cutroom's tests may leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def storage() -> Iterator[Storage]:
    """A Cloud Storage of this test's own."""
    with standin() as running:
        yield running
    with warnings.catch_warnings():
        # The library leaves the sockets of cut connections to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="session")
def firestore_address() -> Iterator[str]:
    """The Firestore emulator of this session."""
    with firestore_emulator() as address:
        yield address


@pytest.fixture
def firestore(firestore_address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Makes clients of a database of this test's own, in the emulator."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_address)
    database = f"t{uuid.uuid4().hex[:20]}"

    def client() -> Any:
        from google.cloud import firestore

        return firestore.Client(project=PROJECT, database=database)

    return client
