"""Google's Video Intelligence: shots, labels and text of a whole upload, watched where it lies."""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.patience import patient, told
from common.adapters.google.sources import parse
from common.domain.annotation import Annotation, Annotations, Feature
from common.domain.timebase import Span
from common.errors import BadInput, Permanent

TIMEOUT_S = 20.0  # of one call
PATIENCE_S = 20.0  # for which a question after an answer is sent again

_FEATURES: dict[Feature, str] = {
    "shots": "SHOT_CHANGE_DETECTION",
    "labels": "LABEL_DETECTION",
    "texts": "TEXT_DETECTION",
}


class VideoIntelligence:
    """`make` gives the client when it is first needed; `location` is where videos are watched, a region."""

    def __init__(self, make: Callable[[], Any], *, location: str) -> None:
        self._client, self._location = once(make), location

    def ask(self, location: str, features: Collection[Feature]) -> str:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import videointelligence_v1 as vi

        bucket, name, _ = parse(location)
        if "*" in name or "?" in name:  # they would name several videos, each for money
            raise BadInput(f"{name!r} can't be watched: its name has a * or a ?; upload it under another")
        request = vi.AnnotateVideoRequest(
            input_uri=f"gs://{bucket}/{name}",
            features=[_FEATURES[feature] for feature in sorted(set(features))],  # by name, as enums may be given
            location_id=self._location,
        )
        try:
            operation = self._client().annotate_video(request=request, retry=None, timeout=TIMEOUT_S)
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise _told(error) from error
        return str(operation.operation.name)

    def answer(self, name: str) -> Annotations | None:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import videointelligence_v1 as vi

        operations = self._client().transport.operations_client
        try:
            operation = operations.get_operation(name, retry=patient(PATIENCE_S), timeout=TIMEOUT_S)
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise _told(error) from error
        if not operation.done:
            return None
        if operation.HasField("error"):
            raise _failed(operation.error.message)
        answer = vi.AnnotateVideoResponse.deserialize(operation.response.value)
        asked = {
            vi.Feature(progress.feature).name
            for progress in vi.AnnotateVideoProgress.deserialize(operation.metadata.value).annotation_progress
        }
        return _annotations(asked, list(answer.annotation_results))


def _annotations(asked: set[str], results: list[Any]) -> Annotations:
    for result in results:
        if result.error.message:
            raise _failed(result.error.message)
    found: dict[Feature, tuple[Any, ...]] = {
        "shots": tuple(_span(shot) for result in results for shot in result.shot_annotations),
        "labels": tuple(
            Annotation(text=label.entity.description, span=_span(one.segment), confidence=float(one.confidence))
            for result in results
            for label in (*result.segment_label_annotations, *result.shot_label_annotations)
            for one in label.segments
        ),
        "texts": tuple(
            Annotation(text=text.text, span=_span(one.segment), confidence=float(one.confidence))
            for result in results
            for text in result.text_annotations
            for one in text.segments
        ),
    }
    return Annotations(**{name: seen for name, seen in found.items() if _FEATURES[name] in asked})


def _span(segment: Any) -> Span:
    start, end = (_seconds(at) for at in (segment.start_time_offset, segment.end_time_offset))
    if end < start:
        raise _failed(f"it saw something end at {float(end)} s that begins at {float(start)} s")
    return Span(start, end)


def _seconds(offset: Any) -> Fraction:
    """A duration to the microsecond, which is as exact as the client's type is."""
    return Fraction(round(offset.total_seconds() * 1_000_000), 1_000_000)


def _told(error: Any) -> Exception:
    return told(error, "Video Intelligence", "annotator_refused")


def _failed(why: str) -> Permanent:
    return Permanent(f"Video Intelligence could not watch it: {why}; go on without", code="annotator_failed")
