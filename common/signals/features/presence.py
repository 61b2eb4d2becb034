"""How much of a stretch of time things are there, and how many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from common.domain.footage import Cover, Curve
from common.domain.timebase import Span
from common.domain.track import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many things are there at once: the mean over time, and the most."""

    mean: float
    most: int


def crowd(spans: Iterable[Span], within: Span) -> Crowd | None:
    """Of things that are there during spans; None where the stretch has no length."""
    if not within.duration:
        return None
    inside = [part for span in spans if (part := clipped(span, within)).duration]
    # At one time those that end (-1) stand before those that begin: neighbours are not there at once.
    steps = sorted([(span.start, 1) for span in inside] + [(span.end, -1) for span in inside])
    seconds = sum(span.duration for span in inside)
    return Crowd(mean=float(seconds / within.duration), most=max(accumulate(step for _, step in steps), default=0))


def share(spans: Iterable[Span] | None, within: Span) -> float | None:
    """The share of a stretch that spans cover together, 0 to 1; None where it has no length."""
    return Cover(spans).share(within) if spans is not None and within.duration else None


def clipped(span: Span, within: Span) -> Span:
    """The part of a span that lies within another; of no length where they do not meet."""
    start = max(span.start, within.start)
    return Span(start, max(start, min(span.end, within.end)))


def known(curve: Curve | None, within: Span) -> list[float]:
    """The known values of a curve; none where there is no curve."""
    return curve.known(within) if curve else []


def seen(tracks: Sequence[Track] | None, kind: str) -> tuple[Track, ...] | None:
    """The tracks of one kind; where several models look for it, those of the one that sees it longest.

    None where nobody looked.
    """
    if tracks is None:
        return None
    by_source: dict[str, list[Track]] = {}
    for track in tracks:
        if track.kind == kind:
            by_source.setdefault(track.source, []).append(track)
    longest = max(sorted(by_source.items()), key=lambda one: sum(t.span.duration for t in one[1]), default=("", []))
    return tuple(longest[1])
