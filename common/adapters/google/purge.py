"""Objects of a bucket taken away for good: every generation by itself, live or not.

A bucket with soft delete keeps what was removed for its retention, and nobody can end that sooner: `lingers` says until
when.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.storage import TIMEOUT_S, told


class BucketPurge:
    """`make` gives the storage client when it is first needed."""

    def __init__(self, make: Callable[[], Any], bucket: str) -> None:
        self._client, self._name = once(make), bucket

    def count(self, prefix: str) -> int:
        try:
            return sum(1 for _ in self._listed(prefix, versions=True))
        except Exception as error:
            raise told(error, prefix) from error

    def remove(self, prefix: str, *, most: int = 1000) -> int:
        from google.api_core import exceptions

        removed = 0
        try:
            for blob in islice(self._listed(prefix, versions=True), most):
                try:
                    self._client().bucket(self._name).blob(blob.name, generation=blob.generation).delete(
                        timeout=TIMEOUT_S
                    )
                except exceptions.NotFound:
                    continue  # somebody else removed it
                removed += 1
        except Exception as error:
            raise told(error, prefix) from error
        return removed

    def lingers(self, prefix: str) -> datetime | None:
        try:
            return max((blob.hard_delete_time for blob in self._listed(prefix, soft_deleted=True)), default=None)
        except Exception as error:
            raise told(error, prefix) from error

    def _listed(self, prefix: str, **which: bool) -> Any:
        return self._client().list_blobs(self._name, prefix=prefix, timeout=TIMEOUT_S, **which)
