"""Nothing that others wrote moves the cursor of who reads it."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.markup import escape
from rich.table import Table

from scripts.cli.terminal import Terminal

TITLE = "\x1b]0;pwned\x07\x1b[2J\x9b2Jgone\u202eexe.mp4\rover"
TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("markup", [True, False])
def test_a_text_of_others_is_shown_and_does_no_more(markup: bool) -> None:
    told = _told(escape(TITLE), markup=markup)
    assert "gone" in told and "over" in told
    assert not set(told) & set("\x1b\x07\x9b\u202e\r")


def test_neither_does_it_in_a_table() -> None:
    table = Table(TITLE)
    table.add_row(TITLE)
    told = _told(table)
    assert told.count("pwned") == 2 and not set(told) & set("\x1b\x07\x9b\u202e\r")


def test_colours_and_writing_of_any_kind_stay() -> None:
    assert Terminal().render_str("[red]a[/red]").spans
    for text in ("a\tb\nc", "終わり", "👩‍🚀", "שלום"):
        assert Terminal().render_str(text).plain == text


@given(st.text(st.characters(exclude_characters="\ufffd")))
def test_a_sign_that_does_no_more_than_be_shown_stays(text: str) -> None:
    told = Terminal().render_str(text, markup=False, emoji=False).plain
    stays = [one for one in text if one in "\n\t" or (unicodedata.category(one) != "Cc" and one not in TURNS)]
    assert told.replace("\ufffd", "") == "".join(stays)


def _told(what: str | Table, markup: bool = True) -> str:
    terminal = Terminal()
    terminal.file = io.StringIO()
    terminal.print(what, markup=markup)
    return terminal.file.getvalue()
