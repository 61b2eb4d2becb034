"""scripts/bench fanout: a thousand uploads at once through on_event, on the Firestore emulator."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from common import config
from common.adapters.google.firestore import FirestoreDocuments
from common.bootstrap.cloud import CloudParts
from common.pipeline.definition import PIPELINE
from common.ports.auth import Caller
from scripts.benches import Row
from scripts.benches.counted import Counted
from tests.emulators import PROJECT, firestore_emulator
from tests.post import Post, cloudlike

EVENTS, THREADS, TENANTS = 1000, 16, 50


@contextmanager
def documents() -> Iterator[Any]:
    """Firestore's emulator, behind a counter."""
    from google.cloud import firestore

    with firestore_emulator() as address, mock.patch.dict(os.environ, FIRESTORE_EMULATOR_HOST=address):
        yield Counted(FirestoreDocuments(lambda: firestore.Client(project=PROJECT)))


def here() -> bool:
    return shutil.which("java") is not None and shutil.which("gcloud") is not None


def rows() -> Iterator[Row]:
    if not here():
        yield Row(name="fanout: left out, there is no emulator here (java, gcloud)", value=0, unit="")
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name, documents() as kept:
        yield from _uploads(Path(name), kept)


def _uploads(folder: Path, kept: Counted) -> Iterator[Row]:
    main, parts, post = _deployed(folder, kept)
    bodies = [
        json.dumps(
            {"bucket": "up", "name": f"t/tenant{n % TENANTS}/u{n}/talk.mp4", "generation": str(n + 1), "size": "352"}
        ).encode()
        for n in range(EVENTS)
    ]
    began = time.monotonic()
    with mock.patch.object(main, "_CLOUD", parts), ThreadPoolExecutor(THREADS) as pool:
        once = list(pool.map(lambda body: _ask(main, body), bodies))
        wall, reads, writes, usd = time.monotonic() - began, kept.reads, kept.writes, kept.usd
        twice = list(pool.map(lambda body: _ask(main, body), bodies))  # each delivered again
    failed = sum(status != 200 for status in (*once, *twice))
    assets = kept.inner.count("assets")
    flows = kept.inner.query("flows", limit=10 * EVENTS)
    runs = Counter(snap.body["flow"] for snap in kept.inner.query("runs", limit=10 * EVENTS))
    started = [snap for snap in flows if snap.body["state"] == "running"]
    allowed = TENANTS * (parts.engine.active or 0)
    peer = f"{EVENTS} events of {TENANTS} tenants from {THREADS} threads, then each again; real emulator"
    yield Row(name="fanout: events not taken", value=failed, unit="", target=0, peer=peer)
    yield Row(name="fanout: uploads lost", value=EVENTS - len(flows), unit="", target=0, peer=peer)
    yield Row(name="fanout: assets made twice", value=assets - EVENTS, unit="", target=0)
    yield Row(name="fanout: first runs planned twice", value=sum(n > 1 for n in runs.values()), unit="", target=0)
    yield Row(
        name="fanout: flows at work beyond those allowed", value=max(0, len(started) - allowed), unit="", target=0
    )
    yield Row(name="fanout: flows that could be at work and are not", value=allowed - len(started), unit="", target=0)
    sent = Counter(errand.name for _, errand in post.errands)
    yield Row(name="fanout: wakes of one run", value=max(sent.values()), unit="", target=1)
    yield Row(name="fanout: events taken a second", value=EVENTS / wall, unit="/s", peer="two cores, emulator included")
    yield Row(name="fanout: reads per upload", value=reads / EVENTS, unit="")
    yield Row(name="fanout: writes per upload", value=writes / EVENTS, unit="")
    yield Row(name="fanout: price of a thousand uploads at list", value=usd / EVENTS * 1000, unit="USD")


def _deployed(folder: Path, kept: Counted) -> tuple[Any, CloudParts, Post]:
    settings = {f"CUTROOM_{name}": "x" for name in ("PROJECT", "LOCATION", "MEDIA", "TOPIC", "INVOKER", "SIGNER")}
    settings |= {f"CUTROOM_{name}": "https://x.example" for name in ("AUDIENCE", "SERVICE_LIGHT", "SERVICE_MEDIA")}
    with mock.patch.dict(os.environ, {**settings, "CUTROOM_UPLOADS": "up"}):
        main = importlib.import_module("functions.main")
        place = config.cloud_from_environment()
    engine, post, _ = cloudlike(folder, PIPELINE, active=4)
    nothing: Any = None
    parts = CloudParts(
        settings=place,
        engine=replace(engine, documents=kept),
        services=_Everybody(),
        jobs=nothing,
        outbound=nothing,
        tools=nothing,
    )
    return main, parts, post


class _Everybody:
    """What verifying a token costs is measured apart."""

    def service(self, token: str) -> Caller:
        return Caller(subject=token)


def _ask(main: Any, body: bytes) -> int:
    from flask import Flask

    headers = {
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-specversion": "1.0",
        "ce-source": "//storage",
        "ce-id": "1",
        "Authorization": "Bearer x",
    }
    app = Flask("bench")
    with app.test_request_context("/", method="POST", headers=headers, data=body) as context:
        return int(app.make_response(main.on_event(context.request)).status_code)
