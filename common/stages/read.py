"""Read the text on screen: about one still per shot of one segment, taken when it is likely to say most."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.codec import dumps, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Reading, TextLine
from common.errors import ModelMissing
from common.media.stills import stills
from common.ports.models import TextReader
from common.ports.work import LeftOut, Outcome, Work
from common.scoring.texts import coverage
from common.signals.lettering import alike, lettering, tiny
from common.stages.inputs import segment

LONG_SIDE = 1920  # pixels of the stills that are read; at less, small text is lost
EVERY = Fraction(12)  # seconds that one still stands for
MOST = 40  # stills of one shot
USUAL = Fraction(3, 5)  # of a stretch: what is laid over a picture has come by then, and has not gone yet
OTHERS = (Fraction(1, 4), Fraction(17, 20))
CLEAR = Fraction(3, 10)  # seconds kept from the edges of a shot, where transitions are
WORTH = 1.15  # how much more lettering another moment must have than the usual one
REMEMBERED = 64  # pictures
AT_ONCE = 2  # stretches whose stills are held together: up to 40 MB


def run(work: Work) -> Outcome:
    """What the stills say, as a list of Reading; one that looks like another is not read again."""
    part = segment(work)
    looks = [
        look
        for shot, after in zip(part.shots, [*part.shots[1:], None], strict=True)
        if _inside(shot, part.start, part.end)
        for look in stretches(shot, after)
    ]
    left_out: tuple[LeftOut, ...] = ()
    source: str | None = None
    readings: list[Reading] = []
    read = 0
    try:
        if looks:  # opening a reader costs seconds
            with work.models.texts(work.scratch) as reader:
                readings, read = _read(work, reader, part.probe, looks)
                source = reader.source
    except ModelMissing as missing:
        left_out = (LeftOut(what="text on screen", why=str(missing)),)
    return Outcome(
        result={
            "readings": to_json(work.put("readings.json", dumps(readings))),
            "count": len(readings),
            "source": source,
            "stills": read,
        },
        left_out=left_out,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One still to be read, out of those at `times`, the usual moment first."""

    shot: int
    times: tuple[Fraction, ...]


def stretches(shot: Shot, after: Shot | None) -> list[Look]:
    """Where to look in a shot: once, and in a long one once every EVERY seconds; nowhere in a black one."""
    if shot.black:
        return []
    count = min(MOST, max(1, -(-shot.span.duration // EVERY)))
    clear = _clear(shot, after)
    edges = [clear.start + clear.duration * n / count for n in range(count + 1)]
    # A standing picture says the same all the time, and a very short one has no time for anything to come.
    parts = (USUAL,) if shot.frozen or clear.duration < count else (USUAL, *OTHERS)
    return [
        Look(shot=shot.number, times=tuple(start + part * (end - start) for part in parts))
        for start, end in pairwise(edges)
    ]


def _clear(shot: Shot, after: Shot | None) -> Span:
    """A shot without its edges and without the transitions at them, as far as anything is left."""
    margin = min(CLEAR, shot.span.duration / 4)
    start, end = shot.span.start + margin, shot.span.end - margin
    if shot.transition is not None and shot.transition.end < end:
        start = max(start, shot.transition.end)
    if after is not None and after.transition is not None and after.transition.start > start:
        end = min(end, after.transition.start)
    return Span(start, end)


def _inside(shot: Shot, start: Fraction, end: Fraction | None) -> bool:
    middle = (shot.span.start + shot.span.end) / 2
    return start <= middle and (end is None or middle < end)


def _read(work: Work, reader: TextReader, probe: Probe, looks: Sequence[Look]) -> tuple[list[Reading], int]:
    """Readings in order of time, and how many stills were given to the model."""
    readings: list[Reading] = []
    # A talk goes to and fro between few cameras: what was read in a picture is remembered for the next one like it.
    known: deque[tuple[NDArray[np.float32], tuple[TextLine, ...]]] = deque(maxlen=REMEMBERED)
    read = 0
    for done, (look, at, picture) in enumerate(_chosen(work, probe, looks), 1):
        if picture is not None:
            small = tiny(picture)
            lines = next((lines for other, lines in known if alike(small, other)), None)
            if lines is None:
                lines = tuple(reader.read(picture))
                known.append((small, lines))
                read += 1
            area = coverage([line.box for line in lines])
            readings.append(Reading(at=at, shot=look.shot, source=reader.source, coverage=area, lines=lines))
        work.progress(done, len(looks), "stills")
    return readings, read


def _chosen(
    work: Work, probe: Probe, looks: Sequence[Look]
) -> Iterator[tuple[Look, Fraction, NDArray[np.uint8] | None]]:
    """Of each look the still with most lettering; the usual one unless another has clearly more."""
    source = work.local_source()
    for first in range(0, len(looks), AT_ONCE):
        group = looks[first : first + AT_ONCE]
        times = [at for look in group for at in look.times]
        pictures = iter(stills(source, probe, times, long_side=LONG_SIDE, scratch=work.scratch))
        for look in group:
            best: tuple[float, Fraction, NDArray[np.uint8]] | None = None
            for at in look.times:
                picture = next(pictures)
                if picture is None:
                    continue
                worth = lettering(picture)
                if best is None or worth > best[0] * WORTH:
                    best = (worth, at, picture)
            yield (look, look.times[0], None) if best is None else (look, *best[1:])
