"""Google Cloud: documents in Firestore, objects in buckets, work by tasks and pools."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from common.adapters.calls import DocumentCalls
from common.adapters.embedded.push import NoPush
from common.adapters.embedded.scratch import FolderScratch
from common.adapters.google import clients
from common.adapters.google.certificates import FIREBASE, SERVICES, Certificates
from common.adapters.google.clock import WallClock
from common.adapters.google.drive import SharedDrive
from common.adapters.google.firebase_auth import EMULATOR, FirebaseAuth, refuse_emulated_auth
from common.adapters.google.firestore import FirestoreDocuments
from common.adapters.google.intake import BucketIntake
from common.adapters.google.limits import SharedLimits
from common.adapters.google.links import BucketLinks
from common.adapters.google.oidc import GoogleOidc
from common.adapters.google.pubsub import PubSubAnnouncer
from common.adapters.google.purge import BucketPurge
from common.adapters.google.push import FirebasePusher
from common.adapters.google.run_jobs import CloudRunJobs
from common.adapters.google.secret_manager import SecretManager
from common.adapters.google.secret_manager import session as secrets_session
from common.adapters.google.sign_ins import FirebaseSignIns
from common.adapters.google.sources import BucketSources
from common.adapters.google.storage import StorageObjects
from common.adapters.google.tasks import CloudTasks, Lane
from common.adapters.google.uploads import BucketUploads
from common.adapters.google.users import FirebaseUsers
from common.adapters.google.vault import ADDRESS as KMS
from common.adapters.google.vault import KmsVault
from common.adapters.google.video_intelligence import VideoIntelligence
from common.adapters.google.wake import CloudWake
from common.adapters.models.elsewhere import MeaningElsewhere, ModelsElsewhere
from common.adapters.models.local import LocalModels
from common.adapters.models.sentences import WarmSentences
from common.adapters.models.shelf import Shelf
from common.adapters.outbound import HttpsOutbound
from common.adapters.remembering import Remembering
from common.adapters.sessions import Sessions
from common.bootstrap import council, platforms
from common.bootstrap.parts import Parts
from common.chores import work as chores
from common.chores.connections.connecting import CALLBACK, Consent
from common.chores.pushing import Pushes
from common.chores.tools import Tools
from common.config import Cloud
from common.events.deliveries import Sender
from common.pipeline import sweep
from common.pipeline.definition import PIPELINE
from common.pipeline.engine import Engine, carry_on
from common.pipeline.launcher import POLICIES, launch, reap
from common.pipeline.place import POOLS
from common.ports.annotator import Annotator
from common.ports.auth import ServiceAuth, Standing
from common.ports.jobs import Jobs
from common.ports.language import Seats, nobody
from common.ports.limits import Limits
from common.ports.meaning import Meaning
from common.ports.outbound import Outbound
from common.ports.push import Pusher
from common.ports.vault import Vault

BACKUPS = timedelta(days=30)  # for which terraform/database.tf keeps them
_SWITCHED_OFF = NoPush("push is switched off here; whoever runs this switches it on as docs/push.md says")
_WAKE_S = 60.0  # in which a task or a message arrives, but for one in a thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudParts:
    """Cutroom on Google Cloud: what functions and jobs need. Clients are made when they are first used."""

    settings: Cloud
    engine: Engine
    services: ServiceAuth
    jobs: Jobs
    outbound: Outbound
    tools: Tools
    pusher: Pusher = _SWITCHED_OFF
    standing: Standing | None = None

    @property
    def sender(self) -> Sender:
        """Who sends to webhooks and to devices."""
        engine = self.engine
        pushes = Pushes(
            documents=engine.documents,
            clock=engine.clock,
            wake=engine.wake,
            pusher=self.pusher,
            standing=self.standing,
        )
        return Sender(
            documents=engine.documents,
            clock=engine.clock,
            wake=engine.wake,
            outbound=self.outbound,
            pushes=pushes,
            wake_s=engine.wake_s,
        )

    def tick(self) -> int:
        """What is done once a minute; how much of it the fast path had lost."""
        found = sweep.rescue(self.engine) + self.sender.rescue() + chores.rescue(self.engine)
        reap(self.engine.documents, self.engine.clock, self.jobs)
        for pool in POLICIES:
            self.launch(pool)
        return found

    def launch(self, pool: str) -> None:
        """See to it that a pool has the workers its queue needs."""
        launch(self.engine.documents, self.engine.clock, self.jobs, pool, POLICIES[pool])


def connect(
    settings: Cloud,
    *,
    abandon: Callable[[], None] = carry_on,
    warm: bool = False,
    environ: Mapping[str, str] | None = None,
) -> CloudParts:
    """`warm` keeps models at work between runs. Raises Permanent where the environment makes forged tokens pass."""
    environ = os.environ if environ is None else environ
    refuse_emulated_auth(environ, settings.local)
    made = clients.Clients(settings)
    clock = WallClock()
    documents = FirestoreDocuments(made.firestore)
    jobs = CloudRunJobs(
        made.jobs, made.executions, project=settings.project, location=settings.location, prefix=settings.prefix
    )
    tasks = CloudTasks(
        made.tasks,
        project=settings.project,
        location=settings.location,
        lanes={image: Lane(queue=f"{settings.prefix}-{image}", url=url) for image, url in settings.services.items()},
        caller=settings.invoker,
        clock=clock,
    )
    wake = CloudWake(
        tasks,
        PubSubAnnouncer(made.publisher, f"projects/{settings.project}/topics/{settings.topic}"),
        launch=lambda pool: parts.launch(pool),
        pools={image.value: pool for image, pool in POOLS.items()},
        clock=clock,
    )
    outbound = HttpsOutbound()
    engine = Engine(
        definition=PIPELINE,
        documents=documents,
        objects=StorageObjects(made.storage, settings.media),
        sources=BucketSources(made.storage),
        wake=wake,
        clock=clock,
        scratch=FolderScratch(settings.home / "scratch"),
        models=LocalModels(settings.models, Shelf.of_this_process() if warm else None),
        calls=DocumentCalls(documents, clock),
        seats=_seats(settings, SharedLimits(documents, clock)),
        evidence=council.evidence(settings, _annotator(settings, made)),
        wake_s=_WAKE_S,
        active=settings.active,
        abandon=abandon,
    )
    if settings.image == "light":
        engine = _planning(engine)
    parts = CloudParts(
        settings=settings,
        engine=engine,
        tools=Tools(
            engine=engine,
            outbound=outbound,
            intake=BucketIntake(made.storage, settings.uploads),
            drive=SharedDrive(outbound, SecretManager(secrets_session, settings.project)),
            stores={
                "uploads": BucketPurge(made.storage, settings.uploads),
                "media": BucketPurge(made.storage, settings.media),
            },
            sign_ins=FirebaseSignIns(settings.project) if not settings.local or environ.get(EMULATOR) else None,
            backups=BACKUPS,
            platform=platforms.platforms(settings.platforms),
            ads=platforms.ads(platforms.platforms(settings.platforms)),
            app=platforms.apps(SecretManager(secrets_session, settings.project)),
            herald=platforms.heralds(settings.platforms),
            told_at=(settings.address or settings.audience).rstrip("/"),
            vault=_vault(settings),
            limits=SharedLimits(documents, clock),
        ),
        services=GoogleOidc(settings.audience, [settings.invoker], Certificates(settings.certs or SERVICES)),
        jobs=jobs,
        outbound=outbound,
        pusher=_pusher(settings),
        standing=_standing(settings),
    )
    return parts


def api(parts: CloudParts) -> Parts:
    """What the API stands on."""
    settings = parts.settings
    made = clients.Clients(settings)
    people = FirebaseAuth(settings.project, Certificates(settings.certs or FIREBASE), parts.standing)
    consent = Consent(
        platform=parts.tools.platform,
        client=platforms.clients(SecretManager(secrets_session, settings.project)),
        vault=parts.tools.vault,
        redirect=(settings.address or settings.audience).rstrip("/") + CALLBACK,
    )
    return Parts(
        engine=_planning(parts.engine),
        consent=consent,
        herald=parts.tools.herald,
        people=Remembering(Sessions(people, parts.engine.documents, parts.engine.clock)),
        uploads=BucketUploads(made.storage, settings.uploads, made.signing),
        links=BucketLinks(made.storage, settings.media, made.signing),
        limits=SharedLimits(parts.engine.documents, parts.engine.clock),
        outbound=parts.outbound,
        proxies=settings.proxies,
        vectors=FirestoreDocuments(made.firestore),
        meaning=_meaning(settings),
        drive=parts.tools.drive,
        pusher=parts.pusher,
    )


def _standing(settings: Cloud) -> Standing | None:
    if settings.local and settings.users is None:
        return None  # on one machine nobody may be there to ask
    return FirebaseUsers(settings.project, address=settings.users)


def _pusher(settings: Cloud) -> Pusher:
    if settings.fcm is not None or (settings.push and not settings.local):
        return FirebasePusher(settings.project, address=settings.fcm)
    return _SWITCHED_OFF


def _seats(settings: Cloud, limits: Limits) -> Callable[[], Seats]:
    """Beside stand-ins only those are asked that a file names."""
    if settings.local and settings.council is None:
        return nobody
    return council.on_cloud(settings, limits)


def _annotator(settings: Cloud, made: clients.Clients) -> Annotator | None:
    """Beside stand-ins only one of them is asked."""
    if settings.local and settings.video is None:
        return None
    return VideoIntelligence(made.video)


def _vault(settings: Cloud) -> Vault:
    return KmsVault(secrets_session, settings.key or "", address=settings.kms or KMS)


def _meaning(settings: Cloud) -> Meaning:
    """The model is started when something is first looked for, and stays at work."""
    if settings.image == "light":
        return MeaningElsewhere()
    return WarmSentences(LocalModels(settings.models, Shelf.of_this_process()), settings.home / "scratch")


def _planning(engine: Engine) -> Engine:
    """One that works on no stage, and names no model, seat or font: whoever starts a flow must say alike what makes it.

    Else a flow that an upload began, on one image, would be begun anew where a person asks for it, on another.
    """
    return replace(engine, models=ModelsElsewhere(), seats=nobody, fonts=lambda: None)
