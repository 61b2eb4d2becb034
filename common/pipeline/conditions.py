"""The predicates a stage's `when` may name: pure, on the results of the stages before. Each says why it is false."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from common.domain.settings import FlowSettings

Results = Mapping[str, Any]  # stage -> its result; absent when it was skipped or failed
Verdict = str | None  # None: it holds; else the reason it does not


def _is_new(results: Results, settings: FlowSettings) -> Verdict:
    original = results.get("fingerprint", {}).get("duplicate_of")
    return f"the same file as {original}, which is already here" if original else None


def _has_audio(results: Results, settings: FlowSettings) -> Verdict:
    return None if results.get("ingest", {}).get("audio_track") is not None else "the file has no sound"


def _has_no_transcript(results: Results, settings: FlowSettings) -> Verdict:
    return "a transcript was given" if settings.transcript else None


def _wants_overlay(results: Results, settings: FlowSettings) -> Verdict:
    return None if settings.debug_overlay else "it was not asked for"


CONDITIONS: dict[str, Callable[[Results, FlowSettings], Verdict]] = {
    "asset.is_new": _is_new,
    "asset.has_audio": _has_audio,
    "flow.has_no_transcript": _has_no_transcript,
    "flow.wants_overlay": _wants_overlay,
}
