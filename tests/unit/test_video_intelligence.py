"""What Video Intelligence is asked, and what is made of its answers, through the real client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

import pytest
from google.cloud import videointelligence_v1 as vi

from common.adapters.google.video_intelligence import VideoIntelligence
from common.domain.annotation import Annotation, Annotations
from common.domain.timebase import Span
from common.errors import BadInput, Permanent, Transient
from common.ports.annotator import Annotator
from tests.standins.video_intelligence import Watcher, watcher

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
    name = annotator.ask(TALK, ["shots", "labels"])
    assert [annotator.answer(name), annotator.answer(name)] == [None, None]
    assert (
        annotator.answer(name)
        == annotator.answer(name)
        == Annotations(
            shots=(_span("0", "1.5"), _span("1.5", "2.04")),
            labels=(Annotation(text="dog", span=_span("0", "1.5"), confidence=0.5),),
            texts=None,
        )
    )


def test_what_was_looked_for_and_not_seen_is_empty_not_unknown(google: Watcher, annotator: Annotator) -> None:
    google.results = [vi.VideoAnnotationResults()]
    assert annotator.answer(annotator.ask(TALK, ["texts"])) == Annotations(texts=())


def test_a_question_whose_answer_was_lost_is_not_sent_again(google: Watcher, annotator: Annotator) -> None:
    google.lost = 1
    with pytest.raises(Transient, match="Video Intelligence"):
        annotator.ask(TALK, ["shots"])
    assert len(google.requests) == 1


def test_asking_after_an_answer_goes_on_while_the_service_is_silent(google: Watcher, annotator: Annotator) -> None:
    name = annotator.ask(TALK, ["shots"])
    google.silent = 2
    assert annotator.answer(name) == Annotations(shots=())


def test_what_it_cannot_watch_is_said(google: Watcher, annotator: Annotator) -> None:
    name = annotator.ask(TALK, ["shots"])
    google.error = "unsupported codec"
    with pytest.raises(Permanent, match="unsupported codec"):
        annotator.answer(name)
    with pytest.raises(Permanent, match="no operation"):
        annotator.answer("projects/1/locations/x/operations/9")


def test_times_that_cannot_be_are_refused(google: Watcher, annotator: Annotator) -> None:
    google.results = [vi.VideoAnnotationResults(shot_annotations=[_segment(2, 1)])]
    with pytest.raises(Permanent, match="begins at 2"):
        annotator.answer(annotator.ask(TALK, ["shots"]))


@pytest.mark.parametrize("name", ["*.mp4", "a?.mp4"])
def test_a_name_that_means_several_videos_is_not_sent(google: Watcher, annotator: Annotator, name: str) -> None:
    with pytest.raises(BadInput):
        annotator.ask(f"gs://up/t/ann/1/{name.replace('?', '%3F')}#1", ["shots"])
    assert google.requests == []
