"""What a feature is: one declared number of a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from common.domain.judgement import Judgement
from common.domain.observed import Observed

Group = Literal["psychology", "hook", "visual", "technical", "emotion", "object", "novelty", "demographic"]
GROUPS: tuple[Group, ...] = get_args(Group)
MANY = 100_000  # what no honest count of shots, tracks or texts in one clip comes to

Computed = Callable[[Observed, Judgement | None], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column of the vector. `of` gives None where nobody looked or the number is not defined.

    Raise `version` when the meaning of the number changes: a model knows only the version it was trained on.
    """

    name: str  # snake_case
    unit: str
    low: float  # the least and the greatest value it can have, both inclusive
    high: float
    group: Group
    version: int
    source: str  # what it is computed from, and when it is None
    of: Computed
