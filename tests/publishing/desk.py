"""A desk to publish from in a test: one machine's adapters, a clock that a test moves, and a plain platform."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common.adapters.calls import DocumentCalls
from common.bootstrap import local as bootstrap
from common.chores import chore, work
from common.chores.connections import channels
from common.chores.tools import Tools
from common.domain.codec import to_json
from common.domain.publication import File, Post
from common.ports.clock import stamp
from common.ports.documents import Create, Documents, Json, Snap, Where, Write
from common.ports.platforms import Platform, Tokens
from tests.hand import Hand
from tests.harness import Meddling, settings
from tests.helping import tools
from tests.publishing.plain import TOKEN, Dead, Plain

TENANT = "local"
VIDEO = b"not really a video"
STEP_S = 30


class Aged(Meddling):
    """Documents whose age goes by the clock of the test."""

    def __init__(self, inner: Documents, clock: Hand) -> None:
        self._written: dict[str, datetime] = {}
        super().__init__(inner, after=self._note)
        self._clock = clock

    def _note(self, writes: Sequence[Write]) -> None:
        self._written |= {write.key: self._clock.now() for write in writes}

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        return {key: self._aged(snap) for key, snap in super().get_many(keys).items()}

    def query(self, *args: Any, **how: Any) -> list[Snap]:
        return [self._aged(snap) for snap in super().query(*args, **how)]

    def _aged(self, snap: Snap) -> Snap:
        return replace(snap, age=(self._clock.now() - self._written[snap.key]).total_seconds())


@dataclass
class Desk:
    """`plain` is the platform, `life` counts the processes there were."""

    tools: Tools
    clock: Hand
    plain: Plain
    life: int = 0

    def channel(self, network: str = "x", account: str = "ann", **more: object) -> str:
        """A connected one; its id."""
        name = channels.id_of(network, account)
        key = channels.key_of(TENANT, name)
        tokens = Tokens(access=TOKEN, refresh="again", lasts_s=None, refresh_lasts_s=None, scopes=())
        body: Json = {"schema": 1, "network": network, "account": account, "name": "Ann", "state": "connected"}
        body |= {"tokens": channels.sealed(self.tools, key, tokens), "expires": None, **more}
        self.tools.engine.documents.commit([Create(key, body)])
        return name

    def schedule(self, name: str = "one", *, after_s: float = 0, network: str = "x", **more: object) -> str:
        """A publication of its own; its key."""
        engine = self.tools.engine
        file = engine.objects.put_new(f"t/local/a/{name}/clip.mp4", VIDEO + name.encode())
        video = File(object=file.key, sha256=file.sha256, size=file.size, kind="video/mp4", duration=10.0)
        channel = channels.id_of(network, "ann")
        body: Json = {"network": network, "kind_of": network, "channel": channel, "account": "ann"}
        body |= {"clip": "f-1.1", "flow": "f-1", "asset": "f", "step": "scheduled", "late": "publish"}
        body |= {"slot": stamp(self.clock.now() + timedelta(seconds=after_s)), "predicted": None}
        body |= {"post": to_json(Post(title="Tea", body="How to make tea")), "video": to_json(video), **more}
        key = f"tenants/{TENANT}/publications/{name}"
        engine.documents.commit([chore.created(engine, key, "publication", by="ann", memo={}, fields=body)])
        return key

    def read(self, key: str) -> Json:
        return self.tools.engine.documents.get_many([key])[key].body

    def step(self, key: str) -> str:
        return str(self.read(key)["step"])

    def until(self, key: str, *, seconds: float = 200_000, until: Callable[[Json], bool] | None = None) -> Json:
        """Work as the keeper does, the clock going on from one thing that is due to the next, until nothing is left."""
        over = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < over:
            body = self.read(key)
            if "due" not in body or (until is not None and until(body)):
                return body
            if not self.look():
                self._skip(over)
        return self.read(key)

    def look(self) -> bool:
        """Whether anything was due; else half a minute passes."""
        due = [snap for snap in self._due() if not chore.held(self.tools.engine, snap)]
        for snap in due:
            work.execute(self.tools, snap.key)
        if not due:
            self.clock.move(STEP_S)
        return bool(due)

    def _skip(self, over: datetime) -> None:
        """As many more half minutes as looks would find nothing."""
        now = self.clock.now()
        if self._due():  # held, perhaps: that does not end when something is due
            return
        first = [
            datetime.fromisoformat(str(snap.body["due"]))
            for group in work.GROUPS
            for snap in self.tools.engine.documents.query(group, [Where("due", ">", stamp(now))], order="due", limit=1)
        ]
        steps = math.ceil((min([over, *first]) - now).total_seconds() / STEP_S)
        self.clock.move(STEP_S * max(0, steps))

    def reborn(self) -> None:
        """Another process takes over: what the last one held is free."""
        self.life += 1
        self.tools = replace(self.tools, engine=replace(self.tools.engine, epoch=self.life))

    def dies_at(self, n: int, *, after: bool) -> None:
        """Have it die before, or after, the nth write from now on."""
        left = n

        def dies(writes: Sequence[Write]) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Dead

        self.with_documents(Meddling(self.tools.engine.documents, **{"after" if after else "before": dies}))

    def dies_and_goes_on(self, key: str, n: int, *, after: bool, seconds: float) -> bool:
        """As `until`, dying before or after the nth write, and going on as another process; whether it came to that."""
        inner, died = self.tools.engine.documents, False
        self.dies_at(n, after=after)
        for _ in range(3):
            try:
                self.until(key, seconds=seconds)
                break
            except Dead:
                died = True
                self.with_documents(inner)
                self.reborn()
        return died

    def with_documents(self, documents: Documents) -> None:
        engine = replace(self.tools.engine, documents=documents, calls=DocumentCalls(documents, self.clock))
        self.tools = replace(self.tools, engine=engine)

    def _due(self) -> list[Snap]:
        return [snap for _, snap in work.due(self.tools.engine)]


def desk(home: Path, plain: Platform | None = None) -> Desk:
    clock = Hand()
    engine = bootstrap.engine(settings(home), clock=clock)  # type: ignore[arg-type]
    fake = plain or Plain()
    made = Desk(tools=replace(tools(engine, home), platform=lambda network: fake), clock=clock, plain=fake)  # type: ignore[arg-type]
    made.with_documents(Aged(engine.documents, clock))
    return made
