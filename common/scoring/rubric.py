"""The rubric: yes-or-no questions that anybody can check against the clip, each with its answer's place.

Most questions, with their seconds and counts, are those of Google's ABCD detector for video adverts (Apache-2.0) that
can be told from shots, faces, words and text. Those for upright short videos, and what a close-up is, are our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from common.domain.judgement import Item
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.scoring import lexicons, weights
from common.scoring.liveliness import close_up
from common.scoring.parts import dead, faces, head, not_english, pieces, said, shown, text_of, within
from common.scoring.psychology import to_camera

FIRST_SHOT, PACE = 3, 2  # seconds
SHOTS, WINDOW = 5, 5  # shots in so many seconds
SHORT = 60  # seconds

_QUESTIONS: Final = {
    "first_shot_under_3s": "Is the first shot shorter than 3 s?",
    "five_shots_in_5s": "Are there at least 5 shots in any 5 s?",
    "pace_under_2s_a_shot": "Do shots last less than 2 s on average?",
    "text_on_screen": "Is there text on screen?",
    "brand_said_in_5s": "Is the brand or product named in the first 5 s?",
    "brand_shown_in_5s": "Is the brand or product written on screen in the first 5 s?",
    "face": "Is a face seen?",
    "face_in_5s": "Is a face seen in the first 5 s?",
    "close_up": "Is a face seen close up?",
    "speech_in_5s": "Does somebody speak in the first 5 s?",
    "call_to_action_said": "Is the viewer told what to do?",
    "call_to_action_shown": "Does text on screen say what to do?",
    "upright": "Is the picture upright?",
    "under_60s": "Does it last no longer than 60 s?",
    "speech_in_1s": "Does somebody speak within the first second?",
    "lively_first_second": "Does the first second show a moving picture?",
    "speaks_to_camera": "Does somebody speak into the camera?",
}
_NO_SHOTS = "the shots are not known"
_NO_FACES = "nobody looked for faces"
_NO_WORDS = "no words are known"
_NO_TEXT = "nobody read the text on screen"
_NO_BRAND = "no brand or product was declared; give its name"
_TOKEN = re.compile(r"[^\W_]+")

Answer = tuple[bool | None, Span | None, str | None]  # met, where, what is missing


def rubric(observed: Observed) -> tuple[Item, ...]:
    """Every item, in a fixed order."""
    answers = dict(_answers(observed))
    return tuple(
        Item(
            key=key,
            text=text,
            met=answers[key][0],
            weight=weights.RUBRIC[key],
            span=answers[key][1],
            why=answers[key][2],
        )
        for key, text in _QUESTIONS.items()
    )


def _answers(observed: Observed) -> Iterator[tuple[str, Answer]]:
    yield from _of_shots(observed)
    yield from _of_faces(observed)
    yield from _of_words(observed)
    yield from _of_text(observed)
    yield "under_60s", (observed.span.duration <= SHORT, observed.span, None)
    video = observed.probe.video if observed.probe else None
    upright = None if video is None else video.display_height > video.display_width
    yield "upright", (upright, None, None if video else "the size of the picture is not known")


def _of_shots(observed: Observed) -> Iterator[tuple[str, Answer]]:
    shots = pieces(observed)
    still = dead(observed, head(observed, 1))
    if not shots:
        for key in ("first_shot_under_3s", "five_shots_in_5s", "pace_under_2s_a_shot", "lively_first_second"):
            yield key, (None, None, _NO_SHOTS)
        return
    yield "first_shot_under_3s", (shots[0].duration < FIRST_SHOT, shots[0], None)
    yield "pace_under_2s_a_shot", (observed.span.duration < PACE * len(shots), observed.span, None)
    quick = [Span(one.end, last.start) for one, last in zip(shots, shots[SHOTS - 1 :], strict=False)]
    dense = next((one for one in quick if one.duration < WINDOW), None)
    yield "five_shots_in_5s", (dense is not None, dense, None)
    yield "lively_first_second", (still is not None and still < 0.5, head(observed, 1), None)


def _of_faces(observed: Observed) -> Iterator[tuple[str, Answer]]:
    seen = faces(observed)
    if seen is None:
        for key in ("face", "face_in_5s", "close_up", "speaks_to_camera"):
            yield key, (None, None, _NO_FACES)
        return
    first = min((within(one.span, observed.span) for one in seen), default=None)
    soon = first is not None and first.start < head(observed, WINDOW).end
    yield "face", (first is not None, first, None)
    yield "face_in_5s", (soon, first if soon else None, None)
    close, speaker = close_up(observed), to_camera(observed)
    yield "close_up", (close is not None, close, None)
    if speaker is None and seen and all(one.speaking is None for one in seen):
        yield "speaks_to_camera", (None, None, "who speaks cannot be told")
    else:
        yield "speaks_to_camera", (speaker is not None, speaker, None)


def _of_words(observed: Observed) -> Iterator[tuple[str, Answer]]:
    spans = _speech(observed)
    for key, seconds in (("speech_in_5s", WINDOW), ("speech_in_1s", 1)):
        if spans is None:
            yield key, (None, None, "nobody listened for speech")
        else:
            soon = min(
                (within(one, observed.span) for one in spans if one.overlap(head(observed, seconds))), default=None
            )
            yield key, (soon is not None, soon, None)
    texts = None
    if (spoken := said(observed)) is not None:
        texts = [(one.text, within(one.span, observed.span)) for one in spoken]
    yield "call_to_action_said", _called(observed, texts, _NO_WORDS)
    early = head(observed, WINDOW)
    if observed.words is None:
        yield "brand_said_in_5s", (None, None, _NO_WORDS)
    else:
        words = [(one.text, one.span) for one in observed.words if early.contains(one.span.start)]
        yield "brand_said_in_5s", _named(observed.brand, words)


def _of_text(observed: Observed) -> Iterator[tuple[str, Answer]]:
    stills = shown(observed)
    if stills is None:
        for key in ("text_on_screen", "call_to_action_shown", "brand_shown_in_5s"):
            yield key, (None, None, _NO_TEXT)
        return
    texts = [(text_of(one), span) for one, span in stills]
    first = min((span for _, span in texts), default=None)
    yield "text_on_screen", (first is not None, first, None)
    yield "call_to_action_shown", _called(observed, texts, _NO_TEXT)
    early = head(observed, WINDOW)
    answers = [_named(observed.brand, [one]) for one in texts if one[1].overlap(early)]
    yield "brand_shown_in_5s", next((one for one in answers if one[0]), _named(observed.brand, []))


def _speech(observed: Observed) -> list[Span] | None:
    """Where somebody speaks: the words, else what was heard as speech."""
    if observed.words is not None:
        return [word.span for word in observed.words]
    return None if observed.sounds is None else [span for kind, span in observed.sounds if kind == "speech"]


def _called(observed: Observed, texts: list[tuple[str, Span]] | None, missing: str) -> Answer:
    if texts is None:
        return None, None, missing
    if texts and (why := not_english(observed)) is not None:
        return None, None, why
    where = next((span for text, span in texts if lexicons.CALL_TO_ACTION.search(text.replace("’", "'"))), None)
    return where is not None, where, None


def _named(brand: str | None, texts: list[tuple[str, Span]]) -> Answer:
    """Whether a run of whole words makes the brand, however it is parted: "Chrome cast" is "ChromeCast"."""
    wanted = "".join(_TOKEN.findall((brand or "").casefold()))
    if not wanted:
        return None, None, _NO_BRAND
    tokens = [(token, span) for text, span in texts for token in _TOKEN.findall(text.casefold())]
    for n, (_, first) in enumerate(tokens):
        run = ""
        for token, last in tokens[n:]:
            run += token
            if run == wanted:
                return True, Span(first.start, max(first.start, last.end)), None
            if not wanted.startswith(run):
                break
    return False, None, None
