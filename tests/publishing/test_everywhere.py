"""The ledger and every platform's adapter together: each post goes out once, counted where it goes to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.chores.connections import channels
from common.ports.documents import Json
from common.ports.platforms import Tokens
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import World
from tests.publishing.desk import TENANT, Desk, desk
from tests.standins.platforms.network import Asked, Fault

FAULTS: tuple[Fault, ...] = ("lost", "reset", "late", 500, 503, 429, "policy", "gone", "quota")


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with WORLDS[request.param]() as made:
        yield made


@pytest.fixture
def at(world: World, tmp_path: Path) -> Desk:
    made = desk(tmp_path, world.platform)
    key = channels.key_of(TENANT, channels.id_of(world.network, world.account))
    tokens = Tokens(access=world.token, refresh=None, lasts_s=None, refresh_lasts_s=None, scopes=())
    made.channel(world.network, world.account, tokens=channels.sealed(made.tools, key, tokens))
    return made


def schedule(at: Desk, world: World, name: str = "one") -> str:
    channel = channels.id_of(world.network, world.account)
    return at.schedule(name, network=world.network, account=world.account, channel=channel, kind_of=world.kind)


def test_it_goes_out(at: Desk, world: World) -> None:
    body = at.until(schedule(at, world))
    assert (body["step"], world.posts()) == ("published", 1)
    assert body.get("error") is None and body["remote"] in [*world.site.posts, None]


def test_what_was_lost_is_found_and_what_was_not_sent_is_never_guessed(at: Desk, world: World) -> None:
    lost, reset = schedule(at, world, "lost"), schedule(at, world, "reset")
    world.meets(world.commit, "lost", "reset")
    first, second = at.until(lost), at.until(reset)
    steps = Counter([first["step"], second["step"]])
    assert steps["published"] == world.posts() and steps["published"] + steps["unknown"] == 2


def test_hundreds_of_faults_post_nothing_twice_and_lose_nothing(at: Desk, world: World) -> None:
    """A fifth of all requests fails somehow; what the ledger says at last is what the platform has."""
    by, late = random.Random(world.network), []

    def decide(asked: Asked) -> Fault | None:
        if by.random() > 0.2:
            return None
        fault = by.choice(FAULTS)
        if fault in ("policy", "gone") and asked.op not in (world.commit, world.anew):
            return 500
        if fault == "late":
            if asked.op != world.commit or not world.late:
                return "reset"
            late.append(asked)
        return fault

    world.site.decide = decide
    keys = [schedule(at, world, f"post-{n}") for n in range(25)]
    bodies: list[Json] = []
    for key in keys:
        at.until(key, until=lambda body: body["step"] == "unknown")
        world.site.catch_up()
        bodies.append(at.until(key, seconds=400_000))
    steps = Counter(body["step"] for body in bodies)
    assert set(steps) <= {"published", "failed", "unknown"}
    assert set(world.site.committed.values()) == {1}, "nothing is posted twice"
    remotes = [body["remote"] for body in bodies if body["step"] == "published" and body["remote"] is not None]
    assert len(set(remotes)) == len(remotes) and set(remotes) <= set(world.site.posts)
    assert steps["published"] <= world.posts() <= steps["published"] + steps["unknown"]
    assert steps["published"] >= 12, steps
