"""Auth: who is asking. A token that proves nothing is refused the same way, whatever is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person, or a service of ours. `claims` are those of the token, checked."""

    subject: str
    email: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)


class Auth(Protocol):
    def person(self, token: str) -> Caller:
        """Whose ID token this is; raises Unauthorized, and Transient while it cannot be told."""


class ServiceAuth(Protocol):
    def service(self, token: str) -> Caller:
        """The service account that sent an OIDC token made for us: issuer, audience and email are checked.

        Raises Unauthorized, and Transient while it cannot be told.
        """
