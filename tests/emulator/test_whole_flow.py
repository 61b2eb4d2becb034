"""The whole flow on the real emulators: a person uploads a video, and clips come out, whatever goes wrong between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators import pubsub_emulator
from tests.media import three_seconds
from tests.standins.cloud import MEDIA, LocalCloud, local_cloud

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def pubsub_address() -> Iterator[str]:
    with pubsub_emulator() as address:
        yield address


@pytest.fixture
def cloud(tmp_path: Path, firestore_address: str, pubsub_address: str) -> Iterator[LocalCloud]:
    with local_cloud(tmp_path, firestore=firestore_address, pubsub=pubsub_address) as made:
        yield made


def test_an_upload_becomes_clips(cloud: LocalCloud, tmp_path: Path) -> None:
    video = three_seconds(tmp_path)
    cloud.upload("ann", video)
    (flow,) = cloud.settled("ann", 1, within_s=150)
    told = cloud.flow("ann", flow["flow"])
    assert flow["state"] == "done", told
    clips = [name for bucket, name in cloud.storage.objects if bucket == MEDIA and name.endswith("clip-9x16.mp4")]
    assert clips, sorted(name for _, name in cloud.storage.objects)
    assert not cloud.refusals
    print({run["stage"]: (run["state"], run["place"]) for run in told["runs"]})
