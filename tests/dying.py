"""A process that dies at the n-th of its steps, before or after it: what it raises nothing of ours catches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Killed(BaseException):
    """As a kill."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, number: int, *methods: tuple[type, str]) -> Iterator[list[int]]:
    """Odd numbers die before a step, even ones after it. What is given is empty where it never came so far."""
    left, died = [number], list[int]()

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            died.append(number)
            raise Killed

    def around(inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(*arguments: Any, **named: Any) -> Any:
            step()
            answer = inner(*arguments, **named)
            step()
            return answer

        return outer

    with monkeypatch.context() as patch:
        for kind, name in methods:
            patch.setattr(kind, name, around(getattr(kind, name)))
        try:
            yield died
        except Killed:
            assert died
