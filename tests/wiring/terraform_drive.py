"""What each deployed component asks of the cloud: seen by driving all of them, on embedded adapters that take note.

A small pipeline has one stage for every image and place. Each component does what its entry point does; what it reads,
writes, sends and starts is noted under its name, and every question it asks of the documents with the line that asked.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, cast, get_args
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

from common.adapters.embedded.limits import LocalLimits
from common.adapters.embedded.vault import LocalVault
from common.adapters.google.drive import SharedDrive
from common.adapters.google.indexes import Question
from common.adapters.google.limits import SharedLimits
from common.adapters.google.pubsub import PubSubAnnouncer
from common.adapters.google.tasks import CloudTasks
from common.adapters.google.wake import CloudWake
from common.bootstrap import platforms
from common.bootstrap.cloud import CloudParts
from common.bootstrap.parts import Parts
from common.chores import chore, exports
from common.chores import work as chores
from common.chores.connections import channels
from common.chores.connections.connecting import Consent
from common.chores.tools import Tools
from common.config import Cloud
from common.domain.asset import Source
from common.domain.codec import dumps, to_json
from common.domain.gate import Fit, Gate
from common.domain.publication import KINDS, File, Network, Post
from common.domain.verdict import Verdict
from common.errors import Transient
from common.events.event import TYPES
from common.pipeline import flows
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.place import POOLS
from common.pipeline.pull import pull
from common.pipeline.run import RunId
from common.pipeline.stage import Definition, Image, Need, Retry, Stage
from common.pipeline.stage import Where as Place
from common.ports.ads import Ads
from common.ports.auth import Caller
from common.ports.clock import stamp
from common.ports.documents import Delete, Documents, Json, Merge, Snap, Vector, Version, Where, Write
from common.ports.language import Seats
from common.ports.objects import Stored
from common.ports.outbound import Coming, Reply
from common.ports.platforms import Platform, Tokens
from common.ports.push import Message
from common.ports.push import Outcome as Pushed
from common.ports.uploads import Request, Slot
from common.ports.vault import Vault
from common.ports.vectors import Near, Vectors
from common.ports.wake import Errand
from common.ports.work import Outcome, Work
from functions import inbox
from functions.api import app
from functions.api.listening import Hub
from functions.events import Uploaded
from tests.learning.worlds import creatives, outcome
from tests.pools import QUICK
from tests.post import Hands, cloudlike
from tests.publishing.plain import TOKEN, Plain
from tests.publishing.plain_ads import PlainAds
from tests.receivers import Receivers

MODULE = "tests.wiring.terraform_drive"
TENANT = "t1"
MINUTES = 90
EQUAL = ("==", "in", "has")

Use = tuple[str, str]  # what is done, and on what


@dataclass
class Noted:
    """`uses` by component; `asked`: questions by the line that asked, as (file, line)."""

    component: str = ""
    uses: dict[str, set[Use]] = field(default_factory=dict)
    asked: dict[tuple[str, int], set[Question]] = field(default_factory=dict)

    @contextmanager
    def by(self, component: str) -> Iterator[None]:
        before, self.component = self.component, component
        try:
            yield
        finally:
            self.component = before

    def use(self, what: str, on: str) -> None:
        self.uses.setdefault(self.component, set()).add((what, on))

    @property
    def questions(self) -> set[Question]:
        return {question for some in self.asked.values() for question in some}


# --- ports that take note -------------------------------------------------------------------------------------------


@dataclass
class NotedDocuments:
    """Implements Documents. Ages are told by the clock that is moved by hand."""

    inner: Documents
    noted: Noted
    clock: Hands
    written: dict[str, datetime] = field(default_factory=dict)

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        self.noted.use("read", "documents")
        return {key: self._dated(snap) for key, snap in self.inner.get_many(keys).items()}

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        self.noted.use("write", "documents")
        versions = self.inner.commit(writes)
        self.written |= dict.fromkeys((write.key for write in writes), self.clock.now())
        return versions

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        parent: str | None = None,
        order: str | None = None,
        last_first: bool = False,
        limit: int = 100,
    ) -> list[Snap]:
        self._asked(collection, where, parent, order, last_first=last_first)
        found = self.inner.query(collection, where, parent=parent, order=order, last_first=last_first, limit=limit)
        return [self._dated(snap) for snap in found]

    def count(self, collection: str, where: Sequence[Where] = (), *, parent: str | None = None) -> int:
        self._asked(collection, where, parent, None)
        return self.inner.count(collection, where, parent=parent)

    def collections(self, parent: str) -> list[str]:
        self.noted.use("read", "documents")
        return self.inner.collections(parent)

    def named(self, collection: str, *, parent: str, begins: str = "", after: str = "", limit: int = 100) -> list[Snap]:
        self.noted.use("read", "documents")  # by ids, in one parent: Firestore's own order, which needs no index
        found = self.inner.named(collection, parent=parent, begins=begins, after=after, limit=limit)
        return [self._dated(snap) for snap in found]

    def nearest(
        self, collection: str, field: str, to: Vector, where: Sequence[Where] = (), *, parent: str, limit: int = 10
    ) -> list[Near]:
        self._asked(collection, where, parent, None, vector=field)
        return cast(Vectors, self.inner).nearest(collection, field, to, where, parent=parent, limit=limit)

    def _asked(
        self,
        collection: str,
        where: Sequence[Where],
        parent: str | None,
        order: str | None,
        *,
        last_first: bool = False,
        vector: str | None = None,
    ) -> None:
        self.noted.use("read", "documents")
        ranged = {one.field for one in where if one.op not in EQUAL} | ({order} if order else set())
        assert len(ranged) <= 1, f"a query of {collection} by two ranges, {ranged}: describe its index first"
        question = Question(
            collection=collection,
            group=parent is None,
            equal=frozenset(one.field for one in where if one.op in EQUAL),
            ranged=next(iter(ranged), None),
            last_first=last_first,
            vector=vector,
        )
        frame = sys._getframe(2)
        self.noted.asked.setdefault((frame.f_code.co_filename, frame.f_lineno), set()).add(question)

    def _dated(self, snap: Snap) -> Snap:
        at = self.written.get(snap.key)
        return snap if at is None else replace(snap, age=(self.clock.now() - at).total_seconds())


@dataclass
class NotedObjects:
    """Implements Objects."""

    inner: Any
    noted: Noted

    def put_new(self, key: str, content: bytes | Path) -> Stored:
        self.noted.use("create", "media")
        return cast(Stored, self.inner.put_new(key, content))

    def stat(self, key: str) -> Stored | None:
        return cast("Stored | None", self._read("stat", key))

    def get(self, key: str) -> bytes:
        return cast(bytes, self._read("get", key))

    def part(self, key: str, start: int, size: int) -> bytes:
        return cast(bytes, self._read("part", key, start, size))

    def fetch(self, key: str, folder: Path) -> Path:
        return cast(Path, self._read("fetch", key, folder))

    def list(self, prefix: str) -> list[str]:
        return cast("list[str]", self._read("list", prefix))

    def delete(self, key: str) -> None:
        self.noted.use("delete", "media")
        self.inner.delete(key)

    def _read(self, name: str, *arguments: Any) -> Any:
        self.noted.use("read", "media")
        return getattr(self.inner, name)(*arguments)


@dataclass
class NotedSources:
    noted: Noted

    def fetch(self, location: str, source: Source, scratch: Path) -> Path:
        self.noted.use("read", "uploads")
        path = scratch / "source"
        path.write_bytes(b"a video")
        return path


@dataclass
class NotedUploads:
    noted: Noted

    def slot(self, name: str, *, content_type: str, most_bytes: int) -> Slot:
        self.noted.use("create", "uploads")
        self.noted.use("sign", "api")
        put = Request(method="PUT", url="https://bucket", headers={})
        return Slot(name=name, whole=put, resumable=put, expires=datetime(2026, 1, 1, tzinfo=UTC))


@dataclass
class NotedIntake:
    """Implements Intake: what is fetched is there at once."""

    noted: Noted

    def begin(self, name: str, *, most_bytes: int) -> str | None:
        self.noted.use("read", "uploads")
        self.noted.use("create", "uploads")
        return "session"

    def came(self, session: str) -> int | None:
        self.noted.use("create", "uploads")
        return 0

    def add(self, session: str, at: int, part: bytes, *, last: bool) -> int:
        self.noted.use("create", "uploads")
        return at + len(part)


@dataclass
class NotedPurge:
    noted: Noted
    store: str

    def count(self, prefix: str) -> int:
        self.noted.use("read", self.store)
        return 0

    def remove(self, prefix: str, *, most: int = 1000) -> int:
        self.noted.use("delete", self.store)
        return 0

    def lingers(self, prefix: str) -> datetime | None:
        self.noted.use("read", self.store)
        return None


@dataclass
class NotedSignIns:
    """Implements SignIns. Its one role holds both."""

    noted: Noted

    def known(self, subject: str) -> bool:
        self.noted.use("remove", "people")
        return False

    def remove(self, subject: str) -> None:
        self.noted.use("remove", "people")


@dataclass
class NotedSecrets:
    noted: Noted

    def get(self, name: str) -> str | None:
        self.noted.use("read", name)
        return "a key"


@dataclass
class NotedVault:
    """Implements Vault."""

    inner: Vault
    noted: Noted

    def seal(self, secret: str, about: str) -> str:
        self.noted.use("seal", "tokens")
        return self.inner.seal(secret, about)

    def open(self, sealed: str, about: str) -> str:
        self.noted.use("open", "tokens")
        return self.inner.open(sealed, about)


class Stranger:
    """Implements Outbound: every server gives a video, and Drive tells of one."""

    def check(self, address: str) -> str:
        return address

    def post(self, address: str, body: bytes, headers: Mapping[str, str], **how: Any) -> Reply:
        return Reply(status=200, headers={}, body=b"")

    @contextmanager
    def fetch(
        self, address: str, headers: Mapping[str, str] | None = None, *, timeout_s: float, most_bytes: int
    ) -> Iterator[Coming]:
        told = b'{"id": "0123456789", "name": "a.mp4", "size": "7", "md5Checksum": "x", "mimeType": "video/mp4"}'
        yield Coming(status=200, headers={"content-type": "video/mp4"}, blocks=iter([told]))


@dataclass
class NotedLinks:
    """A signed link lets somebody do what its signer may."""

    noted: Noted

    def link(self, key: str, *, name: str, kind: str) -> str:
        self.noted.use("read", "media")
        self.noted.use("sign", "api")
        return "https://bucket"


@dataclass
class NotedJobs:
    noted: Noted
    started: list[tuple[str, str]] = field(default_factory=list)

    def start(self, pool: str, launch: str) -> str:
        self.noted.use("start", pool)
        self.started.append((pool, launch))
        return f"{pool}/executions/{launch}"

    def cancel(self, execution: str) -> None:
        self.noted.use("cancel", execution.partition("/")[0])


@dataclass
class NotedTasks:
    """In the place of CloudTasks: keeps what was sent, by the lane it was sent to."""

    noted: Noted
    sent: list[tuple[Errand, datetime]] = field(default_factory=list)

    def send(self, errand: Errand, at: datetime) -> None:
        self.noted.use("enqueue", errand.image)
        self.noted.use("act as", "invoker")
        self.sent.append((errand, at))


@dataclass
class NotedAnnouncer:
    noted: Noted
    ends: list[str] = field(default_factory=list)

    def ended(self, run: str, *, trace: str | None = None) -> None:
        self.noted.use("publish", "ended")
        self.ends.append(run)


@dataclass
class NotedPusher:
    """Implements Pusher."""

    noted: Noted
    left_out: str | None = None

    def send(self, token: str, message: Message) -> Pushed:
        self.noted.use("push", "devices")
        return Pushed(ending="sent")


class Meant:
    """Implements Meaning."""

    def of(self, text: str) -> tuple[str, Vector]:
        return "test@1", Vector((1.0,))


@dataclass
class Anybody:
    """Implements Auth, ServiceAuth and Standing: who may ask is tested elsewhere."""

    noted: Noted

    def person(self, token: str) -> Caller:
        self.noted.use("read", "people")
        return Caller(subject=TENANT)

    def service(self, token: str) -> Caller:
        return Caller(subject="service")

    def check(self, subject: str, signed_in: float) -> None:
        self.noted.use("read", "people")


# --- the pipeline that is driven ------------------------------------------------------------------------------------

_busy: set[tuple[str, str]] = set()


def split(work: Work) -> Outcome:
    _as_any(work)
    return Outcome(result={"parts": 2}, members={"part": [{"n": 0}, {"n": 1}]})


def make(work: Work) -> Outcome:
    """Reads the video and what came before, keeps something, and fails for now, once."""
    _as_any(work)
    return Outcome(result={"made": True})


def gather(work: Work) -> Outcome:
    _as_any(work)
    work.needs("part")
    work.ended()
    work.find("assets", "state", "new")
    work.count("outcomes", "schema", 1)
    return Outcome(result={"big": "x" * 20_000})  # over what stays in the document: the next reads its object


def ask(work: Work) -> Outcome:
    """Reserves, asks who sits at the table, and gives the rest back, as the council does."""
    _as_any(work)
    asking = work.asking
    asking.book({"gemini": 100} if not asking.seats.models else {})
    return Outcome(result={"asked": True}, cost_micros=asking.close())


def breaks(work: Work) -> Outcome:
    raise ValueError("this one is meant to fail")


def _as_any(work: Work) -> None:
    once = (work.flow, f"{type(work)}{work.member}{work.inputs}")  # type: ignore[attr-defined]
    if once not in _busy:
        _busy.add(once)
        raise Transient("the first time it is busy")
    work.local_source()
    work.local(work.put("kept.txt", b"kept"))


def _stage(name: str, image: Image, place: Place, *after: Need, handler: str = "make", **more: Any) -> Stage:
    return Stage(
        name=name,
        version=1,
        title=name.title(),
        handler=f"{MODULE}:{handler}",
        after=after,
        image=image,
        places=(place,),
        retry=Retry(attempts=3, first_s=0.01, longest_s=0.02),
        **more,
    )


DRIVEN = Definition(
    (
        _stage("split", Image.MEDIA, Place.TASK, handler="split", fans_out="part"),
        _stage("part", Image.MEDIA, Place.POOL, Need("split"), each="part", handler="ask", asks=True),
        _stage("see", Image.GPU, Place.POOL, Need("split")),
        _stage("draw", Image.MEDIA, Place.TASK, Need("split"), when=("flow.wants_overlay",)),  # skipped: not wanted
        _stage("fail", Image.MEDIA, Place.TASK, Need("split"), handler="breaks"),
        _stage(
            "gather", Image.LIGHT, Place.TASK, Need("part"), Need("see"), Need("fail", required=False), handler="gather"
        ),
        _stage("last", Image.MEDIA, Place.TASK, Need("gather"), Need("part", required=False), handler="ask", asks=True),
    )
)


# --- the drive ------------------------------------------------------------------------------------------------------


NOBODY = Verdict(
    score=50,
    low=None,
    high=None,
    disagreement=None,
    n_eff=0,
    degraded="nobody voted",
    confidence=0,
    dissent=(),
    votes=(),
    left_out=(),
)


def _small(result: Json) -> Json:
    return {"state": "done", "result": {"small": result}}


class Drive:
    """All components on one set of documents."""

    def __init__(self, home: Path, settings: Cloud) -> None:
        self.noted = Noted()
        engine, _, self.clock = cloudlike(home, DRIVEN, active=1)
        self.tasks, self.announcer = NotedTasks(self.noted), NotedAnnouncer(self.noted)
        self.jobs = NotedJobs(self.noted)
        self.plain, self.plain_ads = Plain(), PlainAds()
        wake = CloudWake(
            cast(CloudTasks, self.tasks),
            cast(PubSubAnnouncer, self.announcer),
            launch=lambda pool: self.parts.launch(pool),
            pools={image.value: pool for image, pool in POOLS.items()},
            clock=self.clock,
        )
        self.engine: Engine = replace(
            engine,
            documents=NotedDocuments(engine.documents, self.noted, self.clock),
            objects=NotedObjects(engine.objects, self.noted),
            sources=NotedSources(self.noted),
            wake=wake,
            seats=self._table,
            beat_s=3600.0,  # a heartbeat would be noted under whoever works at that moment
        )
        drive = SharedDrive(Stranger(), NotedSecrets(self.noted))
        self.parts = CloudParts(
            settings=settings,
            engine=self.engine,
            tools=Tools(
                engine=self.engine,
                outbound=Stranger(),
                intake=NotedIntake(self.noted),
                drive=drive,
                sign_ins=NotedSignIns(self.noted),
                stores={name: NotedPurge(self.noted, name) for name in ("uploads", "media")},
                platform=self._platform,
                ads=self._ads,
                app=platforms.apps(NotedSecrets(self.noted)),
                herald=platforms.heralds(None),
                vault=NotedVault(LocalVault(home / "vault.key"), self.noted),
                limits=LocalLimits(self.clock),
            ),
            services=Anybody(self.noted),
            jobs=self.jobs,
            outbound=Receivers([503]),  # the first try fails
            pusher=NotedPusher(self.noted),
            standing=Anybody(self.noted),
        )
        self.people = app.build(
            Parts(
                engine=self.engine,
                people=Anybody(self.noted),
                uploads=NotedUploads(self.noted),
                links=NotedLinks(self.noted),
                limits=SharedLimits(self.engine.documents, self.clock),
                outbound=self.parts.outbound,
                vectors=cast(Vectors, self.engine.documents),
                meaning=Meant(),
                drive=drive,
                pusher=self.parts.pusher,
                herald=self.parts.tools.herald,
                consent=Consent(
                    platform=lambda network: cast(Platform, self.plain),  # its address is all that is asked for
                    client=platforms.clients(NotedSecrets(self.noted)),
                    vault=self.parts.tools.vault,
                    redirect="https://cutroom.example/v1/connections/callback",
                    patience_s=0.0,
                ),
            ),
            hub=Hub(longest_s=0.0),
        )

    def _platform(self, network: str) -> Platform:
        self.noted.use("tell", "platforms")
        return cast(Platform, self.plain)

    def _ads(self, network: str) -> Ads:
        self.noted.use("tell", "platforms")
        return self.plain_ads

    def _table(self) -> Seats:
        """Who is at it is known by asking their makers; where plans are made, their names do."""
        if self.noted.component in ("api", "events", "tick", "work-light"):
            return Seats()
        self.noted.use("ask", "makers")
        return Seats()

    def events(self) -> None:
        """A file is there, or a run has ended."""
        with self.noted.by("events"):
            while self.announcer.ends:
                flows.act(self.engine, RunId.parse(self.announcer.ends.pop(0)))

    def upload(self, name: str) -> None:
        with self.noted.by("events"):
            event = Uploaded(bucket=self.parts.settings.uploads, name=f"t/{TENANT}/u/{name}", generation="1", size=7)
            inbox.take(self.parts, event)
            inbox.take(self.parts, event)

    def work(self) -> None:
        """The tasks that are due, each by the service of its image."""
        due = [sent for sent in self.tasks.sent if sent[1] <= self.clock.now()]
        self.tasks.sent = [sent for sent in self.tasks.sent if sent not in due]
        for errand, _ in due:
            with self.noted.by(f"work-{errand.image}"):
                if errand.stage == "deliver":
                    self.parts.sender.deliver(errand.run)
                elif "/runs/" in errand.run:
                    execute(self.engine, RunId.parse(errand.run))
                else:
                    chores.execute(self.parts.tools, errand.run)

    def pulled(self, *, stopped: bool = False) -> None:
        """The workers that were started; a stopped one leaves the queue to its successor."""
        stop = threading.Event()
        if stopped:
            stop.set()
        started, self.jobs.started = self.jobs.started, []
        for pool, launch in started:
            with self.noted.by(pool):
                pull(
                    self.engine,
                    pool,
                    policy=replace(QUICK, idle_s=0.0),
                    left_s=lambda: 600.0,
                    stop=stop,
                    launch=launch,
                    jobs=self.jobs,
                )

    def tick(self, minutes: float = 1) -> None:
        self.clock.at += timedelta(minutes=minutes)
        with self.noted.by("tick"):
            self.parts.tick()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        where: str = TENANT,
        *,
        after: str | None = None,
        match: str = "*",
    ) -> Any:
        """As a person, in an organisation, no oftener than one may."""
        self.clock.at += timedelta(seconds=3)
        asked = {"Cutroom-Organisation": where, "If-Match": match} | ({"Last-Event-ID": after} if after else {})
        with self.noted.by("api"), TestClient(self.people) as client:
            answer = client.request(method, path, headers={"Authorization": "Bearer x", **asked}, json=body)
            assert answer.is_success, answer.text
            streams = answer.headers.get("content-type", "").startswith("text/event-stream")
            return answer.text if streams else answer.json() if answer.content else None

    def clip(self, flow: str) -> None:
        """Look at one, decide about it, take its file."""
        kept = {"object": "t/x/file", "size": 1, "sha256": ""}
        rendition = {**kept, "aspect": "9:16", "width": 1, "height": 1, "duration": "1", "captions": None}
        files = dict.fromkeys(("srt", "thumbnail", "preview", "report", "result"), kept)
        done = {"state": "done", "result": {"small": {**files, "covers": {"9:16": kept}, "renditions": [rendition]}}}
        objects = cast(NotedObjects, self.engine.objects).inner
        fits = tuple(
            Fit(platform=kind, fits=True, checked=1, unverified=()) for kind in (*KINDS["x"], *KINDS["facebook"])
        )
        gate = Gate(aspect="9:16", object="t/x/file", ready=True, findings=(), fits=fits)
        gates = objects.put_new("t/x/gates.json", dumps([to_json(gate)])).key
        told = dumps([{"number": 1, "verdict": to_json(NOBODY)}])
        votes = objects.put_new("t/x/verdicts.json", told).key
        span = {"start": "0", "end": "1"}
        said = dict.fromkeys(("title", "description", "text", "why"), "")
        body = {"number": 1, "state": "chosen", "span": span, "score": 1, "scores": {}, "evidence": [], **said}
        inner = cast(NotedDocuments, self.engine.documents).inner
        inner.commit(
            [
                Merge(f"tenants/{TENANT}/clips/{flow}.1", {**body, "hashtags": [], "raise_by": []}),
                Merge(RunId(TENANT, flow, "render", 0).key, done),
                Merge(RunId(TENANT, flow, "report").key, done),
                Merge(RunId(TENANT, flow, "check", 0).key, _small({"ready": True, "gates": {"object": gates}})),
                Merge(RunId(TENANT, flow, "council").key, _small({"verdicts": {"object": votes}})),
                Merge(RunId(TENANT, flow, "score").key, {"state": "done", "result": {"members": {"clip": 1}}}),
            ]
        )
        self.ask("GET", f"/v1/flows/{flow}/clips")
        self.ask("GET", f"/v1/clips/{flow}.1")
        self.ask("PATCH", f"/v1/clips/{flow}.1", {"state": "approved"})
        files_of = ("renditions", "renditions/9x16", "renditions/9x16/cover", "captions/srt", "thumbnail", "preview")
        for file in (*files_of, "verdict"):
            self.ask("GET", f"/v1/clips/{flow}.1/{file}")
        self.ask("PATCH", f"/v1/clips/{flow}.1/renditions", {"wanted": []})
        for file in ("report", "result", "usage"):
            self.ask("GET", f"/v1/flows/{flow}/{file}")
        self.ask("POST", "/v1/compliance", {"clip": f"{flow}.1"})

    def know(self) -> None:
        """Clips whose outcomes are known make notes, twice, and a person puts one and removes it."""
        self.clock.at += timedelta(minutes=2)  # so many requests a minute are let in, and many came before
        inner = cast(NotedDocuments, self.engine.documents).inner
        read = {"schema": 2, "asset": "a", "model": "m@1", "vector": Vector((1.0,) * 384)}
        for number in range(8):
            key = f"tenants/{TENANT}/embeddings/k1-1.{number}"
            clip = Merge(f"tenants/{TENANT}/clips/k1-1.{number}", {"title": "A clip"})
            inner.commit([Merge(key, {**read, "outcome": number * 12.5}), clip])
        for _ in range(2):
            assert self.ask("POST", "/v1/knowledge/refresh")["snapshot"] is not None
        put = self.ask("POST", "/v1/knowledge", {"kind": "pattern", "text": "A question first.", "clip": "k1-1.1"})
        self.ask("DELETE", f"/v1/knowledge/{put['id']}")
        assert self.ask("GET", "/v1/knowledge")["count"] > 2

    def lists(self, asset: str, flow: str) -> None:
        """In every order and by every condition; and searches."""
        self.clock.at += timedelta(minutes=1)
        self.ask("GET", "/v1/assets?state=new")
        for equal in ("state=done", f"asset={asset}", f"asset={asset}&state=done"):
            self.ask("GET", f"/v1/flows?{equal}")
        for order in ("created", "score"):
            self.clock.at += timedelta(minutes=1)  # so many at once are too many
            for equal in ("", "&state=chosen", f"&asset={asset}", f"&asset={asset}&state=chosen"):
                self.ask("GET", f"/v1/clips?order={order}{equal}")
        for conditions in ({}, {"asset": asset}, {"flow": flow}):
            self.ask("POST", "/v1/search", {"text": "quiet gardens", "aspect": "9:16", **conditions})

    def chores(self) -> None:
        """Fetch, hand out, and erase: an asset, an organisation, and at last who asks."""
        self.tick(2)  # a person may ask only so often in a minute
        fetched = self.ask("POST", "/v1/imports", {"address": "https://files.example/a.mp4"})["id"]
        self.ask("POST", "/v1/imports/drive", {"file": "0123456789"})
        export = self.ask("POST", "/v1/exports")["id"]
        self._worked()
        self.ask("GET", f"/v1/assets/{fetched}")
        self.ask("GET", f"/v1/exports/{export}")
        seen = self.ask("GET", "/v1/flows?state=done")["items"][0]["asset"]
        for asset in (fetched, seen):
            self.ask("DELETE", f"/v1/assets/{asset}")
        studio = self.ask("POST", "/v1/organisations", {"name": "Studio"})["id"]
        with self.noted.by("api"), TestClient(self.people) as client:
            there = client.get(
                "/v1/organisation", headers={"Authorization": "Bearer x", "Cutroom-Organisation": studio}
            )
        self.ask("POST", "/v1/members", {"subject": "bob", "role": "owner"}, studio)
        self.ask("POST", "/v1/erasures", {"name": "Studio"}, studio, match=there.headers["etag"])
        self._worked()
        self.ask("GET", f"/v1/assets/{fetched}/erasure")
        self.clock.at += exports.KEPT
        self.tick()
        self.tasks.sent.clear()  # a wake is lost
        self._worked()
        self.ask("POST", "/v1/organisations", {"name": "Left to nobody"})
        inner = cast(NotedDocuments, self.engine.documents).inner
        for snap in inner.query("members", [Where("subject", "==", TENANT)]):
            other = snap.key.rpartition("/")[0] + "/bob"
            inner.commit([Merge(other, {**snap.body, "subject": "bob"})])  # none is left without an owner
        erasure = self.ask("DELETE", f"/v1/me?subject={TENANT}")["id"]
        self._worked()
        assert self.ask("GET", f"/v1/erasures/{erasure}")["state"] == "erased"

    def connect(self) -> None:
        """An account of each network: begun, allowed, tested, called otherwise, and disconnected."""
        for network in get_args(Network):
            self.clock.at += timedelta(minutes=1)
            url = self.ask("POST", "/v1/connections", {"network": network})["url"]
            back = {"state": parse_qs(urlsplit(url).query)["state"][0], "code": "a code"}
            with self.noted.by("api"), TestClient(self.people) as client:  # whose browser has no token of ours
                answer = client.get("/v1/connections/callback", params=back)
                assert answer.is_success and "Almost done" in answer.text, answer.text
            self._worked()
        for channel in self.ask("GET", "/v1/channels?state=connected")["items"]:
            self.clock.at += timedelta(minutes=1)
            path = f"/v1/channels/{channel['id']}"
            self.ask("POST", f"{path}/check")
            self._worked()
            assert self.ask("GET", path)["checked"]["good"], "nobody asked the platform"
            self.ask("PATCH", path, {"name": f"Ann on {channel['network']}"})
            self.ask("DELETE", path)
        self._worked()
        assert {one["state"] for one in self.ask("GET", "/v1/channels")["items"]} == {"disconnected"}
        assert self.plain.token == "none", "no platform was told"
        self.plain.token = TOKEN

    def publish(self) -> None:
        """Two posts of a channel that may have one a day, the second a day later; and how the first does."""
        inner = cast(NotedDocuments, self.engine.documents).inner
        channel = channels.id_of("x", "ann")
        key, vault = channels.key_of(TENANT, channel), cast(NotedVault, self.parts.tools.vault).inner
        tokens = Tokens(access=TOKEN, refresh=None, lasts_s=None, refresh_lasts_s=None, scopes=())
        body = {"schema": 1, "network": "x", "account": "ann", "state": "connected", "expires": None}
        body |= {"name": "Ann", "handle": None, "posts_a_day": 1, "slots": [{"day": 0, "time": "18:00"}]}
        told = {**body, "tokens": vault.seal(dumps(to_json(tokens)).decode(), key)}
        kept = cast(NotedObjects, self.engine.objects).inner.put_new(f"t/{TENANT}/clip.mp4", b"a video")
        video = File(object=kept.key, sha256=kept.sha256, size=kept.size, kind="video/mp4")
        of: Json = {"network": "x", "kind_of": "x", "channel": channel, "account": "ann", "flow": "f-1", "asset": "f"}
        of |= {"clip": "f-1.1", "step": "scheduled", "late": "publish", "slot": stamp(self.clock.now())}
        of |= {"predicted": None, "video": to_json(video), "aspect": "9:16", "priority": 0}
        of |= {"topic": None, "content": None, "taken": "x"}
        keys = [f"tenants/{TENANT}/publications/{name}" for name in ("p1", "p2")]
        inner.commit([Merge(key, told)])
        for one in keys:
            post = {"post": to_json(Post(title=one, body=""))}
            inner.commit([chore.created(self.engine, one, "publication", by=TENANT, memo={}, fields={**of, **post})])
            self._worked()
        steps = [snap.body["step"] for snap in inner.get_many(keys).values()]
        assert sorted(steps) == ["published", "ready"], steps  # the second has its quota's day to wait
        self.clock.at += timedelta(days=1)
        self._worked()
        assert {snap.body["step"] for snap in inner.get_many(keys).values()} == {"published"}
        assert inner.query("metrics"), "nobody read how it does"
        self._told()
        (clip, *_) = [snap.id for snap in inner.query("clips") if snap.id.endswith(".1") and "created" not in snap.body]
        for at in ("now", "next"):
            self.clock.at += timedelta(minutes=2)
            (post,) = self.ask("POST", "/v1/publications", {"clip": clip, "channels": [channel], "at": at})["items"]
        path = f"/v1/publications/{post['id']}"
        self.ask("PATCH", path, {"at": "2027-01-01T00:00:00Z"})
        self.ask("POST", f"{path}/cancel")
        self.ask("GET", "/v1/publications/p1/insights")
        for conditions in ("", *_some(f"channel={channel}", "state=published", f"clip={clip}")):
            self.ask("GET", f"/v1/publications?{conditions}")
        self.clock.at += timedelta(minutes=2)
        self.ask("GET", "/v1/calendar")
        self.ask("GET", f"/v1/calendar?channel={channel}")
        self.ask("GET", f"/v1/channels/{channel}/times")
        self.ask("PUT", f"/v1/channels/{channel}/times", {"slots": []})
        table = self.ask("POST", "/v1/calendar/tables", {"table": f"clip,channel,at\n{clip},Ann,2027-01-01"})["id"]
        self._worked()
        assert self.ask("GET", f"/v1/calendar/tables/{table}")["scheduled"] == 1

    def _told(self) -> None:
        """YouTube's hub tells that a video is out."""
        channel = channels.id_of("x", "ann")
        inner = cast(NotedDocuments, self.engine.documents).inner
        inner.commit([Merge(channels.key_of(TENANT, channel), {"topic": "its videos"})])
        video, named = "dQw4w9WgXcQ", f"tenants/{TENANT}/publications/told"
        inner.commit([Merge(named, {"network": "youtube", "handle": video, "step": "failed"})])
        subscription = f"{TENANT}.{channel}"
        secret = hmac.new(b"a key", f"websub:{subscription}".encode(), hashlib.sha256).hexdigest()
        body = f"<yt:videoId>{video}</yt:videoId>".encode()
        signed = f"sha1={hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}"
        headers = {"X-Hub-Signature": signed, "Content-Type": "application/atom+xml"}
        with self.noted.by("api"), TestClient(self.people) as client:
            answer = client.post(f"/v1/notices/youtube/{subscription}", headers=headers, content=body)
            assert answer.status_code == 204
        self._worked()
        assert [snap.body["about"] for snap in inner.query("notices")] == [1]
        inner.commit([Delete(named)])

    def advertise(self) -> None:
        """A campaign that is let run, another whose part somebody must look for, and what people did."""
        inner = cast(NotedDocuments, self.engine.documents).inner
        vault = cast(NotedVault, self.parts.tools.vault).inner
        tokens = Tokens(access=TOKEN, refresh=None, lasts_s=None, refresh_lasts_s=None, scopes=())
        found = []
        for network in ("meta-ads", "facebook"):
            found.append(channels.id_of(network, "ann"))
            key = channels.key_of(TENANT, found[-1])
            body = {"schema": 1, "network": network, "account": "ann", "state": "connected", "expires": None}
            told = {**body, "name": network, "tokens": vault.seal(dumps(to_json(tokens)).decode(), key)}
            inner.commit([Merge(key, told)])
        account, page = found
        path = f"/v1/channels/{account}/budget"
        self.ask("PUT", path, {"most_daily_micros": 90_000_000, "currency": "EUR"})
        (clip, *_) = [snap.id for snap in inner.query("clips") if snap.id.endswith(".1") and "created" not in snap.body]
        wanted: Json = {"clip": clip, "channel": account, "page": page, "name": "Tea", "objective": "awareness"}
        wanted |= {"categories": ["none"], "targeting": {"countries": ["US"]}, "currency": "EUR", "message": "Tea"}
        wanted |= {"daily_micros": 1_000_000}
        made = []
        for _ in range(2):
            self.clock.at += timedelta(minutes=1)
            made.append(self.ask("POST", "/v1/campaigns", wanted)["id"])
            self._worked()
            self.plain_ads.loses = ["ad"]
        self.ask("GET", path)
        assert self.ask("GET", f"/v1/campaigns/{made[1]}")["doubt"] == "ad"
        self.ask("POST", f"/v1/campaigns/{made[1]}/settle", {"made": "77"})
        self.ask("POST", f"/v1/campaigns/{made[0]}/status", {"status": "active"})
        self._worked()
        assert self.ask("GET", f"/v1/campaigns/{made[0]}/insights")["items"], "nobody read how it does"
        for conditions in ("", *_some(f"channel={account}", "state=ready")):
            self.ask("GET", f"/v1/campaigns?{conditions}")
        event = {"name": "Purchase", "id": "1", "at": stamp(self.clock.now()), "source": "app", "user": {"fbp": "fb.1"}}
        sent = self.ask("POST", "/v1/conversions", {"channel": account, "pixel": "7", "events": [event]})["id"]
        self._worked()
        assert self.ask("GET", f"/v1/conversions/{sent}")["received"] == 1
        self.ask("POST", f"/v1/campaigns/{made[0]}/status", {"status": "paused"})  # or nobody could close what it is of
        self._worked()

    def experiment(self) -> None:
        """Two titles, told apart by what somebody counts."""
        arms = [{"name": name, "text": f"{name} or not?"} for name in ("A", "B")]
        name = self.ask("POST", "/v1/experiments", {"name": "Tea", "kind": "title", "arms": arms})["id"]
        path = f"/v1/experiments/{name}"
        self.ask("POST", f"{path}/start")
        self.ask("POST", f"{path}/assignments", {"key": "monday", "publication": "p1"})
        today = self.clock.now().date().isoformat()
        counted = [{"arm": name, "date": today, "impressions": 900, "clicks": n} for n, name in enumerate("AB", 9)]
        self.ask("POST", f"{path}/figures", {"figures": counted})
        self._worked()
        assert self.ask("GET", path)["state"] == "running"
        self.ask("GET", f"{path}/evaluation?choose=A")
        self.ask("POST", f"{path}/stop")
        for conditions in ("", "state=stopped"):
            self.ask("GET", f"/v1/experiments?{conditions}")

    def learn(self) -> None:
        """From what was run before: a model is trained, put live, looked at, gone back from, and has its week told."""
        inner = cast(NotedDocuments, self.engine.documents).inner
        there = creatives(120)
        before = self.clock.now() - there[-1].launched - timedelta(days=8)
        parent = f"tenants/{TENANT}/outcomes"
        told = {one.id: outcome(replace(one, launched=one.launched + before)) for one in there}
        inner.commit([Merge(f"{parent}/{name}", body) for name, body in told.items()])
        path = "/v1/models/ctr"
        for _ in range(2):
            self.ask("POST", f"{path}/train")
            self._worked()
            shown = self.ask("GET", path)
            if shown["live"] is None:
                self.ask("POST", f"{path}/promote", {"version": shown["versions"][0]["version"]})
        assert shown["weeks"] or self.ask("GET", path)["weeks"], shown
        self.ask("GET", "/v1/models")
        self.ask("GET", f"{path}/report")
        self.ask("PUT", "/v1/history/accounts", {"account": there[0].account, "channel": "none"})
        self.ask("GET", "/v1/history/accounts")
        self.ask("POST", f"{path}/rollback")
        table = "id,account,day,impressions,clicks\n1,Shop,2025-03-01,100,5"
        brought = self.ask("POST", "/v1/history", {"table": table})["id"]
        self._worked()
        self.ask("DELETE", f"/v1/history/{brought}")
        self._worked()
        assert self.ask("GET", f"/v1/history/{brought}")["taken_back"]

    def _worked(self) -> None:
        for _ in range(8):
            self.tick()
            self.work()

    def settle(self) -> None:
        for _ in range(MINUTES):
            self.pulled()
            self.work()
            self.events()
            self.tick()
            if not {"running", "waiting"} & set(self.states()):
                break
        assert set(self.states()) <= {"done", "failed"}, self.states()

    def states(self) -> list[str]:
        found = cast(NotedDocuments, self.engine.documents).inner.query("flows")
        return [snap.body["state"] for snap in found]


