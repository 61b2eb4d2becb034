"""Secrets in Secret Manager, read over its REST API: one call does not earn a client library of its own.

A value is kept in this process for five minutes, so that a new version is taken up without a new start. What is
missing is asked for each time. Where the right to read is given secret by secret, Google answers for one that does
not exist as for one that is forbidden: Permanent, not None.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from common.adapters.google.once import once
from common.errors import BadInput, Permanent, Transient

ADDRESS = "https://secretmanager.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT_S = 10.0  # of one request, signing in with it
PATIENCE_S = 30.0  # for which a request that failed is sent again
AGE_S = 300.0  # for which a value is kept

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


def session() -> Any:
    """Signs each request as the service account this runs as."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=[SCOPE])
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


class SecretManager:
    """The latest versions of one project's secrets. `make` gives the session when it is first needed."""

    def __init__(
        self,
        make: Callable[[], Any],
        project: str,
        *,
        address: str = ADDRESS,
        patience_s: float = PATIENCE_S,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session, self._project, self._address = once(make), project, address
        self._patience_s, self._seconds = patience_s, seconds
        self._kept: dict[str, tuple[str, float]] = {}  # the value, and until when it is good
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """Without the line end that a shell leaves. Raises BadInput, Transient, Permanent."""
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name!r} is no secret's name; use lower case, digits and dashes")
        with self._lock:  # one asks, the others wait for the answer
            value, until = self._kept.get(name, (None, 0.0))
            if value is None or self._seconds() >= until:
                self._kept.pop(name, None)
                value = self._asked(name)
                if value is not None:
                    self._kept[name] = value, self._seconds() + AGE_S
            return value

    def _asked(self, name: str) -> str | None:
        from google.api_core.exceptions import RetryError
        from google.api_core.retry import Retry, if_exception_type

        retried = Retry(predicate=if_exception_type(Transient), initial=0.2, maximum=5.0, timeout=self._patience_s)
        try:
            found: str | None = retried(self._access)(name)
        except RetryError as error:
            raise error.cause from None
        return found

    def _access(self, name: str) -> str | None:
        from google.auth.exceptions import GoogleAuthError, TransportError
        from requests import RequestException

        url = f"{self._address}/v1/projects/{self._project}/secrets/{name}/versions/latest:access"
        try:
            answer = self._session().get(url, timeout=TIMEOUT_S, max_allowed_time=TIMEOUT_S, allow_redirects=False)
        except (RequestException, TransportError) as error:
            raise _silent(name, error) from error
        except GoogleAuthError as error:
            raise _silent(name, error) if error.retryable else _refused(name, error) from error
        if answer.status_code == 404:
            return None
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise _silent(name, _said(answer))
        if answer.status_code != 200:
            raise _refused(name, _said(answer))
        return _value(name, answer)


def _value(name: str, answer: Any) -> str:
    import google_crc32c

    try:
        payload = answer.json()["payload"]
        content = base64.b64decode(payload["data"], validate=True)
        whole = "dataCrc32c" not in payload or int(payload["dataCrc32c"]) == google_crc32c.value(content)
    except (ValueError, TypeError, LookupError) as error:
        raise _silent(name, "its answer cannot be read") from error
    if not whole:
        raise _silent(name, "its answer came changed")
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise Permanent(f"secret {name} is no text; add a version that is", code="secrets_refused") from None


def _said(answer: Any) -> str:
    try:
        return f"{answer.status_code}: {answer.json()['error']['message']}"
    except (ValueError, TypeError, LookupError):
        return str(answer.status_code)


def _silent(name: str, why: object) -> Transient:
    return Transient(f"Secret Manager does not answer for {name} ({str(why) or type(why).__name__}); it is tried again")


def _refused(name: str, why: object) -> Permanent:
    return Permanent(f"Secret Manager refuses {name} ({why}); run scripts/doctor", code="secrets_refused")
