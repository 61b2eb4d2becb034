"""Numbers and dates as exports write them, in any of the ways that are used somewhere.

A single one may be read in two ways (1,234 and 03/04/2026), so what a table means is settled by all its values: one
that can be read in one way only settles it for the others, and where none does, somebody has to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from common.errors import BadInput

Numbers = Literal["point", "comma"]  # what stands before the decimals
Dates = Literal["day-first", "month-first"]

MOST: Final = 10**12  # impressions, clicks or units of money: more than anybody has had
NONE: Final = ("", "-", "–", "—", "n/a", "na", "null", "none", "--", "n. v.", "nan")
_BETWEEN: Final = re.compile("(?<=[0-9])[ \u00a0\u2009\u202f\u2007'’](?=[0-9]{3}(?![0-9]))")  # thousands
_WHOLE: Final = re.compile(r"[0-9]{1,15}(?:[.,]0{1,2})?|[0-9]{1,3}(?:[.,][0-9]{2,3})*[.,][0-9]{3}")
_AMOUNT: Final = re.compile(r"[0-9][0-9.,]{0,39}|[.,][0-9]{1,20}")
_CURRENCY: Final = r"[A-Z]{3}|US\$|[€$£¥]"
_MONEY: Final = re.compile(rf"([-−]?) ?({_CURRENCY})?\s?([-−]?)([0-9.,]+)\s?({_CURRENCY})?")
_SCIENTIFIC: Final = re.compile(r"[0-9][.,]?[0-9]*[eE][+-]?[0-9]{1,3}")
_SIGNS: Final = {"€": "EUR", "US$": "USD", "£": "GBP"}
SHARED: Final = {  # signs of several currencies; the first is meant where nothing else tells
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU"),
    "¥": ("JPY", "CNY"),
}
_CLOCK: Final = (
    r"(?:[T ,] ?[\d:.]{4,15}(?: ?[AaPp][Mm]|Z|[+-][\d:]{2,6})?)?"  # a time of the day, which is not looked at
)
_ISO: Final = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}", re.ASCII)
_OTHER: Final = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}})\.?{_CLOCK}", re.ASCII)
_WORDS: Final = re.compile(r"(?:(\d{1,2})\.? ([A-Za-z]{3,9})|([A-Za-z]{3,9})\.? (\d{1,2})),? (\d{4})", re.ASCII)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def blank(text: str) -> bool:
    return text.strip().lower() in NONE


def whole(text: str) -> int:
    """A count, whatever stands between its thousands. Raises BadInput."""
    told = _checked(text)
    if told.startswith(("-", "−")):
        raise BadInput(f"{told[:40]!r} is less than nothing; correct it")
    if _WHOLE.fullmatch(told) is None:
        raise BadInput(f"{text.strip()[:40]!r} is no whole number; write it with digits alone, such as 1234")
    if re.fullmatch(r"\d+[.,]0{1,2}", told):
        told = re.split("[.,]", told)[0]
    elif "." in told and "," in told:
        raise BadInput(f"{text.strip()[:40]!r} is no whole number; write it with digits alone, such as 1234")
    return _bounded(int(re.sub("[.,]", "", told)), text)


def grouping(counts: Iterable[str]) -> Numbers | None:
    """What is before the decimals of a table whose counts are grouped by the other sign; None where none is grouped."""
    signs = {sign for one in counts for sign in ".," if re.fullmatch(rf"\s*[0-9]{{1,3}}(?:\{sign}[0-9]{{3}})+\s*", one)}
    return {".": "comma", ",": "point"}[signs.pop()] if len(signs) == 1 else None  # type: ignore[return-value]


def decimals(amount: str) -> Numbers | None:
    """What is before the decimals of this one; None where it can be read in both ways. `amount` is cleaned."""
    last_point, last_comma = amount.rfind("."), amount.rfind(",")
    if last_point >= 0 and last_comma >= 0:
        return "point" if last_point > last_comma else "comma"
    sign = "." if last_point >= 0 else "," if last_comma >= 0 else None
    if sign is None:
        return None
    if amount.count(sign) > 1:
        return "comma" if sign == "." else "point"
    head, tail = amount.split(sign)
    if len(tail) == 3 and 1 <= len(head) <= 3 and head != "0":
        return None
    return "point" if sign == "." else "comma"


def cleaned(text: str) -> tuple[str, bool, str | None]:
    """The digits and signs of an amount of money, whether it is below nothing, and its currency if it says so.

    What several countries write before theirs stays a sign (SHARED).
    """
    told = _checked(text)
    shape = _MONEY.fullmatch(told)
    if shape is None or _AMOUNT.fullmatch(shape[4]) is None:
        raise BadInput(f"{text.strip()[:40]!r} is no amount; write it with digits and one decimal sign, such as 12.34")
    named = {_SIGNS.get(one, one) for one in (shape[2], shape[5]) if one}
    if len(named) > 1:
        raise BadInput(f"{text.strip()[:40]!r} names two currencies; leave one")
    return shape[4], bool(shape[1] or shape[3]), named.pop() if named else None


def amount(digits: str, numbers: Numbers) -> Decimal:
    """Its value. Raises BadInput where it is written otherwise than the table's numbers are."""
    point, group = (".", ",") if numbers == "point" else (",", ".")
    front, _, back = digits.partition(point)
    grouped = rf"[0-9]{{1,3}}(?:\{group}[0-9]{{2,3}})*\{group}[0-9]{{3}}"
    if point in back or group in back or (group in front and not re.fullmatch(grouped, front)):
        raise BadInput(
            f"{digits[:40]!r} is not written as the other amounts are (decimals after a {numbers}); correct it"
        )
    value = Decimal(f"{front.replace(group, '') or '0'}.{back or '0'}")
    _bounded(int(value), digits)
    return value


