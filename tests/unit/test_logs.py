"""What a log line says of the run it is about, as Cloud Logging reads it."""

from __future__ import annotations

import json
import logging
import threading
from contextvars import copy_context

from common.pipeline import logs

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BODY = {"flow": "a1-1", "stage": "detect", "attempt": 2, "place": "task", "trace": TRACE, "token": "0123456789abcdef"}
RUN = "tenants/ann/runs/a1-1.detect"


def line(
    level: int = logging.INFO, text: str = "%s said", *given: object, error: BaseException | None = None
) -> object:
    """What the formatter makes of a record, read back."""
    about = (type(error), error, None) if error else None
    record = logging.LogRecord("cutroom.test", level, __file__, 1, text, given, about)
    written = logs.JsonLines("p").format(record)
    assert "\n" not in written, "a line is one entry"
    return json.loads(written)


def test_a_line_names_its_run_its_attempt_and_its_trace() -> None:
    with logs.about(RUN, BODY):
        assert line(logging.WARNING, "%s said\nnaïve ☃", "it") == {
            "severity": "WARNING",
            "logger": "cutroom.test",
            "message": "it said\nnaïve ☃",
            "tenant": "ann",
            "run": RUN,
            "flow": "a1-1",
            "stage": "detect",
            "attempt": 2,
            "place": "task",
            "token": "01234567",
            "logging.googleapis.com/trace": "projects/p/traces/4bf92f3577b34da6a3ce929d0e0e4736",
        }
    assert line(logging.INFO, "alone") == {"severity": "INFO", "logger": "cutroom.test", "message": "alone"}


def test_a_run_without_a_trace_names_none() -> None:
    for trace in (None, "", "x", "a-b"):
        with logs.about(RUN, {**BODY, "trace": trace}):
            found = line(logging.INFO, "it")
            assert isinstance(found, dict) and not {"trace", "logging.googleapis.com/trace"} & set(found)


def test_what_was_raised_is_in_the_line() -> None:
    found = line(logging.ERROR, "it failed", error=ValueError("no luck"))
    assert isinstance(found, dict) and "no luck" in found["message"]


def test_a_thread_in_a_copy_of_the_context_speaks_of_the_same_run() -> None:
    found: list[object] = []
    with logs.about(RUN, BODY):
        context = copy_context()
    for run in (context.run, lambda work: work()):
        thread = threading.Thread(target=run, args=(lambda: found.append(line(logging.INFO, "it")),))
        thread.start()
        thread.join()
    assert [isinstance(one, dict) and one.get("run") for one in found] == [RUN, None]
