"""What is told of an organisation's flows and posts, in the design documents' names."""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

Type = Literal[
    "video.generation.started",
    "video.generation.progress",
    "video.generation.completed",
    "video.generation.failed",
    "transcription.complete",
    "publication.published",
    "publication.unknown",
    "publication.held",
    "publication.failed",
    "publication.cancelled",
    "metrics.update",
    "experiment.decided",
    "experiment.frozen",
    "experiment.stopped",
    "alert.system",
    "alert.quota",
]
TYPES: tuple[Type, ...] = get_args(Type)
# Of which people's devices are told: that a flow ended. To be rung up at every stage would be too often.
Pushed = Literal["video.generation.completed", "video.generation.failed"]
PUSHED: tuple[Pushed, ...] = get_args(Pushed)
TEST: Final = "webhook.test"  # sent to one webhook alone, when somebody asks for it


class Trouble(msgspec.Struct, kw_only=True):
    """Why it did not come; `code` keeps its meaning."""

    code: str
    text: str
    stage: str | None = None


class Data(msgspec.Struct, kw_only=True):
    """`left_s`: seconds that are left, by how long the organisation's last flows took; null while that is not known.

    `percent` is null until anything is known; `retry_after`: seconds until what waits is tried again.
    `service`, `usage`, `limit`: of a quota that is reached.
    """

    flow: str | None = None
    asset: str | None = None
    publication: str | None = None
    channel: str | None = None
    experiment: str | None = None
    url: str | None = None
    stage: str | None = None
    percent: int | None = None
    message: str
    left_s: int | None = None
    retry_after: int | None = None
    service: str | None = None
    usage: int | None = None
    limit: int | None = None
    error: Trouble | None = None


class Event(msgspec.Struct, kw_only=True):
    """One thing that happened. `id` names it however often it is sent; null for how far a flow is this moment."""

    id: str | None
    type: Type | Literal["webhook.test"]
    at: str
    organisation: str
    data: Data


def text(event: Event) -> str:
    """As it is sent, and signed."""
    return msgspec.json.encode(event).decode()
