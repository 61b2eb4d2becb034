"""Objects in a Cloud Storage bucket: a name is written once, by generation match 0, and carries its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.adapters.google.once import once
from common.errors import Permanent, Transient
from common.ports.objects import Stored, check_key

TIMEOUT_S = 60.0  # without a byte, of one request
PATIENCE_S = 60.0  # for which a request that failed is sent again
CHUNK = 8 << 20  # bytes sent at once of a file; a broken transfer goes on from the last whole chunk
_SHA256 = "sha256"  # the object's own metadata under which its digest stands


class StorageObjects:
    """One bucket. `make` gives the client when it is first needed; it may be used by many threads."""

    def __init__(self, make: Callable[[], Any], bucket: str, *, patience_s: float = PATIENCE_S) -> None:
        self._client, self._name, self._patience_s = once(make), bucket, patience_s

    def put_new(self, key: str, content: bytes | Path) -> Stored:
        from google.api_core import exceptions

        digest, size = _digest(content)
        blob = self._bucket.blob(check_key(key), chunk_size=CHUNK)
        blob.metadata = {_SHA256: digest}
        once = {"if_generation_match": 0, "checksum": "crc32c", **self._how}
        try:
            if isinstance(content, bytes):
                blob.upload_from_string(content, **once)
            else:
                blob.upload_from_filename(str(content), **once)
        except exceptions.PreconditionFailed:
            # Somebody was first; it may have been this very call, whose answer was lost.
            if (there := self.stat(key)) is None:
                raise Transient(f"object {key} was removed while it was written; it is tried again") from None
            return there
        except Exception as error:
            raise told(error, key) from error
        return Stored(key=key, sha256=digest, size=size, created=True)

    def stat(self, key: str) -> Stored | None:
        try:
            blob = self._bucket.get_blob(check_key(key), **self._how)
        except Exception as error:
            raise told(error, key) from error
        if blob is None:
            return None
        digest = (blob.metadata or {}).get(_SHA256)
        if digest is None:
            raise Permanent(f"object {key} was not written by Cutroom: its digest is missing; remove it")
        return Stored(key=key, sha256=digest, size=int(blob.size))

    def get(self, key: str) -> bytes:
        try:
            content: bytes = self._bucket.blob(check_key(key)).download_as_bytes(**self._how)
        except Exception as error:
            raise told(error, key) from error
        return content

    def part(self, key: str, start: int, size: int) -> bytes:
        from google.api_core import exceptions

        try:
            last = start + size - 1  # counted with it
            content: bytes = self._bucket.blob(check_key(key)).download_as_bytes(start=start, end=last, **self._how)
        except exceptions.RequestRangeNotSatisfiable:
            return b""
        except Exception as error:
            raise told(error, key) from error
        return content

    def fetch(self, key: str, folder: Path) -> Path:
        # Two keys may end in one name: each has a folder of its own.
        path = folder / hashlib.sha256(check_key(key).encode()).hexdigest()[:16] / key.rsplit("/", 1)[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._bucket.blob(key).download_to_filename(str(path), **self._how)
        except Exception as error:
            path.unlink(missing_ok=True)
            raise told(error, key) from error
        path.chmod(0o400)
        return path

    def list(self, prefix: str) -> list[str]:
        below = f"{check_key(prefix)}/" if prefix else None
        try:
            return sorted(blob.name for blob in self._bucket.list_blobs(prefix=below, **self._how))
        except Exception as error:
            raise told(error, prefix) from error

    def delete(self, key: str) -> None:
        from google.api_core import exceptions

        try:
            self._bucket.blob(check_key(key)).delete(**self._how)
        except exceptions.NotFound:
            return
        except Exception as error:
            raise told(error, key) from error

    @property
    def _how(self) -> dict[str, Any]:
        from google.cloud.storage.retry import DEFAULT_RETRY  # type: ignore[import-untyped]

        return {"timeout": TIMEOUT_S, "retry": DEFAULT_RETRY.with_timeout(self._patience_s)}

    @property
    def _bucket(self) -> Any:
        return self._client().bucket(self._name)


def _digest(content: bytes | Path) -> tuple[str, int]:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), content.stat().st_size


def told(error: Exception, key: str) -> Exception:
    """What the library raised, in words of ours; anything that is none of its errors as it is."""
    import requests
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError

    if isinstance(error, exceptions.NotFound):
        return Permanent(f"object {key} is gone; run again with --again to make it anew", code="no_object")
    if isinstance(error, (exceptions.Forbidden, exceptions.Unauthorized, exceptions.BadRequest, GoogleAuthError)):
        return Permanent(f"Cloud Storage refuses {key}: {error}; run scripts/doctor", code="objects_refused")
    if isinstance(error, (exceptions.GoogleAPICallError, exceptions.RetryError, requests.RequestException)):
        return Transient(f"Cloud Storage does not answer for {key} ({error}); it is tried again")
    return error
