"""Documents and vectors in Firestore: conditional batches, never transactions, which wait for each other's locks.

A document's version is its update time, its age the time from that to the read, both by the server's clock. A batch
whose answer was lost is sent again by the client and may then meet its own write: that is a Conflict like any other,
and the caller, who reads, finds its token there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.patience import patient, told
from common.errors import Conflict, Permanent
from common.ports.clock import parse, stamp
from common.ports.documents import (
    ABSENT,
    Create,
    Delete,
    Increment,
    Json,
    Merge,
    Snap,
    Update,
    Vector,
    Version,
    Where,
    Words,
    Write,
)
from common.ports.vectors import Near

TIMEOUT_S = 30.0  # of one call, its retries with it
MOST_AT_ONCE = 500  # keys of one read

_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"(\d+)\.(\d{9})")
_EXPIRES = "expires"  # the one field that Firestore must be given as a time, for its TTL policies look at it
_LAST = "\U0010ffff"  # sorts after whatever an id goes on with
_DISTANCE = "_distance"
_WORDS = "_words"  # words stand in a map of this one field, as the fields of a map: each is an index by itself
_INNER = "_list"  # Firestore takes no list inside a list: the inner one stands in a map of this one field


class FirestoreDocuments:
    """One database. `make` gives the client when it is first needed; it may be used by many threads."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._client = once(make)

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        wanted = [_checked(key) for key in keys]
        found: dict[str, Snap] = {}
        for at in range(0, len(wanted), MOST_AT_ONCE):
            documents = [self._client().document(key) for key in wanted[at : at + MOST_AT_ONCE]]
            for snapshot in _asked(partial(self._client().get_all, documents, **_how())):
                if snapshot.exists:
                    snap = _snap(snapshot)
                    found[snap.key] = snap
        return found

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        batch = self._client().batch()
        for write in writes:
            self._add(batch, write)
        try:
            results = batch.commit(**_how())
        except (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound) as error:
            raise Conflict(f"{writes[0].key}, or another of the batch, has changed since it was read") from error
        except exceptions.InvalidArgument as error:
            raise Permanent(f"Firestore refuses {writes[0].key}: {error.message}; please report this") from error
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise told(error, "Firestore", "documents_refused") from error
        # Of several writes to one document the last one's version counts.
        return {
            write.key: _version(result.update_time)
            for write, result in zip(writes, results, strict=True)
            if not isinstance(write, Delete)
        }

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        parent: str | None = None,
        order: str | None = None,
        last_first: bool = False,
        limit: int = 100,
    ) -> list[Snap]:
        query = self._query(collection, where, parent)
        if order is not None:
            way = "DESCENDING" if last_first else "ASCENDING"
            query = query.order_by(_field(order), direction=way).order_by("__name__", direction=way)
        return [_snap(snapshot) for snapshot in _asked(partial(query.limit(limit).stream, **_how()))]

    def nearest(
        self, collection: str, field: str, to: Vector, where: Sequence[Where] = (), *, parent: str, limit: int = 10
    ) -> list[Near]:
        from google.cloud.firestore_v1.base_vector_query import DistanceMeasure

        query = self._query(collection, where, parent).find_nearest(
            vector_field=_field(field),
            query_vector=_plain(to),
            distance_measure=DistanceMeasure.COSINE,
            limit=limit,
            distance_result_field=_DISTANCE,
        )
        found = [_snap(snapshot) for snapshot in _asked(partial(query.stream, **_how()))]
        return [Near(snap, float(snap.body.pop(_DISTANCE))) for snap in found]

    def count(self, collection: str, where: Sequence[Where] = (), *, parent: str | None = None) -> int:
        counted = self._query(collection, where, parent).count(alias="n")
        ((result,),) = _asked(partial(counted.get, **_how()))
        return int(result.value)

    def collections(self, parent: str) -> list[str]:
        document = self._client().document(_checked(parent))
        return sorted(one.id for one in _asked(partial(document.collections, **_how())))

    def named(self, collection: str, *, parent: str, begins: str = "", after: str = "", limit: int = 100) -> list[Snap]:
        from google.cloud.firestore_v1.base_query import FieldFilter

        there = self._client().document(_checked(parent)).collection(collection)
        query = there.order_by("__name__")
        for op, name in ((">=", begins), (">", after), ("<", begins and begins + _LAST)):
            if name:
                query = query.where(filter=FieldFilter("__name__", op, there.document(name)))
        return [_snap(snapshot) for snapshot in _asked(partial(query.limit(limit).stream, **_how()))]

    def _query(self, collection: str, where: Sequence[Where], parent: str | None) -> Any:
        from google.cloud.firestore_v1.base_query import FieldFilter

        if parent is None:
            query = self._client().collection_group(collection)
        else:
            query = self._client().document(_checked(parent)).collection(collection)
        for one in where:
            if one.op == "has":
                # Equalities alone: Firestore answers any number of them by its own indexes, in the order of names.
                query = query.where(filter=FieldFilter(_word(one.field, one.value), "==", True))
                continue
            value = list(one.value) if one.op == "in" else one.value
            query = query.where(filter=FieldFilter(_field(one.field), one.op, value))
        return query

    def _add(self, batch: Any, write: Write) -> None:
        from google.cloud import firestore

        document = self._client().document(_checked(write.key))
        match write:
            case Create(body=body):
                batch.create(document, _fields({name: one for name, one in body.items() if one is not ABSENT}))
            case Update(fields=fields, version=version):
                batch.update(document, _fields(fields), option=self._unchanged(write.key, version))
            case Merge(fields=fields):
                changed = _fields(fields)
                batch.set(document, changed, merge=list(changed))
            case Increment(field=field, by=by):
                batch.set(document, {_field(field): firestore.Increment(by)}, merge=True)
            case Delete(version=version):
                option = None if version is None else self._unchanged(write.key, version)
                batch.delete(document, option=option)

    def _unchanged(self, key: str, version: Version) -> Any:
        from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

        if not (isinstance(version, str) and (match := _VERSION.fullmatch(version))):
            raise Conflict(f"{key} never had the version {version!r}")
        at = Timestamp(seconds=int(match[1]), nanos=int(match[2]))
        return self._client().write_option(last_update_time=at)


