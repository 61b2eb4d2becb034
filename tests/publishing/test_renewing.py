"""A sign-in is renewed before it ends, by one alone, and whatever happens on the way it is not burnt or it is said."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.chores import chore, work
from common.chores.connections import channels, renewing
from common.chores.connections.channels import Held
from common.domain.publication import Account
from common.errors import Later, PlatformSaid
from common.ports.clock import parse
from common.ports.documents import ABSENT, Json
from common.ports.platforms import App, Tokens
from tests.dying import Killed
from tests.hand import START
from tests.harness import Meddling
from tests.publishing.desk import TENANT, Desk
from tests.publishing.office import ANN, Office, channel, connect, grant, office, passes

ID = channels.id_of("x", "ann")


@pytest.fixture
def made(tmp_path: Path) -> tuple[Desk, Office]:
    at, of = office(tmp_path)
    connect(at, of)
    passes(at, 30)
    return at, of


def events(at: Desk) -> list[Json]:
    found = at.tools.engine.documents.query("events", parent=f"tenants/{TENANT}", order="n")
    return [snap.body for snap in found if snap.body["type"] == "alert.system"]


def works(at: Desk, of: Office) -> bool:
    """Whether the channel can be spoken for, by the platform's own word."""
    return channels.opened(at.tools, TENANT, ID).token in of.good


def test_it_is_renewed_at_four_fifths_of_its_life_and_again_and_again(made: tuple[Desk, Office]) -> None:
    at, of = made
    begun = at.clock.now()
    while of.asked.count("refresh") == 0:
        at.look()
    assert timedelta(minutes=47) <= at.clock.now() - begun <= timedelta(minutes=49)
    for _ in range(200):
        passes(at, 900)
        assert works(at, of), "and at no moment it could not be spoken for"
    assert of.asked.count("refresh") == pytest.approx(50 * 3600 / 2880, abs=2)


@pytest.mark.parametrize(
    ("life", "at_least"), [(600.0, 300.0), (1200.0, 600.0), (86_400.0, 17_280.0), (7200.0, 1440.0)]
)
def test_there_are_always_ten_minutes_left_or_half_of_it(life: float, at_least: float) -> None:
    tokens = Tokens(access="a", refresh="r", lasts_s=life, refresh_lasts_s=None, scopes=())
    told = renewing.times(tokens, START)
    assert (parse(told["expires"]) - parse(told["renew"])).total_seconds() == pytest.approx(at_least)


def test_what_lasts_until_it_is_revoked_is_left_alone(tmp_path: Path) -> None:
    at, of = office(tmp_path, lasts_s=None)
    connect(at, of)
    passes(at, 20 * 86_400)
    assert "refresh" not in of.asked and works(at, of)


def test_a_post_waits_while_its_channel_is_renewed_and_has_it_renewed(made: tuple[Desk, Office]) -> None:
    """The machine was off for three hours: nobody has renewed it."""
    at, of = made
    at.clock.move(3 * 3600)
    with pytest.raises(Later):
        channels.opened(at.tools, TENANT, ID)
    key = at.schedule()
    assert at.until(key)["step"] == "published"
    assert of.asked.count("refresh") == 1


def test_of_two_that_renew_at_once_one_does(made: tuple[Desk, Office]) -> None:
    """Each is called for the same chore, as a queue does that delivers twice."""
    at, of = made
    at.clock.move(3000)
    inside, go = threading.Event(), threading.Event()
    refresh = of.refresh

    def slow(app: App, tokens: Tokens) -> Tokens:
        inside.set()
        assert go.wait(10)
        return refresh(app, tokens)

    of.refresh = slow  # type: ignore[method-assign]
    key, endings = grant(at), list[str]()
    first = threading.Thread(target=lambda: endings.append(work.execute(at.tools, key)))
    first.start()
    assert inside.wait(10)
    assert work.execute(at.tools, key) == "busy"
    go.set()
    first.join(10)
    assert endings == ["waiting"] and of.asked.count("refresh") == 1 and works(at, of)


def test_who_held_it_too_long_finds_it_taken_and_renews_nothing(made: tuple[Desk, Office]) -> None:
    """It slept right before it would have asked; another has renewed meanwhile."""
    at, of = made
    at.clock.move(3000)
    key, app = grant(at), at.tools.app
    woken: list[str] = []

    def asleep(network: str) -> Any:
        at.tools = replace(at.tools, app=app)
        at.clock.move(120)
        woken.append(work.execute(at.tools, key))
        return app(network)

    assert work.execute(replace(at.tools, app=asleep), key) == "fenced"
    assert woken == ["waiting"] and of.asked.count("refresh") == 1 and works(at, of)


