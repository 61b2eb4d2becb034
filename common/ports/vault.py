"""The vault: what must be kept, and must not be read where it lies."""

from __future__ import annotations

from typing import Protocol


class Vault(Protocol):
    def seal(self, secret: str, about: str) -> str:
        """It opens only where the same is said about it: none can be put in another's place."""

    def open(self, sealed: str, about: str) -> str:
        """Raises Permanent (code `sealed`) where it was sealed by another key, about something else, or altered."""
