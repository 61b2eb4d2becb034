"""Google as the signer of tokens: its keys, the certificates it publishes, and tokens with any claim made wrong."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

from common.adapters.google.certificates import Certificates
from tests.standins.loopback import Reply, Request, serving

PROJECT = "demo-cutroom"
AUDIENCE = "https://work.example/task"
EMAIL = "tasks@demo-cutroom.iam.gserviceaccount.com"
MISSING = object()  # a claim or header of this value is left out


@cache
def key(number: int) -> rsa.RSAPrivateKey:
    """One of the keys of this process: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    """PEM. Signed by key 0, whosever it is: who reads it trusts where it came from."""
    name = Name([NameAttribute(NameOID.COMMON_NAME, "standin.example")])
    now = datetime.now(UTC)
    made = CertificateBuilder(name, name, public, random_serial_number(), now, now + timedelta(days=7))
    return made.sign(key(0), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Issuer:
    """`published` holds certificates by key id; the key `signer` signs. `status` other than 200 is answered instead."""

    address: str = ""
    published: dict[str, Any] = field(default_factory=dict)
    signer: int = 0
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "public, max-age=21600, no-transform"})
    status: int = 200
    body: bytes | None = None
    slow_s: float = 0.0
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kid(self) -> str:
        return f"key-{self.signer}"

    def rotate(self) -> None:
        """Sign with a new key, whose certificate alone is published."""
        self.signer += 1
        self.published = {self.kid: certificate(key(self.signer).public_key())}

    def certificates(self, **options: Any) -> Certificates:
        return Certificates(self.address, **{"patience_s": 0.0, **options})

    def signed(self, content: bytes) -> bytes:
        return key(self.signer).sign(content, padding.PKCS1v15(), hashes.SHA256())

    def token(
        self,
        claims: Mapping[str, Any] | bytes,
        header: Mapping[str, Any] | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """A token that says `claims`, under the true header with `header` over it."""
        content = claims if isinstance(claims, bytes) else _json(claims)
        said = _json({"alg": "RS256", "kid": self.kid, "typ": "JWT", **(header or {})})
        text = f"{base64url(said)}.{base64url(content)}"
        return f"{text}.{base64url((sign or self.signed)(text.encode()))}"

    def answer(self, _: Request) -> Reply:
        with self.lock:
            self.asked += 1
        time.sleep(self.slow_s)
        content = json.dumps(self.published).encode() if self.body is None else self.body
        return Reply(status=self.status, body=content, headers=self.headers)


def oidc_claims(**other: Any) -> dict[str, Any]:
    """What a token of Cloud Tasks, of a push subscription or of Cloud Scheduler says, with `other` over it."""
    now = int(time.time())
    return {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "azp": "113774264463038321964",
        "sub": "113774264463038321964",
        "email": EMAIL,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
        **other,
    }


def firebase_claims(**other: Any) -> dict[str, Any]:
    """What an ID token of Firebase says, with `other` over it."""
    now = int(time.time())
    return {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "auth_time": now - 60,
        "user_id": "u1",
        "sub": "u1",
        "iat": now,
        "exp": now + 3600,
        "email": "ann@example.com",
        "email_verified": True,
        "firebase": {"identities": {"email": ["ann@example.com"]}, "sign_in_provider": "password"},
        **other,
    }


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in said.items() if value is not MISSING}).encode()


@contextmanager
def issuer() -> Iterator[Issuer]:
    """A signer of its own, whose certificates a server on the loopback publishes."""
    made = Issuer()
    made.published = {made.kid: certificate(key(made.signer).public_key())}
    with serving(made.answer) as made.address:
        yield made
