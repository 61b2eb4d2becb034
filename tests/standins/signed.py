"""Cloud Storage as far as it looks at signed URLs (V4): who signed, what for, until when; and downloads by them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.standins import loopback
from tests.standins.certificates import Issuer, key
from tests.standins.storage import Storage, _Handler, _Server

SIGNER = "signer@demo.iam.gserviceaccount.com"


@dataclass
class SignedStorage(Storage):
    """`ahead`: how far its clock is ahead of this machine's."""

    ahead: timedelta = field(default_factory=timedelta)
    iam: str = ""

    def credentials(self) -> Any:
        """What signs as SIGNER."""
        from common.adapters.google.uploads import signing

        return signing(SIGNER, iam=self.iam)


class _Signed(_Handler):
    storage: SignedStorage

    def _guarded(self, answer: Any) -> None:
        self.asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if "X-Goog-Signature" not in self.asked:
            return super()._guarded(answer)
        if (refused := self._refused()) is not None:
            self._body()
            return self._say(refused[0], {"error": {"code": refused[0], "message": refused[1]}})
        super()._guarded(self._object if self.command == "GET" else answer)

    def _refused(self) -> tuple[int, str] | None:
        """Why a URL is not taken, as Cloud Storage says it."""
        asked = dict(self.asked)
        signature = asked.pop("X-Goog-Signature")
        made = datetime.strptime(asked["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if datetime.now(UTC) + self.storage.ahead >= made + timedelta(seconds=int(asked["X-Goog-Expires"])):
            return 400, "ExpiredToken"
        signed = asked["X-Goog-SignedHeaders"].split(";")
        request = "\n".join(
            [
                self.command,
                urlsplit(self.path).path,
                "&".join(f"{quote(one, safe='-_.~')}={quote(asked[one], safe='-_.~')}" for one in sorted(asked)),
                *(f"{one}:{' '.join((self.headers.get(one) or '').split())}" for one in signed),
                "",
                ";".join(signed),
                "UNSIGNED-PAYLOAD",
            ]
        )
        scope = asked["X-Goog-Credential"].split("/", 1)[1]
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = "\n".join(["GOOG4-RSA-SHA256", asked["X-Goog-Date"], scope, digest])
        try:
            key(0).public_key().verify(bytes.fromhex(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return 403, "SignatureDoesNotMatch"
        return None


@contextmanager
def signed_storage() -> Iterator[SignedStorage]:
    """A server of its own on the loopback, and the IAM that signs for it."""
    issuer, kept = Issuer(), SignedStorage()

    def sign(asked: loopback.Request) -> loopback.Reply:
        signed = issuer.signed(base64.b64decode(json.loads(asked.body)["payload"]))
        told = {"keyId": "1", "signedBlob": base64.b64encode(signed).decode()}
        return loopback.Reply(body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})

    handler = type("Handler", (_Signed,), {"storage": kept})
    with loopback.serving(sign) as kept.iam, _Server(("127.0.0.1", 0), handler) as server:
        kept.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            for client in kept.clients:
                client.close()
            server.shutdown()
            thread.join()
