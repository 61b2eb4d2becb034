"""Receivers of webhooks in a test: what they were sent is kept, and they answer as they are told."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from common.adapters import destinations
from common.adapters.destinations import HTTPS
from common.ports.outbound import Coming, Reply


@dataclass(frozen=True, kw_only=True)
class Sent:
    address: str
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Receivers:
    """Implements Outbound. `answers` are given one by one, then 200: a status, or an error to raise."""

    answers: list[int | BaseException] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def check(self, address: str) -> str:
        return destinations.read(address, frozenset((HTTPS,))).address

    def post(
        self,
        address: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_s: float = 10.0,
        most_bytes: int = 16 << 10,
    ) -> Reply:
        self.sent.append(Sent(address=address, body=body, headers=dict(headers)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, BaseException):
            raise answer
        return Reply(status=answer, headers={}, body=b"so it is")

    def fetch(
        self,
        address: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float,
        most_bytes: int,
    ) -> AbstractContextManager[Coming]:
        raise NotImplementedError("webhooks fetch nothing")
