"""A whole cloud on this machine: the emulators, the stand-ins, and the deployed targets as servers of their own.

The topology is made from what the product reads: a queue per lane, a job per pool, one topic, one bucket that is heard.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from common.pipeline.place import POOLS
from tests.emulators import PROJECT, free_port
from tests.standins import certificates, loopback, people, rpc
from tests.standins.certificates import EMAIL, firebase_claims, oidc_claims
from tests.standins.run_jobs import LOCATION, RunJobs
from tests.standins.run_jobs import run_jobs as run_jobs_standin
from tests.standins.storage import Kept, Storage
from tests.standins.storage import storage as storage_standin
from tests.standins.tasks import Tasks
from tests.standins.tasks import tasks as tasks_standin

ROOT = Path(__file__).resolve().parents[2]
SIGNER = "signer@demo-cutroom.iam.gserviceaccount.com"
UPLOADS, MEDIA, TOPIC = "uploads", "media", "ended"
READY_S = 60.0
PAUSE_S = 2.1  # 30 questions a minute are let in
PULL_S = 8.0  # a message that meets the end of a pull waits for its deadline: seldom, and then not long


@dataclass
class Server:
    """One deployed target, served by functions-framework; it can be killed and started again."""

    target: str
    port: int
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        argv = [sys.executable, "-m", "functions_framework", "--source", "functions/main.py", "--target", self.target]
        argv += ["--host", "127.0.0.1", "--port", str(self.port), "--signature-type", "http"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            assert self.process is not None and self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                requests.get(self.url + "/health", timeout=2)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            return
        raise AssertionError(f"{self.target} did not answer within {READY_S:g} s: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        if self.process is not None:
            with_group = os.getpgid(self.process.pid)
            os.killpg(with_group, 9)
            self.process.wait()


@dataclass
class LocalCloud:
    """`doubled` makes every message come twice. `servers` by target."""

    issuer: certificates.Issuer
    storage: Storage
    tasks: Tasks
    jobs: RunJobs
    subscriber: Any
    subscription: str
    servers: dict[str, Server] = field(default_factory=dict)
    doubled: bool = False
    finalized: deque[tuple[str, Kept]] = field(default_factory=deque)
    over: threading.Event = field(default_factory=threading.Event)
    refusals: list[str] = field(default_factory=list)
    revoked: dict[str, float] = field(default_factory=dict)  # by person, since when tokens count

    def service_token(self, audience: str) -> str:
        return self.issuer.token(oidc_claims(aud=audience))

    def as_person(self, subject: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(firebase_claims(sub=subject))}"}

    def upload(self, person: str, path: Path) -> str:
        """As a browser does: ask for a place, send the file there. The id of the asset."""
        asked = requests.post(
            f"{self.servers['api'].url}/v1/assets",
            json={"name": path.name, "size": path.stat().st_size, "type": "video/mp4"},
            headers=self.as_person(person),
            timeout=30,
        )
        assert asked.status_code == 201, asked.text
        put = asked.json()["upload"]["whole"]
        sent = requests.put(put["url"], data=path.read_bytes(), headers=put["headers"], timeout=60)
        assert sent.status_code == 200, sent.text
        return str(asked.json()["id"])

    def flows(self, person: str) -> list[dict[str, Any]]:
        """All of them, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.asked(person, f"/v1/flows?limit=100{cursor}")
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    def flow(self, person: str, flow: str) -> dict[str, Any]:
        return self.asked(person, f"/v1/flows/{flow}")

    def asked(self, person: str, path: str) -> dict[str, Any]:
        """What the API answers; no faster than a person may ask."""
        time.sleep(PAUSE_S)
        answer = requests.get(self.servers["api"].url + path, headers=self.as_person(person), timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def tick(self) -> int:
        """As Cloud Scheduler, once a minute."""
        url = self.servers["tick"].url
        answer = requests.post(url, headers={"Authorization": f"Bearer {self.service_token(url)}"}, timeout=60)
        return int(answer.json()["rescued"]) if answer.status_code == 200 else -1

    def settled(
        self, person: str, count: int, *, within_s: float, tick_every_s: float | None = None
    ) -> list[dict[str, Any]]:
        """The person's flows, once so many are over."""
        until, ticked = time.monotonic() + within_s, time.monotonic()
        while time.monotonic() < until:
            try:
                found = self.flows(person)
            except (AssertionError, requests.RequestException):
                found = []  # its server was killed a moment ago
            if len([flow for flow in found if flow["state"] in ("done", "failed", "cancelled")]) >= count:
                return found
            if tick_every_s is not None and time.monotonic() - ticked > tick_every_s:
                self.tick()
                ticked = time.monotonic()
        told = [run for flow in found if flow["state"] == "running" for run in self.flow(person, flow["id"])["runs"]]
        open_ = [(run["stage"], run["number"], run["state"], run["error"]) for run in told if run["state"] != "done"]
        done = [(run["stage"], run["number"]) for run in told if run["state"] == "done"]
        raise AssertionError(f"not settled in {within_s:g} s; open {open_}; done {done}; refused {self.refusals[-5:]}")

    def relay_objects(self) -> None:
        """Eventarc: each finished object of the bucket with the trigger, as a CloudEvent, until it is taken."""
        while not self.over.wait(0.02):
            try:
                bucket, kept = self.finalized.popleft()
            except IndexError:
                continue
            data = {
                "bucket": bucket,
                "name": kept.name,
                "generation": str(kept.generation),
                "size": str(len(kept.content)),
                "contentType": kept.type,
            }
            headers = {
                "ce-type": "google.cloud.storage.object.v1.finalized",
                "ce-specversion": "1.0",
                "ce-source": f"//storage.googleapis.com/projects/_/buckets/{bucket}",
                "ce-id": str(kept.generation),
                "Content-Type": "application/json",
            }
            if not self._delivered(json.dumps(data).encode(), headers):
                self.finalized.append((bucket, kept))

    def relay_messages(self) -> None:
        """The push subscription, with the token that the emulator does not send."""
        while not self.over.is_set():
            try:
                pulled = self.subscriber.pull(subscription=self.subscription, max_messages=4, timeout=PULL_S)
            except Exception as error:
                if type(error).__name__ not in ("DeadlineExceeded", "ServiceUnavailable", "RetryError"):
                    self.refusals.append(f"pull: {error!r}")
                continue
            for one in pulled.received_messages:
                if self.over.is_set():
                    return
                message = {
                    "data": base64.b64encode(one.message.data).decode(),
                    "messageId": one.message.message_id,
                    "attributes": dict(one.message.attributes),
                }
                body = json.dumps({"message": message, "subscription": self.subscription}).encode()
                if self._delivered(body, {"Content-Type": "application/json"}):
                    self.subscriber.acknowledge(subscription=self.subscription, ack_ids=[one.ack_id])
                else:
                    self.subscriber.modify_ack_deadline(
                        subscription=self.subscription, ack_ids=[one.ack_id], ack_deadline_seconds=0
                    )

    def _delivered(self, body: bytes, headers: dict[str, str]) -> bool:
        url = self.servers["on_event"].url
        headers = {**headers, "Authorization": f"Bearer {self.service_token(url)}"}
        answers = []
        for _ in range(2 if self.doubled else 1):
            try:
                answer = requests.post(url, data=body, headers=headers, timeout=60)
            except requests.RequestException:
                return False
            answers.append(answer.status_code)
            if answer.status_code >= 400:
                self.refusals.append(f"{answer.status_code} {answer.text[:300]}")
        return all(status < 300 for status in answers)


@contextmanager
def local_cloud(folder: Path, *, firestore: str, pubsub: str, active: int = 4) -> Iterator[LocalCloud]:
    """Everything is up when it is given, and gone after."""
    import grpc  # type: ignore[import-untyped]
    from google.pubsub_v1 import PublisherClient, SubscriberClient

    with ExitStack() as stack:
        issuer = stack.enter_context(certificates.issuer())
        storage = stack.enter_context(storage_standin())
        revoked: dict[str, float] = {}
        users = stack.enter_context(loopback.serving(lambda asked: people.answer(asked, revoked)))
        iam = stack.enter_context(loopback.serving(lambda asked: _sign(issuer, asked)))
        tasks = stack.enter_context(
            tasks_standin(lambda audience, email: issuer.token(oidc_claims(aud=audience, email=email)), hurry=20)
        )
        tasks_at = stack.enter_context(rpc.listening(tasks.methods()))
        environment: dict[str, str] = {}
        jobs = stack.enter_context(
            run_jobs_standin({f"cutroom-{pool}": _worker(environment, folder) for pool in set(POOLS.values())})
        )
        jobs_at = stack.enter_context(rpc.listening(jobs.methods()))
        channel = stack.enter_context(grpc.insecure_channel(pubsub))
        publisher = PublisherClient(transport=PublisherClient.get_transport_class("grpc")(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberClient.get_transport_class("grpc")(channel=channel))
        own = f"c{uuid.uuid4().hex[:20]}"  # the emulators outlive this cloud, and what is in them with them
        topic = f"{TOPIC}-{own}"
        publisher.create_topic(name=f"projects/{PROJECT}/topics/{topic}")
        subscription = f"projects/{PROJECT}/subscriptions/{topic}"
        subscriber.create_subscription(
            name=subscription, topic=f"projects/{PROJECT}/topics/{topic}", ack_deadline_seconds=10
        )
        made = LocalCloud(issuer, storage, tasks, jobs, subscriber, subscription, revoked=revoked)
        ports = {target: free_port() for target in ("api", "on_event", "work", "tick")}
        work = f"http://127.0.0.1:{ports['work']}"
        for image in ("light", "media"):
            tasks._create_queue(_queue(f"cutroom-{image}"))
        environment |= {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CUTROOM_LOCAL_CLOUD": "1",
            "CUTROOM_PROJECT": PROJECT,
            "CUTROOM_DATABASE": own,
            "CUTROOM_LOCATION": LOCATION,
            "CUTROOM_UPLOADS": UPLOADS,
            "CUTROOM_MEDIA": MEDIA,
            "CUTROOM_TOPIC": topic,
            "CUTROOM_INVOKER": EMAIL,
            "CUTROOM_SIGNER": SIGNER,
            "CUTROOM_SERVICE_LIGHT": work,
            "CUTROOM_SERVICE_MEDIA": work,
            "CUTROOM_IMAGE": "media",
            "CUTROOM_ACTIVE": str(active),
            "CUTROOM_TASKS": tasks_at,
            "CUTROOM_JOBS": jobs_at,
            "CUTROOM_CERTS": issuer.address,
            "CUTROOM_IAM": iam,
            "CUTROOM_USERS": users,
            "FIREBASE_AUTH_EMULATOR_HOST": users.removeprefix("http://"),
            "FIRESTORE_EMULATOR_HOST": firestore,
            "PUBSUB_EMULATOR_HOST": pubsub,
            "STORAGE_EMULATOR_HOST": f"http://{storage.address}",
            "CUTROOM_AUDIENCE": work,
            "CLOUD_RUN_TIMEOUT_SECONDS": "0",
        }
        for target, port in ports.items():
            home = folder / target
            home.mkdir()
            told = {**environment, "CUTROOM_AUDIENCE": f"http://127.0.0.1:{port}", "CUTROOM_HOME": str(home)}
            told |= {"HOME": str(home), "THREADS": "2" if target == "work" else "8"}
            told["CUTROOM_IMAGE"] = "media" if target in ("api", "work") else "light"
            made.servers[target] = Server(target, port, told, folder / f"{target}.log")
        storage.heard.append(lambda bucket, kept: made.finalized.append((bucket, kept)) if bucket == UPLOADS else None)
        for server in made.servers.values():
            server.start()
            stack.callback(server.kill)
        for server in made.servers.values():
            server.wait()
        several = (*[made.relay_objects] * 8, *[made.relay_messages] * 4)  # push, too, calls several at once
        relays = [threading.Thread(target=one, daemon=True) for one in several]
        for relay in relays:
            relay.start()
        try:
            yield made
        finally:
            made.over.set()
            for relay in relays:
                relay.join(30)


def _queue(name: str) -> Any:
    from google.cloud import tasks_v2

    parent = f"projects/{PROJECT}/locations/{LOCATION}"
    return tasks_v2.CreateQueueRequest(parent=parent, queue=tasks_v2.Queue(name=f"{parent}/queues/{name}"))


def _worker(environment: Mapping[str, str], folder: Path) -> Any:
    """A worker of a pool, as the job's image starts it."""

    def work(arguments: Any, own: Mapping[str, str], stop: threading.Event) -> int:
        with (folder / "jobs.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jobs", *arguments],
                cwd=ROOT,
                env={**environment, **own, "CUTROOM_HOME": str(folder / own["CLOUD_RUN_EXECUTION"])},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while process.poll() is None:
            if stop.wait(0.1):
                os.killpg(process.pid, 9)
        return process.wait()

    return work


def _sign(issuer: certificates.Issuer, asked: loopback.Request) -> loopback.Reply:
    """IAM's signBlob."""
    signed = issuer.signed(base64.b64decode(json.loads(asked.body)["payload"]))
    told = {"keyId": "1", "signedBlob": base64.b64encode(signed).decode()}
    return loopback.Reply(body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})
