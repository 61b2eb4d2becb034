"""What Video Intelligence is asked, and what is made of its answers, through the real client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

import grpc  # type: ignore[import-untyped]
import pytest
from google.auth.exceptions import RefreshError
from google.cloud import videointelligence_v1 as vi

from common.adapters.google import video_intelligence
from common.adapters.google.video_intelligence import VideoIntelligence
from common.domain.annotation import FEATURES, Annotation, Annotations, Feature
from common.domain.timebase import Span
from common.errors import BadInput, Permanent, TooMany, Transient
from common.ports.annotator import Annotator
from common.ports.calls import NotSent
from tests.standins.video_intelligence import Watcher, watcher

BOTH: list[Feature] = ["shots", "labels"]
TALK = "gs://up/t/ann/1/My%20talk.mp4#17"


@pytest.fixture
def google() -> Iterator[Watcher]:
    with watcher() as made:
        yield made


@pytest.fixture
def annotator(google: Watcher) -> Annotator:
    return VideoIntelligence(google.client, location="europe-west1")


def _segment(start: float, end: float) -> vi.VideoSegment:
    return vi.VideoSegment(start_time_offset=timedelta(seconds=start), end_time_offset=timedelta(seconds=end))


def _span(start: str, end: str) -> Span:
    return Span(Fraction(start), Fraction(end))


def test_it_is_told_where_the_upload_lies_and_what_to_look_for(google: Watcher, annotator: Annotator) -> None:
    name = annotator.ask(TALK, ["texts", "shots", "texts"])
    (request,) = google.requests
    assert request.input_uri == "gs://up/t/ann/1/My talk.mp4"
    assert [one.name for one in request.features] == ["SHOT_CHANGE_DETECTION", "TEXT_DETECTION"]
    assert request.location_id == "europe-west1"
    assert name.endswith("/operations/1")


def test_its_answer_is_waited_for_and_comes_in_exact_time(google: Watcher, annotator: Annotator) -> None:
    google.looks = 2
    google.results = [
        vi.VideoAnnotationResults(
            shot_annotations=[_segment(0, 1.5), _segment(1.5, 2.04)],
            shot_label_annotations=[
                {"entity": {"description": "dog"}, "segments": [{"segment": _segment(0, 1.5), "confidence": 0.5}]}
            ],
        )
    ]
    name = annotator.ask(TALK, BOTH)
    assert [annotator.answer(name, BOTH), annotator.answer(name, BOTH)] == [None, None]
    assert (
        annotator.answer(name, BOTH)
        == annotator.answer(name, BOTH)
        == Annotations(
            shots=(_span("0", "1.5"), _span("1.5", "2.04")),
            labels=(Annotation(text="dog", span=_span("0", "1.5"), confidence=0.5),),
            texts=None,
        )
    )


def test_what_was_looked_for_and_not_seen_is_empty_not_unknown(google: Watcher, annotator: Annotator) -> None:
    google.results = [vi.VideoAnnotationResults()]
    assert annotator.answer(annotator.ask(TALK, ["texts"]), ["texts"]) == Annotations(texts=())


def test_a_question_whose_answer_was_lost_is_not_sent_again(google: Watcher, annotator: Annotator) -> None:
    google.lost = 1
    with pytest.raises(Transient, match="Video Intelligence"):
        annotator.ask(TALK, ["shots"])
    assert len(google.requests) == 1


def test_asking_after_an_answer_goes_on_while_the_service_is_silent(google: Watcher, annotator: Annotator) -> None:
    name = annotator.ask(TALK, ["shots"])
    google.silent = 2
    assert annotator.answer(name, ["shots"]) == Annotations(shots=())


def test_what_it_cannot_watch_is_said(google: Watcher, annotator: Annotator) -> None:
    name = annotator.ask(TALK, ["shots"])
    google.error = "unsupported codec"
    with pytest.raises(Permanent, match="unsupported codec"):
        annotator.answer(name, ["shots"])
    with pytest.raises(Permanent, match="no operation"):
        annotator.answer("projects/1/locations/x/operations/9", ["shots"])


def test_what_cannot_be_is_dropped_and_counted_and_the_rest_stands(google: Watcher, annotator: Annotator) -> None:
    endless = vi.VideoSegment.pb(vi.VideoSegment())
    endless.end_time_offset.seconds = 10**15
    early = vi.VideoSegment.pb(vi.VideoSegment())
    early.start_time_offset.seconds = -1
    good, seen = _segment(0, 1), {"confidence": 0.5}
    odd = [float("nan"), float("inf"), -0.1, 1.1]
    segments = [
        *({"segment": good, "confidence": one} for one in odd),
        *({"segment": vi.VideoSegment.wrap(one), **seen} for one in (endless, early)),
        {"segment": _segment(2, 1), **seen},
        {"segment": good, **seen},
    ]
    google.results = [
        vi.VideoAnnotationResults(
            shot_annotations=[_segment(2, 1), good],
            segment_label_annotations=[
                {"entity": {"description": "dog"}, "segments": segments},
                {"entity": {"description": " "}, "segments": [{"segment": good, **seen}]},
            ],
        )
    ]
    dog = Annotation(text="dog", span=_span("0", "1"), confidence=0.5)
    told = annotator.answer(annotator.ask(TALK, BOTH), BOTH)
    assert told == Annotations(shots=(_span("0", "1"),), labels=(dog,), dropped=9)


def test_of_too_much_the_first_is_kept(google: Watcher, annotator: Annotator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_intelligence, "MOST", 2)
    one = {"segment": _segment(0, 1), "confidence": 1.0}
    google.results = [vi.VideoAnnotationResults(text_annotations=[{"text": "x" * 9000, "segments": [one] * 5}])]
    told = annotator.answer(annotator.ask(TALK, ["texts"]), ["texts"])
    assert told is not None and told.texts is not None
    assert (len(told.texts), told.dropped, len(told.texts[0].text)) == (2, 3, video_intelligence.MOST_TEXT)


def test_all_six_are_read(google: Watcher, annotator: Annotator) -> None:
    segment = _segment(1, 2)
    google.results = [
        vi.VideoAnnotationResults(
            shot_annotations=[segment],
            segment_label_annotations=[
                {"entity": {"description": "kitchen"}, "segments": [{"segment": segment, "confidence": 1}]}
            ],
            object_annotations=[{"entity": {"description": "cup"}, "segment": segment, "confidence": 0.25}],
            text_annotations=[{"text": "SALE", "segments": [{"segment": segment, "confidence": 0.5}]}],
            face_detection_annotations=[{"tracks": [{"segment": segment, "confidence": 0.75}]}],
            speech_transcriptions=[
                {
                    "alternatives": [
                        {
                            "transcript": "hello there",
                            "confidence": 0.5,
                            "words": [
                                {"start_time": timedelta(seconds=1), "end_time": timedelta(seconds=1.5)},
                                {"start_time": timedelta(seconds=1.5), "end_time": timedelta(seconds=2)},
                            ],
                        },
                        {"transcript": "yellow there", "confidence": 0.1},
                    ]
                },
                {"alternatives": [{"transcript": "without words"}]},
            ],
        )
    ]
    at = _span("1", "2")
    told = annotator.answer(annotator.ask(TALK, FEATURES), FEATURES)
    assert told == Annotations(
        labels=(Annotation(text="kitchen", span=at, confidence=1),),
        shots=(at,),
        objects=(Annotation(text="cup", span=at, confidence=0.25),),
        texts=(Annotation(text="SALE", span=at, confidence=0.5),),
        faces=(Annotation(text="face", span=at, confidence=0.75),),
        speech=(Annotation(text="hello there", span=at, confidence=0.5),),
        dropped=1,
    )
    (request,) = google.requests
    assert request.video_context.speech_transcription_config.language_code == "en-US"


def test_what_it_did_not_look_for_is_unknown_and_what_it_does_not_say_is_believed(
    google: Watcher, annotator: Annotator
) -> None:
    name = annotator.ask(TALK, ["shots"])
    assert annotator.answer(name, BOTH) == Annotations(shots=(), labels=None)
    google.quiet = True
    assert annotator.answer(name, BOTH) == Annotations(shots=(), labels=())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, TooMany),
        (grpc.StatusCode.PERMISSION_DENIED, Permanent),
        (grpc.StatusCode.INVALID_ARGUMENT, Permanent),
        (grpc.StatusCode.DEADLINE_EXCEEDED, Transient),
        (grpc.StatusCode.INTERNAL, Transient),
    ],
)
def test_a_refusal_is_told_from_what_nobody_knows(
    google: Watcher, annotator: Annotator, status: grpc.StatusCode, kind: type[Exception]
) -> None:
    google.refusals = [status]
    with pytest.raises(kind) as raised:
        annotator.ask(TALK, ["shots"])
    assert type(raised.value) is kind and google.requests == []


def test_without_credentials_nothing_left() -> None:
    class Keyless:
        def annotate_video(self, **asked: object) -> None:
            raise RefreshError("the metadata server is silent", retryable=True)  # type: ignore[no-untyped-call]

    with pytest.raises(NotSent, match="silent"):
        VideoIntelligence(Keyless).ask(TALK, ["shots"])


def test_without_a_region_google_goes_by_where_the_file_lies(google: Watcher) -> None:
    VideoIntelligence(google.client).ask(TALK, ["shots"])
    assert google.requests[0].location_id == ""


@pytest.mark.parametrize("name", ["*.mp4", "a?.mp4"])
def test_a_name_that_means_several_videos_is_not_sent(google: Watcher, annotator: Annotator, name: str) -> None:
    with pytest.raises(BadInput):
        annotator.ask(f"gs://up/t/ann/1/{name.replace('?', '%3F')}#1", ["shots"])
    assert google.requests == []
