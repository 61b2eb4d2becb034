"""Meta's Graph API, as Instagram and Facebook share it: its requests, what a refusal of it means, and sending a file.

A token goes in a header: Graph takes that in place of `access_token`. What a refusal means is told by its code and
subcode, which are the same at both. A file goes to another host as one request from a byte on, read in parts; what of
it has arrived Meta tells, and there the next request begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from common.adapters.platforms.site import Site
from common.adapters.platforms.web import PART, SEND_S, Reply, Web, after
from common.errors import Action, PlatformSaid, Unreachable
from common.ports.platforms import Job

Json = dict[str, Any]
VERSION: Final = "v26.0"  # of November 2026; Site.version is another
ANSWER_S = 30.0
COMMIT_S = 25.0  # so that there is time to look what became of it
BREAK_S = 5.0  # after a break in the middle of a file, until Meta knows what it has of it
RATE_S = 900.0  # after which is asked again where Meta does not say when
HELP: Final[dict[Action, str]] = {
    "retry": "it is tried again",
    "wait": "it goes on by itself",
    "reconnect": "connect the channel again, and allow all that is asked for",
    "re-render": "render the clip again for this platform",
    "stop": "change what it names, or post it in the app",
}
# What helps where Meta refuses, by subcode before code: its own table of Instagram's errors, and of limits.
BY_SUBCODE: Final[dict[int, Action]] = {
    2207001: "stop",  # taken for spam
    2207003: "retry",
    2207006: "retry",
    2207008: "retry",
    2207009: "re-render",
    2207020: "retry",
    2207026: "re-render",
    2207027: "retry",
    2207032: "retry",
    2207042: "wait",
    2207050: "stop",
    2207051: "wait",
    2207052: "retry",
    2207053: "retry",
    2207082: "retry",
    1363037: "retry",
    1487742: "wait",
    1504022: "wait",
    1504039: "wait",
    1504043: "retry",
    2446079: "wait",
    2490547: "retry",
}
BY_CODE: Final[dict[int, Action]] = {
    -2: "retry",
    -1: "retry",
    1: "retry",
    2: "retry",
    4: "wait",
    10: "reconnect",
    17: "wait",
    32: "wait",
    102: "reconnect",
    190: "reconnect",
    341: "wait",
    352: "re-render",
    613: "wait",
    9007: "retry",
}
GONE: Final = (2207006, 2207008, 2207020, 2207032)  # what was begun is no more, and is to be begun anew
BLOCKED: Final = 2207051  # said of posts too that are out


class Spent(Exception):
    """The slice ended in the middle of a file."""


class Graph:
    """By many threads."""

    def __init__(self, name: str, site: Site) -> None:
        self.name = name
        self.version = site.version or VERSION
        self.uploads = site.at("https://rupload.facebook.com")
        self.people = site.at("https://www.facebook.com")
        self.videos = site.at("https://graph-video.facebook.com")
        self._address = site.at("https://graph.facebook.com")
        self._web = Web(name=name, judge=self.refusal, hosts=("rupload.facebook.com",))

    def get(self, path: str, token: str | None, *, timeout_s: float = ANSWER_S, **query: Any) -> Json:
        address = f"{self._address}/{self.version}/{path}"
        return self._web.ask("GET", address, token=token, query=query, timeout_s=timeout_s).json

    def post(
        self,
        path: str,
        token: str | None,
        *,
        timeout_s: float = ANSWER_S,
        files: Mapping[str, Any] | None = None,
        at: str | None = None,
        **form: Any,
    ) -> Json:
        address = f"{at or self._address}/{self.version}/{path}"
        return self._web.ask("POST", address, token=token, form=form, files=files, timeout_s=timeout_s).json

    def delete(self, path: str, token: str) -> Json:
        return self._web.ask("DELETE", f"{self._address}/{self.version}/{path}", token=token).json

    def upload_to(self, told: object) -> str:
        """Where a file goes, if that is Meta's. Raises PlatformSaid."""
        return self._web.theirs(told, self.uploads)

    def send(self, job: Job, address: str, start: int) -> bool:
        """The file from a byte on, in one request; whether all of it was taken, or the slice ended before."""
        headers = {"Authorization": f"OAuth {job.token}", "Content-Type": "application/octet-stream"}
        headers |= {"offset": str(start), "file_size": str(job.video.size)}
        headers |= {"Content-Length": str(job.video.size - start)}
        try:
            reply = self._web.ask("POST", address, content=_parts(job, start), headers=headers, timeout_s=SEND_S)
        except Spent:
            return False
        if reply.json.get("success") is not True:
            raise self.refusal(reply)
        return True

    def id(self, told: Json, name: str = "id") -> str:
        """An id out of an answer. Raises Unreachable where there is none: it goes into addresses."""
        found = told.get(name)
        if not isinstance(found, str) or not re.fullmatch(r"\d{1,40}", found):
            raise Unreachable(f"{self.name} answers without {name}; it is looked at again")
        return found

    def refusal(self, reply: Reply) -> PlatformSaid:
        raw = reply.raw
        error, sending = raw.get("error"), raw.get("debug_info")
        if not isinstance(error, dict):
            error = dict(sending) if isinstance(sending, dict) else {}
            refused = isinstance(sending, dict) and reply.status in (401, 403)
            error |= {"code": 190} if refused else {"is_transient": True}  # of a file: gone on with where it is
        code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
        words = error.get("error_user_msg") or error.get("message") or f"{self.name} answers {reply.status}"
        action: Action = "stop"
        if reply.status == 429 or (code is not None and 80_000 <= code < 80_100):
            action = "wait"
        elif subcode in BY_SUBCODE:
            action = BY_SUBCODE[subcode]
        elif code in BY_CODE:
            action = BY_CODE[code]
        elif code is not None and 200 <= code < 300:
            action = "reconnect"
        elif error.get("is_transient") is True:
            action = "retry"
        return self.said(
            str(words)[:1000],
            code=str(code if subcode is None else f"{code}/{subcode}"),
            action=action,
            after_s=after(reply, _regained(reply)) if action == "wait" else None,
            anew=subcode in GONE,
            raw=raw,
        )

    def said(self, words: str, *, action: Action, **more: Any) -> PlatformSaid:
        """A refusal in Meta's words, with what to do."""
        return PlatformSaid(f"{self.name}: {words.rstrip('. ')}; {HELP[action]}", action=action, **more)

    def processing(self, words: str, raw: Json) -> PlatformSaid:
        """A file that could not be made a reel of; Instagram names the number of its reason in the text."""
        found = re.search(r"\b(22\d{5})\b", words)
        subcode = int(found[1]) if found else None
        action = BY_SUBCODE.get(subcode, "re-render") if subcode is not None else "re-render"
        code = "processing" if subcode is None else str(subcode)
        return self.said(words[:1000], code=code, action=action, anew=action == "retry", raw=raw)


