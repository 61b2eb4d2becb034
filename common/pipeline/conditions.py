"""The predicates a stage's `when` may name: pure, on the results of the stages before, the flow's settings and the
evidence that is asked for. Each says why it is false."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from common.domain.annotation import Feature
from common.domain.settings import FlowSettings

Results = Mapping[str, Any]  # stage -> its result; absent when it was skipped or failed
Wanted = Collection[Feature]
Verdict = str | None  # None: it holds; else the reason it does not

NOT_ASKED = "it was not asked for"  # what nobody need be told


def _is_new(results: Results, settings: FlowSettings, wanted: Wanted) -> Verdict:
    original = results.get("fingerprint", {}).get("duplicate_of")
    return f"the same file as {original}, which is already here" if original else None


def _has_audio(results: Results, settings: FlowSettings, wanted: Wanted) -> Verdict:
    return None if results.get("ingest", {}).get("audio_track") is not None else "the file has no sound"


def _has_no_transcript(results: Results, settings: FlowSettings, wanted: Wanted) -> Verdict:
    return "a transcript was given" if settings.transcript else None


def _wants_overlay(results: Results, settings: FlowSettings, wanted: Wanted) -> Verdict:
    return None if settings.debug_overlay else NOT_ASKED


def _evidence_wanted(results: Results, settings: FlowSettings, wanted: Wanted) -> Verdict:
    return None if wanted else NOT_ASKED


CONDITIONS: dict[str, Callable[[Results, FlowSettings, Wanted], Verdict]] = {
    "asset.is_new": _is_new,
    "asset.has_audio": _has_audio,
    "flow.has_no_transcript": _has_no_transcript,
    "flow.wants_overlay": _wants_overlay,
    "evidence.is_wanted": _evidence_wanted,
}