@pytest.mark.parametrize(
    "fault", ["not connected", "lost before", PlatformSaid("slow down", action="wait", after_s=60)]
)
def test_what_fails_keeps_the_old_and_is_tried_again(made: tuple[Desk, Office], fault: Any) -> None:
    at, of = made
    of.faults_of = {"refresh": [fault] * 3}
    for _ in range(20):
        passes(at, 300)
        assert works(at, of), "the old is good meanwhile"
    assert of.asked.count("refresh") >= 4 and not events(at)


def test_an_answer_that_was_lost_is_not_taken_for_a_no_and_the_second_no_is_believed(
    made: tuple[Desk, Office],
) -> None:
    at, of = made
    of.faults_of = {"refresh": ["lost after"]}
    key = at.schedule(after_s=7200)
    passes(at, 3500)
    body = channel(at)
    assert body["state"] == "broken" and "lost on its way" in body["error"] and "tokens" not in body
    assert of.asked.count("refresh") == 2, "the old was tried once more"
    (event,) = events(at)
    assert "Connect the channel again" in event["told"]
    at.until(key)
    assert at.step(key) == "held"
    connect(at, of)
    assert at.until(key)["step"] == "published"


def test_a_no_breaks_it_and_is_told_once(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.renewing.clear()
    passes(at, 86_400)
    body = channel(at)
    assert (body["state"], body["error"]) == ("broken", "invalid_grant: it was used")
    assert len(events(at)) == 1 and of.asked.count("refresh") == 1
    with pytest.raises(Held, match="connect the channel again"):
        channels.opened(at.tools, TENANT, ID)


def test_a_platform_that_is_away_for_a_day_is_not_waited_for_for_ever(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.faults_of = {"refresh": ["not connected"] * 1000}
    passes(at, 86_400)
    assert channel(at)["state"] == "connected"
    with pytest.raises(Later):
        channels.opened(at.tools, TENANT, ID)
    passes(at, 2 * 3600)
    assert channel(at)["state"] == "broken" and "for a day after it ended" in channel(at)["error"]
    assert of.asked.count("refresh") < 60, "and it was not stormed"


def test_whoever_dies_while_renewing_nothing_is_lost_that_can_be_kept(tmp_path: Path) -> None:
    """Killed before and after each write; a death between the platform's answer and our note is as an answer lost."""
    lost = 0
    for number in range(1, 30):
        home = tmp_path / str(number)
        home.mkdir()
        at, of = office(home)
        connect(at, of)
        passes(at, 30)
        at.clock.move(3000)
        left, inner, key = [number], at.tools.engine.documents, grant(at)

        def step(writes: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        at.with_documents(Meddling(inner, before=step, after=step))
        try:
            work.execute(at.tools, key)
        except Killed:
            at.reborn()
        at.with_documents(inner)
        passes(at, 7200)
        if channel(at)["state"] == "broken":
            lost += 1
            assert "lost on its way" in channel(at)["error"] and len(events(at)) == 1
        else:
            assert works(at, of) and not events(at)
        if left[0] > 0:
            break
    else:
        raise AssertionError("it never came to its end alive")
    assert lost == 1


def test_connected_again_while_it_is_renewed_the_new_one_stays(made: tuple[Desk, Office]) -> None:
    at, of = made
    old, refresh = grant(at), of.refresh
    at.clock.move(3000)

    def meanwhile(app: App, tokens: Tokens) -> Tokens:
        of.refresh = refresh  # type: ignore[method-assign]
        given = refresh(app, tokens)
        connect(at, of)
        return given

    of.refresh = meanwhile  # type: ignore[method-assign]
    work.execute(at.tools, old)
    assert works(at, of) and grant(at) != old
    tokens = channel(at)["tokens"]
    passes(at, 600)
    assert channel(at)["tokens"] == tokens, "the old sign-in's chore has left it alone"
    assert "due" not in at.read(old) and at.read(old)["memo"] == {"network": "x"}
    passes(at, 7200)
    assert works(at, of) and not events(at)


def test_who_must_connect_again_is_told_a_week_before(tmp_path: Path) -> None:
    at, of = office(tmp_path, refresh_lasts_s=30 * 86_400.0, renews=True)
    of.lasts_s = 86_400.0
    connect(at, of)
    begun, keeps = at.clock.now(), of.refresh

    def keeping(app: App, tokens: Tokens) -> Tokens:
        """What is renewed with stays the same, and ends when it was to end."""
        fresh = keeps(app, tokens)
        of.renewing = {str(tokens.refresh)}
        return replace(fresh, refresh=tokens.refresh, refresh_lasts_s=None)

    of.refresh = keeping  # type: ignore[method-assign]
    passes(at, 22 * 86_400)
    ends = channel(at)["ends"]
    assert parse(ends) - begun == timedelta(days=30) and works(at, of) and not events(at)
    passes(at, 2 * 86_400)
    (event,) = events(at)
    assert f"ends on {ends[:10]}" in event["told"] and channel(at)["warned"] == ends
    passes(at, 7 * 86_400)
    assert channel(at)["state"] == "broken" and "come to its end" in channel(at)["error"]


def test_what_cannot_be_renewed_is_good_until_its_end_and_people_are_told_before(tmp_path: Path) -> None:
    at, of = office(tmp_path, lasts_s=60 * 86_400.0, renews=False)
    connect(at, of)
    passes(at, 52 * 86_400)
    assert works(at, of) and not events(at), "four fifths of it have passed, and there was nothing to renew it with"
    passes(at, 2 * 86_400)
    assert works(at, of) and len(events(at)) == 1 and channel(at)["warned"] == channel(at)["ends"]
    passes(at, 7 * 86_400)
    assert channel(at)["state"] == "broken" and len(events(at)) == 2


def test_accounts_of_one_sign_in_are_renewed_together(tmp_path: Path) -> None:
    at, of = office(tmp_path)
    of.people = [ANN, Account(id="bob", name="Bob"), Account(id="eve", name="Eve", token="own-1")]
    connect(at, of)
    passes(at, 30)
    of.people[2] = Account(id="eve", name="Eve", token="own-2")
    passes(at, 3000)
    assert of.asked.count("refresh") == 1
    opened = {
        name: channels.opened(at.tools, TENANT, channels.id_of("x", name)).token for name in ("ann", "bob", "eve")
    }
    assert opened["ann"] == opened["bob"] in of.good and opened["eve"] == "own-2"
    of.people.pop()
    passes(at, 3000)
    assert channel(at, "eve")["state"] == "broken" and channel(at)["state"] == "connected"


def test_a_token_that_ended_before_its_time_is_renewed_and_the_post_goes_out_once(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.good.clear()
    key = at.schedule()
    assert at.until(key)["step"] == "published" and at.read(key).get("error") is None
    assert of.asked.count("refresh") == 1 and list(of.posts.values()) == [1] and not events(at)


def test_a_platform_that_refuses_the_next_one_too_is_believed(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.advances = [PlatformSaid("not you", code="token", action="reconnect") for _ in range(9)]
    key = at.schedule()
    body = at.until(key)
    assert body["step"] == "held" and body["error"]["code"] == "reconnect" and not of.posts
    assert channel(at)["state"] == "broken" and of.asked.count("refresh") == 1
    (told,) = events(at)
    assert "not you. Connect the channel again" in str(told), "as of any that is broken"


def test_disconnected_the_platform_is_told_and_what_waits_is_held(made: tuple[Desk, Office]) -> None:
    at, of = made
    key = at.schedule(after_s=86_400)
    disconnect(at)
    passes(at, 60)
    assert not of.good and not of.renewing
    assert channel(at)["revoked"] == "the platform was told that it is over"
    assert at.step(key) == "held" and at.read(key)["error"]["code"] == "disconnected"
    assert "due" not in at.read(key)
    connect(at, of)
    assert at.until(key)["step"] == "published"


def test_disconnected_from_a_platform_that_is_silent_that_is_said(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.faults_of = {"revoke": ["not connected"] * 9}
    disconnect(at)
    passes(at, 3600)
    assert of.asked.count("revoke") == renewing.REVOKES
    assert "take Cutroom away in its own settings" in channel(at)["revoked"]


def test_one_of_two_accounts_is_disconnected_and_the_other_goes_on(tmp_path: Path) -> None:
    at, of = office(tmp_path)
    of.people = [ANN, Account(id="bob", name="Bob")]
    connect(at, of)
    disconnect(at)
    passes(at, 7200)
    assert "revoke" not in of.asked and "1 more of your channels" in channel(at)["revoked"]
    assert channels.opened(at.tools, TENANT, channels.id_of("x", "bob")).token in of.good


def disconnect(at: Desk) -> None:
    """As the API does."""
    engine, key = at.tools.engine, channels.key_of(TENANT, ID)
    fields = {"state": "disconnected", "tokens": ABSENT, "expires": None, "ends": None, "error": None}
    where = grant(at)
    channels.changed(engine, key, lambda body: {**fields, "revoked": "the platform is being told"})
    chore.hasten(engine, where, revoke=ID)
