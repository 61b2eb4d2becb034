"""Hear the words of some utterances, each by itself: however they are shared out, the words are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from common.domain.asset import Probe
from common.domain.codec import dumps, from_json, to_json
from common.domain.timebase import Span
from common.domain.transcript import Word
from common.errors import ModelMissing, Permanent
from common.media.probe import choose_audio
from common.media.sound import pieces
from common.ports.models import Heard, Recogniser
from common.ports.work import LeftOut, Outcome, Work

_TICK = 1000  # a word's times are in whole milliseconds of its utterance


def run(work: Work) -> Outcome:
    """The words of the member's utterances; None, and why, where no model here can tell them."""
    told, member = work.need("ingest"), work.member
    if told is None or member is None:
        raise Permanent("there is no speech to hear without a look at the file; run again from ingest")
    probe = from_json(Probe, told["probe"])
    audio = choose_audio(probe.audio, told["audio_track"])
    if audio is None:
        raise Permanent("the file has no sound to hear words in", code="no_audio")
    spans = [Span(*pair) for pair in from_json(list[tuple[Fraction, Fraction]], member["utterances"])]
    asked = work.settings.language
    try:
        with work.models.recogniser(work.scratch) as model:
            if asked and model.languages and asked.split("-")[0].lower() not in model.languages:
                return _nothing(_unknown(asked, model.languages), len(spans))
            sound = pieces(work.local_source(), audio, probe, spans, scratch=work.scratch)
            return _heard(work, model, spans, sound)
    except ModelMissing as missing:
        return _nothing(str(missing), len(spans))


def _heard(work: Work, model: Recogniser, spans: Sequence[Span], sound: Any) -> Outcome:
    words: list[Word] = []
    languages: Counter[str] = Counter()
    unheard, done = 0, Fraction(0)
    total = float(sum((span.duration for span in spans), Fraction(0)))
    for span, samples in zip(spans, sound, strict=True):
        work.progress(float(done), total, "s")
        found = model.transcribe(samples, work.settings.language)
        words += [_word(one, span) for one in found.words]
        if found.words and found.language:
            languages[found.language] += len(found.words)
        unheard += not found.words
        done += span.duration
    work.progress(total, total, "s")
    common = languages.most_common(1)
    return Outcome(
        result={
            "words": to_json(work.put("words.json", dumps([_plain(word) for word in words]))),
            "count": len(words),
            "source": model.source,
            "quality": model.quality,
            "language": common[0][0] if common else work.settings.language,
            "unheard": unheard,
            "utterances": len(spans),
        }
    )


def _nothing(why: str, utterances: int) -> Outcome:
    nothing = dict.fromkeys(("words", "source", "quality", "language"))
    return Outcome(
        result={**nothing, "count": 0, "unheard": utterances, "utterances": utterances},
        left_out=(LeftOut(what="the words", why=why),),
    )


def _unknown(asked: str, known: Sequence[str]) -> str:
    return (
        f"words are recognised for {', '.join(known)} only here, and {asked} was asked for; "
        "give --transcript or add a Whisper model: scripts/models"
    )


def _word(heard: Heard, span: Span) -> Word:
    """In the video's time, inside its utterance."""
    start = min(span.start + Fraction(round(heard.start * _TICK), _TICK), span.end)
    end = min(span.start + Fraction(round(heard.end * _TICK), _TICK), span.end)
    return Word(text=heard.text, span=Span(start, max(start, end)), confidence=heard.confidence)


def _plain(word: Word) -> dict[str, Any]:
    return {"text": word.text, "start": word.span.start, "end": word.span.end, "confidence": word.confidence}
