"""Jobs: processes of the cloud that pull work from a pool."""

from __future__ import annotations

from typing import Protocol


class Jobs(Protocol):
    def start(self, pool: str, launch: str) -> str:
        """Start one worker of a pool, told the id of its launch; returns the platform's name of the execution.

        The platform knows no request id: an answer that is lost may hide a worker that came up. Raises Transient
        when the platform takes no more now, Permanent when it refuses.
        """

    def cancel(self, execution: str) -> None:
        """End an execution; one that has ended is no error."""
