"""The words that are spoken: those of a given transcript, put where the sound has them, or those that were heard."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from common.domain.asset import AudioStream, Probe
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
from common.errors import ModelMissing, Permanent, ToolFailed
from common.media.captions import read_transcript
from common.media.probe import choose_audio
from common.media.sound import pieces, position
from common.ports.models import Aligner
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring.placing import Block, blocks, halves, placed

if TYPE_CHECKING:
    from common.ports.models import Samples

_MOSTLY = Fraction(4, 5)  # of the words found in the sound: from there on the times count as measured


def run(work: Work) -> Outcome:
    """The words in order, inside the video; no words are a result too. Raises BadInput for what is no transcript."""
    told = work.need("ingest")
    if told is None:
        raise Permanent("there is no video to transcribe; run again from ingest")
    probe = from_json(Probe, told["probe"])
    left_out: tuple[LeftOut, ...] = ()
    if work.settings.transcript is None:
        found = _heard(work)
    else:
        found = _given(work, work.settings.transcript, probe)
        audio = choose_audio(probe.audio, told["audio_track"])
        if audio is not None and found.timing == "estimated":
            found, left_out = _timed(work, found, probe, audio)
    return Outcome(
        result={
            "transcript": to_json(work.put("transcript.json", dumps(found))),
            "words": len(found.words),
            "language": found.language,
            "source": found.source,
            "timing": found.timing,
            "quality": found.quality,
            "notes": list(found.notes),
        },
        left_out=left_out,
    )


def _given(work: Work, key: str, probe: Probe) -> Transcript:
    raw = work.get({"object": key, "sha256": "", "size": 0})
    found = read_transcript(raw, name=key.rsplit("/", 1)[-1], duration=probe.duration)
    return replace(found, language=work.settings.language or found.language)


def _heard(work: Work) -> Transcript:
    """What the hear runs found, joined; those that have no words said why themselves."""
    parts = work.needs("hear")
    words: list[Word] = []
    for part in parts:
        if part["words"] is not None:
            words += [_word(one) for one in loads(work.get(part["words"]))]
    known = next((part for part in parts if part["source"] is not None), None)
    counts: dict[str, int] = {}
    for part in parts:
        if part["language"]:
            counts[part["language"]] = counts.get(part["language"], 0) + part["count"]
    return Transcript(
        language=work.settings.language or max(sorted(counts), key=lambda name: counts[name], default=None),
        source=known["source"] if known else "none",
        timing="measured",
        words=tuple(words),
        notes=_notes(work.need("listen"), parts),
        quality=known["quality"] if known and words else None,
    )


def _notes(listened: Json | None, parts: list[Json]) -> tuple[str, ...]:
    """Why there are no words, or not all; what failed is told by its own stage."""
    if listened is not None and not listened["seconds"]["speech"]:
        return ("nobody speaks",)
    unheard, total = (sum(part[name] for part in parts if part["source"]) for name in ("unheard", "utterances"))
    if unheard:
        return (f"{unheard} of {total} stretches of speech gave no sure words; they may be in another language",)
    return ()


def _word(one: Json) -> Word:
    span = Span(Fraction(one["start"]), Fraction(one["end"]))
    return Word(text=one["text"], span=span, confidence=one["confidence"])


def _timed(work: Work, given: Transcript, probe: Probe, audio: AudioStream) -> tuple[Transcript, tuple[LeftOut, ...]]:
    """The words at the times at which the sound has them; those it cannot be found for keep their estimate."""
    try:
        with work.models.aligner(work.scratch) as model:
            tag = given.language.split("-")[0].lower() if given.language else None
            if tag is not None and tag not in model.languages:
                return given, ()  # said by timing: estimated
            found = _aligned(work, model, given, probe, audio)
            source = model.source
    except (ModelMissing, ToolFailed) as error:
        return given, (LeftOut(what="the exact times of words", why=str(error)),)
    count = sum(span is not None for span in found)
    if not count:
        note = "the words do not fit the sound, so their times stay estimated; is it the right transcript?"
        return replace(given, notes=(*given.notes, note)), ()
    note = f"times found by {source}"
    if count < len(found):
        note = f"times of {count} of {len(found)} words found by {source}, the others estimated"
    return replace(
        given,
        words=placed(given.words, found),
        timing="measured" if count >= _MOSTLY * len(found) else "estimated",
        notes=(*given.notes, note),
    ), ()


def _aligned(work: Work, model: Aligner, given: Transcript, probe: Probe, audio: AudioStream) -> list[Span | None]:
    """One span per word, None where it was not found."""
    todo = blocks(given.words, probe.duration)
    found: list[Span | None] = [None] * len(given.words)
    total = float(probe.duration)
    sound = pieces(work.local_source(), audio, probe, [block.span for block in todo], scratch=work.scratch)
    for block, samples in zip(todo, sound, strict=True):
        _align(model, given.words, block, samples, found)
        work.progress(min(float(block.span.end), total), total, "s")
    return found


def _align(model: Aligner, words: tuple[Word, ...], block: Block, samples: Samples, found: list[Span | None]) -> None:
    """Note the times of a block's words in `found`; where none fits, of each of its halves."""
    texts = [word.text for word in words[block.first : block.last]]
    heard = model.align(samples, texts)
    if not any(one is not None for one in heard):
        for half in halves(block, words) or ():
            first, last = (position(at - block.span.start) for at in (half.span.start, half.span.end))
            _align(model, words, half, samples[first:last], found)
        return
    for n in range(block.keep_first, block.keep_last):
        one = heard[n - block.first]
        if one is not None:
            start, end = (block.span.start + Fraction(round(at * 1000), 1000) for at in (one.start, one.end))
            found[n] = Span(start, max(start, min(end, block.span.end)))
