"""Google's clients, each imported and made when it is first needed; on emulators and stand-ins where told so."""

from __future__ import annotations

from typing import Any, Protocol


class Where(Protocol):
    """Which project, and, on one machine, where the stand-ins are: host:port without TLS."""

    @property
    def project(self) -> str: ...
    @property
    def database(self) -> str: ...
    @property
    def signer(self) -> str: ...
    @property
    def tasks(self) -> str | None: ...
    @property
    def jobs(self) -> str | None: ...
    @property
    def pubsub(self) -> str | None: ...
    @property
    def video(self) -> str | None: ...
    @property
    def iam(self) -> str | None: ...


class Clients:
    """Firestore and Storage find their emulators by the variables that their own libraries read."""

    def __init__(self, where: Where) -> None:
        self._where = where

    def firestore(self) -> Any:
        from google.cloud import firestore

        return firestore.Client(project=self._where.project, database=self._where.database)

    def storage(self) -> Any:
        from google.cloud.storage import Client  # type: ignore[import-untyped]

        return Client(project=self._where.project)

    def publisher(self) -> Any:
        from google.pubsub_v1 import PublisherClient

        return _made(PublisherClient, self._where.pubsub)

    def tasks(self) -> Any:
        from google.cloud.tasks_v2 import CloudTasksClient

        return _made(CloudTasksClient, self._where.tasks)

    def jobs(self) -> Any:
        from google.cloud.run_v2 import JobsClient

        return _made(JobsClient, self._where.jobs)

    def executions(self) -> Any:
        from google.cloud.run_v2 import ExecutionsClient

        return _made(ExecutionsClient, self._where.jobs)

    def video(self) -> Any:
        from google.cloud.videointelligence_v1 import VideoIntelligenceServiceClient

        return _made(VideoIntelligenceServiceClient, self._where.video)

    def signing(self) -> Any:
        from common.adapters.google.uploads import signing

        return signing(self._where.signer, iam=self._where.iam)


def _made(client: Any, address: str | None) -> Any:
    return client() if address is None else client(transport=_plain(client, address))


def _plain(client: Any, address: str) -> Any:
    """A transport without TLS and without credentials, for a stand-in on this machine."""
    import grpc  # type: ignore[import-untyped]

    return client.get_transport_class("grpc")(channel=grpc.insecure_channel(address))
