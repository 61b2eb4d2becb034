"""Whatever words there are: cues fit the clip, and files read back as what was written."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from common.domain.timebase import Span
from common.domain.transcript import Word
from common.errors import BadInput
from common.media.captions import cues_from_words, read_transcript, write_srt, write_vtt

LETTERS = st.text(alphabet=st.characters(categories=("L", "N")), min_size=1, max_size=12)


@st.composite
def spoken(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> list[Word]:
    at, found = Fraction(0), []
    for text in draw(st.lists(texts, min_size=1, max_size=40)):
        at += Fraction(draw(st.integers(0, 2000)), 1000)
        end = at + Fraction(draw(st.integers(50, 900)), 1000)
        found.append(Word(text=text, span=Span(at, end)))
        at = end
    return found


@given(spoken(st.text(max_size=30)), st.integers(0, 20), st.integers(1, 60))
def test_cues_lie_in_the_clip_one_after_the_other(words: list[Word], start: int, length: int) -> None:
    span = Span(Fraction(start), Fraction(start + length))
    cues = cues_from_words(words, span)
    edges = [edge for cue in cues for edge in (cue.span.start, cue.span.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= length for edge in edges)
    for text in (write_srt(cues), write_vtt(cues)):
        assert sum("-->" in line for line in text.split("\n")) == len(cues)


@given(spoken(LETTERS))
def test_what_is_written_reads_back(words: list[Word]) -> None:
    cues = cues_from_words(words, Span(Fraction(0), words[-1].span.end + 1))
    expected = "".join("".join(cue.lines) for cue in cues)
    for text in (write_srt(cues), write_vtt(cues)):
        found = read_transcript(text.encode())
        plain = "".join(word.text for word in found.words)
        assert plain.replace(" ", "") == expected.replace(" ", "")


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    for head in (
        b"",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n",
        b"1\n00:00:01,000 --> 00:00:02,000\n",
        b"{",
        b"[Script Info]\n",
    ):
        try:
            found = read_transcript(head + raw, duration=Fraction(100))
        except BadInput:
            continue
        starts = [word.span.start for word in found.words]
        assert starts == sorted(starts) and all(0 <= start < 100 for start in starts)
