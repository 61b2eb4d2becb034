"""Announcements through Pub/Sub: published by who settles a run, pushed to who plans what comes next.

Each is one call of the plain client. The other one, which batches, waits for more messages and sends from threads of
its own, and a function has no processor for those once its request is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from common.adapters.google.once import once
from common.adapters.google.patience import patient, told
from common.domain.codec import dumps
from common.errors import BadInput

TIMEOUT_S = 5.0  # of one call
PATIENCE_S = 10.0  # for which a call that failed is sent again
TRACE = "cutroom-traceparent"  # a name of our own: Google's libraries write theirs
LARGEST = 256 << 10  # bytes of a push body: ours have a few hundred, Cloud Storage's a few thousand


class PubSubAnnouncer:
    """One topic, by its full name. `make` gives a `google.pubsub_v1.PublisherClient` when it is first needed."""

    def __init__(self, make: Callable[[], Any], topic: str, *, patience_s: float = PATIENCE_S) -> None:
        self._client, self._topic, self._patience_s = once(make), topic, patience_s

    def ended(self, run: str, *, trace: str | None = None, order: str = "") -> None:
        """Publish that this run, by its key, has ended; it is out when this returns, and may be out twice.

        Messages of one `order` come in order where the subscription asks for it. Raises Transient when Pub/Sub does
        not answer, Permanent when it refuses.
        """
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError
        from google.pubsub_v1 import PubsubMessage

        attributes = {"kind": "ended"}
        if trace is not None:
            attributes[TRACE] = trace
        message = PubsubMessage(data=dumps({"run": run}), attributes=attributes, ordering_key=order)
        try:
            self._client().publish(
                topic=self._topic, messages=[message], retry=patient(self._patience_s), timeout=TIMEOUT_S
            )
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise told(error, "Pub/Sub", "announcement_refused") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a push subscription delivered; the same `id` may come more than once."""

    data: bytes
    attributes: Mapping[str, str]
    id: str
    subscription: str  # projects/P/subscriptions/S


_Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Pushed(msgspec.Struct, rename="camel"):
    message_id: _Name
    data: bytes = b""  # base64; Pub/Sub leaves it out of a message of attributes alone
    attributes: dict[str, str] = {}


class _Envelope(msgspec.Struct):
    message: _Pushed
    subscription: _Name


def parse_push(body: bytes) -> Message:
    """The message in the body of a push request; raises BadInput for anything that is none."""
    if len(body) > LARGEST:
        raise BadInput(f"a push body of {len(body)} bytes is over the {LARGEST} that are read; send names, not content")
    try:
        found = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"the body is no Pub/Sub push message ({error}); send what a push subscription sends") from error
    pushed = found.message
    return Message(
        data=pushed.data, attributes=pushed.attributes, id=pushed.message_id, subscription=found.subscription
    )
