"""Caption files: words grouped into cues that can be read, written so that no word can become markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.transcript import Word, joined
from common.media.captions import ass
from common.media.captions.text import visible, width

LINE = 42  # columns of a line
LINES = 2
LONGEST = Fraction(7)  # seconds a cue stands
SHORTEST = Fraction(4, 5)
PAUSE = Fraction(1, 2)  # of silence, where a new cue begins
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")


@dataclass(frozen=True, slots=True)
class Cue:
    """Lines of text and when they stand; times in seconds of the clip."""

    span: Span
    lines: tuple[str, ...]


def cues_from_words(words: Sequence[Word], span: Span) -> list[Cue]:
    """The words spoken in `span` as cues, times relative to its start; none overlap, none is beyond its end."""
    inside = [word for word in words if word.span.start < span.end and word.span.end > span.start]
    groups = list(_groups(inside))
    cues = []
    for n, group in enumerate(groups):
        start = max(group[0].span.start, span.start) - span.start
        end = min(group[-1].span.end, span.end) - span.start
        following = groups[n + 1][0].span.start - span.start if n + 1 < len(groups) else span.duration
        end = min(max(end, start + SHORTEST), max(following, start), span.duration)
        if end > start:
            cues.append(Cue(Span(start, end), tuple(_lines(group))))
    return cues


def _groups(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words that stand together: two lines, a few seconds, up to a pause or the end of a sentence."""
    group: list[Word] = []
    for word in words:
        if group and (
            word.span.start - group[-1].span.end > PAUSE
            or word.span.end - group[0].span.start > LONGEST
            or group[-1].text.endswith(_ENDS)
            or len(_lines([*group, word])) > LINES
        ):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _lines(words: Sequence[Word]) -> list[str]:
    """Words broken into lines; a word longer than a line has one of its own."""
    lines: list[str] = []
    for word in words:
        text = visible(word.text)
        longer = joined([lines[-1], text]) if lines else text
        if lines and width(longer) <= LINE:
            lines[-1] = longer
        elif text:
            lines.append(text)
    return lines


def write_srt(cues: Sequence[Cue]) -> str:
    """SubRip. Markup in words is defused by look-alikes, since SRT has no escapes."""
    blocks = []
    for n, cue in enumerate(cues, 1):
        text = "\n".join(_inert(line).replace("<", "‹").replace(">", "›") for line in cue.lines)
        blocks.append(f"{n}\n{_time(cue.span.start, ',')} --> {_time(cue.span.end, ',')}\n{text}\n")
    return "\n".join(blocks)


def write_vtt(cues: Sequence[Cue]) -> str:
    """WebVTT, with `&`, `<` and `>` escaped."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        text = "\n".join(
            _inert(line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in cue.lines
        )
        blocks.append(f"{_time(cue.span.start, '.')} --> {_time(cue.span.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def write_ass(cues: Sequence[Cue]) -> str:
    """ASS for players: white with a dark outline, below the middle, for a frame of 1080 lines.

    Other players than libass have no escape for braces, so they become parentheses here as well.
    """
    look = ass.style(
        "plain",
        font="Arial",
        bold=False,
        size=60,
        fill=ass.colour("FFFFFF"),
        edge=ass.colour("000000"),
        shade=ass.colour("000000", 0.5),
        outline=3,
        shadow=0,
        alignment=2,
        margin=60,
    )
    events = []
    for cue in cues:
        text = r"\N".join(ass.literal(_inert(line)) for line in cue.lines)
        start, end = ass.hundredths(cue.span.start), ass.hundredths(cue.span.end)
        events.append(ass.dialogue(0, start, end, "plain", text))
    return ass.script(1920, 1080, [look], events)


def _inert(line: str) -> str:
    """No arrow, which would be taken for a cue's head, and no braces, which some players obey."""
    return line.replace("-->", "→").replace("{", "(").replace("}", ")")


def _time(seconds: Fraction, mark: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{thousandths:03}"
