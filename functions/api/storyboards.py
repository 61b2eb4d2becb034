"""Storyboards: what a plan would score, before anything is shot. Nothing of one is kept."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from common.scoring import storyboard, telling
from common.scoring.judging import judge
from functions.api.judgements import Judgement, LeftOut
from functions.api.route import Answer, Ask, Shape

Words = Annotated[str, msgspec.Meta(max_length=storyboard.MOST_TEXT)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=storyboard.MOST_NAME)]
Seconds = Annotated[float, msgspec.Meta(ge=float(storyboard.SHORTEST), le=float(storyboard.LONGEST))]


class Shot(Shape):
    """One shot that is planned. `say`, and `text` on screen: left out where the plan is silent on them, "" for none."""

    seconds: Seconds
    say: Words | None = None
    text: Words | None = None
    picture: Annotated[str, msgspec.Meta(min_length=1, max_length=storyboard.MOST_PATH)] | None = None


class Storyboard(Shape):
    """As `scripts/run PLAN.json` takes it."""

    schema: Literal["cutroom.storyboard/1"]
    title: Name
    shots: Annotated[list[Shot], msgspec.Meta(min_length=1, max_length=storyboard.MOST_SHOTS)]
    brand: Name | None = None


class StoryboardScore(Shape):
    """`score` compares plans and predicts nothing, so `prediction` is null. `left_out`: what was not looked at."""

    schema: Literal["cutroom.storyboard-score/1"]
    title: str
    seconds: float
    score: float
    prediction: None
    raise_by: list[str]
    judgement: Judgement
    left_out: list[LeftOut]


def score(ask: Ask) -> Answer:
    wanted: Storyboard = ask.body
    said = {name: value for name, value in msgspec.to_builtins(wanted).items() if value is not None}
    shots = [{name: value for name, value in one.items() if value is not None} for one in said["shots"]]
    board = storyboard.read(msgspec.json.encode({**said, "shots": shots}))
    observed = storyboard.observe(board)
    told = telling.storyboard_of(board, observed, judge(observed))
    left_out = []
    if pictures := sum(one.picture is not None for one in board.shots):
        why = f"the API is sent words alone, and looks at none of the {pictures} named; what they show is not known"
        left_out.append({"what": "pictures", "why": why})
    return Answer(body=msgspec.convert({**told, "title": wanted.title, "left_out": left_out}, StoryboardScore))
