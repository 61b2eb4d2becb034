"""A job that is gone on with: what is kept of it on the way is in its `kept` at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from common.ports.platforms import Job


def going(job: Job) -> Job:
    kept = dict(job.kept)

    def keep(step: str | None = None, **more: Any) -> None:
        job.keep(step, **more)
        kept.update(more)

    return replace(job, kept=kept, keep=keep)
