"""What rows of a table come to: those of one ad for the same people, over its days, in one.

What a table does not tell is None, never 0: of an ad with a row that lacks its clicks nobody knows the clicks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from common.domain.codec import digest, to_json
from common.domain.learning import Creative
from common.domain.publication import Metrics
from common.learning.own import Named
from common.ports.clock import stamp
from common.ports.documents import Json

VIEW: Final = "an impression, as the table counts it"
_COPIES: Final = ("copy", "kopie", "copie", "copia", "cópia", "kopia")
_AFTER: Final = "0123456789) "  # such a word, and before it
_BEFORE: Final = " -–—_("


@dataclass(slots=True, kw_only=True)
class Line:
    """One row, read."""

    line: int
    account: str
    account_id: str | None
    network: str
    ident: str
    named: Named
    title: str | None
    first: date
    last: date
    segments: dict[str, str]
    counts: dict[str, int | None]  # impressions, clicks, conversions, spend_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One ad as one group of people was shown it, with what came of it in all its days."""

    id: str
    account: str
    account_id: str | None  # at its network
    network: str
    title: str | None
    launched: date  # of the ad, whoever it was shown to
    first: date
    last: date
    segments: Mapping[str, str]
    metrics: Metrics
    group: str
    rows: int
    ad: str  # its id, or its name where it has none
    named: Named

    @property
    def label(self) -> str:
        """By which people know it."""
        return " · ".join((self.title or self.ad, *(f"{name} {told}" for name, told in self.segments.items())))


def summed(lines: Sequence[Line], currency: str | None) -> Iterable[Past]:
    launched: dict[tuple[str, str], date] = {}
    parts: dict[str, list[Line]] = {}
    for one in lines:
        ad = (one.account, one.ident)
        launched[ad] = min(launched.get(ad, one.first), one.first)
        parts.setdefault(_id(one), []).append(one)
    for key, some in parts.items():
        last = max(some, key=lambda one: one.last)
        counts = {name: _sum(one.counts[name] for one in some) for name in last.counts}
        spent = counts["spend_micros"] is not None
        yield Past(
            id=key,
            account=last.account,
            account_id=last.account_id,
            network=last.network,
            title=last.title,
            launched=launched[(last.account, last.ident)],
            first=min(one.first for one in some),
            last=last.last,
            segments=last.segments,
            metrics=Metrics(**counts, currency=currency if spent else None),
            group=_group(last),
            rows=len(some),
            ad=last.ident.split("\n")[0].removeprefix("id "),
            named=last.named,
        )


def outcome(one: Past, now: datetime) -> Json:
    """The document of it, of the same form as that of a post (common.chores.posts.insights)."""
    launched = stamp(_midnight(one.launched))
    body: Json = {"schema": 1, "source": "import", "account": one.account, "network": one.network}
    body |= {"account_id": one.account_id}
    body |= dict.fromkeys(("publication", "channel", "clip", "flow", "asset", "predicted", "slot"))
    body |= {"launched": launched, "published": launched, "title": one.title, "group": one.group, "features": {}}
    body |= {"segments": dict(one.segments), "first": one.first.isoformat(), "last": one.last.isoformat()}
    body |= {
        "ad": to_json(one.named),
        "day": (one.last - one.launched).days,
        "as_of": stamp(now),
        "metrics": to_json(one.metrics),
    }
    return body | {"view": VIEW}


def creatives(past: Iterable[Past]) -> list[Creative]:
    """What a model may learn from: of those whose impressions and clicks are known."""
    return [
        Creative(
            id=one.id,
            account=one.account,
            network=one.network,
            launched=_midnight(one.launched),
            impressions=one.metrics.impressions,
            clicks=one.metrics.clicks,
            group=one.group,
            segments=one.segments,
            until=_midnight(one.last) + timedelta(days=1),
        )
        for one in past
        if one.metrics.impressions and one.metrics.clicks is not None
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _sum(values: Iterable[int | None]) -> int | None:
    told = list(values)
    return None if None in told else sum(one for one in told if one is not None)


def _id(one: Line) -> str:
    return f"i{digest([one.account, one.ident, sorted(one.segments.items())], 24)}"


def _group(one: Line) -> str:
    """The same for an ad and its copies: they are told from each other by where they ran, not by what they are."""
    name = unicodedata.normalize("NFKC", one.title or "").casefold().strip()
    while (shorter := _original(name)) and shorter != name:
        name = shorter
    return digest([one.account, name or one.ident], 16)


def _original(name: str) -> str:
    """Without the word at its end that says it is a copy. By no pattern: a hostile name keeps one busy for long."""
    told = name.rstrip(_AFTER)
    word = next((one for one in _COPIES if told.endswith(one)), None)
    front = told.removesuffix(word or "")
    if word is None or name[len(told) :][:1].isdigit() or re.fullmatch(r"\w", front[-1:]):
        return name
    return front.rstrip(_BEFORE)
