"""The whole story, told by the client to whatever serves the API: from signing in to a key that opens nothing more."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from common.client import Changed, Cutroom, NotFound, Unauthorized, version_of
from common.client.shapes import Receipt

NAME = "Studio Łódź ☃"
Person = Callable[..., Cutroom]  # signed in; takes `organisation`


def tell(
    person: Person,
    stranger: Cutroom | None,
    program: Callable[[str], Cutroom],
    video: Path,
    folder: Path,
    *,
    to_the_end: bool = True,
) -> None:
    """`person` has signed in, `stranger` too, `program` has a key. `to_the_end`: till the erasure has its receipt."""
    studio = person().accounts.make(name=NAME)["id"]
    there = person(organisation=studio)
    sent: list[tuple[int, int]] = []
    asset = there.upload(video, part=256 << 10, on_progress=lambda done, whole: sent.append((done, whole)))["id"]
    assert sent[-1] == (video.stat().st_size,) * 2

    heard = []
    for event in there.events.of_flow(_begun(there, asset)):
        heard.append(event.name)
        if event.name in ("video.generation.completed", "video.generation.failed"):
            break
    assert heard[0] == "video.generation.started" and heard[-1] == "video.generation.completed", heard
    flow = there.wait(asset, within_s=300)
    assert flow["state"] == "done", flow
    clip = there.clips.one(there.clips.of_flow(flow["id"])[0]["id"])
    assert clip["why"] and clip["evidence"]

    found = there.search.clips(text=clip["title"])
    assert [hit["id"] for hit in found["items"]][:1] == [clip["id"]], found

    approved = there.clips.change(clip["id"], state="approved", if_match=version_of(clip))
    assert approved["state"] == "approved"
    with pytest.raises(Changed):
        there.clips.change(clip["id"], state="rejected", if_match=version_of(clip))

    made = folder / "clip.mp4"
    there.download(clip["id"], made)
    assert made.read_bytes()[4:8] == b"ftyp"

    key = there.accounts.make_key(name="night", role="viewer")
    assert key["text"] is not None
    night = program(key["text"])
    assert [one["id"] for one in night.assets.every()] == [asset]
    if stranger is not None:
        for ask, what in (
            (stranger.assets.one, asset),
            (stranger.flows.one, flow["id"]),
            (stranger.clips.one, clip["id"]),
        ):
            with pytest.raises(NotFound):
                ask(what)
    there.accounts.revoke_key(key["id"])
    with pytest.raises(Unauthorized):
        night.assets.one(asset)

    told = [line["what"] for line in there.accounts.trail()]
    assert told[0] == "keys.revoke" and "organisation.make" in told
    closed = _closed(person)
    seen = version_of(there.accounts.this())
    assert seen is not None
    erasure = there.erasures.create(name=NAME, if_match=seen)["id"]
    with pytest.raises(NotFound):
        there.assets.one(asset)
    if not to_the_end:
        return
    receipt = _erased(person(), erasure)
    assert _erased(person(), closed)["what"] == "organisation"
    assert receipt["what"] == "organisation" and not any(store["left"] for store in receipt["stores"])
    gone = {store["store"]: store["gone"] for store in receipt["stores"]}
    assert gone["documents: assets"] == 1 and gone["media"] > 10, gone


def _closed(person: Callable[..., Cutroom]) -> str:
    """The erasure of an organisation that was closed before; its id."""
    shut = person().accounts.make(name="Shut")["id"]
    there = person(organisation=shut)
    there.accounts.close()
    with pytest.raises(NotFound):
        there.accounts.this()
    assert shut in [one["id"] for one in person().accounts.mine(closed=True)]
    return there.erasures.create(name="Shut", if_match="*")["id"]


def _erased(anyone: Cutroom, erasure: str) -> Receipt:
    """What is said once all is gone. It looks twice, some minutes apart."""
    until = time.monotonic() + 400
    while time.monotonic() < until:
        if (receipt := anyone.erasures.one(erasure)["receipt"]) is not None:
            return receipt
        time.sleep(5)
    raise AssertionError("it is not erased within minutes")


def _begun(there: Cutroom, asset: str) -> str:
    """The id of the flow, once the file has come and work begins by itself."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (found := next(there.flows.every(asset=asset, limit=1), None)) is not None:
            return found["id"]
        time.sleep(2.5)
    raise AssertionError("nothing began within a minute")
