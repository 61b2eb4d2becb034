"""One prediction through the function: the API on one machine as it is served, with a model of sixty accounts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from common import config
from common.bootstrap import local as bootstrap
from common.learning import registry
from common.ports.clock import stamp
from common.ports.documents import Create, Json
from common.scoring.ctr.training import train
from common.signals.features.registry import FEATURES, VERSION
from scripts.benches import Row
from scripts.benches.openloop import Asked, drive, percentile
from scripts.benches.served import TENANT, served
from tests.learned import NOW, creatives

ACCOUNTS, EACH, CLIPS = 60, 30, 100
RATE, CONNECTIONS, SECONDS = 50, 10, 10.0
NAMES: Final = tuple(feature.name for feature in FEATURES)


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        size = _filled(Path(name))
        with served("whole", Path(name)) as server:
            headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}

            def asked(n: int) -> Asked:
                body = {"clip": f"bench-1.{n % CLIPS + 1}", "account": f"account-{n * 7 % ACCOUNTS}"}
                raw = json.dumps(body).encode()
                return Asked(kind="one", method="POST", path="/v1/predictions", headers=headers, body=raw)

            first = drive(server.url, [asked(0)], rate=1, connections=1)
            drive(server.url, [asked(n) for n in range(100)], rate=RATE, connections=CONNECTIONS)  # warm
            found = drive(
                server.url, [asked(n) for n in range(int(RATE * SECONDS))], rate=RATE, connections=CONNECTIONS
            )
    late = [one.late_s * 1000 for one in found]
    peer = (
        f"POST /v1/predictions as served on one machine, open loop, {RATE}/s over {CONNECTIONS} connections for "
        f"{SECONDS:g} s; {ACCOUNTS} accounts, {len(NAMES)} features, model.ubj of {size / 1e3:.0f} kB"
    )
    wrong = sum(one.status != 200 for one in (*first, *found))
    yield Row(name="one prediction through the function: failed", value=wrong, unit="", target=0, peer=peer)
    name = "one prediction through the function, 95th percentile"
    yield Row(name=name, value=percentile(late, 0.95), unit="ms", target=100, peer=peer)
    yield Row(name="one prediction through the function, median", value=percentile(late, 0.5), unit="ms")
    yield Row(name="the first of a process, which opens the model", value=first[0].late_s * 1000, unit="ms")


def _filled(home: Path) -> int:
    """A state with a live model and clips with their features; the size of the model's trees."""
    past = creatives({f"account-{n}": EACH for n in range(ACCOUNTS)}, names=NAMES)
    made = train(past, now=NOW, features_version=VERSION)
    with bootstrap.local(config.from_environment({"CUTROOM_HOME": str(home)})) as there:
        engine = there.engine
        whose = (engine.documents, engine.objects, engine.clock, TENANT)
        version = registry.put(*whose, made.ubj, made.manifest)
        registry.promote(*whose, version, by="bench", why="to be asked")
        for n, one in enumerate(past[:CLIPS], 1):
            body: Json = {"schema": 1, "features": dict(one.features), "features_version": VERSION}
            body["created"] = stamp(engine.clock.now())
            engine.documents.commit([Create(f"tenants/{TENANT}/predictions/bench-1.{n}", body)])
    return len(made.ubj)
