"""scripts/bench speech: words and their times on recordings whose text is known."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.silero import Silero
from common.adapters.models.sphinx import Sphinx, SphinxAligner
from common.domain.timebase import Span
from common.media import tools
from common.media.sound import RATE
from common.scoring.utterances import utterances
from scripts.benches import Row

_SPEECH = Path(__file__).resolve().parents[3] / "shared" / "data" / "speech"
_JFK = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
_TARGETS = {"jfk": 0.235, "LibriVox": 0.305, "LJSpeech": 0.195}  # all that rounds to 0.23, 0.30 and 0.19
_QUIET_DB, _PAUSE_S = 25, 0.22  # a pause of a reader: so far below what is loud, for at least so long
# The words of LJSpeech that follow such a pause, by their place in the text.
_AFTER_PAUSES = {
    "LJ001-0001": (1, 12),  # Printing, | in the only sense … concerned, | differs
    "LJ001-0003": (9, 13, 20),  # blocks | engraved in relief for | centuries … Netherlands, | by
    "LJ001-0004": (4,),  # the block books, | which
    "LJ001-0005": (13, 18),  # century | may justly be considered | as
    "LJ001-0006": (1, 8),  # And | it is worth mention in passing | that
}

Samples = NDArray[np.float32]


def rows() -> Iterator[Row]:
    if not _SPEECH.is_dir():
        return
    yield from _recognition()
    yield from _sureness()
    yield from _alignment()


def _recognition() -> Iterator[Row]:
    """Word error rates, cut as in a run, against the same decoder on whole files."""
    voice, model = Silero(**Silero.here(Path("none")).arguments), Sphinx()
    cpu = seconds = 0.0
    for name, files in _sets().items():
        ours, plain = [0, 0], [0, 0]
        for sound, said in files:
            began = time.process_time()
            found = " ".join(_words(model, piece) for piece in _cut(voice, sound))
            cpu, seconds = cpu + time.process_time() - began, seconds + len(sound) / RATE
            for count, text in ((ours, found), (plain, _plainly(sound))):
                count[0] += _errors(_tokens(said), _tokens(text))
                count[1] += len(_tokens(said))
        rate, alone = ours[0] / ours[1], plain[0] / plain[1]
        what = f"words: error rate on {name}"
        yield Row(name=what, value=rate, unit="", target=_TARGETS[name], peer=f"{ours[1]} words")
        peer = f"pocketsphinx alone, whole files, measured now: {alone:.3f}"
        yield Row(name=f"{what}, above plain", value=rate - alone, unit="", target=0, peer=peer)
    yield Row(name="words: CPU per second of sound", value=cpu / seconds, unit="s/s")


def _sureness() -> Iterator[Row]:
    """Utterances that gave words: of English those that should, of what is none those that should not."""
    model = Sphinx()
    languages = [_decoded(_SPEECH / "leopard" / f"test_{tag}.wav") for tag in ("de", "es", "fr", "ja", "pt")]
    wrong = sum(bool(model.transcribe(sound, None).words) for sound in languages)
    yield Row(name="words: other languages taken for English", value=wrong, unit=f"of {len(languages)}", target=0)
    english = [sound for files in _sets().values() for sound, _ in files]
    right = sum(bool(model.transcribe(sound, None).words) for sound in english)
    yield Row(name="words: English heard", value=right, unit=f"of {len(english)}", target=len(english), at_least=True)


def _alignment() -> Iterator[Row]:
    """Word starts in LJSpeech, taken apart at its readers' pauses and spliced with silences of known length."""
    model = SphinxAligner()
    draw = np.random.default_rng(7)
    off: list[float] = []
    spread: list[float] = []
    moved: list[float] = []
    cpu = seconds = 0.0
    for name, text in _texts().items():
        sound = _decoded(_SPEECH / "ljspeech" / f"{name}.wav")
        words = text.split()
        pauses = _pauses(sound)
        indices = _AFTER_PAUSES.get(name, ())
        assert len(pauses) == len(indices), (name, pauses)
        spliced, starts, shifts = _spliced(sound, pauses, draw)
        began = time.process_time()
        found = model.align(spliced, words)
        cpu, seconds = cpu + time.process_time() - began, seconds + len(spliced) / RATE
        length = np.cumsum([0, *(len(word) + 1 for word in words)])
        for index, start in zip((0, *indices), starts, strict=True):
            one = found[index]
            off.append(abs(one.start - start) if one else 9.0)
            spread.append(abs(length[index] / length[-1] * len(spliced) / RATE - start))
        for one, alone in zip(found, model.align(sound, words), strict=True):
            shift = sum(by for at, by in shifts if alone and alone.start > at - 0.15)
            moved.append(abs(one.start - alone.start - shift) if one and alone else 9.0)
    peer = f"words spread by length: {np.median(spread):.3f} s; {len(off)} words behind known silences"
    yield Row(name="times: error of word starts, median", value=float(np.median(off)), unit="s", target=0.06, peer=peer)
    yield Row(name="times: error of word starts, p95", value=float(np.percentile(off, 95)), unit="s", peer=peer)
    peer = f"the same recordings without the silences; {len(moved)} words"
    yield Row(
        name="times: all words, moved by silences, median",
        value=float(np.median(moved)),
        unit="s",
        target=0.06,
        peer=peer,
    )
    yield Row(
        name="times: all words, moved by silences, p95", value=float(np.percentile(moved, 95)), unit="s", peer=peer
    )
    yield Row(name="times: CPU per second of sound", value=cpu / seconds, unit="s/s")
    yield from _against_others(model)


