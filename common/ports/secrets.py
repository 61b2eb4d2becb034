"""Secrets: keys and tokens by name."""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    def get(self, name: str) -> str | None:
        """The secret, or None where there is none. Names are lower case with dashes, such as `gemini-api-key`."""
