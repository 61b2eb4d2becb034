"""Past campaigns from a table: every row is read, and only where all are right is any of them taken.

What they come to together is common.learning.summing's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar

from common.errors import BadInput
from common.learning import columns, figures, tables
from common.learning.columns import Column, Columns
from common.learning.figures import Dates, Numbers
from common.learning.own import Named
from common.learning.segments import SEGMENTS, spelled
from common.learning.summing import Line, Past, summed
from common.learning.tables import Row
from common.learning.whose import ident_of

Blanks = Literal["unknown", "zero"]
T = TypeVar("T")

USUAL: Final = "meta-ads"  # where nobody names a network
MOST_REASONS: Final = 4  # of one row that are told
_FIRST: Final = date(2005, 1, 1)
_LONGEST: Final = 2000  # characters of a name
_ACCOUNT: Final = 200  # of an account's, which is asked for by it
_NETWORKS: Final = {"facebook": "meta-ads", "instagram": "meta-ads", "meta": "meta-ads"}  # who was paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the table itself may not tell. `blanks`: what an empty cell among its figures means."""

    account: str | None = None
    channel: str | None = None  # whose it is where neither `account` nor a column says
    network: str | None = None
    dates: Dates | None = None
    numbers: Numbers | None = None
    currency: str | None = None
    blanks: Blanks = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a table tells. With anything `wrong` nothing of it is to be taken. `notes` are for people."""

    columns: tuple[Column, ...]
    rows: int
    past: tuple[Past, ...]
    wrong: tuple[Wrong, ...]
    notes: tuple[str, ...]
    numbers: Numbers | None
    dates: Dates | None
    currency: str | None

    @property
    def span(self) -> tuple[date, date] | None:
        if not self.past:
            return None
        return min(one.first for one in self.past), max(one.last for one in self.past)


@dataclass(slots=True, kw_only=True)
class _Table:
    """What is the same for all rows."""

    columns: Columns
    options: Options
    numbers: Numbers | None
    dates: Dates | None
    currency: str | None
    today: date
    network: str
    fields: int
    blanks: Counter[str] = field(default_factory=Counter)


class _Reasons:
    """All that is wrong with a row: whoever corrects it wants to hear it at once."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __str__(self) -> str:
        more = len(self.told) - MOST_REASONS
        return ". Also: ".join(self.told[:MOST_REASONS]) + (f". And {more} more" if more > 0 else "")

    def tried(self, made: Callable[..., T], *of: Any) -> T | None:
        """None where it cannot be, which is noted."""
        try:
            return made(*of)
        except BadInput as error:
            self.told.append(str(error))
            return None


def read(content: bytes, options: Options, now: datetime) -> Found:
    """Raises BadInput where the table as a whole cannot be read."""
    options = _named(options)
    table = tables.opened(content, columns.is_head)
    known = columns.mapped(table.head)
    if options.account is None and options.channel is None and "account" not in known.at:
        raise BadInput(
            "no column says whose account it was; name it (account), or the channel that it is (channel), or add a "
            "column called Account name"
        )
    whole, total = _without_total(table.rows, known)
    made = _settled(known, options, whole, now, len(table.head))
    lines: list[Line] = []
    wrong: list[Wrong] = []
    for row in whole:
        reasons = _Reasons()
        line = _line(row, made, reasons)
        if line is None:
            wrong.append(Wrong(line=row.line, text=str(reasons)))
        else:
            lines.append(line)
    wrong += _twice(lines, whole, known)
    wrong.sort(key=lambda one: one.line)
    past = () if wrong else tuple(summed(lines, made.currency))
    return Found(
        columns=known.told,
        rows=len(whole),
        past=past,
        wrong=tuple(wrong),
        notes=tuple(_notes(made, past, total)),
        numbers=made.numbers,
        dates=made.dates,
        currency=made.currency,
    )


def _named(options: Options) -> Options:
    """The account spelled as a column's would be: by another spelling nobody could say later whose it is."""
    if options.account is None:
        return options
    account = tables.shown(options.account)
    if not account:
        raise BadInput("the account that was given has no name; name it, or leave it out where a column tells")
    return replace(options, account=account)


def names_accounts(content: bytes) -> bool:
    """Whether a column says whose account it was. Raises BadInput where the table cannot be read."""
    return "account" in columns.mapped(tables.opened(content, columns.is_head).head).at


