"""scripts/bench council: how long a verdict takes, what it costs, what a liar moves, and who is talked round.

The makers' own libraries ask stand-ins of their wires on this machine, which answer after a time; members, ledger,
booking and merge are the real ones. Prices are the dated ones of the settings.
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from common import config
from common.adapters.embedded.clock import SteadyClock
from common.bootstrap import council as seating
from common.council.injection import Text, scan
from common.domain.codec import from_json, loads
from common.domain.verdict import Verdict
from common.pipeline.asking import RunAsking
from common.pipeline.execution import claim
from common.pipeline.lease import Lease
from common.pipeline.run import RunId
from common.ports.language import Caps
from common.scoring.observations import ASKED, HOOK
from common.scoring.sentences import sentences
from common.stages import council, propose, score
from jobs.forkserver import load
from scripts.benches import Row, liar
from scripts.injection.texts import HELD, parts, talks
from tests import toy
from tests.council.attacks import SEEN, Attack
from tests.council.blind import BLIND
from tests.council.unseen.attacks import ATTACKS
from tests.council.unseen.honest import HONEST
from tests.council.unseen.shapes import Honest, Unseen
from tests.harness import TENANT, cutroom, submit
from tests.standins.makers import KEY, MODELS, Name, Standin, maker
from tests.talks import spoken, weighed, work
from tests.work import OneStage

CLIPS = 12
USUAL_S, SPREAD = 2.5, 0.45  # of a log-normal time to answer: median, and sigma of its logarithm; p99 is 7 s
TRIALS = 10_000
NAMES: tuple[Name, ...] = ("gemini", "claude", "third")


def rows() -> Iterator[Row]:
    with _table() as table:
        loaded_s = table.load()
        one = table.asked(clips=1, latency_s=3.0)
        peer = f"{one.told}; the makers' libraries, {loaded_s:.1f} s, were loaded before: scripts/run does it meanwhile"
        yield Row(name="one clip, members answer in 3 s", value=one.wall_s, unit="s", target=4.0, peer=peer)
        yield Row(name="its verdict costs", value=one.cost / 1e6, unit="$", target=0.01, peer=one.costs)
        again = table.asked(clips=1, latency_s=3.0, anew=False)
        yield Row(name="asked again, answers kept", value=again.cost / 1e6, unit="$", target=0, peer=again.told)
    with _table() as table:
        table.standins["claude"].latency_s = 60.0
        hung = table.asked(clips=1, latency_s=3.0, hangs="claude")
        yield Row(name="one clip, one member hangs", value=hung.wall_s, unit="s", target=20.0, peer=hung.told)
    with _table() as table:
        many = table.asked(clips=CLIPS, latency_s=None)
        name = f"{CLIPS} clips x 4 members and a comparison each, real times to answer"
        yield Row(name=name, value=many.wall_s, unit="s", target=20.0, peer=many.told)
        yield Row(name=f"{CLIPS} clips cost", value=many.cost / 1e6, unit="$", peer=many.costs)
    yield from liar.rows(TRIALS)
    # Cues were made with the first and the gist is learned from the first two: it is the third that counts, once.
    sets: tuple[tuple[str, Sequence[Attack | Unseen]], ...] = (
        ("that the cues were made with", SEEN),
        ("that the gist has learned from", BLIND),
        ("by somebody who had seen neither", ATTACKS),
    )
    for name, attacks in sets:
        yield Row(name=f"attacks detected, {name}", value=_flagged(attacks), unit=f"of {len(attacks)}", **AT_LEAST)
    near, peer = [one for one in HONEST if not one.borderline], "written to come near in words; no target"
    yield Row(name="honest texts flagged, by the same", value=_flagged(near), unit=f"of {len(near)}", peer=peer)
    yield from _false_flags()


def _flagged(texts: Sequence[Attack | Unseen | Honest]) -> float:
    return sum(scan(one.texts).flagged for one in texts) / len(texts)


@dataclass(frozen=True, kw_only=True)
class Asked:
    wall_s: float
    cost: int  # micros
    told: str
    costs: str


class Table:
    """Three seats with stand-ins behind them, and a state folder."""

    def __init__(self, root: Path, standins: dict[Name, Standin]) -> None:
        self._root = root
        self.standins = standins
        self._dice = random.Random(8)
        self._lock = threading.Lock()
        seats = {
            "gemini": {"base_url": standins["gemini"].base_url},
            "claude": {"base_url": standins["claude"].base_url},
            "third": {"base_url": standins["third"].base_url, "model": MODELS["third"], "at_once": CLIPS + 1},
        }
        file = root / "council.json"
        file.write_text(json.dumps({"seats": seats, "models": {MODELS["third"]: FREE}}))
        environ = {f"CUTROOM_SECRET_{name}_API_KEY": KEY for name in ("GEMINI", "ANTHROPIC", "OPENAI")}
        self._settings = config.from_environment({"CUTROOM_HOME": str(root), "CUTROOM_COUNCIL": str(file)})
        self._environ = environ
        self._count = 0

    def load(self) -> float:
        """Load the stage and what the seats are asked through, as the fork server does; how long it took."""
        began = time.monotonic()
        seats = seating.on_one_machine(self._settings, SteadyClock(), environ=self._environ)
        for module in (council.__name__, *seating.libraries(seats)):
            load(module)
        return time.monotonic() - began

    def asked(self, *, clips: int, latency_s: float | None, hangs: Name | None = None, anew: bool = True) -> Asked:
        """The council's stage over so many clips of a made talk."""
        self._count += anew
        with cutroom(self._root / f"state{self._count}", toy.definition()) as local:
            seats = seating.on_one_machine(self._settings, local.engine.clock, environ=self._environ)()
            engine = replace(local.engine, seats=lambda: replace(seats, caps=Caps(per_video=10**7, per_day=10**7)))
            flow = submit(engine, name=f"talk{time.time_ns()}.mp4").flow
            run = RunId(TENANT, flow.id, "split")
            lease = claim(engine, run, engine.definition["split"])
            assert isinstance(lease, Lease)
            job = _talk(self._root / f"work{time.time_ns()}", clips)
            job.asking = RunAsking(engine, flow, lease)  # type: ignore[assignment]
            for name, one in self.standins.items():
                one.answer = self._answer if latency_s is not None else self._slow
                one.latency_s = latency_s or 0.0 if name != hangs else 60.0
            job.given["score"] = score.run(job).result
            began = time.monotonic()
            outcome = council.run(job)
            wall_s = time.monotonic() - began
        found = loads(job.get(outcome.result["verdicts"]))
        verdicts = [from_json(Verdict, one["verdict"]) for one in found]
        votes = [counted.vote for verdict in verdicts for counted in verdict.votes]
        paid = {vote.member: vote for vote in votes if vote.cost_micros is not None}
        costs = ", ".join(
            f"{name} ${(one.cost_micros or 0) / 1e6:.4f} ({one.tokens} tokens)" for name, one in paid.items()
        )
        missing = sorted({left.name for verdict in verdicts for left in verdict.left_out} - {"neighbours"})
        told = f"{len(votes)} votes" + (f", left out: {', '.join(missing)}" if missing else "")
        return Asked(wall_s=wall_s, cost=outcome.cost_micros, told=told, costs=costs)

    def _slow(self, texts: list[str]) -> Any:
        with self._lock:
            pause = self._dice.lognormvariate(np.log(USUAL_S), SPREAD)
        time.sleep(min(pause, 12.0))
        return self._answer(texts)

    def _answer(self, texts: list[str]) -> Any:
        """Yes to what is good, in the shape the question is in."""
        if HOOK not in " ".join(texts):
            return {f"p{n}": "equal" for n in range(1, 31)}
        items = {}
        for asked in ASKED:
            value = "3" if asked.scale else "yes" if asked.good else "no"
            items[asked.key] = {"answer": value, "from": 0.5, "to": 2.0, "quote": ""}
        return {HOOK: "question", "items": items}


