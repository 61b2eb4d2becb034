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
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any
from unittest import mock

from common.adapters.embedded.sources import generation_of
from common.adapters.models.local import LocalModels
from common.adapters.models.shelf import Shelf
from common.domain.asset import Source
from common.domain.codec import from_json, loads
from common.domain.settings import FlowSettings
from common.domain.track import Track
from common.media.sample import make_sample
from common.pipeline import flows
from common.pipeline.definition import PIPELINE
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.run import Flow, RunId
from common.pipeline.stage import Definition
from common.scoring.merging import joined
from scripts.benches import Row
from scripts.benches.counted import Counted
from scripts.benches.fanout import documents, here
from tests import toy
from tests.media import three_seconds
from tests.post import cloudlike, drain

CLAIMERS, ROUNDS = 8, 20
MINUTES = 10
SPOKEN_S = 300  # of them
FOLLOWED = (20, 30)  # seconds of the real footage: from where, how long
REAL = Path(__file__).resolve().parents[3] / "shared/data/video/googlework_short.mp4"


def rows() -> Iterator[Row]:
    if not here():
        yield Row(name="cloud: left out, there is no emulator here (java, gcloud)", value=0, unit="")
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name, documents() as kept:
        yield from _claims(Path(name) / "claims", kept)
        yield from _asset(Path(name) / "asset", kept)
        yield from _seams(Path(name) / "seams")
        yield from _followed(Path(name) / "followed")


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
    """Ten minutes watched and heard in one piece and in several: the shots, the words, and what they cost.

    By one worker, which keeps its models as a pool's does: what more workers load is the price of more workers.
    """
    folder.mkdir()
    film = _ten_minutes(folder)
    stages = ("ingest", "fingerprint", "detect", "shots", "listen", "hear", "transcribe")
    watched = Definition(tuple(PIPELINE[name] for name in stages))
    whole: dict[str, Any] = {}
    alone = 0.0
    for pieces in (1, 2, 4, 8):
        began = _cpu()
        with (
            mock.patch("common.stages.ingest.SEGMENT_S", MINUTES * 60 // pieces),
            mock.patch("common.stages.listen.MEMBER", Fraction(SPOKEN_S, pieces)),
        ):
            engine, post, clock = cloudlike(folder / str(pieces), watched)
            shelf = Shelf()
            assert isinstance(engine.models, LocalModels)
            engine = replace(engine, models=replace(engine.models, shelf=shelf))
            flow = _submitted(engine, film)
            drain(engine, post, clock)
            shelf.close()
        cpu = _cpu() - began
        found = {
            "shots": _object(engine, flow, "shots", "shots"),
            "words": _object(engine, flow, "transcribe", "transcript")["words"],
        }
        if pieces == 1:
            whole, alone = found, cpu
            peer = f"{cpu:.0f} CPU s in one piece; {SPOKEN_S // 60} of the {MINUTES} minutes are speech"
            for what, there in found.items():
                yield Row(name=f"seams: {what} of ten minutes", value=len(there), unit="", peer=peer)
            continue
        named = f"seams: {pieces} pieces"
        for what, there in found.items():
            differ = sum(one != other for one, other in zip_longest(there, whole[what]))
            yield Row(name=f"{named}: {what} that differ from the whole's", value=differ, unit="", target=0)
        yield Row(name=f"{named}: CPU over one piece", value=cpu / alone, unit="x", target=1.08)


def _followed(folder: Path) -> Iterator[Row]:
    """Half a minute of real footage, followed in one piece and in three: whether each face is there, once, in both."""
    if not REAL.is_file():
        yield Row(name="seams: tracks left out, no real footage here", value=0, unit="")
        return
    folder.mkdir()
    film, found = folder / "thirty.mp4", []
    cut = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-ss", str(FOLLOWED[0]), "-i", str(REAL), "-t", str(FOLLOWED[1])]
    subprocess.run([*cut, "-an", "-c:v", "libx264", "-g", "60", str(film)], check=True)
    watched = Definition(tuple(PIPELINE[name] for name in ("ingest", "fingerprint", "detect", "shots", "track")))
    for pieces in (1, 3):
        with mock.patch("common.stages.ingest.SEGMENT_S", FOLLOWED[1] // pieces):
            engine, post, clock = cloudlike(folder / str(pieces), watched)
            flow = _submitted(engine, film)
            drain(engine, post, clock)
        runs = sorted(flows.runs(engine, flow), key=lambda run: run.body["number"] or 0)
        kept = [engine.result(run) for run in runs if run.body["stage"] == "track"]
        objects = [loads(engine.objects.get(one["tracks"]["object"])) for one in kept if one and one["tracks"]]
        found.append(joined(from_json(list[Track], tracks) for tracks in objects))
    whole, apart = found
    lost = sum(sum(_same(one, other) for other in apart) != 1 for one in whole)
    more = sum(not any(_same(one, other) for other in whole) for one in apart)
    peer = f"{len(whole)} tracks in one piece, {len(apart)} in three"
    yield Row(name="seams: tracks lost, doubled or new in 3 pieces", value=lost + more, unit="", target=0, peer=peer)


def _same(one: Track, other: Track) -> bool:
    """Whether they are one thing: most of the time that either is there, the boxes are in one place."""
    shared = one.span.overlap(other.span)
    if (one.shot, one.kind) != (other.shot, other.kind) or 2 * shared < max(one.span.duration, other.span.duration):
        return False
    at = max(one.span.start, other.span.start) + shared / 2
    here, there = one.at(at), other.at(at)
    return here is not None and there is not None and here.overlap(there) >= 0.3


def _object(engine: Engine, flow: Flow, stage: str, name: str) -> Any:
    snap = engine.run(RunId("bench", flow.id, stage))
    assert snap is not None and snap.body["state"] == "done", snap and snap.body
    result = engine.result(snap)
    assert result is not None
    return loads(engine.objects.get(result[name]["object"]))


def _ten_minutes(folder: Path) -> Path:
    """Real footage over and over where it is here, else made; over the first half somebody speaks, as in the sample."""
    made = folder / "ten.mp4"
    (folder / "talk").mkdir()
    talk = make_sample(folder / "talk", scratch=folder / "talk", on_progress=lambda done: None).video
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error"]
    argv += (
        ["-stream_loop", "-1", "-i", str(REAL)] if REAL.is_file() else ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30"]
    )
    argv += ["-stream_loop", "-1", "-i", str(talk), "-map", "0:v", "-map", "1:a"]
    argv += ["-t", str(MINUTES * 60), "-vf", "scale=640:-2,fps=30", "-c:v", "libx264", "-preset", "ultrafast"]
    argv += ["-af", f"atrim=end={SPOKEN_S},apad", "-c:a", "aac"]
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
