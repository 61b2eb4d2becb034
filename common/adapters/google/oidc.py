"""Services of Google that call us: Cloud Tasks, Pub/Sub push and Cloud Scheduler, each with an OIDC token.

The push subscription, the queue's task and the schedule name the service account that asks and the audience it asks;
both are ours, and any other token of Google's, of which anybody can get one, is refused. Eventarc chooses the audience
itself: an address of the service, of which Cloud Run gives each two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from common.adapters.google.certificates import SERVICES, Certificates, refused
from common.ports.auth import Caller

_OWN = re.compile(r"https://([a-z][a-z0-9-]*)-\d+\.[a-z0-9-]+\.run\.app")
_ADDRESSES = r"(?:{0}|https://{1}-[a-z0-9]{{10}}-[a-z]{{2,4}}\.a\.run\.app)/?"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")


class GoogleOidc:
    """Takes tokens for one of the service accounts `emails`, made for `audience` to the letter.

    Where that is the address of a service on Cloud Run, NAME-PROJECT.REGION.run.app, its other address counts as well,
    NAME-HASH-REGION.a.run.app, and either with a slash at its end.
    """

    def __init__(self, audience: str, emails: Iterable[str], certificates: Certificates | None = None) -> None:
        self._audience, self._emails = audience, frozenset(emails)
        own = _OWN.fullmatch(audience)
        self._addresses = re.compile(_ADDRESSES.format(re.escape(audience), own[1])) if own else None
        self._certificates = certificates or Certificates(SERVICES)

    def service(self, token: str) -> Caller:
        """Raises Unauthorized, and Transient while Google's certificates cannot be had."""
        claims = self._certificates.claims(token, self._ours)
        if claims.get("iss") not in ISSUERS:
            raise refused(f"it is issued by {claims.get('iss')!r:.200}")
        email = claims.get("email")
        if not isinstance(email, str) or email not in self._emails:
            raise refused(f"it is of {email!r:.200}, who is not expected")
        if claims.get("email_verified") is not True:
            raise refused(f"nobody verified that it is of {email}")
        return Caller(subject=claims["sub"], email=email, claims=claims)

    def _ours(self, audience: object) -> bool:
        if not isinstance(audience, str):
            return False
        return audience == self._audience or bool(self._addresses and self._addresses.fullmatch(audience))
