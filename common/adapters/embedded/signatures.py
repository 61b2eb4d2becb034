"""Signatures of this server's own URLs: whoever has one may do the one thing that it says, until it expires."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from common.ports.clock import Clock

_SECONDS = re.compile(r"[0-9]{1,11}")


class Signatures:
    """By one key, which stays on this machine and must outlive its URLs."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key, self._clock = key, clock

    def query(self, expires: datetime, *said: str, **shown: str) -> str:
        """The query of a URL for what is `said`, which is not in it; `shown` is in it, and must be said as well."""
        at = str(int(expires.timestamp()))
        return urlencode({**shown, "expires": at, "signature": self._of(at, said)})

    def holds(self, query: Mapping[str, str], *said: str) -> bool:
        """Whether a query was made for exactly this and has not expired."""
        at = query.get("expires", "")
        # As bytes: compare_digest takes no text beyond ASCII.
        given = query.get("signature", "").encode(errors="replace")
        if not _SECONDS.fullmatch(at) or not hmac.compare_digest(given, self._of(at, said).encode()):
            return False
        return self._clock.now().timestamp() < int(at)

    def _of(self, at: str, said: tuple[str, ...]) -> str:
        # A list as JSON: no two lists of texts look alike.
        return hmac.new(self._key, json.dumps([at, *said]).encode(), hashlib.sha256).hexdigest()
