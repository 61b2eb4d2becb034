"""Signatures of webhooks, ours and those that come to us: made, and checked in constant time.

    Cutroom-Signature: t=1767225600,v1=5257a8…[,v1=…]

`t` is when it was signed, in seconds since 1970; each `v1` the hex HMAC-SHA256 of `t.body` by one secret. There are
two while a secret is rotated. What was signed more than five minutes ago, or ahead, is refused: it may be a replay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from common.errors import Unauthorized

HEADER = "Cutroom-Signature"
WINDOW_S = 300
_FORM = re.compile(r"t=([0-9]{1,11})((?:,v1=[0-9a-f]{64}){1,5})")


def sign(body: bytes, secrets: Sequence[str], at: datetime) -> str:
    """The header for a body."""
    seconds = str(int(at.timestamp()))
    return ",".join([f"t={seconds}", *(f"v1={_of(seconds, body, secret)}" for secret in secrets)])


def check(header: str, body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Raises Unauthorized, whatever is wrong with it."""
    found = _FORM.fullmatch(header)
    if found is None or abs(now.timestamp() - int(found[1])) > WINDOW_S:
        raise refused()
    given = found[2].replace("v1=", "").strip(",").split(",")
    # Each is compared with each, to the end: how long it takes tells nothing.
    fits = [hmac.compare_digest(one, _of(found[1], body, secret)) for one in given for secret in secrets]
    if not any(fits):
        raise refused()


def refused() -> Unauthorized:
    return Unauthorized(f"{HEADER} does not prove who sends this; sign `t.body` anew with the webhook's secret")


def _of(seconds: str, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
