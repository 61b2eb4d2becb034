"""What TikTok tells of a post by itself: that it is out, seen by all, or refused (its webhooks, as of November 2026).

    TikTok-Signature: t=1767225600,s=5257a8…

`s` is the hex HMAC-SHA256 of `t.body` by the client's secret. TikTok sends one again for 72 hours until it is taken.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final, TypeVar

import msgspec

from common.adapters.platforms.site import Site
from common.errors import BadInput, Permanent, Unauthorized
from common.ports.notices import Notice
from common.ports.platforms import App

KEPT: Final = timedelta(hours=72)
APART: Final = timedelta(minutes=5)  # that its clock and ours may be
_FORM: Final = re.compile(r"t=([0-9]{1,11}),s=([0-9a-f]{64})")
_T = TypeVar("_T")


class _Told(msgspec.Struct):
    client_key: str
    content: str  # JSON in a text


class _About(msgspec.Struct):
    publish_id: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class TikTokNotices:
    """Implements Herald."""

    def __init__(self, site: Site) -> None:
        """Of the site nothing is asked: TikTok tells."""

    def claimed(self, notice: Notice) -> Sequence[str]:
        _, _, told = _read(notice)
        named = _decoded(told.content.encode(), _About).publish_id
        return [] if named is None else [named]  # none: such as a person who took the leave back

    def heard(self, app: App, notice: Notice) -> Sequence[str]:
        at, signed, told = _read(notice)
        made = hmac.new(app.secret.encode(), f"{at}.".encode() + notice.content, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(made, signed):
            raise _refused()
        if told.client_key != app.id:
            raise BadInput("the notice is of another client; look which address is written at TikTok")
        return self.claimed(notice)

    def topic(self, account: str) -> str | None:
        return None

    def subscribe(self, app: App, account: str, subscription: str, address: str) -> float:
        raise Permanent("TikTok tells of all accounts at the address that is written there; nothing is to be asked")


def _read(notice: Notice) -> tuple[str, str, _Told]:
    """When it was signed, its signature, and what it tells."""
    found, came = _FORM.fullmatch(notice.signature), notice.came.timestamp()
    if found is None or not came - KEPT.total_seconds() <= int(found[1]) <= came + APART.total_seconds():
        raise _refused()
    return found[1], found[2], _decoded(notice.content, _Told)


def _decoded(content: bytes, of: type[_T]) -> _T:
    try:
        content.decode()  # msgspec passes over what it does not want
        return msgspec.json.decode(content, type=of)
    except (ValueError, RecursionError) as error:  # all of msgspec's and of Unicode's are
        raise BadInput(f"the notice is not as TikTok's are; it is passed over: {str(error)[:200]}") from error


def _refused() -> Unauthorized:
    return Unauthorized("the signature is not TikTok's, or too old; nothing is done")
