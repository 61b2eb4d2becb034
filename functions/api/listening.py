"""Server-sent events: many who listen, and one task for each organisation that asks the documents what is new.

An event's `id` is its number in the organisation's log, so that whoever was cut off takes up where they were, at any
instance. How far a flow is at this moment comes between, without an id: the next such message is as good.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

import msgspec
from starlette.concurrency import run_in_threadpool

from common.errors import CutroomError
from common.events import log as events
from common.events.event import Data, Event, text
from common.events.log import Told
from common.pipeline import telling
from common.pipeline.engine import Engine
from common.ports.clock import stamp

log = logging.getLogger("cutroom.api")

RECENT = 500  # events kept for those who listen; who is further behind asks the documents
HEARTBEAT = b": still here\n\n"
AGAIN = b"retry: 2000\n\n"  # milliseconds after which a client comes again
PROGRESS: Final = "video.generation.progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What there was to see: events after a number, and how far each flow is that is at work."""

    head: int
    told: list[Told]
    live: dict[str, Data]


def look(engine: Engine, tenant: str, after: int | None) -> Look:
    """With no number, from now on."""
    head = events.head(engine.documents, tenant)
    told = events.after(engine.documents, tenant, after) if after is not None and after < head.n else []
    live = {str(data.flow): data for data in telling.now(engine, tenant, head.pace)}
    return Look(head=told[-1].n if told else head.n, told=told, live=live)


@dataclass(kw_only=True)
class Feed:
    """What is known of one organisation.

    `changed` is set, and replaced, when there is something new, or `broken`.
    """

    base: int | None = None  # all events after it are in `recent`
    head: int = 0
    recent: list[Told] = field(default_factory=list)
    live: dict[str, Data] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    broken: BaseException | None = None
    listeners: int = 0
    task: asyncio.Task[None] | None = None

    def take(self, seen: Look) -> bool:
        """Whether there is anything new."""
        begun, self.base = self.base is None, seen.head if self.base is None else self.base
        new = begun or bool(seen.told) or _steady(seen.live) != _steady(self.live)
        self.head, self.live = seen.head, seen.live
        self.recent += seen.told
        if len(self.recent) > RECENT:
            self.base = self.recent[-RECENT - 1].n
            self.recent = self.recent[-RECENT:]
        if new:
            self.wake()
        return new

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


def _steady(live: dict[str, Data]) -> dict[str, Data]:
    """Without what changes by the passing of time alone."""
    return {flow: msgspec.structs.replace(data, left_s=None, retry_after=None) for flow, data in live.items()}


class Hub:
    """Of one process. Seconds: a stream ends after `longest_s` and the client comes again; a comment every `beat_s`;
    who asks is asked again every `check_s`; the documents are looked at after `quick_s`, or up to `slow_s` where
    nothing changes.
    """

    def __init__(
        self,
        *,
        longest_s: float = 240.0,
        beat_s: float = 15.0,
        check_s: float = 60.0,
        quick_s: float = 0.5,
        slow_s: float = 5.0,
    ) -> None:
        self._longest_s, self._beat_s, self._check_s = longest_s, beat_s, check_s
        self._quick_s, self._slow_s = quick_s, slow_s
        self._feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Feed]] = WeakKeyDictionary()

    async def listen(
        self,
        engine: Engine,
        tenant: str,
        *,
        after: int | None,
        flow: str | None = None,
        again: Callable[[], None],
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of a stream: what was told after a number, then what comes; of one flow if it is named.

        It ends by itself, and once `again` raises.
        """
        clock = asyncio.get_running_loop().time
        began = checked = clock()
        shown: dict[str, Data] = {}
        yield AGAIN
        with self._joined(engine, tenant) as feed:
            while feed.base is None and feed.broken is None:
                await feed.changed.wait()
            after = feed.head if after is None else after
            while feed.broken is None:
                changed = feed.changed
                fresh = await self._fresh(engine, tenant, feed, after)
                for told in fresh:
                    after = told.n
                    if flow in (None, told.flow):
                        yield _frame(told.type, told.text, told.n)
                for name, data in _steady(feed.live).items():
                    if flow in (None, name) and shown.get(name) != data:
                        shown[name] = data
                        yield _frame(PROGRESS, _moment(engine, tenant, feed.live[name]))
                if fresh:
                    continue
                left = began + self._longest_s - clock()
                if left <= 0:
                    return
                if clock() - checked >= self._check_s:
                    checked = clock()
                    try:
                        await run_in_threadpool(again)
                    except CutroomError as error:
                        log.info("a stream of %s ends: %s", tenant, error)
                        return
                try:
                    await asyncio.wait_for(changed.wait(), min(left, self._beat_s))
                except TimeoutError:
                    yield HEARTBEAT

    async def _fresh(self, engine: Engine, tenant: str, feed: Feed, after: int) -> list[Told]:
        if feed.base is not None and after >= feed.base:
            return [told for told in feed.recent if told.n > after]
        return await run_in_threadpool(events.after, engine.documents, tenant, after)

    @contextmanager
    def _joined(self, engine: Engine, tenant: str) -> Iterator[Feed]:
        """The organisation's feed, which is at work while anybody listens."""
        feeds = self._feeds.setdefault(asyncio.get_running_loop(), {})
        feed = feeds.get(tenant)
        if feed is None or feed.broken is not None:
            feed = feeds[tenant] = Feed()
            feed.task = asyncio.create_task(self._follow(engine, tenant, feed))
        feed.listeners += 1
        try:
            yield feed
        finally:
            feed.listeners -= 1
            if not feed.listeners:
                if feeds.get(tenant) is feed:
                    del feeds[tenant]
                assert feed.task is not None
                feed.task.cancel()

    async def _follow(self, engine: Engine, tenant: str, feed: Feed) -> None:
        pause = self._quick_s
        with suppress(asyncio.CancelledError):
            while True:
                after = None if feed.base is None else feed.head
                try:
                    new = feed.take(await run_in_threadpool(look, engine, tenant, after))
                    pause = self._quick_s if new else min(self._slow_s, pause * 1.5)
                except CutroomError as error:
                    log.warning("what is new of %s cannot be had, it is asked again: %s", tenant, error)
                    pause = self._slow_s
                except Exception as error:
                    log.exception("what is new of %s cannot be had", tenant)
                    feed.broken = error
                    feed.wake()
                    return
                await asyncio.sleep(pause)


def _moment(engine: Engine, tenant: str, data: Data) -> str:
    return text(Event(id=None, type=PROGRESS, at=stamp(engine.clock.now()), organisation=tenant, data=data))


def _frame(kind: str, told: str, n: int | None = None) -> bytes:
    identity = "" if n is None else f"id: {n}\n"
    return f"{identity}event: {kind}\ndata: {told}\n\n".encode()
