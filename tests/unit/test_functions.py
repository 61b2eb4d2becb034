"""The deployed targets on the embedded adapters: who may ask, what is refused and recorded, what is set going."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from functions_framework.aio import create_asgi_app_from_module
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient

from common import config
from common.adapters.google.oidc import GoogleOidc
from common.bootstrap import cloud
from common.bootstrap.cloud import CloudParts
from common.domain.settings import FlowSettings
from common.errors import BadInput, ModelMissing, Permanent, Transient
from common.events.event import Data
from common.events.log import Happening, record
from common.pipeline import flows
from common.pipeline.engine import Engine
from common.pipeline.run import RunId
from common.ports.documents import Create, Vector
from common.ports.language import nobody
from functions.events import LARGEST
from tests import toy
from tests.helping import tools
from tests.post import MINUTE, Hands, Post, cloudlike
from tests.receivers import Receivers
from tests.standins.certificates import AUDIENCE, EMAIL, PROJECT, Issuer, firebase_claims, issuer, oidc_claims
from tests.unit.test_events import pushed

ENV = {
    "CUTROOM_PROJECT": PROJECT,
    "CUTROOM_LOCATION": "europe-west1",
    "CUTROOM_UPLOADS": "up",
    "CUTROOM_MEDIA": "media",
    "CUTROOM_TOPIC": "ended",
    "CUTROOM_INVOKER": EMAIL,
    "CUTROOM_AUDIENCE": AUDIENCE,
    "CUTROOM_SIGNER": "signer@demo-cutroom.iam.gserviceaccount.com",
    "CUTROOM_SERVICE_LIGHT": "https://light.example",
    "CUTROOM_SERVICE_MEDIA": "https://media.example",
}
HEAVY = ["anthropic", "google.genai", "xgboost", "torch", "cv2", "numpy", "PIL", "firebase_admin", "grpc"]
OBJECT = {"bucket": "up", "name": "t/t1/u1/talk.mp4", "generation": "17", "size": "352"}
FINALIZED = {
    "ce-type": "google.cloud.storage.object.v1.finalized",
    "ce-specversion": "1.0",
    "ce-source": "//storage",
    "ce-id": "1",
    "content-type": "application/json",
}


class NoJobs:
    def start(self, pool: str, launch: str) -> str:
        raise AssertionError("no run here is for a pool")

    def cancel(self, execution: str) -> None:
        raise AssertionError("nothing was started")


class Deployed:
    """The targets, asked as by HTTP."""

    def __init__(self, main: ModuleType, parts: CloudParts, google: Issuer, post: Post, clock: Hands) -> None:
        self.main, self.parts, self.google, self.post, self.clock = main, parts, google, post, clock

    def ask(
        self, target: str, path: str = "/", *, token: str | None = None, body: Any = None, **more: Any
    ) -> tuple[int, Any]:
        headers = {**more.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        app = Flask("test")
        with app.test_request_context(path, method=more.pop("method", "POST"), headers=headers, data=data) as context:
            answer = app.make_response(getattr(self.main, target)(context.request))
        return answer.status_code, answer.get_json()

    def service(self, **claims: Any) -> str:
        return self.google.token(oidc_claims(**claims))

    def person(self, **claims: Any) -> str:
        return self.google.token(firebase_claims(**claims))

    def event(self, body: Any = OBJECT, **headers: str) -> tuple[int, Any]:
        return self.ask("on_event", token=self.service(), body=body, headers={**FINALIZED, **headers})

    def count(self, collection: str) -> int:
        return self.parts.engine.documents.count(collection)


@pytest.fixture(scope="module")
def google() -> Iterator[Issuer]:
    with issuer() as made:
        yield made


@pytest.fixture
def deployed(tmp_path: Path, google: Issuer, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    main = importlib.import_module("functions.main")
    engine, post, clock = cloudlike(tmp_path, toy.definition(), active=2)
    parts = CloudParts(
        settings=config.cloud_from_environment(),
        engine=engine,
        services=GoogleOidc(AUDIENCE, [EMAIL], google.certificates()),
        jobs=NoJobs(),
        outbound=Receivers(),
        tools=tools(engine, tmp_path),
    )
    monkeypatch.setattr(main, "_CLOUD", parts)
    return Deployed(main, parts, google, post, clock)


@pytest.mark.parametrize("target", ["on_event", "work", "tick"])
def test_without_a_token_of_our_own_service_nothing_is_done(deployed: Deployed, target: str) -> None:
    tokens = [
        None,
        "x",
        deployed.person(),
        deployed.service(aud="https://other.example"),
        deployed.service(email="stranger@example.com"),
        deployed.service(exp=1),
    ]
    for token in tokens:
        status, told = deployed.ask(target, token=token, body=OBJECT, headers=FINALIZED)
        assert (status, told["error"]["code"]) == (401, "unauthorized")
    assert deployed.count("assets") == deployed.count("runs") == deployed.count("refusals") == 0


def test_an_upload_becomes_a_flow_once_however_often_its_event_comes(deployed: Deployed) -> None:
    assert deployed.event() == (200, {"done": "new"})
    assert deployed.event() == (200, {"done": "running"})
    assert deployed.event({**OBJECT, "generation": "18"}) == (200, {"done": "new"}), "other bytes under the same name"
    assert (deployed.count("assets"), deployed.count("flows")) == (2, 2)


def test_events_and_tasks_bring_a_flow_to_its_end(deployed: Deployed) -> None:
    deployed.event()
    for _ in range(200):
        if deployed.post.errands:
            _, errand = deployed.post.errands.pop(0)
            status, told = deployed.ask("work", token=deployed.service(), body={"run": errand.run})
            assert (status, told["ending"]) in {(200, "done"), (200, "replayed")}
        elif deployed.post.ends:
            body = pushed({"run": deployed.post.ends.pop(0)})
            headers = {"content-type": "application/json"}
            assert deployed.ask("on_event", token=deployed.service(), body=body, headers=headers)[0] == 200
        else:
            break
    assert [snap.body["state"] for snap in deployed.parts.engine.documents.query("flows")] == ["done"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", {"bucket": "up"}, {**OBJECT, "size": "many"}])
def test_an_event_that_is_none_is_answered_400_and_recorded_once(deployed: Deployed, body: Any) -> None:
    for _ in range(2):
        status, told = deployed.event(body)
        assert (status, told["error"]["code"]) == (400, "bad_input")
    (noted,) = deployed.parts.engine.documents.query("refusals")
    assert noted.body["why"] == told["error"]["text"]
    assert deployed.count("assets") == 0


@pytest.mark.parametrize("target", ["on_event", "work", "tick"])
def test_no_target_reads_more_than_it_can_need(deployed: Deployed, target: str) -> None:
    body = b'"' + b"x" * LARGEST + b'"'
    status, told = deployed.ask(target, token=deployed.service(), body=body, headers=FINALIZED)
    if target == "tick":
        assert status == 200, "it reads nothing"
    else:
        assert (status, told["error"]["code"]) == (413, "too_large")
    assert deployed.count("refusals") == deployed.count("assets") == 0


@pytest.mark.parametrize("name", ["talk.mp4", "t/../x/y.mp4", "t/a b/u/v.mp4", "t/t1/u/", "t/t1/u/a/b.mp4"])
def test_a_file_where_none_belongs_is_recorded_and_acknowledged(deployed: Deployed, name: str) -> None:
    assert deployed.event({**OBJECT, "name": name}) == (200, {"done": "refused"})
    assert (deployed.count("refusals"), deployed.count("assets")) == (1, 0)


def test_a_file_of_another_bucket_is_refused(deployed: Deployed) -> None:
    assert deployed.event({**OBJECT, "bucket": "media"}) == (200, {"done": "refused"})


@pytest.mark.parametrize("body", [b"", {}, {"run": 1}, {"run": "../x"}, {"run": "tenants/t/runs/a-1.nosuch"}])
def test_work_on_what_is_no_run_is_refused(deployed: Deployed, body: Any) -> None:
    status, told = deployed.ask(
        "work", token=deployed.service(), body=body, headers={"content-type": "application/json"}
    )
    assert (status, told["error"]["code"]) == (400, "bad_input")


def test_a_run_that_is_gone_or_fails_for_good_is_acknowledged(deployed: Deployed, tmp_path: Path) -> None:
    ask: dict[str, Any] = {"token": deployed.service(), "headers": {"content-type": "application/json"}}
    assert deployed.ask("work", body={"run": "tenants/t/runs/a-1.split"}, **ask) == (200, {"ending": "gone"})
    engine = replace(deployed.parts.engine, definition=toy.definition(split="tests.toy:fails"))
    deployed.main._CLOUD = replace(deployed.parts, engine=engine)  # type: ignore[attr-defined]
    deployed.event()
    (run,) = engine.documents.query("runs")
    assert deployed.ask("work", body={"run": run.key}, **ask) == (200, {"ending": "failed"})
    assert deployed.ask("work", body={"run": run.key}, **ask) == (200, {"ending": "replayed"})


def test_what_passes_by_itself_is_answered_so_that_it_comes_again(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any, **__: Any) -> Any:
        raise Transient("Firestore does not answer; it is tried again")

    monkeypatch.setattr(flows, "submit", silent)
    assert deployed.event()[0] == 503
    assert deployed.count("refusals") == 0


def test_tick_finds_what_the_fast_path_lost(deployed: Deployed) -> None:
    deployed.event()
    deployed.post.errands.clear()
    assert deployed.ask("tick", token=deployed.service()) == (200, {"rescued": 0}), "it is not yet late"
    deployed.clock.at += MINUTE
    assert deployed.ask("tick", token=deployed.service()) == (200, {"rescued": 1})
    assert len(deployed.post.errands) == 1


def test_settings_that_are_missing_are_all_named() -> None:
    with pytest.raises(BadInput, match=r"CUTROOM_PROJECT.*CUTROOM_SERVICE_MEDIA"):
        config.cloud_from_environment({})
    with pytest.raises(BadInput, match="CUTROOM_CERTS"):
        config.cloud_from_environment({**ENV, "CUTROOM_CERTS": "http://127.0.0.1/"})


def test_devices_are_told_where_that_is_switched_on() -> None:
    def left_out(**more: str) -> str | None:
        return cloud.connect(config.cloud_from_environment({**ENV, **more}), environ={}).pusher.left_out

    assert "docs/push.md" in (left_out() or "")
    assert left_out(CUTROOM_PUSH="1") is None
    assert left_out(CUTROOM_LOCAL_CLOUD="1", CUTROOM_PUSH="1") is not None, "a machine of ours tells nobody's phone"
    assert left_out(CUTROOM_LOCAL_CLOUD="1", CUTROOM_FCM="http://127.0.0.1:1") is None
    with pytest.raises(BadInput, match="CUTROOM_FCM"):
        config.cloud_from_environment({**ENV, "CUTROOM_FCM": "http://127.0.0.1:1"})


def test_it_does_not_start_where_forged_tokens_would_pass() -> None:
    with pytest.raises(Permanent, match="FIREBASE_AUTH_EMULATOR_HOST"):
        cloud.connect(config.cloud_from_environment(ENV), environ={"FIREBASE_AUTH_EMULATOR_HOST": "x:1"})


@pytest.mark.parametrize("image", ["light", "media"])
def test_a_function_starts_light(image: str) -> None:
    code = "import functions.main, sys; from common.bootstrap import cloud; cloud.api(functions.main._CLOUD)\n"
    code += f"print([name for name in {HEAVY} if name in sys.modules])"
    root = Path(__file__).resolve().parents[2]
    environment = {**ENV, "PYTHONPATH": str(root), "CUTROOM_IMAGE": image}
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr


def test_the_api_reads_what_is_looked_for_where_its_image_has_the_model() -> None:
    def of(image: str) -> tuple[str, Vector]:
        settings = config.cloud_from_environment({**ENV, "CUTROOM_IMAGE": image})
        api = cloud.api(cloud.connect(settings, environ={}))
        for _ in range(20):
            try:
                return api.meaning.of("What does it cost to rent a shop?")
            except Transient:  # it starts: who is told so asks again
                continue
        raise AssertionError("it was asked for a minute and did not start")

    model, vector = of("media")
    assert model.startswith("all-MiniLM-L6-v2@") and len(vector.numbers) == 384
    with pytest.raises(ModelMissing, match="on another image"):
        of("light")


def test_a_flow_is_made_by_the_same_whichever_service_starts_it(tmp_path: Path) -> None:
    """Else what an upload began on one image would be begun anew by a person's asking on another."""

    def parts(image: str) -> CloudParts:
        settings = config.cloud_from_environment({**ENV, "CUTROOM_IMAGE": image, "CUTROOM_HOME": str(tmp_path)})
        return cloud.connect(settings, environ={})

    def makers(engine: Engine) -> list[Any]:
        return [engine.makers(stage) for stage in engine.definition]

    api, events = cloud.api(parts("media")).engine, parts("light").engine
    assert makers(api) == makers(events) == makers(cloud.api(parts("light")).engine)
    works = replace(parts("media").engine, seats=nobody)  # whose keys nobody here has
    assert makers(works) != makers(events), "who works says what with"


