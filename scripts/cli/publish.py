"""scripts/publish: channels, what goes out when, and what became of it; by the API of this machine alone."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import webbrowser
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.client.cutroom import Cutroom
from common.client.problems import Refused
from common.client.shapes import Publication
from common.errors import BadInput, StateFolderBusy
from scripts.cli import here
from scripts.cli.interrupts import Interrupts
from scripts.cli.spoken import spoken
from scripts.cli.terminal import Terminal

OVER = ("published", "failed", "cancelled", "held")
LOOK_S = 1.0
MOST_ROWS = 100  # of a list
WIDE = 120  # columns from which reasons have room beside the rest
COLOURS = {"published": "green", "failed": "red", "unknown": "yellow", "held": "yellow", "cancelled": "dim"}
NETWORKS = ("youtube", "instagram", "facebook", "tiktok", "linkedin", "x", "pinterest", "snapchat", "meta-ads")
ADS = ("meta-ads",)  # to which nothing is posted

Command = Callable[[Cutroom, argparse.Namespace, Console], int]


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/publish",
        description="Connect channels, and post clips to them: each once, at its time.",
        epilog="Posts go out while scripts/serve runs, or for as long as a command here waits. "
        "docs/publishing.md says how, and what each state means.",
    )
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = _command(commands, "connect", connect, "connect a channel: sign in at the platform, in a browser")
    one.add_argument("network", choices=NETWORKS, metavar="NETWORK", help=", ".join(NETWORKS))
    one.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")
    _command(commands, "channels", channels, "list channels, and what is wrong with them")
    one = _command(commands, "disconnect", disconnect, "give back the leave to post on a channel")
    one.add_argument("channel", metavar="CHANNEL", help="its id, as channels lists it")
    one = _command(commands, "list", every, "list what goes out and went out")
    one.add_argument("--state", choices=[*OVER, "scheduled", "unknown"], help="only those")
    one.add_argument("--channel", metavar="CHANNEL", help="only of this channel")
    one = _command(commands, "schedule", schedule, "schedule a clip, or a table of many posts")
    one.add_argument(
        "clip", nargs="?", metavar="CLIP", help="as scripts/run numbered it, such as out/talk/1; or its id"
    )
    one.add_argument("--to", nargs="+", metavar="CHANNEL", help="ids of channels; else all that are connected")
    at = "2026-12-01T18:00 by the channel's clock, now, or next: its next weekly time that is free (the default)"
    one.add_argument("--at", metavar="TIME", type=_time, help=at)
    one.add_argument("--title", metavar="TEXT", help="instead of the clip's own")
    one.add_argument("--description", metavar="TEXT", help="instead of the clip's own")
    one.add_argument("--ai-made", action="store_true", help="say that it shows what was made by a machine")
    one.add_argument("--paid", action="store_true", help="say that it is a paid partnership")
    rows = "a CSV of many, instead of all else here: clip, channel, at, title ..."
    one.add_argument("--table", type=Path, metavar="FILE", help=rows)
    one.add_argument("--wait", action="store_true", help="stay until all of it is out, or needs you")
    one = _command(commands, "status", status, "see how far a post is, and how it does")
    one.add_argument("post", metavar="POST", help="its id, as list has it")
    one.add_argument("--wait", action="store_true", help="stay until it is out, or needs you")
    for name, what in (
        ("cancel", "call a post off"),
        ("hold", "keep a post from going out until it is let go"),
        ("go", "let a post go that is held"),
        ("reconcile", "ask the platform anew about a post that nobody knows of"),
    ):
        one = _command(commands, name, change, what)
        one.add_argument("post", metavar="POST", help="its id, as list has it")
    one = _command(commands, "settle", settle, "say what you saw of a post that nobody knows of")
    one.add_argument("post", metavar="POST", help="its id, as list has it")
    one.add_argument("--posted", choices=("yes", "no"), required=True, help="whether it is on the channel")
    one.add_argument("--url", metavar="URL", type=_address, help="where it is")
    return found


def main(argv: list[str] | None = None) -> int:
    options = _read(argv)
    console = Terminal()
    interrupts = Interrupts()
    try:
        with here.client() as client:
            interrupts.check()
            done: int = options.run(client, options, console)
            return done
    except (Refused, BadInput, StateFolderBusy, OSError) as error:
        console.print(f"[red]{escape(spoken(error))}[/red]", soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print("\nStopped. What is scheduled stays so, and goes out while scripts/serve runs.")
        return 130


def _read(argv: list[str] | None) -> argparse.Namespace:
    made = parser()
    options = made.parse_args(argv)
    if options.command == "schedule" and options.table is not None:
        beside = ("clip", "to", "at", "title", "description", "ai_made", "paid", "wait")
        named = ["CLIP" if one == "clip" else f"--{one.replace('_', '-')}" for one in beside if getattr(options, one)]
        if named:
            made.error(f"a table says all of it by its rows; leave out {', '.join(named)}")
    return options


def connect(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    before = {one["id"]: one["connected"] for one in client.channels.every()}
    begun = client.channels.begin(network=options.network)
    console.print(f"Sign in at {options.network}, and allow Cutroom to post for you:\n{begun['url']}", soft_wrap=True)
    if not options.no_browser:
        webbrowser.open(begun["url"])
    until = datetime.fromisoformat(begun["expires"].replace("Z", "+00:00")).timestamp()
    while time.time() < until:
        now = client.channels.every()
        fresh = [one for one in now if one["state"] == "connected" and before.get(one["id"]) != one["connected"]]
        if fresh:
            for one in fresh:
                console.print(f"[green]Connected[/green] {escape(one['name'])} ({one['network']}, {one['id']})")
            return 0
        time.sleep(LOOK_S)
    console.print("[red]Nobody signed in within the time; run it again.[/red]")
    return 1


def channels(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    found = client.channels.every()
    if not found:
        console.print("No channel is connected yet: scripts/publish connect NETWORK")
        return 0
    table = _table("id", "network", "name", "state", "time zone", "what to do")
    for one in found:
        state = f"[{'green' if one['state'] == 'connected' else 'yellow'}]{one['state']}[/]"
        table.add_row(
            one["id"], one["network"], escape(one["name"]), state, one["timezone"], escape(one.get("error") or "")
        )
    console.print(table)
    return 0


def disconnect(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    client.channels.remove(options.channel)
    console.print(f"{options.channel} is disconnected; what was to go out on it is held.")
    return 0


def every(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    found = list(islice(client.publications.every(state=options.state, channel=options.channel), MOST_ROWS + 1))
    if not found:
        none = "Nothing is scheduled yet: scripts/publish schedule CLIP --at now"
        narrowed = options.state or options.channel
        console.print("There is none such; without --state and --channel all are shown." if narrowed else none)
        return 0
    _show(found[:MOST_ROWS], console)
    if len(found) > MOST_ROWS:
        console.print(f"[dim]There are more than these {MOST_ROWS}; --state and --channel show fewer.[/dim]")
    return 0


def schedule(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    if options.table is not None:
        return _table_of(client, options, console)
    if options.clip is None:
        raise BadInput("say which clip, or give a table; scripts/run shows the clips of a video in its result.json")
    there = [one for one in client.channels.every() if one["state"] == "connected" and one["network"] not in ADS]
    to = options.to or [one["id"] for one in there]
    if not to:
        raise BadInput("no channel is connected; run scripts/publish connect NETWORK first")
    made = client.publications.create(
        clip=_clip(options.clip),
        channels=to,
        at=options.at or "next",
        title=options.title,
        description=options.description,
        ai_made=options.ai_made,
        paid_partnership=options.paid,
    )
    return _watched(client, [one["id"] for one in made], options.wait, console)


def status(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    done = _watched(client, [options.post], options.wait, console)
    told = client.publications.insights(options.post)
    for one in told["items"][-1:]:
        known = ", ".join(f"{name} {value:,}" for name, value in one["metrics"].items() if isinstance(value, int))
        console.print(f"After {one['day']} days: {known or 'the platform tells nothing'} (a view: {one['view']})")
    return done


def change(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    posts = client.publications
    match options.command:
        case "cancel":
            posts.cancel(options.post)
        case "reconcile":
            posts.reconcile(options.post)
        case "hold":
            posts.change(options.post, state="held")
        case "go":
            posts.change(options.post, state="scheduled")
    done = _watched(client, [options.post], False, console)
    return 0 if options.command == "hold" else done  # that it is held is no failure then


def settle(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    client.publications.settle(options.post, posted=options.posted == "yes", url=options.url)
    return _watched(client, [options.post], False, console)


def _time(told: str) -> str:
    """As the API takes it; a table may have a blank before the hour, and so may who types."""
    if told in ("now", "next"):
        return told
    try:
        at = datetime.fromisoformat(told.strip().upper().replace("Z", "+00:00"))
        if not re.search(r"\d[T ]\d", told.strip().upper()):
            raise ValueError("no hour")
    except ValueError as error:
        why = f"{told[:40]!r} is no time; write one such as 2026-12-01T18:00, or now, or next"
        raise argparse.ArgumentTypeError(why) from error
    return at.isoformat()


def _address(told: str) -> str:
    if not re.fullmatch(r"https?://[^\s\x00-\x1f]{1,2000}", told):
        raise argparse.ArgumentTypeError(f"{told[:80]!r} is no address; copy the post's, which begins with https://")
    return told


def _clip(named: str) -> str:
    """The id of a clip that is named by the folder of its results and its number in them."""
    path = Path(named)
    told = path.parent / "result.json"
    if not (path.name.isdecimal() and told.is_file()):
        return named
    try:
        return f"{json.loads(told.read_bytes())['flow']['id']}.{path.name}"
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{told} is not as scripts/run writes it; run it again, or give the id of the clip") from error


def _table_of(client: Cutroom, options: argparse.Namespace, console: Console) -> int:
    if not options.table.is_file():
        raise BadInput(f"{options.table} is no file; name the CSV")
    try:
        text = options.table.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{options.table} is no UTF-8 ({error.reason} at byte {error.start}); save it so") from error
    made = client.calendar.bring(table=text)
    with console.status("Looking at each row ...") as shown:
        while made["state"] not in ("done", "failed"):
            time.sleep(LOOK_S)
            made = client.calendar.table(made["id"])
            if made["rows"]:
                shown.update(f"{made['scheduled']} of {made['rows']} rows are scheduled")
    for one in made["wrong"]:
        console.print(f"  line {one['line']}: {escape(one['text'])}", soft_wrap=True)
    more = made["wrong_in_all"] - len(made["wrong"])
    if more:
        console.print(f"  and {more} more")
    if made["wrong_in_all"]:
        console.print(f"[red]{made['wrong_in_all']} rows are wrong; {made['scheduled'] or 'none'} scheduled.[/red]")
        return 2
    console.print(f"[green]{made['scheduled']} posts are scheduled.[/green]")
    return 0


def _watched(client: Cutroom, posts: Sequence[str], wait: bool, console: Console) -> int:
    """Show them; with `wait` until each is out, or a person must do something."""
    now = [client.publications.one(one) for one in posts]
    if wait:
        with console.status("") as shown:
            while [one for one in now if one["state"] not in OVER and not _stuck(one)]:
                states = ", ".join(f"{one['network']} {one['state']}" for one in now)
                shown.update(f"[dim]{states}[/dim]")
                time.sleep(LOOK_S)
                now = [client.publications.one(one) for one in posts]
    _show(now, console)
    return 1 if any(one["state"] in ("failed", "held", "unknown") for one in now) else 0


def _stuck(one: Publication) -> bool:
    """Nobody will ever know by itself."""
    return one["state"] == "unknown" and one["error"] is not None and one["error"]["action"] == "stop"


def _show(found: Sequence[Publication], console: Console) -> None:
    """A row for each; where there is no room beside it, its reason stands below."""
    wide = console.width >= WIDE
    table = _table("id", "network", "when (UTC)", "state", "title", *(["where, or why not"] if wide else []))
    for one in found:
        colour = COLOURS.get(one["state"], "cyan")
        state = f"[{colour}]{one['state']}{', stopping' if one['stopping'] else ''}[/]"
        title = escape((one["title"] or one["text"].partition("\n")[0])[:40])
        when, why = one["slot"][:16].replace("T", " "), escape(_why(one))
        below = [] if wide else [f"{title}\n[dim]{why}[/dim]" if why else title]
        table.add_row(one["id"], one["network"], when, state, *([title, why] if wide else below))
    console.print(table)


def _why(one: Publication) -> str:
    """Where it is, or why it is not, and what was left out."""
    why = one["error"]["text"] if one["error"] else one["url"] or ""
    left = "; ".join(f"{each['what']} left out: {each['why']}" for each in one["left_out"])
    return "; ".join(told for told in (why, left) if told)


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, no_wrap=name in ("id", "network", "when (UTC)", "state"), overflow="fold")
    return table


def _command(commands: Any, name: str, run: Command, what: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    made.set_defaults(run=run)
    return made


if __name__ == "__main__":
    sys.exit(main())
