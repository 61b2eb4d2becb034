"""Signing in by OAuth 2, as the platforms have it in common."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from common.errors import Unreachable
from common.ports.platforms import App, Tokens


def basic(app: App) -> dict[str, str]:
    """The header by which an application proves who it is (RFC 6749, 2.3.1)."""
    told = f"{quote(app.id, safe='')}:{quote(app.secret, safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(told.encode()).decode()}"}


def address(page: str, **query: str) -> str:
    """Of a page where a person allows it."""
    return f"{page}?{urlencode(query, quote_via=quote)}"


def tokens(told: Mapping[str, Any], before: Tokens | None = None) -> Tokens:
    """Of an answer with tokens. `before`: what it renews, whose refresh token stays where no other is given."""
    access = told.get("access_token")
    if not isinstance(access, str) or not access:
        raise Unreachable("the platform answers without a token; connect again")
    refresh = told.get("refresh_token")
    scopes = tuple(re.split(r"[ ,]+", str(told["scope"]))) if told.get("scope") else before.scopes if before else ()
    return Tokens(
        access=access,
        refresh=refresh if isinstance(refresh, str) else before.refresh if before else None,
        lasts_s=_seconds(told.get("expires_in")),
        refresh_lasts_s=_seconds(told.get("refresh_token_expires_in")),
        scopes=scopes,
    )


def _seconds(told: object) -> float | None:
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) else None
