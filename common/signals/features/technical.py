"""How a clip is made: its picture, its sound, and whether captions stand in it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

from common.domain.asset import Probe
from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.domain.track import Reading
from common.domain.transcript import Word
from common.signals.features.feature import Computed, Feature
from common.signals.features.presence import known, share
from common.signals.features.spread import mean
from common.signals.sound import Kind

AROUND = Fraction(2)  # seconds on either side of a still, in which a caption's words are spoken
REPEATED = 0.5  # share of a line's trigrams that are spoken there, from which it is a caption; readers err
LEAST = 3  # trigrams of a line


def trigrams(text: str) -> set[str]:
    """All three letters or digits that follow each other, in lower case, whatever stands between; for any script."""
    letters = "".join(character for character in text.casefold() if character.isalnum())
    return {letters[n : n + 3] for n in range(len(letters) - 2)}


def captioned(reading: Reading, words: tuple[Word, ...]) -> bool | None:
    """Whether a line on a still repeats what is said around it; None where nothing is."""
    around = Span(reading.at - AROUND, reading.at + AROUND)
    spoken = trigrams(" ".join(word.text for word in words if around.overlap(word.span)))
    if not spoken:
        return None
    lines = [found for line in reading.lines if len(found := trigrams(line.text)) >= LEAST]
    return any(len(line & spoken) >= REPEATED * len(line) for line in lines)


def _captions(observed: Observed, _: Judgement | None) -> float | None:
    if observed.readings is None or observed.words is None:
        return None
    told = [captioned(reading, observed.words) for reading in observed.readings]
    return mean([float(one) for one in told if one is not None])


def _of(number: Callable[[Probe], Fraction | float]) -> Computed:
    """None where nobody looked at the file."""

    def of(observed: Observed, _: Judgement | None) -> float | None:
        return float(number(observed.probe)) if observed.probe else None

    return of


def _short_side(probe: Probe) -> float:
    return min(probe.video.display_width, probe.video.display_height)


def _shape(probe: Probe) -> Fraction:
    return Fraction(probe.video.display_width, probe.video.display_height)


def _vertical(probe: Probe) -> float:
    return probe.video.display_height > probe.video.display_width


def _rate(probe: Probe) -> Fraction:
    """Bits a second."""
    return 8 * probe.size / probe.duration


def _per_pixel(probe: Probe) -> Fraction:
    return _rate(probe) / (probe.video.width * probe.video.height * probe.video.frame_rate)


def _duration(observed: Observed, _: Judgement | None) -> float | None:
    return float(observed.span.duration)


def _loudness(observed: Observed, _: Judgement | None) -> float | None:
    return mean(known(observed.footage.loudness if observed.footage else None, observed.span))


def _clipped(observed: Observed, _: Judgement | None) -> float | None:
    return share(observed.clipped, observed.span)


def _share_of(*kinds: Kind) -> Computed:
    def of(observed: Observed, _: Judgement | None) -> float | None:
        if observed.sounds is None:
            return None
        return share((span for kind, span in observed.sounds if kind in kinds), observed.span)

    return of


def _motion(observed: Observed, _: Judgement | None) -> float | None:
    return mean(known(observed.footage.motion if observed.footage else None, observed.span))


def _dead(observed: Observed, _: Judgement | None) -> float | None:
    return observed.footage.dead(observed.span) if observed.footage and observed.span.duration else None


_row = partial(Feature, group="technical", version=1, low=0)

FEATURES: tuple[Feature, ...] = (
    _row(
        name="short_side",
        unit="pixels",
        high=8192,
        source="the file: the shorter side of the picture as displayed",
        of=_of(_short_side),
    ),
    _row(
        name="aspect_ratio",
        unit="width/height",
        high=4096,
        source="the file: the shape of the picture as displayed",
        of=_of(_shape),
    ),
    _row(
        name="is_vertical",
        unit="yes or no",
        high=1,
        source="the file: 1 where the picture as displayed is higher than wide",
        of=_of(_vertical),
    ),
    _row(
        name="fps",
        unit="frames/s",
        high=1000,
        source="the file: the mean frame rate of the picture",
        of=_of(lambda probe: probe.video.frame_rate),
    ),
    _row(
        name="bit_rate",
        unit="Mbit/s",
        high=100_000,
        source="the file: its size over its duration, all streams together",
        of=_of(lambda probe: _rate(probe) / 1_000_000),
    ),
    _row(
        name="bits_per_pixel",
        unit="bit",
        high=1000,
        source="the file: its size over all pixels of all frames",
        of=_of(_per_pixel),
    ),
    _row(
        name="duration",
        unit="s",
        high=3 * 3600,
        source="the clip: its length",
        of=_duration,
    ),
    _row(
        name="caption_share",
        unit="share of the stills",
        high=1,
        source=f"text on screen and words: stills of which a line repeats what is said within {AROUND} s; "
        "None where nothing is said around any",
        of=_captions,
    ),
    _row(
        name="loudness_mean",
        unit="LUFS",
        low=-120,
        high=20,
        source="momentary loudness: mean, not gated; None without sound",
        of=_loudness,
    ),
    _row(
        name="clipped_share",
        unit="share of the time",
        high=1,
        source="stretches where the sound is clipped",
        of=_clipped,
    ),
    _row(
        name="speech_share",
        unit="share of the time",
        high=1,
        source="kinds of sound: speech, alone or with music",
        of=_share_of("speech", "both"),
    ),
    _row(
        name="music_share",
        unit="share of the time",
        high=1,
        source="kinds of sound: music, alone or with speech",
        of=_share_of("music", "both"),
    ),
    _row(
        name="motion_mean",
        unit="motion",
        high=1,
        source="the curve of motion: mean",
        of=_motion,
    ),
    _row(
        name="dead_share",
        unit="share of the time",
        high=1,
        source="stretches that are black or stand still",
        of=_dead,
    ),
)
