"""python -m jobs STAGE SUBJECT: execute one run. SUBJECT is TENANT/FLOW or TENANT/FLOW.NUMBER.
python -m jobs pull POOL: work for a pool, run after run, until there is no more to do.
python -m jobs train TENANT: look at what came of an organisation's creatives, and train a model of its clicks now.

Exit status 0 when the run has settled, is waiting, or is somebody else's; what happened stands in its document.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable

from common import config
from common.bootstrap import local
from common.chores import learning
from common.pipeline import logs
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.launcher import POLICIES
from common.pipeline.pull import pull
from common.pipeline.run import RunId
from common.ports.jobs import Jobs

TENANTS = re.compile(r"[A-Za-z0-9_-]{1,128}")
SECONDS = 3600.0  # the shortest any platform grants a worker of a pool: a task with a GPU


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m jobs", description="Execute one run, or those of a pool.")
    parser.add_argument("stage", help="a stage of common/pipeline/definition.py; or pull, or train")
    parser.add_argument(
        "subject", help="TENANT/FLOW, or TENANT/FLOW.NUMBER for one member of a fan-out; or a pool; or a TENANT"
    )
    parser.add_argument("--supervised", action="store_true", help="end with all children when stdin closes")
    parser.add_argument("--launch", metavar="ID", help="pull: the launch this worker was started for")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="pull: how long this worker may take")
    options = parser.parse_args(argv)
    _log(f"{options.stage} {options.subject}")
    if options.supervised:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    if options.stage == "train":
        return _train(options.subject)
    if options.stage != "pull":
        return _execute(RunId.of(options.stage, options.subject))
    if options.subject not in POLICIES:
        parser.error(f"there is no pool {options.subject!r}; choose one of {', '.join(POLICIES)}")
    return _pull(options.subject, options.launch, options.seconds)


def _log(what: str) -> None:
    if config.on_cloud():
        logs.to_cloud(config.cloud_from_environment().project)
    else:
        logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {what} %(levelname)s %(message)s")


def _execute(run: RunId) -> int:
    engine, _ = _assembled(_end_group)
    ending = execute(engine, run)
    logging.getLogger("cutroom.jobs").info("ended: %s", ending)
    return 0


def _train(tenant: str) -> int:
    """What the organisation's own chore does in a look; of two at once each trains, and one is tried."""
    if not TENANTS.fullmatch(tenant):
        raise SystemExit(f"{tenant[:80]!r} is no organisation's id; give one as GET /v1/organisations lists them")
    engine, _ = _assembled(_end_group)
    told = learning.look(engine, tenant, asked="a job")
    log = logging.getLogger("cutroom.jobs")
    for line in told["did"]:
        log.info("%s", line)
    log.info("ended: %d creatives that have been out for 7 days", told["have"])
    return 0


def _pull(pool: str, launch: str | None, seconds: float) -> int:
    until = time.monotonic() + seconds
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGTSTP, signal.SIGINT):
        # From another thread: this one may hold the event's lock at the very moment the signal comes.
        signal.signal(one, lambda *_: threading.Thread(target=stop.set).start())
    engine, jobs = _assembled(stop.set, warm=True)  # an attempt that must stop can't be ended apart from its process
    log = logging.getLogger("cutroom.jobs")
    log.info("asks for runs, for %.0f s", seconds)
    shift = pull(
        engine,
        pool,
        policy=POLICIES[pool],
        left_s=lambda: until - time.monotonic(),
        stop=stop,
        launch=launch,
        jobs=jobs,
    )
    log.info("ended (%s): %d runs, %d claims lost", shift.why, shift.done, shift.lost)
    if shift.left is not None:
        _end_group(0)
    return 0


def _assembled(abandon: Callable[[], None], *, warm: bool = False) -> tuple[Engine, Jobs | None]:
    """The engine, and what starts other workers; on one machine nothing does."""
    if config.on_cloud():
        from common.bootstrap import cloud  # here, not above: one machine has none of Google's packages

        parts = cloud.connect(config.cloud_from_environment(), abandon=abandon, warm=warm)
        return parts.engine, parts.jobs
    return local.engine(config.from_environment(), abandon=abandon, warm=warm), None


def _end_with_parent() -> None:
    """The runner holds the other end of stdin and never writes: its end means the runner is gone."""
    while os.read(0, 4096):
        continue
    _end_group()


def _end_group(status: int = 3) -> None:
    """Kill this process and all it started. Only a group of our own: never the shell's."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
