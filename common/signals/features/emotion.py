"""How lively faces and the voice are. No feeling is read off a face or a voice: no model for it is here."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.domain.track import Box
from common.signals.features.feature import Feature
from common.signals.features.presence import Crowd, crowd, known, seen
from common.signals.features.spread import deviation, mean

CLASSES = ("neutral", "happy", "sad", "angry")  # those that models of speech emotion commonly tell apart
PICTURE = Box(x=0.0, y=0.0, width=1.0, height=1.0)


def _unknown(_: Observed, __: Judgement | None) -> float | None:
    return None


def _faces(observed: Observed) -> Crowd | None:
    faces = seen(observed.tracks, "face")
    return None if faces is None else crowd((face.span for face in faces), observed.span)


def _faces_mean(observed: Observed, _: Judgement | None) -> float | None:
    there = _faces(observed)
    return there.mean if there else None


def _faces_most(observed: Observed, _: Judgement | None) -> float | None:
    there = _faces(observed)
    return there.most if there else None


def _sizes(observed: Observed) -> list[float]:
    """The part of the picture that a face fills, each time one was seen."""
    sightings = [one for face in seen(observed.tracks, "face") or () for one in face.sightings]
    return [_visible(one.box) for one in sightings if observed.span.contains(one.at)]


def _visible(box: Box) -> float:
    return box.shared(PICTURE) if math.isfinite(box.x + box.y + box.width + box.height) else math.nan


def _size_mean(observed: Observed, _: Judgement | None) -> float | None:
    return mean(_sizes(observed))


def _size_deviation(observed: Observed, _: Judgement | None) -> float | None:
    return deviation(_sizes(observed))


def _pitch_deviation(observed: Observed, _: Judgement | None) -> float | None:
    hertz = np.asarray(known(observed.pitch, observed.span), np.float64)
    with np.errstate(all="ignore"):  # what is no frequency becomes no number, and is refused
        return deviation(12 * np.log2(hertz))


def _energy_deviation(observed: Observed, _: Judgement | None) -> float | None:
    return deviation(known(observed.energy, observed.span))


def _rate_mean(observed: Observed, _: Judgement | None) -> float | None:
    return mean(known(observed.rate, observed.span))


def _rate_deviation(observed: Observed, _: Judgement | None) -> float | None:
    return deviation(known(observed.rate, observed.span))


_row = partial(Feature, group="emotion", version=1, low=0)

FEATURES: tuple[Feature, ...] = (
    *(
        _row(
            name=f"emotion_{name}",
            unit="probability",
            high=1,
            source="nothing yet: always None, as there is no model of speech emotion",
            of=_unknown,
        )
        for name in CLASSES
    ),
    _row(
        name="face_count_mean",
        unit="faces",
        high=1000,
        source="tracks of faces: how many are there at once, the mean over time",
        of=_faces_mean,
    ),
    _row(
        name="face_count_most",
        unit="faces",
        high=1000,
        source="tracks of faces: the most that are there at once",
        of=_faces_most,
    ),
    _row(
        name="face_size_mean",
        unit="share of the picture",
        high=1,
        source="sightings of faces: the part of the picture that one fills, mean; None without any",
        of=_size_mean,
    ),
    _row(
        name="face_size_deviation",
        unit="share of the picture",
        high=1,
        source="sightings of faces: the part of the picture that one fills, standard deviation; None without any",
        of=_size_deviation,
    ),
    _row(
        name="pitch_deviation",
        unit="semitones",
        high=48,
        source="the pitch of the voice: standard deviation; None where nobody speaks",
        of=_pitch_deviation,
    ),
    _row(
        name="energy_deviation",
        unit="dB",
        high=100,
        source="the level of the sound: standard deviation; None without sound",
        of=_energy_deviation,
    ),
    _row(
        name="speech_rate_mean",
        unit="syllables/s",
        high=50,
        source="syllables a second of speech: mean; None where nobody speaks",
        of=_rate_mean,
    ),
    _row(
        name="speech_rate_deviation",
        unit="syllables/s",
        high=50,
        source="syllables a second of speech: standard deviation; None where nobody speaks",
        of=_rate_deviation,
    ),
)
