"""Ads: where clips are shown for money. Each network of ads is one file in common/adapters/platforms.

check ─> send ─> send ─> … ─> Ready ─> make campaign ─> make adset ─> make creative ─> make ad ─> review
 reads      the video, gone on with         each one request, sent once: on doubt never again
            where the network has it        before `find` has looked for it by its name

All is made paused. PlatformSaid out of `make` means that nothing was made, for certain; NotConnected that nothing was
sent. All else leaves it unknown. What is asked of a network besides can be asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from common.domain.campaign import Conversion, Day, Delivery, Made, Part, Plan, Told
from common.domain.publication import File
from common.ports.platforms import Ready, Wait

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdJob:
    """One campaign, as its network needs it; `kept`, `keep`, `read` and `spent` as of a post (ports.platforms.Job)."""

    id: str
    account: str
    page: str
    token: str
    plan: Plan
    video: File
    made: Made
    kept: Mapping[str, Any]
    keep: Callable[..., None]
    read: Callable[[str, int, int], bytes]
    spent: Callable[[], bool]


class Ads(Protocol):
    """By many threads."""

    def check(self, job: AdJob) -> Json:
        """Whether the account may do all of it; what the network says of the audience. Raises PlatformSaid."""

    def rehearse(self, job: AdJob) -> Sequence[tuple[str, str]]:
        """Have the network check it, making nothing. What it could not be asked, each with why."""

    def send(self, job: AdJob) -> Ready | Wait:
        """Some of the video, and look whether it can be used; keeps `video`, the network's id of it."""

    def make(self, part: Part, job: AdJob) -> str:
        """One request, sent once; the id of what it made, paused."""

    def find(self, part: Part, job: AdJob) -> str | None:
        """The part of this campaign's name, if it is there."""

    def reviewed(self, token: str, ad: str) -> Told: ...

    def switch(self, token: str, made: Made, to: Delivery) -> None:
        """Let it run, stop it, or put it away. Can be asked again."""

    def delivery(self, token: str, made: Made) -> Delivery | Literal["deleted"]:
        """What it is set to, by the network's own word."""

    def allot(self, token: str, made: Made, daily_micros: int, currency: str) -> None:
        """Set what it may cost a day. Can be asked again. Raises PlatformSaid where that is too little, or too much."""

    def allotted(self, token: str, made: Made, currency: str) -> int:
        """Micros that it may cost a day, by the network's own word; 0 where it has no budget by the day."""

    def report(self, token: str, campaign: str) -> str:
        """Have the network count; the id of its work."""

    def days(self, token: str, report: str, event: str | None) -> Sequence[Day] | Wait:
        """What was counted, once it was. `event`: which action is the conversion."""

    def convert(self, token: str, pixel: str, events: Sequence[Conversion]) -> Json:
        """Tell the network what people did. Those of one name and id it counts once within 48 hours."""
