"""The hook: what the first 3 seconds do to hold somebody, and how well.

Types are told by turns of phrase (English), by marks and digits (any language) and by what the picture does. How
well the first sentence pulls is told by a model of headlines that were tested against each other (English).
Strength is the weighted mean of what could be looked at: words, cuts, motion, faces and text on screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.domain.clip import Evidence
from common.domain.footage import Cover
from common.domain.judgement import Hook, HookType, Pull
from common.domain.observed import Observed
from common.domain.timebase import Span, clock
from common.domain.transcript import Sentence
from common.scoring import lexicons, pulling, weights
from common.scoring.hooks import OPENING, Sign, opening_signs, strength
from common.scoring.parts import (
    Change,
    Weighed,
    dead,
    faces,
    finite,
    head,
    merged,
    not_english,
    pieces,
    said,
    shown,
    starts_inside,
    text_of,
    unit,
    untold,
    within,
)

SECONDS = 3
LEAST = 0.25  # worth from which signs make a type
LATE = 1  # seconds before the first word
ONE_CUT = 0.65  # what one cut in the first seconds is worth; none is worth 0.3, two or more 1
RESTLESS = 2.0  # times the motion of the whole clip that interrupts
SURE = {"given": 1.0, "good": 0.9, "draft": 0.5, None: 0.5}  # how far words are to be trusted, by who wrote them
MARKS_ONLY = 0.5  # of what words tell, where the language is another than English or unknown

_TYPES: dict[str, HookType] = {
    "opens_with_question": "question",
    "opens_with_asking": "question",
    "opens_with_number": "statistic",
    "opens_with_extreme": "bold_claim",
    "opens_with_story": "story",
    "addresses_viewer": "direct_address",
    "gives_figure": "statistic",
    "opens_with_cuts": "pattern_interrupt",
    "opens_with_motion": "pattern_interrupt",
    **{term.name: kind for kind, term in lexicons.HOOKS.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one source tells: its value, None where nobody looked, and the signs with where they are."""

    value: float | None
    signs: tuple[tuple[Sign, Span], ...] = ()


def hook(observed: Observed) -> Hook:
    """Type, strength and confidence of the opening; where nothing is known, type "none" and both 0."""
    sources = _sources(observed)
    worths: dict[HookType, float] = {}
    evidence = []
    for name, source in sources.items():
        for sign, span in source.signs:
            kind = _TYPES.get(sign.name)
            if kind is not None:
                worths[kind] = worths.get(kind, 0.0) + sign.worth
            weight = sign.worth * weights.HOOK[name]
            evidence.append(Evidence(name=sign.name, text=sign.text, weight=weight, span=span))
    types = sorted((kind for kind, worth in worths.items() if worth >= LEAST), key=lambda kind: (-worths[kind], kind))
    told = _pull(observed)
    known = sum(weights.HOOK[name] for name, source in sources.items() if source.value is not None and name != "words")
    return Hook(
        type=types[0] if types else "none",
        strength=unit(merged(weights.HOOK, {name: source.value for name, source in sources.items()}) or 0.0),
        confidence=unit(known + weights.HOOK["words"] * _trust(observed)),
        secondary=tuple(types[1:]),
        span=head(observed, SECONDS),
        evidence=tuple(sorted(evidence, key=lambda one: -abs(one.weight))),
        pull=told if isinstance(told, Pull) else None,
        pull_why=told if isinstance(told, str) else None,
    )


def weighed(observed: Observed, found: Hook) -> Weighed:
    """The hook as a part of the score, with a better start where there is one."""
    if found.confidence == 0:
        return untold("neither words nor picture of its first seconds are known")
    told = {name: source.value for name, source in _sources(observed).items()}
    changes = [_change("text", f"put what it is about on screen in the first {SECONDS} s", told, "text", 1.0)]
    if told["cuts"] is not None and told["cuts"] < ONE_CUT:
        changes.append(_change("cut", f"cut once in the first {SECONDS} s", told, "cuts", ONE_CUT))
    better = _better_start(observed, told)
    if better is not None:
        changes.append(better)
    return Weighed(value=found.strength, evidence=found.evidence, changes=tuple(changes))


def _change(aim: str, text: str, told: dict[str, float | None], source: str, value: float) -> Change:
    """Something that would give one source this value; it gains nothing where nobody looked at that source."""
    better = {**told, source: None if told[source] is None else value}
    gain = (merged(weights.HOOK, better) or 0.0) - (merged(weights.HOOK, told) or 0.0)
    return Change(aim=aim, text=text, gain=gain)


def _sources(observed: Observed) -> dict[str, _Seen]:
    opening = head(observed, SECONDS)
    return {
        "words": _words(observed, opening),
        "cuts": _cuts(observed, opening),
        "motion": _motion(observed, opening),
        "faces": _faces(observed, opening),
        "text": _text(observed, opening),
    }


def _trust(observed: Observed) -> float:
    """How far the words of the opening, or that there are none, can be told: 0 to 1."""
    spoken = said(observed)
    if spoken is None:
        return 0.0
    if observed.words is not None and not observed.words and not spoken:
        return 1.0  # somebody listened, and nobody speaks
    english = bool(observed.language) and not_english(observed) is None
    return SURE[observed.quality] * (1.0 if english else MARKS_ONLY)


