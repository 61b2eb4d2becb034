"""What an examination finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing examined. `fix` is a command or a sentence, and empty where the state is ok."""

    group: str
    name: str
    state: State
    seen: str
    fix: str = ""


Found = Callable[..., Finding]


def of(group: str) -> Found:
    """Makes findings of a group."""

    def found(name: str, state: State, seen: str, fix: str = "") -> Finding:
        return Finding(group=group, name=name, state=state, seen=seen, fix="" if state == "ok" else fix)

    return found
