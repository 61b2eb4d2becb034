"""Whether a person's tokens still count: Firebase knows since when, and who is disabled or gone.

A token is signed for an hour, and says nothing of what happened since.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from common.adapters.google.certificates import refused
from common.errors import Transient

LOOKUP = "https://identitytoolkit.googleapis.com/v1/projects/{project}/accounts:lookup"
SCOPE = "https://www.googleapis.com/auth/identitytoolkit"
TIMEOUT_S = 5.0


class FirebaseUsers:
    """Of one project. `address`: of a stand-in, asked without credentials."""

    def __init__(self, project: str, *, address: str | None = None) -> None:
        self._url, self._alone = address or LOOKUP.format(project=project), address is not None

    def check(self, subject: str, signed_in: float) -> None:
        """Raises Unauthorized where what was given at that moment, in seconds since 1970, counts no more, and Transient
        while that cannot be told."""
        user = self._user(subject)
        if user is None:
            raise refused("its user is gone")
        if user.get("disabled"):
            raise refused("its user is disabled")
        if signed_in < float(user.get("validSince", 0)):
            raise refused("it was revoked")

    def _user(self, subject: str) -> dict[str, Any] | None:
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        try:
            answer = self._session.post(self._url, json={"localId": [subject]}, timeout=TIMEOUT_S)
            answer.raise_for_status()
            found = answer.json().get("users") or []
        except (RequestException, GoogleAuthError) as error:
            raise Transient(f"Firebase does not say whether the token still counts ({error}); try again") from error
        return next((dict(one) for one in found if one.get("localId") == subject), None)

    @cached_property
    def _session(self) -> Any:
        if self._alone:
            import requests

            return requests.Session()
        import google.auth
        from google.auth.transport.requests import AuthorizedSession

        credentials, _ = google.auth.default(scopes=[SCOPE])
        return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