def _some(*conditions: str) -> list[str]:
    """Every choice of some of them."""
    return ["&".join(some) for n in range(1, len(conditions) + 1) for some in combinations(conditions, n)]


def driven(home: Path, settings: Cloud) -> Noted:
    """Drive everything once, with all that can go astray on the way; what was noted."""
    random.seed(1)
    _busy.clear()
    drive = Drive(home, settings)
    hook = drive.ask("POST", "/v1/webhooks", {"name": "n8n", "address": "https://hooks.example", "events": list(TYPES)})
    drive.ask("POST", "/v1/devices", {"token": "phone:" + "x" * 40, "platform": "web", "name": "phone"})
    drive.ask("GET", "/v1/devices")
    awaited = drive.ask("POST", "/v1/assets", {"name": "a.mp4", "size": 7, "type": "video/mp4"})["id"]
    drive.ask("GET", f"/v1/assets/{awaited}")
    for name in ("a.mp4", "b.mp4", "c.mp4"):  # one at a time: the others wait for their turn
        drive.upload(name)
    drive.ask("GET", "/v1/events")
    drive.tasks.sent.clear()  # a wake is lost
    for _ in range(4):
        drive.tick(2)
        drive.work()
        drive.announcer.ends.clear()  # announcements are lost
    drive.tick(2)
    drive.jobs.started.clear()  # workers that were asked for never come up
    drive.tick(15)
    drive.pulled(stopped=True)
    drive.settle()
    with drive.noted.by("events"):  # the same file again, where something had failed
        inbox.take(drive.parts, Uploaded(bucket=settings.uploads, name=f"t/{TENANT}/u/a.mp4", generation="1", size=7))
    drive.settle()
    there = drive.ask("GET", "/v1/assets")["items"]
    asset = next(one["id"] for one in there if one["state"] != "awaiting")
    drive.ask("GET", f"/v1/assets?cursor={drive.ask('GET', '/v1/assets?limit=2')['next']}")
    again = drive.ask("POST", "/v1/flows", {"asset": asset, "settings": {"clips": 3}})["id"]
    drive.ask("POST", f"/v1/flows/{again}/cancel")
    for flow in drive.ask("GET", "/v1/flows?state=done")["items"]:
        drive.ask("GET", f"/v1/flows/{flow['id']}")
    drive.clip(flow["id"])
    drive.lists(asset, flow["id"])
    drive.ask("GET", f"/v1/flows/{flow['id']}/events")
    drive.ask("GET", "/v1/events", after="1")
    drive.ask("GET", "/v1/webhooks")
    drive.ask("POST", f"/v1/webhooks/{hook['id']}/test")
    sent = drive.ask("GET", f"/v1/webhooks/{hook['id']}/deliveries?limit=1")
    drive.ask("GET", f"/v1/webhooks/{hook['id']}/deliveries?cursor={sent['next']}")
    drive.know()
    drive.connect()
    drive.publish()
    drive.advertise()
    drive.experiment()
    drive.learn()
    drive.ask("PATCH", f"/v1/assets/{asset}", {"name": "b.mp4"})
    drive.ask("GET", "/v1/usage")
    plan = {"schema": "cutroom.storyboard/1", "title": "Tea", "shots": [{"seconds": 2, "say": "Tea?"}]}
    drive.ask("POST", "/v1/storyboards", plan)
    drive.ask("GET", "/v1/organisations")
    drive.ask("POST", "/v1/keys", {"name": "ci", "role": "viewer"})
    studio = drive.ask("POST", "/v1/organisations", {"name": "Studio"})["id"]
    drive.ask("POST", "/v1/invitations", {"role": "owner"}, studio)
    drive.ask("POST", "/v1/members", {"subject": "bob", "role": "owner"}, studio)
    drive.ask("PATCH", "/v1/members/bob", {"role": "viewer"}, studio)
    asked = ("", "?cursor=9", "?by=t1", "?what=keys.make&cursor=9", "?by=t1&what=keys.make")
    for listed in ("invitations", "members", "keys", *(f"audit{query}" for query in asked)):
        drive.ask("GET", f"/v1/{listed}")
    drive.chores()
    return drive.noted
