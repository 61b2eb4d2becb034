"""Models that hear, see and read.

Each is opened for one piece of work and works in a limited process of its own; what it answers depends on no call
before. A model that is not on this machine raises ModelMissing when it is opened; the stage then says "left out" and
why.
`source` is what results name: the model's name@version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from common.domain.track import Box, TextLine

if TYPE_CHECKING:  # a light image has no numpy, and needs none to know what a port is
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]  # mono, 16 kHz, -1 to 1
    Picture = NDArray[np.uint8]  # (height, width, 3), RGB, upright, square pixels
    Pictures = NDArray[np.uint8]  # (n, height, width, 3)
    Vectors = NDArray[np.float32]  # (n, 384), of length 1
    Depths = NDArray[np.float32]  # (n, 10752)

Quality = Literal["draft", "good"]
Search = Literal["nowhere", "whole", "parts"]
Point = tuple[float, float]  # fractions of the picture
SAMPLE_RATE = 16_000  # Hz, of all sound that models are given


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One word, in seconds from the first sample."""

    text: str
    start: float
    end: float
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """The words of one utterance, and the language they were taken for (BCP 47)."""

    words: tuple[Heard, ...]
    language: str | None
    sure: float | None = None  # of the language, 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFace:
    """One face in one picture. `frontal` is how sure a closer look is of a face that shows both eyes."""

    box: Box
    confidence: float  # of the detector, 0 to 1
    frontal: float  # 0 to 1
    eyes: tuple[Point, Point]  # left and right in the picture
    mouth: Point
    opening: float | None  # of the mouth: the gap between the lips over the distance of the eyes; None for a profile


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenThing:
    """A person or an object in one picture."""

    label: str
    box: Box
    confidence: float
    head: Box | None = None  # of a person, where the face would be, seen or not


class VoiceActivity(Protocol):
    @property
    def source(self) -> str: ...

    def speech(self, samples: Samples) -> list[tuple[float, float]]:
        """Where somebody speaks: (start, end) in seconds, in order, apart."""


class Recogniser(Protocol):
    """Speech to words. Each call starts anew: an utterance gives the same words whatever was heard before it."""

    @property
    def source(self) -> str: ...

    @property
    def quality(self) -> Quality: ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Primary language tags it knows, such as "en"; empty when it knows many and tells them apart itself."""

    def transcribe(self, samples: Samples, language: str | None) -> Transcribed:
        """The words of one utterance; none where it is not sure that there are any."""


class Aligner(Protocol):
    """Known words to their times."""

    @property
    def source(self) -> str: ...

    @property
    def languages(self) -> tuple[str, ...]: ...

    def align(self, samples: Samples, words: Sequence[str]) -> list[Heard | None]:
        """One entry per word, None where it could not be placed."""


class FaceDetector(Protocol):
    @property
    def source(self) -> str: ...

    def faces(self, picture: Picture, *, around: Sequence[Box], search: Search) -> list[SeenFace]:
        """The faces of a picture, doubtful ones among them: whoever follows them through time decides.

        `around` are boxes where a face is expected; each is looked at from near by. `search` says where else: nowhere,
        in the whole picture, or in all its parts, for small faces, at several times the cost.
        """


class PersonDetector(Protocol):
    @property
    def source(self) -> str: ...

    def people(self, picture: Picture) -> list[SeenThing]: ...


class ObjectDetector(Protocol):
    @property
    def source(self) -> str: ...

    def objects(self, pictures: Pictures) -> list[list[SeenThing]]:
        """The objects of each picture."""


class TextReader(Protocol):
    @property
    def source(self) -> str: ...

    def read(self, picture: Picture) -> list[TextLine]:
        """The lines of text in a picture, from its top to its bottom."""


class Embedder(Protocol):
    @property
    def source(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector per text; the product of two is the cosine of their meanings."""

    def depths(self, texts: Sequence[str]) -> Depths:
        """One row per text: its vector, and after it what the model's inner layers hold of it."""


class Models(Protocol):
    """All models of this machine. Each opens in a process of its own that works in `scratch` and ends with the block.

    Opening raises ModelMissing when it is not here, ModelRefused when its files are not what they should be.
    """

    def voice(self, scratch: Path) -> AbstractContextManager[VoiceActivity]: ...

    def recogniser(self, scratch: Path) -> AbstractContextManager[Recogniser]:
        """The best one that is here."""

    def aligner(self, scratch: Path) -> AbstractContextManager[Aligner]: ...

    def faces(self, scratch: Path) -> AbstractContextManager[FaceDetector]: ...

    def people(self, scratch: Path) -> AbstractContextManager[PersonDetector]: ...

    def objects(self, scratch: Path) -> AbstractContextManager[ObjectDetector]: ...

    def texts(self, scratch: Path) -> AbstractContextManager[TextReader]: ...

    def sentences(self, scratch: Path) -> AbstractContextManager[Embedder]: ...

    def identity(self, kinds: Iterable[str]) -> dict[str, str | None]:
        """Of each kind (a method's name above): the name@version that would answer; None where there is none.

        Part of a run's inputs: with another model its result is made anew.
        """
