"""Uploads: a place in the bucket for one file, that somebody without an account there may write to once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request to be sent as it stands: any other method or header is refused by the bucket."""

    method: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where one file may be sent, whole or, begun by `resumable`, in parts that can be taken up again."""

    name: str  # of the object
    whole: Request
    resumable: Request
    expires: datetime


class Uploads(Protocol):
    def slot(self, name: str, *, content_type: str, most_bytes: int) -> Slot:
        """A slot for an object that is not there yet, of 1 to `most_bytes` bytes."""
