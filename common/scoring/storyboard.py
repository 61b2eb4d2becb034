"""A storyboard: shots that are planned, with what is said and shown in each, to be judged before anything is shot.

The file is JSON:

    {"schema": "cutroom.storyboard/1", "title": "…", "brand": "…",
     "shots": [{"seconds": 2.5, "say": "…", "text": "…", "picture": "stills/1.jpg"}]}

`brand`, `say`, `text` and `picture` may be left out. Where no shot has `say`, nothing is known of words; where some
do, nobody speaks in the others. The same holds for `text`, which is what stands on screen.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any, Final

from common.domain.observed import Observed
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, TextLine
from common.domain.transcript import Word
from common.errors import BadInput
from common.scoring.sentences import sentences

SCHEMA: Final = "cutroom.storyboard/1"
MOST_BYTES = 1 << 20
MOST_SHOTS = 500
SHORTEST, LONGEST = Fraction(1, 25), Fraction(600)  # seconds of a shot
MOST_NAME, MOST_TEXT, MOST_PATH = 200, 5000, 400  # characters
SOURCE = "storyboard"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_DRIVE = re.compile(r"^[A-Za-z]:")
_UNKNOWN = math.nan  # of a shot that is not shot, where its type asks for a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One shot of the plan. `say` and `text` are None where the plan is silent on them, "" where there is none."""

    span: Span
    say: str | None
    text: str | None
    picture: PurePosixPath | None  # relative to the storyboard's folder, and inside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Storyboard:
    """A plan that was read and checked."""

    title: str
    brand: str | None
    shots: tuple[Planned, ...]


def read(raw: bytes) -> Storyboard:
    """The plan in a file; raises BadInput, with the field's name, for anything that is wrong in it."""
    if len(raw) > MOST_BYTES:
        raise BadInput(f"the storyboard is over {MOST_BYTES >> 20} MB; keep pictures in files of their own")
    try:
        data = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError as error:
        raise BadInput("the storyboard is nested too deeply; write one object with a list of shots") from error
    except ValueError as error:  # JSON and UTF-8 errors are ones
        raise BadInput(f"the storyboard is no JSON ({error}); check it where it says") from error
    board = _object(data, "storyboard", needed=("schema", "title", "shots"), allowed=("brand",))
    if board["schema"] != SCHEMA:
        raise BadInput(f'schema must be "{SCHEMA}"; write that, or use the version of Cutroom it was made for')
    if not isinstance(board["shots"], list) or not 0 < len(board["shots"]) <= MOST_SHOTS:
        raise BadInput(f"shots must be a list of 1 to {MOST_SHOTS} shots; split a longer plan")
    at, shots = Fraction(0), []
    for n, one in enumerate(board["shots"]):
        shots.append(_shot(one, f"shots[{n}]", at))
        at = shots[-1].span.end
    return Storyboard(
        title=_needed(board["title"], "title"),
        brand=_needed(board["brand"], "brand") if board.get("brand") is not None else None,
        shots=tuple(shots),
    )


def observe(board: Storyboard) -> Observed:
    """What the plan says, as if it had been seen: shots, words, text on screen. All else is None.

    Brightness, motion, and the place and size of text are not a number. Words share the time of their shot.
    """
    shots = tuple(
        Shot(
            number=n,
            span=one.span,
            opens_with="cut" if n else "start",
            confidence=1.0,
            brightness=_UNKNOWN,
            motion=_UNKNOWN,
            black=False,
            frozen=False,
        )
        for n, one in enumerate(board.shots)
    )
    words = tuple(_words(board.shots)) if any(one.say is not None for one in board.shots) else None
    return Observed(
        span=Span(Fraction(0), board.shots[-1].span.end),
        shots=shots,
        words=words,
        sentences=None if words is None else sentences(words),
        quality="given" if words else None,
        readings=tuple(_readings(board.shots)) if any(one.text is not None for one in board.shots) else None,
        brand=board.brand,
    )


def _words(shots: Iterable[Planned]) -> Iterable[Word]:
    for shot in shots:
        said = (shot.say or "").split()
        each = shot.span.duration / max(1, len(said))
        for n, text in enumerate(said):
            yield Word(text=text, span=Span(shot.span.start + n * each, shot.span.start + (n + 1) * each))


def _readings(shots: Iterable[Planned]) -> Iterable[Reading]:
    nowhere = Box(x=_UNKNOWN, y=_UNKNOWN, width=_UNKNOWN, height=_UNKNOWN)
    for n, shot in enumerate(shots):
        lines = (TextLine(text=shot.text, box=nowhere, confidence=1.0),) if shot.text else ()
        yield Reading(at=shot.span.start, shot=n, source=SOURCE, coverage=_UNKNOWN if lines else 0.0, lines=lines)


def _shot(data: object, field: str, at: Fraction) -> Planned:
    one = _object(data, field, needed=("seconds",), allowed=("say", "text", "picture"))
    picture = one.get("picture")
    return Planned(
        span=Span(at, at + _seconds(one["seconds"], f"{field}.seconds")),
        say=_text(one["say"], f"{field}.say", MOST_TEXT) if one.get("say") is not None else None,
        text=_text(one["text"], f"{field}.text", MOST_TEXT) if one.get("text") is not None else None,
        picture=_path(picture, f"{field}.picture") if picture is not None else None,
    )


def _object(data: object, field: str, *, needed: tuple[str, ...], allowed: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadInput(f"{field} must be an object with {' and '.join(needed)}; write it in braces")
    for name in needed:
        if name not in data:
            raise BadInput(f"{field} has no {name}; add it")
    unknown = next((name for name in data if name not in needed and name not in allowed), None)
    if unknown is not None:
        raise BadInput(f"{field} has an unknown field {unknown[:40]!r}; it may have {', '.join((*needed, *allowed))}")
    return data


def _seconds(value: object, field: str) -> Fraction:
    """To the millisecond."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not SHORTEST <= value <= LONGEST:
        raise BadInput(f"{field} must be a number of {float(SHORTEST)} to {LONGEST}; give how long the shot lasts")
    return Fraction(round(value * 1000), 1000)


def _text(value: object, field: str, most: int) -> str:
    """With single spaces, without control characters."""
    if not isinstance(value, str):
        raise BadInput(f"{field} must be text; write it in quotes")
    if len(value) > most:
        raise BadInput(f"{field} is longer than {most} characters; shorten it")
    return " ".join(_CONTROL.sub(" ", value).split())


def _needed(value: object, field: str) -> str:
    text = _text(value, field, MOST_NAME)
    if not text:
        raise BadInput(f"{field} is empty; fill it in or, if it may be, leave it out")
    return text


def _path(value: object, field: str) -> PurePosixPath:
    """A still beside the storyboard: never one outside its folder."""
    if not isinstance(value, str) or not value or len(value) > MOST_PATH or _CONTROL.search(value):
        raise BadInput(f"{field} must be the path of a picture of at most {MOST_PATH} characters; write it in quotes")
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or _DRIVE.match(value) or not path.name:
        raise BadInput(f"{field} must lie in the folder of the storyboard; copy it there and give its path from there")
    return path


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise BadInput(f"the field {twice[:40]!r} is there twice; keep one")
    return found


def _refuse(name: str) -> None:
    raise BadInput(f"{name} is no number of a storyboard; give seconds as digits")