def _settled(known: Columns, options: Options, rows: Sequence[Row], now: datetime, fields: int) -> _Table:
    """What the values of all rows together tell of how they are written. Raises BadInput where nobody can know."""
    dates = options.dates or _order(_values(rows, known, "day", "start", "end"))
    numbers, currencies = options.numbers, Counter[str]()
    votes, doubtful = Counter[Numbers](), False
    for text in _values(rows, known, "spend"):
        if figures.blank(text):
            continue
        try:
            digits, _, currency = figures.cleaned(text)
        except BadInput:
            continue  # it is told with its row
        currencies.update([currency] if currency else [])
        vote = figures.decimals(digits)
        if vote is not None:
            votes[vote] += 1
        elif "." in digits or "," in digits:
            doubtful = True
    named = Counter(one.strip().upper() for one in _values(rows, known, "currency") if one.strip())
    currencies = _without_signs(currencies + named, known, options)
    if numbers is None:
        counted = list(_values(rows, known, "impressions", "clicks"))
        numbers = votes.most_common(1)[0][0] if votes else figures.grouping(counted)
    if numbers is None and doubtful:
        raise BadInput("amounts such as 1,234 can be read in two ways; say what comes before decimals, point or comma")
    usual = currencies.most_common(1)[0][0] if currencies else None
    return _Table(
        columns=known,
        options=options,
        numbers=numbers,
        dates=dates,
        currency=options.currency or known.currency or usual,
        today=now.date(),
        network=options.network or USUAL,
        fields=fields,
    )


def _without_signs(currencies: Counter[str], known: Columns, options: Options) -> Counter[str]:
    """A sign that several currencies have names one only where nothing else does. Raises BadInput for two in a head
    and by word of mouth: 10 euros are not 10 dollars because somebody says so.
    """
    said = options.currency
    if said is not None and not re.fullmatch(r"[A-Z]{3}", said):
        raise BadInput(f"{said[:20]!r} is no currency; give its three letters, such as EUR")
    if said is not None and known.currency not in (None, said):
        raise BadInput(f"the head of the column tells money in {known.currency}, not in {said}; leave the currency out")
    told = Counter({one: count for one, count in currencies.items() if one not in figures.SHARED})
    if told or said is not None or known.currency is not None:
        return told
    return Counter({figures.SHARED[one][0]: count for one, count in currencies.items()})


def _values(rows: Sequence[Row], known: Columns, *meanings: str) -> Iterable[str]:
    places = [known.at[one] for one in meanings if one in known.at]
    return (row.fields[place] for row in rows for place in places if place < len(row.fields))


def _order(values: Iterable[str]) -> Dates | None:
    told = Counter(order for one in values if (order := figures.ordered(one)) is not None)
    return told.most_common(1)[0][0] if told else None


def _without_total(rows: Sequence[Row], known: Columns) -> tuple[list[Row], int | None]:
    """All rows but the one that sums up the others, as Ads Manager puts one; and the line of that."""
    names = [known.at[one] for one in ("id", "name", "title") if one in known.at]
    nameless = [row for row in rows if not any(_cell(row, at) for at in names)]
    if len(nameless) != 1 or len(rows) < 2:
        return list(rows), None
    others = [row for row in rows if row is not nameless[0]]
    try:
        shown = [figures.whole(_cell(row, known.at["impressions"]) or "0") for row in others]
        total = figures.whole(_cell(nameless[0], known.at["impressions"]))
    except BadInput:
        return list(rows), None
    return (others, nameless[0].line) if sum(shown) == total else (list(rows), None)


def _cell(row: Row, at: int) -> str:
    return row.fields[at].strip() if at < len(row.fields) else ""


