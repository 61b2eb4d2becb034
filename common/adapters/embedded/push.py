"""No push: what stands where no Firebase project can be sent through."""

from __future__ import annotations

from dataclasses import dataclass

from common.ports.push import Message, Outcome

LOCAL = "push goes through a Firebase project, which one machine has not; listen to GET /v1/events instead"


@dataclass(frozen=True, slots=True)
class NoPush:
    """Implements Pusher: sends nothing, and says why."""

    left_out: str = LOCAL

    def send(self, token: str, message: Message) -> Outcome:
        return Outcome(ending="refused", why=self.left_out)


LEFT_OUT = NoPush()
