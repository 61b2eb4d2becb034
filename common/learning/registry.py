"""The models of an organisation: versions that nobody changes, and which of them speaks.

t/T/models/ctr/{version}/   model.ubj, manifest.json and report.json, written once
tenants/T/models/ctr        which version is live, which was before, which is tried in the shadow; what moved, who, why

A version's name is its number and the digest of its content. Only the document moves, by compare-and-set; whoever
predicts reads it each time, so that a move is heeded at once. Files that are not what was put there are refused by the
name of the model, and the document stays as it is.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from common.domain.codec import dumps, loads
from common.domain.learning import Silence
from common.errors import BadInput, Conflict, ModelRefused, NotFound, Permanent, Stale
from common.learning.retraining import FRESH
from common.ports.clock import Clock, stamp
from common.ports.documents import Create, Documents, Json, Merge, Snap, Update, Write
from common.ports.objects import Objects
from common.scoring.ctr.manifest import seal
from common.scoring.ctr.model import Model, opened

NAME: Final = "ctr"
MOST_VERSIONS: Final = 24  # that are told of; files of older ones stay
MOST_MOVES: Final = 100
OPEN_AT_ONCE: Final = 16  # models that a process keeps
COUNTED: Final = "creatives that have been out for 7 days"
CUTROOM: Final = "cutroom"  # who moves what nobody asked for

What = Literal["put", "shadow", "promote", "rollback", "refuse", "erase"]

_opened: OrderedDict[tuple[str, str, str], Model] = OrderedDict()
_lock = threading.Lock()


def key_of(tenant: str) -> str:
    return f"tenants/{tenant}/models/{NAME}"


def files_of(tenant: str, version: str) -> str:
    return f"t/{tenant}/models/{NAME}/{version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The document as it was read; an organisation without one has none of it."""

    tenant: str
    snap: Snap | None
    body: Json

    @property
    def live(self) -> str | None:
        return self._named("live")

    @property
    def previous(self) -> str | None:
        return self._named("previous")

    @property
    def shadow(self) -> str | None:
        return self._named("shadow")

    @property
    def versions(self) -> list[Json]:
        """The oldest first."""
        return list(self.body.get("versions") or ())

    @property
    def newest(self) -> Json | None:
        return self.versions[-1] if self.versions else None

    def entry(self, version: str) -> Json | None:
        return next((one for one in self.versions if one["version"] == version), None)

    def _named(self, name: str) -> str | None:
        found = self.body.get(name)
        return None if found is None else str(found)

    def moved(self, what: What, fields: Json, *, by: str, why: str, now: datetime) -> Write:
        """The write that changes it, if it is still as it was read, with a line of what moved."""
        line: Json = {"at": stamp(now), "by": by, "what": what, "why": why}
        line |= {name: fields.get(name, self.body.get(name)) for name in ("live", "previous", "shadow")}
        told: Json = {**fields, "history": [*self.body.get("history", ()), line][-MOST_MOVES:]}
        if self.snap is not None:
            return Update(self.snap.key, told, self.snap.version)
        fresh: Json = {"schema": 1, "name": NAME, "n": 0, "live": None, "previous": None, "shadow": None}
        return Create(key_of(self.tenant), {**fresh, "versions": [], **told})


def read(documents: Documents, tenant: str) -> Shelf:
    snap = documents.get_many([key_of(tenant)]).get(key_of(tenant))
    return Shelf(tenant=tenant, snap=snap, body={} if snap is None else snap.body)


def put(
    documents: Documents,
    objects: Objects,
    clock: Clock,
    tenant: str,
    ubj: bytes,
    manifest: Mapping[str, Any],
    *,
    by: str = CUTROOM,
    report: Mapping[str, Any] | None = None,
    shadow: bool = False,
    why: str = "",
) -> str:
    """Keep a trained model as a new version, and have it tried in the `shadow`; its name.

    The same content is the same version. Its number is taken first, its files come next, and it is named last: who dies
    between leaves files that nobody reads. Raises ModelRefused where the files are not a model.
    """
    written = seal(manifest)
    digest = hashlib.sha256(ubj + written).hexdigest()
    number, there = _number(documents, clock, tenant, digest)
    if there is not None:
        return there
    version = f"{number}-{digest[:12]}"
    made = opened(f"{NAME}@{version}", ubj, written)
    where = files_of(tenant, version)
    for name, content in (("model.ubj", ubj), ("manifest.json", written), ("report.json", dumps(dict(report or {})))):
        objects.put_new(f"{where}/{name}", content)
    entry: Json = {"version": version, "n": number, "digest": digest, "at": stamp(clock.now()), "by": by}
    entry |= {"manifest_sha256": hashlib.sha256(written).hexdigest(), "erased_rows": 0, **_short(made.manifest)}

    def change(shelf: Shelf) -> tuple[What, Json]:
        fields: Json = {"versions": _bounded([*shelf.versions, entry], shelf, version)}
        return ("shadow", {**fields, "shadow": version}) if shadow else ("put", fields)

    _changed(documents, clock, tenant, change, by=by, why=why)
    return version


