"""Firebase Cloud Messaging, as far as `messages:send` of its HTTP v1: what it takes, and what it says to all else."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.standins.loopback import Reply, Request, serving

_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_RESERVED = re.compile(r"(from|message_type|gcm.*|google.*)")
_MOST = 4096  # bytes of notification and data
LOST = "lost"  # taken, and the connection cut before the answer
RESET = "reset"  # cut before it is taken


def fault(status: int, kind: str, code: str | None = None, **headers: str) -> Reply:
    """An error as FCM words it: `kind` of google.rpc, `code` of FCM."""
    details = [] if code is None else [{"@type": _FCM, "errorCode": code}]
    body = {"error": {"code": status, "message": f"Told {kind}, {code}.", "status": kind, "details": details}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body=json.dumps(body).encode(), headers={"Content-Type": "application/json", **named})


UNREGISTERED = fault(404, "NOT_FOUND", "UNREGISTERED")
INVALID = fault(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
QUOTA = fault(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", Retry_After="120")
UNAVAILABLE = fault(503, "UNAVAILABLE", "UNAVAILABLE", Retry_After="45")


@dataclass
class Fcm:
    """`sent`: the messages that were taken. `faults`: what the next requests meet; `gone`: tokens that are no more."""

    address: str = ""
    project: str = "demo-cutroom"
    sent: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Reply | str | None] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Request) -> Reply:
        with self.lock:
            self.asked += 1
            met = self.faults.pop(0) if self.faults else None
            if isinstance(met, Reply):
                return met
            if met == RESET:
                return Reply(status=0)
            if (asked.method, asked.path) != ("POST", f"/v1/projects/{self.project}/messages:send"):
                return fault(404, "NOT_FOUND")
            message = json.loads(asked.body)["message"]
            if (wrong := _wrong(message)) is not None:
                return _bad(wrong)
            if (message.get("fid") or message["token"]) in self.gone:
                return UNREGISTERED
            self.sent.append(message)
            if met == LOST:
                return Reply(status=0)
            name = {"name": f"projects/{self.project}/messages/{len(self.sent)}"}
            return Reply(body=json.dumps(name).encode(), headers={"Content-Type": "application/json"})


def _wrong(message: dict[str, Any]) -> str | None:
    """The field that FCM does not take."""
    if ("fid" in message) == ("token" in message):
        return "message.target"
    if set(message) - {"fid", "token", "notification", "data", "android", "apns", "webpush"}:
        return "message"
    for name, value in message.get("data", {}).items():
        if not isinstance(value, str) or _RESERVED.fullmatch(name):
            return f"message.data[{name}]"
    if len(json.dumps([message["notification"], message.get("data")]).encode()) > _MOST:
        return "message"
    if not re.fullmatch(r"\d+s", message["android"]["ttl"]):
        return "message.android.ttl"
    if len(message["apns"]["headers"]["apns-collapse-id"]) > 64:
        return "message.apns.headers"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", message["webpush"]["headers"]["Topic"]):
        return "message.webpush.headers"
    return None


def _bad(where: str) -> Reply:
    """Something of the message, and not its token, is wrong."""
    kind = "type.googleapis.com/google.rpc.BadRequest"
    details = [{"@type": kind, "fieldViolations": [{"field": where, "description": f"Invalid value at '{where}'"}]}]
    error = {"code": 400, "message": f"Invalid value at '{where}'", "status": "INVALID_ARGUMENT", "details": details}
    return Reply(status=400, body=json.dumps({"error": error}).encode(), headers={"Content-Type": "application/json"})


@contextmanager
def fcm() -> Iterator[Fcm]:
    """A stand-in of its own, of a project of its own."""
    made = Fcm()
    with serving(made.answer) as address:
        made.address = address
        yield made