AT_LEAST: Mapping[str, Any] = {"target": 0.95, "at_least": True}
FREE: Mapping[str, Any] = {
    "seen": "2026-11-21",
    "source": "a server of one's own",
    "prices": [{"since": "2026-01-01", "input": 0, "output": 0, "cached": 0}],
}


@contextmanager
def _table() -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield Table(Path(folder), {name: stack.enter_context(maker(name)) for name in NAMES})


def _talk(folder: Path, clips: int) -> OneStage:
    """A talk of which so many clips of up to 25 s are proposed."""
    folder.mkdir()
    seconds = 40 * clips
    said = spoken(seconds - 2)
    count = len(sentences(said.words))
    made = work(folder, seconds=seconds, said=said, cuts=tuple(range(9, seconds, 13)), clips=clips, min_s=10, max_s=25)
    weighed(made, [0.5] * count, np.eye(count, 384, dtype=np.float32))
    made.given["propose"] = propose.run(made).result
    picture = f"testsrc2=s=320x180:r=10:d={seconds + 5}"
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-video_track_timescale", "30000")
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture, *coded, str(made.path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return made


def _false_flags() -> Iterator[Row]:
    flagged: dict[str, list[bool]] = {"held out": [], "learned from": []}
    for n, talk in enumerate(talks()):
        found = [scan([Text(place="speech", text=part)]).flagged for part in parts(talk)]
        flagged["learned from" if n % HELD else "held out"] += found
    for name, some in flagged.items():
        unit = f"of {len(some)} minutes"
        yield Row(name=f"false flags on real talks {name}", value=sum(some) / len(some), unit=unit, target=0.01)
