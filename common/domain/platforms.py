"""What each platform takes, from platform_rules.json: every rule set names its source and the date it was read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from common.domain import weighing
from common.domain.clip import Aspect
from common.domain.codec import loads
from common.errors import BadInput

FILE = "platform_rules.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Safe:
    """Fractions of the frame to keep clear at each side."""

    top: float
    bottom: float
    left: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioRule:
    """`channels` and `rate` (Hz) are the most it takes."""

    codec: str
    profile: str | None
    channels: int
    rate: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The limits of one platform. None is what nobody has verified: it is not checked, and that is said."""

    name: str
    source: str
    date: str  # when the source was read: a day, or a year where no more is known
    best_aspect: Aspect | None
    shortest_s: float | None
    longest_s: float | None
    largest_mb: float | None  # of 1,000,000 bytes
    shape: tuple[float, float] | None  # least and most width over height
    smallest: tuple[int, int] | None  # pixels of the short and the long side
    largest: tuple[int, int] | None
    widest: int | None  # pixels
    frame_rate: tuple[float, float] | None
    containers: tuple[str, ...] | None
    video: tuple[str, ...] | None  # codecs, "h264-high" where the profile counts too
    audio: AudioRule | None
    pixels: str | None  # ffmpeg's name of the pixel format
    progressive: bool | None
    square_pixels: bool | None
    index_first: bool | None  # the moov atom before the data
    edit_list: bool | None  # False: none may be in the file
    safe: Safe | None
    texts: dict[str, int] | None  # characters of a title and the like; what else it is counted in ends the name
    refused: str | None  # letters that no text may have
    note: str | None


def measured(rule: str, text: str) -> tuple[int, str]:
    """How long a text is as a rule of `texts` counts it, and in what."""
    if rule.endswith("_bytes"):
        return len(text.encode()), "bytes"
    if rule.endswith("_weight"):
        return weighing.weight(text), "characters as X counts them"
    return len(text), "characters"


@cache
def platforms() -> tuple[Platform, ...]:
    """All platforms, in the order of the file."""
    return read(resources.files("common.domain").joinpath(FILE).read_bytes())


def read(raw: bytes) -> tuple[Platform, ...]:
    """Rule sets from JSON; raises BadInput naming the platform and the field that is missing, unknown or off."""
    try:
        told = loads(raw)["platforms"]
        return tuple(_platform(name, rules) for name, rules in told.items())
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{FILE} cannot be read ({error}); write it as the one in common/domain is written") from error


def _platform(name: str, rules: dict[str, Any]) -> Platform:
    known = {field.name for field in fields(Platform)} - {"name"}
    if missing := sorted(known - rules.keys()):
        raise BadInput(f"{FILE}: {name} lacks {', '.join(missing)}; write null for what is not verified")
    if strange := sorted(rules.keys() - known):
        raise BadInput(f"{FILE}: {name} has {', '.join(strange)}, which nothing checks; take it out or add it there")
    if unsaid := [field for field in ("source", "date") if not rules[field]]:
        raise BadInput(f"{FILE}: {name} does not say its {' and '.join(unsaid)}; name where the rules were read")
    try:
        return msgspec.convert({"name": name, **rules}, Platform)
    except msgspec.ValidationError as error:
        raise BadInput(f"{FILE}: {name}: {error}; correct this value") from error
