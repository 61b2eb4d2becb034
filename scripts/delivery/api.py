"""Who asks when a deployed Cutroom is tried: a person whose ID token is given, or got by signing in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from urllib.parse import urlencode

from common.client import Refused, wire

_SIGN_IN = "https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword"


def token(environ: Mapping[str, str] | None = None) -> str:
    """A person's ID token: CUTROOM_TOKEN, or the one that signing in gives. Raises Refused, saying what to set."""
    env = os.environ if environ is None else environ
    if given := env.get("CUTROOM_TOKEN"):
        return given
    wanted = {name: env.get(f"CUTROOM_SMOKE_{name.upper()}", "") for name in ("key", "email", "password")}
    if lacking := [f"CUTROOM_SMOKE_{name.upper()}" for name, value in wanted.items() if not value]:
        raise Refused(f"nobody is signed in: set CUTROOM_TOKEN to an ID token, or {', '.join(lacking)} to sign in")
    asked = {"email": wanted["email"], "password": wanted["password"], "returnSecureToken": True}
    url, headers = f"{_SIGN_IN}?{urlencode({'key': wanted['key']})}", {"Content-Type": "application/json"}
    answer = wire.send("POST", url, headers=headers, body=json.dumps(asked).encode())
    if answer.status != 200:
        raise Refused(f"signing in was answered {answer.status}: {answer.body[:500].decode('utf-8', 'replace')}")
    return str(json.loads(answer.body)["idToken"])
