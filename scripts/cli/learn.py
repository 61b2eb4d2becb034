"""scripts/learn: what past campaigns teach, how far to rely on it, and who may speak; by the API of this machine."""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from common.chores import history
from common.client.cutroom import Cutroom
from common.client.problems import Refused
from common.errors import BadInput, NotEnough, StateFolderBusy
from common.learning import imports, summing
from common.learning.imports import Found, Options
from common.learning.report import page, verdict
from common.ports.documents import Json
from scripts.cli import experiments, here, learned
from scripts.cli.interrupts import Interrupts
from scripts.cli.spoken import spoken
from scripts.cli.terminal import Terminal

LOOK_S = 1.0
PATIENCE_S = 10.0  # with a look that raises: the next may pass
PART = 600_000  # bytes of a table that go in one request
MODEL = "ctr"
NOTHING = "no-features"  # a table tells nothing of what a creative looks like

Command = Callable[[argparse.Namespace, Console], int]


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/learn",
        description="Learn from what your campaigns came to, and see how far to rely on what is foretold.",
        epilog="docs/learning.md leads through it: import, train, read the report, promote, go back.",
    )
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _command(commands, "status", status, "see what is known already, and what is needed for more")
    one = _command(commands, "import", bring, "bring past campaigns from a CSV, all of its rows or none")
    _table_options(one)
    one.add_argument("--dry-run", action="store_true", help="say what would be taken for what, and keep nothing")
    one.add_argument("--channel", metavar="CHANNEL", help="of which of your channels all of it is, by its id")
    _as_option(one)
    one = _command(commands, "accounts", accounts, "see which channel each account of your tables is, or say it")
    _as_option(one)
    one.add_argument("--network", metavar="NETWORK", help="where the accounts of --as ran, if in several")
    one = _command(commands, "undo", undo, "take an import back")
    one.add_argument("id", metavar="IMPORT", help="its id, as import printed it")
    _command(commands, "train", train, "have a model trained now from what there is")
    one = _command(commands, "report", report, "write a page on how good a model is")
    one.add_argument("--version", metavar="VERSION", help="another than the live one, as status lists them")
    one.add_argument("--out", type=Path, default=Path("report.html"), metavar="FILE", help="report.html")
    one = _command(commands, "backtest", backtest, "try on a CSV how well it would have been foretold; keeps nothing")
    _table_options(one)
    one.add_argument("--out", type=Path, metavar="DIR", help="where report.html and backtest.json go: backtest")
    one.add_argument("--json", action="store_true", help="print the result as JSON, and write files only with --out")
    one = _command(commands, "promote", promote, "have a version speak from now on")
    one.add_argument("version", metavar="VERSION", help="as status lists them")
    _command(commands, "rollback", rollback, "have the version before speak again")
    one = _command(commands, "weights", weights, "see what the parts of a score count for you, and what moved them")
    one.add_argument("--rollback", action="store_true", help="take their last step back")
    what = experiments.WHAT
    one = commands.add_parser("experiment", help=what, description=what[0].upper() + what[1:] + ".")
    experiments.commands(one)
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    console = Terminal()
    interrupts = Interrupts()
    try:
        interrupts.check()
        done: int = options.run(options, console)
        return done
    except NotEnough as error:
        console.print(f"[yellow]{escape(str(error))}[/yellow] ({error.have} of {error.need})", soft_wrap=True)
        return 1
    except (Refused, BadInput, StateFolderBusy, OSError) as error:
        console.print(f"[red]{escape(spoken(error))}[/red]", soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print(
            "\nStopped. Nothing is broken: what was begun goes on with scripts/serve, or with the same command."
        )
        return 130


def status(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        learned.standing(client.models.one(MODEL), console)
    return 0


def bring(options: argparse.Namespace, console: Console) -> int:
    content = _content(options.file)
    if options.dry_run:
        told = {**history.FRESH, **history.told(_read(content, options, options.account)), "id": "", "error": None}
        learned.mapping(told, console)
        return learned.taken(told, console, rehearsal=True)
    with here.client() as client:
        asked = {**_asked(options, options.account), "channel": options.channel, "whose": _said(options)}
        made: Any = client.history.create(parts=_sent(client, content, console), **asked)
        with console.status("Reading the rows ...") as shown:
            while made["state"] not in ("done", "failed"):
                time.sleep(LOOK_S)
                made = client.history.one(made["id"])
                if made["creatives"]:
                    shown.update(f"{made['written']:,} of {made['creatives']:,} creatives are taken")
        learned.mapping(made, console)
        return learned.taken(made, console)


def accounts(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        for account, channel in _said(options).items():
            client.history.belongs(account=account, channel=channel or None, network=options.network)
        learned.accounts(client.history.accounts(), console)
    return 0


def undo(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        made: Any = client.history.take_back(options.id)
        with console.status("Taking it back ..."):
            while made["state"] not in ("done", "failed"):
                time.sleep(LOOK_S)
                made = client.history.one(options.id)
    if not made["taken_back"]:
        console.print(f"[red]{escape(str((made['error'] or {}).get('text')))}[/red] Run it again.", soft_wrap=True)
        return 1
    console.print(f"[green]Import {escape(options.id)} is taken back;[/green] what was known before it is known again.")
    return 0


def train(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        before = _last(client.models.one(MODEL))
        now: Any = client.models.train(MODEL)
        what, began = "Reading what came of your creatives, and training ...", time.monotonic()
        with console.status(what) as shown:
            while (looked := _last(now)) is None or looked == before:
                if now["trouble"] is not None and time.monotonic() - began > PATIENCE_S:
                    raise BadInput(
                        f"it could not be done: {now['trouble']}. It is tried again while scripts/serve runs"
                    )
                time.sleep(LOOK_S)
                shown.update(f"{what} {time.monotonic() - began:.0f} s")
                now = client.models.one(MODEL)
        return learned.look(now, console)


def report(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        now: Any = client.models.one(MODEL)
        version = options.version or now["live"] or next((one["version"] for one in now["versions"]), None)
        if version is None:
            learned.standing(now, console)
            return 1
        told: Any = client.models.report(MODEL, version=version)
    judged = verdict.judged(told["report"])
    facts = page.Facts(
        name=f"{MODEL}@{version}",
        made=datetime.now(UTC),
        backtest=told["report"],
        verdict=judged,
        model=learned.since(now, version),
        notes=told["report"].get("notes") or (),
    )
    _written(options.out, page.draw(facts))
    learned.judged(judged, console)
    console.print(f"The whole of it: {escape(str(options.out))}")
    return 0


def backtest(options: argparse.Namespace, console: Console) -> int:
    content = _content(options.file)
    named = options.account or (None if imports.names_accounts(content) else options.file.stem.partition(".")[0])
    found = _read(content, options, named)
    if found.wrong:
        learned.mapping(history.told(found), console)
        return learned.taken({**history.told(found), "error": None}, console, rehearsal=True)
    told = _tried(found, console, quiet=options.json)
    judged = verdict.judged(told)
    folder = options.out or (None if options.json else Path("backtest"))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        titles = {one.id: one.label for one in found.past}
        facts = page.Facts(
            name=options.file.name,
            made=datetime.now(UTC),
            backtest=told,
            verdict=judged,
            titles=titles,
            notes=found.notes,
        )
        _written(folder / "report.html", page.draw(facts))
        _written(folder / "backtest.json", json.dumps(told, indent=1, default=str))
    if options.json:
        print(json.dumps({"verdict": asdict(judged), **told}, default=str))
        return 0
    learned.mapping(history.told(found), console)
    learned.judged(judged, console)
    learned.beside(told, console)
    console.print(f"The whole of it: {escape(str(folder / 'report.html' if folder else ''))}")
    return 0


def promote(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        now = client.models.promote(MODEL, version=options.version)
    console.print(f"[green]{MODEL}@{escape(str(now['live']))} speaks from now on.[/green] Back: scripts/learn rollback")
    return 0


def rollback(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        now = client.models.rollback(MODEL)
    if now["live"] is None:
        console.print("[yellow]No version speaks now: there was none before.[/yellow] Back: scripts/learn rollback")
    else:
        console.print(
            f"[green]{MODEL}@{escape(now['live'])} speaks again.[/green] The other way: scripts/learn rollback"
        )
    return 0


def weights(options: argparse.Namespace, console: Console) -> int:
    with here.client() as client:
        told = client.weights.rollback() if options.rollback else client.weights.one()
    learned.weights(told, console)
    return 0


def _last(now: Any) -> str | None:
    """When it was looked last because somebody asked."""
    return next((str(one["at"]) for one in now["looks"] if one["asked"] is not None), None)


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(f"{path} is no file; name the CSV that you exported")
    return path.read_bytes()


def _asked(options: argparse.Namespace, account: str | None) -> dict[str, Any]:
    told = {name: getattr(options, name) for name in ("network", "dates", "numbers", "currency", "blanks")}
    return {**told, "account": account}


def _said(options: argparse.Namespace) -> dict[str, str]:
    """Accounts and whose they are; a name may hold what is between the two, an id does not."""
    found = {}
    for one in options.whose or ():
        account, between, channel = one.rpartition("=")
        if not (between and account.strip()):
            raise BadInput(f'{one[:80]!r} says nothing; write --as "My shop=CHANNEL"')
        found[account.strip()] = channel.strip()
    return found


def _read(content: bytes, options: argparse.Namespace, account: str | None) -> Found:
    return imports.read(content, Options(**_asked(options, account)), datetime.now(UTC))


def _sent(client: Cutroom, content: bytes, console: Console) -> list[str]:
    packed = content if content.startswith(b"\x1f\x8b") else gzip.compress(content, mtime=0)
    some = [packed[at : at + PART] for at in range(0, len(packed), PART)]
    with console.status("Sending the table ..."):
        return [client.history.part(content=base64.b64encode(one).decode())["part"] for one in some]


def _tried(found: Found, console: Console, *, quiet: bool) -> Json:
    from common.scoring.ctr import evaluating  # here, not above: numpy and xgboost take a second

    creatives = summing.creatives(found.past)
    shown = Terminal(stderr=True) if quiet else console
    with shown.status(f"Training on what came before, and foretelling {len(creatives):,} creatives ..."):
        return dict(evaluating.backtest(creatives, now=datetime.now(UTC), features_version=NOTHING))


def _written(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _table_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=Path, metavar="FILE", help="a CSV, such as Meta Ads Manager exports; packed or not")
    one.add_argument("--account", metavar="NAME", help="whose they are, if no column tells")
    one.add_argument("--network", metavar="NETWORK", help="where they ran, such as meta-ads (the default) or tiktok")
    one.add_argument("--dates", choices=("day-first", "month-first"), help="how 3/4/2026 is meant, if no date tells")
    one.add_argument("--numbers", choices=("point", "comma"), help="what is before decimals, if no amount tells")
    one.add_argument("--currency", type=str.upper, metavar="EUR", help="of all amounts, if no column tells")
    one.add_argument("--blanks", choices=("unknown", "zero"), default="unknown", help="what an empty figure means")


def _as_option(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--as",
        dest="whose",
        action="append",
        metavar="NAME=CHANNEL",
        help='whose an account is, such as "My shop=CHANNEL", or "My shop=none" for no channel; as often as you like',
    )


def _command(commands: Any, name: str, run: Command, what: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    made.set_defaults(run=run)
    return made


if __name__ == "__main__":
    sys.exit(main())
