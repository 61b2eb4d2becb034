"""scripts/bench publish: posts that go out once whatever fails, a thousand in one minute, and files of a gigabyte.

All that is counted is counted at the stand-ins, by what people would see there, and not by our own ledger.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from common.chores import chore
from common.chores.connections import channels
from common.chores.tools import Tools
from common.domain.codec import to_json
from common.domain.publication import File
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Create, Json, Snap, Update
from common.ports.platforms import Tokens
from scripts.benches import Row
from scripts.benches.publisher import Fast, office
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import World
from tests.standins.platforms.network import Asked, Fault, running
from tests.standins.platforms.youtube import YouTube

POSTS, FAULTY, SPEED = 10_000, 0.2, 240.0
ACCOUNTS = 30  # of each platform
KILLS_S = (6.0, 30.0)  # between one kill -9 and the next
LONGEST_S = 1500.0
SIZE = 200_000  # bytes of each file
TENANT = "bench"
OVER = ("published", "failed", "cancelled")
AT_ONCE, LATE_S = 1000, 60.0
LARGE = 1 << 30


@dataclass
class Stage:
    """The stand-ins, and a folder with channels and posts for them."""

    home: Path
    worlds: Mapping[str, World]
    clock: Fast
    tools: Tools
    texts: dict[str, str] = field(default_factory=dict)  # of a post, to its key

    @property
    def sites(self) -> Path:
        return self.home / "sites.json"


@contextmanager
def stage(speed: float) -> Iterator[Stage]:
    with ExitStack() as held:
        home = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="cutroom-bench-")))
        worlds = {name: held.enter_context(make()) for name, make in WORLDS.items()}
        told = {one.network: {"address": one.address, "on": True} for one in worlds.values()}
        (home / "sites.json").write_text(json.dumps(told))
        clock = Fast(time.time(), speed)
        for one in worlds.values():
            one.site.recording = False
            one.site.now = lambda: time.time()
            one.site.lasts_s = 1e9
        yield Stage(home, worlds, clock, office(home, home / "sites.json", clock))


def rows() -> Iterator[Row]:
    yield from _whatever_fails()
    yield from _at_once()
    yield from _large()


def _whatever_fails() -> Iterator[Row]:
    with stage(SPEED) as on:
        _channels(on, ACCOUNTS)
        _posts(on, POSTS, over_s=15 * POSTS)
        draw = random.Random(9)
        faults: Counter[str] = Counter()
        for one in on.worlds.values():
            one.site.decide = _failing(one, draw, faults)
        begun = time.monotonic()
        kills = _worked(on, draw)
        took = time.monotonic() - begun
        seen = Counter(text for one in on.worlds.values() for text in one.seen())
        states = {snap.id: snap for snap in _all(on)}
        steps = Counter(str(snap.body["step"]) for snap in states.values())
        twice = sum(times > 1 for times in seen.values())
        lost = [key for text, key in on.texts.items() if states[key].body["step"] == "published" and not seen[text]]
        wrong = [key for text, key in on.texts.items() if states[key].body["step"] == "failed" and seen[text]]
        open_ = sum(steps[step] for step in steps if step not in (*OVER, "unknown"))
        told = ", ".join(f"{count} {name}" for name, count in faults.most_common())
        name = f"publish: {POSTS} posts on {len(on.worlds)} platforms, {sum(faults.values())} faults, {kills} kills"
        yield Row(name=f"{name}: posted twice", value=twice, unit="", target=0)
        yield Row(name="publish: said to be out, and not there", value=len(lost), unit="", target=0)
        yield Row(name="publish: said to have failed, and there", value=len(wrong), unit="", target=0)
        yield Row(name="publish: neither out, refused, nor shown as unknown", value=open_, unit="", target=0)
        yield Row(name="publish: out in the end", value=steps["published"], unit="posts")
        yield _why("failed for certain, nobody saw them", "failed", states.values())
        yield _why("left to a person", "unknown", states.values())
        yield Row(name=f"publish: the faults were {told}; it took", value=took, unit="s")


def _why(name: str, step: str, posts: Iterable[Snap]) -> Row:
    codes = Counter(snap.body["error"]["code"] for snap in posts if snap.body["step"] == step)
    told = ", ".join(f"{count} {code}" for code, count in codes.most_common())
    return Row(name=f"publish: {name}", value=codes.total(), unit="posts", peer=told)


def _at_once() -> Iterator[Row]:
    with stage(1.0) as on:
        per = AT_ONCE // len(on.worlds) + 1
        _channels(on, per)
        due = on.clock.now() + timedelta(seconds=150)
        _posts(on, AT_ONCE, over_s=0, at=due)
        for one in on.worlds.values():
            one.site.latency_s = 0.2
        worker = _worker(on, 1)
        try:
            until = time.monotonic() + 420
            while time.monotonic() < until and any(snap.body["step"] not in OVER for snap in _all(on)):
                time.sleep(2)
        finally:
            _end(worker)
        out = [parse(snap.body["published"]) for snap in _all(on) if snap.body["step"] == "published"]
        latest = max((at - due).total_seconds() for at in out) if out else float("inf")
        early = sum(at < due for at in out)
        name = f"publish: {AT_ONCE} posts due in one minute, each answer 0.2 s: the last is out after"
        yield Row(name=name, value=latest, unit="s", target=LATE_S)
        yield Row(name="publish: of these not out", value=AT_ONCE - len(out), unit="", target=0)
        yield Row(name="publish: of these before their time", value=early, unit="", target=0)


def _large() -> Iterator[Row]:
    """A gigabyte to YouTube in a process of its own, every fourth part of it cut off in the middle."""
    with running(YouTube(recording=False)) as site:
        count = iter(range(LARGE))
        site.decide = lambda one: site.cuts.append("cut") if one.op == "part" and next(count) % 4 == 2 else None
        command = [sys.executable, "-m", "tests.publishing.uploading", site.address, site.token("UC-ann"), str(LARGE)]
        said = json.loads(subprocess.run(command, capture_output=True, check=True, text=True, timeout=500).stdout)
        again = site.taken - LARGE
        once = len(site.posts) == sum(site.begun.values()) == 1
    yield Row(name="publish: a file of 1 GiB: most memory held", value=said["peak_mb"], unit="MB", target=100)
    yield Row(name="publish: of it sent twice, at breaks in the middle of parts", value=again, unit="bytes", target=0)
    yield Row(name="publish: of it uploads and posts but one", value=0 if once else 1, unit="", target=0)


def _channels(on: Stage, accounts: int) -> None:
    for name, one in on.worlds.items():
        for n in range(accounts):
            account = one.account if n == 0 else one.another(n)
            channel = channels.id_of(name, account)
            key = channels.key_of(TENANT, channel)
            tokens = Tokens(
                access=one.site.token(one.whose(account)), refresh=None, lasts_s=None, refresh_lasts_s=None, scopes=()
            )
            body: Json = {"schema": 1, "network": one.network, "account": account, "name": account}
            body |= {"state": "connected", "expires": None, "tokens": channels.sealed(on.tools, key, tokens)}
            on.tools.engine.documents.commit([Create(key, body)])


def _posts(on: Stage, count: int, *, over_s: float, at: Any = None) -> None:
    engine, draw = on.tools.engine, random.Random(1)
    file = engine.objects.put_new(f"t/{TENANT}/clip.mp4", random.Random(2).randbytes(SIZE))
    video = File(
        object=file.key, sha256=file.sha256, size=SIZE, kind="video/mp4", duration=30.0, width=1080, height=1920
    )
    there = engine.documents.query("channels", parent=f"tenants/{TENANT}", limit=10_000)
    writes = []
    for n in range(count):
        channel = there[n % len(there)]
        world = next(one for one in on.worlds.values() if one.network == channel.body["network"])
        text = f"Post number {n}."
        post = world.posting(text, text)
        slot = at or on.clock.now() + timedelta(seconds=draw.uniform(0, over_s))
        body: Json = {"network": world.network, "kind_of": world.kind, "channel": channel.id}
        body |= {"account": channel.body["account"], "clip": "f-1.1", "flow": "f-1", "asset": "f", "step": "scheduled"}
        body |= {"slot": stamp(slot), "late": "publish", "predicted": None, "post": to_json(post)}
        body |= {"video": to_json(video)}
        key = f"tenants/{TENANT}/publications/p{n}"
        on.texts[text] = f"p{n}"
        writes.append(chore.created(engine, key, "publication", by="bench", memo={}, fields=body))
    for start in range(0, len(writes), 400):
        engine.documents.commit(writes[start : start + 400])


def _failing(world: World, draw: random.Random, faults: Counter[str]) -> Any:
    """Of every five requests one fails, in one of the ways that its step knows."""

    def decide(asked: Asked) -> Fault | None:
        if asked.op in ("measure", "analytics", "") or draw.random() >= FAULTY:
            return None
        kinds: list[Fault] = ["lost", "reset", 503, 429, 500]
        if asked.op == world.commit:
            kinds += ["late", "policy", "gone"] if world.late else ["policy", "gone"]
        if asked.op == "status":
            kinds += ["lost"]
        met = draw.choice(kinds)
        if met == "gone" and draw.random() < 0.8:
            met = "lost"
        if met == "policy" and draw.random() < 0.8:
            met = "reset"
        faults[str(met)] += 1
        return met

    return decide


def _worked(on: Stage, draw: random.Random) -> int:
    """Until all is over; how often the process that posts was killed."""
    epoch = kills = 1
    worker = _worker(on, epoch)
    until, kill = time.monotonic() + LONGEST_S, time.monotonic() + draw.uniform(*KILLS_S)
    looked = 0.0
    try:
        while time.monotonic() < until:
            time.sleep(0.2)
            if time.monotonic() > kill:
                worker.kill()
                worker.wait()
                epoch, kills = epoch + 1, kills + 1
                worker = _worker(on, epoch)
                kill = time.monotonic() + draw.uniform(*KILLS_S)
            if time.monotonic() - looked > 3:
                looked = time.monotonic()
                for one in on.worlds.values():
                    one.site.catch_up()
                _let_go(on)
                if not any("due" in snap.body and snap.body["step"] not in OVER for snap in _all(on)):
                    return kills
        return kills
    finally:
        _end(worker)


def _let_go(on: Stage) -> None:
    """A person lets go what was held."""
    for snap in _all(on):
        if snap.body["step"] == "held":
            fields: Json = {"step": "scheduled", "state": "queued", "due": stamp(on.clock.now()), "error": ABSENT}
            on.tools.engine.documents.commit([Update(snap.key, fields, snap.version)])


def _all(on: Stage) -> list[Snap]:
    return on.tools.engine.documents.query("publications", parent=f"tenants/{TENANT}", limit=100_000)


def _worker(on: Stage, epoch: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "scripts.benches.publisher", str(on.home), str(on.sites)]
    command += [repr(on.clock.zero), repr(on.clock.speed), str(epoch)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()
