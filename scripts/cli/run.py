"""scripts/run: videos in, clips out."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from common import config
from common.bootstrap import local as bootstrap
from common.errors import BadInput, CutroomError, StateFolderBusy
from common.media.sample import make_sample
from scripts.cli import inputs, storyboard
from scripts.cli.interrupts import Interrupts
from scripts.cli.session import Session, as_line
from scripts.cli.terminal import Terminal

_INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    options = inputs.parser().parse_args(argv)
    console = Terminal(stderr=options.json)
    interrupts = Interrupts()
    try:
        wanted = inputs.settings(options)
        plans = [path for path in options.videos if path.suffix.lower() == storyboard.SUFFIX]
        for plan in plans:
            scored = storyboard.score(plan, console)
            if options.json:
                print(storyboard.as_line(scored), flush=True)
        videos = [path for path in options.videos if path not in plans]
        if plans and not videos:
            return 0
        known = inputs.items(videos, options.transcript)
        place = config.from_environment()
        with bootstrap.local(place) as local:
            if not known:
                known = [_sample(place.home / "sample", console)]
            session = Session(local, console, options.out, interrupts)
            status = 0
            for item in known:
                done = session.work(item, wanted, again=options.again)
                status = max(status, done.status) if done.status != 1 else 1 if status != 2 else 2
                if options.json:
                    print(as_line(done), flush=True)
            return status
    except (BadInput, StateFolderBusy) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return 2
    except CutroomError as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is broken. Run the same command again to go on.")
        return _INTERRUPTED


def _sample(folder: Path, console: Console) -> inputs.Item:
    console.print("No video given: using a sample talk that Cutroom makes itself (drawn pictures, a computer's voice).")
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    with console.status("Making the sample talk") as status:
        made = make_sample(
            folder,
            scratch=scratch,
            on_progress=lambda share: status.update(f"Making the sample talk: {share:.0%}"),
        )
    return inputs.item(made.video, made.transcript, made=True)


if __name__ == "__main__":
    sys.exit(main())
