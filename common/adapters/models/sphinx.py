"""English words by pocketsphinx, whose model comes with its package: a draft. Implements Recogniser and Aligner."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.child import Here
from common.adapters.models.pronunciation import plain, pronunciations
from common.errors import ModelMissing
from common.ports.models import Heard, Quality, Transcribed

_FRAME = 0.01  # seconds
_VARIANT = re.compile(r"\(\d+\)$")
_LANGUAGES = ("en",)
# States followed at once; the decoder's own 30,000 hear the same words in a quarter more time. At 3,000 some are lost.
_STATES = 6000
_LEAST = 1600  # samples; there is no word in a tenth of a second
_NOISE = 40  # grains

# Guards against words that nobody said. An utterance is sure of itself by its mean fit plus twice its words' mean
# chance. Seen: LibriVox, LJSpeech and other read English -2.9 to -0.7, John F. Kennedy (echo) -3.0, telephone -3.2;
# Portuguese -3.5, French -3.8, Spanish, Japanese -3.9, German -4.0; a meeting heard from afar, where hardly a word was
# right, -3.4.
_SURE = -3.3
_COVERED = 0.4  # least share of what is loud that words make up: of a tune they make up a quarter, of talk nine tenths
_STRETCHED = 0.35  # seconds per phone: a hum is taken for one long word
_ALIGNED = -3.2  # least mean fit of words that were known beforehand
_WORD_ALIGNED = -6.5  # and of one of them


@dataclass(frozen=True, slots=True)
class _Piece:
    """One word as the decoder has it. `fit`: log likelihood per frame against the best sound at that time."""

    text: str
    first: int  # frame
    last: int  # inclusive
    fit: float
    chance: float

    @property
    def frames(self) -> int:
        return self.last - self.first + 1


class Sphinx:
    """Each utterance is decoded anew: its loudness is levelled on itself alone, no state goes from one to the next."""

    def __init__(self) -> None:
        self.source, self.quality, self.languages = _source(), _QUALITY, _LANGUAGES
        self._decoder = _decoder(maxhmmpf=_STATES)

    @staticmethod
    def here(store: Path) -> Here:
        return _here(quality=_QUALITY)

    def transcribe(self, samples: NDArray[np.float32], language: str | None) -> Transcribed:
        """The words of one utterance; none where they fit the sound badly, as in music or another language."""
        if language is not None and language.split("-")[0].lower() not in _LANGUAGES:
            return Transcribed(words=(), language=language)
        pieces = [piece for piece in self._heard(samples) if self._is_said(piece)]
        if not pieces or _sureness(pieces) < _SURE or _covered(pieces, samples) < _COVERED:
            return Transcribed(words=(), language=language)
        words = tuple(
            Heard(
                text=piece.text,
                start=piece.first * _FRAME,
                end=min((piece.last + 1) * _FRAME, len(samples) / 16_000),
                confidence=piece.chance,
            )
            for piece in pieces
        )
        return Transcribed(words=words, language="en")

    def _heard(self, samples: NDArray[np.float32]) -> list[_Piece]:
        if len(samples) < _LEAST:
            return []
        # The decoder takes off the noise it has learnt so far: let it learn that of this utterance first.
        _decode(self._decoder, _quietest(samples))
        _decode(self._decoder, samples, anew=False)
        return _pieces(self._decoder)

    def _is_said(self, piece: _Piece) -> bool:
        phones = len((self._decoder.lookup_word(piece.text) or "").split()) or 1
        return piece.frames * _FRAME <= _STRETCHED * phones + 0.3


class SphinxAligner:
    """Known English words to their times; refuses words that were not said in the sound it is given."""

    def __init__(self) -> None:
        self.source, self.languages = _source(), _LANGUAGES
        self._decoder = _decoder(lm=None)
        self._keys: dict[str, str | None] = {}

    @staticmethod
    def here(store: Path) -> Here:
        return _here()

    def align(self, samples: NDArray[np.float32], words: Sequence[str]) -> list[Heard | None]:
        """One entry per word, None where it could not be placed: what English cannot say, and what does not fit."""
        none: list[Heard | None] = [None] * len(words)
        keys = [self._key(word) for word in words]
        known = [n for n, key in enumerate(keys) if key is not None]
        if not known or len(samples) < _LEAST:
            return none
        self._decoder.set_align_text(" ".join(key for key in keys if key is not None))
        _decode(self._decoder, samples)
        pieces = _pieces(self._decoder)
        frames = sum(piece.frames for piece in pieces)
        if len(pieces) != len(known) or sum(piece.fit * piece.frames for piece in pieces) < _ALIGNED * frames:
            return none
        found = none
        for n, piece in zip(known, pieces, strict=True):
            if piece.fit >= _WORD_ALIGNED:
                found[n] = Heard(
                    text=words[n],
                    start=piece.first * _FRAME,
                    end=min((piece.last + 1) * _FRAME, len(samples) / 16_000),
                    confidence=round(math.exp(piece.fit / 4), 4),
                )
        return found

    def _key(self, word: str) -> str | None:
        """The word's entry in the dictionary, made if there is none; None for what English cannot say."""
        if word not in self._keys:
            simple = plain(word)
            if simple.replace("'", "").isalpha() and self._decoder.lookup_word(simple) is not None:
                self._keys[word] = simple
            else:
                key = f"given-{len(self._keys)}"
                ways = pronunciations(word, self._decoder.lookup_word)
                for n, phones in enumerate(ways):
                    self._decoder.add_word(key if n == 0 else f"{key}({n + 1})", phones, False)
                self._keys[word] = key if ways else None
        return self._keys[word]


