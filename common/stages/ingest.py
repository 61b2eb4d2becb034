"""Look at the file: accept it with what it holds or reject it with a reason, and cut it into segments to watch."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import PurePath

from common.domain.asset import Probe
from common.domain.codec import to_json
from common.domain.timebase import decimal
from common.media.ffprobe import clean
from common.media.probe import choose_audio, probe
from common.ports.work import Json, Outcome, Work

WHOLE_UNDER_S = 240  # shorter files are watched in one go
SEGMENT_S = 120  # about how long a segment is


def run(work: Work) -> Outcome:
    """Probe the file, choose the sound track, name the segments. Raises RejectedMedia with a typed reason."""
    wanted = work.settings.audio_track
    work.progress(0, 1, "file")
    found = probe(work.local_source(), scratch=work.scratch, audio_track=wanted)
    track = choose_audio(found.audio, wanted)
    work.progress(1, 1, "file")
    video = found.video
    return Outcome(
        result={"probe": to_json(found), "audio_track": track.number if track else None},
        members={"segment": segments(found)},
        documents={
            f"assets/{work.asset}": {
                "state": "accepted",
                "title": clean(PurePath(work.source.name).stem) or "untitled",
                "duration": decimal(found.duration),
                "width": video.display_width,
                "height": video.display_height,
                "sound": track is not None,
            }
        },
        used={"footage_ms": round(1000 * found.duration), "brought_bytes": work.source.size},
    )


def segments(found: Probe) -> list[Json]:
    """Spans to watch side by side: cut at whole seconds, by the length of the file alone, the last to its end.

    The number of cores plays no part, so that a file gives the same result on every machine.
    """
    parts = 1
    if found.seekable and found.duration >= WHOLE_UNDER_S:
        parts = math.ceil(found.duration / SEGMENT_S)
    edges = [to_json(Fraction(round(found.duration * n / parts))) for n in range(parts)]
    return [{"start": start, "end": end} for start, end in zip(edges, [*edges[1:], None], strict=True)]
