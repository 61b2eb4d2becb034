"""A Whisper model of random weights, 2.7 MB, made on the spot: the real files, loaded by the real code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

_WIDTH, _LAYERS, _HEADS, _MELS = 64, 2, 2, 80
_SPECIAL = (
    "<|endoftext|> <|startoftranscript|> <|en|> <|translate|> <|transcribe|> <|startoflm|> <|startofprev|> "
    "<|nospeech|> <|notimestamps|>"
)


def make(folder: Path) -> Path:
    """The model's folder: model.bin, config.json, vocabulary.json, tokenizer.json. It knows English alone."""
    import ctranslate2  # type: ignore[import-untyped,unused-ignore]
    from ctranslate2.specs import whisper_spec  # type: ignore[import-untyped,unused-ignore]
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    assert ctranslate2.__version__
    folder.mkdir(parents=True)
    special = [*_SPECIAL.split(" "), *(f"<|{n * 0.02:.2f}|>" for n in range(1501))]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment,unused-ignore]
    tokenizer.decoder = decoders.ByteLevel()  # type: ignore[assignment,unused-ignore]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    vocabulary = letters + special

    spec = whisper_spec.WhisperSpec(_LAYERS, _HEADS, _LAYERS, _HEADS)
    _fill(spec, len(vocabulary))
    spec.register_vocabulary(vocabulary)
    spec.config.alignment_heads = [[0, 0], [1, 1]]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [len(letters)]
    spec.config.lang_ids = [vocabulary.index("<|en|>")]
    spec.validate()
    spec.optimize(quantization=None)
    spec.save(str(folder))
    config = json.loads((folder / "config.json").read_text())
    assert config["alignment_heads"]
    return folder


def _fill(spec: Any, words: int) -> None:
    draw = np.random.default_rng(1)

    def array(*shape: int) -> Any:
        return (draw.standard_normal(shape) * 0.1).astype(np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(_WIDTH, np.float32), np.zeros(_WIDTH, np.float32)

    def linear(layer: Any, out: int, into: int = _WIDTH) -> None:
        layer.weight, layer.bias = array(out, into), np.zeros(out, np.float32)

    def attention(layer: Any, *sizes: int) -> None:
        norm(layer.layer_norm)
        for part, size in zip(layer.linear, sizes, strict=True):
            linear(part, size)

    def feed(layer: Any) -> None:
        norm(layer.layer_norm)
        linear(layer.linear_0, 4 * _WIDTH)
        linear(layer.linear_1, _WIDTH, 4 * _WIDTH)

    for conv, into in ((spec.encoder.conv1, _MELS), (spec.encoder.conv2, _WIDTH)):
        conv.weight, conv.bias = array(_WIDTH, into, 3), np.zeros(_WIDTH, np.float32)
    spec.encoder.position_encodings.encodings = array(1500, _WIDTH)
    spec.decoder.position_encodings.encodings = array(448, _WIDTH)
    spec.decoder.embeddings.weight = array(words, _WIDTH)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    norm(spec.encoder.layer_norm)
    norm(spec.decoder.layer_norm)
    for layer in spec.encoder.layer:
        attention(layer.self_attention, 3 * _WIDTH, _WIDTH)
        feed(layer.ffn)
    for layer in spec.decoder.layer:
        attention(layer.self_attention, 3 * _WIDTH, _WIDTH)
        attention(layer.attention, _WIDTH, 2 * _WIDTH, _WIDTH)
        feed(layer.ffn)
