"""What an organisation's creatives were, and what came of them: what a model of its clicks may learn from.

tenants/T/outcomes/{id}       what came of a post, a campaign, or a row of somebody's earlier campaigns
tenants/T/predictions/{clip}  the features of a clip of ours, as they were before anybody saw it
tenants/T/clips/{clip}        where in its video it lies: clips of the same moment are near-duplicates

Of an outcome are read `account` or `channel`, `network`, `launched` or `published`, `as_of`, `metrics` with its
impressions and clicks, and where they are there `source`, `clip`, `asset`, `title`, `segments`, `features`,
`features_version` and `group`. What was imported of an account that is a channel of ours (common.learning.whose) is of
that channel. An outcome that came late, twice or anew stands there as it was told last. Where a campaign of ours
(`campaign`, `made`) and a table (`ad`) tell of the same ad, ours alone is learned from; where two tables (`import`)
tell of the same days of one (`first`, `last`) for other groups of people, or by another name of its account, the later
alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from common.domain.codec import digest
from common.domain.learning import RIPE, Creative
from common.learning import whose as accounts
from common.learning.own import Named, Own
from common.learning.whose import Whose
from common.ports.clock import parse
from common.ports.documents import Documents, Snap

PAGE: Final = 300  # documents read at once
MOST: Final = 50_000  # creatives that are learned from: more than a slice of a chore has time for
MOST_READ: Final = 200_000  # outcomes
LARGEST: Final = 10**12  # impressions
FURTHEST: Final = 3.0e38  # from 0, of a feature: what a float32 holds
UNRIPE: Final = "they have not been out for 7 days, as of their last reading; they are learned from later"
UNCOUNTED: Final = "nobody told their impressions and clicks; what is not told is never taken for 0"
UNSHOWN: Final = "they were not shown: without impressions nothing is known of them"
MORE_CLICKS: Final = "they have more clicks than impressions; correct them where they come from"
UNREADABLE: Final = "they lack their account, their network or when they came out; import them again"
RAN_OURSELVES: Final = "Cutroom ran these ads itself, and learns from them by what it read of their campaigns"
_NAMES: Final = tuple(one.name for one in fields(Named))
TOLD_OTHERWISE: Final = (
    "a later import tells of the same ads and days, for other groups of people or by another name of the account; it "
    "is learned from"
)
OLDER: Final = f"only the newest {MOST:,} are learned from, and these came out before"
TOO_MANY: Final = f"only {MOST_READ:,} are looked at; take old imports back, which make room for others"
NO_FEATURES: Final = "nothing was known of them before they came out; they are learned from without features"
OTHER_FEATURES: Final = "their features are of another version; they are learned from without features"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """By launch. `left_out`, `without_features`: how many, by why. `unripe`: those learned from in a while."""

    creatives: Sequence[Creative]
    left_out: Mapping[str, int]
    without_features: Mapping[str, int]

    @property
    def unripe(self) -> int:
        return self.left_out.get(UNRIPE, 0)

    @property
    def in_all(self) -> int:
        """Those that could be learned from, the older ones as well."""
        return len(self.creatives) + self.left_out.get(OLDER, 0)

    def lost(self, before: Sequence[Creative]) -> int:
        """How many of those before are not there any more: not those that are only too old by now."""
        there = {one.id for one in self.creatives}
        oldest = _age(self.creatives[0]) if self.left_out.get(OLDER) else None
        return sum(1 for one in before if one.id not in there and (oldest is None or _age(one) >= oldest))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Where an outcome comes from that was imported. `ad`: the same for all groups of people that were shown one."""

    named: Named
    ad: tuple[str | None, ...]
    by: tuple[str, str]  # the later is the greater
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An outcome that may be learned from, before what else is known of its clip is looked up."""

    creative: Creative
    clip: str | None
    asset: str | None
    version: str | None  # of its own features
    title: str
    made: tuple[str, Mapping[str, Any]] | None  # a campaign of ours, and what is there of it
    told: _Told | None  # by a table


def creatives(documents: Documents, tenant: str, now: datetime, *, features_version: str | None = None) -> History:
    """Those that have been out for 7 days, by their launch. Features of another version than this are not known.

    Without a version the features are taken as they are.
    """
    parent = f"tenants/{tenant}"
    left_out: dict[str, int] = defaultdict(int)
    without: dict[str, int] = defaultdict(int)
    rows: list[_Row] = []
    whose = accounts.read(documents, tenant)
    for page in _pages(documents, parent, left_out):
        for snap in page:
            read = _read(snap, now, whose)
            if isinstance(read, str):
                left_out[read] += 1
            else:
                rows.append(read)
        if len(rows) >= 2 * MOST:
            rows = _newest(rows, left_out)
    rows = _newest(_once(rows, left_out), left_out)
    known = [
        one
        for at in range(0, len(rows), PAGE)
        for one in _known(documents, parent, rows[at : at + PAGE], features_version, without)
    ]
    found = sorted(_grouped(documents, parent, known), key=_age)
    return History(creatives=found, left_out=dict(left_out), without_features=dict(without))


def _age(one: Creative) -> tuple[datetime, str]:
    return one.launched, one.id


def _newest(rows: list[_Row], left_out: dict[str, int]) -> list[_Row]:
    if len(rows) <= MOST:
        return rows
    left_out[OLDER] += len(rows) - MOST
    return sorted(rows, key=lambda one: _age(one.creative))[-MOST:]


def _pages(documents: Documents, parent: str, left_out: dict[str, int]) -> Iterator[Sequence[Snap]]:
    after, read, there = "", 0, documents.count("outcomes", parent=parent)
    while page := documents.named("outcomes", parent=parent, after=after, limit=PAGE):
        if read >= MOST_READ:
            left_out[TOO_MANY] += max(there - read, len(page))
            return
        read, after = read + len(page), page[-1].id
        yield page


def _read(snap: Snap, now: datetime, whose: Whose) -> _Row | str:
    """The row, or why it is left out."""
    body = snap.body
    account, network = body.get("account") or body.get("channel"), body.get("network")
    imported = body.get("source") == "import"
    launched = body.get("launched") or body.get("published")
    metrics = body.get("metrics") or {}
    if not (account and network and launched and body.get("as_of")):
        return UNREADABLE
    try:
        began, as_of = parse(launched), parse(body["as_of"])
    except (ValueError, TypeError, AttributeError):
        return UNREADABLE
    if began.tzinfo is None or as_of.tzinfo is None:
        return UNREADABLE
    if min(now, as_of) - began < RIPE:
        return UNRIPE
    shown, clicks = _count(metrics.get("impressions")), _count(metrics.get("clicks"))
    if shown is None or clicks is None:
        return UNCOUNTED
    if not shown:
        return UNSHOWN
    if clicks > shown:
        return MORE_CLICKS
    matched = whose.of(str(account), str(network), body.get("account_id")).channel if imported else None
    own = Creative(
        id=snap.id,
        account=matched or str(account),
        network=str(network),
        launched=began,
        impressions=shown,
        clicks=clicks,
        group=str(body.get("group") or ""),
        features=_numbers(body.get("features") or {}),
        segments={str(name): str(value) for name, value in (body.get("segments") or {}).items() if value is not None},
        until=_until(body) if imported else as_of,
    )
    return _Row(
        creative=own,
        clip=body.get("clip"),
        asset=body.get("asset"),
        version=body.get("features_version"),
        title=str(body.get("title") or ""),
        made=(str(body["campaign"]), body.get("made") or {}) if body.get("campaign") else None,
        told=_told(body) if imported else None,
    )


def _until(body: Mapping[str, Any]) -> datetime | None:
    """The end of the last day that a table tells of."""
    try:
        return datetime.combine(date.fromisoformat(str(body.get("last"))), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def _told(body: Mapping[str, Any]) -> _Told:
    told = body.get("ad") or {"name": body.get("title")}
    named = Named(**{name: None if told.get(name) is None else str(told[name]) for name in _NAMES})
    which = (named.id,) if named.id is not None else (None, named.name, named.campaign, named.set)
    first = str(body.get("first") or body["launched"])[:10]
    return _Told(
        named=named,
        ad=(str(body.get("account")), str(body.get("network")), *which),
        by=(str(body["as_of"]), str(body.get("import") or "")),
        first=first,
        last=str(body.get("last") or first),
    )


def _once(rows: Sequence[_Row], left_out: dict[str, int]) -> list[_Row]:
    """Without what somebody imported of ads that are learned from as campaigns of ours, whichever came first, or that
    a later table tells of for other groups of people.
    """
    own = Own(row.made for row in rows if row.made is not None)
    kept: list[_Row] = []
    ads: dict[object, list[tuple[_Row, _Told]]] = defaultdict(list)
    for row in rows:
        if row.told is None:
            kept.append(row)
        elif own and own.whose(row.told.named)[0] == "ours":
            left_out[RAN_OURSELVES] += 1
        elif row.told.named.id is None and row.told.named.name is None:
            kept.append(row)
        else:
            named = row.told.ad if row.told.named.id is None else (row.creative.account, row.told.named.id)
            ads[named].append((row, row.told))
    for some in ads.values():
        last = _told_last(_named_last(some))
        if len(last) < len(some):
            left_out[TOLD_OTHERWISE] += len(some) - len(last)
        kept += last
    return kept


def _named_last(some: list[tuple[_Row, _Told]]) -> list[tuple[_Row, _Told]]:
    """Of one ad what was told last, where tables call its account by several names: by that of its channel, too."""
    if len({told.ad for _, told in some}) == 1:
        return some
    kept: dict[frozenset[tuple[str, str]], list[tuple[_Row, _Told]]] = defaultdict(list)
    for row, told in sorted(some, key=lambda one: one[1].by, reverse=True):
        same = kept[frozenset(row.creative.segments.items())]
        if not any(other.ad != told.ad and _meets(told, [(other.first, other.last)]) for _, other in same):
            same.append((row, told))
    return [one for same in kept.values() for one in same]


def _told_last(some: Sequence[tuple[_Row, _Told]]) -> list[_Row]:
    """Of one ad without what later imports tell for groups that are told apart by something else."""
    if len({frozenset(row.creative.segments) for row, _ in some}) == 1:
        return [row for row, _ in some]
    kept: list[_Row] = []
    later: list[dict[frozenset[str], tuple[str, str]]] = []  # by import, by what tells groups apart: its days
    ordered = sorted(some, key=lambda one: one[1].by, reverse=True)
    for _, each in groupby(ordered, key=lambda one: one[1].by):
        days: dict[frozenset[str], tuple[str, str]] = {}
        for row, told in each:
            kind = frozenset(row.creative.segments)
            if any(kind not in spans and _meets(told, spans.values()) for spans in later):
                continue
            kept.append(row)
            first, last = days.get(kind, (told.first, told.last))
            days[kind] = (min(first, told.first), max(last, told.last))
        if days:
            later.append(days)
    return kept


def _meets(told: _Told, spans: Iterable[tuple[str, str]]) -> bool:
    return any(first <= told.last and told.first <= last for first, last in spans)


def _count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return value if whole else None


def _numbers(told: Mapping[str, Any]) -> dict[str, float | None]:
    """A number that is none is not known."""
    found: dict[str, float | None] = {}
    for name, value in told.items():
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= FURTHEST
        found[str(name)] = float(value) if good else None
    return found


def _known(
    documents: Documents, parent: str, rows: Sequence[_Row], wanted: str | None, without: dict[str, int]
) -> Iterator[_Row]:
    """With the features that each had before it came out."""
    keys = {row.clip: f"{parent}/predictions/{row.clip}" for row in rows if row.clip and not row.creative.features}
    there = documents.get_many(sorted(keys.values())) if keys else {}
    for row in rows:
        told, version = row.creative.features, row.version
        kept = there.get(keys.get(row.clip, "")) if row.clip else None
        if kept is not None and parse(kept.body["created"]) <= row.creative.launched:
            told, version = _numbers(kept.body.get("features") or {}), kept.body.get("features_version")
        if not told:
            without[NO_FEATURES] += 1
        elif wanted is not None and version is not None and version != wanted:
            without[OTHER_FEATURES] += 1
            told = {}
        yield replace(row, creative=replace(row.creative, features=told))


def _grouped(documents: Documents, parent: str, rows: Sequence[_Row]) -> Iterator[Creative]:
    """Near-duplicates by one name: what was imported by the words of its title, clips of ours by their moment."""
    clips = {row.clip for row in rows if row.clip and not row.creative.group}
    moments = _moments(documents, parent, clips)
    for row in rows:
        if row.creative.group:
            yield row.creative
            continue
        words = _words(row.title)
        group = moments[row.clip] if row.clip else f"title-{digest(words)}" if words else row.creative.id
        yield replace(row.creative, group=group)


def _words(title: str) -> str:
    """The same for titles that differ in case, in marks and in figures alone."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(re.findall(r"[^\W\d_]+", plain))