def live(documents: Documents, objects: Objects, tenant: str) -> Model | Silence:
    """The model that speaks now, or why none does. Raises ModelRefused where its files are not what was put there."""
    shelf = read(documents, tenant)
    if shelf.live is None:
        return silence(shelf)
    return model(objects, shelf, shelf.live)


def model(objects: Objects, shelf: Shelf, version: str) -> Model:
    """One version, opened once in a process. Raises NotFound for one that is not told of, ModelRefused."""
    entry = shelf.entry(version)
    if entry is None:
        raise NotFound(f"there is no version {version} of {NAME}; GET /v1/models/{NAME} lists them")
    key = (shelf.tenant, version, str(entry["digest"]))
    with _lock:
        if (there := _opened.get(key)) is not None:
            _opened.move_to_end(key)
            return there
    made = _from_files(objects, shelf.tenant, version, entry)
    with _lock:
        _opened[key] = made
        while len(_opened) > OPEN_AT_ONCE:
            _opened.popitem(last=False)
    return made


def report(objects: Objects, shelf: Shelf, version: str) -> Json:
    """What was found when it was trained. Raises NotFound, ModelRefused."""
    if shelf.entry(version) is None:
        raise NotFound(f"there is no version {version} of {NAME}; GET /v1/models/{NAME} lists them")
    key = f"{files_of(shelf.tenant, version)}/report.json"
    try:
        return dict(loads(objects.get(key)))
    except (Permanent, ValueError) as error:
        raise ModelRefused(f"{NAME}@{version}: {key} cannot be read ({error}); train again") from error


def promoted(shelf: Shelf, objects: Objects, version: str, *, by: str, why: str, now: datetime) -> Write:
    """The write that has a version speak. Raises NotFound, BadInput, ModelRefused: then all stays as it is."""
    if version == shelf.live:
        raise BadInput(f"{NAME}@{version} is live already; choose another version")
    _checked(objects, shelf, version)
    fields: Json = {"live": version, "previous": shelf.live}
    fields |= {"shadow": None} if shelf.shadow == version else {}
    return shelf.moved("promote", fields, by=by, why=why, now=now)


def rolled_back(shelf: Shelf, objects: Objects, *, by: str, why: str, now: datetime) -> Write:
    """The write that has the model before speak again; where there was none, nothing is predicted then.

    A second one takes the first back. Raises BadInput where nothing is live and nothing was, ModelRefused.
    """
    if shelf.live is None and shelf.previous is None:
        raise BadInput(f"no model of {NAME} has ever been live: there is nothing to go back from; train one first")
    if shelf.previous is not None:
        _checked(objects, shelf, shelf.previous)
    fields: Json = {"live": shelf.previous, "previous": shelf.live}
    return shelf.moved("rollback", fields, by=by, why=why, now=now)


def promote(
    documents: Documents,
    objects: Objects,
    clock: Clock,
    tenant: str,
    version: str,
    *,
    by: str,
    why: str,
    commit: Callable[[Write], object] | None = None,
    seen: Shelf | None = None,
) -> Shelf:
    """Of two moves at once one is done, and the other is told: it raises Stale. `seen`: by what it was decided."""

    def plan(shelf: Shelf) -> Write:
        return promoted(shelf, objects, version, by=by, why=why, now=clock.now())

    return _committed(documents, tenant, plan, commit, seen)


def rollback(
    documents: Documents,
    objects: Objects,
    clock: Clock,
    tenant: str,
    *,
    by: str,
    why: str,
    commit: Callable[[Write], object] | None = None,
) -> Shelf:
    """Of two moves at once one is done, and the other is told: it raises Stale."""

    def plan(shelf: Shelf) -> Write:
        return rolled_back(shelf, objects, by=by, why=why, now=clock.now())

    return _committed(documents, tenant, plan, commit)


def counted(documents: Documents, tenant: str, have: int) -> None:
    """Note how many creatives there are to learn from, so that whoever asks is told what it takes still."""
    shelf = read(documents, tenant)
    if shelf.body.get("have") != have:
        documents.commit([Merge(key_of(tenant), {"schema": 1, "name": NAME, "have": have})])


def dropped(documents: Documents, clock: Clock, tenant: str, version: str, *, why: str) -> None:
    """The challenger is tried no longer. Another that came meanwhile stays."""

    def change(shelf: Shelf) -> tuple[What, Json] | None:
        return ("refuse", {"shadow": None}) if shelf.shadow == version else None

    _changed(documents, clock, tenant, change, by=CUTROOM, why=why)


def erased(shelf: Shelf, rows: int, *, now: datetime) -> Write | None:
    """The write that notes in every version that rows it may have learned from are gone; None where there is none."""
    if not shelf.versions or not rows:
        return None
    versions = [{**one, "erased_rows": int(one.get("erased_rows", 0)) + rows} for one in shelf.versions]
    why = f"{rows} {'outcome was' if rows == 1 else 'outcomes were'} erased; a model is trained anew without them"
    return shelf.moved("erase", {"versions": versions}, by=CUTROOM, why=why, now=now)


