"""scripts/learn experiment: arms shown beside each other, made, started, counted, drawn from, and told apart."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Final, get_args

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.domain.experiment import FEWEST, MOST, State
from common.errors import BadInput
from common.learning.experiments.counting import MOST_TOLD
from common.learning.report.page import share
from common.ports.documents import Json
from scripts.cli import here

COMMAND: Final = "scripts/learn experiment"
WHAT: Final = "experiments: arms shown beside each other until they are told apart"
COLUMNS: Final = ("arm", "date", "impressions", "clicks")  # and spend, or not
MOST_ROWS: Final = 100  # of a list
MOST_BYTES: Final = 100_000  # of a table of figures
MOST_MICROS: Final = 10**15
KINDS: Final = {"clip": "clip", "title": "text", "thumbnail": "thumbnail"}  # and the field of an arm that has it
EXAMPLES: Final = f"""\
{COMMAND} make "Tea titles" --title "Tea, cold" --title "Iced tea in a minute"
{COMMAND} make "Tea ads" --clip a1-1.1 --clip a1-1.2 --campaign A=77 --campaign B=78 --cap 500 --account x-ann

The first that you give is arm A, the next B, and so on. docs/experiments.md says how it goes on."""

Command = Callable[[argparse.Namespace, Console], int]


def commands(parser: argparse.ArgumentParser) -> None:
    """Add them to the parser of `experiment`."""
    found = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    one = _command(found, "list", every, "list experiments, the last made first")
    one.add_argument("--state", choices=get_args(State), help="only those")
    one = _command(found, "make", make, "make one; nothing is shown until it is started")
    _made(one)
    for name, run, what in (
        ("show", show, "see its arms, their shares, and what is known"),
        ("start", start, "start it, all arms alike"),
        ("stop", stop, "stop it, for good; campaigns that it gave money to are paused"),
    ):
        _named(_command(found, name, run, what))
    one = _named(_command(found, "figures", figures, "tell what was counted of its arms, a day at a time or as a CSV"))
    one.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help=f"a CSV: {', '.join(COLUMNS)}, and spend if you like"
    )
    one.add_argument("--arm", metavar="ARM", help="without FILE: the arm, as show has it")
    one.add_argument("--date", metavar="DATE", help="the day, by UTC, such as 2026-11-21")
    one.add_argument("--impressions", metavar="N", help="how often it was shown that day")
    one.add_argument("--clicks", metavar="N", help="how often it was clicked that day")
    one.add_argument("--spend", metavar="AMOUNT", help="what it cost that day, such as 12.50; left out: not known")
    one = _named(_command(found, "draw", draw, "draw the arm for a slot by the shares of now, the same ever after"))
    one.add_argument("key", metavar="SLOT", help="what it is for, in your words, such as 2026-11-21")
    one.add_argument("--publication", metavar="ID", help="the post that was made of it; its figures count from then on")
    one = _named(
        _command(
            found, "evaluate", evaluate, "see what another way of choosing would have brought, from what was drawn"
        )
    )
    ways = one.add_mutually_exclusive_group()
    ways.add_argument("--choose", metavar="ARM", help="this arm for every slot")
    ways.add_argument("--even", action="store_true", help="all arms alike; so if nothing is said")


def every(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        found = list(islice(client.experiments.every(state=options.state), MOST_ROWS + 1))
    if not found and options.state is not None:
        console.print(f"There is no experiment that is {options.state}. All of them: {COMMAND} list")
        return 0
    if not found:
        console.print(f"There is no experiment yet. To make one: {COMMAND} make --help")
        return 0
    table = _table("id", "name", "of", "state", "shares now", "why")
    for one in found[:MOST_ROWS]:
        shares = ", ".join(f"{name} {part:.0%}" for name, part in one["shares"].items())
        table.add_row(one["id"], escape(one["name"]), one["kind"], one["state"], escape(shares), escape(one["why"]))
    console.print(table)
    if len(found) > MOST_ROWS:
        console.print(f"[dim]There are more than these {MOST_ROWS}; --state shows fewer.[/dim]")
    return 0


def make(options: argparse.Namespace, console: Console) -> int:
    kind, arms = _arms(options)
    shown = options.shown or ("together" if any(arm.get("campaigns") for arm in arms) else "in_turn")
    rules: Json = (
        {} if options.minimum is None else {"least_impressions": _whole("--minimum", options.minimum, most=10**9)}
    )
    rules |= {} if options.days is None else {"longest_days": _whole("--days", options.days, 1, 365, 90)}
    for option, name in (("cap", "cap_micros"), ("daily", "daily_micros")):
        if (amount := getattr(options, option)) is not None:
            rules[name] = micros(f"--{option}", amount)
            if not rules[name]:
                raise BadInput(f"--{option} is over 0; leave it out to have none")
    wanted: Any = {"name": options.name, "kind": kind, "arms": arms, "shown": shown, "rules": rules}
    with here.client() as client:
        standing(client.experiments.create(**wanted, account=options.account), console)
    return 0


def show(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        standing(client.experiments.one(options.id), console)
    return 0


def start(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        standing(client.experiments.start(options.id), console)
    return 0


def stop(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        standing(client.experiments.stop(options.id), console)
    return 0


def figures(options: argparse.Namespace, console: Console) -> int:
    given = {name: getattr(options, name) for name in (*COLUMNS, "spend")}
    if options.file is None:
        if missing := [f"--{name}" for name in COLUMNS if given[name] is None]:
            raise BadInput(
                f"{', '.join(missing)} is lacking: give it, or name a CSV with the columns {', '.join(COLUMNS)}"
            )
        rows: list[Any] = [row("", given)]
    elif any(one is not None for one in given.values()):
        raise BadInput("name a CSV, or one day of one arm; leave one of them out")
    else:
        rows = table(_content(options.file))
    with here.client() as client:
        changed = client.experiments.figures(options.id, figures=rows)["changed"]
    news = f"{changed} said something new" if changed else "none said anything new"
    told = "1 row is" if len(rows) == 1 else f"{len(rows)} rows are"
    console.print(f"[green]{told} kept; {news}.[/green] Next: {COMMAND} show {escape(options.id)}", soft_wrap=True)
    return 0


def draw(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        drawn = client.experiments.assign(options.id, key=options.key, publication=options.publication)
        arms: Any = client.experiments.one(options.id)["arms"]
    arm = next(one for one in arms if one["name"] == drawn["arm"])
    what = f": {_what(arm)}" if _what(arm) else ""
    told = f"{drawn['key']} gets {drawn['arm']}{what} (its chance was {drawn['propensity']:.0%})."
    console.print(told, markup=False, soft_wrap=True)
    if drawn["publication"] is None:
        key = drawn["key"].replace("'", "'\\''")
        after = f"Once its post exists: {COMMAND} draw {options.id} '{key}' --publication ID"
        console.print(after, markup=False, soft_wrap=True, style="dim")
    else:
        after = f"The figures of {drawn['publication']} count for it. Next: {COMMAND} show {options.id}"
        console.print(after, markup=False, soft_wrap=True, style="dim")
    return 0


def evaluate(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        names = [arm["name"] for arm in client.experiments.one(options.id)["arms"]]
        if options.choose is not None and options.choose not in names:
            raise BadInput(f"there is no arm {options.choose[:40]}; the arms are {', '.join(names)}")
        told: Any = client.experiments.evaluation(options.id, choose=options.choose)
    way = "all arms alike" if options.choose is None else f"{options.choose} for every slot"
    known = "" if told["counted"] is None else f", {told['counted']:,} with figures that count"
    slots = f"Slots: {told['drawn']:,} drawn, {told['posted']:,} with a post{known}."
    if told["why"] is not None:
        console.print(f"What {way} would have brought is not known: {told['why']}.", markup=False, soft_wrap=True)
        console.print(slots, style="dim", soft_wrap=True)
        return 1
    first = told["estimates"][0]
    between = f"{share(first['low'])} and {share(first['high'])}"
    answer = f"{way[0].upper()}{way[1:]} would have had between {between} clicks by views."
    console.print(answer, markup=False, soft_wrap=True)
    worth = f"What was chosen had {share(told['had'])}. {slots} They are worth {told['worth']:,.0f} of that choice."
    console.print(worth, style="dim", soft_wrap=True)
    found = _table("by", "clicks by", "", "lies between (95 %)")
    for one in told["estimates"]:
        value, low, high = (
            share(one[name]) if one["by"] == "view" else f"{one[name]:,.1f}" for name in ("value", "low", "high")
        )
        found.add_row(one["estimator"], one["by"], value, f"{low} and {high}")
    console.print(found)
    return 0


def standing(one: Mapping[str, Any], console: Console) -> None:
    """How it stands, and what comes next."""
    best = f" Best: {one['best']}." if one["best"] else ""
    console.print(f"{one['name']} is {one['state']}: {one['why']}{best}", markup=False, soft_wrap=True)
    daily = any(arm["allotted_micros"] is not None for arm in one["arms"])
    columns = ("arm", "", "share", *(["a day"] if daily else []), "shown", "clicks", "clicks lie between", "spent", "")
    table = _table(*columns)
    for arm in one["arms"]:
        known = arm["low"] is not None and arm["high"] is not None
        between = f"{share(arm['low'])} and {share(arm['high'])}" if known else "–"
        spent = "–" if arm["spend_micros"] is None else _amount(arm["spend_micros"])
        budget = [_amount(arm["allotted_micros"] or 0)] if daily else []
        told = (f"{arm['share']:.0%}", *budget, f"{arm['impressions']:,}", f"{arm['clicks']:,}", between, spent)
        last = "erased" if arm["erased"] else "beaten" if arm["beaten"] else ""
        table.add_row(escape(arm["name"]), escape(_what(arm)), *told, f"[dim]{last}[/dim]")
    console.print(table)
    rules, way = one["rules"], "every arm every day" if one["shown"] == "together" else "one arm to each slot"
    limits = [way, f"{rules['least_impressions']:,} impressions before an arm may get less"]
    limits += [f"at most {rules['longest_days']} days"]
    limits += [] if rules["cap_micros"] is None else [f"at most {_amount(rules['cap_micros'])} spent"]
    limits += [] if rules["daily_micros"] is None else [f"{_amount(rules['daily_micros'])} a day"]
    console.print(f"{'; '.join(limits)}.".capitalize(), style="dim", soft_wrap=True)
    if one["money"] is not None:
        console.print(one["money"], markup=False, soft_wrap=True)
    console.print(_next(one), markup=False, soft_wrap=True)


def _next(one: Mapping[str, Any]) -> str:
    name = one["id"]
    if one["state"] == "draft":
        return f"Next: {COMMAND} start {name}"
    if one["state"] in ("stopped", "decided"):
        return f"It is over. Another one: {COMMAND} make --help"
    if one["shown"] == "in_turn":
        return f"Next, for each slot: {COMMAND} draw {name} SLOT"
    if all(arm["campaigns"] or arm["publications"] for arm in one["arms"]):
        return "Its figures come by themselves, and it is looked at daily, while scripts/serve runs."
    return f"Next, day by day: {COMMAND} figures {name} --help"


def table(content: bytes) -> list[Json]:
    """Figures as rows of a CSV have them, all or none of them. Raises BadInput with each row that is wrong."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("the CSV is not UTF-8; save it as CSV UTF-8") from error
    head = text.splitlines()[0] if text else ""
    mark = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True, restkey="more")
        found = list(reader)
    except csv.Error as error:
        raise BadInput(f"the CSV cannot be read ({error}); export it again") from error
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if missing := [name for name in COLUMNS if name not in names]:
        raise BadInput(f"the CSV has no column {', '.join(missing)}; its first line names {', '.join(COLUMNS)}")
    if twice := [name for name in (*COLUMNS, "spend") if names.count(name) > 1]:
        raise BadInput(f"two columns of the CSV are called {', '.join(twice)}; leave out those that do not count")
    if not 1 <= len(found) <= MOST_TOLD:
        raise BadInput(f"the CSV has {len(found)} rows; send 1 to {MOST_TOLD} at once")
    rows, wrong = [], []
    for n, one in enumerate(found, 1):
        told = {str(name).strip().lower(): value or "" for name, value in one.items()}
        try:
            if "more" in one:
                raise BadInput(f"row {n}: it has more cells than the first line has names")
            rows.append(row(f"row {n}: ", {**told, "spend": told.get("spend") or None}))
        except BadInput as error:
            wrong.append(str(error))
    if wrong:
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise BadInput(f"{'; '.join(wrong[:5])}{more}. Nothing was sent: correct them and send all again")
    return rows


