"""scripts/smoke: upload a small video as a person does, wait for its clips, and name the trigger that did not fire."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common.client import Cutroom, Refused
from scripts.cli.interrupts import Interrupts
from scripts.delivery import api, film
from scripts.delivery.commands import Commands, Failed
from scripts.delivery.watch import CLOSED, TRIGGERS, Suspect, Watch

WITHIN_S = 900.0
PATIENCE_S = 60.0  # with which a request is sent again: a service that starts cold answers in a few seconds
_LOOK_S = 2.5  # between two looks, at first: the API lets a person ask 30 times a minute
_LONGEST_LOOK_S = 5.0


class NotWell(Exception):
    """What was deployed did not make clips; says where it stopped, and where to look."""


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/smoke",
        description="Upload a small made video, wait for its clips, and name the trigger that did not fire.",
        epilog="Who uploads: CUTROOM_TOKEN (an ID token), or CUTROOM_SMOKE_KEY, CUTROOM_SMOKE_EMAIL and "
        "CUTROOM_SMOKE_PASSWORD to sign in. Exit status: 0 clips came, 1 they did not, 2 bad use.",
    )
    found.add_argument("--url", help="where the API answers, such as https://cutroom-api-….run.app")
    found.add_argument("--video", type=Path, metavar="FILE", help="upload this instead of a made one (needs no ffmpeg)")
    found.add_argument("--make", type=Path, metavar="FILE", help="only make the video, for a later --video")
    found.add_argument("--within", type=float, default=WITHIN_S, metavar="S", help="wait so long in all (%(default)g)")
    found.add_argument("--patience", type=float, metavar="S", help="call a trigger late after S (each has its own)")
    found.add_argument("--dry-run", action="store_true", help="say what would be done, and do none of it")
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    interrupts = Interrupts()
    commands = Commands(dry=options.dry_run)
    try:
        if options.make:
            film.make(commands, options.make)
            return 0
        if not options.url:
            print("scripts/smoke: say with --url where the API answers (terraform output api)", file=sys.stderr)
            return 2
        watch = Watch(patience_s=options.patience)
        with tempfile.TemporaryDirectory() as folder:
            video = options.video or Path(folder) / "smoke.mp4"
            if options.video is None:
                film.make(commands, video)
            if options.dry_run:
                print(f"would upload {video.name} to {options.url} and watch it for {options.within:g} s at most")
                return 0
            person = Cutroom(options.url, token=api.token(), patience_s=min(PATIENCE_S, options.within))
            smoke(person, video, watch, within_s=options.within, check=interrupts)
    except (Failed, NotWell, Refused, OSError) as error:
        print(f"scripts/smoke: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was uploaded stays, and is worked on.", file=sys.stderr)
        return 130
    return 0


def smoke(
    person: Cutroom, video: Path, watch: Watch, *, within_s: float = WITHIN_S, check: Interrupts | None = None
) -> None:
    """Upload, and watch until clips are there. Raises NotWell, or Refused."""
    name = f"smoke-{secrets.token_hex(4)}.mp4"
    asset = person.upload(video, name=name)["id"]
    began = time.monotonic()
    _say(began, f"uploaded as {asset}")
    flow: str | None = None
    known: dict[tuple[str, int | None], str] = {}
    pause = _LOOK_S
    while (now := time.monotonic()) < began + within_s:
        if check is not None:
            check.check()
        if flow is None and (found := next(person.flows.every(asset=asset, limit=1), None)) is not None:
            flow = found["id"]
            _say(began, f"the event came: flow {flow}")
        seen: dict[str, Any] | None = {**person.flows.one(flow)} if flow is not None else None
        if seen is not None:
            pause = _LOOK_S if _news(seen, known, began) else min(_LONGEST_LOOK_S, pause * 1.3)
            if seen["state"] in CLOSED:
                return _judge(seen, began)
        if suspect := watch.see(seen, now):
            raise NotWell(_told(suspect))
        time.sleep(pause)
    left = [f"{run['stage']} {run['state']}" for run in (seen or {}).get("runs", []) if run["state"] != "done"]
    raise NotWell(f"no clips within {within_s:g} s; still open: {', '.join(left) or 'nothing that is known'}")


def _news(flow: dict[str, Any], known: dict[tuple[str, int | None], str], began: float) -> bool:
    """Say what changed since the last look; whether anything did."""
    changed = False
    for run in flow["runs"]:
        key = (run["stage"], run["number"])
        if known.get(key) != run["state"]:
            known[key] = run["state"]
            changed = True
            if run["state"] not in ("queued", "running"):
                part = "" if run["number"] is None else f", part {run['number']}"
                why = f": {run['error']['text']}" if run.get("error") else ""
                _say(began, f"{run['title']}{part}: {run['state']}{why}")
    return changed


def _judge(flow: dict[str, Any], began: float) -> None:
    if flow["state"] != "done":
        why = (flow.get("error") or {}).get("text", "no reason was given")
        raise NotWell(f"the flow {flow['id']} is {flow['state']}: {why}; its runs stand above")
    clips = sum(run["stage"] == "render" and run["state"] == "done" for run in flow["runs"])
    if not clips:
        raise NotWell(f"the flow {flow['id']} is done and no clip was rendered; its runs stand above")
    _say(began, f"{clips} {'clip' if clips == 1 else 'clips'}: all triggers fired")


def _told(suspect: Suspect) -> str:
    trigger = TRIGGERS[suspect.trigger]
    look = "".join(f"\n  {line}" for line in trigger.look)
    return f"{trigger.title} did not fire: {suspect.shown}. Look at{look}"


def _say(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