def _sureness(pieces: Sequence[_Piece]) -> float:
    fit = sum(piece.fit * piece.frames for piece in pieces) / sum(piece.frames for piece in pieces)
    return fit + 2 * sum(piece.chance for piece in pieces) / len(pieces)


def _covered(pieces: Sequence[_Piece], samples: NDArray[np.float32]) -> float:
    """The seconds of words over the seconds of sound that is no more than 25 dB below the loudest."""
    grains = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(np.float64)
    power = np.square(grains).mean(axis=1)
    loud = np.count_nonzero(power > np.percentile(power, 95) / 10**2.5)
    return sum(piece.frames for piece in pieces) / max(1, int(loud))


_QUALITY: Quality = "draft"


@cache  # asked for each flow, and read from a file of a thousand lines
def _source() -> str:
    return f"pocketsphinx@{metadata.version('pocketsphinx')}"


def _here(**facts: Any) -> Here:
    if find_spec("pocketsphinx") is None:
        raise ModelMissing(
            "pocketsphinx is not here: there is none for this Python; PYTHON=python3.13 scripts/setup brings it"
        )
    return Here(source=_source(), facts={"languages": _LANGUAGES, **facts})


def _decoder(**options: Any) -> Any:
    from pocketsphinx import Decoder  # type: ignore[import-untyped,unused-ignore]

    # cmn=batch: sound is levelled over the one utterance, not by what was heard before
    return Decoder(cmn="batch", loglevel="FATAL", **options)


def _decode(decoder: Any, samples: NDArray[np.float32], *, anew: bool = True) -> None:
    """Decode sound. `anew`: without the noise that was learnt from what came before."""
    if anew:
        decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()


def _quietest(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Its quietest 0.4 s, in grains of 10 ms, in order."""
    grains = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    chosen = np.argsort(np.square(grains).mean(axis=1), kind="stable")[:_NOISE]
    return grains[np.sort(chosen)].reshape(-1)


def _pieces(decoder: Any) -> list[_Piece]:
    """The words that were decoded, without variants' numbers, silences and noises."""
    pieces = []
    for one in decoder.seg() or ():
        if one.word[0] in "<[+":
            continue
        frames = max(1, one.end_frame - one.start_frame + 1)
        fit = math.log(max(one.ascore, 1e-300)) / frames
        chance = min(1.0, max(0.0, float(one.prob)))
        pieces.append(_Piece(_VARIANT.sub("", one.word), one.start_frame, one.end_frame, fit, round(chance, 4)))
    return pieces
