"""What can be heard of a sound track: loudness over time, true peak, silences, clipping; and the gain that evens clips.

One decode serves all of it, and leaves the samples that other measures and models need. The sound is measured as it
will be rendered, mixed to stereo; clipping alone at the source, where it can be seen.
"""

from __future__ import annotations

import math
import os
import selectors
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import AudioStream, Probe
from common.domain.timebase import Span
from common.media.clipping import ClipMeter, Clipping
from common.media.ebur128 import Lines, filters, gated
from common.media.tools import SAFE_INPUT, Running, file_url, stream

RATE = 48_000  # Hz, of everything that is rendered
STEREO = {"sample_fmts": "fltp", "channel_layouts": "stereo"}  # aformat: sound is measured as it is rendered

STEP = Fraction(1, 10)  # from one momentary block to the next
BLOCK = Fraction(4, 10)  # seconds of sound in one momentary block

TARGET = -14.0  # LUFS, what the large platforms play at
MOST_GAIN = 10.0  # dB; more would only lift noise

SHORTEST_SILENCE = Fraction(2, 10)
_GRAIN_RATE, _GRAIN = 16_000, 160  # silences are found on levels of 10 ms
_GRAIN_S = Fraction(_GRAIN, _GRAIN_RATE)
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}  # ffmpeg's names; clipping is measured in these
_AT_ONCE = 1 << 18  # bytes read from a pipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Momentary:
    """Loudness in LUFS of 400 ms blocks: block k covers `start + k/10` to `start + k/10 + 0.4` s since zero.

    None is digital silence.
    """

    start: Fraction
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One track, measured. None is a number that silence does not have."""

    integrated: float | None  # LUFS
    true_peak: float | None  # dBTP
    loudness_range: float | None  # LU
    silences: tuple[Span, ...]
    momentary: Momentary
    clipping: Clipping | None  # None where the layout of the channels is unusual
    mono: Mono


@dataclass(frozen=True, slots=True, kw_only=True)
class Mono:
    """The samples at 16 kHz, both channels mixed, in a file that lasts as long as the scratch folder.

    Sample n lies at n/16000 s on the file's zero, so `lead` samples of silence come before what was decoded (some are
    dropped where it is negative).
    """

    path: Path
    lead: int
    length: int  # samples, with the lead

    def read(self, first: int, last: int) -> NDArray[np.int16]:
        """Samples `first` to before `last`; zeros where there is no sound."""
        found = np.zeros(max(0, last - first), np.int16)
        a, b = max(first, self.lead, 0), min(last, self.length)
        if a < b:
            found[a - first : b - first] = np.fromfile(self.path, np.int16, b - a, offset=(a - self.lead) * 2)
        return found


def listen(
    source: Path, probe: Probe, audio: AudioStream, *, scratch: Path, progress: Callable[[float], None]
) -> Sound:
    """Decode a track once and measure it; `progress` is told the seconds heard.

    Times are on the file's zero, whenever the track begins; holes in it count as silence. `Sound.mono` is a file in
    `scratch`, 1.9 MB a minute. Raises ToolFailed where ffmpeg cannot go on.
    """
    lines, kept, peaks = scratch / "loudness.txt", scratch / "mono.s16", scratch / "peaks"
    layout = _LAYOUTS.get(audio.channels) if audio.sample_rate > 0 else None
    meter = ClipMeter(audio.sample_rate, audio.channels) if layout else None
    args = ["-v", "error", "-nostdin", "-y", "-copyts", "-max_error_rate", "1", *SAFE_INPUT, "-vn"]
    args += ["-i", file_url(source), "-filter_complex", _graph(probe, audio, lines.name, layout)]
    args += ["-map", "[out]", "-f", "s16le", "pipe:1"]
    if layout:
        args += ["-map", "[peaks]", "-c:a", "pcm_s16le", "-f", "s16le", peaks.name]
        peaks.unlink(missing_ok=True)
        os.mkfifo(peaks)
    levels: list[NDArray[np.float64]] = []
    heard = 0
    with stream("ffmpeg", args, scratch=scratch) as running, kept.open("wb") as mono:
        for is_peaks, samples in _both(running, peaks if layout else None, audio.channels):
            if is_peaks:
                assert meter is not None
                meter.add(samples)
                continue
            levels.append(_grain_levels(samples))
            (samples.astype(np.int32).sum(axis=1) >> 1).astype(np.int16).tofile(mono)
            heard += len(samples)
            progress(heard / _GRAIN_RATE)
    peaks.unlink(missing_ok=True)
    measured = Lines.read(lines)
    lines.unlink(missing_ok=True)
    start = audio.start if measured.first is None else Fraction(measured.first, RATE) - probe.start
    momentary = Momentary(start=start, values=tuple(measured.momentary))
    whole = integrated(momentary)
    lead = round(start * _GRAIN_RATE)
    return Sound(
        integrated=whole,
        true_peak=measured.true_peak,
        loudness_range=measured.loudness_range if whole is not None else None,
        silences=silences(np.concatenate(levels or [np.empty(0)]), whole, start=start, until=probe.duration),
        momentary=momentary,
        clipping=meter.found(start=start) if meter else None,
        mono=Mono(path=kept, lead=lead, length=max(0, lead + heard)),
    )


def _graph(probe: Probe, audio: AudioStream, lines: str, layout: str | None) -> str:
    """Loudness to the file `lines`; 16 kHz stereo to [out]; with a layout, the source's own samples to [peaks]."""
    end = probe.start + probe.duration
    stereo = ":".join(f"{name}={value}" for name, value in STEREO.items())
    graph = (
        f"aformat={stereo},aresample={RATE}:async=1,atrim=end_pts={math.ceil(end * RATE)},asplit[measure][hear];"
        f"[measure]{filters(lines)},anullsink;"
        f"[hear]aresample={_GRAIN_RATE},aformat=sample_fmts=s16[out]"
    )
    if layout is None:
        return f"[0:{audio.index}]{graph}"
    own = f"sample_rates={audio.sample_rate}:sample_fmts=s16:channel_layouts={layout}"
    return (
        f"[0:{audio.index}]asplit[all][own];[all]{graph};"
        f"[own]aresample=async=1,aformat={own},atrim=end_pts={math.ceil(end * audio.sample_rate)}[peaks]"
    )


