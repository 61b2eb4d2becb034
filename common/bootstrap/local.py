"""One machine: documents in SQLite, objects in a folder, a process for each run."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.middleware.cors import CORSMiddleware

from common.adapters.calls import DocumentCalls
from common.adapters.embedded.auth import LocalKey
from common.adapters.embedded.clock import SteadyClock
from common.adapters.embedded.doorbell import Doorbell, NoBell
from common.adapters.embedded.files import FileObjects
from common.adapters.embedded.folder import StateFolder
from common.adapters.embedded.forkserver import ForkServer
from common.adapters.embedded.intake import LocalIntake
from common.adapters.embedded.limits import LocalLimits
from common.adapters.embedded.links import LocalLinks
from common.adapters.embedded.processes import LocalWorkers, worker_environment
from common.adapters.embedded.purge import ObjectsPurge
from common.adapters.embedded.scratch import FolderScratch
from common.adapters.embedded.secrets import LocalSecrets
from common.adapters.embedded.sources import FileSources, generation_of, location
from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.embedded.uploads import AT as UPLOADS_AT
from common.adapters.embedded.uploads import LocalUploads
from common.adapters.embedded.vault import LocalVault
from common.adapters.google.drive import SharedDrive
from common.adapters.models.local import LocalModels
from common.adapters.models.sentences import WarmSentences
from common.adapters.models.shelf import Shelf
from common.adapters.outbound import HttpsOutbound
from common.bootstrap import council, platforms
from common.bootstrap.parts import Parts
from common.chores.connections.connecting import CALLBACK, Consent
from common.chores.erasing import late
from common.chores.tools import Tools
from common.config import Settings
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.events.courier import Courier
from common.events.deliveries import Sender
from common.pipeline import flows
from common.pipeline.definition import PIPELINE
from common.pipeline.engine import Engine, carry_on
from common.pipeline.execution import execute
from common.pipeline.run import RunId
from common.pipeline.runner import Runner
from common.pipeline.stage import Definition
from common.ports.documents import Increment
from common.ports.outbound import Outbound
from common.ports.wake import Wake

_EPOCH = "global/runner"
_SENT = [
    "Content-Type",
    "Content-Range",
    "Range",
    "x-goog-content-length-range",
    "x-goog-if-generation-match",
    "x-goog-resumable",
]
_GRACE_S = 35.0  # a request ends within 30; events and attempts are not on their way here, they are there or not
_BEAT_S = 0.5  # one disk, one reader: progress may be written often


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """Cutroom on one machine, its state folder held."""

    settings: Settings
    folder: StateFolder
    engine: Engine
    runner: Runner
    bell: Doorbell


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalApi:
    """The API's parts on one machine. `files` is what their links and places lead to, below /local/."""

    parts: Parts
    tools: Tools
    key: str
    courier: Courier
    files: Callable[[Any, Any, Any], Awaitable[None]]  # an ASGI application


def engine(
    settings: Settings,
    *,
    wake: Wake | None = None,
    clock: SteadyClock | None = None,
    abandon: Callable[[], None] = carry_on,
    warm: bool = False,
    definition: Definition = PIPELINE,
    epoch: int | None = None,
) -> Engine:
    """An engine on the embedded adapters; `warm` keeps models at work between runs.

    A worker process takes epoch and clock from its runner's settings.
    """
    folder = StateFolder(settings.home)
    documents, clock = SqliteDocuments(folder.database), clock or SteadyClock(settings.anchor)
    return Engine(
        definition=definition,
        documents=documents,
        objects=FileObjects(folder.objects),
        sources=FileSources(),
        wake=wake or NoBell(),
        clock=clock,
        scratch=FolderScratch(folder.scratch),
        models=LocalModels(settings.models, Shelf.of_this_process() if warm else None),
        calls=DocumentCalls(documents, clock),
        seats=council.on_one_machine(settings, clock),
        evidence=council.evidence(settings),
        epoch=epoch if epoch is not None else settings.epoch or 0,
        beat_s=_BEAT_S,
        abandon=abandon,
    )


