"""scripts/rollout: bring new revisions in by a small share, prove them, and give them all or take them back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.cli.interrupts import Interrupts
from scripts.delivery.commands import Commands, Failed
from scripts.delivery.revisions import TAG, Revisions, Service
from scripts.delivery.stack import Stack, add_options, read_stack

SHARE = 10  # percent


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/rollout",
        description="Bring new revisions in by a small share, prove them, and give them all or take them back.",
        epilog="Exit status: 0 done, 1 a new revision was taken back or a command failed.",
    )
    found.add_argument(
        "what",
        choices=("show", "pin", "go", "back"),
        help="show: who gets what; pin: to the revisions that serve now, so that an apply goes live nowhere; "
        f"go: each new revision at 0 %%, at {SHARE} %%, a smoke test, then all or nothing; "
        "back: to the revisions before those that serve now",
    )
    add_options(found)
    found.add_argument("--video", type=Path, metavar="FILE", help="go: what the smoke test uploads, else it makes one")
    found.add_argument("--dry-run", action="store_true", help="print the commands, in order, and run none")
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    Interrupts()
    commands = Commands(dry=options.dry_run)
    try:
        made = read_stack(commands, options.outputs)
        revisions = Revisions(commands=commands, project=made.project, region=made.region)
        if options.what == "show":
            show([revisions.service(name) for name in made.services])
        elif options.what == "pin":
            pin(revisions, made.services)
        elif options.what == "go":
            go(revisions, made, options.video)
        else:
            back(revisions, made.services)
    except Failed as error:
        print(f"scripts/rollout: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. scripts/rollout show says who gets what.", file=sys.stderr)
        return 130
    return 0


def show(services: Sequence[Service]) -> None:
    for one in services:
        shares = ", ".join(f"{revision} {percent} %" for revision, percent in one.shares.items())
        newer = "" if one.newest in one.shares else f"; {one.newest} is newer and gets nothing"
        print(f"{one.name}: {shares}{newer}{'' if one.pinned else '; not pinned: the next apply goes live at once'}")


def pin(revisions: Revisions, names: Sequence[str]) -> None:
    for one in map(revisions.service, names):
        if not one.pinned:
            revisions.move(one.name, {one.serving: 100})


def go(revisions: Revisions, made: Stack, video: Path | None) -> None:
    """Whatever goes wrong once traffic has moved, all of it goes back to where it was. Raises Failed.

    A service that is not pinned is new: its revision serves already, and is pinned once it is proven.
    """
    services = [revisions.service(name) for name in made.services]
    unpinned = [one for one in services if not one.pinned]
    fresh = [one for one in services if one.pinned and one.newest != one.serving]
    if unready := [one.newest for one in services if not one.ready]:
        raise Failed(f"{', '.join(unready)} did not become ready; nothing was moved; its log says why")
    for one in fresh:
        revisions.tag(one.name, one.newest)
    try:
        for one in fresh:
            revisions.move(one.name, {one.newest: SHARE, one.serving: 100 - SHARE})
        _smoke(revisions, made, video)
        for one in fresh:
            revisions.move(one.name, {one.newest: 100}, untag=True)
    except BaseException as error:
        left = _return(revisions, fresh)
        if left:
            raise Failed(f"{error or 'stopped'}; and these could not be taken back: {', '.join(left)}") from error
        if fresh and isinstance(error, Failed):
            raise Failed(f"{error}; every service is back at the revision it had") from error
        raise
    for one in unpinned:
        revisions.move(one.name, {one.serving: 100})
    same = len(services) - len(fresh) - len(unpinned)
    print(f"{len(fresh)} services serve a new revision, {len(unpinned)} their first; {same} had none.")


def back(revisions: Revisions, names: Sequence[str]) -> None:
    for one in map(revisions.service, names):
        older = revisions.older(one)
        if older is None:
            print(f"{one.name}: {one.serving} is the oldest there is; it stays")
        else:
            revisions.move(one.name, {older: 100})


def _smoke(revisions: Revisions, made: Stack, video: Path | None) -> None:
    """At the new revision's own address. Behind a load balancer it has none, and only a share of the calls meets it."""
    url = made.url if made.behind else revisions.service(made.api).addresses.get(TAG, made.url)
    film = [f"--video={video.absolute()}"] if video else []
    revisions.commands.run("scripts/smoke", f"--url={url}", *film)


def _return(revisions: Revisions, services: Sequence[Service]) -> list[str]:
    """Undo, as far as it can be; the names of those that could not."""
    left = []
    for one in services:
        try:
            revisions.move(one.name, {one.serving: 100}, untag=True)
        except Failed:
            left.append(one.name)
    return left


if __name__ == "__main__":
    sys.exit(main())
