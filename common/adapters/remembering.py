"""Auth that need not verify a token again that it has verified this very minute."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from common.ports.auth import Auth, Caller

KEPT_S = 60.0  # for which a token that was verified is not verified again; so long it outlives its revocation at most
MOST_KEPT = 10_000


class Remembering:
    """Implements Auth: what another one has just verified is not verified again. Tokens are kept as digests alone."""

    def __init__(self, auth: Auth, seconds: Callable[[], float] = time.time) -> None:
        self._auth, self._seconds = auth, seconds
        self._kept: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()  # the oldest first
        self._lock = threading.Lock()

    def person(self, token: str) -> Caller:
        name, now = hashlib.sha256(token.encode(errors="replace")).digest(), self._seconds()
        with self._lock:
            caller, until = self._kept.get(name, (None, 0.0))
        if caller is not None and now < until:
            return caller
        caller = self._auth.person(token)
        expires = caller.claims.get("exp")
        until = now + KEPT_S if expires is None else min(now + KEPT_S, float(expires))
        with self._lock:
            self._kept[name] = caller, until
            self._kept.move_to_end(name)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return caller
