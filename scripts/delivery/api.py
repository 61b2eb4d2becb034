"""Cutroom as a person's program sees it: /v1 with an ID token, and a signed place to put a file."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlparse

_SIGN_IN = "https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword"
_ANSWER_S = 60.0  # a service that starts cold answers in a few


class Refused(Exception):
    """The API did not do what was asked; says what it answered."""


def token(environ: Mapping[str, str] | None = None) -> str:
    """A person's ID token: CUTROOM_TOKEN, or the one that signing in gives. Raises Refused, saying what to set."""
    env = os.environ if environ is None else environ
    if given := env.get("CUTROOM_TOKEN"):
        return given
    wanted = {name: env.get(f"CUTROOM_SMOKE_{name.upper()}", "") for name in ("key", "email", "password")}
    if lacking := [f"CUTROOM_SMOKE_{name.upper()}" for name, value in wanted.items() if not value]:
        raise Refused(f"nobody is signed in: set CUTROOM_TOKEN to an ID token, or {', '.join(lacking)} to sign in")
    asked = {"email": wanted["email"], "password": wanted["password"], "returnSecureToken": True}
    told = _json("POST", f"{_SIGN_IN}?{urlencode({'key': wanted['key']})}", json.dumps(asked).encode(), {})
    return str(told["idToken"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """`url` of the service api, `token` of a person."""

    url: str
    token: str

    def upload(self, path: Path, name: str) -> str:
        """Send a file as a browser does; the id of its asset."""
        content = path.read_bytes()
        asked = {"name": name, "size": len(content), "type": "video/mp4"}
        asset = self._call("POST", "/v1/assets", json.dumps(asked).encode())
        put = asset["upload"]["whole"]
        _send(put["method"], put["url"], content, put["headers"])
        return str(asset["id"])

    def flow_of(self, asset: str) -> str | None:
        """The id of the flow of an asset, once there is one."""
        found = self._call("GET", f"/v1/flows?asset={quote(asset)}")["items"]
        return str(found[0]["id"]) if found else None

    def flow(self, flow: str) -> dict[str, Any]:
        return self._call("GET", f"/v1/flows/{quote(flow)}")

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        return _json(method, self.url.rstrip("/") + path, body, {"Authorization": f"Bearer {self.token}"})


def _json(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
    answer = _send(method, url, body, {**headers, "Content-Type": "application/json"})
    try:
        told = json.loads(answer)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refused(f"{_where(url)} answered with no JSON object; is it Cutroom's address?")
    return told


def _send(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
    """What is answered. Raises Refused; never shows what follows a path, which may be a secret or a signature."""
    if urlparse(url).scheme not in ("http", "https"):
        raise Refused(f"{url!r} is no address of a service; give one that begins with https://")
    asked = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(asked, timeout=_ANSWER_S) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(500).decode("utf-8", "replace").strip()
        raise Refused(f"{method} {_where(url)} was answered {error.code}: {said or error.reason}") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{method} {_where(url)} was not answered: {error}; check the address and the network") from None


def _where(url: str) -> str:
    parts = urlparse(url)
    return f"{parts.netloc}{parts.path}"