def _line(row: Row, table: _Table, reasons: _Reasons) -> Line | None:
    """None where one of what every row needs is not there."""
    if reasons.tried(_whole, row, table) is None:
        return None
    at, told = table.columns.at, reasons.told
    texts = {
        one: reasons.tried(_words, row.fields[at[one]], one)
        for one in ("id", "name", "title", "campaign", "set", "network", *SEGMENTS)
        if one in at
    }
    name, title = texts.get("name"), texts.get("title")
    named = Named(id=texts.get("id"), name=name or title, campaign=texts.get("campaign"), set=texts.get("set"))
    network = table.options.network or _network(texts.get("network")) or table.network
    ident = None if told else reasons.tried(_identity, named, network)
    days = reasons.tried(_days, row, table)
    account = reasons.tried(_account, row, table)
    account_id = reasons.tried(_account_id, row, table)
    counts = {one: reasons.tried(_count, row, table, one) for one in ("impressions", "clicks", "conversions")}
    counts["spend_micros"] = reasons.tried(_spent, row, table)
    shown, clicked = counts["impressions"], counts["clicks"]
    if clicked and shown is not None and clicked > shown:
        told.append(f"{clicked} clicks are more than its {shown} impressions; correct one of them")
    if told or ident is None or days is None or account is None:
        return None
    return Line(
        line=row.line,
        account=account,
        account_id=account_id,
        network=network,
        ident=ident,
        named=named,
        title=title or name,
        first=days[0],
        last=days[1],
        segments={one: spelled(one, level) for one in SEGMENTS if (level := texts.get(one)) is not None},
        counts=counts,
    )


def _whole(row: Row, table: _Table) -> bool:
    if len(row.fields) != table.fields:
        raise BadInput(
            f"it has {len(row.fields)} fields, not {table.fields} as the head; quote what holds the separator"
        )
    if any("\0" in one for one in row.fields):
        raise BadInput("it holds a character that is none (NUL); export the table again")
    return True


def _account(row: Row, table: _Table) -> str:
    told = table.options.account
    if told is None and "account" in table.columns.at:
        told = _words(row.fields[table.columns.at["account"]], "account")
    elif told is None:
        told = table.options.channel
    if told is None:
        raise BadInput("it names no account; fill it in")
    return told


def _account_id(row: Row, table: _Table) -> str | None:
    """None where somebody said of all rows whose they are: the column then names what they know better."""
    at = table.columns.at.get("account id")
    told = None if at is None or table.options.account is not None else _words(row.fields[at], "account id")
    return None if told is None else ident_of(told)


def _words(field: str, meaning: str) -> str | None:
    told = field.strip()
    if re.fullmatch(r'="[^"]*"', told):  # how spreadsheets are kept from taking an id for a number
        told = told[2:-1].strip()
    if told.startswith("="):
        raise BadInput(f"its {meaning} is a formula ({told[:40]}); save the table with values in the place of formulas")
    most = _ACCOUNT if meaning.startswith("account") else _LONGEST
    if len(told) > most:
        raise BadInput(f"its {meaning} has {len(told)} characters; at most {most} are taken")
    if meaning in ("id", "set", "campaign", "account id") and re.fullmatch(r"[0-9][.,][0-9]+[eE]\+?[0-9]{1,3}", told):
        raise BadInput(
            f"its {meaning} {told} has lost its last digits; format that column as text, and export it again"
        )
    return tables.shown(told) or None


def _identity(named: Named, network: str) -> str:
    """By it an ad is known in all tables of an account: what is called alike at another network is another."""
    where = () if network == USUAL else (network,)
    if named.id is not None:
        return "\n".join((f"id {named.id}", *where))
    if named.name is None:
        raise BadInput("it names no ad; fill in its id or name, or take it out if it sums up the others")
    return "\n".join((named.name, named.campaign or "", named.set or "", *where))


def _network(told: str | None) -> str | None:
    return None if told is None else _NETWORKS.get(told.casefold(), told.casefold().replace(" ", "-")[:40])


def _days(row: Row, table: _Table) -> tuple[date, date]:
    """The first and the last day that a row tells of."""
    at = table.columns.at
    if "day" in at and not figures.blank(row.fields[at["day"]]):
        first = last = _day(row.fields[at["day"]], table)
    elif "start" in at and not figures.blank(row.fields[at["start"]]):
        first = _day(row.fields[at["start"]], table)
        told = row.fields[at["end"]] if "end" in at else ""
        last = first if figures.blank(told) or told.strip().lower() == "ongoing" else _day(told, table)
    else:
        raise BadInput("it does not say when it ran; fill in the day, such as 2026-03-31")
    if last < first:
        raise BadInput(f"it ends on {last} before it begins on {first}; correct one of them")
    return first, last


