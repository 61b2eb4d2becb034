"""Services of Google that call us: Cloud Tasks, Pub/Sub push and Cloud Scheduler, each with an OIDC token.

The push subscription, the queue's task and the schedule name the service account that asks and the audience it asks;
both are ours, and any other token of Google's, of which anybody can get one, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from common.adapters.google.certificates import SERVICES, Certificates, refused
from common.ports.auth import Caller

ISSUERS = ("https://accounts.google.com", "accounts.google.com")


class GoogleOidc:
    """Takes tokens made for `audience`, to the letter, and for one of the service accounts `emails`."""

    def __init__(self, audience: str, emails: Iterable[str], certificates: Certificates | None = None) -> None:
        self._audience, self._emails = audience, frozenset(emails)
        self._certificates = certificates or Certificates(SERVICES)

    def service(self, token: str) -> Caller:
        """Raises Unauthorized, and Transient while Google's certificates cannot be had."""
        claims = self._certificates.claims(token, self._audience)
        if claims.get("iss") not in ISSUERS:
            raise refused(f"it is issued by {claims.get('iss')!r:.200}")
        email = claims.get("email")
        if not isinstance(email, str) or email not in self._emails:
            raise refused(f"it is of {email!r:.200}, who is not expected")
        if claims.get("email_verified") is not True:
            raise refused(f"nobody verified that it is of {email}")
        return Caller(subject=claims["sub"], email=email, claims=claims)
