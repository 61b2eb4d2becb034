"""What a service that watches a whole video says of it: evidence beside our own, never instead of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any, Literal, get_args

from common.domain.timebase import Span

Feature = Literal["labels", "shots", "objects", "texts", "faces", "speech"]
FEATURES: tuple[Feature, ...] = get_args(Feature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A thing, a line of text or words that were heard: when, and how sure the service is (0 to 1)."""

    text: str
    span: Span
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What was asked for; None what was not. `dropped` counts what could not be true, or was too much to keep."""

    labels: tuple[Annotation, ...] | None = None
    shots: tuple[Span, ...] | None = None
    objects: tuple[Annotation, ...] | None = None
    texts: tuple[Annotation, ...] | None = None
    faces: tuple[Annotation, ...] | None = None
    speech: tuple[Annotation, ...] | None = None
    dropped: int = 0

    def __bool__(self) -> bool:
        """Whether anything was seen or heard."""
        return any(self.of(feature) for feature in FEATURES)

    def of(self, feature: Feature) -> tuple[Any, ...] | None:
        return getattr(self, feature)  # type: ignore[no-any-return]

    def only(self, features: Iterable[Feature]) -> Annotations:
        """Without the other features."""
        others: dict[str, Any] = dict.fromkeys(set(FEATURES) - set(features))
        return replace(self, **others)

    def within(self, span: Span) -> Annotations:
        """What lies in a span, cut to it, or reaches into it; a moment without length counts where it lies inside."""
        found = {name: self.of(name) for name in FEATURES}
        cut: dict[str, Any] = {name: _within(some, span) for name, some in found.items() if some is not None}
        return replace(self, **cut)


def together(parts: Iterable[Annotations]) -> Annotations:
    """The answers to several questions as one; the later counts where two tell of the same."""
    whole = Annotations()
    for part in parts:
        told = {one.name: value for one in fields(part) if (value := getattr(part, one.name)) is not None}
        whole = replace(whole, **(told | {"dropped": whole.dropped + part.dropped}))
    return whole


def minutes(seconds: Fraction) -> int:
    """Those that are begun, which is what such services charge for."""
    return math.ceil(seconds / 60)


def _within(some: tuple[Any, ...], span: Span) -> tuple[Any, ...]:
    found = []
    for one in some:
        own: Span = one if isinstance(one, Span) else one.span
        if own.overlap(span) or (not own.duration and span.contains(own.start)):
            cut = Span(max(own.start, span.start), min(own.end, span.end))
            found.append(cut if isinstance(one, Span) else replace(one, span=cut))
    return tuple(found)
