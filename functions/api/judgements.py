"""What is thought of a clip or a plan, in the words of result.json: parts with their evidence, never a bare number."""

from __future__ import annotations

from functions.api.route import Shape


class Evidence(Shape):
    """Something that was seen or heard, its part of the score, and where in the video, if in one place (seconds)."""

    name: str
    text: str
    weight: float
    start: float | None
    end: float | None


class Part(Shape):
    """0 to 1; null where it cannot be told, and `why` says what is missing."""

    value: float | None
    weight: float
    why: str | None
    evidence: list[Evidence]


class NamedPart(Part):
    name: str


class Pull(Shape):
    """The share of tested headlines that the first sentence would out-pull; 8 in 10 such lie from low to high."""

    value: float
    low: float
    high: float
    source: str


class Hook(Shape):
    """How the first 3 seconds hold somebody; strength and confidence 0 to 1."""

    type: str
    strength: float
    confidence: float
    secondary: list[str]
    start: float
    end: float
    evidence: list[Evidence]
    pull: Pull | None
    pull_why: str | None


class RubricItem(Shape):
    """A yes-or-no question. `met` is null where nothing was there to tell it by."""

    key: str
    text: str
    met: bool | None
    why: str | None
    start: float | None
    end: float | None


class Judgement(Shape):
    parts: list[NamedPart]
    hook: Hook
    psychology: dict[str, Part]
    rubric: list[RubricItem]


class LeftOut(Shape):
    what: str
    why: str
