"""Errands as Cloud Tasks: one HTTP call of the service whose image can work on the run, at the time it is due.

A task is named after its errand, so that the same errand sent twice is one: Cloud Tasks refuses a name again for an
hour or more after its task is gone. An errand that was lost has another name once the sweep has raised its `wake`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.patience import patient, told
from common.domain.codec import dumps
from common.errors import Permanent
from common.ports.clock import Clock
from common.ports.wake import Errand

TIMEOUT_S = 5.0  # of one call
PATIENCE_S = 10.0  # for which a call that failed is sent again
PATH = "/work"  # of every service, where it takes errands
TRACE = "Cutroom-Traceparent"  # a name of our own: Cloud Run writes the traceparent of its own request over ours

# What Cloud Tasks takes: how far ahead a task may lie, less what two clocks may differ, and how long a call may last.
AHEAD = timedelta(days=30) - timedelta(minutes=5)
LONGEST = timedelta(minutes=30)
SKEW = timedelta(seconds=1)  # later than asked: one that comes early, by whoever's clock, finds its run not yet due
MARGIN = timedelta(seconds=60)  # beyond the stage's own timeout, for a cold start and the settle; never under 15 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Where the runs of one image go: the name of the queue, and the service's address as its audience has it."""

    queue: str
    url: str


class CloudTasks:
    """The queues of one project and location. `make` gives the client when it is first needed, for many threads.

    `lanes` are by image; `caller` is the e-mail address of the service account that the services let in.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        *,
        project: str,
        location: str,
        lanes: Mapping[str, Lane],
        caller: str,
        clock: Clock,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._client, self._lanes, self._caller, self._clock = once(make), lanes, caller, clock
        self._queues = f"projects/{project}/locations/{location}/queues"
        self._patience_s = patience_s

    def send(self, errand: Errand, at: datetime) -> None:
        """Have the errand's service called, not before `at`. Sent already: nothing happens, it is one errand.

        More than 30 days ahead nothing is sent: the run's `due` stands, and the sweep sends it when that has come.
        Raises Transient when Cloud Tasks does not answer, Permanent when it refuses.
        """
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        now = self._clock.now()
        if at - now > AHEAD:
            return
        task = self._task(errand, at + SKEW if at > now else None)
        parent = task.name.partition("/tasks/")[0]
        try:
            self._client().create_task(parent=parent, task=task, retry=patient(self._patience_s), timeout=TIMEOUT_S)
        except exceptions.AlreadyExists:
            return  # by an earlier call, or by this one, whose first answer was lost
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise told(error, "Cloud Tasks", "tasks_refused") from error

    def _task(self, errand: Errand, at: datetime | None) -> Any:
        from google.cloud import tasks_v2

        lane = self._lanes.get(errand.image)
        if lane is None:
            raise Permanent(f"no queue takes {errand.image} runs; run scripts/doctor", code="no_queue")
        headers = {"Content-Type": "application/json"}
        if errand.trace is not None:
            headers[TRACE] = errand.trace
        return tasks_v2.Task(
            name=f"{self._queues}/{lane.queue}/tasks/{errand.name}",
            http_request=tasks_v2.HttpRequest(
                http_method=tasks_v2.HttpMethod.POST,
                url=lane.url + PATH,
                headers=headers,
                body=dumps({"run": errand.run}),
                oidc_token=tasks_v2.OidcToken(service_account_email=self._caller, audience=lane.url),
            ),
            schedule_time=at,
            dispatch_deadline=min(LONGEST, timedelta(seconds=errand.timeout_s) + MARGIN),
        )
