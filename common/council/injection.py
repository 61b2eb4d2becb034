"""Whether somebody tries to talk a judge round: instructions to a machine, found in what is said, shown and named.

Cues of several sorts are weighed within a stretch of text; one that is sure, or two that are not, are enough. So is a
gist: what the words of a stretch mean together, weighed as learned from others. Whoever is cleverer meets
untrusted.block, a question that asks for no score, and the bound of the merge.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Literal

from common.council import gist, unmasking
from common.council.cues import LATIN, SAID, SCRIPTS, UNPARTED, Sort, cues
from common.council.untrusted import TEMPLATE, TURN, plain
from common.domain.observed import Observed

Place = Literal["speech", "screen", "name"]

ENOUGH = 1.0
STRETCH = 600  # characters within which cues belong together
GAP = 30  # characters that ~ stands for, at most
BARE_GAP = 20  # the same, of letters without spaces
BARE = 10  # bytes from which a phrase without spaces is none by chance
SURER = 1  # words more that there are in a part of a line when turned
SHORT, SHORT_LETTERS = 6, 40  # words and letters of a line that may be one part of a sentence
SHOWN = 120  # characters of a finding that a person is shown

_SAID = re.compile(r"[\n.!?]+")
_OPENING = {"speech": "what is said", "screen": "the text on screen", "name": "the file's name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A piece of text; pieces of one place, in order, are read as one. `at` in seconds of the video."""

    place: Place
    text: str
    at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cue: what it is, and where. `quote` is made fit to be shown as text."""

    sort: Sort
    weight: float
    place: Place
    at: float | None
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """What was found of all sorts, the weightiest first; `flagged` if it is enough to keep models from judging."""

    weight: float
    findings: tuple[Finding, ...]

    @property
    def flagged(self) -> bool:
        return self.weight >= ENOUGH

    @property
    def reasons(self) -> tuple[str, ...]:
        """In plain words, for people."""
        return tuple(f"{_OPENING[one.place]} {SAID[one.sort]}: “{one.quote}”" for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    sort: Sort
    weight: float
    start: int
    quote: str


def texts(observed: Observed, names: Iterable[str] = ()) -> tuple[Text, ...]:
    """All that others wrote about a clip: sentences or words, each line on screen once, what a service saw and heard
    in it, and names of the file."""
    spoken = observed.sentences or observed.words or ()
    said = [Text(place="speech", text=one.text, at=float(one.span.start)) for one in spoken]
    seen: dict[str, Text] = {}
    for reading in observed.readings or ():
        for line in reading.lines:
            seen.setdefault(line.text, Text(place="screen", text=line.text, at=float(reading.at)))
    if (watched := observed.watched) is not None:
        heard = [one for one in watched.speech or () if one.text not in {text.text for text in said}]
        said += [Text(place="speech", text=one.text, at=float(one.span.start)) for one in heard]
        for one in (*(watched.texts or ()), *(watched.labels or ()), *(watched.objects or ())):
            seen.setdefault(one.text, Text(place="screen", text=one.text, at=float(one.span.start)))
    return (*said, *seen.values(), *(Text(place="name", text=name) for name in names))


def scan(found: Iterable[Text]) -> Flagged:
    """What speaks to a machine in these texts. The sorts of all places add up, each by its weightiest cue."""
    return _scanned(tuple(sorted(found, key=lambda one: one.place)))


@lru_cache(maxsize=64)  # every member looks for itself
def _scanned(found: tuple[Text, ...]) -> Flagged:
    best: dict[Sort, Finding] = {}
    for _, group in groupby(found, key=lambda one: one.place):
        for finding in _of_place(list(group)):
            if finding.sort not in best or best[finding.sort].weight < finding.weight:
                best[finding.sort] = finding
    ordered = sorted(best.values(), key=lambda one: (-one.weight, one.sort))
    return Flagged(weight=sum(one.weight for one in ordered), findings=tuple(ordered))


def _of_place(pieces: Sequence[Text]) -> Iterator[Finding]:
    """The findings of the weightiest stretch."""
    raw = "\n".join(piece.text for piece in pieces)
    starts = [0]
    for piece in pieces[:-1]:
        starts.append(starts[-1] + len(piece.text) + 1)
    hits = sorted(_hits(raw), key=lambda hit: hit.start)
    for hit in _weightiest(hits):
        piece = pieces[max(0, bisect_right(starts, hit.start) - 1)]
        yield Finding(sort=hit.sort, weight=hit.weight, place=piece.place, at=piece.at, quote=plain(hit.quote, SHOWN))


def _weightiest(hits: Sequence[_Hit]) -> list[_Hit]:
    """Of all stretches the one whose sorts weigh most, each sort by its best hit."""
    weightiest: dict[Sort, _Hit] = {}
    for n, first in enumerate(hits):
        here: dict[Sort, _Hit] = {}
        for hit in hits[n:]:
            if hit.start - first.start > STRETCH:
                break
            if hit.sort not in here or here[hit.sort].weight < hit.weight:
                here[hit.sort] = hit
        if sum(hit.weight for hit in here.values()) > sum(hit.weight for hit in weightiest.values()):
            weightiest = here
    return list(weightiest.values())


def _hits(raw: str) -> Iterator[_Hit]:
    """Every cue of a text, in each of its views. Where in the text is told in proportion: it may be a word off."""
    folded = _lines(raw)
    found = _seen(raw, folded, raw)
    yield from found
    sorts = {hit.sort for hit in found}
    latin = unmasking.latin(folded)
    masked = _seen("", latin, raw) if latin != folded else []
    for text in unmasking.figured(folded):
        masked += _seen("", text, raw)
    for text in unmasking.decoded(raw):
        masked += _seen(text, _lines(text), raw)
        for read in unmasking.figured(_lines(text)):
            masked += _seen("", read, raw)
    for text in (_aside(folded), _heard(folded)):
        masked += _seen("", text, raw) if text else []
    masked = [hit for hit in masked if hit.sort not in sorts]
    yield from masked
    for hit in masked:
        yield _Hit(sort="hidden", weight=0.5, start=hit.start, quote=hit.quote)
    # In these views there is always something to be read, so what is sure counts, or a line that is better English.
    sure = _read(unmasking.bare(latin), raw, bare=True)
    for text in unmasking.turned(folded):
        sure += _read(text, raw, sure=True)
    if better := [text for line in folded.split("\n") for text in _better(line)]:
        sure += _seen("", "\n".join(better), raw)
    told = {hit.sort for hit in found if hit.weight >= ENOUGH}  # openly, where the place is exact
    yield from (hit for hit in sure if hit.sort not in told)


def _better(line: str) -> Iterator[str]:
    """What a line, or a part of it, says when turned, if there are more words in that than in the line."""
    parts = unmasking.clauses(line)
    for said in (line, *(parts if len(parts) > 1 else ())):
        known = gist.known(said)
        for text in (*unmasking.turned(said), unmasking.backwards(said)):
            if gist.known(text) > known + (0 if said is line else SURER):
                yield text


def _aside(folded: str) -> str:
    """The short ones of many lines, without the long ones between them: a sentence may be dealt out among others."""
    lines = folded.split("\n")
    short = [line for line in lines if line and len(line.split()) <= SHORT and len(line) <= SHORT_LETTERS]
    return " ".join(short) if 2 < len(short) < len(lines) - 1 else ""


def _heard(folded: str) -> str:
    """English written as it sounds, as it is spelt; "" where hardly a word is to be put right."""
    return "\n".join(text for said in _SAID.split(folded) if (text := gist.spelt(said)))


def _lines(raw: str) -> str:
    """Folded, and lines stay lines."""
    return "\n".join(unmasking.folded(line) for line in raw.split("\n"))


def _seen(marked: str, view: str, raw: str) -> list[_Hit]:
    """The marks of a text, the cues of a view of it, and the gist of both."""
    cued = [*_marks(marked), *_read(view, raw)]
    scale = len(view) / len(raw) if raw else 0.0
    window = gist.found(view, [(hit.sort, round(hit.start * scale)) for hit in cued])
    if window is None:
        return cued
    start = round(window.start / scale) if scale else 0
    return [*cued, _Hit(sort="gist", weight=ENOUGH, start=start, quote=view[window.start : window.end])]


def _marks(raw: str) -> Iterator[_Hit]:
    for pattern, weight in ((TEMPLATE, 1.0), (TURN, 0.5)):
        for match in pattern.finditer(raw):
            yield _Hit(sort="marker", weight=weight, start=match.start(), quote=raw[match.start() : match.end() + 40])


def _read(view: str, raw: str, *, bare: bool = False, sure: bool = False) -> list[_Hit]:
    """The cues of a view; of bare views those alone that are sure."""
    scale = len(raw) / len(view) if view else 0.0
    return [
        _Hit(sort=sort, weight=weight, start=round(match.start() * scale), quote=match[0])
        for script, sort, weight, pattern in _patterns(bare)
        if (weight >= ENOUGH or not (bare or sure)) and script.search(view)
        for match in pattern.finditer(view)
        if not bare or len(match[0].encode()) >= BARE
    ]


def prepare() -> None:
    """Read and compile all it looks for, which takes most of a second, before the first text is there."""
    scan([Text(place="name", text="a clip")])


@lru_cache(maxsize=2)
def _patterns(bare: bool) -> tuple[tuple[re.Pattern[str], Sort, float, re.Pattern[str]], ...]:
    """One pattern for all cues of a script, a sort and a weight."""
    parts: dict[tuple[str, Sort, float], list[str]] = {}
    for language, found in cues().items():
        for cue in found:
            if bare and cue.weight < ENOUGH:
                continue
            pattern = _bare(cue.pattern) if bare else _worded(cue.pattern, parted=language not in UNPARTED)
            parts.setdefault((SCRIPTS.get(language, LATIN), cue.sort, cue.weight), []).append(pattern)
    return tuple(
        (re.compile(script), sort, weight, re.compile("|".join(patterns)))
        for (script, sort, weight), patterns in parts.items()
    )


def _worded(pattern: str, *, parted: bool) -> str:
    """The cue as a regular expression over folded text."""
    opened = "(?<![^\\W_])" if parted else ""
    text = unmasking.folded(pattern).replace("(", "(?:").replace(".", "\\.").replace("^", "(?![^\\W_])")
    between = f"[\\s\\S]{{0,{GAP}}}?"
    words = (part.strip().replace(" ?", "[\\W_]{0,4}").replace(" ", "[\\W_]{1,4}") for part in text.split("~"))
    return opened + "(?:" + between.join(words) + ")"


def _bare(pattern: str) -> str:
    """The cue as a regular expression over bare text."""
    signs = {"(", ")", "|", "?", "*", "+", "~"}
    phrase = unmasking.folded(pattern).replace(" ?", "").replace("^", "")
    text = "".join(sign if sign in signs else unmasking.bare(sign) for sign in phrase)
    return text.replace("(", "(?:").replace("~", f".{{0,{BARE_GAP}}}?")
