"""Google's certificates, and what their keys signed.

Google signs the tokens of its services and of Firebase with keys that change every few days, and publishes the
certificates of those that count. They are kept for as long as the answer allows, so that hardly any token costs a
request.

A token is opened in one order: its size, its three parts, its algorithm, its key, its signature. Only then is read
what it says. google-auth's own jwt.decode reads first, passes over characters that are not base64, and takes tokens
that name no key.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.errors import Transient, Unauthorized

SERVICES = "https://www.googleapis.com/oauth2/v1/certs"
FIREBASE = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"

REFUSED = "this token does not prove who you are; get a new one"
SKEW_S = 10  # by which Google's clock and ours may differ
MOST_CHARS = 8192  # of a token; Google's have about a thousand

TIMEOUT_S = 5.0  # without a byte, of one request for certificates
PATIENCE_S = 5.0  # for which a request that failed is sent again
AGAIN_S = 10.0  # between two requests, whatever keys tokens name and however soon an answer expires
AGE_S = 300.0  # for which an answer holds that does not say
MOST_AGE_S = 86_400.0
LEAST_BITS = 2048  # of a key

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})")

log = logging.getLogger("cutroom.auth")


def refused(reason: str) -> Unauthorized:
    """The one answer to every token that proves nothing. Why goes to the log alone, which never sees the token."""
    log.info("a token was refused: %s", reason)
    return Unauthorized(REFUSED)


def moment(claims: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """A time of a token, in seconds since 1970. Raises Unauthorized where it is none: JSON's reader takes NaN, too."""
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise refused(f"its {name} is no time")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Verifiers by key id, good until a moment of the steady clock, in seconds."""

    verifiers: Mapping[str, Any] = field(default_factory=dict)
    until: float = float("-inf")


class Certificates:
    """Those published at one address. Nothing is asked before the first token; many threads may use it."""

    def __init__(
        self, url: str, *, patience_s: float = PATIENCE_S, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._url, self._patience_s, self._seconds = url, patience_s, seconds
        self._held = _Held()
        self._again = float("-inf")  # the next request goes out no sooner
        self._trouble = ""  # what the last request ended in
        self._lock = threading.Lock()

    def claims(self, token: str, ours: Callable[[object], bool]) -> dict[str, Any]:
        """What a token for an audience that is `ours` says, now, of somebody. Raises Unauthorized, Transient."""
        said = _object(self.opened(token), "what it says")
        now = time.time()
        if max(moment(said, "iat"), moment(said, "nbf", now)) > now + SKEW_S:
            raise refused("it is not valid yet")
        if moment(said, "exp") <= now - SKEW_S:
            raise refused("it has expired")
        if not ours(said.get("aud")):
            raise refused(f"it is for {said.get('aud')!r:.200}")
        if not isinstance(said.get("sub"), str) or not said["sub"]:
            raise refused("it is nobody's")
        return said

    def opened(self, token: str) -> bytes:
        """What a key of Google's signed with RS256. Raises Unauthorized, and Transient without the certificates."""
        if len(token) > MOST_CHARS:
            raise refused(f"it has {len(token)} characters, {MOST_CHARS} at most are read")
        if (parts := _PARTS.fullmatch(token)) is None:
            raise refused("it is no signed token")
        header, content, signature = (_decoded(part) for part in parts.groups())
        said = _object(header, "its header")
        if said.get("alg") != "RS256" or "crit" in said:
            raise refused("it is not signed with RS256 and nothing else")
        kid = said.get("kid")
        verifier = self._verifier(kid) if isinstance(kid, str) else None
        if verifier is None:
            raise refused("its key is none of Google's")
        if not verifier.verify(f"{parts[1]}.{parts[2]}".encode(), signature):
            raise refused("its signature is wrong")
        return content

    def _verifier(self, kid: str) -> Any | None:
        if (found := self._known(kid)) is not None:
            return found
        with self._lock:  # one asks, the others wait for the answer
            if self._seconds() >= self._again:
                self._ask()
            if self._trouble:
                raise Transient(self._trouble)
            return self._known(kid)

    def _known(self, kid: str) -> Any | None:
        held = self._held
        return held.verifiers.get(kid) if self._seconds() < held.until else None

    def _ask(self) -> None:
        from google.api_core.exceptions import RetryError
        from google.api_core.retry import Retry, if_exception_type
        from requests import RequestException

        retried = Retry(
            predicate=if_exception_type(RequestException), initial=0.2, maximum=2.0, timeout=self._patience_s
        )
        try:
            published, age_s = retried(_fetched)(self._url)
            verifiers = _verifiers(published)
            self._trouble = "" if verifiers else f"{self._url} names no certificate; it is tried again"
        except RetryError as error:
            self._trouble = f"Google's certificates cannot be fetched ({error.cause}); it is tried again"
        now = self._seconds()
        self._again = now + AGAIN_S
        if not self._trouble:
            self._held = _Held(verifiers=verifiers, until=now + max(age_s, AGAIN_S))


def _fetched(url: str) -> tuple[Any, float]:
    """What is published, and for how many seconds it holds. Raises requests' errors."""
    import requests

    response = requests.get(url, timeout=TIMEOUT_S, allow_redirects=False)
    response.raise_for_status()
    told = _MAX_AGE.search(response.headers.get("Cache-Control", "").lower())
    spent = response.headers.get("Age", "")  # in caches on the way
    age_s = float(told[1]) - (float(spent) if spent.isdecimal() else 0.0) if told else AGE_S
    return response.json(), min(age_s, MOST_AGE_S)


def _verifiers(published: Any) -> dict[str, Any]:
    """By key id; what is no certificate of a strong RSA key is left out."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificate
    from google.auth.crypt import RSAVerifier

    found = {}
    for kid, text in published.items() if isinstance(published, dict) else ():
        try:
            key = load_pem_x509_certificate(str(text).encode()).public_key()
        except (ValueError, UnsupportedAlgorithm, InvalidVersion):
            key = None
        if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_BITS:
            found[kid] = RSAVerifier(key)  # type: ignore[no-untyped-call]
        else:
            log.warning("the certificate %.80r is left out: it holds no RSA key of %d bits", kid, LEAST_BITS)
    return found


def _decoded(part: str) -> bytes:
    """Base64 for URLs without padding, in the one form each content has: another would be a second token."""
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise refused("a part is not base64") from None
    if base64.urlsafe_b64encode(content).rstrip(b"=") != part.encode():
        raise refused("a part is not base64 as it should be")
    return content


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        said = json.loads(content.decode())
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise refused(f"{what} is no JSON object")
    return said