@lru_cache(maxsize=4096)  # a table has few days, and each of them often
def dated(text: str, order: Dates | None) -> date:
    """The day. Raises BadInput for what is none, or is read in two ways and nobody said in which."""
    told = " ".join(text.split())
    try:
        if (iso := _ISO.fullmatch(told)) is not None:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if (other := _OTHER.fullmatch(told)) is not None:
            first, second, year = int(other[1]), int(other[3]), int(other[4])
            settled = ordered(text) or order
            if settled is None and first != second:
                raise BadInput(f"{told[:40]!r} can be read in two ways; say whether the day or the month comes first")
            if order is not None and settled != order:
                raise BadInput(
                    f"{told[:40]!r} is not {order.replace('-', ' ')}, as the other dates are; write 2026-03-31"
                )
            day, month = (first, second) if settled != "month-first" else (second, first)
            return date(year + 2000 if year < 100 else year, month, day)
        if (words := _WORDS.fullmatch(told)) is not None:
            month = _MONTHS.index((words[2] or words[3])[:3].lower()) + 1
            return date(int(words[5]), month, int(words[1] or words[4]))
    except ValueError:
        pass  # the 31st of February, or a month of another language
    raise BadInput(f"{told[:40]!r} is no date; write it as 2026-03-31")


def ordered(text: str) -> Dates | None:
    """Which comes first, where this date alone tells."""
    other = _OTHER.fullmatch(" ".join(text.split()))
    if other is None:
        return None
    first, second = int(other[1]), int(other[3])
    if other[2] == "." or first > 12 >= second:
        return "day-first"  # with points between them nobody puts the month first
    return "month-first" if second > 12 >= first else None


def _checked(text: str) -> str:
    told = text.strip()
    if told.startswith("="):
        raise BadInput(f"{told[:40]!r} is a formula; save the table with values in the place of formulas")
    if _SCIENTIFIC.fullmatch(told):
        raise BadInput(f"{told[:40]!r} has lost its last digits; format the column as a number, and export it again")
    return _BETWEEN.sub("", told)


def _bounded(value: int, text: str) -> int:
    if value > MOST:
        raise BadInput(f"{text.strip()[:40]!r} is more than can be; correct it")
    return value
