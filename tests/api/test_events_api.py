"""Progress as it happens: taken up where it was cut off, shared by those who listen, over once nobody does."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest
import uvicorn

from common.bootstrap.parts import Parts
from common.errors import Transient, Unauthorized
from common.events import log
from common.pipeline.execution import execute
from common.pipeline.run import RunId
from common.ports.documents import Merge
from common.ports.vectors import Vectors
from functions.api import app
from functions.api.listening import Hub
from tests.api.conftest import Named, People, Served
from tests.helping import consent
from tests.post import drain

STAGES = ["split", "part", "side", "join"]


def heard(text: str) -> list[tuple[str | None, str, dict[str, Any]]]:
    """The events of a stream: id, name, data."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "data" in fields:
            found.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
    return found


def listened(served: Served, path: str, after: str | None = None, by: str = "ann") -> Any:
    answer = served.ask("GET", path, by, headers={} if after is None else {"Last-Event-ID": after})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("retry: ")
    return heard(answer.text)


def done(served: Served, name: str = "talk.mp4") -> str:
    flow = served.arrive("ann", served.announced(name), name)
    drain(served.engine, served.post, served.clock)
    return flow


def test_a_flow_tells_of_its_beginning_its_stages_and_its_end(served: Served) -> None:
    flow = done(served)
    told = listened(served, f"/v1/flows/{flow}/events")
    assert (told[0][1], told[-1][1]) == ("video.generation.started", "video.generation.completed")
    assert sorted(data["data"]["stage"] for _, _, data in told if data["data"]["stage"]) == sorted(STAGES)
    for _, name, data in told:
        assert (data["type"], data["organisation"], data["data"]["flow"]) == (name, "ann", flow)
    assert told[-1][2]["data"]["percent"] == 100 and told[-1][2]["data"]["left_s"] == 0


def test_after_a_cut_the_rest_comes_exactly(served: Served) -> None:
    first, second = done(served), done(served, "other.mp4")
    for path, own in ((f"/v1/flows/{first}/events", {first}), ("/v1/events", {first, second})):
        whole = listened(served, path, "0")
        assert {data["data"]["flow"] for _, _, data in whole} == own
        for cut, (identity, _, _) in enumerate(whole):
            assert listened(served, path, identity) == whole[cut + 1 :]
    assert listened(served, "/v1/events") == [], "without an id from now on"
    assert listened(served, "/v1/events", "999999999") == []


def test_what_others_do_is_not_heard(served: Served) -> None:
    flow = done(served)
    assert listened(served, "/v1/events", "0", by="bob") == []
    assert served.ask("GET", f"/v1/flows/{flow}/events", "bob").status_code == 404


@pytest.mark.parametrize("after", ["x", "-1", "", "1.5", "９", "1" * 16])
def test_an_id_that_is_none_is_refused(served: Served, after: str) -> None:
    headers = {"Last-Event-ID": after.encode()}
    assert served.ask("GET", "/v1/events", headers=headers).status_code == 400


def test_a_flow_at_work_says_how_far_it_is_without_an_id(served: Served) -> None:
    flow = served.arrive("ann", served.announced())
    run = RunId("ann", flow, "split")
    served.engine.documents.commit(
        [Merge(run.key, {"state": "running", "progress": {"done": 3, "total": 4, "unit": "frames"}})]
    )
    *told, (identity, name, now) = listened(served, f"/v1/flows/{flow}/events")
    assert [one for _, one, _ in told] == ["video.generation.started"]
    assert (identity, name, now["id"]) == (None, "video.generation.progress", None)
    assert now["data"]["message"] == "Split: 3 of 4 frames"
    assert (now["data"]["stage"], now["data"]["percent"]) == ("split", 75)
    later = served.clock.now().replace(second=20).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    served.engine.documents.commit([Merge(run.key, {"state": "waiting", "due": later})])
    assert listened(served, "/v1/events")[-1][2]["data"]["retry_after"] == 20


def test_the_time_left_comes_from_the_organisations_own_history(served: Served) -> None:
    def arrive(name: str) -> str:
        asset = served.announced(name)
        flow = served.arrive("ann", asset, name)
        served.engine.documents.commit([Merge(f"tenants/ann/assets/{asset}", {"duration_s": 30.0})])
        return flow

    first = arrive("a.mp4")
    assert listened(served, f"/v1/flows/{first}/events")[-1][2]["data"]["left_s"] is None, "nothing is known yet"
    drain(served.engine, served.post, served.clock)
    runs = served.engine.documents.query("runs", limit=99)
    assert not any(run.body.get("reused") for run in runs)
    served.engine.documents.commit([Merge(log.key("ann"), {"paces": [1.0, 4.0, 100.0]})])
    second = arrive("b.mp4")
    assert listened(served, f"/v1/flows/{second}/events")[-1][2]["data"]["left_s"] == 120, "4 s for each of 30"
    served.clock.at = served.clock.at.replace(second=59)
    assert 0 < listened(served, f"/v1/flows/{second}/events")[-1][2]["data"]["left_s"] < 120


def test_how_long_a_flow_took_is_kept_with_its_end(served: Served) -> None:
    asset = served.announced()
    flow = served.arrive("ann", asset)
    served.engine.documents.commit([Merge(f"tenants/ann/assets/{asset}", {"duration_s": 61.0})])
    assert log.head(served.engine.documents, "ann").pace is None
    served.clock.at += 2 * (served.clock.at.replace(minute=1, second=1) - served.clock.at)
    drain(served.engine, served.post, served.clock)
    assert served.told("GET", f"/v1/flows/{flow}")["state"] == "done"
    assert log.head(served.engine.documents, "ann").pace == 2.0


