"""Times by a clock that is set twice a year; and the best of them, by few posts."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.calendar import Pause, Slot, following, instant, occurrences
from common.errors import BadInput
from common.scoring.times import LEAST, Done, best

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:30"),  # skipped: 03:30 summer time
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first, summer time
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45"),  # half an hour is skipped
        ("Pacific/Apia", "2026-06-01T00:00", "2026-05-31T11:00"),
        ("UTC", "2026-06-01T00:00", "2026-06-01T00:00"),
    ],
)
def test_a_local_time_is_one_instant(zone: str, local: str, utc: str) -> None:
    assert instant(datetime.fromisoformat(local), zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "europe/berlin"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadInput, match="no time zone"):
        instant(datetime(2026, 1, 1), zone)


ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")
SLOTS = st.builds(
    Slot, day=st.integers(0, 6), time=st.times().map(lambda one: one.strftime("%H:%M")), priority=st.integers(0, 9)
)


@given(
    slots=st.lists(SLOTS, max_size=6), zone=st.sampled_from(ZONES), days=st.integers(0, 400), long=st.integers(1, 60)
)
def test_a_stretch_cut_in_two_has_the_same_times(slots: list[Slot], zone: str, days: int, long: int) -> None:
    start = NEW_YEAR + timedelta(days=days)
    middle, end = start + timedelta(days=long / 2), start + timedelta(days=long)
    whole = list(occurrences(slots, zone, start, end))
    assert whole == [*occurrences(slots, zone, start, middle), *occurrences(slots, zone, middle, end)]
    assert all(start <= at < end for at, _ in whole)
    assert [at for at, _ in whole] == sorted({at for at, _ in whole})
    if slots and long >= 8:
        assert whole


@given(slots=st.lists(SLOTS, min_size=1, max_size=4), zone=st.sampled_from(ZONES), days=st.integers(0, 300))
def test_the_following_time_is_the_first_that_is_free(slots: list[Slot], zone: str, days: int) -> None:
    after = NEW_YEAR + timedelta(days=days)
    pause = Pause(start=after, end=after + timedelta(days=10), why="holidays")
    first = following(slots, zone, after, (), [pause])
    assert first is not None and first[0] >= pause.end
    second = following(slots, zone, after, {first[0]}, [pause])
    assert second is not None and second[0] > first[0]


def test_few_posts_say_nothing() -> None:
    assert best([Done(at=NEW_YEAR, views=10)] * (LEAST - 1)) is None


def test_chance_alone_is_no_best_time_and_intervals_hold() -> None:
    """Hours without any effect: the interval holds the truth in at least nine of ten of 300 accounts."""
    held = said = 0
    for seed in range(300):
        draw = random.Random(seed)
        posts = [
            Done(at=NEW_YEAR + timedelta(hours=draw.randrange(24 * 60)), views=int(math.exp(draw.gauss(6, 1))))
            for _ in range(60)
        ]
        found = best(posts)
        assert found is not None
        for one in found.stretches:
            said += 1
            held += one.low <= 1 <= one.high
    assert held / said >= 0.9


def test_what_truly_differs_is_found() -> None:
    draw = random.Random(1)
    posts = [
        Done(
            at=(at := NEW_YEAR + timedelta(hours=n * 7)),
            views=int(math.exp(draw.gauss(7 if at.hour >= 18 else 5, 0.5))),
        )
        for n in range(200)
    ]
    found = best(posts)
    assert found is not None and {one.group for one in found.stretches[:2]} == {18, 21}
    assert found.stretches[0].low > 1
