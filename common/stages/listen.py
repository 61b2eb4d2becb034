"""Listen to the sound once: how loud it is over time, and where it is silent."""

from __future__ import annotations

from common.domain.asset import Probe
from common.domain.codec import dumps, from_json, to_json
from common.errors import Permanent
from common.media.audio import STEP, listen
from common.media.probe import choose_audio
from common.ports.work import Outcome, Work


def run(work: Work) -> Outcome:
    told = work.need("ingest")
    if told is None:
        raise Permanent("there is nothing to listen to without a look at the file; run again from ingest")
    probe = from_json(Probe, told["probe"])
    audio = choose_audio(probe.audio, told["audio_track"])
    if audio is None:
        raise Permanent("the file has no sound to listen to", code="no_audio")
    total = float(probe.duration)
    sound = listen(
        work.local_source(),
        probe,
        audio,
        scratch=work.scratch,
        progress=lambda heard: work.progress(min(heard, total), total, "s"),
    )
    levels = {"start": sound.momentary.start, "step": STEP, "momentary": sound.momentary.values}
    return Outcome(
        result={
            "integrated_lufs": sound.integrated,
            "true_peak_dbtp": sound.true_peak,
            "loudness_range": sound.loudness_range,
            "silences": to_json(sound.silences),
            "levels": to_json(work.put("levels.json", dumps(levels))),
        }
    )