@contextmanager
def local(
    settings: Settings, *, environ: Mapping[str, str] | None = None, definition: Definition = PIPELINE
) -> Iterator[Local]:
    """Take the state folder, end what an earlier life left, and give a runner. Raises StateFolderBusy."""
    folder = StateFolder(settings.home)
    with folder.lock():
        folder.end_survivors()
        FolderScratch(folder.scratch).clear()
        FileObjects(folder.objects).clear_aside()
        clock, bell = SteadyClock(), Doorbell()
        epoch = _next_epoch(folder)
        built = engine(settings, wake=bell, clock=clock, definition=definition, epoch=epoch)
        extra = {
            "CUTROOM_HOME": str(settings.home),
            "CUTROOM_EPOCH": str(epoch),
            "CUTROOM_ANCHOR": f"{clock.anchor[0]!r},{clock.anchor[1]!r}",
        }
        server = ForkServer(
            folder,
            worker_environment(os.environ if environ is None else environ, extra),
            preload=lambda: [*definition.modules, *council.libraries(built.seats)],
            on_end=bell.ring,
        )
        workers = LocalWorkers(server, bell, lambda stage, subject: execute(built, RunId.of(stage, subject)))
        runner = Runner(built, workers, cores=settings.cores)
        runner.recover()
        try:
            yield Local(settings=settings, folder=folder, engine=built, runner=runner, bell=bell)
        finally:
            server.close()


def api(local: Local, base_url: str, outbound: Outbound | None = None) -> LocalApi:
    """What the API needs here; the server at `base_url` must hand all below /local/ to `files`.

    `outbound` is how strangers' addresses are asked: a test's own may reach this machine, no setting lets another.

    Raises BadInput where others can read the key.
    """
    folder, engine = local.folder, local.engine
    own = LocalKey(folder.key)
    secret = own.key.encode()

    def arrived(name: str, path: Path) -> None:
        _, tenant, asset, last = name.split("/")
        if late.unwelcome(engine, tenant, asset):
            return
        source = Source(bucket="file", name=last, generation=generation_of(path), size=path.stat().st_size)
        flows.submit(engine, tenant, source, location(path), FlowSettings(), asset=asset)

    uploads = LocalUploads(base_url, folder.uploads, secret, clock=engine.clock, arrived=arrived)
    links = LocalLinks(base_url, engine.objects, secret, clock=engine.clock)
    uploads.recover()

    async def below(scope: Any, receive: Any, send: Any) -> None:
        await (uploads if scope["path"].startswith(UPLOADS_AT) else links)(scope, receive, send)

    # As the buckets do it: see the rules of the uploads bucket in terraform/storage.tf.
    files = CORSMiddleware(
        below,
        allow_origins=list(local.settings.origins),
        allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
        allow_headers=_SENT,
        expose_headers=["Content-Range", "Content-Type", "Location", "Range"],
        max_age=3600,
    )

    outbound = HttpsOutbound() if outbound is None else outbound
    intake = LocalIntake(folder.uploads, engine.clock, arrived)
    drive = SharedDrive(outbound, LocalSecrets(folder.secrets, os.environ))
    tools = Tools(
        engine=engine,
        outbound=outbound,
        intake=intake,
        drive=drive,
        stores={"uploads": intake, "media": ObjectsPurge(engine.objects)},
        grace_s=_GRACE_S,
        platform=platforms.platforms(local.settings.platforms),
        ads=platforms.ads(platforms.platforms(local.settings.platforms)),
        app=platforms.apps(LocalSecrets(folder.secrets, os.environ)),
        herald=platforms.heralds(local.settings.platforms),
        vault=LocalVault(folder.vault),
        limits=LocalLimits(engine.clock),
    )
    consent = Consent(
        platform=tools.platform,
        client=platforms.clients(LocalSecrets(folder.secrets, os.environ)),
        vault=tools.vault,
        redirect=base_url.rstrip("/") + CALLBACK,
    )
    parts = Parts(
        engine=engine,
        consent=consent,
        herald=tools.herald,
        people=own,
        uploads=uploads,
        links=links,
        limits=LocalLimits(engine.clock),
        outbound=outbound,
        vectors=SqliteDocuments(folder.database),  # apart, so that reading them in holds up nothing else
        meaning=WarmSentences(LocalModels(local.settings.models, Shelf.of_this_process()), folder.scratch),
        drive=drive,
    )
    sender = Sender(documents=engine.documents, clock=engine.clock, wake=engine.wake, outbound=outbound)
    return LocalApi(parts=parts, tools=tools, key=own.key, courier=Courier(sender), files=files)


def _next_epoch(folder: StateFolder) -> int:
    documents = SqliteDocuments(folder.database)
    documents.commit([Increment(_EPOCH, "epoch", 1)])
    epoch = int(documents.get_many([_EPOCH])[_EPOCH].body["epoch"])
    documents.close()
    return epoch
