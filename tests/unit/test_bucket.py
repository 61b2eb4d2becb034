"""The uploads bucket: signed places that take one file once, and the one generation of it that is worked on."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from common.adapters.google.sources import BucketSources, location, parse
from common.adapters.google.uploads import BucketUploads, signing
from common.domain.asset import Source
from common.errors import NoSpace, Permanent, Transient
from tests.standins import loopback
from tests.standins.certificates import Issuer, issuer
from tests.standins.storage import Storage

EMAIL = "signer@demo.iam.gserviceaccount.com"
NAME = "t/ann/u1/My talk é (1).mp4"
FILM = os.urandom(700_000)


@pytest.fixture(scope="module")
def google() -> Iterator[Issuer]:
    with issuer() as made:
        yield made


@pytest.fixture
def iam(google: Issuer) -> Iterator[str]:
    """Signs what it is asked to, for the one account it knows."""

    def answer(request: loopback.Request) -> loopback.Reply:
        if request.path != f"/v1/projects/-/serviceAccounts/{EMAIL}:signBlob":
            return loopback.Reply(status=403, body=b'{"error": {"message": "no such account"}}')
        signed = google.signed(base64.b64decode(json.loads(request.body)["payload"]))
        told = {"keyId": "1", "signedBlob": base64.b64encode(signed).decode()}
        return loopback.Reply(body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})

    with loopback.serving(answer) as address:
        yield address


@pytest.fixture
def uploads(storage: Storage, iam: str) -> BucketUploads:
    return BucketUploads(storage.client, "uploads", lambda: signing(EMAIL, iam=iam))


def test_a_signed_place_takes_the_file_once(storage: Storage, uploads: BucketUploads) -> None:
    slot = uploads.slot(NAME, content_type="video/mp4", most_bytes=len(FILM))
    assert "X-Goog-Algorithm=GOOG4-RSA-SHA256" in slot.whole.url and EMAIL.partition("@")[0] in slot.whole.url
    answers = [
        requests.request(slot.whole.method, slot.whole.url, headers=dict(slot.whole.headers), data=FILM, timeout=10)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 412]
    assert storage.objects["uploads", NAME].content == FILM


def test_a_file_larger_than_was_said_is_not_taken(storage: Storage, uploads: BucketUploads) -> None:
    slot = uploads.slot(NAME, content_type="video/mp4", most_bytes=1000)
    headers = dict(slot.whole.headers)
    assert requests.put(slot.whole.url, headers=headers, data=FILM, timeout=10).status_code == 400
    assert not storage.objects


def test_an_upload_in_parts_goes_on_where_it_broke_off(storage: Storage, uploads: BucketUploads) -> None:
    begin = uploads.slot(NAME, content_type="video/mp4", most_bytes=len(FILM)).resumable
    session = requests.request(begin.method, begin.url, headers=dict(begin.headers), timeout=10).headers["Location"]
    half, size = 262_144, len(FILM)
    told = {"Content-Range": f"bytes 0-{half - 1}/{size}"}
    assert requests.put(session, headers=told, data=FILM[:half], timeout=10).status_code == 308
    asked = requests.put(session, headers={"Content-Range": f"bytes */{size}"}, timeout=10)
    assert (asked.status_code, asked.headers["Range"]) == (308, f"bytes=0-{half - 1}")
    told = {"Content-Range": f"bytes {half}-{size - 1}/{size}"}
    assert requests.put(session, headers=told, data=FILM[half:], timeout=10).status_code == 200
    assert storage.objects["uploads", NAME].content == FILM


def test_an_account_that_may_not_sign_is_said(storage: Storage, iam: str) -> None:
    uploads = BucketUploads(storage.client, "uploads", lambda: signing("other@demo.iam", iam=iam))
    with pytest.raises((Permanent, Transient), match=r"doctor|tried again"):
        uploads.slot(NAME, content_type="video/mp4", most_bytes=10)


def _uploaded(storage: Storage, content: bytes) -> tuple[str, Source]:
    kept = storage.insert("uploads", {"name": NAME}, content, None)
    assert kept is not None
    source = Source(bucket="uploads", name="talk.mp4", generation=str(kept.generation), size=len(content))
    return location("uploads", NAME, str(kept.generation)), source


def test_a_source_is_brought_once_under_a_plain_name(storage: Storage, tmp_path: Path) -> None:
    where, source = _uploaded(storage, FILM)
    sources = BucketSources(storage.client)
    path = sources.fetch(where, source, tmp_path)
    assert (path.name, path.read_bytes()) == ("source", FILM)
    asked = len(storage.requests)
    assert sources.fetch(where, source, tmp_path) == path and len(storage.requests) == asked


@pytest.mark.parametrize("fault", ["503", "drop", "half"])
def test_a_source_survives_what_passes(storage: Storage, tmp_path: Path, fault: str) -> None:
    where, source = _uploaded(storage, FILM)
    storage.faults.append(("media", fault))
    assert BucketSources(storage.client).fetch(where, source, tmp_path).read_bytes() == FILM
    assert not storage.faults


def test_a_source_that_was_overwritten_or_removed_is_said_to_be(storage: Storage, tmp_path: Path) -> None:
    where, source = _uploaded(storage, FILM)
    _uploaded(storage, b"other")
    with pytest.raises(Permanent) as changed:
        BucketSources(storage.client).fetch(where, source, tmp_path)
    assert changed.value.code == "source_changed"
    storage.objects.clear()
    with pytest.raises(Permanent) as gone:
        BucketSources(storage.client).fetch(where, source, tmp_path)
    assert gone.value.code == "source_gone"
    assert list(tmp_path.iterdir()) == []


def test_a_source_larger_than_scratch_is_refused_before_a_byte_is_sent(storage: Storage, tmp_path: Path) -> None:
    where, _ = _uploaded(storage, b"x")
    large = Source(bucket="uploads", name="long.mp4", generation="1", size=1 << 60)
    asked = len(storage.requests)
    with pytest.raises(NoSpace, match="shorter"):
        BucketSources(storage.client).fetch(where, large, tmp_path)
    assert len(storage.requests) == asked


@pytest.mark.parametrize("where", ["", "/etc/passwd", "gs://b", "gs://b/n", "gs://b/n#x", "file://b/n#1"])
def test_what_is_no_object_of_a_bucket_is_no_location(where: str) -> None:
    with pytest.raises(Permanent):
        parse(where)


def test_any_name_survives_being_a_location() -> None:
    for name in (NAME, "a#b?c%20d", "ü/ß", "x" * 900):
        assert parse(location("b", name, "17")) == ("b", name, 17)