def _both(running: Running, peaks: Path | None, channels: int) -> Iterator[tuple[bool, NDArray[np.int16]]]:
    """What comes from a tool's stdout, (n, 2) in whole grains, and from the pipe `peaks`, (n, channels), as it comes.

    Both are read by whichever has something: a tool that waits for one to be read would never fill the other.
    """
    out = running.stdout.fileno()
    widths = {out: 2}
    steps = {out: _GRAIN * 4}  # bytes
    if peaks is not None:
        fd = os.open(peaks, os.O_RDONLY | os.O_NONBLOCK)
        widths[fd], steps[fd] = channels, channels * 2
    rest = dict.fromkeys(widths, b"")
    left = list(widths)
    try:
        with selectors.DefaultSelector() as ready:
            for fd in left:
                ready.register(fd, selectors.EVENT_READ)
            while left:
                if out in left:
                    now = [key.fd for key, _ in ready.select()]
                else:  # it is ending: what is left of the other is read to its end, which comes even if it never began
                    now = left[:]
                    os.set_blocking(now[0], True)
                for fd in now:
                    raw = os.read(fd, _AT_ONCE)
                    if not raw:
                        ready.unregister(fd)
                        left.remove(fd)
                        steps[fd] = widths[fd] * 2  # the last grain need not be whole
                    whole = rest[fd] + raw
                    cut = len(whole) // steps[fd] * steps[fd]
                    rest[fd] = whole[cut:]
                    if cut:
                        yield fd != out, np.frombuffer(whole[:cut], np.int16).reshape(-1, widths[fd])
    finally:
        for fd in widths.keys() - {out}:
            os.close(fd)


def integrated(momentary: Momentary, span: Span | None = None) -> float | None:
    """Loudness in LUFS of the blocks that lie wholly in `span` (None = all); None where no sound passes the gates."""
    values = momentary.values
    if span is not None:
        first = max(0, math.ceil((span.start - momentary.start) / STEP))
        last = math.floor((span.end - BLOCK - momentary.start) / STEP)
        values = values[first : max(first, last + 1)]
    return gated(values)


def gain_to_target(loudness: float | None) -> float:
    """The dB that bring a clip to TARGET, at most MOST_GAIN; silence is left alone."""
    return 0.0 if loudness is None else min(MOST_GAIN, TARGET - loudness)


def silences(
    levels: NDArray[np.float64], loudness: float | None, *, start: Fraction, until: Fraction
) -> tuple[Span, ...]:
    """Where nothing is to be heard for at least SHORTEST_SILENCE, between zero and `until`.

    `levels` are dBFS of 10 ms each from `start` on. Before and after them there is no sound, so silence. Quiet is
    25 dB below the loudness of the track, or just above its noise where that is louder.
    """
    quiet = np.ones(len(levels), bool)
    if loudness is not None:
        noise = float(np.percentile(levels, 5))
        quiet = levels < max(-60.0, min(max(loudness - 25, noise + 6), loudness - 15))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.view(np.int8), [0]))))
    found = [(start + int(a) * _GRAIN_S, start + int(b) * _GRAIN_S) for a, b in edges.reshape(-1, 2)]
    found = [(Fraction(0), start), *found, (start + len(levels) * _GRAIN_S, until)]
    joined: list[tuple[Fraction, Fraction]] = []
    for a, b in ((max(Fraction(0), a), min(until, b)) for a, b in found):
        if a >= b:
            continue
        if joined and joined[-1][1] == a:
            a = joined.pop()[0]
        joined.append((a, b))
    return tuple(Span(a, b) for a, b in joined if b - a >= SHORTEST_SILENCE)


def _grain_levels(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Root mean square in dBFS of each whole 10 ms of (n, 2) samples, the louder channel counting."""
    grains = samples[: len(samples) // _GRAIN * _GRAIN].reshape(-1, _GRAIN, 2).astype(np.float32) / 32768
    power = np.square(grains).mean(axis=1).max(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)), np.float64)