def test_a_flow_that_is_stopped_is_told_of_once(served: Served) -> None:
    flow = served.arrive("ann", served.announced())
    for _ in range(2):
        served.told("POST", f"/v1/flows/{flow}/cancel")
    drain(served.engine, served.post, served.clock)
    ((_, name, data),) = listened(served, f"/v1/flows/{flow}/events", "1")
    assert (name, data["data"]["error"]["code"]) == ("video.generation.failed", "cancelled")


def test_listening_is_not_counted(served: Served) -> None:
    served.limits.left = 0
    assert listened(served, "/v1/events") == []
    assert served.limits.seen == []


def test_only_the_head_of_a_stream_is_given_where_that_is_asked(served: Served) -> None:
    answer = served.ask("HEAD", "/v1/events")
    assert (answer.status_code, answer.content) == (200, b"")


class Counted:
    """Documents that count the questions asked of them."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.asked, self.broken = inner, 0, False

    def get_many(self, keys: Any) -> Any:
        self.asked += 1
        if self.broken:
            raise Transient("it does not answer; later")
        return self.inner.get_many(keys)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


async def _listen(
    hub: Hub, served: Served, documents: Any, voice: list[str], again: Callable[[], None], after: int | None = None
) -> None:
    """Until a flow has ended, or the stream."""
    engine = replace(served.engine, documents=documents)
    async with aclosing(hub.listen(engine, "ann", after=after, again=again)) as stream:
        async for block in stream:
            voice.append(block.decode())
            if "video.generation.completed" in voice[-1]:
                return


def test_a_hundred_who_listen_cost_as_much_as_one(served: Served) -> None:
    documents = Counted(served.engine.documents)
    voices: list[list[str]] = [[] for _ in range(100)]

    async def work() -> None:
        while not all(voices):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(done, served)

    async def all_of_them() -> None:
        hub = Hub(quick_s=0.1, slow_s=0.1)
        told = [_listen(hub, served, documents, voice, lambda: None) for voice in voices]
        await asyncio.gather(*told, work())
        async with asyncio.timeout(10):  # a look that is under way is not cut off
            while asyncio.all_tasks() != {asyncio.current_task()}:
                await asyncio.sleep(0.01)

    began = time.monotonic()
    asyncio.run(all_of_them())
    looks = (time.monotonic() - began) / 0.1 + 1
    assert documents.asked <= 2 * looks, "more than one of them asks"
    kept = [one.n for one in log.after(served.engine.documents, "ann", 0)]
    assert len(kept) == 6
    for voice in voices:
        assert [int(n) for n, _, _ in heard("".join(voice)) if n is not None] == kept


def test_a_stream_ends_once_who_listens_may_no_longer(served: Served) -> None:
    voice: list[str] = []

    def revoked() -> None:
        if ": still here\n\n" in voice:
            raise Unauthorized("this key opens nothing here; make another one")

    hub = Hub(longest_s=60, check_s=0.1, beat_s=0.05)
    began = time.monotonic()
    asyncio.run(_listen(hub, served, served.engine.documents, voice, revoked))
    assert time.monotonic() - began < 30


def test_it_goes_on_once_the_documents_answer_again(served: Served) -> None:
    flow = done(served)
    documents, voice = Counted(served.engine.documents), list[str]()
    documents.broken = True

    async def mend() -> None:
        await asyncio.sleep(0.3)
        documents.broken = False

    async def both() -> None:
        hub = Hub(quick_s=0.05, slow_s=0.05)
        await asyncio.gather(_listen(hub, served, documents, voice, lambda: None, 0), mend())

    asyncio.run(both())
    assert {data["data"]["flow"] for _, _, data in heard("".join(voice))} == {flow}


def test_over_a_socket_it_comes_at_once_and_ends_with_its_listener(served: Served) -> None:
    parts = Parts(
        engine=served.engine,
        people=People(),
        uploads=served.slots,
        links=Named(),
        limits=served.limits,
        outbound=served.outside,
        vectors=cast(Vectors, served.engine.documents),
        meaning=served.meaning,
        drive=served.tools.drive,
        consent=consent(served.tools),
        herald=served.tools.herald,
    )
    hub = Hub(quick_s=0.05, slow_s=0.1, beat_s=0.2)
    server = uvicorn.Server(uvicorn.Config(app.build(parts, hub=hub), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        flow = served.arrive("ann", served.announced())
        url, asking = f"http://127.0.0.1:{port}/v1/flows/{flow}/events", {"Authorization": "Bearer ann"}
        with httpx.stream("GET", url, headers=asking, timeout=20) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "retry: 2000"
            assert any(line == "event: video.generation.started" for line in lines)
            assert execute(served.engine, RunId("ann", flow, "split")) == "done"
            drain(served.engine, served.post, served.clock)
            assert any(line == "event: video.generation.completed" for line in lines)
            assert _feeds(hub) == 1
        ends = time.monotonic() + 10
        while _feeds(hub) and time.monotonic() < ends:
            time.sleep(0.02)
        assert _feeds(hub) == 0, "it is asked on for nobody"
    finally:
        server.should_exit = True
        thread.join(10)


def _feeds(hub: Hub) -> int:
    return sum(len(feeds) for feeds in list(hub._feeds.values()))
