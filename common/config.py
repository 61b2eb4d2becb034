"""Settings of the infrastructure, the only reader of the environment. Product policy lives in documents."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.domain.annotation import FEATURES, Feature
from common.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where this machine keeps things. Every value has a default: no setting is needed to run.

    `home`    CUTROOM_HOME     the state folder: database, objects, scratch, lock
    `cores`   CUTROOM_CORES    how many cores runs may keep busy; the machine's, if unset
    `origins` CUTROOM_ORIGINS  of the pages that may ask the API from a browser, separated by blanks
    `models`  CUTROOM_MODELS   where scripts/models keeps models; `models/` in the state folder, if unset
    `platforms` CUTROOM_PLATFORMS  where platforms are asked, and how, if not as usual: a file, or what would be in it
    `council` CUTROOM_COUNCIL  a file that says which language models the council asks, if not those it knows
    `evidence` CUTROOM_EVIDENCE  features that Video Intelligence is asked for, for money, separated by blanks; none,
                               if unset, and none on one machine, where it cannot be asked
    `epoch`   CUTROOM_EPOCH    set by the runner for its workers: which life of the runner they belong to
    `anchor`  CUTROOM_ANCHOR   set by the runner for its workers: "wall,boot" seconds, one steady clock for all
    """

    home: Path
    cores: int
    models: Path
    origins: tuple[str, ...] = ()
    council: Path | None = None
    platforms: Path | str | None = None
    evidence: tuple[Feature, ...] = ()
    epoch: int | None = None
    anchor: tuple[float, float] | None = None