def row(where: str, told: Mapping[str, Any]) -> Json:
    """A day of an arm, as the API takes it."""
    try:
        day = date.fromisoformat(told["date"].strip()).isoformat()
    except ValueError as error:
        raise BadInput(f"{where}{told['date'][:40]!r} is no day; write it as 2026-11-21") from error
    found: Json = {"arm": told["arm"].strip(), "date": day}
    found |= {name: _whole(f"{where}{name}", told[name]) for name in ("impressions", "clicks")}
    if told["spend"] is not None:
        found["spend_micros"] = micros(f"{where}spend", told["spend"])
    return found


def micros(what: str, amount: str) -> int:
    """Millionths of an amount of money."""
    try:
        found = Decimal(amount.strip()) * 1_000_000
        possible = 0 <= found <= MOST_MICROS and found == int(found)
    except (ArithmeticError, ValueError) as error:
        raise BadInput(f"{what} is an amount such as 12.50, not {amount[:40]!r}; write it so") from error
    if not possible:
        raise BadInput(f"{what} is 0 or more, with at most six figures after the point, not {amount[:40]}; write it so")
    return int(found)


def _whole(what: str, told: str, least: int = 0, most: int = 10**12, such: int = 1200) -> int:
    digits = told.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and least <= int(digits) <= most):
        between = f"from {least} to {most:,}, such as {such}"
        raise BadInput(f"{what} is a whole number {between}, not {told[:40]!r}; write it so")
    return int(digits)


