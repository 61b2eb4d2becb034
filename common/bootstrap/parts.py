"""What the API stands on, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from common.adapters.embedded.push import LEFT_OUT
from common.chores.connections.connecting import Consent
from common.pipeline.engine import Engine
from common.ports.auth import Auth
from common.ports.drive import Drive
from common.ports.limits import Limits
from common.ports.links import Links
from common.ports.meaning import Meaning
from common.ports.notices import Herald
from common.ports.outbound import Outbound
from common.ports.push import Pusher
from common.ports.uploads import Uploads
from common.ports.vectors import Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    engine: Engine
    people: Auth
    uploads: Uploads
    links: Links
    limits: Limits
    outbound: Outbound
    vectors: Vectors
    meaning: Meaning
    drive: Drive
    consent: Consent
    herald: Callable[[str], Herald | None]  # by network; None where it tells nothing by itself
    pusher: Pusher = LEFT_OUT
    proxies: int = 0  # of ours that a request comes through, each of which adds whom it heard to X-Forwarded-For
