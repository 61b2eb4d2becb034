"""Pages of the origins that are set may send files to this machine and take them; others may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from starlette.testclient import TestClient

from common import config
from common.bootstrap import local as bootstrap
from tests import toy
from tests.harness import cutroom

CONSOLE = "https://console.example"


def test_a_page_of_ours_may_send_in_parts_and_take_ranges(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        settings = replace(local.settings, origins=(CONSOLE,))
        api = bootstrap.api(replace(local, settings=settings), "http://testserver")
        slot = api.parts.uploads.slot("t/local/a1/talk.mp4", content_type="video/mp4", most_bytes=9)
        client = TestClient(api.files)
        for origin, allowed in ((CONSOLE, CONSOLE), ("https://evil.example", None)):
            wanted = ", ".join((*slot.resumable.headers, "content-range"))
            asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}
            answer = client.options("/local/uploads/", headers={"Origin": origin, **asked})
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert (answer.status_code == 200) is (allowed is not None)
        begun = client.post(slot.resumable.url, headers={**slot.resumable.headers, "Origin": CONSOLE})
        assert (begun.status_code, begun.headers["access-control-allow-origin"]) == (201, CONSOLE)
        assert {"Location", "Range"} <= set(begun.headers["access-control-expose-headers"].split(", "))


def test_origins_are_read_for_one_machine_too() -> None:
    assert config.from_environment({"CUTROOM_ORIGINS": f"{CONSOLE} http://localhost:5173"}).origins == (
        CONSOLE,
        "http://localhost:5173",
    )
    assert config.from_environment({}).origins == ()
