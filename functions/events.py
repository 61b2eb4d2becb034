"""What arrives at on_event, read and checked: CloudEvents in binary and structured form, and Pub/Sub's push envelope.

Everything here comes from outside. What is none of these shapes raises BadInput, whose text says what was wrong.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.adapters.google.pubsub import TRACE, Message, parse_push
from common.domain.codec import dumps
from common.errors import BadInput

FINALIZED = "google.cloud.storage.object.v1.finalized"
PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
LARGEST = 1 << 20  # bytes of a request
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A file is in the bucket, whole."""

    bucket: str
    name: str
    generation: str
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run is done, failed or skipped."""

    run: str  # key of its document
    trace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A well-formed event that is none of ours."""

    type: str


Event = Uploaded | Ended | Other


def read(headers: Mapping[str, str], body: bytes) -> Event:
    """The event of an HTTP request; names of `headers` in lower case."""
    if len(body) > LARGEST:
        raise BadInput(f"an event of {len(body)} bytes; at most {LARGEST} are taken")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/cloudevents+json":
        event = _mapping(_json(body), "the event")
        for name in ("specversion", "type", "source", "id"):
            _text(event, name)
        return _of(event["type"], _structured_data(event))
    if "ce-type" in headers:
        for name in ("ce-specversion", "ce-source", "ce-id"):
            if not headers.get(name):
                raise BadInput(f"a CloudEvent without {name}")
        return _of(headers["ce-type"], _json(body))
    return _published(parse_push(body))


def _of(kind: str, data: Any) -> Event:
    if kind == FINALIZED:
        return _uploaded(_mapping(data, "the object"))
    if kind == PUBLISHED:
        return _published(parse_push(dumps(_mapping(data, "the message"))))
    return Other(type=kind[:200])


def _uploaded(data: Mapping[str, Any]) -> Uploaded:
    bucket, name = _text(data, "bucket"), _text(data, "name")
    generation, size = _number(data, "generation"), _number(data, "size")
    return Uploaded(bucket=bucket, name=name, generation=str(generation), size=size)


def _published(message: Message) -> Event:
    if message.attributes.get("kind") != "ended":
        return Other(type=message.attributes.get("kind", "")[:200])
    trace = message.attributes.get(TRACE, "")
    run = run_key(_mapping(_json(message.data), "the message's data"))
    if is_chore(run):
        raise BadInput(f"{run[:100]!r} is no run")
    return Ended(
        run=run,
        trace=trace if _TRACEPARENT.fullmatch(trace) else None,
    )


_RUN = re.compile(r"tenants/[A-Za-z0-9_-]{1,128}/runs/[A-Za-z0-9_-]{1,128}\.[a-z_]{1,40}(\.\d{1,6})?")


_TO = r"(?:[0-9a-f]{16}|[0-9a-f]{32}|push)"  # a webhook, a device, all devices
_DELIVERY = re.compile(rf"tenants/[A-Za-z0-9_-]{{1,128}}/deliveries/{_TO}\.[0-9]{{13}}\.[0-9a-f]{{24}}")


def delivery_key(told: Mapping[str, Any]) -> str | None:
    """The key of a delivery's document in {"run": key}, for both are woken alike; None where it is none."""
    key = _text(told, "run")
    return key if _DELIVERY.fullmatch(key) else None


_CHORE = re.compile(
    r"(tenants/[A-Za-z0-9_-]{1,128}/(chores|publications|campaigns)|erasures|notices)/[A-Za-z0-9_-]{1,128}"
)


def is_chore(key: str) -> bool:
    """Whether it is the key of a chore's document."""
    return _CHORE.fullmatch(key) is not None


def run_key(told: Mapping[str, Any]) -> str:
    """The key of a run's document, or a chore's, in {"run": key}."""
    key = _text(told, "run")
    if not _RUN.fullmatch(key) and not is_chore(key):
        raise BadInput(f"{key[:100]!r} is no run")
    return key


def _structured_data(event: Mapping[str, Any]) -> Any:
    if "data_base64" in event:
        try:
            return _json(base64.b64decode(_text(event, "data_base64"), validate=True))
        except binascii.Error as error:
            raise BadInput(f"an event whose data_base64 is none ({error})") from error
    return event.get("data")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"no JSON: {str(error)[:100]}") from error


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{what} is no JSON object")
    return value


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value or len(value) > 2000:
        raise BadInput(f"no {name}, or one that is no text")
    return value


def _number(told: Mapping[str, Any], name: str) -> int:
    """A whole number, which JSON of Google writes as text."""
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not re.fullmatch(r"\d{1,19}", str(value)):
        raise BadInput(f"no {name}, or one that is no whole number")
    return int(value)
