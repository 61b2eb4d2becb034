"""Where a platform is asked, and which version of its API: settings, each with a default in its own file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`address` stands for all hosts of a platform: a stand-in's. None: the platform's own. `version` of its API.

    `on`: whether whoever runs this has switched it on, for platforms that ask for that.
    """

    address: str | None = None
    version: str | None = None
    on: bool = False

    def at(self, own: str) -> str:
        """The address to ask instead of a platform's own one, without a slash at its end."""
        return (self.address or own).rstrip("/")
