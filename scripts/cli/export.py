"""Results as files: what the report stage listed, copied whole into a folder of the video's own."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from common.errors import BadInput
from common.pipeline import flows
from common.pipeline.engine import Engine
from common.pipeline.run import Flow, RunId
from common.ports.documents import Json


def export(engine: Engine, flow: Flow, out: Path, name: str) -> tuple[Path, Json] | None:
    """Copy a finished flow's files to `out`/name; returns the folder and the report stage's result."""
    snap = engine.run(RunId(flow.tenant, flow.id, "report"))
    result = engine.result(snap) if snap is not None else None
    if result is None:
        return None
    folder = out / folder_name(name)
    for entry in result["files"]:
        target = folder / entry["path"]
        if not target.resolve().is_relative_to(folder.resolve()):
            raise BadInput(f"{entry['path']} would lie outside {folder}; choose another --out")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = target.with_name(target.name + ".part")
            shutil.copyfile(engine.objects.fetch(entry["object"], folder), aside)
            os.replace(aside, target)
        except OSError as error:
            raise BadInput(f"{target} cannot be written ({error.strerror}); choose another --out") from error
    return folder, result


class Folders:
    """Names for the results of one sitting: two videos of one name get folders of their own."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}

    def of(self, name: str) -> str:
        self._names[name] = self._names.get(name, 0) + 1
        seen = self._names[name]
        return name if seen == 1 else f"{Path(name).stem}-{seen}{Path(name).suffix}"


def folder_name(name: str) -> str:
    """A video's name as a folder's, in any script: no path, no leading dot, not too long."""
    stem = Path(name).stem or name
    plain = re.sub(r"[\x00-\x1f/\\:*?\"<>|\ufffd]+", "_", stem).strip(" .")
    while len(plain.encode()) > 120:
        plain = plain[:-1]
    return plain or "video"


def state_of(engine: Engine, flow: Flow) -> tuple[str, Json | None]:
    """A flow's state, and the error that ended it."""
    fresh = flows.read(engine, flow.tenant, flow.id)
    snap = engine.documents.get_many([fresh.key])[fresh.key]
    return fresh.state, snap.body.get("error")


def original_of(engine: Engine, flow: Flow) -> str | None:
    """The asset that has the same bytes and came before, if any."""
    snap = engine.run(RunId(flow.tenant, flow.id, "fingerprint"))
    result = engine.result(snap) if snap is not None else None
    return (result or {}).get("duplicate_of")
