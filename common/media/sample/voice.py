"""Sentences to sound, by whatever voice this machine has: ffmpeg's flite, espeak-ng, or macOS's say."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.domain.timebase import Span
from common.domain.transcript import Word
from common.errors import BadInput, ToolFailed
from common.media import tools
from common.media.sample.script import SCRIPT

RATE = 16_000  # samples per second
_AUDIBLE = 300  # of 32768: where a sentence starts and ends
_LEAD = 0.5  # seconds of silence before the first sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The whole voice track, int16 mono at RATE; when each line of the script is spoken; its words."""

    samples: NDArray[np.int16]
    lines: tuple[Span, ...]
    words: tuple[Word, ...]


def speak(scratch: Path) -> Spoken:
    """Speak the script. Raises BadInput when there is no voice on this machine."""
    track = [np.zeros(int(_LEAD * RATE), np.int16)]
    at = len(track[0])
    lines: list[Span] = []
    words: list[Word] = []
    for line in SCRIPT:
        said = _trimmed(_say(line.text, scratch))
        span = Span(Fraction(at, RATE), Fraction(at + len(said), RATE))
        lines.append(span)
        words += _words(line.text, span)
        track += [said, np.zeros(int(line.pause * RATE), np.int16)]
        at += len(said) + len(track[-1])
    return Spoken(samples=np.concatenate(track), lines=tuple(lines), words=tuple(words))


def _say(text: str, scratch: Path) -> NDArray[np.int16]:
    """One sentence as samples at RATE."""
    script, made = scratch / "line.txt", scratch / "line.wav"
    script.write_text(text)
    made.unlink(missing_ok=True)
    if _has_flite(scratch):
        source = ["-f", "lavfi", "-i", "flite=textfile=line.txt:voice=slt"]
    elif shutil.which("espeak-ng"):
        tools.run("espeak-ng", ["-v", "en-us", "-s", "155", "-f", "line.txt", "-w", "line.wav"], scratch=scratch)
        source = ["-i", tools.file_url(made)]
    elif sys.platform == "darwin":
        tools.run("say", ["-f", "line.txt", "-o", "line.wav", "--data-format=LEI16@22050"], scratch=scratch)
        source = ["-i", tools.file_url(made)]
    else:
        raise BadInput(
            "there is no voice on this machine to speak the sample; "
            "install one (sudo apt-get install -y espeak-ng) or give a VIDEO"
        )
    heard = tools.run(
        "ffmpeg",
        ["-nostdin", "-v", "error", *source, "-ar", str(RATE), "-ac", "1", "-f", "s16le", "-"],
        scratch=scratch,
    )
    return np.frombuffer(heard.stdout, np.int16)


@cache
def _has_flite(scratch: Path) -> bool:
    return b" flite " in tools.run("ffmpeg", ["-hide_banner", "-filters"], scratch=scratch).stdout


def _trimmed(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _AUDIBLE)
    if not len(loud):
        raise ToolFailed("the voice of this machine said nothing; give a VIDEO")
    return samples[loud[0] : loud[-1] + 1]


def _words(text: str, span: Span) -> list[Word]:
    """A sentence's words, sharing its time by their length: estimated, and said so in the transcript."""
    tokens = text.split()
    lengths = [sum(sign.isalnum() for sign in token) + 2 + 3 * token.endswith((",", ":")) for token in tokens]
    total, done, words = sum(lengths), 0, []
    for token, length in zip(tokens, lengths, strict=True):
        start = span.start + span.duration * Fraction(done, total)
        done += length
        words.append(Word(text=token, span=Span(start, span.start + span.duration * Fraction(done, total))))
    return words
