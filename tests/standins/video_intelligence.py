"""Video Intelligence as far as Cutroom uses it: it watches nothing, and answers what a test says, after so many looks.

Fidelity: AnnotateVideo, GetOperation; faults on demand. It refuses what the service refuses of a request's form.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud import videointelligence_v1 as vi
from google.longrunning import operations_pb2  # type: ignore[import-untyped]

from tests.standins.rpc import Method, Refused, serving


class Watcher:
    """The requests it took, in order; `results` is what it answers, `looks` after how many questions.

    `of` holds results of one feature, by its name, for answers to requests of that feature alone.
    """

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.results: list[Any] = []
        self.of: dict[str, list[Any]] = {}
        self.error = ""
        self.quiet = False  # about what it looked for
        self.refusals: list[grpc.StatusCode] = []  # of requests to come, in order: none of them is taken
        self.looks = 0
        self.lost = 0  # answers to AnnotateVideo yet to lose
        self.silent = 0  # questions yet to answer UNAVAILABLE
        self._asked: dict[str, int] = {}
        self.channel: Any = None

    def client(self) -> Any:
        transport = vi.VideoIntelligenceServiceClient.get_transport_class("grpc")
        return vi.VideoIntelligenceServiceClient(transport=transport(channel=self.channel))

    def methods(self) -> dict[str, Method]:
        return {
            "/google.cloud.videointelligence.v1.VideoIntelligenceService/AnnotateVideo": (
                vi.AnnotateVideoRequest,
                self._annotate,
            ),
            "/google.longrunning.Operations/GetOperation": (operations_pb2.GetOperationRequest, self._operation),
        }

    def _annotate(self, request: Any) -> Any:
        if not request.input_uri.startswith("gs://") or not request.features:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "input_uri and features are needed")
        if self.refusals:
            raise Refused(self.refusals.pop(0), "refused on demand")
        if "SPEECH_TRANSCRIPTION" in names(request) and not (
            request.video_context.speech_transcription_config.language_code
        ):
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "speech needs a language")
        self.requests.append(request)
        name = f"projects/1/locations/{request.location_id}/operations/{len(self.requests)}"
        self._asked[name] = 0
        if self.lost:
            self.lost -= 1
            raise Refused(grpc.StatusCode.UNAVAILABLE, "the answer was lost")
        return operations_pb2.Operation(name=name)

    def _operation(self, request: Any) -> Any:
        if self.silent:
            self.silent -= 1
            raise Refused(grpc.StatusCode.UNAVAILABLE, "try again")
        if request.name not in self._asked:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"no operation {request.name}")
        at = int(request.name.rsplit("/", 1)[1]) - 1
        self._asked[request.name] += 1
        operation = operations_pb2.Operation(name=request.name, done=self._asked[request.name] > self.looks)
        progress = vi.AnnotateVideoProgress(
            annotation_progress=[{"feature": feature} for feature in self.requests[at].features if not self.quiet]
        )
        operation.metadata.Pack(vi.AnnotateVideoProgress.pb(progress))
        if not operation.done:
            return operation
        if self.error:
            operation.error.code, operation.error.message = 3, self.error
        else:
            found = [one for name in names(self.requests[at]) for one in self.of.get(name, [])]
            answer = vi.AnnotateVideoResponse(annotation_results=[*self.results, *found])
            operation.response.Pack(vi.AnnotateVideoResponse.pb(answer))
        return operation


def names(request: Any) -> list[str]:
    """Of the features it asks for."""
    return [one.name for one in request.features]


@contextmanager
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    with serving(made.methods()) as made.channel:
        yield made
