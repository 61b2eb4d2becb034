"""Which models take the council's seats, what they cost and where they are asked: data, with a date on every price.

defaults.json has all of it. A file of the user's names what differs: of a seat the fields it sets, of models and of
retiring ids those it adds.
"""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from common.adapters.models.language.price import Price
from common.errors import BadInput

Name = Literal["gemini", "claude", "third"]
Effort = Literal["low", "medium", "high"]


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a model: its prices, and where and when they were read."""

    prices: Annotated[tuple[Price, ...], Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    seen: date


class Taken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who takes a seat, and how. `effort` is how long it may think, in the maker's words; None: as it likes."""

    model: Annotated[str, Meta(pattern=r"^[\w.:/@-]{1,120}$")] | None = None
    base_url: str | None = None
    effort: Effort | None = None
    at_once: Annotated[int, Meta(ge=1, le=100)]
    per_minute: Annotated[int, Meta(ge=1, le=100_000)]
    sees: Literal["nothing", "pictures"] = "pictures"  # of the third alone: the others are known
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # of the third: OpenAI wants the latter

    def __post_init__(self) -> None:
        if self.base_url is not None and not _is_address(self.base_url):
            raise ValueError(f"{self.base_url!r} is no address such as http://localhost:11434/v1")


class Spending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be spent at most on one video, and by one account in a day, in dollars."""

    per_video: Annotated[float, Meta(ge=0, le=1000)]
    per_day: Annotated[float, Meta(ge=0, le=100_000)]


Dollars = Annotated[float, Meta(ge=0, le=1000)]


class PerMinute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Video Intelligence takes for a minute that is begun, by feature."""

    labels: Dollars
    shots: Dollars  # free with labels
    objects: Dollars
    texts: Dollars
    faces: Dollars
    speech: Dollars


class Watched(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The prices of evidence, and where and when they were read. CUTROOM_EVIDENCE names what is wanted."""

    per_minute: PerMinute
    source: Annotated[str, Meta(min_length=1)]
    seen: date


class ByMaker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gemini: Taken
    claude: Taken
    third: Taken


class Council(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`deadline_s` is one member's, `whole_s` that of all, own retries included; `caps` in dollars."""

    deadline_s: Annotated[float, Meta(gt=0, le=600)]
    whole_s: Annotated[float, Meta(gt=0, le=600)]
    caps: Spending
    seats: ByMaker
    evidence: Watched
    models: dict[str, Known]
    retiring: dict[str, date]


def read(file: Path | None = None) -> Council:
    """The defaults, and what the file puts in their place. Raises BadInput naming the file and the field."""
    found = json.loads(files(__package__).joinpath("defaults.json").read_bytes())
    if file is not None:
        found = _merged(found, _given(file))
    try:
        return msgspec.convert(found, Council)
    except msgspec.ValidationError as error:
        raise BadInput(f"{file or 'defaults.json'} is not what the council needs: {_plain(error)}; mend it") from error


def _given(file: Path) -> dict[str, Any]:
    try:
        given = json.loads(file.read_bytes())
    except OSError as error:
        raise BadInput(
            f"CUTROOM_COUNCIL names {file}, which cannot be read ({error.strerror}); name another"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{file} is no JSON ({error}); mend it") from error
    if not isinstance(given, dict):
        raise BadInput(f"{file} must hold one JSON object; mend it")
    return given


def _merged(old: dict[str, Any], new: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Objects are merged down to the fields of a seat; all else is replaced."""
    both = dict(old)
    for name, value in new.items():
        inside = depth < 3 and isinstance(value, dict) and isinstance(old.get(name), dict)
        both[name] = _merged(old[name], value, depth + 1) if inside else value
    return both


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and port_fits
        and not re.search(r"[\s\x00-\x1f]", text)
        and not (parts.username or parts.password or parts.query or parts.fragment)
    )


def _plain(error: Exception) -> str:
    return str(error).replace("`", "").replace(" - at $.", ", at ")