def _against_others(model: SphinxAligner) -> Iterator[Row]:
    """Against the word times that Picovoice publishes with its English recording."""
    about = json.loads((_SPEECH / "leopard" / "test_data.json").read_text())["tests"]["language_tests"]
    known = next(one["words"] for one in about if one["language"] == "en")
    found = model.align(_decoded(_SPEECH / "leopard" / "test.wav"), [one["word"] for one in known])
    off = [abs(one.start - truth["start_sec"]) if one else 9.0 for one, truth in zip(found, known, strict=True)]
    peer = f"Picovoice Leopard's own times; {len(off)} words"
    yield Row(name="times: off another recogniser's, median", value=float(np.median(off)), unit="s", peer=peer)


def _sets() -> dict[str, list[tuple[Samples, str]]]:
    libri = sorted((_SPEECH / "librivox_sense").glob("*.wav"))
    return {
        "jfk": [(_decoded(_SPEECH / "jfk.flac"), _JFK)],
        "LibriVox": [(_decoded(path), path.with_suffix(".txt").read_text()) for path in libri],
        "LJSpeech": [(_decoded(_SPEECH / "ljspeech" / f"{name}.wav"), text) for name, text in _texts().items()],
    }


def _texts() -> dict[str, str]:
    lines = (_SPEECH / "ljspeech" / "metadata.csv").read_text().splitlines()
    return {line.split("|")[0]: line.split("|")[1] for line in lines}


def _decoded(path: Path) -> Samples:
    args = ["-nostdin", "-v", "error", "-i", tools.file_url(path), "-vn", "-ac", "1", "-ar", str(RATE)]
    return np.frombuffer(tools.run("ffmpeg", [*args, "-f", "f32le", "-"], scratch=Path("/")).stdout, np.float32)


def _cut(voice: Silero, sound: Samples) -> Iterator[Samples]:
    speech = [Span(Fraction(a), Fraction(b)) for a, b in voice.speech(sound)]
    quiet = [Span(Fraction(a), Fraction(b)) for a, b in _pauses(sound, least=0.3)]
    for one in utterances(speech, quiet):
        yield sound[round(one.start * RATE) : round(one.end * RATE)]


def _words(model: Sphinx, sound: Samples) -> str:
    return " ".join(word.text for word in model.transcribe(sound, None).words)


def _plainly(sound: Samples) -> str:
    """As pocketsphinx's own documentation does it."""
    from pocketsphinx import Decoder  # type: ignore[import-untyped,unused-ignore]

    decoder: Any = Decoder(loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    return str(decoder.hyp().hypstr)


def _tokens(text: str) -> list[str]:
    return re.sub("[^a-z]+", " ", text.lower().replace("'", "")).split()


def _errors(said: list[str], found: list[str]) -> int:
    """Words wrong, missing or too many: the least edits from one to the other."""
    row = list(range(len(found) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def _pauses(sound: Samples, least: float = _PAUSE_S) -> list[tuple[float, float]]:
    """Where a reader pauses, in seconds, on levels of 10 ms; not the ends of the recording."""
    grains = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    level = 10 * np.log10(np.square(grains).mean(axis=1) + 1e-10)
    quiet = np.concatenate(([0], (level < np.percentile(level, 95) - _QUIET_DB).view(np.int8), [0]))
    edges = np.flatnonzero(np.diff(quiet)).reshape(-1, 2) / 100
    return [(float(a), float(b)) for a, b in edges if b - a >= least and a > 0 and b < len(grains) / 100]


def _spliced(
    sound: Samples, pauses: list[tuple[float, float]], draw: np.random.Generator
) -> tuple[Samples, list[float], list[tuple[float, float]]]:
    """The sound with silence put before it and in the middle of each pause.

    Also when what follows each of them begins, and what was put in: (at, seconds).
    """
    cuts = [0.0, *((a + b) / 2 for a, b in pauses)]
    onsets = [_onset(sound), *(b for _, b in pauses)]
    parts: list[Samples] = []
    starts: list[float] = []
    shifts: list[tuple[float, float]] = []
    for cut, onset, end in zip(cuts, onsets, [*cuts[1:], len(sound) / RATE], strict=True):
        silence = round(float(draw.uniform(0.3, 1.2)), 2)
        shifts.append((cut, silence))
        parts += [np.zeros(int(silence * RATE), np.float32), sound[int(cut * RATE) : int(end * RATE)]]
        starts.append(onset + sum(by for _, by in shifts))
    return np.concatenate(parts), starts, shifts


def _onset(sound: Samples) -> float:
    """When a recording becomes loud."""
    grains = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    level = 10 * np.log10(np.square(grains).mean(axis=1) + 1e-10)
    return float(np.argmax(level >= np.percentile(level, 95) - _QUIET_DB)) / 100
