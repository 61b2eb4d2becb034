"""scripts/models: what hears, sees and reads on this machine, and how more is brought here."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from common import config
from common.adapters.models import store as kept
from common.adapters.models.local import ADAPTERS
from common.errors import BadInput, CutroomError, ModelMissing
from scripts.cli import catalogue, download
from scripts.cli.inputs import shown
from scripts.cli.terminal import Terminal

_WHAT = {
    "voice": "where somebody speaks",
    "recogniser": "speech to words",
    "aligner": "known words to their times",
    "faces": "faces",
    "people": "people",
    "objects": "objects",
    "texts": "text in the picture",
    "sentences": "the meaning of sentences",
}
_QUIET_S = 2.0  # work shorter than this shows no progress
_LINE_S = 10.0  # between two lines of progress where there is no terminal


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/models",
        description="What hears, sees and reads on this machine, and how more is brought here.",
        epilog="Models lie in .cutroom/models/ (or $CUTROOM_MODELS), each with its files' sha256. "
        "Without a network: fetch the files on another machine, copy them here, and add them. "
        "Exit status: 0 done, 1 a download failed, 2 bad use or files that cannot be used.",
    )
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="what answers for what, and what is missing", description="What answers now.")
    add = commands.add_parser("add", help="import a file or folder", description="Import a model from this machine.")
    add.add_argument("name", metavar="NAME", help="what to call it, such as faster-whisper-small")
    add.add_argument("path", metavar="PATH", type=Path, help="its file, or the folder of its files")
    add.add_argument("--sha256", metavar="HEX", help="refuse it unless its (largest) file has this sha256")
    add.add_argument("--kind", choices=kept.KINDS, help="what it does (of the catalogue, else recogniser)")
    get = commands.add_parser("get", help="download one of the catalogue", description="Download a model by its name.")
    get.add_argument("name", metavar="NAME", help=", ".join(catalogue.MODELS))
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    console = Terminal()
    store = config.from_environment().models
    try:
        if options.command == "list":
            _list(console, store)
        elif options.command == "add":
            _add(console, store, options)
        else:
            _get(console, store, options.name)
    except download.DownloadFailed as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return 1
    except (CutroomError, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print("\nStopped; nothing was changed.")
        return 130
    return 0


def _list(console: Console, store: Path) -> None:
    for kind, adapters in ADAPTERS.items():
        missing: list[str] = []
        for dotted in adapters:
            module, _, name = dotted.partition(":")
            try:
                here = getattr(importlib.import_module(module), name).here(store)
            except ModelMissing as error:
                missing.append(str(error))
                continue
            quality = here.facts.get("quality")
            better = f" ({quality})" if quality else ""
            console.print(f"  [green]+[/green] {kind:<11}{escape(here.source)}{better}: {_WHAT[kind]}", soft_wrap=True)
            break
        else:
            console.print(f"  [red]-[/red] {kind:<11}left out: {_WHAT[kind]}")
        for why in missing:
            console.print(f"    {'':<11}[dim]{escape(why)}[/dim]", soft_wrap=True)
    found = kept.models(store)
    console.print(f"{len(found)} of them brought by scripts/models, in {escape(shown(store))}", soft_wrap=True)
    for one in found:
        size = sum(file.size for file in one.files.values())
        console.print(f"    {one.label} ({one.kind}, {_mb(size)} MB) {escape(one.source or '')}", soft_wrap=True)


def _add(console: Console, store: Path, options: argparse.Namespace) -> None:
    known = catalogue.MODELS.get(options.name)
    kind = options.kind or (known.kind if known else "recogniser")
    with _progress(console, "Copying") as progress:
        made = kept.add(
            store,
            options.name,
            options.path,
            kind=kind,
            sha256=options.sha256,
            licence=known.licence if known else None,
            progress=progress,
        )
    _told(console, made)


def _get(console: Console, store: Path, name: str) -> None:
    entry = catalogue.MODELS.get(name)
    if entry is None:
        raise BadInput(f"{name!r} is none of {', '.join(catalogue.MODELS)}; scripts/models add takes any")
    known: dict[str, str] = {}
    with kept.building(store, name) as aside, _progress(console, "Downloading") as progress:
        for path, file in entry.files.items():
            try:
                download.fetch(f"{entry.url}/{path}", aside / path, sha256=file.sha256, progress=progress)
            except download.DownloadFailed as error:
                raise download.DownloadFailed(
                    f"{error}. Fetch {', '.join(entry.files)} from {entry.page} on another machine, copy them to a "
                    f"folder here, then: scripts/models add {name} FOLDER"
                ) from error
            if file.sha256:
                known[path] = file.sha256
        made = kept.finish(store, name, aside, kind=entry.kind, licence=entry.licence, origin=f"from {entry.url}")
    _told(console, made)
    if unknown := [path for path in made.files if path not in known]:
        console.print(
            f"  No hash was known beforehand for {escape(', '.join(unknown))}: what came is recorded above, and any "
            "later change is refused. Compare with what the publisher says if it matters."
        )


def _told(console: Console, made: kept.Manifest) -> None:
    console.print(f"{made.label} is here ({made.kind})")
    for path, file in sorted(made.files.items()):
        console.print(f"  {file.sha256}  {escape(path)} ({_mb(file.size)} MB)", soft_wrap=True)


@contextmanager
def _progress(console: Console, doing: str) -> Iterator[kept.Progress]:
    """Bytes as they come: a line that changes on a terminal, a new line now and then anywhere else."""
    began = said = time.monotonic()
    status: Status | None = None

    def tell(done: int, total: int) -> None:
        nonlocal said, status
        now = time.monotonic()
        text = f"{doing}: {_mb(done)} of {_mb(total) if total else '?'} MB"
        if now - began < _QUIET_S:
            return
        if not console.is_terminal:
            if now - said >= _LINE_S or said == began:
                console.print(f"  {text}")
                said = now
            return
        if status is None:
            status = console.status(text)
            status.start()
        status.update(text)

    try:
        yield tell
    finally:
        if status is not None:
            status.stop()


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f}" if size >= 10e6 else f"{size / 1e6:.1f}"


if __name__ == "__main__":
    sys.exit(main())
