"""The whole story on the real emulators, by people whose tokens are signed; and a person whose tokens are revoked."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from common.client import Cutroom, Unauthorized
from tests import story
from tests.emulators import pubsub_emulator
from tests.media import three_seconds
from tests.standins import people
from tests.standins.cloud import local_cloud

pytestmark = pytest.mark.emulator


def test_the_whole_story_on_the_cloud(tmp_path: Path, firestore_address: str, request: pytest.FixtureRequest) -> None:
    folder = tmp_path / "cloud"
    folder.mkdir()
    with pubsub_emulator() as pubsub, local_cloud(folder, firestore=firestore_address, pubsub=pubsub) as cloud:
        url = cloud.servers["api"].url

        def signed_in(subject: str, **more: str) -> Cutroom:
            token = cloud.as_person(subject)["Authorization"].removeprefix("Bearer ")
            return Cutroom(url, token=token, **more)  # type: ignore[arg-type]

        bob = signed_in("bob")
        bob.accounts.mine()
        story.tell(
            lambda **more: signed_in("ann", **more),
            bob,
            lambda key: Cutroom(url, key=key),
            three_seconds(tmp_path, "talk.mp4"),
            tmp_path,
            to_the_end=request.config.getoption("--long"),  # it waits out what may be on its way: 150 s and some ticks
        )

        eve = signed_in("eve")
        erasure = eve.erasures.leave(subject="eve")["id"]
        until = time.monotonic() + 75
        while cloud.revoked.get("eve") != people.GONE:
            assert time.monotonic() < until, "her account is there still"
            time.sleep(0.5)
        assert eve.erasures.one(erasure)["id"] == erasure, "she has nothing to sign in with, and needs nothing"

        cloud.revoked["bob"] = time.time() + 1
        until = time.monotonic() + 75
        with pytest.raises(Unauthorized):
            while time.monotonic() < until:
                bob.accounts.mine()
                time.sleep(5)