def on_cloud(environ: Mapping[str, str] | None = None) -> bool:
    """Whether this process is told of a project on Google Cloud."""
    return bool((os.environ if environ is None else environ).get("CUTROOM_PROJECT"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Where things are on Google Cloud; Terraform sets each.

    `project`   CUTROOM_PROJECT    `location`  CUTROOM_LOCATION   a region, for queues and jobs
    `uploads`   CUTROOM_UPLOADS    the bucket people bring files to
    `media`     CUTROOM_MEDIA      the bucket of all that is made
    `topic`     CUTROOM_TOPIC      where ends of runs are announced
    `prefix`    CUTROOM_PREFIX     of queues (PREFIX-light, -media, -gpu) and jobs (PREFIX-cpu, -gpu)
    `services`  CUTROOM_SERVICE_LIGHT, _MEDIA   URLs of the services that work on tasks, by image
    `invoker`   CUTROOM_INVOKER    the service account whose tokens tasks, pushes and the scheduler carry
    `audience`  CUTROOM_AUDIENCE   what those tokens are made for: this service's own URL
    `signer`    CUTROOM_SIGNER     the service account that signs URLs
    `database`  CUTROOM_DATABASE   the Firestore database, if not the one called (default)
    `active`    CUTROOM_ACTIVE     flows of one tenant at work at once
    `origins`   CUTROOM_ORIGINS    of the pages that may ask the API from a browser, separated by blanks
    `proxies`   CUTROOM_PROXIES    how many of Google's proxies stand before the API: 1, or 2 with the load balancer
    `image`     CUTROOM_IMAGE      what this process may load: light, media or gpu
    `council`, `evidence`, `platforms`   as in Settings
    `key`       CUTROOM_KEY        the key of Cloud KMS that seals the tokens of channels
    `address`   CUTROOM_ADDRESS    where people reach the API, if not at its own URL
    `push`      CUTROOM_PUSH       1 where devices are told by Firebase Cloud Messaging
    `home`, `models`               as in Settings; `home` is scratch alone

    With CUTROOM_LOCAL_CLOUD=1 the cloud is emulators and stand-ins on this machine:
    `tasks`     CUTROOM_TASKS      host:port of a Cloud Tasks without TLS
    `jobs`      CUTROOM_JOBS       host:port of a Run without TLS
    `pubsub`    PUBSUB_EMULATOR_HOST  host:port of a Pub/Sub without TLS
    `certs`     CUTROOM_CERTS      URL of the certificates tokens are checked by
    `iam`       CUTROOM_IAM        URL of what signs for a service account
    `users`     CUTROOM_USERS      URL of what knows whose tokens were revoked
    `fcm`       CUTROOM_FCM        URL of what takes messages for devices
    `video`     CUTROOM_VIDEO      host:port of a Video Intelligence without TLS
    `kms`       CUTROOM_KMS        URL of a Cloud KMS
    """

    project: str
    location: str
    uploads: str
    media: str
    topic: str
    prefix: str
    services: Mapping[str, str]
    invoker: str
    audience: str
    signer: str
    database: str
    active: int
    origins: tuple[str, ...]
    image: str
    home: Path
    models: Path
    council: Path | None = None
    platforms: Path | str | None = None
    evidence: tuple[Feature, ...] = ()
    key: str | None = None
    address: str | None = None
    local: bool = False
    kms: str | None = None
    tasks: str | None = None
    jobs: str | None = None
    pubsub: str | None = None
    certs: str | None = None
    iam: str | None = None
    users: str | None = None
    fcm: str | None = None
    push: bool = False
    video: str | None = None
    proxies: int = 1


_NEEDED = {
    name: f"CUTROOM_{name.upper()}"
    for name in ("project", "location", "uploads", "media", "topic", "invoker", "audience", "signer")
}
_LOCAL = {name: f"CUTROOM_{name.upper()}" for name in ("tasks", "jobs", "certs", "iam", "users", "fcm", "video", "kms")}
_LOCAL["pubsub"] = "PUBSUB_EMULATOR_HOST"


def cloud_from_environment(environ: Mapping[str, str] | None = None) -> Cloud:
    """Settings of the cloud from environment variables. Raises BadInput naming all that is missing or must not be."""
    env = os.environ if environ is None else environ
    local = env.get("CUTROOM_LOCAL_CLOUD") == "1"
    services = {
        image: url.rstrip("/") for image in ("light", "media") if (url := env.get(f"CUTROOM_SERVICE_{image.upper()}"))
    }
    missing = [name for name in _NEEDED.values() if not env.get(name)]
    missing += [f"CUTROOM_SERVICE_{image}" for image in ("LIGHT", "MEDIA") if image.lower() not in services]
    if missing:
        raise BadInput(f"these settings are missing: {', '.join(missing)}; terraform apply sets them")
    if not local and (stray := [name for name in _LOCAL.values() if env.get(name)]):
        raise BadInput(f"{', '.join(stray)} is for CUTROOM_LOCAL_CLOUD=1 alone; remove it")
    home = Path(env.get("CUTROOM_HOME") or tempfile.gettempdir()).absolute()
    named: dict[str, Any] = {name: env[variable] for name, variable in _NEEDED.items()}
    named |= {name: env.get(variable) or None for name, variable in _LOCAL.items()}
    return Cloud(
        **named,
        prefix=env.get("CUTROOM_PREFIX") or "cutroom",
        services=services,
        database=env.get("CUTROOM_DATABASE") or "(default)",
        active=int(env.get("CUTROOM_ACTIVE") or 4),
        origins=_origins(env),
        push=env.get("CUTROOM_PUSH") == "1",
        proxies=int(env.get("CUTROOM_PROXIES") or 1),
        image=env.get("CUTROOM_IMAGE") or "light",
        home=home,
        models=Path(env.get("CUTROOM_MODELS") or home / "models").absolute(),
        council=_file(env, "CUTROOM_COUNCIL"),
        platforms=_told(env, "CUTROOM_PLATFORMS"),
        evidence=_evidence(env),
        key=env.get("CUTROOM_KEY") or None,
        address=env.get("CUTROOM_ADDRESS") or None,
        local=local,
    )


def _origins(env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple((env.get("CUTROOM_ORIGINS") or "").split())


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from environment variables, `os.environ` unless given."""
    env = os.environ if environ is None else environ
    anchor = env.get("CUTROOM_ANCHOR")
    wall, _, boot = (anchor or "").partition(",")
    home = Path(env.get("CUTROOM_HOME") or ".cutroom").absolute()
    return Settings(
        home=home,
        origins=_origins(env),
        models=Path(env.get("CUTROOM_MODELS") or home / "models").absolute(),
        council=_file(env, "CUTROOM_COUNCIL"),
        platforms=_told(env, "CUTROOM_PLATFORMS"),
        evidence=_evidence(env),
        cores=int(env.get("CUTROOM_CORES") or available_cores()),
        epoch=int(env["CUTROOM_EPOCH"]) if env.get("CUTROOM_EPOCH") else None,
        anchor=(float(wall), float(boot)) if anchor else None,
    )


def _evidence(env: Mapping[str, str]) -> tuple[Feature, ...]:
    named = (env.get("CUTROOM_EVIDENCE") or "").split()
    if strange := sorted(set(named) - set(FEATURES)):
        raise BadInput(f"CUTROOM_EVIDENCE names {', '.join(strange)}; choose of {', '.join(FEATURES)}")
    return tuple(one for one in FEATURES if one in named)


def _file(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).absolute() if env.get(name) else None


def _told(env: Mapping[str, str], name: str) -> Path | str | None:
    """JSON as it stands, or the file that it is in."""
    return env[name] if env.get(name, "").lstrip().startswith("{") else _file(env, name)


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
