"""Ads in a table that Cutroom ran itself: what came of them it has read already, and the same must not teach twice.

An ad is known by its id at the network; where a table has none by the name that Cutroom gave it, which names its
campaign. What is counted of a campaign is counted of all that runs in it, copies made by hand as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from common.domain.campaign import keyed

Whose = Literal["ours", "doubtful", "another's"]
PARTS: Final = ("ad", "creative")  # of what Cutroom made, what a table may name as the ad


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How a table names an ad and where it ran; `campaign` and `set` are ids or names, as there was a column."""

    id: str | None = None
    name: str | None = None
    campaign: str | None = None
    set: str | None = None


class Own:
    """Campaigns that Cutroom ran: (its own id of each, what it made at the network by that one's ids)."""

    def __init__(self, campaigns: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        self._keys: set[str] = set()
        self._made: dict[tuple[str, str], str] = {}
        for key, made in campaigns:
            self._keys.add(key)
            for part in PARTS:
                self._note("ad", made.get(part), key)
            self._note("campaign", made.get("campaign"), key)
            self._note("set", made.get("adset"), key)

    def __len__(self) -> int:
        return len(self._keys)

    def whose(self, named: Named) -> tuple[Whose, str | None]:
        """And which campaign of ours it is of, or bears the name of.

        `doubtful`: it is called after one of ours, and nothing tells whether it ran in that campaign.
        """
        if named.id is not None and (key := self._made.get(("ad", named.id))) is not None:
            return "ours", key
        for what, told in (("campaign", named.campaign), ("set", named.set)):
            if told is not None and (key := self._within(what, told)) is not None:
                return "ours", key
        key, copied = self._called(named.name)
        if key is None or (named.campaign is not None and self._elsewhere(named.campaign)):
            return "another's", None
        return ("doubtful" if copied or named.id is not None else "ours"), key

    def _note(self, what: str, told: Any, key: str) -> None:
        if told is not None:
            self._made[what, str(told)] = key

    def _within(self, what: str, told: str) -> str | None:
        key, copied = self._called(told)
        return self._made.get((what, told)) or (None if copied else key)

    def _elsewhere(self, campaign: str) -> bool:
        """Whether that is surely none of ours: by another id, or as a copy of one; a name may have been changed."""
        return campaign.isdecimal() or self._called(campaign)[1]

    def _called(self, name: str | None) -> tuple[str | None, bool]:
        """The campaign of ours that a name bears, and whether more was written behind it, as is of a copy."""
        key, rest = keyed(name or "")
        return (key, bool(rest)) if key in self._keys else (None, False)
