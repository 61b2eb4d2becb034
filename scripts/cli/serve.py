"""scripts/serve: watch a folder as the cloud watches a bucket; what is dropped in becomes clips."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from common import config
from common.adapters.embedded.sources import generation_of
from common.bootstrap import local as bootstrap
from common.errors import BadInput, CutroomError, StateFolderBusy
from scripts.cli import inputs
from scripts.cli.interrupts import Interrupts
from scripts.cli.session import Session

_SETTLED_S = 2.0  # a file unchanged for this long has been copied whole


class Watcher:
    """Finds files that have come in whole since the last look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[Path, tuple[str, float]] = {}
        self._taken: dict[Path, str] = {}

    def ready(self, now: float) -> list[Path]:
        """Files whose bytes have not changed for a while and that were not handed out as they are."""
        found = []
        for path in sorted(self._folder.rglob("*")):
            if path.suffix.lower() not in inputs.VIDEO_NAMES or not path.is_file():
                continue
            generation = generation_of(path)
            known, since = self._seen.get(path, ("", now))
            if known != generation:
                self._seen[path] = (generation, now)
            elif now - since >= _SETTLED_S and self._taken.get(path) != generation:
                self._taken[path] = generation
                found.append(path)
        return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/serve", description="Watch a folder; every video dropped in becomes clips. Ctrl-C ends it."
    )
    parser.add_argument("--uploads", type=Path, default=Path("uploads"), metavar="DIR", help="the folder (uploads)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where results go (out)")
    options = parser.parse_args(argv)
    console = Console(highlight=False)
    interrupts = Interrupts()
    try:
        options.uploads.mkdir(parents=True, exist_ok=True)
        with bootstrap.local(config.from_environment()) as local:
            console.print(f"Watching {options.uploads}/ . Drop a video in; results come to {options.out}/ .")
            session = Session(local, console, options.out, check=interrupts.check)
            watcher = Watcher(options.uploads)
            while True:
                interrupts.check()
                for path in watcher.ready(time.monotonic()):
                    _take(session, path, console)
                time.sleep(0.5)
    except (StateFolderBusy, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return 2
    except KeyboardInterrupt:
        console.print("\nStopped; start again to go on.")
        return 0


def _take(session: Session, path: Path, console: Console) -> None:
    """One bad file must not end the watch: it is named, and the next one comes."""
    try:
        for item in inputs.items([path], None):
            session.work(item, inputs.settings(inputs.parser().parse_args([])))
    except (BadInput, CutroomError) as error:
        console.print(f"[red]{escape(f'{inputs.shown(path)}: {error}')}[/red]")


if __name__ == "__main__":
    sys.exit(main())
