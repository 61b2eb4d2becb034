"""Workers of a pool on Cloud Run: one job per pool, one execution of it per launch.

RunJob knows no request id, so it is sent once: sent again after a lost answer it would start a second worker. An
answer that is lost counts as a refusal, and a worker that did come up finds its launch refused and ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.patience import patient, told
from common.errors import Permanent, Transient

TIMEOUT_S = 20.0  # of one call
PATIENCE_S = 20.0  # for which a cancel that failed is sent again


class CloudRunJobs:
    """The jobs `{prefix}-{pool}` of one project and location; their container runs `python -m jobs`.

    The callables give the clients when they are first needed; both may be used by many threads.
    """

    def __init__(
        self,
        make_jobs: Callable[[], Any],
        make_executions: Callable[[], Any],
        *,
        project: str,
        location: str,
        prefix: str,
    ) -> None:
        self._jobs, self._executions = once(make_jobs), once(make_executions)
        self._prefix = f"projects/{project}/locations/{location}/jobs/{prefix}"

    def start(self, pool: str, launch: str) -> str:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import run_v2

        overrides = run_v2.RunJobRequest.Overrides
        container = overrides.ContainerOverride(args=["pull", pool, "--launch", launch])
        request = run_v2.RunJobRequest(
            name=f"{self._prefix}-{pool}", overrides=overrides(container_overrides=[container])
        )
        try:
            operation = self._jobs().run_job(request=request, retry=None, timeout=TIMEOUT_S)
        except exceptions.TooManyRequests as error:
            text = f"Cloud Run starts no more workers of the pool {pool} now ({error.message}); it is asked again"
            raise Transient(text, code="pool_full") from error
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise _told(error) from error
        return str(operation.metadata.name)  # the operation ends with the execution, which nobody waits for here

    def cancel(self, execution: str) -> None:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        try:
            self._executions().cancel_execution(name=execution, retry=patient(PATIENCE_S), timeout=TIMEOUT_S)
        except (exceptions.NotFound, exceptions.FailedPrecondition):
            return  # it has ended
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise _told(error) from error


def _told(error: Any) -> Transient | Permanent:
    return told(error, "Cloud Run", "jobs_refused")
