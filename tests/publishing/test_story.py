"""The whole story with each platform: connected, scheduled, out once, a lost answer found, its figures home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.bootstrap import platforms
from common.chores import work
from common.chores.connections.connecting import CALLBACK
from common.domain.publication import Network
from tests.api.conftest import Served, serving
from tests.api.test_publications_api import go, postable
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import World
from tests.receivers import Receivers

DOUBTED = ("x", "youtube", "tiktok")  # whose answer is lost here


@pytest.fixture
def worlds() -> Iterator[dict[str, World]]:
    with ExitStack() as held:
        yield {name: held.enter_context(make()) for name, make in WORLDS.items()}


@pytest.fixture
def served(tmp_path: Path, worlds: dict[str, World]) -> Iterator[Served]:
    sites = json.dumps({one.network: {"address": one.address, "on": True} for one in worlds.values()})
    by_network: dict[str, World] = {one.network: one for one in worlds.values()}
    given: dict[str, Any] = {"platform": platforms.platforms(sites), "app_of": lambda network: by_network[network].app}
    with serving(tmp_path, Receivers(), **given) as made:
        made.clock.at = datetime.now(UTC)  # as their servers' Date has it
        for one in worlds.values():
            one.site.now = lambda: made.clock.now().timestamp()
            one.site.redirect = f"https://cutroom.example{CALLBACK}"
        yield made


def connect(served: Served, world: World) -> str:
    """As a person does it, with a browser that the stand-in sends back; the channel's id."""
    url = served.told("POST", "/v1/connections", status=201, json={"network": world.network})["url"]
    back = world.site.allowed(world.owner, url)
    assert served.ask("GET", CALLBACK, by=None, params=back).status_code == 200
    go(served, 3)
    there = served.told("GET", f"/v1/channels?network={world.network}&state=connected")["items"]
    return str(next(one["id"] for one in there if one["account"] == world.account))


def states(served: Served, posts: list[Any]) -> dict[Network, str]:
    now = [served.told("GET", f"/v1/publications/{one['id']}") for one in posts]
    return {one["network"]: one["state"] for one in now}


def test_one_clip_goes_out_everywhere_and_its_figures_come_home(served: Served, worlds: dict[str, World]) -> None:
    clip = postable(served)
    there = [connect(served, one) for one in worlds.values()]
    at = (served.clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = {"clip": clip, "channels": there, "at": at}
    posts = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    assert served.told("POST", "/v1/publications", status=201, json=wanted)["items"] == posts, "two wanted the same"
    for name in DOUBTED:
        worlds[name].site.faults[worlds[name].commit].append("lost")
    go(served, 110)
    assert not any(one.posts() for one in worlds.values()), "nobody sees anything before its time"
    go(served, 15)
    first = states(served, posts)
    assert {first[worlds[name].network] for name in worlds if name not in DOUBTED} == {"published"}, first
    go(served, 60)
    told = states(served, posts)
    assert [name for name, state in told.items() if state != "published"] == []
    assert {name: one.posts() for name, one in worlds.items()} == dict.fromkeys(worlds, 1)

    for one in worlds.values():
        one.counted(zero=True)
    for _ in range(24 * 29):  # tokens end and are renewed on the way
        served.clock.at += timedelta(hours=1)
        work.rescue(served.engine)
        while served.post.deliver(served.engine):
            pass
    broken = {one["network"]: one["error"] for one in served.told("GET", "/v1/channels?state=broken")["items"]}
    for one in posts:
        told = served.told("GET", f"/v1/publications/{one['id']}/insights")
        if served.told("GET", f"/v1/publications/{one['id']}")["remote"] is None or one["network"] in broken:
            continue
        assert told["outcome"] is not None, one["network"]
        assert told["outcome"]["metrics"]["views"] in (0, None) and told["outcome"]["predicted"] is not None
        assert len(told["items"]) >= 20, (one["network"], [each["day"] for each in told["items"]])
    assert set(broken) <= {"linkedin"}, broken  # whose sign-in ends without a way to renew it
