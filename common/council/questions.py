"""What a model is asked about one clip, and what of its answer is believed.

The material of a clip is words that others wrote: see untrusted. The answer is choices, times and quotes; no word of
the model's own goes any further. A time outside the clip, a quote that nobody said and a sight without a picture are
dropped and counted.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, get_args

from common.council import prompts
from common.council.untrusted import block, nonce, plain
from common.domain.annotation import FEATURES
from common.domain.judgement import HookType
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.errors import VoteRefused
from common.ports.language import Footage, Part, Picture, Question
from common.scoring.observations import ASKED, HOOK, STEPS, Answer, Asked
from common.scoring.parts import said, shown, text_of, within

MOST_SAID, MOST_SHOWN, MOST_LINE = 6000, 1500, 240  # characters
MOST_WATCHED, MOST_SPANS = 600, 30  # characters of a feature, and places of one that has no words
MOST_KNOWN = 8  # notes on earlier clips
MOST_PICTURES = 6
MOST_TOKENS = 2500
SLACK = Fraction(1, 2)  # seconds by which a time may miss the clip's edge, and is taken for the edge

YES, NO, UNTOLD = "yes", "no", "cannot_tell"
_HOOKS: Final = (*get_args(HookType), UNTOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is believed of an answer. `hook` is None where it could not be told; `dropped` counts what was not."""

    answers: Mapping[str, Answer]
    hook: HookType | None
    dropped: Mapping[str, int]  # "times", "quotes", "sights": how many of each


def observe(observed: Observed, sights: Sequence[Picture | Footage], known: Sequence[str], secret: bytes) -> Question:
    """The question about one clip. Its key is the same whatever the secret."""
    prompt = prompts.load("observe")
    material = {**facts(observed), "known": [plain(line, MOST_LINE) for line in known[:MOST_KNOWN]]}
    name, system = prompt.id, prompt.text.format(yes_no=_listed(scale=False), scales=_listed(scale=True))
    if seen := watched(observed):  # without evidence the question stays what it was, and its answers stay good
        more = prompts.load("watched")
        name, system, material = f"{name}+{more.id}", f"{system}\n{more.text}", {**material, "watched": seen}
    return enclosed(
        name,
        system,
        material,
        labelled(sights),
        _schema(),
        most_tokens=MOST_TOKENS,
        secret=secret,
    )


def enclosed(
    prompt: str,
    system: str,
    material: Mapping[str, Any],
    parts: Sequence[Part],
    schema: Mapping[str, Any],
    *,
    most_tokens: int,
    secret: bytes,
) -> Question:
    """A question about strangers' words, which stand in its first part between lines that nobody can foresee."""
    mark = nonce(secret, material)
    words = f"The strangers' words stand between the two lines that bear {mark}.\n{block(material, mark)}"
    decides = json.dumps([prompt, system, material, [_told(part) for part in parts], schema], sort_keys=True)
    return Question(
        key=hashlib.sha256(decides.encode()).hexdigest(),
        prompt=prompt,
        system=system,
        parts=(words, *parts),
        schema=schema,
        most_tokens=most_tokens,
    )


def facts(observed: Observed) -> dict[str, Any]:
    """The words of a clip, with seconds from its start, cut to what a question has room for."""
    span = observed.span
    spoken = [(one.text, within(one.span, span)) for one in said(observed) or ()]
    seen: dict[str, Span] = {}  # a line stays on many stills: its first counts
    for still, stands in shown(observed) or ():
        seen.setdefault(text_of(still), stands)
    return {
        "seconds": _seconds(span.duration),
        "language": plain(observed.language or "", 35),
        "said": _timed(spoken, span, MOST_SAID),
        "on_screen": _timed(list(seen.items()), span, MOST_SHOWN),
    }


def watched(observed: Observed) -> dict[str, list[dict[str, Any]]]:
    """What a service saw and heard in a clip, by feature, each text where it is surest; nothing without evidence."""
    found: dict[str, list[dict[str, Any]]] = {}
    if observed.watched is None:
        return found
    for feature in FEATURES:
        some = observed.watched.of(feature) or ()
        if feature in ("shots", "faces"):
            spans = sorted(one if isinstance(one, Span) else one.span for one in some)[:MOST_SPANS]
            lines = [_place(one, observed.span) for one in spans]
        else:
            surest: dict[str, Span] = {}
            for one in sorted(some, key=lambda one: (-one.confidence, one.span)):
                surest.setdefault(one.text, one.span)
            lines = _timed(list(surest.items()), observed.span, MOST_WATCHED)
        if lines:
            found[feature] = sorted(lines, key=lambda one: (one["from"], one["to"]))
    return found