def outlived(documents: Documents, clock: Clock, tenant: str, version: str, rows: int) -> None:
    """Note of one version that rows it has learned from were erased while it learned."""

    def change(shelf: Shelf) -> tuple[What, Json] | None:
        entry = shelf.entry(version)
        if entry is None or int(entry["erased_rows"]) >= rows:
            return None
        fresh = {**entry, "erased_rows": rows}
        return "erase", {"versions": [fresh if one is entry else one for one in shelf.versions]}

    why = f"{rows} of its outcomes were erased while it was trained; another is trained without them"
    _changed(documents, clock, tenant, change, by=CUTROOM, why=why)


def _from_files(objects: Objects, tenant: str, version: str, entry: Mapping[str, Any]) -> Model:
    name, where = f"{NAME}@{version}", files_of(tenant, version)
    try:
        ubj, written = objects.get(f"{where}/model.ubj"), objects.get(f"{where}/manifest.json")
    except Permanent as error:
        raise ModelRefused(f"{name}: {error}; go back to another version, or train again") from error
    if hashlib.sha256(written).hexdigest() != entry["manifest_sha256"]:
        raise ModelRefused(f"{name}: manifest.json is not the one that was put there; go back, or train again")
    return opened(name, ubj, written)


def _checked(objects: Objects, shelf: Shelf, version: str) -> None:
    """By its files as they are now, whatever this process has opened before."""
    entry = shelf.entry(version)
    if entry is None:
        raise NotFound(f"there is no version {version} of {NAME}; GET /v1/models/{NAME} lists them")
    _from_files(objects, shelf.tenant, version, entry)


def _number(documents: Documents, clock: Clock, tenant: str, digest: str) -> tuple[int, str | None]:
    """The next number, taken; or the name under which the same content is there."""
    while True:
        shelf = read(documents, tenant)
        same = next((one for one in shelf.versions if one["digest"] == digest), None)
        if same is not None:
            return int(same["n"]), str(same["version"])
        number = int(shelf.body.get("n", 0)) + 1
        fresh: Json = {"schema": 1, "name": NAME, "live": None, "previous": None, "shadow": None}
        fresh |= {"versions": [], "history": []}
        write: Write = Create(key_of(tenant), {**fresh, "n": number})
        if shelf.snap is not None:
            write = Update(shelf.snap.key, {"n": number}, shelf.snap.version)
        try:
            documents.commit([write])
        except Conflict:
            continue
        return number, None


def _changed(
    documents: Documents,
    clock: Clock,
    tenant: str,
    change: Callable[[Shelf], tuple[What, Json] | None],
    *,
    by: str,
    why: str,
) -> None:
    """Whatever others change meanwhile."""
    while (told := change(shelf := read(documents, tenant))) is not None:
        what, fields = told
        try:
            documents.commit([shelf.moved(what, fields, by=by, why=why, now=clock.now())])
            return
        except Conflict:
            continue


def _committed(
    documents: Documents,
    tenant: str,
    plan: Callable[[Shelf], Write],
    commit: Callable[[Write], object] | None,
    seen: Shelf | None = None,
) -> Shelf:
    """`commit` writes what else goes along with it. That more has become known meanwhile is no reason to refuse."""
    shelf = read(documents, tenant)
    first = seen or shelf
    while True:
        if (shelf.live, shelf.previous, shelf.shadow) != (first.live, first.previous, first.shadow):
            raise Stale("another model was chosen in this moment; look at what is live, then decide")
        write = plan(shelf)
        try:
            if commit is None:
                documents.commit([write])
            else:
                commit(write)
            return read(documents, tenant)
        except Conflict:
            shelf = read(documents, tenant)


def _bounded(versions: list[Json], shelf: Shelf, fresh: str) -> list[Json]:
    kept = {shelf.live, shelf.previous, shelf.shadow, fresh}
    spare = [one for one in versions if one["version"] not in kept]
    gone = {one["version"] for one in spare[: max(0, len(versions) - MOST_VERSIONS)]}
    return [one for one in versions if one["version"] not in gone]


def _short(manifest: Mapping[str, Any]) -> Json:
    """What lists show of it."""
    told = {name: manifest.get(name) for name in ("trained_at", "features_version", "rows", "metrics")}
    told |= {"there_were": manifest["there_were"]} if "there_were" in manifest else {}
    return {**told, "accounts": len(manifest.get("accounts") or ())}


def silence(shelf: Shelf) -> Silence:
    """Why nothing is foretold while no version is live."""
    have = int(shelf.body.get("have", 0))
    if shelf.previous is not None:
        why = f"the model was taken back ({shelf.previous}), and there was none before it; promote one, or train again"
    elif shelf.versions:
        why = "no model has been better than the account's own mean yet; it is tried again as more comes in"
    else:
        why = "nothing has been learned yet; import past campaigns, or publish and wait until posts are 7 days old"
    return Silence(why=why, have=have, need=FRESH, of=COUNTED)
