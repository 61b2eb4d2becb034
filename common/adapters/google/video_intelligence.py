"""Google's Video Intelligence: what it sees and hears in a whole upload, watched where it lies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.patience import patient, told
from common.adapters.google.sources import parse
from common.domain.annotation import FEATURES, Annotation, Annotations, Feature
from common.domain.timebase import Span
from common.errors import BadInput, Permanent, TooMany
from common.ports.calls import NotSent

TIMEOUT_S = 20.0  # of one call
PATIENCE_S = 20.0  # for which a question after an answer is sent again
PAUSE_S = 60.0  # after which a quota, which is by the minute, may hold more
MOST = 10_000  # of one feature
MOST_TEXT = 500  # characters of one text
SPEECH = "en-US"  # the one language it hears, by its list of prices

_FEATURES: dict[Feature, str] = {
    "labels": "LABEL_DETECTION",
    "shots": "SHOT_CHANGE_DETECTION",
    "objects": "OBJECT_TRACKING",
    "texts": "TEXT_DETECTION",
    "faces": "FACE_DETECTION",
    "speech": "SPEECH_TRANSCRIPTION",
}
_Found = tuple[str, Any, float]  # text, segment, confidence


class VideoIntelligence:
    """`make` gives the client when it is first needed.

    `location` is the region that watches; without one, Google goes by where the file lies. It has fewer than Run has.
    """

    def __init__(self, make: Callable[[], Any], *, location: str | None = None) -> None:
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
            location_id=self._location or "",
        )
        if "speech" in features:
            request.video_context.speech_transcription_config.language_code = SPEECH
        try:
            operation = self._client().annotate_video(request=request, retry=None, timeout=TIMEOUT_S)
        except exceptions.ResourceExhausted as error:
            raise TooMany(f"Video Intelligence wants a pause ({error.message})", after_s=PAUSE_S) from error
        except GoogleAuthError as error:
            refused = _told(error)
            raise refused if isinstance(refused, Permanent) else NotSent(str(refused)) from error
        except exceptions.GoogleAPIError as error:
            raise _told(error) from error
        return str(operation.operation.name)

    def answer(self, name: str, features: Collection[Feature]) -> Annotations | None:
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
        watched = {
            vi.Feature(progress.feature).name
            for progress in vi.AnnotateVideoProgress.deserialize(operation.metadata.value).annotation_progress
        }
        # Where it says what it looked for, what it does not name was not looked for.
        told = [one for one in FEATURES if one in features and (not watched or _FEATURES[one] in watched)]
        return _annotations(told, list(answer.annotation_results))


def _annotations(features: Collection[Feature], results: list[Any]) -> Annotations:
    for result in results:
        if result.error.message:
            raise _failed(result.error.message)
    found: dict[str, Any] = {}
    dropped = 0
    for feature in features:
        kept: list[Any] = []
        for text, segment, confidence in (one for result in results for one in _READ[feature](result)):
            span = _span(segment)
            if span is None or not 0 <= confidence <= 1 or len(kept) == MOST:  # NaN fails it too
                dropped += 1
            elif feature == "shots":
                kept.append(span)
            elif not text.strip():
                dropped += 1
            else:
                kept.append(Annotation(text=text[:MOST_TEXT], span=span, confidence=float(confidence)))
        found[feature] = tuple(kept)
    return Annotations(**found, dropped=dropped)


def _labels(result: Any) -> Iterator[_Found]:
    for label in (*result.segment_label_annotations, *result.shot_label_annotations):
        for one in label.segments:
            yield label.entity.description, one.segment, one.confidence


def _shots(result: Any) -> Iterator[_Found]:
    for segment in result.shot_annotations:
        yield "", segment, 1.0


def _objects(result: Any) -> Iterator[_Found]:
    for one in result.object_annotations:
        yield one.entity.description, one.segment, one.confidence


def _texts(result: Any) -> Iterator[_Found]:
    for text in result.text_annotations:
        for one in text.segments:
            yield text.text, one.segment, one.confidence


def _faces(result: Any) -> Iterator[_Found]:
    for face in result.face_detection_annotations:
        for track in face.tracks:
            yield "face", track.segment, track.confidence


def _speech(result: Any) -> Iterator[_Found]:
    """The likeliest reading of each stretch, from its first word to its last."""
    for heard in result.speech_transcriptions:
        for one in list(heard.alternatives)[:1]:
            words = list(one.words)
            yield one.transcript, (words[0], words[-1]) if words else None, one.confidence


_READ: dict[Feature, Callable[[Any], Iterator[_Found]]] = {
    "labels": _labels,
    "shots": _shots,
    "objects": _objects,
    "texts": _texts,
    "faces": _faces,
    "speech": _speech,
}


def _span(segment: Any) -> Span | None:
    """Of a segment, or of a first and a last word; None where it says no times, or such as cannot be."""
    if segment is None:
        return None
    try:
        if isinstance(segment, tuple):
            start, end = _seconds(segment[0].start_time), _seconds(segment[1].end_time)
        else:
            start, end = _seconds(segment.start_time_offset), _seconds(segment.end_time_offset)
    except OverflowError:  # a million years and more
        return None
    return Span(start, end) if 0 <= start <= end else None


def _seconds(offset: Any) -> Fraction:
    """A duration to the microsecond, which is as exact as the client's type is."""
    return Fraction(round(offset.total_seconds() * 1_000_000), 1_000_000)


def _told(error: Any) -> Exception:
    return told(error, "Video Intelligence", "annotator_refused")


def _failed(why: str) -> Permanent:
    return Permanent(f"Video Intelligence could not watch it: {why}; go on without", code="annotator_failed")
