"""Keys of programs: what opens, what no longer does, and that nothing of their secrets is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest

from common.accounts import keys, organisations
from common.accounts.acting import Acting
from common.accounts.roles import ROLES
from common.errors import BadInput, Conflict, CutroomError, Forbidden, NotFound, Permanent, Unauthorized
from common.ports.clock import parse, stamp
from common.ports.documents import Documents
from tests.unit.accounts.office import Answerless, Before, Office, at_once

DAY = timedelta(days=1)


def made(office: Office, owner: str = "ann") -> tuple[Acting, keys.Key, str]:
    acting = office.acting(office.organisation(owner), owner)
    return acting, *keys.make(acting, "nightly", "editor", None)


def opens(office: Office, text: str) -> bool:
    try:
        keys.opened(office.documents, office.clock, text)
    except Unauthorized as error:
        assert str(error) == keys.REFUSED
        return False
    return True


def test_a_key_opens_its_own_organisation_with_its_role(office: Office) -> None:
    acting, key, text = made(office)
    assert keys.is_key(text)
    found = keys.opened(office.documents, office.clock, text)
    assert found == replace(key, last_used=found.last_used)
    assert (found.tenant, found.role, found.made_by, found.name) == (acting.tenant, "editor", "ann", "nightly")
    assert office.told(acting.tenant)[-1] == ("ann", "keys.make", key.id)


def test_a_key_opens_a_persons_own_tenant(office: Office) -> None:
    _, text = keys.make(office.alone("ann_b-c"), "mine", "viewer", None)
    assert keys.opened(office.documents, office.clock, text).tenant == "ann_b-c"


def test_of_a_secret_nothing_is_kept(office: Office) -> None:
    acting, key, text = made(office)
    _, second = keys.rotate(acting, key.id)
    kept = json.dumps([snap.body for name in ("keys", "audit") for snap in office.documents.query(name)])
    for one in (text, second):
        assert one[-43:] not in kept


def test_what_is_not_exactly_a_key_opens_nothing(office: Office) -> None:
    acting, key, text = made(office)
    other = office.organisation("bob")
    secret = text[-43:]
    for wrong in (
        "",
        "cutroom_",
        text[:-1],
        text + "x",
        text + "\n",
        " " + text,
        text.upper(),
        text.replace("cutroom_", "invitation_"),
        text.replace(acting.tenant, other),
        text.replace(acting.tenant, f"{acting.tenant}/keys/{key.id}/x"),
        text.replace(secret, secret[1:] + secret[0]),
        text.replace(key.id, "0" * 16),
        f"cutroom_{'x' * 5000}",
    ):
        assert not opens(office, wrong), wrong
    assert opens(office, text)


def test_a_thousand_guesses_open_nothing(documents: Documents, office: Office) -> None:
    acting, key, _ = made(office)
    for n in range(1000):
        assert not opens(office, f"cutroom_{acting.tenant}_{key.id}_{n:043}")
    assert keys.keys(documents, acting.tenant)[0].last_used is None


def test_a_key_opens_until_it_expires(office: Office) -> None:
    acting = office.acting(office.organisation(), "ann")
    key, text = keys.make(acting, "short", "viewer", office.clock.at + DAY)
    office.clock.at += DAY - timedelta(minutes=1)
    assert opens(office, text)
    office.clock.at += timedelta(minutes=1)
    assert not opens(office, text)
    assert [one.id for one in keys.keys(office.documents, acting.tenant)] == [key.id]  # it is seen that it has expired


def test_a_time_of_another_zone_is_the_same_time(office: Office) -> None:
    acting, until = office.acting(office.organisation(), "ann"), office.clock.at + DAY
    key, _ = keys.make(acting, "short", "viewer", until.astimezone(timezone(timedelta(hours=-7))))
    assert key.expires == stamp(until)


def test_a_revoked_key_opens_nothing_at_once(office: Office) -> None:
    acting, key, text = made(office)
    assert opens(office, text)
    keys.revoke(acting, key.id)
    assert not opens(office, text)
    assert keys.keys(office.documents, acting.tenant) == []
    with pytest.raises(NotFound):
        keys.revoke(acting, key.id)
    assert office.told(acting.tenant)[-1] == ("ann", "keys.revoke", key.id)


def test_a_key_that_is_revoked_while_it_is_used_does_not_come_back(office: Office) -> None:
    acting, key, text = made(office)
    used = Before(office.documents, lambda: keys.revoke(acting, key.id))
    keys.opened(cast(Any, used), office.clock, text)  # it was still there when this call came
    assert used.interrupted
    assert not opens(office, text)
    assert keys.keys(office.documents, acting.tenant) == []


def test_a_key_that_is_used_while_it_is_revoked_does_not_stop_that(office: Office) -> None:
    acting, key, text = made(office)
    busy = Before(office.documents, lambda: opens(office, text))
    keys.revoke(replace(acting, documents=cast(Any, busy)), key.id)
    assert busy.interrupted
    assert not opens(office, text)


def test_both_secrets_open_for_a_while_after_a_rotation(office: Office) -> None:
    acting, key, first = made(office)
    rotated, second = keys.rotate(acting, key.id, DAY)
    assert rotated.id == key.id and second != first
    assert rotated.earlier is not None
    assert timedelta(0) <= office.clock.at + DAY - parse(rotated.earlier) < timedelta(seconds=1)
    assert opens(office, first) and opens(office, second)
    office.clock.at += DAY
    assert not opens(office, first) and opens(office, second)


def test_a_rotation_can_end_the_earlier_secret_at_once(office: Office) -> None:
    acting, key, first = made(office)
    _, second = keys.rotate(acting, key.id, timedelta(0))
    assert not opens(office, first) and opens(office, second)


def test_a_second_rotation_ends_the_first_secret(office: Office) -> None:
    acting, key, first = made(office)
    _, second = keys.rotate(acting, key.id)
    _, third = keys.rotate(acting, key.id)
    assert [opens(office, text) for text in (first, second, third)] == [False, True, True]


def test_of_two_rotations_at_once_one_counts(office: Office) -> None:
    acting, key, first = made(office)
    ended = at_once(*[(lambda one: keys.rotate(one, key.id), acting)] * 2)
    (lost,) = [one for one in ended if isinstance(one, CutroomError)]
    (won,) = [one for one in ended if one is not lost]
    assert isinstance(lost, Conflict)
    assert opens(office, won[1]) and opens(office, first)
    assert [what for _, what, _ in office.told(acting.tenant)].count("keys.rotate") == 1


def test_a_rotation_whose_answer_was_lost_gives_the_secret_that_counts(office: Office) -> None:
    acting, key, _ = made(office)
    _, text = keys.rotate(replace(acting, documents=cast(Any, Answerless(office.documents))), key.id)
    assert opens(office, text)


def test_a_rotation_keeps_the_end_of_a_key(office: Office) -> None:
    acting = office.acting(office.organisation(), "ann")
    key, _ = keys.make(acting, "short", "viewer", office.clock.at + DAY)
    _, second = keys.rotate(acting, key.id)
    office.clock.at += DAY
    assert not opens(office, second)


def test_last_used_is_noted_once_an_hour(office: Office) -> None:
    acting, _, text = made(office)

    def last_used() -> str | None:
        return keys.keys(office.documents, acting.tenant)[0].last_used

    assert last_used() is None
    assert opens(office, text)
    first = last_used()
    assert first is not None and first <= stamp(office.clock.at)
    office.clock.at += keys.USED - timedelta(minutes=1)
    assert opens(office, text) and last_used() == first
    office.clock.at += timedelta(minutes=1)
    assert opens(office, text)
    assert str(last_used()) > first


def test_a_key_is_given_no_more_than_its_maker_has_and_never_an_owners_right(office: Office) -> None:
    tenant = office.organisation("ann", adam="admin", eve="editor")
    for role in ROLES[:-1]:
        keys.make(office.acting(tenant, "adam"), "one", role, None)
    for subject in ("ann", "adam"):
        with pytest.raises(Forbidden):
            keys.make(office.acting(tenant, subject), "one", "owner", None)
    with pytest.raises(Forbidden, match=r"keys\.write"):
        keys.make(office.acting(tenant, "eve"), "one", "viewer", None)


def test_keys_of_others_are_not_there(office: Office) -> None:
    acting, key, text = made(office)
    bob = office.acting(office.organisation("bob"), "bob")
    for act in (keys.revoke, keys.rotate):
        for identity in (key.id, "0" * 16, "a/b", f"../../{acting.tenant}/keys/{key.id}", ""):
            with pytest.raises(NotFound):
                cast(Callable[[Acting, str], Any], act)(bob, identity)
    assert keys.keys(office.documents, bob.tenant) == []
    assert opens(office, text)


def test_no_key_opens_what_is_closed(office: Office) -> None:
    acting, _, text = made(office)
    _, own = keys.make(office.alone("ann"), "mine", "viewer", None)
    organisations.close(acting)
    organisations.close(office.alone("ann"))
    assert not opens(office, text) and not opens(office, own)


def test_what_cannot_be_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    acting, key, _ = made(office)
    west = timezone(timedelta(hours=-12))
    for expires in (office.clock.at, datetime.max.replace(tzinfo=west), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(BadInput, match="between now and ten years"):
            keys.make(acting, "late", "viewer", expires)
    with pytest.raises(BadInput, match="characters"):
        keys.make(acting, " ", "viewer", None)
    for overlap in (timedelta(days=31), timedelta(seconds=-1)):
        with pytest.raises(BadInput, match="30 days"):
            keys.rotate(acting, key.id, overlap)
    monkeypatch.setattr(keys, "MOST", 1)
    with pytest.raises(Permanent, match="revoke one first"):
        keys.make(acting, "one more", "viewer", None)
