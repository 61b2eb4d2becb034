from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.ports.documents import Documents
from tests.unit.accounts.office import Office, Ticking


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Documents]:
    if request.param == "firestore":
        yield FirestoreDocuments(request.getfixturevalue("firestore"))
        return
    store = SqliteDocuments(tmp_path / "store.sqlite")
    yield store
    store.close()


@pytest.fixture
def office(documents: Documents) -> Office:
    return Office(documents, Ticking())
