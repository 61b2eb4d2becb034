"""A model in a child process: arrays and values cross whole, and whatever the child does is a typed error."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.adapters.models.child import Here, Remote, opened
from common.domain.track import Box
from common.errors import DeadlineExceeded, ModelRefused, ToolFailed
from common.media.tools import Limits
from common.ports.models import Heard

HERE = Here(source="odd@1", arguments={"name": "odd"}, facts={"quality": "draft"})


class Odd:
    """An adapter that does what it is told."""

    def __init__(self, name: str) -> None:
        if not name:
            raise ModelRefused("it has no name")
        self._name = name
        print("libraries print")

    def doubled(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        print("at any time")
        return samples * 2

    def heard(self, boxes: list[Box], *, text: str) -> list[Heard | None]:
        return [Heard(text=text + self._name, start=box.x, end=np.float64(1.5), confidence=None) for box in boxes] + [
            None
        ]

    def lies(self) -> list[Box]:
        answer: Any = [{"x": "far"}]
        return list(answer)

    def refuses(self) -> None:
        raise ModelRefused("model.bin is cut off; get it again")

    def crashes(self) -> None:
        os.abort()

    def breaks(self) -> None:
        raise RuntimeError("no luck")

    def hangs(self) -> None:
        time.sleep(60)

    def swells(self) -> int:
        return len(np.ones(1 << 31, np.uint8))


def odd(tmp_path: Path, limits: Limits | None = None) -> Any:
    return opened("tests.unit.test_child:Odd", HERE, scratch=tmp_path, limits=limits or Limits())


def test_arrays_and_values_cross_whole(tmp_path: Path) -> None:
    box = Box(x=0.25, y=0, width=1, height=1)
    with odd(tmp_path) as remote:
        samples = np.linspace(-1, 1, 400_000, dtype=np.float32).reshape(2, -1)
        assert np.array_equal(remote.doubled(samples), samples * 2)
        assert remote.heard([box], text="so ") == [Heard(text="so odd", start=0.25, end=1.5, confidence=None), None]
        assert (remote.source, remote.quality) == ("odd@1", "draft")


def test_a_typed_error_comes_back_as_itself_and_the_child_works_on(tmp_path: Path) -> None:
    with odd(tmp_path) as remote:
        with pytest.raises(ModelRefused, match="cut off"):
            remote.refuses()
        assert remote.doubled(np.ones(1, np.float32))[0] == 2


def test_a_model_that_cannot_be_made_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    here = Here(source="odd@1", arguments={"name": ""})
    with (
        pytest.raises(ModelRefused, match="has no name"),
        opened("tests.unit.test_child:Odd", here, scratch=tmp_path),
    ):
        pytest.fail("the block has begun")


@pytest.mark.parametrize(
    ("method", "said"), [("crashes", "in the middle"), ("breaks", "no luck"), ("lies", "may not"), ("swells", "Memory")]
)
def test_whatever_the_child_does_is_a_tool_failed_that_names_the_model(tmp_path: Path, method: str, said: str) -> None:
    with pytest.raises(ToolFailed, match=said) as told, odd(tmp_path, Limits(memory=2 << 30)) as remote:
        getattr(remote, method)()
    assert "odd@1" in str(told.value)


def test_a_child_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(DeadlineExceeded), odd(tmp_path, Limits(wall_s=1)) as remote:
        remote.hangs()


def test_a_child_ends_with_its_block(tmp_path: Path) -> None:
    with odd(tmp_path) as remote:
        running: Any = remote
        process = running._running.process
        remote.doubled(np.ones(1, np.float32))
    assert process.returncode == 0
    assert isinstance(remote, Remote)
