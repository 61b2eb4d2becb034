"""scripts/bench choosing: which clips are chosen of long talks, and which sentences are taken for the key ones."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from common.adapters.models.local import LocalModels
from common.domain.clip import Clip
from common.domain.codec import from_json, loads
from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
from common.scoring.contentwords import content_words
from common.scoring.keysentences import scores
from common.scoring.sentences import sentences
from common.stages import meaning, propose
from scripts.benches import Row
from tests.talks import weighed, work
from tests.work import OneStage

TEXT = Path(__file__).resolve().parents[3] / "shared" / "data" / "text"
LONG = Fraction(600)  # seconds of a talk that holds CLIPS at least
CLIPS = 6
MARKS = (".", "?", "!", "…")
CLOSING = "\"'”’)»"
THREE_HOURS = Fraction(3 * 3600)
HELD_OUT = slice(75, 150)  # talks; the weights of key sentences were fitted on the first 75
CHOSEN = 3  # sentences of a slide
GAIN = 0.03  # of F1 over the best floor
DRAWS, SEED = 2000, 1  # of the bootstrap over talks


def rows() -> Iterator[Row]:
    if not TEXT.is_dir():
        yield Row(name="choosing: left out, no transcripts here", value=0, unit="")
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        talks = transcripts()
        yield from _marked(talks, folder)
        yield from _unmarked(talks, folder)
        yield from _three_hours(talks, folder)
        yield from _key_sentences(folder)


def transcripts() -> list[Transcript]:
    """The long talks, each once, their words as they were timed."""
    found: dict[str, Transcript] = {}
    for one in json.loads((TEXT / "bbc_transcripts_word_timed.json").read_text()):
        rows_ = (one.get("transcript") or {}).get("words") or ()
        words = tuple(Word(text=row["text"].strip(), span=_span(row)) for row in rows_ if row["text"].strip())
        if words:
            said = " ".join(word.text for word in words)
            found[said] = Transcript(language="en", source="json", timing="measured", words=words)
    return list(found.values())


def _span(row: dict[str, Any]) -> Span:
    start, end = (Fraction(row[edge]).limit_denominator(1000) for edge in ("start", "end"))
    return Span(start, max(start, end))


def _job(said: Transcript, folder: Path, clips: int = CLIPS) -> OneStage:
    """A video of one shot, without sound."""
    return work(folder, seconds=int(said.words[-1].span.end) + 2, said=said, clips=clips)


def _clips(job: OneStage) -> list[Clip]:
    return from_json(list[Clip], loads(job.get(propose.run(job).result["clips"])))


def _edges(clip: Clip, words: Sequence[Word]) -> tuple[int, int]:
    """Numbers of the first and the last word whose middle is in the clip."""
    inside = [n for n, word in enumerate(words) if clip.span.contains((word.span.start + word.span.end) / 2)]
    return inside[0], inside[-1]


def _ends(words: Sequence[Word], n: int) -> bool:
    return n in (-1, len(words) - 1) or words[n].text.rstrip(CLOSING).endswith(MARKS)


def _marked(talks: Sequence[Transcript], folder: Path) -> Iterator[Row]:
    wrong = total = 0
    fewest: list[int] = []
    for said in talks:
        job = _job(said, folder)
        job.given["meaning"] = meaning.run(job).result
        clips = _clips(job)
        edges = [_edges(clip, said.words) for clip in clips]
        wrong += sum(not (_ends(said.words, first - 1) and _ends(said.words, last)) for first, last in edges)
        total += len(clips)
        if said.words[-1].span.end > LONG:
            fewest.append(len({clip.span for clip in clips}))
    what = f"{total} clips of {len(talks)} talks"
    yield Row(name="clips: begin or end inside a sentence", value=wrong, unit="", target=0, peer=what)
    what = f"{len(fewest)} talks over 10 minutes, asked for {CLIPS}"
    yield Row(
        name="clips: distinct ones of a long talk, at least",
        value=min(fewest),
        unit="",
        target=6,
        at_least=True,
        peer=what,
    )


def _unmarked(talks: Sequence[Transcript], folder: Path) -> Iterator[Row]:
    """The same talks without marks and capitals."""
    pauses: list[Fraction] = []
    total = 0
    for said in talks:
        words = tuple(replace(one, text=_plain(one.text)) for one in said.words if _plain(one.text))
        clips = _clips(_job(replace(said, words=words), folder))
        total += len(clips)
        for first, last in (_edges(clip, words) for clip in clips):
            pauses += [words[b].span.start - words[b - 1].span.end for b in (first, last + 1) if 0 < b < len(words)]
    yield Row(
        name="clips without marks: shortest pause at an edge",
        value=1000 * float(min(pauses)),
        unit="ms",
        target=200,
        at_least=True,
        peer=f"{total} clips of {len(talks)} talks",
    )


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum() or character in "'’-")


def _three_hours(talks: Sequence[Transcript], folder: Path) -> Iterator[Row]:
    """The talks one after the other, again and again; their sentences' vectors are drawn."""
    words: list[Word] = []
    begins = Fraction(0)
    while begins < THREE_HOURS:
        for said in talks:
            words += [replace(one, span=Span(one.span.start + begins, one.span.end + begins)) for one in said.words]
            begins = words[-1].span.end + 1
    said = replace(talks[0], words=tuple(word for word in words if word.span.end <= THREE_HOURS))
    count = len(sentences(said.words))
    draw = np.random.default_rng(SEED)
    vectors = draw.normal(size=(count, meaning.DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    job = weighed(_job(said, folder, clips=20), draw.random(count).tolist(), vectors)
    began = time.process_time()
    clips = _clips(job)
    spent = time.process_time() - began
    what = f"{len(said.words)} words, {count} sentences, {len(clips)} clips"
    yield Row(name="choosing of three hours: CPU", value=spent, unit="s", target=20, peer=what)


def _key_sentences(folder: Path) -> Iterator[Row]:
    """Mean F1 of the best sentences of each labelled slide, against those that its author's slide repeats."""
    with gzip.open(TEXT / "vtssum_dev_150.jsonl.gz", "rt") as lines:
        talks = [json.loads(line) for line in lines][HELD_OUT]
    with LocalModels(folder / "models").sentences(folder) as embedder:
        found = [list(_slides(talk, embedder.embed)) for talk in talks]
    found = [slides for slides in found if slides]
    floors = {name: mean(one[name] for slides in found for one in slides) for name in ("longest", "lead", "random")}
    best = max(floors, key=lambda name: floors[name])
    ours = mean(one["ours"] for slides in found for one in slides)
    said = ", ".join(f"{name} {value:.3f}" for name, value in floors.items())
    peer = f"{said}; {sum(map(len, found))} slides of {len(found)} talks"
    name = "key sentences: F1 of the top three"
    yield Row(name=name, value=ours, unit="", target=round(floors[best] + GAIN, 3), at_least=True, peer=peer)
    low, high = _interval([[one["ours"] - one[best] for one in slides] for slides in found])
    peer = f"over {best}: {ours - floors[best]:.3f}, 95 % of {DRAWS} draws of talks from {low:.3f} to {high:.3f}"
    yield Row(
        name="key sentences: least gain over the best floor", value=low, unit="", target=0, at_least=True, peer=peer
    )


def _slides(talk: dict[str, Any], embed: Callable[[Sequence[str]], Any]) -> Iterator[dict[str, float]]:
    """F1 of each labelled slide: ours and the floors; "random" is what drawing gives on the mean."""
    slides = [[one["sent"] for one in slide["summarization_data"]] for slide in talk["summarization"].values()]
    words = content_words([text for slide in slides for text in slide])
    first = 0
    for slide, texts in zip(talk["summarization"].values(), slides, strict=True):
        mine = words[first : first + len(texts)]
        first += len(texts)
        labels = [one["label"] for one in slide["summarization_data"]]
        if not slide["is_summarization_sample"] or not any(labels):
            continue
        taken = min(CHOSEN, len(labels))
        yield {
            "ours": _f1(scores(texts, mine, embed(texts)), labels),
            "longest": _f1([len(text) for text in texts], labels),
            "lead": _f1([-n for n in range(len(labels))], labels),
            "random": 2 * sum(labels) * taken / len(labels) / (taken + sum(labels)),
        }


def _f1(values: Sequence[float], labels: Sequence[int]) -> float:
    best = sorted(range(len(values)), key=lambda n: (-values[n], n))[:CHOSEN]
    return 2 * sum(labels[n] for n in best) / (len(best) + sum(labels))


def _interval(gains: Sequence[Sequence[float]]) -> tuple[float, float]:
    """95 % of the mean gain, by drawing whole talks: the slides of one talk are not independent."""
    draw = np.random.default_rng(SEED)
    sums, counts = np.array([sum(one) for one in gains]), np.array([len(one) for one in gains])
    drawn = draw.integers(0, len(gains), (DRAWS, len(gains)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), (2.5, 97.5))
    return float(low), float(high)
