"""Timed text in and out: transcripts people give, caption files for the clips."""

from __future__ import annotations

from common.media.captions.read import read_transcript
from common.media.captions.write import Cue, cues_from_words, write_ass, write_srt, write_vtt

__all__ = ["Cue", "cues_from_words", "read_transcript", "write_ass", "write_srt", "write_vtt"]
