"""scripts/smoke on the real emulators and servers: clips come; with a trigger switched off, it is named."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators import pubsub_emulator
from tests.standins.cloud import LocalCloud, local_cloud

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cloud(tmp_path: Path, firestore_address: str) -> Iterator[LocalCloud]:
    folder = tmp_path / "cloud"
    folder.mkdir()
    with pubsub_emulator() as pubsub, local_cloud(folder, firestore=firestore_address, pubsub=pubsub) as made:
        yield made


def smoke(cloud: LocalCloud, person: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    token = cloud.as_person(person)["Authorization"].removeprefix("Bearer ")
    return subprocess.run(
        [ROOT / "scripts" / "smoke", "--url", cloud.servers["api"].url, *arguments],
        env={**os.environ, "CUTROOM_TOKEN": token},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
    )


def test_clips_come_and_a_trigger_that_is_off_is_named(cloud: LocalCloud) -> None:
    well = smoke(cloud, "ann", "--within", "120")
    assert well.returncode == 0, f"{well.stdout}{well.stderr}{cloud.refusals}"
    assert "the event came" in well.stdout and "clip: all triggers fired" in well.stdout

    cloud.tasks.lose(1000)
    lost = smoke(cloud, "bob", "--patience", "8")  # its flow has to come in this time too
    assert lost.returncode == 1
    assert "the event came" in lost.stdout
    assert "task queue (Cloud Tasks)" in lost.stderr and "did not fire: ingest has been queued" in lost.stderr

    cloud.storage.heard.clear()
    unheard = smoke(cloud, "cat", "--patience", "4")
    assert unheard.returncode == 1
    assert "the upload event (Eventarc) did not fire" in unheard.stderr
