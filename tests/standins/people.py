"""Identity Toolkit, as far as whose tokens count, and removing them: everybody is there whom nobody removed."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from typing import Any

from tests.standins.loopback import Reply, Request

GONE, DISABLED = -1.0, -2.0  # in the place of the time


def answer(asked: Request, revoked: MutableMapping[str, float]) -> Reply:
    """accounts:lookup and accounts:delete; `revoked`: since when somebody's tokens count, in seconds since 1970."""
    if asked.path.endswith("/accounts:delete"):
        return _removed(str(json.loads(asked.body)["localId"]), revoked)
    (subject,) = json.loads(asked.body)["localId"]
    since = revoked.get(subject, 0.0)
    user = {"localId": subject, "validSince": str(int(max(since, 0.0))), "disabled": since == DISABLED}
    told = {"kind": "identitytoolkit#GetAccountInfoResponse", **({} if since == GONE else {"users": [user]})}
    return _told(200, told)


def _removed(subject: str, revoked: MutableMapping[str, float]) -> Reply:
    if revoked.get(subject) == GONE:
        error = {
            "code": 400,
            "message": "USER_NOT_FOUND",
            "errors": [{"message": "USER_NOT_FOUND", "reason": "invalid"}],
        }
        return _told(400, {"error": error})
    revoked[subject] = GONE
    return _told(200, {"kind": "identitytoolkit#DeleteAccountResponse"})


def _told(status: int, told: Mapping[str, Any]) -> Reply:
    return Reply(status=status, body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})
