"""Files that we fetch, on Cloud Storage: by resumable uploads of its JSON API, each under generation match 0.

The session's address is its token: whoever has it may send, so it is kept in the chore's document and told nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.storage import told
from common.errors import NotFound, Permanent, Transient

TIMEOUT_S = 60.0  # without a byte, of one request
_CAME = re.compile(r"bytes=0-(\d{1,15})")


class BucketIntake:
    """`make` gives the storage client when it is first needed; it may be used by many threads."""

    def __init__(self, make: Callable[[], Any], bucket: str) -> None:
        self._client, self._name = once(make), bucket

    def begin(self, name: str, *, most_bytes: int) -> str | None:
        from google.api_core import exceptions

        client = self._client()
        try:
            if client.bucket(self._name).get_blob(name, timeout=TIMEOUT_S) is not None:
                return None
            blob = client.bucket(self._name).blob(name)
            return str(
                blob.create_resumable_upload_session(
                    content_type="application/octet-stream", if_generation_match=0, timeout=TIMEOUT_S
                )
            )
        except exceptions.PreconditionFailed:
            return None
        except Exception as error:
            raise told(error, name) from error

    def came(self, session: str) -> int | None:
        return self._put(session, b"", "bytes */*")

    def add(self, session: str, at: int, part: bytes, *, last: bool) -> int:
        whole = at + len(part)
        there = self._put(session, part, f"bytes {at}-{whole - 1}/{whole if last else '*'}")
        if there is None:
            return whole
        if last or there <= at:
            raise Transient(f"Cloud Storage took {there} of {whole} bytes; it is tried again")
        if there < whole:  # a part of the part: the rest is sent once more
            return self.add(session, there, part[there - at :], last=last)
        return there

    def _put(self, session: str, part: bytes, range_: str) -> int | None:
        import requests

        try:
            answer = self._client()._http.put(
                session, data=part, headers={"Content-Range": range_}, timeout=TIMEOUT_S, allow_redirects=False
            )
        except Exception as error:
            if isinstance(error, requests.RequestException):
                # Its text names the session, whose address is a secret.
                raise Transient(f"Cloud Storage does not answer ({type(error).__name__}); it is tried again") from None
            raise told(error, "an upload") from None
        if answer.status_code in (200, 201, 412):  # 412: it was there already, whole, by an earlier session
            return None
        if answer.status_code == 308:
            came = _CAME.fullmatch(answer.headers.get("Range", ""))
            return int(came[1]) + 1 if came else 0
        if answer.status_code in (404, 410):
            raise NotFound("there is no such upload any more; begin it anew")
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise Transient(f"Cloud Storage answers {answer.status_code}; it is tried again")
        raise Permanent(f"Cloud Storage refuses a part ({_said(answer)}); run scripts/doctor", code="objects_refused")


def _said(answer: Any) -> str:
    try:
        return f"{answer.status_code}: {str(json.loads(answer.content)['error']['message'])[:200]}"
    except (ValueError, TypeError, LookupError):
        return str(answer.status_code)
