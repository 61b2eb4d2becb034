"""Servers of strangers, on the loopback: with TLS, names of their own, and an outbound that may go there."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    DNSName,
    Name,
    NameAttribute,
    SubjectAlternativeName,
    random_serial_number,
)
from cryptography.x509.oid import NameOID

from common.adapters.outbound import HttpsOutbound
from tests.standins.loopback import Reply, Request, serving

NAMES = ("hooks.example", "files.example", "elsewhere.example")  # for which the certificate is


@dataclass
class Outside:
    """`asked` notes every request; `numbers` is what a name resolves to, and may be changed."""

    port: int
    outbound: HttpsOutbound
    asked: list[Request] = field(default_factory=list)
    numbers: dict[str, list[str]] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)

    def at(self, path: str = "/", name: str = NAMES[0]) -> str:
        return f"https://{name}:{self.port}{path}"


@cache
def _pem() -> str:
    """A key and its certificate, its own issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = Name([NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    now = datetime.now(UTC) - timedelta(hours=1)
    made = CertificateBuilder(name, name, key.public_key(), random_serial_number(), now, now + timedelta(days=7))
    made = made.add_extension(SubjectAlternativeName([DNSName(one) for one in NAMES]), critical=False)
    made = made.add_extension(BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    return (key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate).decode()


@contextmanager
def outside(answer: Callable[[Request], Reply], **options: Any) -> Iterator[Outside]:
    """A server for all of `NAMES`, each of which is this machine; `options` are the outbound's."""
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        (Path(folder) / "pem").write_text(_pem())
        secured.load_cert_chain(Path(folder) / "pem")

    def noted(request: Request) -> Reply:
        made.asked.append(request)
        return answer(request)

    def resolve(host: str, port: int) -> list[str]:
        made.resolved.append(host)
        return made.numbers.get(host, ["127.0.0.1"])

    with serving(noted, secured) as address:
        port = int(address.rpartition(":")[2])
        trust = ssl.create_default_context(cadata=_pem())
        usual: Mapping[str, Any] = {"resolve": resolve, "also": ("127.0.0.1",), "ports": (port,), "trust": trust}
        made = Outside(port, HttpsOutbound(**{**usual, **options}))
        yield made
