"""python -m jobs STAGE SUBJECT: execute one run. SUBJECT is TENANT/FLOW or TENANT/FLOW.NUMBER.

Exit status 0 when the run has settled, is waiting, or is somebody else's; what happened stands in its document.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading

from common import bootstrap, config
from common.pipeline.execution import execute
from common.pipeline.run import RunId


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m jobs", description="Execute one run of the pipeline.")
    parser.add_argument("stage", help="a stage of common/pipeline/definition.py")
    parser.add_argument("subject", help="TENANT/FLOW, or TENANT/FLOW.NUMBER for one member of a fan-out")
    parser.add_argument("--supervised", action="store_true", help="end with all children when stdin closes")
    options = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s {options.stage} {options.subject} %(levelname)s %(message)s"
    )
    if options.supervised:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    engine = bootstrap.engine(config.from_environment(), abandon=_end_group)
    ending = execute(engine, RunId.of(options.stage, options.subject))
    logging.getLogger("cutroom.jobs").info("ended: %s", ending)
    return 0


def _end_with_parent() -> None:
    """The runner holds the other end of stdin and never writes: its end means the runner is gone."""
    while os.read(0, 4096):
        continue
    _end_group()


def _end_group() -> None:
    """Kill this process and all it started. Only a group of our own: never the shell's."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main())
