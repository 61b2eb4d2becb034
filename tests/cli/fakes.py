"""Programs of others as a test wants them: scripts put first on PATH, and what they were called with."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = """#!{python} -SI
import json, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([{name!r}, *sys.argv[1:]]) + "\\n")
said = " ".join([{name!r}, *sys.argv[1:]])
for told, (status, answer) in json.load(open({answers!r})).items():
    if told in said:
        print(answer if isinstance(answer, str) else json.dumps(answer))
        sys.exit(status)
"""


@dataclass
class Programs:
    """`answers`: what a call prints and its status, by a part of its words. Else nothing, and 0."""

    folder: Path
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def say(self, told: str, answer: Any, status: int = 0) -> None:
        self.answers = {told: (status, answer), **{key: value for key, value in self.answers.items() if key != told}}
        (self.folder / "answers.json").write_text(json.dumps(self.answers))

    def calls(self, program: str | None = None) -> list[list[str]]:
        """All calls since the start, in their order."""
        log = self.folder / "log"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [line for line in lines if program in (None, line[0])]


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> Programs:
    made = Programs(folder)
    made.say("nothing is said until a test says so", "")
    for name in names:
        path = folder / name
        texts = {"name": name, "log": str(folder / "log"), "answers": str(folder / "answers.json")}
        path.write_text(_PROGRAM.format(python=sys.executable, **texts))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return made
