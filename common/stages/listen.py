"""Listen to the sound once: how loud it is over time, where it is silent or clipped, where and how somebody speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from common.domain.asset import Probe
from common.domain.codec import dumps, from_json, to_json
from common.domain.timebase import Span
from common.errors import ModelMissing, Permanent
from common.media import audio
from common.media.clipping import Clipping
from common.media.probe import choose_audio
from common.ports.models import SAMPLE_RATE
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring.utterances import LONGEST, utterances
from common.signals import prosody
from common.signals import sound as signals

MEMBER = Fraction(300)  # seconds of speech that one worker is given
MOST = 500  # utterances that one worker is given: a run's document holds no more
AT_ONCE = Fraction(600)  # seconds that the voice model is given at once
_SEAM = Fraction(60)  # how long before that a silence may end them
_LISTED = 200  # spans that the result itself names, the longest: all are in an object


def run(work: Work) -> Outcome:
    """Measure the chosen track. `spans` holds every span by its subject; `prosody` one value per half second."""
    told = work.need("ingest")
    if told is None:
        raise Permanent("there is nothing to listen to without a look at the file; run again from ingest")
    probe = from_json(Probe, told["probe"])
    track = choose_audio(probe.audio, told["audio_track"])
    if track is None:
        raise Permanent("the file has no sound to listen to", code="no_audio")
    total = float(probe.duration)

    def progress(first: float, last: float) -> Callable[[float], None]:
        """Takes seconds of sound done in the part of the work from share `first` to `last`."""
        return lambda done: work.progress(total * first + min(done, total) * (last - first), total, "s")

    sound = audio.listen(work.local_source(), probe, track, scratch=work.scratch, progress=progress(0, 0.5))
    mono = sound.mono
    length = min(mono.length, int(probe.duration * SAMPLE_RATE))
    end = Fraction(length, SAMPLE_RATE)
    windows = _windows(mono, length, progress(0.5, 0.7))
    spoken, left_out = _spoken(work, mono, seams(sound.silences, end), progress(0.7, 0.9))
    kinds = signals.kinds(windows, sound.silences, spoken, duration=end)
    speech = [one.span for one in kinds if one.kind == "speech"] if spoken is None else spoken
    voice = _voice(mono, length, speech, progress(0.9, 1))
    mono.path.unlink(missing_ok=True)

    spans = {
        "silences": sound.silences,
        "speech": speech,
        "kinds": kinds,
        "clipping": sound.clipping.spans if sound.clipping else (),
    }
    levels = {"start": sound.momentary.start, "step": audio.STEP, "momentary": sound.momentary.values}
    pitch, rate = voice.windows(speech, len(windows.energy))
    energy = [round(level, 1) for level in windows.energy.tolist()]
    curves = {"step": signals.STEP, "pitch": pitch, "energy": energy, "rate": rate}
    return Outcome(
        result={
            "integrated_lufs": sound.integrated,
            "true_peak_dbtp": sound.true_peak,
            "loudness_range": sound.loudness_range,
            "silences": to_json(_longest(sound.silences)),
            "clipping": _clipping(sound.clipping),
            "seconds": _seconds(kinds),
            "energy": _energy(windows),
            **to_json(voice.summary(speech)),
            "levels": to_json(work.put("levels.json", dumps(levels))),
            "prosody": to_json(work.put("prosody.json", dumps(curves))),
            "spans": to_json(work.put("spans.json", dumps(spans))),
        },
        members={
            "speech": [
                {"utterances": to_json([(one.start, one.end) for one in stretch])}
                for stretch in stretches(utterances(speech, sound.silences, longest=LONGEST))
            ]
        },
        left_out=left_out,
    )


def stretches(spoken: Sequence[Span], length: Fraction = MEMBER) -> list[list[Span]]:
    """Utterances in order, in groups of about equal sums of seconds: as few as can be with at most about `length`.

    A group is over by at most half an utterance, and holds at most MOST of them.
    """
    total = sum((one.duration for one in spoken), Fraction(0))
    if total == 0:
        return []
    share = total / -(-total // length)
    groups: dict[int, list[Span]] = {}
    before = Fraction(0)
    for one in spoken:
        groups.setdefault(int((before + one.duration / 2) // share), []).append(one)
        before += one.duration
    return [group[n : n + MOST] for group in groups.values() for n in range(0, len(group), MOST)]


def seams(silences: Sequence[Span], end: Fraction) -> Iterator[Span]:
    """The whole sound in parts of at most AT_ONCE, each ending in the longest silence of its last minute if any."""
    start = Fraction(0)
    while end - start > AT_ONCE:
        last = Span(start + AT_ONCE - _SEAM, start + AT_ONCE)
        longest = max(silences, key=lambda silence: silence.overlap(last), default=last)
        stop = last.end
        if longest.overlap(last) > 0:
            stop = (max(longest.start, last.start) + min(longest.end, last.end)) / 2
        yield Span(start, stop)
        start = stop
    if end > start:
        yield Span(start, end)


def _windows(mono: audio.Mono, length: int, progress: Callable[[float], None]) -> signals.Windows:
    parts: list[signals.Windows] = []
    done = 0
    for part in signals.windows(mono.read, length):
        parts.append(part)
        done += len(part.energy)
        progress(done * float(signals.STEP))
    return signals.Windows.joined(parts)


def _spoken(
    work: Work, mono: audio.Mono, parts: Iterator[Span], progress: Callable[[float], None]
) -> tuple[list[Span] | None, tuple[LeftOut, ...]]:
    """Where the voice model hears speech; None without it, and why."""
    found: list[Span] = []
    try:
        with work.models.voice(work.scratch) as model:
            for part in parts:
                first, last = int(part.start * SAMPLE_RATE), int(part.end * SAMPLE_RATE)
                samples = mono.read(first, last).astype(np.float32) / np.float32(32768)
                for a, b in model.speech(samples):
                    start, end = first + round(a * SAMPLE_RATE), min(last, first + round(b * SAMPLE_RATE))
                    if end > start:
                        found.append(Span(Fraction(start, SAMPLE_RATE), Fraction(end, SAMPLE_RATE)))
                progress(float(part.end))
    except ModelMissing as missing:
        why = f"{missing} (all that is neither silent nor music is taken for speech instead)"
        return None, (LeftOut(what="voice activity", why=why),)
    return found, ()


def _voice(mono: audio.Mono, length: int, speech: Sequence[Span], progress: Callable[[float], None]) -> prosody.Voice:
    follower = prosody.Follower(length)
    for span in speech:
        for done in follower.hear(mono.read, span):
            progress(float(done))
    progress(length / SAMPLE_RATE)
    return follower.voice()


def _clipping(found: Clipping | None) -> Json | None:
    if found is None:
        return None
    return {"share": round(found.share, 6), "spans": to_json(_longest(found.spans))}


def _seconds(kinds: Sequence[signals.Stretch]) -> dict[str, float]:
    """How much there is of each kind."""
    sums: dict[str, float] = dict.fromkeys(signals.KINDS, 0.0)
    for one in kinds:
        sums[one.kind] += float(one.end - one.start)
    return {kind: round(seconds, 3) for kind, seconds in sums.items()}


def _energy(windows: signals.Windows) -> Json:
    """The level in the middle of all windows with sound, and from their 10th to their 95th percentile."""
    heard = windows.energy[windows.energy > signals.LOWEST]
    if not len(heard):
        return {"median_dbfs": None, "range_db": None}
    low, high = np.percentile(heard, [10, 95])
    return {"median_dbfs": round(float(np.median(heard)), 1), "range_db": round(float(high - low), 1)}


def _longest(spans: Sequence[Span]) -> list[Span]:
    """Those of them that a small result can hold, in order."""
    return sorted(sorted(spans, key=lambda span: (-span.duration, span.start))[:_LISTED])
