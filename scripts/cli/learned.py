"""What scripts/learn shows: what a table was taken for, how good a model is, which there are, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.learning.report.page import NAMES
from common.learning.report.verdict import Verdict, percent
from common.ports.documents import Json

COLOURS = {"good": "green", "fair": "yellow", "bad": "red"}
STANDING = {"live": "green", "shadow": "yellow", "previous": "cyan"}
HOOKS = "  - the hook model says how an opening line pulls, learned from public tests of headlines\n"
MOST_MOVES = 10
MOST_WRONG = 20  # that are printed


def standing(now: Mapping[str, Any], console: Console) -> None:
    """What speaks; without a model what is known all the same, and what it takes."""
    if now["live"] is None:
        console.print(f"No model of clicks speaks yet: {escape(str(now['why']))}.", soft_wrap=True)
        console.print(
            "\nKnown already, without any history of yours:\n"
            "  - the rubric scores each clip by its hook, its words, its pictures and its sound\n"
            f"{HOOKS}"
            "That puts clips in order, and does not say how many will click in your account.",
            soft_wrap=True,
        )
    else:
        console.print(f"[green]ctr@{escape(now['live'])}[/green] speaks.")
        week = next((one for one in now["weeks"] if one["model"].endswith(now["live"])), None)
        if week is not None:
            console.print(_week(week), soft_wrap=True)
    have, need = now["have"], now["need"]
    looked = next((f" (looked at {one['at'][:16].replace('T', ' ')} UTC)" for one in now["looks"]), "")
    if have < need:
        console.print(
            f"\n[bold]{have} of {need}[/bold] creatives are known that a first version is trained from, each out for 7 "
            f"days, with impressions and clicks{looked}. What to do: scripts/learn import FILE, or publish and wait.",
            soft_wrap=True,
        )
    else:
        console.print(
            f"\n{have:,} creatives are known that can be learned from{looked}. Now: scripts/learn train", soft_wrap=True
        )
    if now["shadow"] is not None:
        shadow = escape(now["shadow"])
        look = f"scripts/learn report --version {shadow}"
        console.print(f"[yellow]ctr@{shadow}[/yellow] is tried in the shadow: {look}", soft_wrap=True)
    if now["versions"]:
        console.print(_versions(now))


def mapping(told: Mapping[str, Any], console: Console) -> None:
    """Which column was taken for what."""
    taken = [one for one in told["columns"] if one["meaning"] is not None]
    ignored = [one for one in told["columns"] if one["meaning"] is None]
    if taken:
        table = _table("column", "taken for", "")
        for one in taken:
            table.add_row(escape(one["name"]), one["meaning"], f"[dim]{escape(one['why'] or '')}[/dim]")
        console.print(table)
    if ignored:
        console.print(f"[dim]Ignored: {escape(', '.join(one['name'] for one in ignored))}[/dim]", soft_wrap=True)
    for note in told["notes"]:
        console.print(f"[yellow]{escape(note)}[/yellow]", soft_wrap=True)


def taken(told: Mapping[str, Any], console: Console, *, rehearsal: bool = False) -> int:
    """How an import ended."""
    if told["error"] is not None:
        console.print(f"[red]{escape(told['error']['text'])}[/red]", soft_wrap=True)
        if told.get("written"):
            console.print(
                f"{told['written']} creatives are there: import the file again, or scripts/learn undo {told['id']}"
            )
        return 2
    for one in told["wrong"][:MOST_WRONG]:
        console.print(f"  line {one['line']}: {escape(one['text'])}", soft_wrap=True)
    if told["wrong_in_all"] > MOST_WRONG:
        console.print(f"  and {told['wrong_in_all'] - MOST_WRONG:,} more")
    if told["wrong_in_all"]:
        console.print(
            f"[red]{told['wrong_in_all']:,} of {told['rows']:,} rows are wrong; nothing was taken.[/red] "
            "Correct them, or what they come from, and import it again.",
            soft_wrap=True,
        )
        return 2
    some = ", ".join(f"{one['account']} ({one['network']}): {one['creatives']:,}" for one in told["accounts"][:10])
    rows = f"{told['rows']:,} rows from {told['first']} to {told['last']} are {told['creatives']:,} creatives"
    console.print(f"{rows}; {escape(some)}", soft_wrap=True)
    for one in told["accounts"][:10]:
        if one.get("why") is not None:
            console.print(f"  {escape(one['account'])}: {_of(one)}", soft_wrap=True)
    if rehearsal:
        console.print("[green]All rows are right.[/green] Nothing was kept: leave --dry-run out to import them.")
        return 0
    again = f", {told['restated']:,} of them anew" if told["restated"] else ""
    console.print(f"[green]{told['written']:,} creatives are taken{again}.[/green] Next: scripts/learn train")
    if told["other_days"]:
        console.print(
            f"[yellow]{told['other_days']:,} had days before that this table does not have: those are counted no more. "
            "Export all days at once to have them.[/yellow]",
            soft_wrap=True,
        )
    console.print(f"[dim]To take it back: scripts/learn undo {told['id']}[/dim]")
    return 0


def accounts(items: Sequence[Any], console: Console) -> None:
    """Which channel each account is."""
    if not items:
        console.print("No account of a table is known yet: scripts/learn import FILE")
        return
    table = _table("account", "ran on", "creatives", "")
    for one in items:
        table.add_row(escape(one["account"]), escape(one["network"]), f"{one['creatives']:,}", _of(one))
    console.print(table)
    if any(one["channel"] is None for one in items):
        console.print('To say whose one is: scripts/learn accounts --as "NAME=CHANNEL"; scripts/publish channels')


def _of(one: Mapping[str, Any]) -> str:
    """Which channel an account is, and why."""
    if one["channel"] is None:
        return f"[yellow]of no channel: {escape(one['why'])}[/yellow]"
    told = f"channel {escape(one['channel'])} ({escape(one['of'])}, {escape(one['name'])}): {escape(one['why'])}"
    if one["of"] != one["network"]:
        told += f". [yellow]It ran on {escape(one['network'])}, which need not do as {escape(one['of'])} does[/yellow]"
    return told


def judged(verdict: Verdict, console: Console) -> None:
    console.print(f"\n[{COLOURS[verdict.tone]} bold]{escape(verdict.sentence)}[/]", soft_wrap=True)
    for one in verdict.more:
        console.print(f"  - {escape(one)}", soft_wrap=True)


def beside(told: Mapping[str, Any], console: Console) -> None:
    """The model beside the simple ones."""
    table = _table("", "error taken away", "right order", "foretold / came")
    for name in NAMES:
        one = told["models"][name]
        figures = (one["rank_within_account"], one["calibration_ratio"])
        rank, ratio = ("–" if value is None else f"{value:.2f}" for value in figures)
        table.add_row(NAMES[name], percent(one["skill"]), rank, ratio)
    console.print(table)


def look(now: Mapping[str, Any], console: Console) -> int:
    """What came of the last look."""
    told = next(one for one in now["looks"] if one["asked"] is not None)
    for one in told["did"]:
        console.print(f"  - {escape(one)}", soft_wrap=True)
    for one in told["left_out"]:
        console.print(f"[dim]{escape(one['what'])} left out: {escape(one['why'])}.[/dim]", soft_wrap=True)
    if told["lacks"] is not None:
        console.print(f"[yellow]{told['lacks']['have']} of {told['lacks']['need']} are there.[/yellow]")
        return 1
    if now["live"] is not None:
        console.print(f"[green]ctr@{escape(now['live'])}[/green] speaks. Next: scripts/learn report")
        if now["shadow"] is not None:
            console.print(f"[yellow]ctr@{escape(now['shadow'])}[/yellow] is tried in the shadow before it may speak.")
    elif now["versions"]:
        console.print(
            "No version speaks yet: scripts/learn report shows the last, scripts/learn promote lets it speak."
        )
    return 0


def weights(told: Mapping[str, Any], console: Console) -> None:
    """What each part of a score counts, beside what it began with, and the moves, the last first."""
    if told["live"] is None:
        console.print("The parts of a score count what they do for everybody: nothing of yours has moved them.")
    else:
        since = f"By step {escape(told['live'])}, since {told['since'][:10]}."
        console.print(f"{since} Back: scripts/learn weights --rollback")
    table = _table("part", "counts", "began with")
    for name, part in sorted(told["parts"].items(), key=lambda one: -one[1]):
        table.add_row(escape(name), f"{part:.0%}", f"{told['begun'][name]:.0%}")
    console.print(table)
    for one in told["history"][:MOST_MOVES]:
        console.print(f"[dim]{one['at'][:10]} {escape(one['by'])}: {escape(one['why'])}[/dim]", soft_wrap=True)


def since(now: Mapping[str, Any], version: str) -> Json:
    """What is known of a version beside its trial."""
    entry = next((one for one in now["versions"] if one["version"] == version), None)
    weeks = [one for one in now["weeks"] if one["model"].endswith(version)]
    last = weeks[0] if weeks else None
    trained = None if entry is None else datetime.fromisoformat(entry["at"].replace("Z", "+00:00"))
    drifted = [] if last is None else [f"{one['feature']} is not distributed as it was" for one in last["drifted"]]
    return {
        "version": version,
        "state": "" if entry is None else entry["state"],
        "days": None if trained is None else (datetime.now(UTC) - trained).days,
        "predictions": None if last is None else last["predictions"],
        "predictions_why": "no week has passed since" if last is None else f"in {last['week']}",
        "drift": None if last is None else last["importance_drift"],
        "drifted": drifted,
    }


def _week(week: Mapping[str, Any]) -> str:
    """Its quality since it speaks, in words."""
    if not week["creatives"]:
        return f"{week['predictions']} predictions in the last week; none of what it foretold is 7 days old yet."
    told = f"Of {week['creatives']} creatives since it was trained {percent(week['in_band'])} came in the band it said"
    if week["covered"] is not None:
        told += f", {percent(week['covered'])} within its interval ({percent(week['promised'])} were promised)"
    if week["calibration"] is not None:
        told += f"; it foretold {week['calibration']:.2f} clicks for each that came"
    return f"{told}. {escape(week['alarm'])}" if week["alarm"] else f"{told}."


def _versions(now: Mapping[str, Any]) -> Table:
    table = _table("version", "", "trained (UTC)", "from", "by")
    for one in now["versions"]:
        state = "" if one["state"] == "kept" else one["state"]
        told = f"[{STANDING.get(one['state'], 'dim')}]{state}[/]" if state else ""
        rows = "–" if one["rows"] is None else f"{one['rows']:,} creatives"
        table.add_row(escape(one["version"]), told, one["at"][:16].replace("T", " "), rows, escape(one["by"]))
    return table


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table
