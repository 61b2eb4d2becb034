"""scripts/serve: the API, a folder that is watched as the cloud watches a bucket, and the pipeline, on one machine."""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from rich.console import Console
from rich.markup import escape

from common import config
from common.adapters.embedded.auth import refuse_reachable
from common.adapters.embedded.sources import generation_of
from common.bootstrap import local as bootstrap
from common.bootstrap.local import Local, LocalApi
from common.chores.keeper import Keeper
from common.errors import BadInput, CutroomError, StateFolderBusy
from common.events.courier import Courier
from common.pipeline import flows
from common.pipeline.run import Flow
from functions.api import app
from scripts.cli import inputs
from scripts.cli.export import Folders, export, original_of, state_of
from scripts.cli.interrupts import Interrupts
from scripts.cli.session import TENANT
from scripts.cli.terminal import Terminal

PORT = 8700
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


class News:
    """Says what begins and what has ended, and copies results out; a flow is told of once in each state."""

    def __init__(self, local: Local, console: Console, out: Path) -> None:
        self._local, self._console, self._out = local, console, out
        self._told: dict[str, str] = {}
        self._folders = Folders()

    def tell(self) -> None:
        engine = self._local.engine
        for snap in engine.documents.query("flows", parent=f"tenants/{TENANT}", order="started", last_first=True):
            before, state = self._told.get(snap.id), str(snap.body["state"])
            self._told[snap.id] = state
            if before is None and state != "running":
                continue  # of an earlier life
            if before != state:
                self._say(flows.read(engine, TENANT, snap.id), state)

    def _say(self, flow: Flow, state: str) -> None:
        engine = self._local.engine
        key = f"tenants/{TENANT}/assets/{flow.asset}"
        name = str(engine.documents.get_many([key])[key].body["source"]["name"])
        if state == "running":
            self._console.print(f"[bold]{escape(name)}[/bold] begins (flow {flow.id})")
            return
        if (original := original_of(engine, flow)) is not None:
            self._console.print(f"[bold]{escape(name)}[/bold] was here before: its results are used")
            flows.start(engine, TENANT, original, flow.settings)
            self._told = {known: told for known, told in self._told.items() if not known.startswith(f"{original}-")}
            return
        _, error = state_of(engine, flow)
        exported = export(engine, flow, self._out, self._folders.of(name))
        why = f": {escape(str(error['text']))}" if error else ""
        where = f", report {escape(str(exported[0] / 'report.html'))}" if exported else ""
        self._console.print(f"[bold]{escape(name)}[/bold] is {state}{why}{where}", soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/serve",
        description="Serve the API on this machine and watch a folder: what comes either way becomes clips.",
        epilog="Ctrl-C ends it; what is at work then is taken up at the next start.",
    )
    found.add_argument("--uploads", type=Path, default=Path("uploads"), metavar="DIR", help="the folder (uploads)")
    found.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where results go (out)")
    found.add_argument("--host", default="127.0.0.1", help="where the API answers: this machine alone (%(default)s)")
    found.add_argument("--port", type=int, default=PORT, help="%(default)s; 0 takes one that is free")
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    console = Terminal()
    interrupts = Interrupts()
    try:
        refuse_reachable(options.host)
        options.uploads.mkdir(parents=True, exist_ok=True)
        with bootstrap.local(config.from_environment()) as local, listening(options.host, options.port) as listener:
            address = f"http://{options.host}:{listener.getsockname()[1]}"
            api = bootstrap.api(local, address)
            with (
                served(api, listener, local.settings.origins),
                closing(api.courier),
                Keeper(api.tools).looking(),
            ):
                local.folder.tell_address(address)
                console.print(f"API: {address}/v1, key: {api.key}", soft_wrap=True)
                console.print(f"Watching {options.uploads}/ . Drop a video in; results come to {options.out}/ .")
                _work(
                    local, Watcher(options.uploads), News(local, console, options.out), api.courier, console, interrupts
                )
    except (StateFolderBusy, BadInput, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return 2
    except KeyboardInterrupt:
        console.print("\nStopped; start again to go on.")
        return 0
    return 0


def _work(
    local: Local, watcher: Watcher, news: News, courier: Courier, console: Console, interrupts: Interrupts
) -> None:
    """Until somebody stops it. What is at work then is taken up at the next start."""
    with interrupts.held():
        try:
            while True:
                interrupts.check()
                for path in watcher.ready(time.monotonic()):
                    _take(local, path, console)
                moved = local.runner.step()
                courier.step()
                news.tell()
                if not moved:
                    local.runner.wait()
        finally:
            local.runner.stop()


def _take(local: Local, path: Path, console: Console) -> None:
    """One bad file must not end the watch: it is named, and the next one comes."""
    try:
        for item in inputs.items([path], None):
            wanted = inputs.settings(inputs.parser().parse_args([]))
            if item.transcript is not None:
                kept = inputs.keep_transcript(local.engine.objects, TENANT, item.transcript)
                wanted = replace(wanted, transcript=kept)
            flows.submit(local.engine, TENANT, item.source, item.location, wanted)
    except CutroomError as error:
        console.print(f"[red]{escape(f'{inputs.shown(path)}: {error}')}[/red]")


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket of our own, so that a port that is taken is said before anything else."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP, or asyncio lets the system hold back an answer's second piece: 40 ms for each.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise BadInput(f"port {port} is taken ({error.strerror}); choose another with --port") from error
        listener.listen()  # before the address is told: who asks at once waits, and is not turned away
        yield listener


@contextmanager
def served(api: LocalApi, listener: socket.socket, origins: Sequence[str]) -> Iterator[None]:
    """The API, by a thread of its own; it ends with the block."""
    routes = app.build(api.parts, origins)

    async def served(scope: Any, receive: Any, send: Any) -> None:
        local = scope["type"] == "http" and scope["path"].startswith("/local/")
        await (api.files if local else routes)(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(served, log_level="error", access_log=False, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="api")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    sys.exit(main())
