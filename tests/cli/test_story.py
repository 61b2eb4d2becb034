"""The whole story against scripts/serve."""

from __future__ import annotations

from pathlib import Path

from common.client import Cutroom
from tests import story
from tests.media import three_seconds
from tests.serving import served


def test_the_whole_story_on_one_machine(tmp_path: Path) -> None:
    video = three_seconds(tmp_path, "talk.mp4")
    with served(tmp_path) as server:
        story.tell(
            lambda **more: Cutroom(server.url, key=server.key, **more),
            None,  # one machine has one person
            lambda key: Cutroom(server.url, key=key),
            video,
            tmp_path,
        )
