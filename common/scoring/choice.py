"""Choose among candidates: the best first, none much like one already chosen, and say why in words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from common.domain.clip import Clip
from common.domain.footage import Footage
from common.domain.timebase import clock
from common.domain.transcript import Sentence, joined
from common.scoring.candidates import Candidate
from common.scoring.hooks import opening_signs, strength

OVERLAP = 0.2  # of the shorter of two clips
TITLE = 60  # characters


def choose(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """At most `most`, best first; equal scores in order of time.

    The best ones first, so that asking for more keeps those there are. Only where a long one leaves no room for as
    many as were asked for, the set with the highest sum of scores is taken instead.
    """
    chosen: list[Candidate] = []
    for candidate in _by_score(candidates):
        if len(chosen) == most:
            return chosen
        if all(_apart(candidate, other) for other in chosen):
            chosen.append(candidate)
    fullest = _fullest(candidates, most)
    return _by_score(fullest) if len(fullest) > len(chosen) else chosen


def _by_score(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda one: (-one.score, one.span))


def _fullest(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """At most `most` that do not overlap, with the highest sum of scores: weighted interval scheduling."""
    ordered = sorted(candidates, key=lambda one: (one.span.end, one.span.start))
    ends = [one.span.end for one in ordered]
    before = [bisect_right(ends, one.span.start, hi=n) for n, one in enumerate(ordered)]
    # best[n] is the highest sum among the first n; taken[k][n] whether the k-th pick among them is the n-th.
    best = [0.0] * (len(ordered) + 1)
    taken: list[list[bool]] = []
    for _ in range(most):
        now, took = [0.0], [False]
        for n, one in enumerate(ordered):
            with_it = best[before[n]] + one.score
            took.append(with_it > now[n])
            now.append(max(now[n], with_it))
        if now[-1] <= best[-1]:
            break
        best = now
        taken.append(took)
    found, n = [], len(ordered)
    for took in reversed(taken):
        while n and not took[n]:
            n -= 1
        if not n:
            break
        found.append(ordered[n - 1])
        n = before[n - 1]
    return found


def fewer(found: int, wanted: int, candidates: int, *, least: int) -> str | None:
    """Why there are fewer clips than asked for, in plain words."""
    if found >= wanted:
        return None
    if not candidates:
        return f"no stretch of at least {least} s begins and ends well; try a smaller --min"
    return f"the video has room for {found} without overlap; try a smaller --min for more"


def clip(number: int, candidate: Candidate, footage: Footage, said: Sequence[Sentence]) -> Clip:
    """A chosen candidate with its title, its reason and its words."""
    spoken = said[candidate.sentences[0] : candidate.sentences[1] + 1] if candidate.sentences else ()
    return Clip(
        number=number,
        span=candidate.span,
        title=_title(candidate, footage, spoken),
        score=candidate.score,
        scores=candidate.parts,
        evidence=tuple(replace(one, weight=round(one.weight, 3)) for one in candidate.evidence),
        why=_why(candidate),
        text=joined(sentence.text for sentence in spoken),
    )


def _apart(one: Candidate, other: Candidate) -> bool:
    shared = one.span.overlap(other.span)
    return float(shared) <= OVERLAP * float(min(one.span.duration, other.span.duration))


def _title(candidate: Candidate, footage: Footage, spoken: Sequence[Sentence]) -> str:
    if not spoken:
        shots = [shot.number + 1 for shot in footage.shots if shot.span.overlap(candidate.span)]
        where = f"{clock(candidate.span.start)} to {clock(candidate.span.end)}"
        if not shots:
            return where
        return f"{where}, shot {shots[0]}" if len(shots) == 1 else f"{where}, shots {shots[0]} to {shots[-1]}"
    # The sentence that would hold somebody best; the first of equals.
    best = max(spoken, key=lambda sentence: strength(opening_signs(sentence.text)))
    return _cut(best.text)


def _cut(text: str) -> str:
    if len(text) <= TITLE:
        return text
    head = text[: TITLE - 1]
    at = head.rfind(" ")
    return (head[:at] if at > TITLE // 2 else head).rstrip(",;: ") + "…"


def _why(candidate: Candidate) -> str:
    good = [one.text for one in candidate.evidence if one.weight > 0][:2]
    bad = [one.text for one in candidate.evidence if one.weight < 0][:1]
    if any(one.name == "whole_video" for one in candidate.evidence):
        return "The whole video: it is shorter than the least length asked for."
    said = "It " + " and ".join(_verb(text) for text in good) if good else "Nothing in it stands out"
    return said + (f"; against it: it {_verb(bad[0])}." if bad else ".")


def _verb(text: str) -> str:
    """Evidence reads as a predicate: "opens with a question"; other subjects are turned into one."""
    if text.startswith("the picture "):
        return "has a picture that " + text.removeprefix("the picture ")
    if text.startswith("little is said"):
        return "says little" + text.removeprefix("little is said")
    if "% of it is" in text:
        return "is " + text.replace(" of it is", "", 1)
    return text
