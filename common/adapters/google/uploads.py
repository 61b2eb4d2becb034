"""Signed URLs (V4) of the bucket people bring files to: signed by the service account over IAM, without a key file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.storage import told
from common.ports.uploads import Request, Slot

LASTS = timedelta(minutes=30)  # to begin an upload: a resumable one, once begun, has a week


class BucketUploads:
    """`make` gives the storage client, `sign` credentials that can sign, both when first needed."""

    def __init__(self, make: Callable[[], Any], bucket: str, sign: Callable[[], Any]) -> None:
        self._client, self._name, self._credentials = once(make), bucket, once(sign)

    def slot(self, name: str, *, content_type: str, most_bytes: int) -> Slot:
        # Once: generation match 0 keeps a link that got about from overwriting what it was made for.
        headers = {"x-goog-if-generation-match": "0", "x-goog-content-length-range": f"1,{most_bytes}"}
        expires = datetime.now(UTC) + LASTS
        whole = self._signed("PUT", name, content_type, headers, expires)
        begun = self._signed("POST", name, content_type, {**headers, "x-goog-resumable": "start"}, expires)
        return Slot(name=name, whole=whole, resumable=begun, expires=expires)

    def _signed(self, method: str, name: str, kind: str, headers: dict[str, str], expires: datetime) -> Request:
        client = self._client()
        try:
            url = (
                client.bucket(self._name)
                .blob(name)
                .generate_signed_url(
                    version="v4",
                    method=method,
                    expiration=expires,
                    content_type=kind,
                    headers=headers,
                    credentials=self._credentials(),
                    api_access_endpoint=client.api_endpoint,
                )
            )
        except Exception as error:
            raise told(error, name) from error
        return Request(method=method, url=url, headers={**headers, "content-type": kind})


def signing(email: str, *, iam: str | None = None) -> Any:
    """Credentials that sign as `email` through IAM's signBlob; `iam` is where a stand-in of it answers, else Google."""
    import google.auth
    from google.auth import credentials as kinds
    from google.auth import iam as signers
    from google.auth.transport.requests import Request as Transport

    nobody: Any = kinds.AnonymousCredentials
    signer: Any = signers.Signer

    class Signing(nobody, kinds.Signing):  # type: ignore[misc]
        """Signs, and does nothing else."""

        def __init__(self, signer: Any) -> None:
            super().__init__()
            self._signer = signer

        @property
        def signer(self) -> Any:
            return self._signer

        @property
        def signer_email(self) -> str:
            return email

        def sign_bytes(self, message: bytes) -> bytes:
            return bytes(self._signer.sign(message))

    transport: Any = Transport()
    if iam is None:
        own, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/iam"])
        return Signing(signer(transport, own, email))

    def rerouted(url: str, *arguments: Any, **named: Any) -> Any:
        return transport("/".join([iam.rstrip("/"), *url.split("/", 3)[3:]]), *arguments, **named)

    return Signing(signer(rerouted, nobody(), email))
