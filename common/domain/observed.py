"""What is known of one clip, or of a storyboard, put together for whoever judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from common.domain.annotation import Annotations
from common.domain.asset import Probe
from common.domain.footage import Curve, Footage
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Reading, Track
from common.domain.transcript import Quality, Sentence, Word

if TYPE_CHECKING:  # a storyboard is judged in a function too, which has no numpy
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """All times are the video's. None: nobody looked; empty: somebody looked and found nothing.

    Lists hold what lies in, or reaches into, `span`; `footage` is of the whole video.
    """

    span: Span
    probe: Probe | None = None
    footage: Footage | None = None
    shots: tuple[Shot, ...] | None = None
    words: tuple[Word, ...] | None = None
    sentences: tuple[Sentence, ...] | None = None  # those that begin inside; word numbers are the transcript's
    before: Sentence | None = None  # the sentence before the first one
    quality: Quality | None = None  # who wrote the words
    language: str | None = None  # BCP 47
    tracks: tuple[Track, ...] | None = None  # faces, people, and objects where a detector is
    readings: tuple[Reading, ...] | None = None  # text on screen
    watched: Annotations | None = None  # what others saw in it for money, cut to the clip; None: nobody was asked
    sounds: tuple[tuple[str, Span], ...] | None = None  # "speech", "music", "silence", "other"
    pitch: Curve | None = None  # Hz of the voice, None where there is none
    rate: Curve | None = None  # syllables a second of speech, None where nobody speaks
    energy: Curve | None = None  # dBFS
    clipped: tuple[Span, ...] | None = None
    vectors: Vectors | None = None  # (sentences, 384), of length 1
    worths: tuple[float | None, ...] | None = None  # of each sentence as an opening, by the hook model; log odds
    own: Vectors | None = None  # (clips, 384): the account's earlier clips, the oldest first; None: no history
    declared: Mapping[str, float] = field(default_factory=dict)  # fits the owner declared: "age", "interest", "persona"
    brand: str | None = None  # the brand or product it is for, as the owner writes it

    @property
    def text(self) -> str:
        """What is said, as running text; "" where nothing is."""
        return " ".join(one.text for one in self.sentences or ())
