"""Where somebody speaks, by the Silero model that comes with faster-whisper. Implements VoiceActivity."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.child import Here
from common.adapters.models.wheels import check
from common.errors import ModelMissing, ModelRefused

_FILE = "assets/silero_vad_v6.onnx"
SHA256 = "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"
_WINDOW, _CONTEXT, _RATE = 512, 64, 16_000  # samples; Hz
_AT_ONCE, _LEAD = 1000, 60  # windows: 32 s heard in one go, after 2 s that only set the model's state
_ENTER, _STAY = 0.5, 0.35  # probability at which speech begins, and below which it ends
_SHORTEST_PAUSE = 0.2  # seconds
_SHORTEST_SPEECH = 0.1
_PAD = 0.1


class Silero:
    """Every call starts anew; give it at most some ten minutes at once."""

    def __init__(self, model: str) -> None:
        check(Path(model).parent, {Path(model).name: SHA256}, "faster-whisper")
        import onnxruntime  # type: ignore[import-untyped,unused-ignore]

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except (RuntimeError, ValueError) as error:  # onnxruntime's errors are RuntimeErrors
            raise ModelRefused(f"{Path(model).name} cannot be opened; run scripts/setup again") from error

    @staticmethod
    def here(store: Path) -> Here:
        # Looked for, not imported: importing faster_whisper takes a third of a second and 100 MB.
        package = find_spec("faster_whisper")
        model = Path(package.origin).parent / _FILE if package is not None and package.origin else None
        if model is None or not model.is_file() or find_spec("onnxruntime") is None:
            raise ModelMissing("Silero, which tells speech from other sound, is not here; run scripts/setup")
        return Here(source=f"silero-vad@6+faster-whisper-{version('faster-whisper')}", arguments={"model": str(model)})

    def speech(self, samples: NDArray[np.float32]) -> list[tuple[float, float]]:
        """Where somebody speaks: (start, end) in seconds, in order, apart."""
        length = len(samples) / _RATE
        found: list[tuple[float, float]] = []
        for first, last in _stretches(self._chances(samples)):
            start = max(0.0, first * _WINDOW / _RATE - _PAD)
            end = min(length, last * _WINDOW / _RATE + _PAD)
            if found and start <= found[-1][1]:
                start = found.pop()[0]
            found.append((start, end))
        return found

    def _chances(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of speech in each window of 32 ms."""
        windows = -(-len(samples) // _WINDOW)
        if windows == 0:
            return np.empty(0, np.float32)
        lead = _LEAD * _WINDOW + _CONTEXT
        padded = np.zeros(lead + windows * _WINDOW, np.float32)
        padded[lead : lead + len(samples)] = samples
        # Each window with the end of the one before it.
        batch = np.lib.stride_tricks.sliding_window_view(padded, _CONTEXT + _WINDOW)[::_WINDOW]
        chances: list[NDArray[np.float32]] = []
        for at in range(0, windows, _AT_ONCE):
            # The state is not carried on: after minutes of silence the model would miss the first words.
            h = c = np.zeros((1, 1, 128), np.float32)
            part = np.ascontiguousarray(batch[at : at + _LEAD + _AT_ONCE])
            chance = self._session.run(None, {"input": part, "h": h, "c": c})[0]
            chances.append(np.asarray(chance, np.float32).reshape(-1)[_LEAD:])
        return np.concatenate(chances)


def _stretches(chances: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Windows [first, last) of speech: entered at _ENTER, left where it stays below _STAY for a pause."""
    pause = _SHORTEST_PAUSE * _RATE / _WINDOW
    shortest = _SHORTEST_SPEECH * _RATE / _WINDOW
    found: list[tuple[int, int]] = []
    first: int | None = None
    last = 0
    for n, chance in enumerate(chances.tolist()):
        if chance >= _ENTER and first is None:
            first = n
        if first is not None and chance >= _STAY:
            last = n + 1
        elif first is not None and n + 1 - last >= pause:
            found.append((first, last))
            first = None
    if first is not None:
        found.append((first, last))
    return [(a, b) for a, b in found if b - a >= shortest]
