"""How a person lets Cutroom speak for a YouTube channel: OAuth 2 at Google, with PKCE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from common.adapters.platforms import signing
from common.adapters.platforms.site import Site
from common.adapters.platforms.youtube_client import Client
from common.domain.publication import Account
from common.errors import PlatformSaid
from common.ports.platforms import App, Tokens

_AUTH: Final = "https://www.googleapis.com/auth/"
UPLOAD: Final = f"{_AUTH}youtube.upload"  # videos, and their thumbnails
NEEDED: Final = (UPLOAD, f"{_AUTH}youtube.readonly", f"{_AUTH}yt-analytics.readonly")
# Captions are added with the right to change and delete everything on a channel, and with no lesser one. It is asked
# for where whoever runs this has switched it on.
CAPTIONS: Final = f"{_AUTH}youtube.force-ssl"
_LONG_S: Final = 43_200.0
_SHORT_S: Final = 900.0  # for channels whose owner has not proved a telephone

Json = dict[str, Any]


def scopes(site: Site) -> tuple[str, ...]:
    return (*NEEDED, CAPTIONS) if site.on else NEEDED


def authorize(client: Client, app: App, redirect: str, state: str, challenge: str) -> str:
    """`prompt` and `access_type`: else there is no token to renew with where somebody has allowed it before."""
    return signing.address(
        f"{client.site.at('https://accounts.google.com')}/o/oauth2/v2/auth",
        client_id=app.id,
        redirect_uri=redirect,
        response_type="code",
        scope=" ".join(scopes(client.site)),
        state=state,
        code_challenge=challenge,
        code_challenge_method="S256",
        access_type="offline",
        prompt="consent",
    )


def exchange(client: Client, app: App, redirect: str, code: str, verifier: str) -> Tokens:
    """Raises PlatformSaid, too, where the person unticked what Cutroom cannot do without."""
    asked = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect}
    tokens = signing.tokens(_told(client, app, asked))
    if missing := [one.removeprefix(_AUTH) for one in NEEDED if one not in tokens.scopes]:
        why = f"Cutroom was not allowed {', '.join(missing)}; connect again, and leave every box ticked"
        raise PlatformSaid(why, code="scope_missing", action="reconnect")
    return tokens


def refresh(client: Client, app: App, tokens: Tokens) -> Tokens:
    if tokens.refresh is None:
        raise PlatformSaid("there is nothing to renew it with; connect the channel again", action="reconnect")
    told = _told(client, app, {"grant_type": "refresh_token", "refresh_token": tokens.refresh})
    return signing.tokens(told, tokens)


def revoke(client: Client, tokens: Tokens) -> None:
    """That of renewing takes all that came of it along; one that is worth nothing already is no error."""
    form = {"token": tokens.refresh or tokens.access}
    try:
        client.web.ask("POST", f"{client.site.at('https://oauth2.googleapis.com')}/revoke", form=form)
    except PlatformSaid as error:
        if error.code != "invalid_token":
            raise


def accounts(client: Client, token: str) -> Sequence[Account]:
    request = client.data.channels().list(part="snippet,status", mine=True, maxResults=50)
    return [_account(one) for one in client.send(request, token).get("items", ())]


def _account(told: Json) -> Account:
    snippet, status = told.get("snippet", {}), told.get("status", {})
    long = status.get("longUploadsStatus")
    return Account(
        id=told["id"],
        name=snippet.get("title") or told["id"],
        handle=snippet.get("customUrl"),
        longest_s=None if long in (None, "longUploadsUnspecified") else _LONG_S if long == "allowed" else _SHORT_S,
    )


def _told(client: Client, app: App, asked: Json) -> Json:
    form = {"client_id": app.id, "client_secret": app.secret, **asked}
    return client.web.ask("POST", f"{client.site.at('https://oauth2.googleapis.com')}/token", form=form).json
