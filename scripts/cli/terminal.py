"""Where commands speak to people."""

from __future__ import annotations

import re
from typing import Any, Final

from rich.console import Console
from rich.text import Text

# C0 but for line ends and tabs, C1, and what turns the direction of all that follows.
_MOVES: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Terminal(Console):
    """A console that says what is written, whoever wrote it: no title, table or error of others moves its cursor."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False)

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(_MOVES.sub("\N{REPLACEMENT CHARACTER}", text), **how)