def _day(text: str, table: _Table) -> date:
    day = figures.dated(" ".join(text.split())[:60], table.dates)  # no date is as long; what is read is remembered
    if day > table.today + timedelta(days=1):  # somewhere it is tomorrow
        raise BadInput(f"{day} is still to come; correct it")
    if day < _FIRST:
        raise BadInput(f"{day} is before there were such ads; correct it")
    return day


def _count(row: Row, table: _Table, meaning: str) -> int | None:
    at = table.columns.at.get(meaning)
    if at is None:
        return None
    text = row.fields[at]
    if figures.blank(text):
        table.blanks[meaning] += 1
        return 0 if table.options.blanks == "zero" else None
    try:
        return figures.whole(text)
    except BadInput as error:
        raise BadInput(f"{meaning}: {error}") from None


def _spent(row: Row, table: _Table) -> int | None:
    at = table.columns.at
    if "spend" not in at:
        return None
    text = row.fields[at["spend"]]
    own = _words(row.fields[at["currency"]], "currency") if "currency" in at else None
    if figures.blank(text):
        table.blanks["spend"] += 1
        return 0 if table.options.blanks == "zero" and table.currency else None
    try:
        digits, negative, named = figures.cleaned(text)
        value = figures.amount(digits, table.numbers or "point")
    except BadInput as error:
        raise BadInput(f"spend: {error}") from None
    if negative and value:
        raise BadInput(f"spend: {text.strip()[:40]!r} is less than nothing; correct it")
    for currency in (named, own and own.upper()):
        if currency is not None and table.currency not in figures.SHARED.get(currency, (currency,)):
            raise BadInput(f"spend is in {currency[:10]}, that of other rows in {table.currency}; export one currency")
    return None if table.currency is None else int((value * Decimal(1_000_000)).to_integral_value())


def _twice(lines: Sequence[Line], rows: Sequence[Row], known: Columns) -> list[Wrong]:
    """Rows of one ad, of the same days, for the same people."""
    fields = {row.line: row.fields for row in rows}
    before: dict[object, Line] = {}  # which goes on for longest
    wrong: list[Wrong] = []
    for one in sorted(lines, key=lambda one: (one.first, one.line)):
        key = (one.account, one.ident, tuple(one.segments.items()))
        last = before.get(key)
        if last is None or last.last < one.last:
            before[key] = one
        if last is None or last.last < one.first:
            continue
        if last.first < last.last == one.first < one.last:
            continue  # of weeks, say, whose last day is the first of the next: it is not meant with them
        text = f"line {last.line} tells of days of the same ad for the same people that this one tells of; take one out"
        if (one.first, one.last) == (last.first, last.last):
            text = f"line {last.line} has the same ad on the same day for the same people already; take one out"
        if fields[one.line] == fields[last.line]:
            text = f"it is line {last.line} once more; take one out"
        elif other := _differing(fields[last.line], fields[one.line], known):
            text += f", or leave the column {other[:60]!r} out of the export, by which they seem to be split"
        wrong.append(Wrong(line=one.line, text=text))
    return wrong


def _differing(before: Sequence[str], after: Sequence[str], known: Columns) -> str | None:
    """A column that is not known and tells the two apart by words: by what the table may be split."""
    for column, one, other in zip(known.told, before, after, strict=False):
        if column.meaning is None and one != other and not re.search(r"\d", one + other):
            return column.name
    return None


def _notes(table: _Table, past: Sequence[Past], total: int | None) -> Iterable[str]:
    if total is not None:
        yield f"Line {total} sums up the others and is left out."
    figure: Callable[[str], int] = table.blanks.__getitem__
    if figure("clicks") + figure("impressions") and table.options.blanks == "unknown":
        yield (
            f"{figure('clicks')} rows have no clicks and {figure('impressions')} no impressions. What is not told is "
            "not known, so their ads are kept and not learned from. Where your export leaves 0 empty, as Meta's often "
            "does, import it again and say that blanks are zero."
        )
    if "spend" in table.columns.at and table.currency is None:
        yield "Nobody says in which currency money is told, so it is left out; name it (currency) to keep it."
    unshown = sum(1 for one in past if one.metrics.impressions == 0)
    if unshown:
        yield f"{unshown} were shown to nobody and are not learned from."
    if past and "day" in table.columns.at and max(one.launched for one in past) > table.today - timedelta(days=7):
        yield "What is not 7 days old yet is learned from once it is; import it again then, for figures change."
