"""What a service that watches a whole video says of it: evidence beside our own, never instead of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.domain.timebase import Span

Feature = Literal["shots", "labels", "texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A thing or a line of text that was seen, when, and how sure the service is (0 to 1)."""

    text: str
    span: Span
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What was asked for; None what was not."""

    shots: tuple[Span, ...] | None = None
    labels: tuple[Annotation, ...] | None = None
    texts: tuple[Annotation, ...] | None = None
