"""Everything that is kept of an organisation as one archive: its documents as JSON lines, and what files there are.

Files themselves are not in it: the list names them, and the API gives links to those that are finished. What
opens something (digests of keys, secrets of webhooks, tokens of channels, sessions) is left out, and so are
collections of ours alone. With a person's own come their devices, which lie beside all tenants.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from common.accounts import names
from common.chores import chore
from common.chores.chore import Again, Done, End, Hold
from common.chores.tools import Tools
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Json, Where, plain

KEPT = timedelta(days=7)  # of an archive
OURS = ("chores", "idempotency")
_SEALED = frozenset({"tokens", "verifier"})  # texts; elsewhere tokens are counted
_SECRET = frozenset({"digest", "digests", "secret", "secrets", "token", "session", "salt"})
_PAGE = 200


def planned(engine: Engine, tenant: str, identity: str, by: str) -> Create:
    return chore.created(engine, key_of(tenant, identity), "export", by=by, memo={"phase": "write"})


def key_of(tenant: str, identity: str) -> str:
    return f"tenants/{tenant}/chores/export-{identity}"


def run(tools: Tools, hold: Hold) -> End:
    """Write it, and remove it after a week."""
    engine, name = tools.engine, f"t/{hold.tenant}/exports/{hold.id}.zip"
    if hold.memo["phase"] == "write":
        with engine.scratch.folder(hold.key) as folder:
            path = folder / "archive.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                counts = _written(tools, hold, archive)
            kept = engine.objects.put_new(name, path)
        told: Json = {"object": kept.key, "sha256": kept.sha256, "size": kept.size, "documents": counts}
        until = stamp(engine.clock.now() + KEPT)
        hold.note({"archive": {**told, "expires": until}}, phase="kept")
    left_s = (parse(hold.body["archive"]["expires"]) - engine.clock.now()).total_seconds()
    if left_s > 0:
        return Again(after_s=left_s)
    engine.objects.delete(name)
    return Done(fields={"archive": None})


def _written(tools: Tools, hold: Hold, archive: zipfile.ZipFile) -> dict[str, int]:
    """Documents by collection; how many of each."""
    store, parent = tools.engine.documents, f"tenants/{hold.tenant}"
    own = store.get_many([parent])
    _add(archive, "organisation.jsonl", ({"id": snap.id, **snap.body} for snap in own.values()))
    counts: dict[str, int] = {}
    for collection in store.collections(parent):
        if collection not in OURS:
            counts[collection] = _add(archive, f"{collection}.jsonl", _of(tools, parent, collection))
    if not names.shared(hold.tenant):
        mine = store.query("devices", [Where("subject", "==", hold.tenant)], limit=_PAGE)
        counts["devices"] = _add(archive, "devices.jsonl", ({"id": snap.id, **snap.body} for snap in mine))
    prefix = f"t/{hold.tenant}"
    _add(archive, "files.jsonl", ({"object": name} for name in tools.engine.objects.list(prefix)))
    return counts


def _of(tools: Tools, parent: str, collection: str) -> Iterator[Mapping[str, Any]]:
    after = ""
    while page := tools.engine.documents.named(collection, parent=parent, after=after, limit=_PAGE):
        yield from ({"id": snap.id, **plain(snap.body)} for snap in page)
        after = page[-1].id


def _add(archive: zipfile.ZipFile, name: str, lines: Iterator[Mapping[str, Any]]) -> int:
    count = 0
    with archive.open(name, "w", force_zip64=True) as file:
        for line in lines:
            file.write(msgspec.json.encode(without_secrets(line)) + b"\n")
            count += 1
    return count


def without_secrets(value: Any) -> Any:
    """The same without what opens something, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: without_secrets(one)
            for name, one in value.items()
            if name not in _SECRET and not (name in _SEALED and isinstance(one, str))
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_secrets(one) for one in value]
    return value
