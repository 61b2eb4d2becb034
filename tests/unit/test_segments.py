"""To whom something is shown: the same names for a table, a campaign and a model, and no guess beside."""

from __future__ import annotations

from typing import Any

import pytest

from common.domain.campaign import Audience
from common.learning.segments import ALL_AGES, IN_STEPS, TOO_MANY, UNKNOWN, among, spelled, stated

KNOWN = {"age": {"18-24", "25-34", "35-44"}, "gender": {"women", "men"}, "country": {"de", "fr"}, "interest": {"15"}}


def audience(**more: Any) -> Audience:
    return Audience(**{"countries": ("DE",), "age_min": 13, **more})


@pytest.mark.parametrize(
    ("more", "segments"),
    [
        ({}, {"country": "de"}),
        ({"countries": ("DE", "FR")}, {}),
        ({"gender": "women"}, {"country": "de", "gender": "women"}),
        ({"age_min": 21, "age_max": 50}, {"country": "de", "age": "21-50"}),
        ({"age_min": 65}, {"country": "de", "age": "65+"}),
        ({"interests": ("15",)}, {"country": "de", "interest": "15"}),
        ({"interests": ("15", "16")}, {"country": "de"}),
    ],
)
def test_what_is_the_same_for_all_of_an_audience_is_stated(more: Any, segments: Any) -> None:
    assert stated(audience(**more)) == segments
    for name, value in segments.items():
        assert spelled(name, value) == value, "as a table would spell it"


@pytest.mark.parametrize(
    ("more", "groups", "notes"),
    [
        ({}, {"country": ("de",)}, []),
        ({"countries": ("DE", "FR")}, {"country": ("de", "fr")}, []),
        ({"countries": ("DE", "US")}, {"country": ("de", "us")}, [("country us", UNKNOWN)]),
        ({"countries": ("US",)}, {"country": ("us",)}, [("country us", UNKNOWN)]),
        ({"countries": ("US", "GB")}, {}, [("country us", UNKNOWN), ("country gb", UNKNOWN)]),
        ({"age_min": 25, "age_max": 34}, {"country": ("de",), "age": ("25-34",)}, []),
        ({"age_min": 26, "age_max": 30}, {"country": ("de",), "age": ("25-34",)}, [("age 26-30", IN_STEPS)]),
        ({"age_min": 24, "age_max": 34}, {"country": ("de",), "age": ("18-24", "25-34")}, [("age 24-34", IN_STEPS)]),
        (
            {"age_min": 35, "age_max": 50},
            {"country": ("de",), "age": ("35-44", "45-54")},
            [("age 35-50", IN_STEPS), ("age 45-54", UNKNOWN)],
        ),
        ({"age_min": 18}, {"country": ("de",)}, [("age 18+", ALL_AGES)]),
        ({"age_min": 55}, {"country": ("de",), "age": ("55+",)}, [("age 55+", UNKNOWN)]),
        ({"interests": ("15", "16")}, {"country": ("de",), "interest": ("15", "16")}, [("interest 16", UNKNOWN)]),
    ],
)
def test_an_audience_is_told_in_what_a_model_knows(more: Any, groups: Any, notes: Any) -> None:
    shown = among(audience(**more), KNOWN)
    assert (shown.groups, list(shown.notes)) == (groups, notes)


def test_ages_that_campaigns_of_ours_had_before_are_known_as_they_are() -> None:
    shown = among(audience(age_min=21, age_max=50), {"age": {"21-50", "18-24"}, "country": {"de"}})
    assert (shown.groups, list(shown.notes)) == ({"country": ("de",), "age": ("21-50",)}, [])


def test_too_many_groups_are_not_foretold_one_by_one() -> None:
    countries = tuple(f"{one}{other}" for one in "ABCDEFGH" for other in "ABCDEFGH")
    shown = among(audience(countries=countries, age_max=34), {**KNOWN, "country": {one.lower() for one in countries}})
    assert set(shown.groups) == {"age"} and shown.notes[-1] == ("64 of country", TOO_MANY)
