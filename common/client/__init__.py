"""A client of /v1 for people's programs: the standard library alone, and nothing else of Cutroom.

from common.client import Cutroom

cutroom = Cutroom("http://127.0.0.1:8700", key="…")
asset = cutroom.upload("talk.mp4")
flow = cutroom.wait(asset["id"])
for clip in cutroom.clips.of_flow(flow["id"]):
    cutroom.download(clip["id"], f"{clip['number']}.mp4")
"""

from __future__ import annotations

from common.client.cutroom import Cutroom
from common.client.events import Event
from common.client.problems import (
    BadRequest,
    Changed,
    Fault,
    Forbidden,
    Late,
    NotFound,
    Problem,
    Refused,
    TooMany,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from common.client.transport import version_of

__all__ = [
    "BadRequest",
    "Changed",
    "Cutroom",
    "Event",
    "Fault",
    "Forbidden",
    "Late",
    "NotFound",
    "Problem",
    "Refused",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "version_of",
]
