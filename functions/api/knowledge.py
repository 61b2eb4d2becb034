"""What the account knows of clips like its own, which the council is told."""

from __future__ import annotations

from typing import Annotated

import msgspec

from common.knowledge import notes, refreshing
from common.knowledge.notes import Kind
from functions.api.route import Answer, Ask, Shape, matching

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=240)]
Clip = Annotated[str, matching(r"[A-Za-z0-9_-]{1,100}(\.[0-9]{1,4})?", description="A clip's id.")]


class Note(Shape):
    """`outcome`: how its clip had done when the note was made, 0 to 100 among the account's clips. `by`: a person, or
    outcomes."""

    id: str
    kind: Kind
    text: str
    clip: str
    model: str
    outcome: float | None
    snapshot: str
    by: str


class Snapshot(Shape):
    at: str
    by: str
    winners: int
    losers: int


class Knowledge(Shape):
    """`models`: what made the vectors by which notes are found, with how many notes; clips read by another one do not
    meet them. `oldest` is a date."""

    notes: list[Note]
    count: int
    oldest: str | None
    models: dict[str, int]
    snapshots: list[Snapshot]


class NewNote(Shape):
    kind: Kind
    text: Text
    clip: Clip


class Refreshed(Shape):
    """`snapshot` is null where too few outcomes are known; then nothing has changed."""

    snapshot: Snapshot | None


def status(ask: Ask) -> Answer:
    documents, tenant = ask.parts.engine.documents, ask.who.tenant
    found = notes.every(documents, tenant)
    models = [one.model for one in found]
    return Answer(
        body=Knowledge(
            notes=[_note(one) for one in found],
            count=len(found),
            oldest=min((one.snapshot for one in found), default=None),
            models={model: models.count(model) for model in sorted(set(models))},
            snapshots=[_snapshot(one) for one in refreshing.snapshots(documents, tenant)],
        )
    )


def put(ask: Ask) -> Answer:
    return Answer(body=_note(notes.put(ask.acting, ask.body.kind, ask.body.text, ask.body.clip)))


def refresh(ask: Ask) -> Answer:
    made = refreshing.refresh(ask.acting)
    return Answer(body=Refreshed(snapshot=None if made is None else _snapshot(made)))


def remove(ask: Ask) -> Answer:
    notes.remove(ask.acting, ask.path["note"])
    return Answer()


def _note(one: notes.Note) -> Note:
    return Note(
        id=one.id,
        kind=one.kind,
        text=one.text,
        clip=one.clip,
        model=one.model,
        outcome=one.outcome,
        snapshot=one.snapshot,
        by=one.by,
    )


def _snapshot(one: refreshing.Snapshot) -> Snapshot:
    return Snapshot(at=one.at, by=one.by, winners=one.winners, losers=one.losers)
