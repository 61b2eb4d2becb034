"""Search: the clips that have some words, or mean nearly the same."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import msgspec

from common.domain.clip import Aspect
from common.domain.codec import digest
from common.domain.timebase import decimal
from common.errors import BadInput, ModelMissing, ModelRefused, ToolFailed, Transient
from common.ports.documents import Json
from common.ports.work import LeftOut
from common.scoring import searchable, wording
from common.scoring.ranking import Candidate
from common.search import finding
from common.search.finding import Conditions, Meant
from functions.api import judgements
from functions.api.clips import Decision
from functions.api.pages import Cursor, Limit, Time, sealed, told, unsealed
from functions.api.route import Answer, Ask, Shape

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Name = Annotated[str, msgspec.Meta(max_length=128)]


class Wish(Shape):
    """What is looked for. Lengths in seconds; `since` and `until` (excluded) are of when a clip was made."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500, description="Words, or a sentence.")]
    asset: Name | None = None
    flow: Name | None = None
    state: Decision | None = None
    aspect: Aspect | None = None
    least_score: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    shortest: Seconds | None = None
    longest: Seconds | None = None
    since: Time | None = None
    until: Time | None = None
    limit: Limit = 20
    cursor: Cursor | None = None


class Hit(Shape):
    """A clip, and why it was found: the words it has, and how near its meaning is (to 1; null where it is not near).

    `seek`: seconds of the video where `quote` begins, the sentence with the most of the words; else the clip's start.
    """

    id: str
    flow: str
    asset: str | None
    title: str
    state: Decision
    score: float
    start: float
    end: float
    created: str | None
    words: list[str]
    meaning: float | None
    seek: float
    quote: str | None


class Hits(Shape):
    """The best first. `left_out`: what was not looked at, and why."""

    items: list[Hit]
    next: str | None
    left_out: list[judgements.LeftOut]


def clips(ask: Ask) -> Answer:
    wish: Wish = ask.body
    words = wording.asked(wish.text)
    meant, left_out = _meant(ask, wish.text)
    if not words:
        left_out.append(LeftOut(what="words", why="the text has none but those that every talk is full of"))
    parts = ask.parts
    found = finding.find(parts.engine.documents, parts.vectors, ask.who.tenant, words, meant, _conditions(wish))
    begin = _opened(wish, found.order)
    page = found.order[begin : begin + wish.limit]
    more = begin + wish.limit < len(found.order)
    return Answer(
        body=Hits(
            items=_hits(ask, page, words),
            next=_closed(wish, page[-1], begin + wish.limit) if more else None,
            left_out=[judgements.LeftOut(what=one.what, why=one.why) for one in (*left_out, *found.left_out)],
        )
    )


def _meant(ask: Ask, text: str) -> tuple[Meant | None, list[LeftOut]]:
    """Without it words are looked for all the same."""
    try:
        model, vector = ask.parts.meaning.of(text)
    except (ModelMissing, ModelRefused, ToolFailed, Transient) as error:
        return None, [LeftOut(what="meaning", why=str(error))]
    return Meant(vector=vector, model=model), []


def _conditions(wish: Wish) -> Conditions:
    return Conditions(
        asset=wish.asset,
        flow=wish.flow,
        state=wish.state,
        aspect=wish.aspect,
        least=wish.least_score,
        shortest=wish.shortest,
        longest=wish.longest,
        since=None if wish.since is None else told(wish.since),
        until=None if wish.until is None else told(wish.until),
    )


def _hits(ask: Ask, page: list[Candidate], words: tuple[str, ...]) -> list[Hit]:
    """Of the clips as they are; one that was made anew since is found by what it says now alone."""
    keys = {one.id: f"{ask.parent}/clips/{searchable.clip_of(one.id)}" for one in page}
    there = ask.parts.engine.documents.get_many(keys.values())
    return [
        _hit(one, snap.id, snap.body, words)
        for one in page
        if (snap := there.get(keys[one.id])) is not None and searchable.name(snap.id, snap.body["score"]) == one.id
    ]


def _hit(one: Candidate, clip: str, body: Json, words: tuple[str, ...]) -> Hit:
    span = body["span"]
    start = Fraction(span["start"])
    seek, quote = _quoted(body, one.words & set(words)) or (start, None)
    return Hit(
        id=clip,
        flow=clip.rpartition(".")[0],
        asset=body.get("asset"),
        title=body["title"],
        state=body["state"],
        score=body["score"],
        start=decimal(start),
        end=decimal(Fraction(span["end"])),
        created=body.get("created"),
        words=[word for word in words if word in one.words],
        meaning=None if one.near is None else round(one.near, 4),
        seek=decimal(seek),
        quote=quote,
    )


def _quoted(body: Json, words: frozenset[str]) -> tuple[Fraction, str] | None:
    """The first of the sentences that have the most of the words."""
    most, best = 0, None
    for at, text in searchable.sentences(body):
        count = len(wording.kept([text]) & words)
        if count > most:
            most, best = count, (at, text)
        if most == len(words):
            break
    return best


def _closed(wish: Wish, last: Candidate, position: int) -> str:
    return sealed([_digest(wish), last.id, position])


def _opened(wish: Wish, order: list[Candidate]) -> int:
    """Where the page begins: after the last of the one before, wherever that is by now."""
    if wish.cursor is None:
        return 0
    known, last, position = unsealed(wish.cursor, tuple[str, str, Annotated[int, msgspec.Meta(ge=0, le=9999)]])
    if known != _digest(wish):
        raise BadInput("this cursor is of another search; send it with the same wish, or begin anew without it")
    return next((n for n, one in enumerate(order, 1) if one.id == last), position)


def _digest(wish: Wish) -> str:
    return digest({**msgspec.to_builtins(wish), "cursor": None, "limit": None})
