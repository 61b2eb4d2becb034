"""One file from a URL: whole and, where its hash is known, the right one, or DownloadFailed in plain words."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from common.errors import CutroomError

_BLOCK = 1 << 18
_SILENT_S = 60.0  # without a byte for this long, it is given up


class DownloadFailed(CutroomError):
    """What was asked for did not come, or is not what it should be."""

    code = "download_failed"


def fetch(url: str, target: Path, *, sha256: str | None, progress: Callable[[int, int], None]) -> str:
    """Write what `url` answers to `target`; returns its sha256. `progress` is told bytes done and in all (0: unknown).

    Raises DownloadFailed, with `target` removed, for an answer that is none, cut off, or has another hash.
    """
    try:
        return _fetched(url, target, sha256, progress)
    except urllib.error.HTTPError as error:
        error.close()
        why = f"{url} answered {error.code} {error.reason}"
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        why = f"{url} could not be reached ({getattr(error, 'reason', None) or error})"
    except DownloadFailed:
        target.unlink(missing_ok=True)
        raise
    target.unlink(missing_ok=True)
    raise DownloadFailed(why)


def _fetched(url: str, target: Path, sha256: str | None, progress: Callable[[int, int], None]) -> str:
    found, done = hashlib.sha256(), 0
    asked = urllib.request.Request(url, headers={"User-Agent": "cutroom"})
    with urllib.request.urlopen(asked, timeout=_SILENT_S) as answer, target.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while block := answer.read(_BLOCK):
            file.write(block)
            found.update(block)
            done += len(block)
            progress(done, total)
    if total and done != total:
        raise DownloadFailed(f"{url} was cut off: {done} of {total} bytes came")
    if sha256 is not None and found.hexdigest() != sha256:
        raise DownloadFailed(f"{url} has the sha256 {found.hexdigest()}, not {sha256}")
    return found.hexdigest()
