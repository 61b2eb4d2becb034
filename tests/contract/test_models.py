"""One suite per port of models: every adapter behind it keeps what the port says. Each works in its own process."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.adapters.models import store as kept
from common.adapters.models import whisper
from common.adapters.models.child import Here, opened
from common.adapters.models.local import LocalModels
from common.adapters.models.sphinx import Sphinx
from common.adapters.models.whisper import Whisper
from common.errors import ModelMissing, ModelRefused
from common.ports.models import SAMPLE_RATE, Heard, Transcribed
from tests import tiny_whisper


class Bold(Whisper):
    """A Whisper without its guard: of random weights, none of its segments would pass."""

    def transcribe(self, samples: NDArray[np.float32], language: str | None) -> Transcribed:
        whisper._is_sure = lambda segment: True
        return super().transcribe(samples, language)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    kept.add(folder / "store", "tiny", tiny_whisper.make(folder / "made"))
    return folder / "store"


def speech(seconds: float = 1.6) -> Any:
    """A buzz with moving formants and a beat of syllables: nobody speaks, but a model hears something."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = np.sign(np.sin(2 * np.pi * 120 * t)) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * t))
    moving = np.sin(2 * np.pi * (700 + 300 * np.sin(2 * np.pi * 2 * t)) * t)
    return (0.1 * buzz * (1 + moving)).astype(np.float32)


@pytest.fixture(scope="module", params=["sphinx", "whisper", "bold"])
def recogniser(request: pytest.FixtureRequest, store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    scratch = tmp_path_factory.mktemp("scratch")
    adapter, here = {
        "sphinx": ("common.adapters.models.sphinx:Sphinx", Sphinx.here),
        "whisper": ("common.adapters.models.whisper:Whisper", Whisper.here),
        "bold": ("tests.contract.test_models:Bold", Whisper.here),
    }[request.param]
    with opened(adapter, here(store), scratch=scratch) as remote:
        yield remote


def test_it_says_what_it_is(recogniser: Any) -> None:
    name, _, version = recogniser.source.partition("@")
    assert name and version and recogniser.quality in ("draft", "good")
    assert isinstance(recogniser.languages, tuple) and all(len(tag) <= 3 for tag in recogniser.languages)


def test_words_lie_in_the_sound_and_in_order(recogniser: Any) -> None:
    sound = speech()
    found = recogniser.transcribe(sound, None)
    assert isinstance(found, Transcribed)
    assert all(isinstance(word, Heard) and word.text.strip() == word.text != "" for word in found.words)
    assert all(0 <= word.start <= word.end <= len(sound) / SAMPLE_RATE for word in found.words)
    assert all(a.end <= b.start for a, b in pairwise(found.words))
    assert all(word.confidence is not None and 0 <= word.confidence <= 1 for word in found.words)


def test_an_utterance_gives_the_same_whatever_came_before(recogniser: Any) -> None:
    first = recogniser.transcribe(speech(), "en")
    recogniser.transcribe(speech(0.7)[::-1].copy(), None)
    assert recogniser.transcribe(speech(), "en") == first


def test_there_are_no_words_in_silence_in_nothing_and_in_a_language_it_does_not_know(recogniser: Any) -> None:
    for sound in (np.zeros(2 * SAMPLE_RATE, np.float32), np.zeros(0, np.float32), speech(0.05)):
        assert recogniser.transcribe(sound, "en").words == ()
    assert recogniser.languages == ("en",)
    for language in ("de", "xx-YY"):
        assert recogniser.transcribe(speech(), language).words == ()


def test_without_its_guard_the_random_model_would_invent_words(store: Path, tmp_path: Path) -> None:
    here = Whisper.here(store)
    with opened("tests.contract.test_models:Bold", here, scratch=tmp_path) as bold:
        assert bold.transcribe(speech(11), "en").words
    with opened("common.adapters.models.whisper:Whisper", here, scratch=tmp_path) as guarded:
        assert guarded.transcribe(speech(11), "en").words == ()


def test_the_best_recogniser_answers_and_none_is_loaded_here(store: Path, tmp_path: Path) -> None:
    with LocalModels(store).recogniser(tmp_path) as best:
        assert best.source.startswith("tiny@") and best.quality == "good"
        assert best.transcribe(speech(), None).words == ()
    with LocalModels(tmp_path / "none").recogniser(tmp_path) as draft:
        assert draft.source.startswith("pocketsphinx@") and draft.quality == "draft"
    with pytest.raises(ModelMissing, match="scripts/models get"):
        Whisper.here(tmp_path / "none")
    program = (
        "import sys; from pathlib import Path; from common.adapters.models.local import LocalModels;"
        "found = LocalModels(Path(sys.argv[1])).identity(['recogniser', 'aligner', 'voice']);"
        "print(*found.values(), *({'onnxruntime', 'pocketsphinx', 'faster_whisper', 'ctranslate2'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program, str(store)], check=True, capture_output=True, text=True)
    assert re.fullmatch(r"tiny@\S+ pocketsphinx@\S+ silero-vad@\S+\n", said.stdout)


@pytest.mark.parametrize(
    ("file", "content", "said"), [("model.bin", b"", "cut off"), ("vocabulary.json", None, "missing")]
)
def test_a_harmed_model_is_refused_by_the_name_of_its_file(
    tmp_path: Path, file: str, content: bytes | None, said: str
) -> None:
    kept.add(tmp_path / "store", "tiny", tiny_whisper.make(tmp_path / "made"))
    path = kept.folder(tmp_path / "store", "tiny") / file
    path.unlink() if content is None else path.write_bytes(content)
    with (
        pytest.raises(ModelRefused, match=said) as told,
        LocalModels(tmp_path / "store").recogniser(tmp_path) as remote,
    ):
        remote.transcribe(speech(), "en")
    assert file in str(told.value)


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "model.bin").write_bytes(b"nonsense" * 100)
    kept.add(tmp_path / "store", "odd", tmp_path / "made")
    here: Here = Whisper.here(tmp_path / "store")
    with (
        pytest.raises(ModelRefused, match="no model that faster-whisper can open"),
        opened("common.adapters.models.whisper:Whisper", here, scratch=tmp_path) as remote,
    ):
        remote.transcribe(speech(), "en")
