"""Tell whether this video is here already: the same bytes, or the same pictures in other bytes."""

from __future__ import annotations

from common.domain.asset import Probe
from common.domain.codec import from_json
from common.errors import DeadlineExceeded, ToolFailed
from common.media.hashing import SAME_BITS, distance, perceptual_hash, pictures, sha256_of
from common.media.rejections import rejected
from common.ports.work import LeftOut, Outcome, Work


def run(work: Work) -> Outcome:
    """Hash the bytes and eight pictures, claim the bytes for this asset, and look for videos that show the same."""
    needed = work.need("ingest")
    assert needed is not None, "the table makes ingest required"
    probe = from_json(Probe, needed["probe"])
    path = work.local_source()
    sha256 = sha256_of(path, lambda done, total: work.progress(done, total, "bytes"))
    if work.source.sha256 not in (None, sha256):
        raise rejected("other_bytes", sha256=sha256, announced=work.source.sha256)
    original = work.claim(f"sha256/{sha256}", work.asset)
    duplicate_of = original if original != work.asset else None

    left_out: list[LeftOut] = []
    phash: list[str | None] = []
    try:
        phash = [perceptual_hash(picture) for picture in pictures(path, probe, scratch=work.scratch)]
    except (DeadlineExceeded, ToolFailed) as error:
        left_out.append(LeftOut(what="the search for videos that show the same", why=str(error)))
    seconds = round(probe.video.duration)  # of the picture: a copy may have lost its sound
    similar_to = None if duplicate_of else _similar(work, phash, seconds)
    found = {"sha256": sha256, "phash": phash, "duplicate_of": duplicate_of, "similar_to": similar_to}
    return Outcome(
        result=found,
        documents={f"assets/{work.asset}": {**found, "duration_s": seconds}},
        left_out=tuple(left_out),
    )


def _similar(work: Work, phash: list[str | None], seconds: int) -> str | None:
    """The asset of about this length whose pictures are closest, where they are close enough."""
    best: tuple[float, str] | None = None
    for length in (seconds - 1, seconds, seconds + 1):
        for other in work.find("assets", "duration_s", length):
            if other["id"] == work.asset or other.get("duplicate_of"):
                continue
            bits = distance(phash, other.get("phash") or [])
            if bits is not None and bits <= SAME_BITS:
                best = min(best or (bits, other["id"]), (bits, other["id"]))
    return best[1] if best else None
