"""A service that watches a video for money. Asked in two steps, so that a crash between them pays nothing twice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from common.domain.annotation import Annotations, Feature


class Annotator(Protocol):
    """Implemented on the cloud alone."""

    def ask(self, location: str, features: Collection[Feature]) -> str:
        """Have the video at a location watched; returns the name its answer is asked for by, to be kept at once.

        Each call costs, and is sent once: when its answer is lost, Transient, it may have cost all the same.
        """

    def answer(self, name: str) -> Annotations | None:
        """What was seen; None while it is watched. Costs nothing, however often. Raises Transient, Permanent."""