def _arms(options: argparse.Namespace) -> tuple[str, list[Json]]:
    given = {kind: getattr(options, kind) for kind in KINDS if getattr(options, kind)}
    if len(given) != 1:
        raise BadInput(
            "an experiment is of clips, of titles or of thumbnails; give one of --clip, --title, --thumbnail"
        )
    ((kind, values),) = given.items()
    if not FEWEST <= len(values) <= MOST:
        raise BadInput(f"an experiment has {FEWEST} to {MOST} arms, not {len(values)}; give --{kind} once for each")
    arms: list[Json] = [
        {"name": name, KINDS[kind]: value} for name, value in zip(ascii_uppercase, values, strict=False)
    ]
    by_name = {arm["name"]: arm for arm in arms}
    for option in ("campaign", "publication"):
        for one in getattr(options, option) or ():
            name, _, whose = one.partition("=")
            if name not in by_name or not whose:
                raise BadInput(f"--{option} is ARM=ID with one of the arms {', '.join(by_name)}, not {one[:80]}")
            by_name[name].setdefault(f"{option}s", []).append(whose)
    return kind, arms


def _made(one: argparse.ArgumentParser) -> None:
    one.epilog, one.formatter_class = EXAMPLES, argparse.RawDescriptionHelpFormatter
    one.add_argument("name", metavar="NAME", help="what you call it")
    for kind, what in (("clip", "a clip's id"), ("title", "a title"), ("thumbnail", "a thumbnail, in your words")):
        again = "; once for each arm"
        one.add_argument(f"--{kind}", action="append", metavar=kind.upper(), help=what + again)
    for option, what in (("campaign", "a campaign"), ("publication", "a post")):
        told = f"{what} whose figures count for an arm; without any you tell them, or draw slots"
        one.add_argument(f"--{option}", action="append", metavar="ARM=ID", help=told)
    one.add_argument("--account", metavar="ACCOUNT", help="begin from what was foretold of the clips in it")
    ways = one.add_mutually_exclusive_group()
    told = "every arm every day, as ads are; so if a campaign is named"
    ways.add_argument("--together", action="store_const", dest="shown", const="together", help=told)
    told = "one arm to each slot, as posts are; so if not"
    ways.add_argument("--in-turn", action="store_const", dest="shown", const="in_turn", help=told)
    one.add_argument("--cap", metavar="AMOUNT", help="all that may be spent, such as 500; then it stops")
    told = "what is handed out to the arms each day, such as 20: their campaigns' own budgets, where each has some"
    one.add_argument("--daily", metavar="AMOUNT", help=told)
    one.add_argument("--minimum", metavar="N", help="impressions of an arm before it may get less: 1000")
    one.add_argument("--days", metavar="N", help="after how many it ends, if nothing told its arms apart: 90")


def _named(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    one.add_argument("id", metavar="EXPERIMENT", help="its id, as list has it")
    return one


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(f"{path} is no file; name a CSV with the columns {', '.join(COLUMNS)}")
    if path.stat().st_size > MOST_BYTES:
        raise BadInput(f"{path} is over {MOST_BYTES:,} bytes; send at most {MOST_TOLD} rows at once")
    return path.read_bytes()


def _what(arm: Mapping[str, Any]) -> str:
    return str(arm["text"] or arm["thumbnail"] or arm["clip"] or "")


def _amount(micros: int) -> str:
    return f"{Decimal(micros) / 1_000_000:,.2f}"


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def _command(commands: Any, name: str, run: Command, what: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    made.set_defaults(run=run)
    return made
