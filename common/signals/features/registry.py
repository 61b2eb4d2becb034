"""All features in their order, and the vector of one clip."""

from __future__ import annotations

import math

from common.domain.codec import digest
from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.errors import FeatureRefused
from common.signals.features import demographic, emotion, hook, novelty, psychology, technical, things, visual
from common.signals.features.feature import Feature

FEATURES: tuple[Feature, ...] = (
    *psychology.FEATURES,
    *hook.FEATURES,
    *visual.FEATURES,
    *technical.FEATURES,
    *emotion.FEATURES,
    *things.FEATURES,
    *novelty.FEATURES,
    *demographic.FEATURES,
)
VERSION = digest([[feature.name, feature.version] for feature in FEATURES], 8)  # of the vector as a whole


def vector(observed: Observed, judgement: Judgement | None = None) -> dict[str, float | None]:
    """Every feature by name, in the registry's order; None is not known, 0 is a real zero.

    Raises FeatureRefused for a value that is not a finite number in the feature's range.
    """
    return {feature.name: checked(feature, observed, judgement) for feature in FEATURES}


def checked(feature: Feature, observed: Observed, judgement: Judgement | None) -> float | None:
    """One value, or None; raises FeatureRefused."""
    try:
        value = feature.of(observed, judgement)
    except ArithmeticError:  # a size of 0, or a time too large for a float
        value = math.nan
    if value is None:
        return None
    if not feature.low <= value <= feature.high:  # NaN is within nothing
        raise FeatureRefused(
            f"the feature {feature.name} would be {value:g}, and must be {feature.low:g} to {feature.high:g} "
            f"({feature.unit}); correct what it is computed from: {feature.source}"
        )
    return float(value)
