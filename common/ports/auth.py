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


class SignIns(Protocol):
    """The accounts that people sign in with. Both raise Transient while it cannot be told."""

    def known(self, subject: str) -> bool:
        """Whether there is one."""

    def remove(self, subject: str) -> None:
        """From now on it opens nothing, and nobody can sign in with it; done where there is none."""


class ServiceAuth(Protocol):
    def service(self, token: str) -> Caller:
        """The service account that sent an OIDC token made for us: issuer, audience and email are checked.

        Raises Unauthorized, and Transient while it cannot be told.
        """


class Standing(Protocol):
    def check(self, subject: str, signed_in: float) -> None:
        """Whether what a person was given who signed in at that moment (seconds since 1970) still counts.

        Raises Unauthorized where it was revoked, or the person is disabled or gone, and Transient while that cannot be
        told.
        """
