"""Ids of models that are gone or will be, by our own list and the libraries'."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from common.adapters.models.language.settings import Council

SOON = timedelta(days=60)


def retiring(settings: Council, today: date) -> list[tuple[str, str]]:
    """Of the seats taken: the seat's name, and what will become of its model, where it is gone within two months."""
    ends = {**deprecated_by_anthropic(), **settings.retiring}
    seats = {"gemini": settings.seats.gemini, "claude": settings.seats.claude, "third": settings.seats.third}
    found = []
    for name, seat in seats.items():
        end = ends.get(seat.model or "")
        if end is not None and end <= today:
            found.append((name, f"{seat.model} was retired on {end}"))
        elif end is not None and end <= today + SOON:
            found.append((name, f"{seat.model} will be retired on {end}"))
    return found


def stale_prices(settings: Council, today: date, most: timedelta = timedelta(days=180)) -> list[tuple[str, str]]:
    """Of the seats taken: the seat's name, and since when nobody has looked at its price, where that is long ago."""
    seats = {"gemini": settings.seats.gemini, "claude": settings.seats.claude, "third": settings.seats.third}
    priced = [(name, seat.model, settings.models.get(seat.model or "")) for name, seat in seats.items()]
    return [
        (name, f"the price of {model} was last looked at on {known.seen}")
        for name, model, known in priced
        if known is not None and today - known.seen > most
    ]


def deprecated_by_anthropic() -> dict[str, date]:
    """Its library's own list, such as "November 30th, 2026"; nothing where the library is not installed."""
    try:
        from anthropic.resources.messages.messages import DEPRECATED_MODELS
    except ImportError:
        return {}
    return {model: _day(text) for model, text in DEPRECATED_MODELS.items()}


def _day(text: str) -> date:
    return datetime.strptime(re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text), "%B %d, %Y").date()
