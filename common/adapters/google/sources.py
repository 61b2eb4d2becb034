"""Uploads in a bucket as sources: one generation of one object, named gs://BUCKET/NAME#GENERATION."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from common.adapters.google.once import once
from common.adapters.google.storage import PATIENCE_S, TIMEOUT_S, told
from common.domain.asset import Source
from common.errors import NoSpace, Permanent

ROOM = 1.05  # of a file's size, that scratch must have


class BucketSources:
    """`make` gives the client when it is first needed."""

    def __init__(self, make: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> None:
        self._client, self._patience_s = once(make), patience_s

    def fetch(self, location: str, source: Source, scratch: Path) -> Path:
        """Downloads it: scratch on the cloud is memory, so its size is checked against what is free first."""
        from google.api_core import exceptions
        from google.cloud.storage.retry import DEFAULT_RETRY  # type: ignore[import-untyped]

        path = scratch / "source"
        if path.exists():
            return path
        free = shutil.disk_usage(scratch).free
        if source.size * ROOM > free:
            raise NoSpace(
                f"{source.name} has {source.size >> 20} MB and the worker {free >> 20} MB of room; use a shorter video"
            )
        bucket, name, generation = parse(location)
        part = scratch / "source.part"
        blob = self._client().bucket(bucket).blob(name, generation=generation)
        how = {"timeout": TIMEOUT_S, "retry": DEFAULT_RETRY.with_timeout(self._patience_s)}
        try:
            blob.download_to_filename(str(part), checksum="crc32c", **how)
        except exceptions.NotFound:
            part.unlink(missing_ok=True)
            there = self._client().bucket(bucket).get_blob(name, **how)
            if there is None:
                raise Permanent(f"{source.name} is gone; upload it again", code="source_gone") from None
            raise Permanent(
                f"{source.name} was overwritten while it was worked on; the new one is worked on by itself",
                code="source_changed",
            ) from None
        except Exception as error:
            part.unlink(missing_ok=True)
            raise told(error, source.name) from error
        part.chmod(0o400)
        part.rename(path)
        return path


def location(bucket: str, name: str, generation: str) -> str:
    return f"gs://{bucket}/{quote(name, safe='/')}#{generation}"


def parse(where: str) -> tuple[str, str, int]:
    """Bucket, object and generation of a location; raises Permanent for what is none."""
    path, _, generation = where.partition("#")
    bucket, _, name = path.removeprefix("gs://").partition("/")
    if not path.startswith("gs://") or not name or not generation.isdecimal():
        raise Permanent(f"{where!r} is no object of a bucket; upload the file again", code="source_gone")
    return bucket, unquote(name), int(generation)
