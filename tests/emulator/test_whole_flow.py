"""The whole flow on the real emulators: a person uploads a video, and clips come out, whatever goes wrong between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from common import config
from common.bootstrap.cloud import connect
from common.domain.settings import FlowSettings
from common.pipeline import flows
from tests.emulators import pubsub_emulator
from tests.media import three_seconds
from tests.standins.cloud import MEDIA, PAUSE_S, UPLOADS, LocalCloud, local_cloud

pytestmark = pytest.mark.emulator

BREAD = """WEBVTT

00:00.200 --> 00:02.800
Our bakery sells fresh bread every morning, and on Sundays rolls and cake as well.
"""


@pytest.fixture(scope="module")
def pubsub_address() -> Iterator[str]:
    with pubsub_emulator() as address:
        yield address


@pytest.fixture
def cloud(
    tmp_path_factory: pytest.TempPathFactory, firestore_address: str, pubsub_address: str
) -> Iterator[LocalCloud]:
    """One for each test: what two hundred uploads leave to do would be in the way of the next."""
    folder = tmp_path_factory.mktemp("cloud")
    with local_cloud(folder, firestore=firestore_address, pubsub=pubsub_address) as made:
        yield made


def _clips(cloud: LocalCloud, flow: str) -> list[str]:
    asset = flow.partition("-")[0]
    found = [name for bucket, name in cloud.storage.objects if bucket == MEDIA and f"/{asset}/" in name]
    return [name for name in found if name.endswith("clip-9x16.mp4")]


def test_an_upload_becomes_clips_and_then_again_whatever_goes_wrong(cloud: LocalCloud, tmp_path: Path) -> None:
    """Once as it should be; then another file, with every message twice, what can break broken, a server killed."""
    cloud.upload("ann", three_seconds(tmp_path))
    (flow,) = cloud.settled("ann", 1, within_s=300, tick_every_s=15)
    told = cloud.flow("ann", flow["id"])
    assert flow["state"] == "done", told
    assert _clips(cloud, flow["id"]), sorted(name for _, name in cloud.storage.objects)
    assert {run["place"] for run in told["runs"]} == {"task", "pool", None}
    assert all(run["place_reason"] for run in told["runs"] if run["place"])
    assert cloud.refusals == []

    cloud.doubled = True
    cloud.tasks.double(10_000)
    cloud.upload("bob", three_seconds(tmp_path, "other.mp4"))
    cloud.storage.faults += [("media", "503"), ("media", "half"), ("insert", "503"), ("insert", "lost"), ("get", "503")]
    _until(lambda: any(_slow(run) for run in _runs(cloud, "bob")), "a run is at work that takes seconds")
    cloud.tasks.lose(1)
    server = cloud.servers["work"]
    server.kill()
    server.start()
    server.wait()
    (other,) = cloud.settled("bob", 1, within_s=300, tick_every_s=5)
    again = cloud.flow("bob", other["id"])
    assert other["state"] == "done", again
    assert len(_clips(cloud, other["id"])) == len(_clips(cloud, flow["id"]))
    assert [(run["stage"], run["number"], run["state"]) for run in again["runs"]] == [
        (run["stage"], run["number"], run["state"]) for run in told["runs"]
    ]
    assert any(run["attempt"] and run["attempt"] > 1 for run in again["runs"]), "somebody was killed at work"
    cloud.doubled = False


def test_one_upload_does_not_wait_for_anothers_two_hundred(cloud: LocalCloud, tmp_path: Path) -> None:
    for n in range(200):
        cloud.storage.insert(UPLOADS, {"name": f"t/many/{n}/broken.mp4"}, b"this is no video", None)
    _until(lambda: len(cloud.finalized) == 0, "all events are delivered", within_s=120)
    states = [flow["state"] for flow in cloud.flows("many")]
    assert states.count("running") <= 4
    one = tmp_path / "one.mp4"
    one.write_bytes(b"this is no video either")
    began = time.monotonic()
    cloud.upload("one", one)
    (flow,) = cloud.settled("one", 1, within_s=180, tick_every_s=15)
    waited = time.monotonic() - began
    left = [other["state"] for other in cloud.flows("many")].count("waiting")
    assert flow["state"] == "failed" and flow["error"]["code"] == "not_media", flow
    assert left > 20, f"the one took {waited:.0f} s, and of the many {left} were left"


def test_a_clip_is_found_by_what_it_means(cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sentence is read by a worker, the question by the API, and Firestore says what is near."""
    asset = cloud.upload("ann", three_seconds(tmp_path))
    _until(lambda: cloud.flows("ann"), "a flow on the upload has begun")
    for name, value in cloud.servers["work"].environment.items():
        monkeypatch.setenv(name, value)
    engine = connect(config.cloud_from_environment()).engine
    given = engine.objects.put_new("t/ann/given.vtt", BREAD.encode()).key
    flow = flows.start(engine, "ann", asset, FlowSettings(transcript=given)).flow.id
    cloud.settled("ann", 2, within_s=300, tick_every_s=15)
    assert cloud.flow("ann", flow)["state"] == "done"

    def looked_for(text: str) -> dict[str, Any]:
        """Where the model is slow to start, it is said to be left out, and is there for the next."""
        for _ in range(10):
            time.sleep(PAUSE_S)
            url, who = f"{cloud.servers['api'].url}/v1/search", cloud.as_person("ann")
            answer = requests.post(url, json={"text": text}, headers=who, timeout=30)
            assert answer.status_code == 200, answer.text
            told: dict[str, Any] = answer.json()
            if [one["what"] for one in told["left_out"]] != ["meaning"]:
                return told
        raise AssertionError(told["left_out"])

    near = looked_for("loaves out of the oven")
    assert near["left_out"] == [] and [hit["flow"] for hit in near["items"]] == [flow], near
    assert near["items"][0]["words"] == [] and near["items"][0]["meaning"] > 0.25, "it has none of these words"
    assert looked_for("a football match")["items"] == []


def _slow(run: dict[str, object]) -> bool:
    return run["state"] == "running" and run["stage"] in ("track", "read", "render")


def _runs(cloud: LocalCloud, person: str) -> list[dict[str, object]]:
    return [run for flow in cloud.flows(person) for run in cloud.flow(person, flow["id"])["runs"]]


def _until(holds: object, what: str, *, within_s: float = 90) -> None:
    assert callable(holds)
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, f"not within {within_s:g} s: {what}"
        time.sleep(0.1)
