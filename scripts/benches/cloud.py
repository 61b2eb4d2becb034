"""scripts/bench cloud: claims that meet, what a whole asset reads and writes, and what segments cost at their seams."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.pipeline import flows
from common.pipeline.definition import PIPELINE
from common.pipeline.execution import execute
from common.pipeline.run import RunId
from scripts.benches import Row
from scripts.benches.counted import Counted
from scripts.benches.fanout import documents, here
from tests import toy
from tests.media import three_seconds
from tests.post import cloudlike, drain

CLAIMERS, ROUNDS = 8, 20


def rows() -> Iterator[Row]:
    if not here():
        yield Row(name="cloud: left out, there is no emulator here (java, gcloud)", value=0, unit="")
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name, documents() as kept:
        yield from _claims(Path(name) / "claims", kept)
        yield from _asset(Path(name) / "asset", kept)


def _claims(folder: Path, kept: Counted) -> Iterator[Row]:
    """One run, and eight that want it at once."""
    engine, post, _ = cloudlike(folder, toy.definition())
    engine = replace(engine, documents=kept)
    slowest, endings = 0.0, Counter[str]()
    for n in range(ROUNDS):
        source = Source(bucket="uploads", name=f"{n}.mp4", generation=str(n), size=1)
        flow = flows.submit(engine, "claims", source, f"gs://up/{n}#1", FlowSettings(clips=1)).flow
        run, at_once = RunId("claims", flow.id, "split"), threading.Barrier(CLAIMERS)

        def claim(run: RunId = run, at_once: threading.Barrier = at_once) -> None:
            at_once.wait()
            endings[execute(engine, run)] += 1

        threads = [threading.Thread(target=claim) for _ in range(CLAIMERS)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        slowest = max(slowest, time.monotonic() - began)
        post.errands.clear()
    peer = f"{CLAIMERS} at once, {ROUNDS} times, real emulator; a transaction that holds locks takes minutes"
    yield Row(name="claims: until all know who has it, slowest", value=slowest, unit="s", target=1, peer=peer)
    yield Row(name="claims: runs done more than once", value=endings["done"] - ROUNDS, unit="", target=0)


def _asset(folder: Path, kept: Counted) -> Iterator[Row]:
    """Three seconds of video through the whole pipeline, every message delivered once."""
    folder.mkdir()
    video = three_seconds(folder)
    engine, post, clock = cloudlike(folder / "state", PIPELINE, active=4)
    engine = replace(engine, documents=kept)
    size = video.stat()
    source = Source(
        bucket="file", name=video.name, generation=f"{size.st_size}-{size.st_mtime_ns}-{size.st_ino}", size=size.st_size
    )
    kept.reads = kept.writes = 0
    flow = flows.submit(engine, "asset", source, str(video), FlowSettings()).flow
    drain(engine, post, clock)
    assert flows.read(engine, "asset", flow.id).state == "done"
    peer = f"a 3 s video, {len(flows.runs(engine, flow))} runs; with quiet ticks"
    yield Row(name="asset: reads", value=kept.reads, unit="", peer=peer)
    yield Row(name="asset: writes", value=kept.writes, unit="", peer=peer)
    yield Row(name="asset: price of a thousand at list", value=kept.usd * 1000, unit="USD", peer=peer)
