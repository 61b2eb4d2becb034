"""Identity Toolkit, as far as whose tokens count: everybody is there whom nobody removed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.standins.loopback import Reply, Request

GONE, DISABLED = -1.0, -2.0  # in the place of the time


def answer(asked: Request, revoked: Mapping[str, float]) -> Reply:
    """accounts:lookup; `revoked`: since when somebody's tokens count, in seconds since 1970."""
    (subject,) = json.loads(asked.body)["localId"]
    since = revoked.get(subject, 0.0)
    user = {"localId": subject, "validSince": str(int(max(since, 0.0))), "disabled": since == DISABLED}
    told = {"kind": "identitytoolkit#GetAccountInfoResponse", **({} if since == GONE else {"users": [user]})}
    return Reply(body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})
