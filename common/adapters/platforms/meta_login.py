"""Signing in with Meta, for Instagram and Facebook: a code for a token that lasts, and the pages that it speaks for.

There is no refresh token: one that lasts (some 60 days) is exchanged for a newer one while it is good. A page's own
token, which comes with the list of pages, lasts until somebody takes the permission away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from common.adapters.platforms.graph import Graph
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import App, Tokens

Json = dict[str, Any]
MOST_LISTS = 50  # of a hundred pages each


class MetaLogin:
    """What both sign in with; `scopes` are each one's own."""

    def __init__(self, graph: Graph, scopes: Sequence[str]) -> None:
        self._graph, self._scopes = graph, tuple(scopes)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        asked = {"client_id": app.id, "redirect_uri": redirect, "state": state, "response_type": "code"}
        asked |= {"scope": ",".join(self._scopes), "code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{self._graph.people}/{self._graph.version}/dialog/oauth?{urlencode(asked)}"

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        """A token that lasts. Raises PlatformSaid where a permission was not given."""
        asked: Json = {"client_id": app.id, "client_secret": app.secret, "redirect_uri": redirect}
        told = self._graph.post("oauth/access_token", None, **asked, code=code, code_verifier=verifier)
        access, lasts_s = self._lasting(app, self._token(told))
        given = self._given(access)
        if missing := [scope for scope in self._scopes if scope not in given]:
            text = f"{', '.join(missing)} was not allowed"
            raise self._graph.said(text, code="scope", action="reconnect")
        return Tokens(access=access, refresh=None, lasts_s=lasts_s, refresh_lasts_s=None, scopes=given)

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        access, lasts_s = self._lasting(app, tokens.access)
        return Tokens(access=access, refresh=None, lasts_s=lasts_s, refresh_lasts_s=None, scopes=tokens.scopes)

    def revoke(self, app: App, tokens: Tokens) -> None:
        """Take all permissions back. A token that is worth nothing has none."""
        try:
            self._graph.delete("me/permissions", tokens.access)
        except PlatformSaid as error:
            if error.action != "reconnect":
                raise

    def linked(self, token: str, account: str) -> None:
        """Nothing is to be set up: figures are asked for."""

    def pages(self, token: str, fields: str) -> Iterator[Json]:
        """Each page that a person may act for, with its own token. The next list is asked for by its cursor: the
        address that Meta gives for it has the token in it.
        """
        cursor: str | None = None
        for _ in range(MOST_LISTS):
            told = self._graph.get("me/accounts", token, fields=fields, limit=100, after=cursor)
            found = told.get("data")
            if not isinstance(found, list):
                raise Unreachable(f"{self._graph.name} answers without pages; it is looked at again")
            yield from (page for page in found if isinstance(page, dict))
            paging = told.get("paging") or {}
            cursor = (paging.get("cursors") or {}).get("after")
            if not paging.get("next") or not cursor:
                return

    def _lasting(self, app: App, token: str) -> tuple[str, float | None]:
        asked: Json = {"grant_type": "fb_exchange_token", "client_id": app.id, "client_secret": app.secret}
        told = self._graph.post("oauth/access_token", None, **asked, fb_exchange_token=token)
        lasts = told.get("expires_in")
        return self._token(told), float(lasts) if isinstance(lasts, int) and lasts > 0 else None

    def _token(self, told: Json) -> str:
        if not isinstance(told.get("access_token"), str) or not told["access_token"]:
            raise Unreachable(f"{self._graph.name} answers without a token; sign in again")
        return str(told["access_token"])

    def _given(self, token: str) -> tuple[str, ...]:
        told = self._graph.get("me/permissions", token).get("data")
        rows = told if isinstance(told, list) else []
        return tuple(str(row["permission"]) for row in rows if row.get("status") == "granted")
