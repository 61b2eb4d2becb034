"""Numbers and dates: whatever a locale makes of them, they come back as they were, or somebody is asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from common.learning import figures
from common.learning.figures import Numbers

GROUPS = {"point": (",", " ", "\u00a0", "\u202f", "'", ""), "comma": (".", " ", "\u00a0", "\u202f", "")}


def grouped(value: int, between: str) -> str:
    return f"{value:,}".replace(",", between)


@given(st.integers(0, 10**12), st.sampled_from([*",.", " ", "\u00a0", "\u202f", "'", "’", ""]))
def test_a_count_is_itself_whatever_stands_between_its_thousands(value: int, between: str) -> None:
    assert figures.whole(grouped(value, between)) == value


@given(st.integers(0, 10**9), st.integers(0, 99), st.sampled_from(["point", "comma"]), st.integers(0, 5), st.booleans())
def test_an_amount_is_itself_in_the_numbers_of_its_table(
    units: int, hundredths: int, numbers: Numbers, n: int, euro: bool
) -> None:
    between = GROUPS[numbers][n % len(GROUPS[numbers])]
    text = f"{grouped(units, between)}{'.' if numbers == 'point' else ','}{hundredths:02}{' €' if euro else ''}"
    digits, negative, currency = figures.cleaned(text)
    assert figures.decimals(digits) == numbers, "two decimals tell"
    assert figures.amount(digits, numbers) == Decimal(f"{units}.{hundredths:02}")
    assert (negative, currency) == (False, "EUR" if euro else None)


@given(st.dates(date(2005, 1, 1), date(2030, 12, 31)), st.sampled_from("/-. "))
def test_a_date_is_itself_or_is_asked_about(day: date, between: str) -> None:
    assert figures.dated(day.isoformat(), None) == day
    if between == " ":
        assert figures.dated(f"{day:%b} {day.day}, {day.year}", None) == day
        return
    text = between.join((str(day.day), str(day.month), str(day.year)))
    assert figures.dated(text, "day-first") == day
    if between == "." or day.day > 12 or day.day == day.month:
        assert figures.dated(text, None) == day
    else:
        with pytest.raises(BadInput, match="two ways"):
            figures.dated(text, None)


@given(st.text(max_size=30))
def test_any_text_is_a_figure_or_refused(text: str) -> None:
    for told in (figures.whole, figures.cleaned, lambda one: figures.dated(one, None)):
        try:
            told(text)
        except BadInput as error:
            assert any(sign in str(error) for sign in ";")