def _words(observed: Observed, opening: Span) -> _Seen:
    spoken = said(observed)
    if spoken is None or (not spoken and not observed.words):
        return _Seen(value=None)  # where nobody ever speaks, the picture decides
    found: list[tuple[Sign, Span]] = []
    for n, one in enumerate(one for one in spoken if opening.contains(one.span.start)):
        # How a sentence leans on the one before speaks against the first alone, and nothing counts twice.
        told = {sign.name for sign, _ in found}
        signs = [sign for sign in _signs(observed, one) if sign.worth > 0 or not n]
        if not n and isinstance(pull := _pull(observed), Pull):
            signs.append(pulling.sign(pull))
        found += [(sign, within(one.span, observed.span)) for sign in signs if sign.name not in told]
    if starts_inside(observed):
        found.append((Sign("opens_inside_sentence", "opens in the middle of a sentence", -0.4), opening))
    elif not any(opening.contains(one.span.start) for one in spoken):
        return _Seen(value=0.1, signs=((Sign("opens_silent", "says nothing in its first seconds", -0.3), opening),))
    elif (wait := float(spoken[0].span.start - opening.start)) > LATE:
        found.append((Sign("opens_late", f"waits {wait:.1f} s before its first word", -0.15), opening))
    return _Seen(value=strength([sign for sign, _ in found]), signs=tuple(found))


def _pull(observed: Observed) -> Pull | str:
    """How well its first sentence pulls, or why that cannot be told."""
    spoken = said(observed)
    if not spoken:
        return "no words are known" if spoken is None else "nothing is said"
    if starts_inside(observed):
        return "it opens in the middle of a sentence"
    if not head(observed, SECONDS).contains(spoken[0].span.start):
        return f"nothing is said in its first {SECONDS} s"
    return _pull_of(observed, spoken[0])


def _pull_of(observed: Observed, sentence: Sentence) -> Pull | str:
    foreign = not_english(observed)
    if foreign is not None:
        return f"the hook model knows English alone: {foreign}"
    worth = None
    if observed.worths is not None and observed.sentences is not None:
        worth = next((one for one, of in zip(observed.worths, observed.sentences, strict=True) if of == sentence), None)
    return pulling.pull(sentence.text, worth)


def _signs(observed: Observed, sentence: Sentence) -> list[Sign]:
    """What one sentence would do as the first one."""
    english = not_english(observed) is None
    text = " ".join(sentence.text.replace("’", "'").split()[:OPENING])
    terms = [*(lexicons.HOOKS.values() if english else ()), lexicons.FIGURE]
    return [
        *opening_signs(sentence.text, english=english),
        *(Sign(term.name, term.text, term.worth) for term in terms if term.pattern.search(text)),
    ]


def _cuts(observed: Observed, opening: Span) -> _Seen:
    shots, still = pieces(observed), dead(observed, opening)
    if shots is None or still is None or not opening.duration:
        return _Seen(value=None)
    cuts = sum(opening.start < one.start < opening.end for one in shots)
    signs = []
    if cuts >= 2:
        signs.append((Sign("opens_with_cuts", f"cuts {cuts} times in its first seconds", 0.3), opening))
    if still > 0.1:
        signs.append((Sign("opens_dead", "opens on a black or frozen picture", -0.5), opening))
    return _Seen(value=unit(0.3 + (ONE_CUT - 0.3) * cuts) * (1 - still), signs=tuple(signs))


def _motion(observed: Observed, opening: Span) -> _Seen:
    if observed.footage is None:
        return _Seen(value=None)
    first = finite(observed.footage.motion.mean(opening))
    usual = finite(observed.footage.motion.mean(observed.span))
    if first is None or not usual:
        return _Seen(value=None)
    if first > RESTLESS * usual:
        return _Seen(value=1.0, signs=((Sign("opens_with_motion", "opens with much motion", 0.25), opening),))
    return _Seen(value=unit(0.5 * first / usual))


def _faces(observed: Observed, opening: Span) -> _Seen:
    seen = faces(observed)
    if seen is None or not opening.duration:
        return _Seen(value=None)
    share = Cover(one.span for one in seen).share(opening)
    if share < 0.1:
        return _Seen(value=share)
    first = min(within(one.span, opening) for one in seen if one.span.overlap(opening))
    return _Seen(value=share, signs=((Sign("opens_on_face", "opens on a face", 0.5 * share), first),))


def _text(observed: Observed, opening: Span) -> _Seen:
    stills = shown(observed)
    if stills is None or not opening.duration:
        return _Seen(value=None)
    here = [(one, span) for one, span in stills if span.overlap(opening)]
    if not here:
        return _Seen(value=0.0)
    first, span = min(here, key=lambda one: one[1])
    quoted = text_of(first)
    quoted = quoted if len(quoted) <= 40 else quoted[:39].rstrip() + "…"
    return _Seen(value=1.0, signs=((Sign("opens_with_text", f"opens with text on screen (“{quoted}”)", 0.5), span),))


def _better_start(observed: Observed, told: dict[str, float | None]) -> Change | None:
    """The sentence of the first half that would open the clip best; None where none comes later."""
    middle = observed.span.start + observed.span.duration / 2
    later = [one for one in said(observed) or () if observed.span.start + SECONDS <= one.span.start <= middle]
    if not later:
        return None
    opening = {one: _opening(observed, one) for one in later}
    best = max(later, key=lambda one: strength(opening[one]))
    signs = opening[best]
    text = f"start at the sentence at {clock(best.span.start)}, it {_reason(signs)}"
    return _change("start", text, told, "words", strength(signs))


def _opening(observed: Observed, sentence: Sentence) -> list[Sign]:
    """What a sentence further on would do, were it the first."""
    pull = _pull_of(observed, sentence)
    return [*_signs(observed, sentence), *([pulling.sign(pull)] if isinstance(pull, Pull) else [])]


def _reason(signs: Sequence[Sign]) -> str:
    best = max(signs, key=lambda one: one.worth, default=None)
    return best.text if best is not None and best.worth > 0 else "stands on its own"
