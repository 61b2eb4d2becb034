"""Push: a short word to a browser or a phone, through whoever its maker lets in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a device shows; `data` is for its app.

    Of several with one `tag`, which is 1 to 32 of A-Z a-z 0-9 - and _, it shows the last.
    """

    title: str
    body: str
    tag: str
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a message.

    sent     it was taken
    gone     the device is no more: its token will never be taken again
    refused  it will not be taken as it is; `why` says what is wrong
    later    it was not taken, or nobody knows; no sooner than after `after_s` seconds, where that was told
    """

    ending: Literal["sent", "gone", "refused", "later"]
    why: str | None = None
    after_s: float | None = None


class Pusher(Protocol):
    @property
    def left_out(self) -> str | None:
        """Why nothing can be sent from here; None where it can."""

    def send(self, token: str, message: Message) -> Outcome:
        """Try once, within half a minute. What goes wrong is an outcome, and no `why` names the token."""
