"""Transcripts from strangers in, caption files out."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from common.domain.timebase import Span
from common.domain.transcript import Word
from common.errors import BadInput
from common.media.captions import cues_from_words, read_transcript, write_srt, write_vtt
from common.media.captions.text import plain, width

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> there,

2
00:00:03,000 --> 00:00:04,000
{\\an8}tiny &amp; small
"""


def said(raw: str | bytes, **options: object) -> list[str]:
    content = raw.encode() if isinstance(raw, str) else raw
    return [word.text for word in read_transcript(content, **options).words]  # type: ignore[arg-type]


def test_srt_is_read_with_its_markup_away() -> None:
    found = read_transcript(SRT.encode())
    assert (found.source, found.timing) == ("srt", "estimated")
    assert [word.text for word in found.words] == ["Hello", "there,", "tiny", "&", "small"]
    assert found.words[0].span.start == 1 and found.words[1].span.end == Fraction(5, 2)


def test_vtt_times_inside_a_line_are_the_words_own() -> None:
    found = read_transcript(
        b"WEBVTT\n\nNOTE not this\nnor this\n\nx\n00:01.000 --> 00:03.000 align:start\n<v Ann>One <00:02.000>two\n"
    )
    assert [(word.text, float(word.span.start)) for word in found.words] == [("One", 1.0), ("two", 2.0)]
    assert found.timing == "measured"


def test_ass_takes_dialogue_by_its_columns() -> None:
    text = (
        "[Script Info]\nTitle: x\n[V4+ Styles]\nFormat: Name, Fontname\n[Events]\n"
        "Format: Layer, Start, End, Style, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,{\\b1}Hi,\\Nyou\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,{\\p1}m 0 0 l 1 1\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,{\\an8\\p2}m 0 0{\\pos(1,1)} l 1 1{\\p0}shape\n"
        "Dialogue: 0,rubbish,0:00:04.00,Default,lost\n"
    )
    found = read_transcript(text.encode())
    assert [word.text for word in found.words] == ["Hi,", "you", "shape"]
    assert found.notes == ("1 line with impossible times left out",)