def cut(one: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The facts of one of so many clips, with its share of the room."""
    kept = dict(one)
    for part, most in (("said", MOST_SAID), ("on_screen", MOST_SHOWN)):
        room, kept[part] = most // count, []
        for line in one[part]:
            room -= len(line["text"])
            if room < 0:
                break
            kept[part].append(line)
    return kept


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with all of these and no others, as strict structured output wants it."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def labelled(sights: Sequence[Picture | Footage]) -> list[Part]:
    """Pictures, each with its time; at most MOST_PICTURES of them."""
    found: list[Part] = [one for one in sights if isinstance(one, Footage)]
    for one in [one for one in sights if isinstance(one, Picture)][:MOST_PICTURES]:
        found += [f"The picture at {one.at:.1f} s:", one]
    return found


def read(content: Any, observed: Observed, *, saw: bool) -> Observation:
    """What is believed of an answer; `saw`: whether pictures went with the question. Raises VoteRefused."""
    if not isinstance(content, dict) or not isinstance(content.get("items"), dict):
        raise VoteRefused("the answer is not in the shape that was asked for; ask again, or leave the member out")
    given = [one["text"] for part in ("said", "on_screen") for one in facts(observed)[part]]
    given += [one["text"] for lines in watched(observed).values() for one in lines if "text" in one]
    letters = _letters(" ".join(given))
    dropped = {"times": 0, "quotes": 0, "sights": 0}
    answers = {}
    for asked in ASKED:
        answer = content["items"].get(asked.key)
        if not isinstance(answer, dict):
            raise VoteRefused(f"the answer lacks {asked.key}; ask again, or leave the member out")
        answers[asked.key] = _believed(asked, answer, observed.span, letters, saw, dropped)
    hook = content.get(HOOK)
    if hook not in _HOOKS:
        raise VoteRefused(f"{plain(str(hook), 40)!r} is no type of hook; ask again, or leave the member out")
    return Observation(answers=answers, hook=None if hook == UNTOLD else hook, dropped=dropped)


def _told(part: Part) -> Any:
    """What of a part decides the answer."""
    if isinstance(part, str):
        return part
    content = part.jpeg if isinstance(part, Picture) else part.content
    digest = None if content is None else hashlib.sha256(content).hexdigest()
    if isinstance(part, Picture):
        return [digest, part.at]
    return [digest, part.address, part.start, part.end]


def _believed(
    asked: Asked, given: Mapping[str, Any], span: Span, letters: str, saw: bool, dropped: dict[str, int]
) -> Answer:
    """An answer that something is there needs its place in the clip, and one about the picture a picture."""
    value = _value(asked, given.get("answer"))
    where = _where(given.get("from"), given.get("to"), span)
    quote = _letters(plain(str(given.get("quote", "")), MOST_LINE))
    if quote and quote not in letters:
        dropped["quotes"] += 1
    if value is None:
        return Answer(value=None)
    if asked.eyes and not saw:
        dropped["sights"] += 1
        return Answer(value=None)
    if value > 0 and where is None:
        dropped["times"] += 1
        return Answer(value=None)
    return Answer(value=value, span=where)


def _value(asked: Asked, answer: Any) -> float | None:
    if answer not in _choices(asked):
        raise VoteRefused(f"{plain(str(answer), 40)!r} is no answer to {asked.key}; ask again, or leave the member out")
    if answer == UNTOLD:
        return None
    return int(answer) / STEPS if asked.scale else float(answer == YES)


def _where(first: Any, last: Any, span: Span) -> Span | None:
    """Two times from the clip's start as a span of the video; None where they miss the clip, or are 0 and 0."""
    if not all(
        isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in (first, last)
    ):
        return None
    start, end = Fraction(first), Fraction(last)
    if not -SLACK <= start <= end <= span.duration + SLACK or end <= 0:
        return None
    return within(Span(span.start + start, span.start + end), span)


def _choices(asked: Asked) -> tuple[str, ...]:
    return (*map(str, range(STEPS + 1)), UNTOLD) if asked.scale else (YES, NO, UNTOLD)


def _schema() -> dict[str, Any]:
    """Times have no bounds in it: one that misses the clip is dropped alone, and the rest of the answer stands."""

    items = {
        asked.key: closed(
            {
                "answer": {"type": "string", "enum": list(_choices(asked))},
                "from": {"type": "number"},
                "to": {"type": "number"},
                "quote": {"type": "string"},
            }
        )
        for asked in ASKED
    }
    return closed({HOOK: {"type": "string", "enum": list(_HOOKS)}, "items": closed(items)})


def _listed(*, scale: bool) -> str:
    return "\n".join(f"- {asked.key}: {asked.text}" for asked in ASKED if asked.scale == scale)


def _timed(texts: Sequence[tuple[str, Span]], clip: Span, room: int) -> list[dict[str, Any]]:
    found = []
    for text, span in texts:
        words = plain(text, min(MOST_LINE * 2, room))
        if not words:
            continue
        room -= len(words)
        if room < 0:
            break
        found.append({**_place(span, clip), "text": words})
    return found


def _place(span: Span, clip: Span) -> dict[str, Any]:
    return {"from": _seconds(span.start - clip.start), "to": _seconds(span.end - clip.start)}


def _seconds(time: Fraction) -> float:
    return round(float(time), 1)


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
