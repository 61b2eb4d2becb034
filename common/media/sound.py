"""The sound of a file as models take it: mono, 16 kHz, sample for sample the same whatever stretch is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import AudioStream, Probe
from common.domain.timebase import Span
from common.media.tools import SAFE_INPUT, file_url, stream

RATE = 16_000  # Hz
_BYTES = 4  # of one float
_BLOCK = RATE * 10  # samples read at once where they are skipped


def samples(source: Path, audio: AudioStream, probe: Probe, span: Span, *, scratch: Path) -> NDArray[np.float32]:
    """The samples of one span, as `pieces` gives them."""
    [found] = pieces(source, audio, probe, [span], scratch=scratch)
    return found


def pieces(
    source: Path, audio: AudioStream, probe: Probe, spans: Sequence[Span], *, scratch: Path
) -> Iterator[NDArray[np.float32]]:
    """The samples of each span in turn, -1 to 1. One decode serves all: they are in order of their starts.

    Times are on the file's zero, whenever the track begins; where there is no sound there are zeros. Sample n lies
    at n/RATE s, so a span holds those from round(start * RATE) on. The track is always decoded from its
    beginning: decoders and resamplers carry a state, and after a seek their samples would be others.
    Raises ToolFailed where ffmpeg cannot go on.
    """
    edges = [(position(span.start), position(span.end)) for span in spans]
    if any(first < 0 for first, _ in edges) or any(a > b for (a, _), (b, _) in pairwise(edges)):
        raise ValueError("spans of sound start at zero or later and are given in order of their starts")
    last = max((last for _, last in edges), default=0)
    if last == 0:
        yield from (np.zeros(0, np.float32) for _ in edges)
        return
    zero = position(probe.start)
    # rematrix_maxval: or two channels that say the same would be mixed to more than 1
    graph = (
        f"[0:{audio.index}]aresample={RATE}:async=1:first_pts={zero}:rematrix_maxval=1,"
        f"aformat=sample_fmts=flt:channel_layouts=mono,atrim=end_pts={zero + last}[out]"
    )
    args = ["-v", "error", "-nostdin", "-copyts", "-max_error_rate", "1", *SAFE_INPUT, "-vn", "-i", file_url(source)]
    args += ["-filter_complex", graph, "-map", "[out]", "-f", "f32le", "pipe:1"]
    with stream("ffmpeg", args, scratch=scratch) as running:
        held, at = np.zeros(0, np.float32), 0  # samples [at, at + len(held))
        for first, end in edges:
            held, at = held[max(0, first - at) :], min(max(at, first), at + len(held))
            while at < first:  # nothing is held: skip
                at += len(_read(running.stdout, min(_BLOCK, first - at)))
            more = end - at - len(held)
            if more > 0:
                held = np.concatenate((held, _read(running.stdout, more)))
            yield held[: end - first].copy()


def _read(pipe: IO[bytes], count: int) -> NDArray[np.float32]:
    """So many samples; zeros where the sound is over."""
    raw = pipe.read(count * _BYTES)
    found = np.zeros(count, np.float32)
    whole = len(raw) // _BYTES
    found[:whole] = np.frombuffer(raw, "<f4", whole)
    return np.clip(np.nan_to_num(found), -1, 1)


def position(seconds: Fraction) -> int:
    """The number of the sample nearest to a time."""
    return round(seconds * RATE)