@pytest.mark.parametrize(
    "text",
    [
        '{"language": "en", "words": [{"text": "a", "start": 0.5, "end": 1}, {"text": "b", "start": 1, "end": 2}]}',
        '{"segments": [{"words": [{"word": " a", "start": 0.5, "end": 1}, {"word": " b", "start": 1, "end": 2}]}]}',
        '[{"text": "a", "start": 0.5, "end": 1}, {"text": "b", "start": 1, "end": 2}]',
    ],
)
def test_json_in_our_form_and_in_whispers(text: str) -> None:
    found = read_transcript(text.encode())
    assert [(word.text, float(word.span.start)) for word in found.words] == [("a", 0.5), ("b", 1.0)]
    assert found.timing == "measured"


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "no SRT"),
        (b"just prose, nothing timed", "no SRT"),
        (b"WEBVTT\n", "no words"),
        (b"{broken", "broken JSON"),
        (b'{"a": 1}', 'neither "words" nor "segments"'),
        (b'{"words": [{"text": "a", "start": "1", "end": 2}]}', r"words\[0\].start"),
        (b'{"words": [{"text": "a", "start": -1, "end": 2}]}', "no time in a video"),
        (b'{"words": [{"text": 7, "start": 1, "end": 2}]}', "has no text"),
        (b'{"words": [3]}', "is no object"),
        (b'{"words": [{"text": "a", "start": 1' + b"0" * 400 + b', "end": 2}]}', "no time in a video"),
        (b'{"words": [{"text": "a", "start": NaN, "end": 2}]}', "broken JSON"),
        (b'{"segments": [{"text": null, "start": 1, "end": 2}]}', r"segments\[0\] of the transcript has no text"),
        (b"00:00:01,000 --> 00:00:02,000\n" + b"w " * 300_000, "over 200000 words"),
        (b"[" * 100_000, "broken JSON"),
        (b"x" * (21 << 20), "over 20 MB"),
    ],
)
def test_what_is_no_transcript_is_refused_by_name(raw: bytes, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        read_transcript(raw)


def test_what_can_be_mended_is_and_is_said() -> None:
    text = (
        "00:00:05,000 --> 00:00:06,000\nlate\n\n00:00:01,000 --> 00:00:09,000\nearly\n\n"
        "00:00:04,000 --> 00:00:03,000\nreversed\n\n00:01:00,000 --> 00:01:01,000\nbeyond\n"
    )
    found = read_transcript(text.encode(), duration=Fraction(10))
    assert [word.text for word in found.words] == ["early", "late"]
    assert found.words[0].span == Span(Fraction(1), Fraction(5))
    notes = " ".join(found.notes)
    assert all(part in notes for part in ("impossible times", "sorted", "past the end", "overlapped"))


def test_lines_that_overlap_keep_their_words_together() -> None:
    text = (
        "00:00:01,000 --> 00:00:03,000\nhello there\n\n00:00:01,000 --> 00:00:03,000\nbig world\n\n"
        "00:00:02,000 --> 00:00:04,000\nand so on\n"
    )
    assert said(text) == ["hello", "there", "big", "world", "and", "so", "on"]


def test_captions_that_roll_up_say_each_row_once() -> None:
    text = (
        "WEBVTT\n\n00:00.000 --> 00:02.000 align:start\n \nhello<00:00.500><c> there</c>\n\n"
        "00:02.000 --> 00:02.010\nhello there\n \n\n"
        "00:02.010 --> 00:04.000\nhello there\nnext<00:03.000><c> row</c>\n"
    )
    found = read_transcript(text.encode())
    assert [(word.text, float(word.span.start)) for word in found.words] == [
        ("hello", 0.0),
        ("there", 0.5),
        ("next", 2.01),
        ("row", 3.0),
    ]
    assert found.timing == "measured" and "roll" in found.notes[0]


def test_what_somebody_says_twice_stays() -> None:
    text = "00:01.000 --> 00:02.000\nNo!\n\n00:02.000 --> 00:03.000\nNo!\n\n00:03.000 --> 00:04.000\nNo!\n"
    assert said(text) == ["No!", "No!", "No!"]


def test_signs_that_are_no_markup_stay() -> None:
    assert said("1\n00:00:01,000 --> 00:00:05,000\na < b and c > d\n") == ["a", "<", "b", "and", "c", ">", "d"]
    cues = cues_from_words(
        read_transcript(b"WEBVTT\n\n00:01.000 --> 00:02.000\n&lt;b&gt;\n").words, Span(Fraction(0), Fraction(3))
    )
    assert "&lt;b&gt;" in write_vtt(cues) and "‹b›" in write_srt(cues)


def test_a_transcript_of_another_video_is_refused() -> None:
    with pytest.raises(BadInput, match="past the end of the video"):
        read_transcript(SRT.encode(), duration=Fraction(1))


def test_other_encodings_and_scripts() -> None:
    line = "1\n00:00:01,000 --> 00:00:05,000\n{}\n"
    assert said(line.format("naïve").encode("utf-16")) == ["naïve"]
    assert said(line.format("naïve").encode("cp1252")) == ["naïve"]
    assert said(line.format("naïve 🎬").encode("utf-32")) == ["naïve", "🎬"]
    assert said(line.format("a\u200bb\u202ec\u00add\u200f!")) == ["a", "bcd!"]
    assert said(line.format("今日は、いい天気ですね。")) == ["今日は、", "いい天気", "ですね。"]
    assert said(line.format("私はAI研究者です。Hello")) == ["私は", "AI", "研究者で", "す。", "Hello"]
    assert said(line.format("안녕하세요 여러분")) == ["안녕하세요", "여러분"]
    assert said(line.format("مرحبا بالعالم")) == ["مرحبا", "بالعالم"]


def words(*texts: str) -> list[Word]:
    return [Word(text=text, span=Span(Fraction(n), Fraction(n) + Fraction(9, 10))) for n, text in enumerate(texts)]


def test_cues_are_the_clips_and_do_not_overlap() -> None:
    cues = cues_from_words(words(*["word"] * 30), Span(Fraction(10), Fraction(20)))
    assert cues[0].span.start == 0 and cues[-1].span.end <= 10
    assert all(a.span.end <= b.span.start for a, b in pairwise(cues))
    assert all(cue.span.duration <= 7 for cue in cues)


def test_captions_of_a_script_without_spaces_have_none() -> None:
    found = read_transcript("1\n00:00:01,000 --> 00:00:05,000\n今天天气很好，我们去公园玩吧。\n".encode())
    cues = cues_from_words(found.words, Span(Fraction(0), Fraction(6)))
    assert [line for cue in cues for line in cue.lines] == ["今天天气很好，我们去公园玩吧。"]


def test_cues_have_at_most_two_lines_that_fit() -> None:
    long = read_transcript(("1\n00:00:01,000 --> 00:00:40,000\n" + "สวัสดีครับ" * 30 + " " + "x" * 300 + "\n").encode())
    cues = cues_from_words(long.words, Span(Fraction(0), Fraction(60)))
    assert cues and all(len(cue.lines) <= 2 and width(line) <= 42 for cue in cues for line in cue.lines)


def test_a_word_cannot_become_markup_or_a_cue() -> None:
    evil = ["<script>", "-->", "00:00:01,000", "{\\an8}x", "7", "a\n\n2\nb", "&lt;"]
    cues = cues_from_words(words(*evil), Span(Fraction(0), Fraction(7)))
    for text in (write_srt(cues), write_vtt(cues)):
        body = [line for line in text.split("\n") if "-->" in line]
        assert len(body) == len(cues)
        assert "<script" not in text and "{" not in text
        assert [cue for cue in read_transcript(text.encode()).words]


def test_every_file_of_the_conformance_suites_is_read_or_refused(shared: Path) -> None:
    read = 0
    files = [path for path in (shared / "conformance").rglob("*") if path.suffix in (".srt", ".vtt")]
    assert len(files) > 50
    for path in files:
        try:
            read += bool(read_transcript(path.read_bytes(), name=path.name).words)
        except BadInput:
            continue
    assert read > 50


def test_webvtt_is_read_as_mozillas_suite_expects(shared: Path) -> None:
    """The words of every cue at its time. Left out: three files of which this reader, on purpose, takes more."""
    more = {"fraction-digits.vtt", "minimum-spots-over-sixty.vtt", "id.vtt"}
    compared = 0
    for path in sorted((shared / "conformance" / "vttjs").rglob("*.vtt")):
        told = path.with_suffix(".json")
        if not told.exists() or path.name in more:
            continue
        cues = json.loads(told.read_text())["cues"]
        expected = [(cue["startTime"], plain(cue["text"])) for cue in cues if cue["endTime"] > cue["startTime"]]
        try:
            found = read_transcript(path.read_bytes()).words
        except BadInput:
            found = ()
        assert "".join(word.text for word in found) == "".join(text for _, text in expected).replace(" ", ""), path
        if not any("<0" in cue["text"] for cue in cues):
            assert {start for start, text in expected if text} <= {float(word.span.start) for word in found}, path
        compared += bool(expected)
    assert compared > 100
