"""The cloud as CUTROOM_PROJECT and the other settings name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from common import config
from common.errors import BadInput
from common.pipeline.place import POOLS
from scripts.cli.doctor.asking import first, in_time
from scripts.cli.doctor.finding import Finding, Found, of

AUTH_EMULATOR = "FIREBASE_AUTH_EMULATOR_HOST"
_REACH_S = 8.0  # for all that is asked of the cloud, at once
_LOGIN = "gcloud auth application-default login"

_BUCKET = r"(?!goog)(?!.*google)(?!.*\.\.)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]"
_ACCOUNT = r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com"
_URL = r"https?://[^\s/]+(/\S*)?"
# variable -> what its value must be, as a pattern and in words
RULES = {
    "CUTROOM_PROJECT": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "6 to 30 small letters, digits and hyphens, a letter first"),
    "CUTROOM_LOCATION": (r"[a-z]+-[a-z]+[0-9]+", "a region, such as europe-west4"),
    "CUTROOM_UPLOADS": (_BUCKET, "a bucket: 3 to 63 small letters, digits, hyphens; without google in it"),
    "CUTROOM_MEDIA": (_BUCKET, "a bucket: 3 to 63 small letters, digits, hyphens; without google in it"),
    "CUTROOM_TOPIC": (r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}", "a topic: 3 to 255 letters, digits and -._~+%"),
    "CUTROOM_PREFIX": (r"[a-z][a-z0-9-]{0,56}", "small letters, digits and hyphens, 57 at most, a letter first"),
    "CUTROOM_INVOKER": (_ACCOUNT, "a service account: NAME@PROJECT.iam.gserviceaccount.com"),
    "CUTROOM_SIGNER": (_ACCOUNT, "a service account: NAME@PROJECT.iam.gserviceaccount.com"),
    "CUTROOM_AUDIENCE": (_URL, "the URL of this service"),
    "CUTROOM_SERVICE_LIGHT": (_URL, "the URL of the service that does light work"),
    "CUTROOM_SERVICE_MEDIA": (_URL, "the URL of the service that does media work"),
    "CUTROOM_ACTIVE": (r"[1-9][0-9]*", "a number from 1"),
    "CUTROOM_IMAGE": (r"light|media|gpu", "light, media or gpu"),
}


def cloud(environ: Mapping[str, str]) -> Iterator[Finding]:
    found = of("cloud")
    local = environ.get("CUTROOM_LOCAL_CLOUD") == "1"
    if not config.on_cloud(environ):
        yield found("cloud", "ok", "not in use: CUTROOM_PROJECT is not set, everything stays on this machine")
        if environ.get(AUTH_EMULATOR):
            yield found(AUTH_EMULATOR, "note", "set; nothing on one machine reads it", f"unset {AUTH_EMULATOR}")
        return
    settings, problems = _settings(environ)
    yield from problems
    if environ.get(AUTH_EMULATOR) and not local:
        yield found(AUTH_EMULATOR, "wrong", "set: with it forged tokens pass", f"unset {AUTH_EMULATOR}")
    misnamed = False
    for variable, (pattern, words) in RULES.items():
        value = environ.get(variable)
        if value and not re.fullmatch(pattern, value):
            misnamed = True
            yield found(variable, "wrong", f"{value!r} cannot be right", f"it must be {words}")
    if environ.get("CUTROOM_UPLOADS") and environ.get("CUTROOM_UPLOADS") == environ.get("CUTROOM_MEDIA"):
        yield found("buckets", "wrong", "uploads and media are one: what is made would be taken for uploads", "use two")
    if settings is not None and not misnamed:
        yield found("settings", "ok", f"all there, for {settings.project} in {settings.location}")
    reason = "the settings above come first"
    if not local:
        kind, why = _credentials()
        yield found("credentials", "ok" if kind else "wrong", kind or why, "" if kind else _LOGIN)
        reason = reason if kind else "there are no credentials"
        settings = settings if kind else None
    if settings is None or misnamed:
        yield found("what is there", "note", f"not reached: {reason}", "put that right and run scripts/doctor again")
    else:
        yield from _reach(found, settings)


def _settings(environ: Mapping[str, str]) -> tuple[config.Cloud | None, list[Finding]]:
    """The settings, or all that is wrong with them: what is missing must not hide what must not be there."""
    given = dict(environ)
    problems: list[Finding] = []
    for name in ("missing", "stray"):
        try:
            settings = config.cloud_from_environment(given)
            return (None if problems else settings), problems
        except BadInput as error:
            seen, _, fix = str(error).partition("; ")
            problems.append(Finding(group="cloud", name="settings", state="wrong", seen=seen, fix=fix))
            absent = [one for one in re.findall(r"[A-Z]+(?:_[A-Z]+)+", seen) if not given.get(one)]
            if name == "stray" or not any(one in RULES for one in absent):
                break
            given |= dict.fromkeys(absent, "-")
        except ValueError:
            break  # CUTROOM_ACTIVE is no number: RULES says so
    return None, problems


def _credentials() -> tuple[str, str]:
    """What kind of credentials are found, or why none are."""
    try:
        import google.auth
    except ImportError:
        return "", "Google's packages are not installed: scripts/setup dev brings them"
    made = in_time({"": lambda: type(google.auth.default()[0])}, _REACH_S)[""]
    if isinstance(made, type):
        return f"{made.__module__.rpartition('.')[2].strip('_')} {made.__name__}", ""
    return "", str(made).partition(". ")[0]


def _reach(found: Found, settings: config.Cloud) -> Iterator[Finding]:
    """Whether the parts are there: each asked once, all at the same time."""
    from common.adapters.google.clients import Clients

    made, call = Clients(settings), {"retry": None, "timeout": _REACH_S / 2}
    place_of = f"projects/{settings.project}/locations/{settings.location}"
    topic = f"projects/{settings.project}/topics/{settings.topic}"

    def bucket(name: str) -> Callable[[], Any]:
        return lambda: made.storage().get_bucket(name, **call)

    def queue(name: str) -> Callable[[], Any]:
        return lambda: made.tasks().get_queue(name=f"{place_of}/queues/{name}", **call)

    def job(name: str) -> Callable[[], Any]:
        return lambda: made.jobs().get_job(name=f"{place_of}/jobs/{name}", **call)

    asked = {f"bucket {name}": bucket(name) for name in (settings.uploads, settings.media)}
    asked |= {f"topic {settings.topic}": lambda: made.publisher().get_topic(topic=topic, **call)}
    asked |= {f"queue {settings.prefix}-{image}": queue(f"{settings.prefix}-{image}") for image in settings.services}
    asked |= {f"job {settings.prefix}-{pool}": job(f"{settings.prefix}-{pool}") for pool in sorted({*POOLS.values()})}
    for name, answer in in_time(asked, _REACH_S).items():
        if not isinstance(answer, Exception):
            yield found(name, "ok", "there")
        elif type(answer).__name__ == "NotFound":
            yield found(name, "wrong", "not there", "terraform apply")
        else:
            seen = f"not reached: {first(str(answer)) or type(answer).__name__}"
            yield found(name, "note", seen, "check the network and the roles of these credentials")
