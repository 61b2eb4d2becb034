"""What a question means, as a vector like those that clips are kept with."""

from __future__ import annotations

from typing import Protocol

from common.ports.documents import Vector


class Meaning(Protocol):
    def of(self, text: str) -> tuple[str, Vector]:
        """The model's name@version, and the text's vector.

        Raises ModelMissing where there is no model, Transient while it starts or has too much to do, and whatever the
        model raises.
        """
