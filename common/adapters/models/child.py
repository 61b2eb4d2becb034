"""A model at work in a process of its own: limited, told to fetch nothing, ended with the block it was opened for, or
kept by a `Shelf` for the next.

Pictures and sound come from strangers and models are a great deal of C. So the worker that holds the run never
loads one: it starts this module as a child, sends each call over a pipe, and checks what comes back against the
types that the adapter's method declares. A child that crashes, hangs or answers nonsense is a ToolFailed.

    parent                                   child
    an open adapter, or its refusal         <- {"ok": null} or {"error": [code, text]}, once it is made
    length, msgpack [method, args, kwargs]  -> adapter.method(*args, **kwargs)
    result, checked                         <- length, msgpack {"ok": ...} or {"error": [code, text]}
"""

from __future__ import annotations

import importlib
import os
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, get_origin, get_type_hints

import msgspec
import numpy as np

from common.errors import CutroomError, ModelMissing, ModelRefused, Permanent, ToolFailed
from common.media.tools import GIB, Limits, Running, stream

LIMITS = Limits(memory=16 * GIB, file_size=GIB // 4, cpu_s=6 * 3600, wall_s=6 * 3600)
MOST_ANSWER = 256 << 20  # bytes

_ARRAY = 1  # msgpack extension: dtype, shape, bytes
_LENGTH = struct.Struct("<Q")
_ROOT = Path(__file__).resolve().parents[3]
_ERRORS: dict[str, type[CutroomError]] = {kind.code: kind for kind in (ModelMissing, ModelRefused, Permanent)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Where an adapter works that may not be imported here: its Python, and its name there as `module:Class`.

    The class found here only stands for it: its methods declare what may come back.
    """

    python: str
    adapter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A model that was found: its name@version, what its adapter is made with, and what else is known of it."""

    source: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    apart: Apart | None = None


class Remote:
    """Stands for an adapter that works in the child: its methods are calls over the pipe."""

    def __init__(self, adapter: type[Any], here: Here, running: Running) -> None:
        self._adapter, self._here, self._running = adapter, here, running

    @property
    def alive(self) -> bool:
        return self._running.process.poll() is None

    def __getattr__(self, name: str) -> Any:
        if name == "source":
            return self._here.source
        if name in self._here.facts:
            return self._here.facts[name]
        returns = get_type_hints(getattr(self._adapter, name))["return"]
        return lambda *args, **kwargs: self._call(name, args, kwargs, returns)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], returns: Any) -> Any:
        answer = self.answer([name, args, kwargs])
        try:
            return _typed(answer, returns)
        except msgspec.ValidationError as error:
            raise ToolFailed(f"{self._here.source} answered what it may not ({error}); run again") from error

    def answer(self, call: list[Any] | None) -> Any:
        """What the child says next, after a call or, without one, by itself; raises the error it tells of."""
        try:
            if call is not None:
                _send(self._running.stdin, call)
            answer = _receive(self._running.stdout)
        except (BrokenPipeError, EOFError):
            raise self._died() from None
        except (msgspec.DecodeError, ValueError, struct.error) as error:
            raise ToolFailed(f"{self._here.source} answered what cannot be read ({error}); run again") from error
        if "error" in answer:
            code, text = answer["error"]
            raise _ERRORS.get(code, Permanent)(text)
        return answer["ok"]

    def _died(self) -> ToolFailed:
        self._running.process.wait(timeout=30)
        return ToolFailed(f"{self._here.source} ended in the middle of its work: {self._running.last_words()}")


@contextmanager
def opened(dotted: str, here: Here, *, scratch: Path, limits: Limits = LIMITS) -> Iterator[Remote]:
    """Start the adapter `module:Class` in a child that works in `scratch`; it ends with the block.

    The block begins once the adapter is made; raises what making it raised.
    """
    given = msgspec.json.encode(dict(here.arguments)).decode()
    worker = here.apart or Apart(python=sys.executable, adapter=dotted)
    argv = ["-P", "-m", "common.adapters.models.child", worker.adapter, given]
    quiet: Callable[[str], bool] = _is_chatter
    with stream(
        worker.python, argv, scratch=scratch, limits=limits, on_stderr=quiet, feed=True, environment=_environment()
    ) as running:
        remote = Remote(_load(dotted), here, running)
        remote.answer(None)
        yield remote


def _environment() -> dict[str, str]:
    """One thread; a library that would fetch something is told not to, so that it refuses at once."""
    return {
        "PYTHONPATH": str(_ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "no_proxy": "*",
    }


def _is_chatter(line: str) -> bool:
    return line.startswith(("INFO:", "WARNING:", "I0000", "W0000"))


def _load(dotted: str) -> type[Any]:
    module, _, name = dotted.partition(":")
    adapter: type[Any] = getattr(importlib.import_module(module), name)
    return adapter


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        head = msgspec.msgpack.encode([value.dtype.str, list(value.shape)])
        return msgspec.msgpack.Ext(_ARRAY, _LENGTH.pack(len(head)) + head + np.ascontiguousarray(value).tobytes())
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _rich(code: int, data: memoryview) -> object:
    if code != _ARRAY:
        raise ValueError(f"extension {code} is unknown")
    (size,) = _LENGTH.unpack(data[: _LENGTH.size])
    kind, shape = msgspec.msgpack.decode(bytes(data[_LENGTH.size : _LENGTH.size + size]))
    if np.dtype(kind).hasobject:
        raise ValueError("an array of objects is not taken")
    return np.frombuffer(data[_LENGTH.size + size :], np.dtype(kind)).reshape(shape)


def _send(pipe: IO[bytes], value: object) -> None:
    packed = msgspec.msgpack.encode(value, enc_hook=_plain)
    pipe.write(_LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def _receive(pipe: IO[bytes], most: int | None = MOST_ANSWER) -> Any:
    (size,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    if most is not None and size > most:
        raise ValueError(f"{size} bytes")
    return msgspec.msgpack.decode(_exactly(pipe, size), ext_hook=_rich)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _typed(value: Any, kind: Any) -> Any:
    if get_origin(kind) is np.ndarray:
        if not isinstance(value, np.ndarray):
            raise msgspec.ValidationError("no array")
        return value
    return msgspec.convert(value, kind, strict=False)


def _serve(dotted: str, given: str) -> None:
    """Answer calls until the parent closes the pipe."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between answers
    sys.stdout = sys.stderr
    calls = os.fdopen(os.dup(0), "rb")
    try:
        adapter: Any = _load(dotted)(**msgspec.json.decode(given))
    except CutroomError as error:
        _send(out, {"error": [error.code, str(error)]})
        return
    _send(out, {"ok": None})
    while True:
        try:
            name, args, kwargs = _receive(calls, most=None)
        except EOFError:
            return
        try:
            method = getattr(adapter, name)
            hints = get_type_hints(method)
            names = [key for key in hints if key != "return"]
            args = [_typed(value, hints[key]) for key, value in zip(names, args, strict=False)]
            kwargs = {key: _typed(value, hints[key]) for key, value in kwargs.items()}
            _send(out, {"ok": method(*args, **kwargs)})
        except CutroomError as error:
            _send(out, {"error": [error.code, str(error)]})


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2])
