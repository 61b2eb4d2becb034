"""To whom something is shown, by names that tables, campaigns of ours and what is foretold have in common.

A table tells what its network counted; a campaign whom it was made for. What is not narrowed has no segment.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from common.domain.campaign import OLDEST, YOUNGEST, Audience

SEGMENTS: Final = ("age", "gender", "interest", "placement", "platform", "country", "region", "device")
GENDERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("f", "female", "women", "weiblich", "frauen", "femme", "femmes", "mujer", "mujeres"), "women"),
    **dict.fromkeys(("donna", "donne", "mulher", "mulheres", "vrouw", "vrouwen", "feminino"), "women"),
    **dict.fromkeys(("m", "male", "men", "männlich", "männer", "homme", "hommes", "hombre", "hombres"), "men"),
    **dict.fromkeys(("uomo", "uomini", "homem", "homens", "man", "mannen", "masculino"), "men"),
}
AGES: Final = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")  # in which networks count them
MOST: Final = 60  # groups that are foretold one by one
ALL_AGES: Final = "it is shown to all ages that are known of, so it goes by what is usual"
UNKNOWN: Final = "nothing was learned of such, so it goes by what is usual"
IN_STEPS: Final = "it goes by each of the steps that ages are known of in, and that some of these are of"
TOO_MANY: Final = f"that makes more than {MOST} groups, so it goes by what is usual"

Notes = Sequence[tuple[str, str]]  # of what it is not as it was asked, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """To whom: each group of them is one of the values of each segment."""

    groups: Mapping[str, tuple[str, ...]]
    notes: Notes = ()


def spelled(name: str, told: str) -> str:
    """The level of a segment as all have it, whatever a network or somebody calls it."""
    lower = told.casefold()[:100]
    return GENDERS.get(lower, lower) if name == "gender" else lower


def stated(audience: Audience) -> dict[str, str]:
    """What is the same for all of an audience."""
    return {name: values[0] for name, values in _chosen(audience).items() if len(values) == 1}


def among(audience: Audience, known: Mapping[str, Collection[str]]) -> Shown:
    """An audience in levels that somebody knows: `known` by segment."""
    groups: dict[str, tuple[str, ...]] = {}
    notes: list[tuple[str, str]] = []
    for name, asked in _chosen(audience).items():
        values, why = (_aged if name == "age" else _any)(asked, audience, known.get(name, ()))
        notes += [(f"{name} {one}", text) for one, text in why]
        if values:
            groups[name] = values
    while prod(map(len, groups.values())) > MOST:
        widest = max(groups, key=lambda name: len(groups[name]))
        notes.append((f"{len(groups[widest])} of {widest}", TOO_MANY))
        del groups[widest]
    return Shown(groups=groups, notes=tuple(notes))


def _any(asked: tuple[str, ...], audience: Audience, there: Collection[str]) -> tuple[tuple[str, ...], Notes]:
    notes = [(one, UNKNOWN) for one in asked if one not in there]
    return (() if len(notes) == len(asked) > 1 else asked), notes


def _aged(asked: tuple[str, ...], audience: Audience, there: Collection[str]) -> tuple[tuple[str, ...], Notes]:
    """As asked where that is known, else by the steps in which ages are counted."""
    steps = _steps(audience)
    if asked[0] in there:
        return asked, []
    if not set(steps) & set(there):
        return asked, [(asked[0], UNKNOWN)]
    if set(there) & set(AGES) <= set(steps):
        return (), [(asked[0], ALL_AGES)]
    return steps, [(asked[0], IN_STEPS), *((one, UNKNOWN) for one in steps if one not in there)]


def _chosen(audience: Audience) -> dict[str, tuple[str, ...]]:
    """By segment what an audience is narrowed to; several where any of them will do."""
    found: dict[str, tuple[str, ...]] = {}
    if audience.countries:
        found["country"] = tuple(spelled("country", one) for one in audience.countries)
    if (audience.age_min, audience.age_max) != (YOUNGEST, OLDEST):
        found["age"] = (_years(audience),)
    if audience.gender != "all":
        found["gender"] = (audience.gender,)
    if audience.interests:
        found["interest"] = tuple(spelled("interest", one) for one in audience.interests)
    return found


def _years(audience: Audience) -> str:
    return f"{audience.age_min}-{audience.age_max}" if audience.age_max < OLDEST else f"{audience.age_min}+"


def _steps(audience: Audience) -> tuple[str, ...]:
    """Those of AGES that some of an audience are of."""
    found = []
    for one in AGES:
        low, high = (int(year) for year in (*re.findall(r"\d+", one), str(OLDEST))[:2])
        if low <= audience.age_max and high >= audience.age_min:
            found.append(one)
    return tuple(found)
