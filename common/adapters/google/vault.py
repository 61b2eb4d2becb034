"""A vault whose key never leaves Cloud KMS, asked over its REST API. What is sealed is bound to what it is about.

Cloud KMS seals up to 64 KB by AES-256-GCM itself, so no key of ours is wrapped, kept or rotated here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from common.adapters.google.once import once
from common.errors import Permanent, Transient

ADDRESS = "https://cloudkms.googleapis.com"
TIMEOUT_S = 10.0


class KmsVault:
    """`key` is its resource name; `make` gives the session when it is first needed."""

    def __init__(self, make: Callable[[], Any], key: str, *, address: str = ADDRESS) -> None:
        self._session, self._url = once(make), f"{address}/v1/{key}"

    def seal(self, secret: str, about: str) -> str:
        return self._asked("encrypt", {"plaintext": _base64(secret), **_about(about)}, about, "ciphertext")

    def open(self, sealed: str, about: str) -> str:
        told = self._asked("decrypt", {"ciphertext": sealed, **_about(about)}, about, "plaintext")
        try:
            return base64.b64decode(told, validate=True).decode()
        except ValueError as error:
            raise _silent("its answer cannot be read") from error

    def _asked(self, verb: str, body: dict[str, str], about: str, field: str) -> str:
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        url = f"{self._url}:{verb}"
        try:
            answer = self._session().post(url, json=body, timeout=TIMEOUT_S, max_allowed_time=TIMEOUT_S)
        except (RequestException, GoogleAuthError) as error:
            raise _silent(type(error).__name__) from error
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise _silent(answer.status_code)
        if answer.status_code == 400 and verb == "decrypt":
            why = "was sealed by another key, or altered; connect the channel again"
            raise Permanent(f"what {about} holds {why}", code="sealed")
        if answer.status_code != 200:
            raise Permanent(f"Cloud KMS refuses ({answer.status_code}); run scripts/doctor", code="kms_refused")
        try:
            told = answer.json()
            return str(told.get(field, "") if verb == "decrypt" else told[field])  # "" is left out, as proto3 does
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _silent("its answer cannot be read") from error


def _about(about: str) -> dict[str, str]:
    return {"additionalAuthenticatedData": _base64(about)}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _silent(why: object) -> Transient:
    return Transient(f"Cloud KMS does not answer ({why}); it is tried again")
