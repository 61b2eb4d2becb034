"""Whatever is lost, doubled or late: each thing is told once, without gaps, with one delivery for each webhook."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.errors import Conflict
from common.events import log
from common.events.event import TYPES, Event
from common.pipeline import flows
from common.ports.documents import Create
from tests import toy
from tests.harness import Meddling, with_documents
from tests.post import cloudlike, drain

TENANT = "t"
STAGES = ("split", "part", "side", "join")


class Killed(BaseException):
    """A process ends here."""


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    lost=st.sampled_from([0.0, 0.3]),
    doubled=st.sampled_from([0.0, 0.5]),
    share=st.sampled_from([0.0, 0.1, 0.25]),
)
def test_each_thing_is_told_once(seed: int, lost: float, doubled: float, share: float) -> None:
    with TemporaryDirectory() as home:
        engine, post, clock = cloudlike(Path(home), toy.definition(), active=2, seed=seed, lost=lost, doubled=doubled)
        store = engine.documents
        hooks = [f"{n:016x}" for n in range(2)]
        body = {"active": True, "events": list(TYPES), "address": "https://x.example", "secrets": []}
        store.commit([Create(f"tenants/{TENANT}/webhooks/{hook}", body) for hook in hooks])

        def astray(writes: object) -> None:
            """Sometimes whoever wrote dies at once, sometimes it is told that the write did not hold though it did."""
            told = any(isinstance(one, Create) and "/events/" in one.key for one in writes)  # type: ignore[attr-defined]
            draw = post.draw.random()
            if told and draw < share:
                raise Killed if draw < share / 2 else Conflict("its answer was lost")

        meddled = with_documents(engine, Meddling(store, after=astray))
        for name in ("a.mp4", "b.mp4"):
            source = Source(bucket="u", name=name, generation="1", size=1)
            while True:
                try:
                    flows.submit(meddled, TENANT, source, name, FlowSettings(clips=3))
                    break
                except Killed:
                    continue
        while True:
            try:
                drain(meddled, post, clock)
                break
            except Killed:
                continue
        told = log.after(store, TENANT, 0, 1000)
        assert [one.n for one in told] == list(range(1, len(told) + 1)), "no gap"
        events = [msgspec.json.decode(one.text, type=Event) for one in told]
        for flow in store.query("flows"):
            assert flow.body["state"] == "done"
            own = Counter((one.type, one.data.stage) for one in events if one.data.flow == flow.id)
            stages: dict[tuple[str, str | None], int] = {("video.generation.progress", name): 1 for name in STAGES}
            ends: dict[tuple[str, str | None], int] = {
                ("video.generation.started", None): 1,
                ("video.generation.completed", None): 1,
            }
            assert own == stages | ends
            assert next(one.type for one in events if one.data.flow == flow.id) == "video.generation.started"
        rows = Counter((snap.body["webhook"], snap.body["event"]) for snap in store.query("deliveries", limit=1000))
        assert rows == {(hook, one.id): 1 for hook in hooks for one in events}