def _how() -> dict[str, Any]:
    """The client's own patience is minutes, whatever the timeout of a call."""
    return {"retry": patient(TIMEOUT_S), "timeout": TIMEOUT_S}


def _asked(ask: Callable[[], Iterable[Any]]) -> list[Any]:
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError

    try:
        return list(ask())
    except (exceptions.GoogleAPIError, GoogleAuthError) as error:
        raise told(error, "Firestore", "documents_refused") from error


def _snap(snapshot: Any) -> Snap:
    age = max(0.0, (snapshot.read_time - snapshot.update_time).total_seconds())
    body: Json = {name: _rich(value) for name, value in snapshot.to_dict().items()}
    if _EXPIRES in body:
        body[_EXPIRES] = stamp(body[_EXPIRES])
    return Snap(snapshot.reference.path, body, _version(snapshot.update_time), age)


def _version(at: Any) -> str:
    """A time of the server as a version: seconds and nanoseconds, neither rounded."""
    stamp = at.timestamp_pb() if hasattr(at, "timestamp_pb") else at  # queries give it in another shape than reads
    return f"{stamp.seconds}.{stamp.nanos:09}"


def _fields(body: Json) -> Json:
    fields = {_field(name): _plain(value) for name, value in body.items()}
    if isinstance(body.get(_EXPIRES), str):
        fields[_EXPIRES] = parse(body[_EXPIRES])
    return fields


def _plain(value: Any, *, inside: bool = False) -> Any:
    from google.cloud import firestore
    from google.cloud.firestore_v1 import vector

    if value is ABSENT:
        return firestore.DELETE_FIELD
    if isinstance(value, Vector):
        return vector.Vector(value.numbers)
    if isinstance(value, Words):
        return {_WORDS: dict.fromkeys(sorted(value.words), True)}
    if isinstance(value, Mapping):
        if _INNER in value:
            raise ValueError(f"{_INNER!r} is no field name")
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_plain(one, inside=True) for one in value]
        return {_INNER: items} if inside else items
    return value


def _rich(value: Any) -> Any:
    from google.cloud.firestore_v1 import vector

    if isinstance(value, vector.Vector):
        return Vector(tuple(value))
    if isinstance(value, dict):
        if set(value) == {_WORDS}:
            return Words(frozenset(value[_WORDS]))
        if set(value) == {_INNER}:
            return [_rich(one) for one in value[_INNER]]
        return {name: _rich(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rich(one) for one in value]
    return value


def _field(name: str) -> str:
    # Field names come from our code, never from users; the check keeps it so, since dots and backticks are a path.
    if not _FIELD.fullmatch(name):
        raise ValueError(f"{name!r} is no field name")
    return name


def _word(field: str, word: str) -> str:
    """The path of a word in a field of words; here alone a part of a path is of somebody's making, and quoted."""
    from google.cloud.firestore_v1.field_path import FieldPath

    return str(FieldPath(_field(field), _WORDS, word).to_api_repr())


def _checked(key: str) -> str:
    parts = key.split("/")
    if len(parts) % 2 or not all(parts):
        raise ValueError(f"{key!r} is no document key: it takes collection/id pairs")
    return key
