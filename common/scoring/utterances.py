"""Speech cut into utterances: short enough to recognise one by one, the same whatever the file is split into.

A recogniser starts anew with every utterance and hears the first words of each without what came before. So speech
is cut only where that pays: at long pauses, and where it gets too long at the longest silence there is. (Cut at
every silence of 0.3 s, the 11 s of jfk.flac had a word error rate of 0.68 instead of 0.23.)
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from common.domain.timebase import Span

PAUSE = Fraction(3, 10)  # seconds; a silence this long may end an utterance
REST = Fraction(3, 2)  # seconds; a silence this long always does
LONGEST = Fraction(20)  # seconds
_EDGE = Fraction(15, 100)  # of the silence beside it that an utterance keeps: a word's soft beginning lies in it
_SHORTEST = Fraction(2)  # seconds left on either side of a cut, where there is a choice


def utterances(speech: Sequence[Span], quiet: Sequence[Span], *, longest: Fraction = LONGEST) -> list[Span]:
    """Speech cut at silences of at least PAUSE, in order and apart; none longer than `longest`.

    `speech` is where somebody speaks, `quiet` where nothing is to be heard; each in order of time. What lies
    between two rests is one utterance while it is short enough; else it is cut at its longest silence, for want of
    one in the middle of its longest quiet, for want of that into equal parts.
    """
    silences = _silences(speech, quiet)
    found: list[Span] = []
    for stretch in _apart(speech, [silence for silence in silences if silence.duration >= REST]):
        found += _short(stretch, silences, quiet, longest)
    return found


def _silences(speech: Sequence[Span], quiet: Sequence[Span]) -> list[Span]:
    """Where nobody speaks or nothing is to be heard, for at least PAUSE; touching ones are one."""
    gaps = [Span(a.end, b.start) for a, b in pairwise(speech) if b.start > a.end]
    found: list[Span] = []
    for span in sorted([*gaps, *quiet]):
        if found and span.start <= found[-1].end:
            found.append(Span(found[-1].start, max(found.pop().end, span.end)))
        else:
            found.append(span)
    return [span for span in found if span.duration >= PAUSE]


def _apart(speech: Sequence[Span], rests: Sequence[Span]) -> list[Span]:
    """From the first to the last speech between two rests."""
    found: list[Span] = []
    for span in _minus(speech, rests):
        if found and not any(found[-1].end <= rest.start + _EDGE and rest.end - _EDGE <= span.start for rest in rests):
            found.append(Span(found.pop().start, span.end))
        else:
            found.append(span)
    return found


def _minus(speech: Sequence[Span], silences: Sequence[Span]) -> list[Span]:
    """Speech without silences, but with their edges."""
    found: list[Span] = []
    for span in speech:
        start = heard = span.start  # of the part at hand: with its edge, without
        for silence in silences:
            if silence.overlap(span) == 0:
                continue
            if silence.start > heard:
                found.append(Span(start, min(span.end, silence.start + _EDGE)))
            start, heard = max(span.start, silence.end - _EDGE), silence.end
        if heard < span.end:
            found.append(Span(start, span.end))
    return found


def _short(span: Span, silences: Sequence[Span], quiet: Sequence[Span], longest: Fraction) -> list[Span]:
    if span.duration <= longest:
        return [span]
    margin = min(_SHORTEST, span.duration / 4)
    inside = Span(span.start + margin, span.end - margin)
    # Only what lies inside is handed down: each part looks at its own silences, so hours are cut quickly.
    silences = [silence for silence in silences if silence.overlap(span) > 0]
    quiet = [silence for silence in quiet if silence.overlap(span) > 0]
    best = max(silences, key=lambda one: (one.overlap(inside), -one.start), default=None)
    if best is not None and best.overlap(inside) >= PAUSE:
        left, right = Span(span.start, best.start + _EDGE), Span(best.end - _EDGE, span.end)
        return _short(left, silences, quiet, longest) + _short(right, silences, quiet, longest)
    best = max(quiet, key=lambda one: (one.overlap(inside), -one.start), default=None)
    if best is None or best.overlap(inside) == 0:
        parts = -(-span.duration // longest)
        edges = [span.start + span.duration * n / parts for n in range(int(parts) + 1)]
        return [Span(a, b) for a, b in pairwise(edges)]
    middle = (max(best.start, inside.start) + min(best.end, inside.end)) / 2
    left, right = Span(span.start, middle), Span(middle, span.end)
    return _short(left, silences, quiet, longest) + _short(right, silences, quiet, longest)
