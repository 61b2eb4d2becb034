"""Which words stand together, and where their lines break."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise

from common.media.captions.styles import Look
from common.media.captions.units import Unit

PAUSE = Fraction(1, 2)  # seconds of silence where a new group begins
SLOWEST = 3.5  # seconds a group should stand at most
BRIEFEST = 0.6  # and at least
_SHORT = 1.6  # em; a word this short ("a", "to", "of") should not end a group in the middle of a sentence


def phrases(units: Sequence[Unit], look: Look, widest: float) -> list[list[Unit]]:
    """Groups in order; each fits the look's lines of `widest` em, or those of the one word in it that is wider."""
    return [group for run in _runs(units) for group in _grouped(run, look, widest)]


def _runs(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """Up to a pause or the end of a sentence; emoji go with the sentence they follow."""
    run: list[Unit] = []
    ended = False
    for unit in units:
        wordless = all(piece.emoji for piece in unit.pieces)
        ended = bool(run) and (run[-1].ends or ended)
        if run and ((ended and not wordless) or unit.span.start - run[-1].span.end > PAUSE):
            yield run
            run, ended = [], False
        run.append(unit)
    if run:
        yield run


def _grouped(run: Sequence[Unit], look: Look, widest: float) -> list[list[Unit]]:
    """The cheapest division of a run, found from its end."""
    best: list[tuple[float, int]] = [(0.0, len(run))] * (len(run) + 1)
    for start in range(len(run) - 1, -1, -1):
        choices = []
        for end in range(start + 1, min(len(run), start + look.words) + 1):
            group = run[start:end]
            if end > start + 1 and not _fits(group, look, widest):
                break
            choices.append((_cost(group, look, alone=len(run) == 1, last=end == len(run)) + best[end][0], end))
        best[start] = min(choices)
    groups, at = [], 0
    while at < len(run):
        groups.append(list(run[at : best[at][1]]))
        at = best[at][1]
    return groups


def _cost(group: Sequence[Unit], look: Look, *, alone: bool, last: bool) -> float:
    cost = 1.0 + 0.3 * (len(group) - look.ideal) ** 2
    if len(group) == 1 and not alone:
        cost += 3.0  # an orphan
    if group[-1].rests:
        cost -= 1.0
    elif not last and not group[-1].glued and group[-1].width < _SHORT:
        cost += 2.0
    seconds = float(group[-1].span.end - group[0].span.start)
    cost += 2.0 * max(0.0, seconds - SLOWEST) + 2.0 * max(0.0, BRIEFEST - seconds)
    return cost + 1.5 * sum(unit.rests for unit in group[:-1])


def _fits(group: Sequence[Unit], look: Look, widest: float) -> bool:
    most = max(widest, *(unit.width for unit in group))  # beside a wide word the others get smaller with it
    return max(length(line, look) for line in lines(group, look, most)) <= most


def lines(group: Sequence[Unit], look: Look, widest: float) -> list[list[Unit]]:
    """As few lines as fit, of lengths as equal as can be; the most lines where none fits."""
    for count in range(1, min(look.lines, len(group)) + 1):
        best = min(_divided(group, count), key=lambda lines: _unevenness(lines, look))
        if max(length(line, look) for line in best) <= widest:
            return best
    return best


def _divided(group: Sequence[Unit], count: int) -> Iterator[list[list[Unit]]]:
    for cuts in combinations(range(1, len(group)), count - 1):
        yield [list(group[a:b]) for a, b in pairwise((0, *cuts, len(group)))]


def _unevenness(lines: list[list[Unit]], look: Look) -> tuple[float, float]:
    """The longest line counts; of equal ones the longer last."""
    lengths = [length(line, look) for line in lines]
    return round(max(lengths), 6), lengths[0]


def length(line: Sequence[Unit], look: Look) -> float:
    """In em, with the spaces between words."""
    return sum(unit.width for unit in line) + look.space * sum(not unit.glued for unit in line[1:])
