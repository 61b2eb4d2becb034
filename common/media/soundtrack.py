"""The sound of a clip: cut once, brought to the common loudness, encoded once more only where measuring says so.

A static gain and a limiter leave the dynamics as they are, and cost a tenth of ffmpeg's two-pass loudnorm.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from common.domain.asset import AudioStream, Probe
from common.domain.gate import Levelled, Loudness
from common.domain.timebase import Span, decimal
from common.media import ebur128
from common.media.audio import MOST_GAIN, RATE, STEREO, TARGET, gain_to_target
from common.media.seeking import TooLate, tries
from common.media.tools import SAFE_INPUT, file_url, run, stream

BIT_RATE = "128k"
CEILING = -2.0  # dBFS of the limiter: room for what AAC adds between samples, 0.1 to 1 dB in what was measured
PEAK = -1.0  # dBTP: nothing leaves louder
NEAR = 0.3  # LU off the target that are left as they are; 0.5 are allowed
YIELD = 0.75  # of each dB that is added, what comes out where a limiter is at work already
MARGIN = 0.3  # dB below PEAK that a correction aims at
MOST_ENCODED = 3  # times: once, once corrected, and once more only for a peak that a coder still lifted

_FIRST = re.compile(r"\[Parsed_ashowinfo_\d+ @ \w+\] \[info\] n: *0 pts: *(-?\d+) ")


def cut(
    source: Path, probe: Probe, span: Span, audio: AudioStream, length: Fraction, *, out: Path, scratch: Path
) -> Path:
    """The samples of the clip, `length` seconds of stereo from `span.start` on, in `cut.wav` of `out`.

    In step with the picture, however late or early the track begins; where there is no sound there is silence.
    Raises ToolFailed where ffmpeg fails.
    """
    path = out / "cut.wav"
    for seek in tries(span.start):
        try:
            _cut(source, probe, span, audio, length, seek, path, scratch)
        except TooLate:
            continue
        break
    return path


def level(samples: Path, before: float | None, *, out: Path, scratch: Path) -> tuple[Path, Levelled]:
    """Encode what `cut` left to AAC in `sound.m4a` of `out`, at the common loudness; `before` is its own in LUFS.

    Measured after encoding, corrected once on that, and measured again. Never above PEAK; silence is left alone.
    """
    path = out / "sound.m4a"
    gain, ceiling = gain_to_target(before), CEILING
    for encoded in range(1, MOST_ENCODED + 1):
        encode(samples, path, gain_db=gain, ceiling_db=ceiling, scratch=scratch)
        after = measured(path, scratch=scratch)
        better = corrected(gain, ceiling, before, after, peak_alone=encoded > 1)
        if better is None:
            break
        if encoded < MOST_ENCODED:
            gain, ceiling = better
    found = Levelled(
        gain_db=gain, ceiling_db=ceiling, before=before, after=after, encoded=encoded, why=shortfall(before, after)
    )
    return path, found


def corrected(
    gain: float, ceiling: float, before: float | None, after: Loudness, *, peak_alone: bool = False
) -> tuple[float, float] | None:
    """A better gain in dB and ceiling in dBFS than those that came out as `after`; None where nothing is to be better.

    What the source lacks more than MOST_GAIN is not made up for. `peak_alone` corrects nothing but peaks.
    """
    if before is None or after.integrated is None:
        return None
    wanted = min(TARGET, before + MOST_GAIN)
    missing = wanted - after.integrated
    over = after.true_peak - PEAK if after.true_peak is not None else 0.0
    if over <= 0 and (peak_alone or abs(missing) <= NEAR):
        return None
    if not peak_alone and abs(missing) > NEAR:
        gain += missing / YIELD if missing > 0 else missing
    return gain, ceiling - (over + MARGIN if over > 0 else 0.0)


def shortfall(before: float | None, after: Loudness) -> str | None:
    """Why the clip is not as loud as it should be, in plain words; None where it is."""
    if before is None or after.integrated is None:
        return "it is silent, and left alone"
    if abs(after.integrated - TARGET) <= 0.5:
        return None
    if TARGET - before > MOST_GAIN:
        return f"it would need {TARGET - before:.1f} dB more, and above {MOST_GAIN:g} dB noise is lifted with the rest"
    return f"its peaks leave no room: louder, they would pass {PEAK:g} dBTP"


def encode(samples: Path, path: Path, *, gain_db: float, ceiling_db: float, scratch: Path) -> None:
    """Samples to AAC at a gain, no sample above a ceiling; equal inputs give equal bytes."""
    limiter = f"alimiter=limit={10 ** (ceiling_db / 20):.6f}:attack=5:release=50:level=0:asc=0:latency=1"
    args = ["-v", "error", "-nostdin", "-y", *SAFE_INPUT, "-i", file_url(samples)]
    args += ["-af", f"volume={gain_db:.3f}dB,{limiter}", "-c:a", "aac", "-b:a", BIT_RATE]
    args += ["-flags:a", "+bitexact", "-fflags", "+bitexact", "-map_metadata", "-1", "-f", "mp4", file_url(path)]
    run("ffmpeg", args, scratch=scratch)


def measured(path: Path, *, scratch: Path) -> Loudness:
    """The loudness of a file's sound."""
    lines = scratch / "level.txt"
    args = ["-v", "error", "-nostdin", *SAFE_INPUT, "-vn", "-i", file_url(path)]
    args += ["-af", ebur128.filters(lines.name), "-f", "null", "-"]
    run("ffmpeg", args, scratch=scratch)
    found = ebur128.Lines.read(lines)
    lines.unlink(missing_ok=True)
    return Loudness(integrated=ebur128.gated(found.momentary), true_peak=found.true_peak)


def _cut(
    source: Path,
    probe: Probe,
    span: Span,
    audio: AudioStream,
    length: Fraction,
    seek: Fraction | None,
    path: Path,
    scratch: Path,
) -> None:
    start = round((probe.start + span.start) * RATE)  # in samples of the container's time
    samples = round(length * RATE)
    stereo = ":".join(f"{name}={value}" for name, value in STEREO.items())
    graph = (
        f"[0:{audio.index}]aformat={stereo},aresample={RATE}:async=1,"  # holes become silence
        "asplit[all][first];[first]aselect=eq(n\\,0),ashowinfo,anullsink;"
        f"[all]asetpts=PTS-({start}),atrim=start_pts=0:end_pts={samples},"
        f"aresample={RATE}:async=1:first_pts=0,"  # a late beginning becomes silence
        f"apad,atrim=end_sample={samples}[out]"
    )
    begin = ["-noaccurate_seek", "-seek_timestamp", "1", "-ss", f"{decimal(probe.start + seek):.6f}"] if seek else []
    args = ["-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-y", "-copyts", "-max_error_rate", "1"]
    args += [*begin, *SAFE_INPUT, "-vn", "-i", file_url(source), "-filter_complex", graph]
    args += ["-map", "[out]", "-c:a", "pcm_f32le", "-fflags", "+bitexact", "-f", "wav", file_url(path)]
    first: list[int] = []

    def hear(line: str) -> bool:
        if match := _FIRST.match(line):
            first.append(int(match[1]))
        return "[info]" in line

    with stream("ffmpeg", args, scratch=scratch, on_stderr=hear):
        pass
    if seek is not None and (not first or first[0] > start):
        raise TooLate