def doubtful(error: PlatformSaid) -> bool:
    """Whether a post may be out in spite of it: Meta was out of order, or says what it said of posts that were."""
    told = error.raw.get("error")
    if not isinstance(told, dict):
        return True
    out_of_order = told.get("is_transient") is True or _number(told.get("code")) in (-2, -1, 1, 2)
    return out_of_order or blocked(error)


def blocked(error: PlatformSaid) -> bool:
    told = error.raw.get("error")
    return isinstance(told, dict) and _number(told.get("error_subcode")) == BLOCKED


def of(told: Mapping[str, Any], name: str) -> Json:
    """An object in an answer; an empty one where there is none."""
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def arrived(phase: object, size: int) -> int:
    """Bytes of a file that Meta has, by what it tells of the sending; none where it tells nothing."""
    if not isinstance(phase, dict):
        return 0
    if phase.get("status") == "complete":
        return size
    told = _number(phase.get("bytes_transferred", phase.get("bytes_transfered")))  # its guides spell it so
    return min(size, max(0, told or 0))


def words_of(phase: object) -> str | None:
    """What went wrong in a phase, by Meta's words."""
    if not isinstance(phase, dict) or phase.get("status") != "error":
        return None
    errors = phase.get("errors") or [phase.get("error")]
    first = errors[0] if isinstance(errors, list) and errors else None
    told = first.get("message") if isinstance(first, dict) else None
    return str(told) if told else "it could not be processed"


def _parts(job: Job, start: int) -> Iterator[bytes]:
    """Of the file, from a byte on; between them is looked whether it is ours still."""
    while start < job.video.size:
        if job.spent():
            raise Spent
        part = job.read(job.video.object, start, min(PART, job.video.size - start))
        if not part:
            raise Unreachable("the file is shorter than it was; it is looked at again")
        yield part
        start += len(part)
        job.keep()


def _regained(reply: Reply) -> float:
    """Seconds after which Meta says that it answers again."""
    try:
        told = json.loads(reply.headers.get("x-business-use-case-usage", "{}"))
        minutes = [_number(one.get("estimated_time_to_regain_access")) for many in told.values() for one in many]
    except (ValueError, AttributeError, TypeError):
        return RATE_S
    return min(86_400.0, max([60.0 * found for found in minutes if found], default=RATE_S))


def _number(told: object) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) else None
