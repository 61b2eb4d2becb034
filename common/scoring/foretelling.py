"""What is foretold of one clip, and how it is said: in shares of those who see it, with its doubt, never a bare number.

Where no history lets a model say anything, what is known of the clip itself is told in its place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from common.domain.codec import from_json, to_json
from common.domain.judgement import Judgement
from common.domain.learning import Band, Contribution, Foretold, Prediction, Silence
from common.scoring import pulling

SCHEMA: Final = 1
WHAT: Final = "a prediction of clicks"
MOST_KEPT: Final = 12  # contributions of a prediction
OTHERS: Final = "others"
MOST_REASONS: Final = 5  # of a prediction, that people are told
NEED: Final = 100  # creatives that have been out for long enough, before a model is learned for an organisation
ALIKE: Final = "the same for every clip, for nothing is known yet of the videos in its history"
SURE: Final = 0.005  # odds of a contribution, below which it is not worth a word
_BANDS: Final[Mapping[Band, str]] = {"low": "low for", "typical": "typical for", "high": "high for"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Something that is known of a clip without any history. `value` is 0 to 1."""

    name: str
    value: float
    text: str


def known(judgement: Judgement) -> tuple[Known, ...]:
    """The score, the hook, its first line and the rubric: they rank and describe, and foretell no clicks."""
    told = [one for one in judgement.rubric if one.met is not None]
    met = sum(bool(one.met) for one in told)
    hook = judgement.hook
    kind = "" if hook.type == "none" else f", a {hook.type.replace('_', ' ')}"
    found = [
        Known(name="score", value=judgement.score, text=f"score {judgement.score:.2f} of 1, beside the other clips"),
        Known(name="hook", value=hook.strength, text=f"hook {hook.strength:.2f} of 1{kind}"),
    ]
    if hook.pull is not None:
        text = f"its first line {pulling.sign(hook.pull).text}"
        found.append(Known(name="pull", value=hook.pull.value, text=text))
    if told:
        text = f"{met} of {len(told)} things that are asked of an ad are met"
        found.append(Known(name="rubric", value=met / len(told), text=text))
    return tuple(found)


def silence(have: int, *, tried: bool = False) -> Silence:
    """Where no model speaks. `tried`: there are some, of which none was better than what is usual."""
    why = "no model has learned from what your posts and ads came to; publish clips, or import past campaigns"
    if tried:
        why = "no model foretold better than what is usual; publish more clips: it is tried again as more comes in"
    return Silence(
        why=why,
        have=have,
        need=NEED,
        of="posts and ads that have been out for 7 days",
    )


def kept(told: Foretold, *, account: str, network: str | None, name: str | None) -> Json:
    """One account's part of the document: either a prediction or why there is none.

    Of the contributions the most are kept, and what the others come to in one: they still add up.
    """
    if isinstance(told, Prediction) and len(told.contributions) > MOST_KEPT:
        first, rest = told.contributions[:MOST_KEPT], math.fsum(one.effect for one in told.contributions[MOST_KEPT:])
        others = Contribution(name=OTHERS, text=f"all else {'raises' if rest > 0 else 'lowers'} it", effect=rest)
        told = replace(told, contributions=(*first, others))
    whose: Json = {"account": account, "network": network, "name": name or account}
    if isinstance(told, Silence):
        return whose | {"prediction": None, "silence": to_json(told)}
    return whose | {"prediction": to_json(told), "silence": None}


def foretold(entry: Json) -> Foretold:
    """The same, read back."""
    if entry["prediction"] is None:
        return from_json(Silence, entry["silence"])
    return from_json(Prediction, entry["prediction"])


def shown(entry: Json) -> Json:
    """One account's part, as result.json and /v1 say it: the numbers, and the words for them."""
    told = foretold(entry)
    whose = {field: entry[field] for field in ("account", "network", "name")}
    if isinstance(told, Silence):
        return whose | {"prediction": None, "silence": to_json(told)}
    number = {
        field: getattr(told, field)
        for field in ("model", "value", "low", "high", "coverage", "exposure", "band", "alike")
    }
    number |= {"typical": list(told.typical), "says": says(told, entry["name"])}
    number["contributions"] = to_json(told.contributions)
    return whose | {"prediction": number, "silence": None}


def says(told: Prediction, name: str) -> str:
    """A prediction in one sentence."""
    within = f"{percent(told.low, bare=True)} to {percent(told.high)} in {cases(told.coverage)}"
    said = f"{percent(told.value)} of those who see it click ({within}) – {_BANDS[told.band]} {name}"
    return f"{said}; {ALIKE}" if told.alike else said


def reasons(told: Sequence[Json]) -> list[Json]:
    """The contributions that are worth a word, the most first; the account's own mean is the ground, no reason."""
    worth = [one for one in told if one["name"] not in ("account", OTHERS) and abs(one["effect"]) >= SURE]
    return sorted(worth, key=lambda one: -abs(one["effect"]))[:MOST_REASONS]


def percent(share: float, *, bare: bool = False) -> str:
    """Two digits that say something: 0.0137 is 1.4 %."""
    value = 100 * share
    digits = 0 if value >= 10 else 1 if value >= 1 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f}" + ("" if bare else " %")


def cases(coverage: float) -> str:
    """0.9 is 9 of 10 cases."""
    tenths = round(10 * coverage, 6)
    return f"{tenths:.0f} of 10 cases" if tenths == round(tenths) else f"{100 * coverage:.0f} of 100 cases"
