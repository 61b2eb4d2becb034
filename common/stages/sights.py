"""What judges elsewhere are shown of the clips: key pictures, or the clip itself, made once before anybody is asked."""

from __future__ import annotations

from collections.abc import Sequence

from common.domain.asset import Probe
from common.domain.timebase import Span
from common.errors import Permanent
from common.media import excerpt
from common.ports.language import Footage, LanguageModel, Picture, Sight
from common.ports.work import Work
from common.stages.observe import Known

# Containers that makers read where they lie, by the demuxer's first name; others are made small and sent along.
_READ_IN_PLACE = {"mov": "video/mp4", "mpegts": "video/mpeg", "mpeg": "video/mpeg"}


class Sights:
    """Of one video. Made when first asked for; nothing where nobody sees."""

    def __init__(self, work: Work, whole: Known, models: Sequence[LanguageModel]) -> None:
        self._work = work
        self._whole = whole
        self._seen = {model.sees for model in models}
        self._pictures: dict[Span, tuple[Picture, ...]] = {}
        self._footage: dict[Span, Footage] = {}

    def of(self, span: Span, sees: Sight) -> tuple[Picture, ...] | tuple[Footage]:
        """Fit for who sees so much."""
        if sees == "video":
            if span not in self._footage:
                self._footage[span] = self._clip(span)
            return (self._footage[span],)
        return self.pictures(span) if sees == "pictures" else ()

    def first(self, span: Span) -> Picture | None:
        """The picture a clip opens with; None where nobody would see it, or it cannot be decoded."""
        return next(iter(self.pictures(span)), None) if self._seen - {"nothing"} else None

    def pictures(self, span: Span) -> tuple[Picture, ...]:
        if span not in self._pictures:
            shots = [one.span for one in self._whole.footage.shots]
            self._pictures[span] = excerpt.pictures(
                self._work.local_source(), self._probe, span, excerpt.instants(span, shots), scratch=self._work.scratch
            )
        return self._pictures[span]

    @property
    def _probe(self) -> Probe:
        if self._whole.probe is None:
            raise Permanent("the file was not looked at; run again from ingest")
        return self._whole.probe

    def _clip(self, span: Span) -> Footage:
        mime = _READ_IN_PLACE.get(self._probe.container.split(",")[0])
        if self._work.address is not None and mime is not None:
            start, end = self._probe.start + span.start, self._probe.start + span.end
            return Footage(mime=mime, start=float(start), end=float(end), address=self._work.address)
        return excerpt.footage(self._work.local_source(), self._probe, span, scratch=self._work.scratch)
