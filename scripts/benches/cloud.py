"""scripts/bench cloud: claims that meet, what a whole asset reads and writes, and what segments cost at their seams."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from common.adapters.embedded.sources import generation_of
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.pipeline import flows
from common.pipeline.definition import PIPELINE
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.run import Flow, RunId
from common.pipeline.stage import Definition
from scripts.benches import Row
from scripts.benches.counted import Counted
from scripts.benches.fanout import documents, here
from tests import toy
from tests.media import three_seconds
from tests.post import cloudlike, drain

CLAIMERS, ROUNDS = 8, 20
MINUTES = 10
REAL = Path(__file__).resolve().parents[3] / "shared/data/video/googlework_short.mp4"


def rows() -> Iterator[Row]:
    if not here():
        yield Row(name="cloud: left out, there is no emulator here (java, gcloud)", value=0, unit="")
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name, documents() as kept:
        yield from _claims(Path(name) / "claims", kept)
        yield from _asset(Path(name) / "asset", kept)
        yield from _seams(Path(name) / "seams")


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
    kept.reads = kept.writes = 0
    flow = _submitted(engine, video)
    drain(engine, post, clock)
    assert flows.read(engine, "bench", flow.id).state == "done"
    peer = f"a 3 s video, {len(flows.runs(engine, flow))} runs; with quiet ticks"
    yield Row(name="asset: reads", value=kept.reads, unit="", peer=peer)
    yield Row(name="asset: writes", value=kept.writes, unit="", peer=peer)
    yield Row(name="asset: price of a thousand at list", value=kept.usd * 1000, unit="USD", peer=peer)


def _seams(folder: Path) -> Iterator[Row]:
    """Ten minutes with a cut every few seconds, watched in one piece and in several: the shots and what they cost."""
    folder.mkdir()
    film = _ten_minutes(folder)
    watched = Definition(tuple(PIPELINE[name] for name in ("ingest", "fingerprint", "detect", "shots")))
    whole: Any = None
    alone = 0.0
    for pieces in (1, 2, 4, 8):
        began = _cpu()
        with mock.patch("common.stages.ingest.SEGMENT_S", MINUTES * 60 // pieces):
            engine, post, clock = cloudlike(folder / str(pieces), watched)
            flow = _submitted(engine, film)
            drain(engine, post, clock)
        cpu = _cpu() - began
        snap = engine.run(RunId("bench", flow.id, "shots"))
        assert snap is not None and snap.body["state"] == "done", snap and snap.body
        found = engine.result(snap)
        assert found is not None
        shots = engine.objects.get(found["shots"]["object"])
        if pieces == 1:
            whole, alone = shots, cpu
            yield Row(
                name="seams: shots of ten minutes", value=found["count"], unit="", peer=f"{cpu:.0f} CPU s in one piece"
            )
            continue
        named = f"seams: {pieces} pieces"
        yield Row(name=f"{named}: shots that differ from the whole's", value=int(shots != whole), unit="", target=0)
        yield Row(name=f"{named}: CPU over one piece", value=cpu / alone, unit="x", target=1.08)


def _ten_minutes(folder: Path) -> Path:
    """Real footage over and over where it is here, else made; a key frame every two seconds or so."""
    made = folder / "ten.mp4"
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error"]
    argv += (
        ["-stream_loop", "-1", "-i", str(REAL)] if REAL.is_file() else ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30"]
    )
    argv += ["-t", str(MINUTES * 60), "-an", "-vf", "scale=640:-2,fps=30", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*argv, "-g", "60", str(made)], check=True)
    return made


def _submitted(engine: Engine, video: Path) -> Flow:
    size = video.stat().st_size
    source = Source(bucket="file", name=video.name, generation=generation_of(video), size=size)
    return flows.submit(engine, "bench", source, str(video), FlowSettings()).flow


def _cpu() -> float:
    """Of this process and of all it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
