"""Speech to words by a faster-whisper model that scripts/models brought here. Implements Recogniser."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from common.adapters.models import store as kept
from common.adapters.models.child import Here
from common.errors import ModelMissing, ModelRefused
from common.ports.models import SAMPLE_RATE, Heard, Quality, Transcribed

_MULTILINGUAL = 51_865  # words of the vocabulary, from which on a model knows more than English
# What Whisper's own decoding takes for no speech or for a failure; such segments are left out, not guessed at.
_NO_SPEECH, _LOG_CHANCE, _REPEATS = 0.6, -1.0, 2.4
_SURE_LANGUAGE = 0.5
_SHORTEST = SAMPLE_RATE // 10  # samples; there is no word in less


class Whisper:
    """One thread each: several utterances are heard side by side, in processes of their own."""

    def __init__(self, store: str, name: str, source: str) -> None:
        folder = kept.verify(Path(store), name)
        from faster_whisper import WhisperModel  # type: ignore[import-untyped,unused-ignore]

        try:
            self._model: Any = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError, KeyError) as error:
            raise ModelRefused(f"{folder} holds no model that faster-whisper can open ({error})") from error
        self.source = source
        self.quality: Quality = "good"
        self.languages = _languages(str(folder), _stamp(folder))

    @staticmethod
    def here(store: Path) -> Here:
        """The largest recogniser of the store."""
        found = kept.of_kind(store, "recogniser")
        if find_spec("faster_whisper") is None:
            raise ModelMissing("faster-whisper is not here; run scripts/setup")
        if not found:
            raise ModelMissing("there is no Whisper model here; scripts/models get faster-whisper-small brings one")
        best = max(found, key=lambda one: (sum(file.size for file in one.files.values()), one.name))
        folder = kept.folder(store, best.name)
        return Here(
            source=best.label,
            arguments={"store": str(store), "name": best.name, "source": best.label},
            facts={"quality": "good", "languages": _languages(str(folder), _stamp(folder))},
        )

    def transcribe(self, samples: NDArray[np.float32], language: str | None) -> Transcribed:
        """The words of one utterance; none where it is not sure that there are any."""
        tag = language.split("-")[0].lower() if language else None
        if tag is not None and tag not in self._model.supported_languages:
            return Transcribed(words=(), language=language)
        if len(samples) < _SHORTEST or not float(np.abs(samples).max()) > 0:
            return Transcribed(words=(), language=language)
        segments, info = self._model.transcribe(
            np.array(samples, np.float32),
            language=tag,
            beam_size=5,
            temperature=0.0,  # no sampling: the same sound gives the same words
            compression_ratio_threshold=_REPEATS,
            log_prob_threshold=_LOG_CHANCE,
            no_speech_threshold=_NO_SPEECH,
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,
        )
        words = [word for segment in segments if _is_sure(segment) for word in segment.words or ()]
        found, sure = (language, None) if language else (info.language, float(info.language_probability))
        if sure is not None and sure < _SURE_LANGUAGE:
            return Transcribed(words=(), language=None, sure=sure)
        return Transcribed(words=_clamped(words, len(samples) / SAMPLE_RATE), language=found, sure=sure)


def _is_sure(segment: Any) -> bool:
    return bool(
        segment.avg_logprob > _LOG_CHANCE
        and segment.compression_ratio <= _REPEATS
        and not (segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _LOG_CHANCE / 2)
    )


def _clamped(words: list[Any], length: float) -> tuple[Heard, ...]:
    """Inside the samples and in order; a small model's times can lie far outside."""
    found: list[Heard] = []
    last = 0.0
    for word in words:
        text = word.word.strip()
        start = min(max(float(word.start), last), length)
        end = min(max(float(word.end), start), length)
        if text and start < length:
            found.append(Heard(text=text, start=start, end=end, confidence=min(1.0, max(0.0, float(word.probability)))))
            last = end
    return tuple(found)


def _stamp(folder: Path) -> int:
    return max((path.stat().st_mtime_ns for path in _vocabularies(folder)), default=0)


def _vocabularies(folder: Path) -> list[Path]:
    return [path for name in ("vocabulary.json", "vocabulary.txt") if (path := folder / name).is_file()]


@lru_cache(maxsize=8)
def _languages(folder: str, stamp: int) -> tuple[str, ...]:
    """("en",) for an English model, () for one that knows many; its vocabulary tells, as CTranslate2 does it."""
    for path in _vocabularies(Path(folder)):
        raw = path.read_bytes()
        try:
            size = len(msgspec.json.decode(raw, type=list[str])) if path.suffix == ".json" else raw.count(b"\n")
        except msgspec.DecodeError:  # opening it will say what is wrong
            return ()
        if path.suffix == ".txt" and raw and not raw.endswith(b"\n"):
            size += 1
        return () if size >= _MULTILINGUAL else ("en",)
    return ()