def _moments(documents: Documents, parent: str, clips: Iterable[str]) -> dict[str, str]:
    """By clip the first of those of its video that share half of the shorter's time with it, or with one that does."""
    named = sorted(clips)
    spans: dict[str, list[tuple[Fraction, Fraction, str]]] = defaultdict(list)
    found = {clip: clip for clip in named}
    for at in range(0, len(named), PAGE):
        there = documents.get_many(f"{parent}/clips/{clip}" for clip in named[at : at + PAGE])
        for snap in there.values():
            span = snap.body.get("span")
            if span:
                spans[str(snap.body.get("asset"))].append((Fraction(span["start"]), Fraction(span["end"]), snap.id))
    for some in spans.values():
        some.sort()
        for n, (start, end, clip) in enumerate(some):
            for other, ending, name in some[n + 1 :]:
                if other >= end:
                    break
                if 2 * (min(end, ending) - other) >= min(end - start, ending - other):
                    _joined(found, clip, name)
    return {clip: _first(found, clip) for clip in named}


def _first(found: dict[str, str], clip: str) -> str:
    while found[clip] != clip:
        clip = found[clip]
    return clip


def _joined(found: dict[str, str], one: str, other: str) -> None:
    first, second = sorted((_first(found, one), _first(found, other)))
    found[second] = first
