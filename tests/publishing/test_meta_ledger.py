"""Posts to Instagram and Facebook by the ledger, whatever fails there: at most one each, by Meta's own count."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.chores.connections import channels
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.meta import MetaWorld
from tests.publishing.desk import Desk, desk
from tests.publishing.plain import TOKEN
from tests.standins.platforms.network import Asked, Token

NETWORKS = ("instagram", "facebook")
FAULTS = st.sampled_from([None, None, "lost", "reset", "late", "503", "429", "gone", "blocked", "transient", "denied"])


def at_desk(home: Path, world: MetaWorld) -> tuple[Desk, str]:
    """A desk whose clock is Meta's too, and a post that is due."""
    made = desk(home, world.platform)
    site = world.site
    site.tokens[TOKEN] = Token(account=site.page(world.account).id, until=math.inf, scopes=site.scopes)
    site.now = lambda: made.clock.now().timestamp()
    made.channel(world.network, world.account)
    channel = channels.id_of(world.network, world.account)
    return made, made.schedule(network=world.network, account=world.account, channel=channel)


def meets(world: MetaWorld, told: str | None, asked: Asked) -> Any:
    if told in ("gone", "blocked", "transient", "denied"):
        return world.site.error(world.site.fault(told, asked))
    return int(told) if told in ("503", "429") else told


@pytest.mark.parametrize("network", NETWORKS)
def test_a_lost_answer_is_found_and_the_post_is_out_once(tmp_path: Path, network: str) -> None:
    with WORLDS[network]() as world:
        at, key = at_desk(tmp_path, world)
        world.meets("commit", "lost")
        assert at.until(key, until=lambda body: body["step"] == "unknown")["error"]["code"] == "unknown"
        body = at.until(key)
        assert body["step"] == "published" and world.posts() == 1
        if network == "instagram":
            assert body["remote"] is None and body["url"] is None, "which one it is Instagram never says"
            assert body["left_out"][0]["what"] == "the address"
        else:
            assert body["url"] == f"https://www.facebook.com/reel/{body['remote']}/"


@pytest.mark.parametrize("network", NETWORKS)
def test_a_commit_that_never_came_is_sent_again_and_once(tmp_path: Path, network: str) -> None:
    with WORLDS[network]() as world:
        at, key = at_desk(tmp_path, world)
        world.meets("commit", "reset")
        body = at.until(key)
        assert body["step"] == "published" and world.posts() == 1 and world.begun() == 1
        assert body["url"]


@settings(max_examples=40)
@given(network=st.sampled_from(NETWORKS), faults=st.lists(FAULTS, max_size=14), catches=st.integers(0, 20))
def test_whatever_fails_it_is_out_once_or_said_not_to_be(
    tmp_path_factory: pytest.TempPathFactory, network: str, faults: list[str | None], catches: int
) -> None:
    """`catches`: after so many requests those that were late are done."""
    with WORLDS[network]() as world:
        at, key = at_desk(tmp_path_factory.mktemp("desk"), world)
        left = iter(faults)
        count = 0

        def decide(asked: Asked) -> Any:
            nonlocal count
            count += 1
            if count == catches:
                world.site.catch_up()
            return meets(world, next(left, None), asked)

        world.site.decide = decide
        body = at.until(key, seconds=300_000)
        assert max(world.site.committed.values(), default=0) <= 1 and world.posts() <= 1
        assert "due" not in body, "it ends"
        if body["step"] == "published":
            assert world.posts() == 1
        if body["step"] == "failed":
            assert world.posts() == 0, body
