"""One suite for every clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from common.adapters.embedded.clock import SteadyClock
from common.adapters.google import clock as google
from common.ports.clock import Clock


@pytest.fixture(params=[SteadyClock, google.WallClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    make: Callable[[], Clock] = request.param
    return make()


def test_it_tells_the_time_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_never_steps_back(clock: Clock) -> None:
    times = [clock.now() for _ in range(1000)]
    assert times == sorted(times)


def test_the_clouds_clock_stands_still_while_the_machines_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    told = iter([noon, noon - timedelta(hours=1), noon + timedelta(seconds=1)])

    class Machine(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return next(told)

    clock = google.WallClock()
    monkeypatch.setattr(google, "datetime", Machine)
    assert [clock.now() for _ in range(3)] == [noon, noon, noon + timedelta(seconds=1)]
