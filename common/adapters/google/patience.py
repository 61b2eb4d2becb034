"""How long a call of Google is tried, and what its errors are in words of ours."""

from __future__ import annotations

from typing import Any

from common.errors import Permanent, Transient


def patient(seconds: float) -> Any:
    """Send again what may pass, for this long: for calls that may be repeated, whatever the client's own default is."""
    from google.api_core import exceptions
    from google.api_core.retry import Retry, if_exception_type

    passing = if_exception_type(
        exceptions.Aborted,
        exceptions.DeadlineExceeded,
        exceptions.InternalServerError,
        exceptions.ResourceExhausted,
        exceptions.ServiceUnavailable,
        exceptions.Unknown,
    )
    return Retry(predicate=passing, initial=0.1, multiplier=2.0, maximum=2.0, timeout=seconds)


def told(error: Any, service: str, code: str) -> Transient | Permanent:
    """What passes by itself, and what a person must mend: `code` is that one's."""
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError

    words = str(getattr(error, "message", error)).rstrip(".")
    mended = (
        exceptions.BadRequest,
        exceptions.Forbidden,
        exceptions.MethodNotImplemented,
        exceptions.NotFound,
        exceptions.Unauthorized,
    )
    if isinstance(error, mended) or (isinstance(error, GoogleAuthError) and not error.retryable):
        return Permanent(f"{service} refuses: {words}; run scripts/doctor", code=code)
    return Transient(f"{service} does not answer ({words}); it is tried again")
