"""How long a text is to X, and that what is written for it fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.platforms import measured, platforms
from common.domain.weighing import MOST, addresses, weight
from common.scoring.posting import Naming, composed, shortened, worded
from tests.standins.platforms import x as standin

X = next(one for one in platforms() if one.name == "x")
WORDS = (
    "tea",
    "茶",
    "чай",
    "☕",
    "e\u0301",
    "https://a.example/b?c=d",
    "tea.example.com",
    "👩‍👩‍👧",
    "…",
    "\u00ad",
    "#tea",
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0),
        ("tea", 3),
        ("чай", 3),
        ("茶", 2),
        ("☕", 2),
        ("e\u0301", 1),  # composed before it is counted
        ("\u2014 \u2026", 4),  # a dash weighs 1, an ellipsis 2
        ("https://a.example", 23),
        (f"https://a.example/{'b' * 400} tea", 27),
        ("(https://a.example/b).", 26),
        ("see example.com", 27),
        ("node.js and Tea.it", 18),
        ("茶" * 140, 280),
    ],
)
def test_a_text_weighs_what_x_says(text: str, size: int) -> None:
    assert weight(text) == size


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bbc.co.uk, youtu.be/abc, example.com.", ["bbc.co.uk", "youtu.be/abc", "example.com"]),
        ("ann@example.com e.g. 3.5 a..b v1.2 main.py file.tar.gz", []),
        ("HTTPS://A.EXAMPLE/Bé", ["HTTPS://A.EXAMPLE/B"]),
        ("Tea.it is tea", []),
    ],
)
def test_what_x_makes_a_link_of(text: str, found: list[str]) -> None:
    assert addresses(text) == found


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=20)), max_size=60).map(" ".join))
def test_what_is_written_for_x_fits_there(text: str) -> None:
    title, body, _ = composed(Naming(title="Tea", description=text, hashtags=("tea", "pot")), X)
    assert title == "" and weight(body) <= MOST and standin.weight(body) <= MOST


@given(st.text(), st.integers(0, 50), st.sampled_from(["", "a_bytes", "a_weight"]))
def test_what_is_shortened_fits_and_is_its_beginning(text: str, most: int, rule: str) -> None:
    told = shortened(text, most, rule)
    assert measured(rule, told)[0] <= most
    assert told == text or text.startswith(told.removesuffix("…"))


def test_a_text_that_weighs_too_much_is_said_to() -> None:
    (one,) = worded(Naming(title="", description="茶" * 150, hashtags=()), X)
    assert (one.verdict, one.measured, one.limit) == (
        "fail",
        "300 characters as X counts them",
        "to 280 characters as X counts them",
    )
