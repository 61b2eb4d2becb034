"""Log lines that say which run they are about, as JSON that Cloud Logging reads: severity, message, trace, run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from common.ports.documents import Json

_ABOUT: ContextVar[dict[str, object]] = ContextVar("about")


@contextmanager
def about(run: str, body: Json) -> Iterator[None]:
    """Lines written within, by this thread or one that runs in a copy of its context, name the run and its attempt."""
    tenant = run.split("/")[1]
    fields = {name: body.get(name) for name in ("flow", "stage", "attempt", "place", "trace")}
    token = _ABOUT.set({"tenant": tenant, "run": run, "token": str(body.get("token"))[:8], **fields})
    try:
        yield
    finally:
        _ABOUT.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line. `project` is whose traces are named."""

    def __init__(self, project: str) -> None:
        super().__init__()
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        line = {"severity": record.levelname, "logger": record.name, "message": super().format(record)} | _ABOUT.get({})
        trace = str(line.pop("trace", None) or "").split("-")  # W3C: version, trace, span, flags
        if len(trace) == 4:
            line["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{trace[1]}"
        return json.dumps(line, default=str)


def to_cloud(project: str) -> None:
    """Write what Cutroom logs to standard error, where Cloud Run takes it from."""
    ours = logging.getLogger("cutroom")
    if not ours.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines(project))
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)
