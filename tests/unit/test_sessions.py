"""A person's session: half an hour idle, a day in all, and over at once when it is revoked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.adapters.google.firebase_auth import FirebaseAuth
from common.adapters.google.users import FirebaseUsers
from common.adapters.remembering import KEPT_S, Remembering
from common.adapters.sessions import IDLE, LONGEST, Sessions
from common.errors import Transient, Unauthorized
from common.ports.auth import Caller
from tests import toy
from tests.post import MINUTE, Hands, cloudlike
from tests.standins import people
from tests.standins.certificates import PROJECT, Issuer, firebase_claims, issuer
from tests.standins.loopback import Reply, serving


class SignedIn:
    """Implements Auth: a token is who it is of, and when they signed in."""

    def person(self, token: str) -> Caller:
        subject, _, moment = token.partition("@")
        return Caller(subject=subject, claims={"auth_time": float(moment)})


@pytest.fixture
def sessions(tmp_path: Path) -> tuple[Sessions, Hands]:
    engine, _, clock = cloudlike(tmp_path, toy.definition())
    return Sessions(SignedIn(), engine.documents, clock), clock


def over(sessions: Sessions, token: str) -> None:
    with pytest.raises(Unauthorized, match="sign in again") as error:
        sessions.person(token)
    assert error.value.code == "session_over"


def test_who_asks_now_and_then_stays_for_a_day(sessions: tuple[Sessions, Hands]) -> None:
    made, clock = sessions
    token = f"ann@{clock.at.timestamp()}"
    for _ in range(int(LONGEST / timedelta(minutes=29))):
        made.person(token)
        clock.at += timedelta(minutes=29)
    clock.at += timedelta(minutes=29)
    over(made, token)


def test_who_is_idle_must_sign_in_again_and_their_other_session_lasts(sessions: tuple[Sessions, Hands]) -> None:
    made, clock = sessions
    first = f"ann@{clock.at.timestamp()}"
    made.person(first)
    clock.at += IDLE - MINUTE
    second = f"ann@{clock.at.timestamp()}"
    made.person(second)
    clock.at += MINUTE
    over(made, first)
    over(made, first)
    made.person(second)
    made.person(f"bob@{second.partition('@')[2]}")


@pytest.fixture(scope="module")
def google() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


def test_what_was_revoked_counts_no_more_within_a_minute(google: Issuer) -> None:
    revoked: dict[str, float] = {}
    seconds = [time.time()]
    with serving(lambda asked: people.answer(asked, revoked)) as address:
        users = FirebaseUsers(PROJECT, address=address)
        auth = Remembering(FirebaseAuth(PROJECT, google.certificates(), users), lambda: seconds[0])
        token = google.token(firebase_claims())
        assert auth.person(token).subject == "u1"
        for since in (time.time(), people.DISABLED, people.GONE):
            revoked["u1"] = since
            seconds[0] += KEPT_S
            with pytest.raises(Unauthorized):
                auth.person(token)
        revoked["u1"] = time.time() - 3600
        assert auth.person(token).subject == "u1", "they have signed in since"


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=0), Reply(body=b"<html>"), Reply(status=403)])
def test_nobody_passes_while_it_cannot_be_told(google: Issuer, reply: Reply) -> None:
    with serving(lambda _: reply) as address:
        auth = FirebaseAuth(PROJECT, google.certificates(), FirebaseUsers(PROJECT, address=address))
        with pytest.raises(Transient):
            auth.person(google.token(firebase_claims()))
