"""What a clip works on in whoever sees it: curiosity, urgency, social proof, transformation, authority.

Each is told by English turns of phrase, said or shown, and by what can be observed. Several independent signs add up
as their noisy-or, 1 - prod(1 - worth) (Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, 4.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import get_args

from common.domain.clip import Evidence
from common.domain.judgement import Part, Psychology
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.scoring import lexicons, weights
from common.scoring.candidates import PACE
from common.scoring.parts import Weighed, faces, merged, not_english, said, shown, text_of, untold, within

USUAL = Fraction(60)  # seconds; in a longer clip a sign says less, as any of them comes up in an hour
TWICE = 2  # uses of one group of phrases that count
BEST = 2  # of the five that make the part of the score: a clip need not work on everything
FAST = 1.4  # times lively speech
CROWD = 3  # faces at once
FRONTAL = 0.8  # how sure it is that both eyes show


def psychology(observed: Observed) -> dict[Psychology, Part]:
    """All five, 0 to 1, with a span for each sign; None where no words are known, or not in English."""
    gap = _gap(observed)
    found: dict[Psychology, Part] = {}
    for name in get_args(Psychology):
        weight = weights.PSYCHOLOGY[name]
        if gap is not None:
            found[name] = Part(name=name, value=None, weight=weight, why=gap)
            continue
        signs = (*_phrases(observed, name), *_observable(observed, name))
        rest = 1.0
        for sign in signs:
            rest *= 1 - sign.weight
        found[name] = Part(name=name, value=1 - rest, weight=weight, evidence=signs)
    return found


def weighed(parts: dict[Psychology, Part]) -> Weighed:
    """The best two of the five as one part of the score."""
    told = sorted((one for one in parts.values() if one.value is not None), key=lambda one: -(one.value or 0.0))
    if not told:
        return untold(next((one.why for one in parts.values() if one.why), "nothing of it can be told"))
    best = told[:BEST]
    value = merged({one.name: one.weight for one in best}, {one.name: one.value for one in best})
    evidence = tuple(sign for one in best for sign in one.evidence[:2])
    return Weighed(value=value, evidence=evidence)


def _gap(observed: Observed) -> str | None:
    spoken, stills = said(observed), shown(observed)
    if spoken is None and not stills:
        return "no words are known, neither said nor shown"
    return not_english(observed)


def _phrases(observed: Observed, name: Psychology) -> tuple[Evidence, ...]:
    """One sign per use of a group of phrases, at most TWICE each, in order of time."""
    texts = [(one.text, within(one.span, observed.span)) for one in said(observed) or ()]
    texts += [(text_of(one), span) for one, span in shown(observed) or ()]
    texts.sort(key=lambda one: one[1])
    share = float(min(Fraction(1), USUAL / observed.span.duration)) if observed.span.duration else 1.0
    found = []
    for term in lexicons.PSYCHOLOGY[name]:
        uses = [span for text, span in texts if term.pattern.search(text.replace("’", "'"))]
        for n, span in enumerate(uses[:TWICE]):
            found.append(Evidence(name=term.name, text=term.text, weight=term.worth * share / 2**n, span=span))
    return tuple(sorted(found, key=lambda one: (-one.weight, one.name)))


def _observable(observed: Observed, name: Psychology) -> Iterator[Evidence]:
    span = observed.span
    if name == "urgency" and observed.words and span.duration:
        rate = sum(span.contains(word.span.start) for word in observed.words) / float(span.duration)
        if rate > FAST * PACE:
            yield Evidence(name="speaks_fast", text="speaks fast", weight=0.15, span=span)
    elif name == "social_proof":
        crowd = _crowd(observed)
        if crowd is not None:
            yield Evidence(name="shows_crowd", text=f"shows {CROWD} or more faces at once", weight=0.2, span=crowd)
    elif name == "authority":
        speaker = to_camera(observed)
        if speaker is not None:
            yield Evidence(name="speaks_to_camera", text="speaks into the camera", weight=0.15, span=speaker)


def to_camera(observed: Observed) -> Span | None:
    """Where somebody first speaks with both eyes in the picture; None where nobody does or it cannot be told."""
    spans = [
        within(track.span, observed.span)
        for track in faces(observed) or ()
        if track.speaking and any(one.frontal is not None and one.frontal >= FRONTAL for one in track.sightings)
    ]
    return min(spans, default=None)


def _crowd(observed: Observed) -> Span | None:
    """Where CROWD faces are first seen at once."""
    spans = [within(one.span, observed.span) for one in faces(observed) or ()]
    for at in sorted({one.start for one in spans}):
        here = [one for one in spans if one.contains(at)]
        if len(here) >= CROWD:
            return Span(at, min(one.end for one in here))
    return None
