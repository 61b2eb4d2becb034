"""What TikTok tells of a post by itself: that it is out, seen by all, or refused (its webhooks, as of November 2026).

    TikTok-Signature: t=1767225600,s=5257a8…

`s` is the hex HMAC-SHA256 of `t.body` by the client's secret. TikTok sends one again for 72 hours until it is taken.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from common.adapters.platforms.site import Site
from common.errors import BadInput, Permanent, Unauthorized
from common.ports.notices import Notice
from common.ports.platforms import App

KEPT: Final = timedelta(hours=72)
APART: Final = timedelta(minutes=5)  # that its clock and ours may be
_FORM: Final = re.compile(r"t=([0-9]{1,11}),s=([0-9a-f]{64})")


class TikTokNotices:
    """Implements Herald."""

    def __init__(self, site: Site) -> None:
        """Of the site nothing is asked: TikTok tells."""

    def heard(self, app: App, notice: Notice) -> Sequence[str]:
        found = _FORM.fullmatch(notice.signature)
        if found is None:
            raise _refused()
        made = hmac.new(app.secret.encode(), found[1].encode() + b"." + notice.content, hashlib.sha256).hexdigest()
        came = notice.came.timestamp()
        fresh = came - KEPT.total_seconds() <= int(found[1]) <= came + APART.total_seconds()
        if not hmac.compare_digest(made, found[2]) or not fresh:
            raise _refused()
        told = _object(notice.content)
        if told.get("client_key") != app.id:
            raise BadInput("the notice is of another client; look which address is written at TikTok")
        named = _object(told.get("content")).get("publish_id")  # JSON in a text
        return [named] if isinstance(named, str) else []  # such as a person who took the leave back

    def topic(self, account: str) -> str | None:
        return None

    def subscribe(self, app: App, account: str, subscription: str, address: str) -> float:
        raise Permanent("TikTok tells of all accounts at the address that is written there; nothing is to be asked")


def _object(content: object) -> dict[str, Any]:
    try:
        told = json.loads(content) if isinstance(content, str | bytes) else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise BadInput("the notice is no JSON object; it is passed over")
    return told


def _refused() -> Unauthorized:
    return Unauthorized("the signature is not TikTok's, or too old; nothing is done")
