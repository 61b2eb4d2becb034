"""Who and what is seen, where, and for how long: boxes in one picture, tracks through a shot."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


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
    speaking: float | None = None  # how well the mouth moves with the sound, -1 to 1; None where it cannot be told


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text in a picture."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one still says. `coverage` is the share of the picture that text covers."""

    at: Fraction  # seconds
    shot: int
    source: str
    coverage: float
    lines: tuple[TextLine, ...]
