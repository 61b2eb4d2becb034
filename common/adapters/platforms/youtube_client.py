"""Google's client for YouTube's APIs: it makes the requests, from the documents that come with it, and we send them.

Sent by itself, a request would go out again where its connection breaks, which a commit must not. Its documents name
Google's hosts, and `Site.address` is put in their place.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

from common.adapters.platforms.site import Site
from common.adapters.platforms.web import Reply, Web, after
from common.errors import Permanent, PlatformSaid, Unreachable

VERSION: Final = "v3"  # of the Data API, as of 2026-11
ANALYTICS: Final = "youtubeAnalytics.v2"
REPORTING: Final = "youtubereporting.v1"
HOST: Final = "https://youtube.googleapis.com"
UNSCOPED: Final = ("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes")
_DAILY: Final = ("uploadLimitExceeded", "quotaExceeded", "dailyLimitExceeded")  # counted by the day
_PACE: Final = ("rateLimitExceeded", "userRateLimitExceeded", "uploadRateLimitExceeded", "RESOURCE_EXHAUSTED")
_SIGN_IN: Final = ("authError", "invalid_grant", "invalid_token", "UNAUTHENTICATED", *UNSCOPED)
_FILE: Final = ("mediaTypeNotSupported", "unsupportedMediaType", "badContent")
_PACE_S: Final = 60.0
_DAILY_S: Final = 3600.0  # where the platform does not say what time it has
_PACIFIC: Final = "America/Los_Angeles"

Json = dict[str, Any]


class Client:
    """By many threads."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.web = Web(name="YouTube", judge=judge, hosts=("googleapis.com",))

    @property
    def data(self) -> Any:
        return self.api(f"youtube.{self.site.version or VERSION}")

    def api(self, name: str) -> Any:
        return _built(name, self.site.address)

    def send(self, request: Any, token: str) -> Json:
        """Once. Raises as Web does."""
        told = request.execute(http=_Wire(self.web, token), num_retries=0)
        if not isinstance(told, dict):
            raise Unreachable("YouTube answers with nothing; it is tried again")
        return told


class _Wire:
    """What Google's client takes for a connection. Refusals are raised here, before it sees them."""

    def __init__(self, web: Web, token: str) -> None:
        self._web, self._token = web, token

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> tuple[Any, bytes]:
        kind = {name: value for name, value in (headers or {}).items() if name.lower() == "content-type"}
        content = body.encode() if isinstance(body, str) else body
        reply = self._web.ask(method, uri, token=self._token, content=content, headers=kind)
        _ = reply.json  # raises where something between has answered
        made = importlib.import_module("httplib2").Response({**reply.headers, "status": str(reply.status)})
        return made, reply.body


@cache
def _built(name: str, address: str | None) -> Any:
    file = resources.files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json"
    try:
        document = json.loads(file.read_text())
    except OSError as error:
        why = f"Google's client has no document {name}; take {VERSION} for `version` in the file of CUTROOM_PLATFORMS"
        raise Permanent(why) from error
    if address is not None:
        document["rootUrl"] = f"{address.rstrip('/')}/"
    discovery = importlib.import_module("googleapiclient.discovery")  # takes half a second: not before it is needed
    return discovery.build_from_document(document, http=_Wire(Web(name="YouTube", judge=judge), ""))


def judge(reply: Reply) -> Exception:
    """What a refusal means. Google words it in three ways: its APIs' old and new one, and that of signing in."""
    if reply.status < 400:
        return Unreachable(f"YouTube sends elsewhere ({reply.status}); it is tried again")
    text, reasons = _worded(reply)
    code = reasons[0] if reasons else f"http_{reply.status}"
    said: Json = {"code": code, "raw": reply.raw}
    if any(one in _DAILY for one in reasons):
        why = f"YouTube says: {text} It counts anew at midnight in California; it goes on by itself"
        return PlatformSaid(why, action="wait", after_s=after(reply, _midnight(reply)), **said)
    if reply.status == 429 or any(one in _PACE for one in reasons):
        why = f"YouTube says: {text} It goes on by itself"
        return PlatformSaid(why, action="wait", after_s=after(reply, _PACE_S), **said)
    if "youtubeSignupRequired" in reasons:
        return PlatformSaid(f"YouTube says: {text} Make a channel there, then connect again", **said)
    if (reply.status == 401 and code != "invalid_client") or any(one in _SIGN_IN for one in reasons):
        return PlatformSaid(f"YouTube says: {text} Connect the channel again", action="reconnect", **said)
    if reply.status == 415 or any(one in _FILE for one in reasons):
        return PlatformSaid(f"YouTube says: {text} Render the clip again", action="re-render", **said)
    return PlatformSaid(f"YouTube says: {text} Mend that, then post it again", **said)


def _worded(reply: Reply) -> tuple[str, list[str]]:
    """Its words without their markup, and the names it has for what is wrong, the most exact first."""
    error = reply.raw.get("error")
    if isinstance(error, str):
        return _plain(reply.raw.get("error_description") or error), [error]
    if not isinstance(error, dict):
        return _plain(reply.raw.get("text") or f"no ({reply.status})."), []
    named = [one.get("reason") for key in ("errors", "details") for one in _dicts(error.get(key))]
    named.append(error.get("status"))
    return _plain(error.get("message") or f"no ({reply.status})."), [one for one in named if isinstance(one, str)]


def _plain(text: object) -> str:
    told = " ".join(re.sub(r"<[^<>]*>", "", str(text)).split())[:1000]
    return told if told.endswith((".", "!", "?")) else f"{told}."


def _dicts(found: object) -> list[Json]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _midnight(reply: Reply) -> float:
    """Seconds until it counts anew, by its own clock: ours may be wrong."""
    try:
        now = parsedate_to_datetime(reply.headers.get("date", "")).astimezone(ZoneInfo(_PACIFIC))
    except ValueError:
        return _DAILY_S
    over = datetime.combine(now.date() + timedelta(days=1), time(minute=1), now.tzinfo)
    return over.timestamp() - now.timestamp()  # not `over - now`, which is blind to summer time
