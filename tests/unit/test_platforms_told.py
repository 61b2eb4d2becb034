"""What CUTROOM_PLATFORMS says: a file, or what would be in it; what is wrong with it is said at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from common import config
from common.adapters.platforms import registry
from common.adapters.platforms.site import Site
from common.bootstrap import platforms
from common.errors import BadInput, Permanent

TOLD = {"x": {"address": "http://127.0.0.1:9", "version": "3", "on": True}}


@dataclass
class Told:
    """In the place of an adapter."""

    site: Site


@pytest.mark.parametrize("as_file", [True, False])
def test_it_is_a_file_or_the_same_as_it_stands(as_file: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.PLATFORMS, "x", f"{__name__}:Told")
    monkeypatch.setitem(registry.PLATFORMS, "tiktok", f"{__name__}:Told")
    file = tmp_path / "platforms.json"
    file.write_text(json.dumps(TOLD))
    settings = config.from_environment({"CUTROOM_PLATFORMS": str(file) if as_file else json.dumps(TOLD)})
    made: Callable[[str], object] = platforms.platforms(settings.platforms)
    assert made("x") == Told(Site(address="http://127.0.0.1:9", version="3", on=True)) and made("x") is made("x")
    assert made("tiktok") == Told(Site()), "of which nothing was said"
    with pytest.raises(Permanent, match="there is no platform 'myspace'"):
        made("myspace")


@pytest.mark.parametrize("told", ["{", '{"myspace": {}}', '{"x": {"on": "yes"}}', "/nowhere/platforms.json"])
def test_what_cannot_be_read_is_said_at_once(told: str) -> None:
    with pytest.raises(BadInput, match="CUTROOM_PLATFORMS"):
        platforms.platforms(config.from_environment({"CUTROOM_PLATFORMS": told}).platforms)
