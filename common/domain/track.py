"""Who and what is seen, where, and for how long: boxes in one picture, tracks through a shot."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from common.domain.timebase import Span

SURE = 0.6  # confidence below which a line is not believed
SHORT_SURE = 0.85  # the same for two characters, or one digit, which noise resembles; one letter is not believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in fractions of the displayed picture (0 to 1), from its top left; it may stick out."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        return self.width * self.height

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether a point lies in it."""
        return self.x <= point[0] <= self.x + self.width and self.y <= point[1] <= self.y + self.height

    def towards(self, other: Box, share: float) -> Box:
        """The box that lies `share` (0 to 1) of the way to another."""
        return Box(
            x=self.x + (other.x - self.x) * share,
            y=self.y + (other.y - self.y) * share,
            width=self.width + (other.width - self.width) * share,
            height=self.height + (other.height - self.height) * share,
        )

    def shared(self, other: Box) -> float:
        """Area that both cover."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, across) * max(0.0, down)

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        shared = self.shared(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One box at one time. `eyes` and `mouth` (x, y) and `opening` belong to faces; None where they were not seen."""

    at: Fraction  # seconds
    box: Box
    confidence: float  # 0 to 1
    frontal: float | None = None  # of a face: how sure it is that both eyes show, 0 to 1
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None  # left and right in the picture
    mouth: tuple[float, float] | None = None
    opening: float | None = None  # of the mouth: the gap between the lips over the distance of the eyes


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One thing through one shot, in order of time; between two sightings it is taken to move straight."""

    number: int  # from 0
    kind: str  # "face", "person", or what an object detector calls it
    shot: int  # number of the shot
    source: str  # the model, name@version
    sightings: tuple[Sighting, ...]
    span: Span  # how long it is taken to be there, about the sightings
    speaking: float | None = None  # how much the mouth moves while there is speech; None where it cannot be told

    def at(self, t: Fraction) -> Box | None:
        """The box at a time, between two sightings on the straight line; None outside the span."""
        if not self.span.contains(t):
            return None
        first, last = self.sightings[:2], self.sightings[:-3:-1]
        for end, other in (pair for pair in (first, last) if len(pair) == 2):
            outside = end.at - t if other.at > end.at else t - end.at
            if outside > 0:  # it goes on as it came
                return other.box.towards(end.box, 1 + float(outside / abs(other.at - end.at)))
        return between(self.sightings, t) or self.sightings[0].box


def between(sightings: Sequence[Sighting], t: Fraction) -> Box | None:
    """Where a thing is between two sightings, on the straight line; None before the first and after the last."""
    if not sightings or not sightings[0].at <= t <= sightings[-1].at:
        return None
    after = bisect_left(sightings, t, key=lambda one: one.at)
    b = sightings[after]
    if b.at == t:
        return b.box
    a = sightings[after - 1]
    return a.box.towards(b.box, float((t - a.at) / (b.at - a.at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """The part of the picture that catches the eye at one time, whoever is in it."""

    at: Fraction  # seconds
    shot: int
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text in a picture."""

    text: str
    box: Box
    confidence: float


def believed(line: TextLine) -> bool:
    """Sure enough, and made of letters or digits."""
    marks = [character for character in line.text if character.isalnum()]
    if len(marks) < 2:
        return bool(marks) and marks[0].isdigit() and line.confidence >= SHORT_SURE
    return line.confidence >= (SURE if len(marks) > 2 else SHORT_SURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one still says. `coverage` is the share of the picture that text covers."""

    at: Fraction  # seconds
    shot: int
    source: str
    coverage: float
    lines: tuple[TextLine, ...]
