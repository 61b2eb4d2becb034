"""An upload to YouTube in a process of its own, so that its memory can be measured: ADDRESS TOKEN BYTES."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from common.adapters.platforms import registry
from common.adapters.platforms.site import Site
from common.domain.publication import File, Post
from common.ports.platforms import Job, Ready

_BLOCK = 1 << 20


def block(n: int) -> bytes:
    """The bytes of the n-th MiB: like no other."""
    return hashlib.sha256(str(n).encode()).digest() * (_BLOCK // 32)


def part(start: int, size: int) -> bytes:
    first, last = start // _BLOCK, (start + size - 1) // _BLOCK
    pieces = [block(n) for n in range(first, last + 1)]
    pieces[-1] = pieces[-1][: (start + size) - last * _BLOCK]
    pieces[0] = pieces[0][start - first * _BLOCK :]
    return b"".join(pieces)


def main() -> None:
    address, token, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    platform, began = registry.platform("youtube", Site(address=address)), time.monotonic()
    kept: dict[str, Any] = {}

    def keep(step: str | None = None, **more: Any) -> None:
        kept.update(more)

    job = Job(
        id="publication-1",
        kind="youtube_video",
        account="UC-ann",
        token=token,
        post=Post(title="Tea", body="How to make tea"),
        video=File(object="clip.mp4", sha256="0" * 64, size=size, kind="video/mp4"),
        cover=None,
        captions=None,
        kept=kept,
        keep=keep,
        read=lambda name, start, size: part(start, size),
        spent=lambda: False,
    )
    slices = 1
    while not isinstance(platform.advance(job), Ready):
        slices += 1
    posted = platform.commit(job)
    status = Path("/proc/self/status").read_text()  # getrusage knows the parent's, too
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"peak_mb": peak, "slices": slices, "id": posted.id, "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main()