def test_settings_of_a_flow_from_the_cloud_are_the_defaults(deployed: Deployed) -> None:
    deployed.event()
    (snap,) = deployed.parts.engine.documents.query("flows")
    assert flows.read(deployed.parts.engine, "t1", snap.id).settings == FlowSettings()
    assert RunId.parse(f"tenants/t1/runs/{snap.id}.split").flow == snap.id


def test_what_a_function_imports_is_in_its_requirements() -> None:
    code = "import sys; before = set(sys.modules); import functions.main\n"
    code += "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env={**ENV, "PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    wanted = {line.partition("==")[0] for line in (root / "requirements.txt").read_text().splitlines() if "==" in line}
    found = packages_distributions()
    used = {
        name: {one.lower().replace("_", "-") for one in found[name]} for name in ran.stdout.split() if name in found
    }
    assert used, ran.stderr
    assert {name for name, brought in used.items() if not brought & wanted} == set()


def test_the_api_is_served_by_functions_framework(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    async def whole(scope: Any, receive: Any, send: Any) -> None:
        asked.append({"path": scope["path"], **scope["path_params"]})
        await Response("answered")(scope, receive, send)

    monkeypatch.setattr(deployed.main, "_app", lambda: whole)
    root = Path(__file__).resolve().parents[2]
    served: Any = create_asgi_app_from_module(  # type: ignore[no-untyped-call]
        "api", str(root / "functions/main.py"), "http", deployed.main, None
    )
    assert TestClient(served).post("/v1/assets").text == "answered"
    assert asked == [{"path": "/v1/assets"}], "its own part of the path is not one of ours"


def test_a_delivery_is_sent_by_the_target_that_works(deployed: Deployed) -> None:
    documents = deployed.parts.engine.documents
    hook, name = "ab" * 8, "video.generation.started"
    body = {
        "active": True,
        "events": [name],
        "address": "https://x.example/",
        "secrets": [{"text": "s", "until": None}],
    }
    documents.commit([Create(f"tenants/t/webhooks/{hook}", body)])
    told = Happening(type="video.generation.started", data=Data(flow="a-1", message="It has begun."))
    (key,) = record(documents, deployed.clock, "t", [told])
    for ending in ("done", "gone"):
        assert deployed.ask("work", token=deployed.service(), body={"run": key}) == (200, {"ending": ending})
    outside = deployed.parts.outbound
    assert isinstance(outside, Receivers) and len(outside.sent) == 1


def test_events_stream_through_functions_framework(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is on its way before the next is made."""
    made: list[int] = []

    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        async def events() -> Any:
            for n in range(3):
                made.append(n)
                yield b"data: %d\n\n" % n

        await StreamingResponse(events(), media_type="text/event-stream")(scope, receive, send)

    monkeypatch.setattr(deployed.main, "_app", lambda: slowly)
    root = Path(__file__).resolve().parents[2]
    served: Any = create_asgi_app_from_module(  # type: ignore[no-untyped-call]
        "api", str(root / "functions/main.py"), "http", deployed.main, None
    )
    seen: list[tuple[int, bytes]] = []

    async def asked() -> None:
        messages = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            return messages.pop() if messages else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            if message.get("body"):
                seen.append((len(made), message["body"]))

        scope = {"type": "http", "method": "GET", "path": "/v1/events", "query_string": b"", "headers": []}
        await served({**scope, "root_path": "", "asgi": {"spec_version": "2.3"}}, receive, send)

    asyncio.run(asked())
    assert seen == [(n + 1, b"data: %d\n\n" % n) for n in range(3)]
