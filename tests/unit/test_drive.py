"""Google Drive by a key alone, against a stand-in of its API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.adapters.embedded.secrets import LocalSecrets
from common.adapters.google.drive import SharedDrive
from common.errors import CutroomError, Permanent
from tests.standins.loopback import Reply, Request
from tests.standins.outside import Outside, outside

FOLDER, KEY = "folder-0123456789", "the-key"
FILES: list[dict[str, Any]] = [
    {"id": f"file-{n:010}", "name": f"{n}.mp4", "size": "7", "md5Checksum": f"m{n}", "mimeType": "video/mp4"}
    for n in range(5)
]


def answer(asked: Request) -> Reply:
    url = urlsplit(asked.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    if asked.headers.get("X-Goog-Api-Key") != KEY:
        return Reply(status=403, body=b"{}")
    if url.path == "/drive":
        if FOLDER not in query["q"]:
            return Reply(status=404, body=b"{}")
        assert "mimeType contains 'video/'" in query["q"] and query["includeItemsFromAllDrives"] == "true"
        at = int(query.get("pageToken", 0))
        more = {"nextPageToken": str(at + 2)} if at + 2 < len(FILES) else {}
        return Reply(body=json.dumps({"files": FILES[at : at + 2], **more}).encode())
    found = [one for one in FILES if url.path == f"/drive/{one['id']}"]
    if not found:
        return Reply(status=404, body=b"{}")
    return Reply(body=b"a film" if query.get("alt") == "media" else json.dumps(found[0]).encode())


def drive(there: Outside, key: str | None = KEY) -> SharedDrive:
    secrets = LocalSecrets(Path("none"), {"CUTROOM_SECRET_DRIVE_API_KEY": key} if key else {})
    return SharedDrive(there.outbound, secrets, there.at("/drive"))


def test_a_folder_is_listed_page_by_page() -> None:
    with outside(answer) as there:
        found = drive(there).folder(FOLDER, 10)
        assert [(one.name, one.size, one.mark) for one in found] == [(f"{n}.mp4", 7, f"m{n}") for n in range(5)]
        with pytest.raises(Permanent) as raised:
            drive(there).folder(FOLDER, 4)
        assert raised.value.code == "too_many"


def test_a_file_is_fetched_by_the_key_which_stands_in_no_address() -> None:
    with outside(answer) as there:
        one = drive(there).file(FILES[1]["id"])
        address, headers = drive(there).where(one.id)
        assert KEY not in address
        with there.outbound.fetch(address, headers, timeout_s=5, most_bytes=99) as coming:
            assert b"".join(coming.blocks) == b"a film"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(status=404, body=b"{}"), "not_shared"),
        (Reply(status=403, body=b'{"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}'), "unreachable"),
        (Reply(status=403, body=b"{}"), "not_shared"),
        (Reply(status=500), "unreachable"),
        (Reply(body=b"<html>"), "unreachable"),
        (Reply(body=b'{"files": [{"id": "../../etc", "name": "a", "version": 1}]}'), "bad_input"),
        (Reply(body=b'{"files": [7]}'), "unreachable"),
        (Reply(body=b'{"files": [], "incompleteSearch": true}'), "unreachable"),
    ],
)
def test_what_drive_does_otherwise_has_a_name(reply: Reply, code: str) -> None:
    with outside(lambda asked: reply) as there, pytest.raises(CutroomError) as raised:
        drive(there).folder(FOLDER, 10)
    assert raised.value.code == code
    assert KEY not in str(raised.value)


def test_what_is_no_video_or_no_id_is_refused() -> None:
    with outside(lambda asked: Reply(body=json.dumps({**FILES[0], "mimeType": "text/plain"}).encode())) as there:
        with pytest.raises(Permanent) as raised:
            drive(there).file(FILES[0]["id"])
        assert raised.value.code == "not_a_video"
        for bad in ("../../x/yyyyyyyy", "a' in parents or 'b", "short"):
            with pytest.raises(CutroomError):
                drive(there).folder(bad, 10)
        assert len(there.asked) == 1


def test_without_a_key_it_says_so() -> None:
    with outside(answer) as there:
        with pytest.raises(Permanent, match="no key"):
            drive(there, None).file(FILES[0]["id"])
        assert not there.asked
