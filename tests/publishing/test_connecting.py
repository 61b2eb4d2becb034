"""Connecting an account: once, by whoever began it, and what waited for it goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.accounts import audit
from common.chores import exports, work
from common.chores.connections import channels, connecting
from common.domain.publication import Account
from common.errors import BadInput, Forbidden, NotFound, Permanent, PlatformSaid, Unreachable
from common.ports.documents import ABSENT, Update
from tests.dying import Killed
from tests.harness import Meddling
from tests.helping import consent
from tests.publishing.desk import TENANT, Desk
from tests.publishing.office import ANN, Office, acting, back, begin, channel, connect, grant, office, passes


@pytest.fixture
def made(tmp_path: Path) -> tuple[Desk, Office]:
    return office(tmp_path)


def test_an_account_is_connected_and_what_the_platform_says_of_it_is_kept(made: tuple[Desk, Office]) -> None:
    at, of = made
    over = connect(at, of)
    body = channel(at)
    assert over["channels"] == [{"id": channels.id_of("x", "ann"), "name": "Ann"}]
    assert (body["state"], body["name"], body["handle"], body["posts_a_day"]) == ("connected", "Ann", "@ann", 5)
    assert (body["timezone"], body["late"], body["approval"]) == ("UTC", "publish", False)
    passes(at, 60)
    assert of.links == ["ann"] and channel(at)["linked"]
    assert channels.opened(at.tools, TENANT, channels.id_of("x", "ann")).token in of.good
    told = {(line.what, line.by) for line in audit.lines(at.tools.engine.documents, TENANT)}
    assert told == {(f"channels.{what}", TENANT) for what in ("connected", "allowed", "connect")}


def test_nothing_that_opens_lies_open_anywhere(made: tuple[Desk, Office], tmp_path: Path) -> None:
    at, of = made
    url = begin(at)
    told = of.allow(url)
    before = _everything(at)
    key = back(at, told)
    between = _everything(at)
    at.until(key)
    after = _everything(at)
    secrets = [told["state"], told["code"], *of.good, *of.renewing, "our-secret"]
    for text in (before, between, after):
        assert [one for one in secrets if one in text] == []
    assert all(one not in url for one in (*of.good, "our-secret"))
    handed = [exports.without_secrets(snap.body) for snap in at.tools.engine.documents.query("channels")]
    assert "tokens" in channel(at) and all("tokens" not in one for one in handed)
    assert at.read(key)["memo"] == {}, "a code and a token that nobody needs any more"


def _everything(at: Desk) -> str:
    store = at.tools.engine.documents
    names = ("channels", "connections", "chores", "audit", "events", "publications")
    return json.dumps([snap.body for name in names for snap in store.query(name, limit=1000)], default=str)


def test_a_state_is_taken_once(made: tuple[Desk, Office]) -> None:
    at, of = made
    told = of.allow(begin(at))
    back(at, told)
    for again in (told, {**told, "code": "another"}, {"state": told["state"], "error": "access_denied"}):
        with pytest.raises(NotFound, match="opens nothing any more"):
            back(at, again)


def test_of_two_that_come_back_at_once_one_is_taken(made: tuple[Desk, Office]) -> None:
    at, of = made
    told = of.allow(begin(at))
    inner = at.tools.engine.documents

    def first(writes: object) -> None:
        at.with_documents(inner)
        back(at, told)

    at.with_documents(Meddling(inner, before=first))
    with pytest.raises(NotFound):
        back(at, told)
    chores = [snap for snap in inner.query("chores") if snap.body["kind"] == "connection"]
    assert len(chores) == 1


@pytest.mark.parametrize("how", ["expired", "forged", "of another kind", "cut short", "", "naughty"])
def test_a_state_that_is_not_good_opens_nothing(made: tuple[Desk, Office], how: str) -> None:
    at, of = made
    told = of.allow(begin(at))
    state = told["state"]
    if how == "expired":
        at.clock.move(connecting.KEPT.total_seconds())
    bad = {
        "expired": state,
        "forged": state[:-3] + ("AAA" if not state.endswith("AAA") else "BBB"),
        "of another kind": state.replace("connection_", "invitation_"),
        "cut short": state[:-1],
        "naughty": "../../tenants/local/\u202e\x00' OR 1=1",
    }.get(how, "")
    with pytest.raises(NotFound, match="begin the connection again"):
        back(at, {**told, "state": bad})
    assert not of.asked, "the platform was asked for who proved nothing"


@pytest.mark.parametrize("told", [{}, {"code": "c", "error": "e"}])
def test_neither_or_both_is_no_answer_and_does_not_use_the_state_up(
    made: tuple[Desk, Office], told: dict[str, str]
) -> None:
    at, of = made
    good = of.allow(begin(at))
    with pytest.raises(BadInput, match="neither a code nor an error"):
        back(at, {"state": good["state"], **told})
    back(at, good)


def test_what_the_person_refuses_connects_nothing_and_is_in_the_trail(made: tuple[Desk, Office]) -> None:
    at, of = made
    state, engine = of.allow(begin(at))["state"], at.tools.engine
    taken = connecting.taken(engine, consent(at.tools), state, None, "the person said no", "r")
    assert (taken.chore, taken.refused) == (None, "the person said no")
    (line,) = audit.lines(engine.documents, TENANT, what="channels.refused")
    assert line.detail == {"said": "the person said no"}
    with pytest.raises(NotFound):
        back(at, {"state": state, "code": "c"})


def test_only_who_may_begins_one_and_a_key_never(made: tuple[Desk, Office]) -> None:
    at, _ = made
    for role in ("viewer", "editor", "publisher"):
        with pytest.raises(Forbidden, match=r"channels\.write"):
            connecting.begun(acting(at.tools.engine, role), consent(at.tools), "x")
    with pytest.raises(Forbidden, match="a key cannot"):
        connecting.begun(acting(at.tools.engine, subject="key:1"), consent(at.tools), "x")


def test_who_may_not_any_more_has_begun_in_vain(made: tuple[Desk, Office]) -> None:
    """Bob was an admin when he began, and is no member when his browser comes back."""
    at, of = made
    url, _ = connecting.begun(acting(at.tools.engine, "admin", "bob"), consent(at.tools), "x")
    with pytest.raises(NotFound):
        back(at, of.allow(url))


def test_a_network_that_nobody_registered_cannot_be_begun(made: tuple[Desk, Office]) -> None:
    at, _ = made
    with pytest.raises(Permanent, match=r"nobody has registered Cutroom with tiktok; docs/channels\.md"):
        connecting.begun(acting(at.tools.engine), consent(at.tools), "tiktok")


def test_so_many_and_no_more_are_open_at_once(made: tuple[Desk, Office]) -> None:
    at, _ = made
    for _ in range(connecting.MOST_OPEN):
        begin(at)
    with pytest.raises(Permanent, match="connections are open"):
        begin(at)
    at.clock.move(connecting.KEPT.total_seconds() + 1)
    begin(at)


def test_each_account_of_a_sign_in_is_a_channel_with_its_own_token(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.people = [Account(id=name, name=name.title(), token=f"own-{name}") for name in ("tea", "cake")]
    assert [one["name"] for one in connect(at, of)["channels"]] == ["Tea", "Cake"]
    for name in ("tea", "cake"):
        assert channels.opened(at.tools, TENANT, channels.id_of("x", name)).token == f"own-{name}"
    assert channel(at, "tea")["grant"] == channel(at, "cake")["grant"], "one renews for both"


def test_what_an_account_is_called_is_kept_whatever_it_is(made: tuple[Desk, Office]) -> None:
    at, of = made
    name = "\u202e💸' OR 1=1 --\x00" * 40
    of.people = [Account(id="../ann/\u202e", name=name, handle="")]
    (one,) = connect(at, of)["channels"]
    assert one["name"] == name[:200] and len(one["id"]) == 16


@pytest.mark.parametrize(
    ("what", "fault", "said"),
    [
        ("exchange", PlatformSaid("invalid_client: who are you", action="stop"), "invalid_client: who are you"),
        ("accounts", PlatformSaid("this app may not", action="stop"), "this app may not"),
        ("accounts", [], "knows no account"),
    ],
)
def test_what_the_platform_refuses_is_said_in_its_words(
    made: tuple[Desk, Office], what: str, fault: Exception | list[Account], said: str
) -> None:
    at, of = made
    if isinstance(fault, list):
        of.people = fault
    else:
        of.faults_of = {what: [fault]}
    over = connect(at, of)
    assert said in over["refused"]["text"] and over["state"] == "done" and over["memo"] == {}
    assert not at.tools.engine.documents.query("channels")


def test_a_platform_that_is_silent_is_asked_again_and_then_that_is_said(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.faults_of = {"exchange": ["not connected"], "accounts": ["lost before"]}
    assert connect(at, of)["channels"], "a code that was not used opens still, a token that was given too"
    of.faults_of = {"exchange": ["not connected"] * 9}
    assert "begin the connection again" in connect(at, of)["refused"]["text"]


def test_a_code_whose_answer_was_lost_opens_nothing_and_that_is_said(made: tuple[Desk, Office]) -> None:
    at, of = made
    of.faults_of = {"exchange": ["lost after"]}
    assert "the code opens nothing" in connect(at, of)["refused"]["text"]


def test_whoever_dies_on_the_way_the_channel_is_made_once_or_it_is_said(tmp_path: Path) -> None:
    """Killed before and after each write of the chore."""
    ends = []
    for number in range(1, 40):
        home = tmp_path / str(number)
        home.mkdir()
        at, of = office(home)
        key, left, inner = back(at, of.allow(begin(at))), [number], at.tools.engine.documents

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
        over = at.until(key)
        found = at.tools.engine.documents.query("channels")
        grants = [snap for snap in inner.query("chores") if snap.body["kind"] == "channel" and "due" in snap.body]
        ends.append("channels" in over)
        if "channels" in over:
            assert len(found) == len(grants) == 1
            passes(at, 3 * 3600)
            assert channels.opened(at.tools, TENANT, found[0].id).token in of.good
        else:
            assert "the code opens nothing" in over["refused"]["text"] and not found
        if left[0] > 0:
            break
    else:
        raise AssertionError("it never came to its end alive")
    assert ends.count(False) <= 1 < ends.count(True), "a death between the answer and its being written down, alone"


def test_connected_again_what_was_held_for_it_goes_out_and_nothing_else(made: tuple[Desk, Office]) -> None:
    at, of = made
    connect(at, of)
    waiting, mine = at.schedule("one", after_s=7200), at.schedule("two", after_s=7200)
    store = at.tools.engine.documents
    store.commit([Update(mine, {"step": "held", "state": "done", "due": ABSENT}, store.get_many([mine])[mine].version)])
    channels.broken(at.tools, TENANT, channels.id_of("x", "ann"), "it was taken back")
    at.until(waiting, seconds=9000)
    assert at.step(waiting) == "held" and at.read(waiting)["error"]["code"] == "reconnect"
    old = channel(at)
    connect(at, of)
    body = channel(at)
    assert body["state"] == "connected" and body["error"] is None and body["tokens"] != old["tokens"]
    assert body["grant"] != old["grant"] and body["created"] == old["created"]
    at.until(waiting)
    assert at.step(waiting) == "published" and at.step(mine) == "held", "the second a person holds"


def test_what_people_set_of_a_channel_stays_when_it_is_connected_again(made: tuple[Desk, Office]) -> None:
    at, of = made
    connect(at, of)
    key = channels.key_of(TENANT, channels.id_of("x", "ann"))
    own = {"timezone": "Europe/Berlin", "niche": "tea", "late": "hold", "approval": True, "renamed": True}
    own |= {"name": "Our tea", "slots": [{"day": 0, "time": "18:00"}]}
    channels.changed(at.tools.engine, key, lambda body: own)
    of.people = [Account(id="ann", name="Another name", handle="@tea")]
    connect(at, of)
    body = channel(at)
    assert {name: body[name] for name in own} == own and body["handle"] == "@tea"


def test_an_organisation_has_so_many_channels_and_no_more(
    made: tuple[Desk, Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, of = made
    monkeypatch.setattr(connecting, "MOST", 2)
    of.people = [ANN, Account(id="bob", name="Bob")]
    connect(at, of)
    of.people = [Account(id="eve", name="Eve")]
    assert "has 2 channels at most" in connect(at, of)["refused"]["text"]
    of.people = [ANN]
    assert connect(at, of)["channels"], "one that is there is no more"


def test_a_network_that_does_not_answer_when_its_channel_is_set_up_holds_up_nothing(
    made: tuple[Desk, Office],
) -> None:
    at, of = made
    of.faults_of = {"linked": [Unreachable("no reports today")]}
    connect(at, of)
    passes(at, 60)
    assert channel(at)["unlinked"] == "no reports today" and not channel(at)["linked"]
    passes(at, 3700)
    assert channel(at)["linked"] and channel(at)["unlinked"] is None
    assert "due" in at.read(grant(at)), "it is looked at again"
