"""When a model is trained anew: once enough is new, after a month, or because what it says does not hold any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from common.ports.clock import parse

FRESH: Final = 100  # creatives that the last training has not seen
OLD: Final = timedelta(days=30)


def why(
    newest: Mapping[str, Any] | None,
    have: int,
    now: datetime,
    *,
    features_version: str,
    tried: bool,
    alarm: str | None = None,
    asked: str | None = None,
) -> str | None:
    """The reason, for people, or None where there is none now.

    `have` creatives have been out for 7 days, and nothing else is learned from; the newest version learned when there
    were as many as it says (`there_were`), or as it has `rows`. `tried`: a challenger is in the shadow,
    and is not taken from there by another before it is a month old. `asked`: by whom it was asked for.
    """
    if asked is not None:
        return f"asked for by {asked}"
    if newest is None:
        return f"there are {have} creatives, and no model" if have >= FRESH else None
    gone = int(newest.get("erased_rows") or 0)
    if gone:
        return f"{gone} of the outcomes it may have learned from were erased"
    if newest.get("features_version") != features_version:
        return "it knows features of another version"
    age = now - parse(newest["at"])
    if tried and age < OLD:
        return None
    if alarm is not None:
        return alarm
    fresh = have - int(newest.get("there_were") or newest.get("rows") or 0)
    if fresh < 0:
        return f"{-fresh} of the creatives it learned from are not there any more"
    if tried or not fresh:
        return None
    if fresh >= FRESH:
        return f"{fresh} creatives are new"
    return f"it is {age.days} days old, and {fresh} creatives are new" if age >= OLD else None
