"""Completeness: whether the thought of a clip is introduced and closed, told by its edges."""

from __future__ import annotations

from fractions import Fraction

from common.domain.clip import Evidence
from common.domain.observed import Observed
from common.domain.timebase import Span, clock
from common.domain.transcript import Sentence
from common.scoring import weights
from common.scoring.hooks import opening_signs
from common.scoring.parts import EDGE, Change, Weighed, merged, not_english, said, starts_inside, untold

PAUSE = Fraction(3, 10)  # seconds of silence that let a thought begin or end

_QUESTION = ("?", "？", "؟")
_QUOTES = "\"'”’)»]"
_TEXTS = {  # what is said where it is so, and where it is not
    "starts_on_sentence": ("starts where a sentence starts", "starts inside a sentence"),
    "starts_on_own_feet": ("starts with a thought of its own", "starts with a word that leans on what came before"),
    "ends_on_sentence": ("ends where a sentence ends", "ends before the sentence does"),
    "ends_without_question": ("leaves no question open", "ends with a question left open"),
    "pause_before": ("starts after a pause", "starts without a pause"),
    "pause_after": ("ends in a pause", "ends without a pause"),
}


def completeness(observed: Observed) -> Weighed:
    """The weighted share of what a whole thought has, of what can be told; None without words."""
    spoken = said(observed)
    if spoken is None:
        return untold("no words are known")
    if not spoken:
        return untold("no sentence begins in it" if observed.words else "nobody speaks in it")
    met = _met(observed, spoken)
    value = merged(weights.COMPLETENESS, _values(met)) or 0.0
    opening, closing = spoken[0].span, spoken[-1].span
    evidence = [
        Evidence(
            name=name,
            text=_TEXTS[name][not true],
            weight=weights.COMPLETENESS[name] * (1 if true else -1),
            span=closing if name.startswith("ends") or name == "pause_after" else opening,
        )
        for name, true in met.items()
        if true is not None
    ]
    return Weighed(value=value, evidence=tuple(evidence), changes=_changes(observed, spoken, met, value))


def _met(observed: Observed, spoken: tuple[Sentence, ...]) -> dict[str, bool | None]:
    first, last, before = spoken[0], spoken[-1], observed.before
    english = not_english(observed) is None
    leans = any(sign.name in ("opens_mid_thought", "opens_with_pronoun") for sign in opening_signs(first.text))
    continued = before is not None and not before.closed and first.pause_before < PAUSE
    return {
        "starts_on_sentence": not starts_inside(observed) and not continued,
        "starts_on_own_feet": not leans if english else None,
        "ends_on_sentence": last.closed and last.span.end <= observed.span.end + EDGE,
        "ends_without_question": not last.text.rstrip(_QUOTES).endswith(_QUESTION),
        "pause_before": first.pause_before >= PAUSE,
        "pause_after": last.pause_after >= PAUSE,
    }


def _values(met: dict[str, bool | None]) -> dict[str, float | None]:
    return {name: None if true is None else float(true) for name, true in met.items()}


def _changes(
    observed: Observed, spoken: tuple[Sentence, ...], met: dict[str, bool | None], value: float
) -> tuple[Change, ...]:
    """Where to begin and to end instead; each as if only that were changed."""
    found = []

    def change(text: str, *mended: str) -> None:
        better = merged(weights.COMPLETENESS, _values({**met, **dict.fromkeys(mended, True)})) or 0.0
        found.append(Change(aim="start" if text.startswith("start") else "end", text=text, gain=better - value))

    if met["starts_on_sentence"] is False:
        change(f"start at {clock(spoken[0].span.start)}, where a sentence starts", "starts_on_sentence")
    elif met["starts_on_own_feet"] is False:
        alone = _alone(spoken, observed.span)
        if observed.before is not None:
            at = clock(observed.before.span.start)
            change(f"start with the sentence before, at {at}: the first one leans on it", "starts_on_own_feet")
        elif alone is not None:
            change(f"start at the sentence at {clock(alone.span.start)}, it needs none before it", "starts_on_own_feet")
    if met["ends_on_sentence"] is False:
        whole = [one for one in spoken if one.closed and one.span.end <= observed.span.end + EDGE]
        if whole:
            change(f"end at {clock(whole[-1].span.end)}, where a sentence ends", "ends_on_sentence")
        else:
            change("go on to where the sentence ends", "ends_on_sentence")
    if met["ends_without_question"] is False:
        change("go on to the answer of the question it ends with, or end before it", "ends_without_question")
    return tuple(found)


def _alone(spoken: tuple[Sentence, ...], span: Span) -> Sentence | None:
    """The first sentence of the first half that leans on none before it."""
    half = span.start + span.duration / 2
    leaning = ("opens_mid_thought", "opens_with_pronoun")
    for one in spoken[1:]:
        if one.span.start <= half and not any(sign.name in leaning for sign in opening_signs(one.text)):
            return one
    return None
