"""Past campaigns from a table: all of its rows are read first, and only where all are right are they learned from.

The table is an object in parts, and is read anew by each slice, so that nothing but how far it is must be noted. Each
ad becomes `tenants/{t}/outcomes/{id}`, whose id follows from the ad: the same table once more, or one of a later day,
puts its figures in the place of those before, which stay as history. Taken back, an import leaves what was there before
it. What failed midway goes on where the same table is sent once more, and counts nothing twice. Ads that Cutroom ran
itself are left out where it has read what came of them, or will have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from common.chores import chore, learning
from common.chores.ads import campaigning
from common.chores.chore import Again, Done, End, Hold
from common.chores.posts import insights
from common.chores.tools import Tools
from common.domain.campaign import OVER
from common.domain.codec import from_json, to_json
from common.errors import BadInput, Conflict
from common.learning import imports, summing, whose
from common.learning.imports import Found, Options
from common.learning.own import Own
from common.learning.summing import Past
from common.learning.tables import shown
from common.learning.whose import Account, Whose
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Create, Delete, Json, Snap, Update, Where, Write

OURS: Final = "that Cutroom ran itself: left out, for it has read itself what came of them, or is about to."
UNREAD: Final = "that Cutroom ran itself, and could not read what came of them: taken from here."
DOUBTFUL: Final = (
    "called after a campaign that Cutroom ran: taken, for nothing tells whether they are copies that ran elsewhere, "
    "or count twice now. To have it told, take this import back, and export the Campaign ID as well."
)
MOST_TOLD: Final = 150  # columns, accounts: a document holds 64 KB
MOST_WRONG: Final = 100  # rows
AT_ONCE: Final = 100  # documents written together
_TOLD: Final = (
    *("metrics", "first", "last", "launched", "published", "day", "title", "group", "network", "ad"),
    "account_id",
)
FRESH: Final[Json] = {
    **{"rows": None, "creatives": None, "written": 0, "restated": 0, "other_days": 0, "wrong": [], "wrong_in_all": 0},
    **{"columns": [], "notes": [], "accounts": [], "first": None, "last": None},
    **{"numbers": None, "dates": None, "currency": None, "taken_back": False},
}


def key_of(tenant: str, name: str) -> str:
    return f"tenants/{tenant}/chores/history-{name}"


def part_of(tenant: str, part: str) -> str:
    """Where a part of a table lies; `part` is the digest of its bytes."""
    return f"t/{tenant}/history/{part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`parts` in their order; with `rehearsal` the table is read, and nothing is written. `whose`: accounts of the
    table and the channel that each is, or whose.NOBODY; all others are that of the options, where that names one.
    """

    parts: Sequence[str]
    options: Options
    rehearsal: bool
    whose: Mapping[str, str] = field(default_factory=dict)


def planned(engine: Engine, tenant: str, name: str, wanted: Wanted, by: str) -> Create:
    """The chore. Raises BadInput where a part or a channel is not there."""
    channel = wanted.options.channel
    if wanted.whose or channel:
        known = whose.read(engine.documents, tenant)
        whose.checked(known, [one for one in wanted.whose.values() if one != whose.NOBODY])
        whose.checked(known, [channel] if channel else [])
    for part in wanted.parts:
        if engine.objects.stat(part_of(tenant, part)) is None:
            raise BadInput(f"part {part[:12]} of the table is not here; POST /v1/history/parts sends it")
    read = stamp(engine.clock.now())
    memo: Json = {"parts": list(wanted.parts), "options": to_json(wanted.options), "read": read}
    memo["whose"] = dict(wanted.whose)
    fields = {**FRESH, "rehearsal": wanted.rehearsal}
    return chore.created(engine, key_of(tenant, name), "history", by=by, memo=memo, fields=fields)


def taken_back(engine: Engine, snap: Snap) -> Write:
    """The write that begins to take an import back. Raises BadInput where there is nothing to take back."""
    if "due" in snap.body:
        raise BadInput("it is under way; wait until it is over")
    if not snap.body["written"] or snap.body["taken_back"]:
        raise BadInput("nothing of it is there; there is nothing to take back")
    fields: Json = {"state": "queued", "tries": 0, "wake": snap.body["wake"] + 1, "ended": ABSENT, "error": ABSENT}
    memo = {**snap.body["memo"], "back": True, "at": 0}
    return Update(snap.key, {**fields, "memo": memo, "due": stamp(engine.clock.now())}, snap.version)


def run(tools: Tools, hold: Hold) -> End:
    memo = hold.memo
    content = b"".join(tools.engine.objects.get(part_of(hold.tenant, one)) for one in memo["parts"])
    try:
        found = imports.read(content, from_json(Options, memo["options"]), parse(memo["read"]))
    except BadInput as error:
        return Done(fields={"error": {"code": error.code, "text": str(error)}})
    if memo.get("back"):
        return _back(tools, hold, found)
    known = whose.read(tools.engine.documents, hold.tenant)
    try:
        accounts = _accounts(found.past, from_json(Options, memo["options"]), memo.get("whose") or {}, known)
    except BadInput as error:
        return Done(fields={"error": {"code": error.code, "text": str(error)}})
    left, notes = _own(tools, hold.tenant, found.past)
    taken = tuple(one for one in found.past if one.id not in left)
    fields = told(replace(found, past=taken, notes=(*found.notes, *notes)), known.beside(accounts))
    if found.wrong or hold.body["rehearsal"]:
        return Done(fields=fields)
    first = not hold.memo.get("at")  # what somebody says of an account later than that stands
    hold.note(fields, whose.noted(known, hold.tenant, accounts, hold.body["by"], memo["read"]) if first else ())
    return _taken(tools, hold, found.past, left)


def _accounts(past: Sequence[Past], options: Options, said: Mapping[str, str], known: Whose) -> list[Account]:
    """The accounts that a table names most, and all of which somebody says whose they are. Raises BadInput."""
    counts = Counter((one.network, one.account) for one in past)
    ids: dict[tuple[str, str], set[str]] = {}
    for one in past:
        if one.account_id is not None:
            ids.setdefault((one.network, one.account), set()).add(one.account_id)
    plain = {shown(account): channel for account, channel in said.items()}
    there = {account for _, account in counts}
    if past and (strange := sorted(set(plain) - there)):
        some = ", ".join(sorted(there)[: whose.MOST_NAMED])
        raise BadInput(f"the table names no account {strange[0][:60]}; it names {some[:600]}")
    every = plain if options.channel is None else {**dict.fromkeys(there, options.channel), **plain}
    most = [key for key, _ in counts.most_common(MOST_TOLD)]
    most += [key for key in counts if key[1] in plain and key not in most]
    found = []
    for network, account in most:
        before = known.accounts.get((network, account))
        told = ids.get((network, account), set()) | set(before.ids if before else ())
        channel = None if every.get(account) == account else every.get(account)  # it is called by the channel's id
        found.append(
            Account(
                account=account,
                network=network,
                ids=tuple(sorted(told)[: whose.MOST_IDS]),
                said=channel or (before.said if before else None),
            )
        )
    return found


def _own(tools: Tools, tenant: str, past: Sequence[Past]) -> tuple[set[str], list[str]]:
    """Those that Cutroom ran and has read itself, by their ids, and what people should know of such."""
    documents, after = tools.engine.documents, ""
    ran: dict[str, Snap] = {}
    while page := documents.named("campaigns", parent=f"tenants/{tenant}", after=after, limit=AT_ONCE):
        ran |= {one.id: one for one in page if one.body["made"]}
        after = page[-1].id
    own = Own((name, one.body["made"]) for name, one in ran.items())
    found = {one.id: (one, *own.whose(one.named)) for one in past}
    told = {key for _, _, key in found.values() if key is not None}
    read = _read(tools, tenant, [ran[key] for key in sorted(told)])
    ours = [one for one, whose, key in found.values() if whose == "ours" and key in read]
    unread = [one for one, whose, key in found.values() if whose == "ours" and key not in read]
    doubtful = [one for one, whose, key in found.values() if whose == "doubtful" and key in read]
    notes = [
        f"{_many(sum(one.rows for one in some), 'row')} of {_many(len({one.ad for one in some}), 'ad')} {text}"
        for some, text in ((ours, OURS), (unread, UNREAD), (doubtful, DOUBTFUL))
        if some
    ]
    return {one.id for one in ours}, notes


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _read(tools: Tools, tenant: str, campaigns: Sequence[Snap]) -> set[str]:
    """Those of which was read what came of them, or is to be."""
    outcomes = {one.id: f"tenants/{tenant}/outcomes/{one.id}" for one in campaigns}
    watches = {one.id: campaigning.watch_key(tenant, one.id) for one in campaigns}
    there = tools.engine.documents.get_many((*outcomes.values(), *watches.values()))

    def follows(one: Snap) -> bool:
        watch = there.get(watches[one.id])
        return one.body["step"] not in OVER if watch is None else "due" in watch.body

    return {one.id for one in campaigns if outcomes[one.id] in there or follows(one)}


def _taken(tools: Tools, hold: Hold, past: Sequence[Past], left: Container[str]) -> End:
    """Whose ad it is may be known better in a later slice: so places are counted in the whole table."""
    at, written = int(hold.memo.get("at", 0)), int(hold.body["written"])
    restated, other = int(hold.body["restated"]), int(hold.body["other_days"])
    now = parse(hold.memo["read"])
    while at < len(past):
        some = [one for one in past[at : at + AT_ONCE] if one.id not in left]
        before = _written(tools, hold, [{**summing.outcome(one, now), "import": hold.id} for one in some], some)
        others = [one for one in before if one.body.get("import") != hold.id]
        restated += len(others)
        other += sum(1 for one in others if _lost(one, {each.id: each for each in some}[one.id]))
        at, written = at + AT_ONCE, written + len(some)
        hold.note({"written": written, "restated": restated, "other_days": other}, at=at)
        if hold.spent and at < len(past):
            return Again()
    learning.changed(tools.engine, hold.tenant)
    return Done()


def _written(tools: Tools, hold: Hold, bodies: Sequence[Json], some: Sequence[Past]) -> list[Snap]:
    """All of them at once; what was there before."""
    documents = tools.engine.documents
    if not some:
        return []
    keys = [f"tenants/{hold.tenant}/outcomes/{one.id}" for one in some]
    while True:
        there = documents.get_many(keys)
        writes = [_stated(key, body, there.get(key)) for key, body in zip(keys, bodies, strict=True)]
        try:
            documents.commit(writes)
        except Conflict:
            continue
        return list(there.values())


def _stated(key: str, body: Json, there: Snap | None) -> Write:
    """The write that puts it there. Where an import said the very same it is told by both; else that is history."""
    if there is None:
        return Create(key, {**body, "also": [], "history": []})
    told = there.body
    if told.get("import") == body["import"]:  # what was begun goes on
        return Update(key, body, there.version)
    if all(told.get(name) == body[name] for name in _TOLD):
        return Update(key, {**body, "also": [*_tellers(told)][-insights.KEPT :]}, there.version)
    before = {name: told[name] for name in (*_TOLD, "as_of", "import", "also") if name in told}
    return Update(key, {**body, "also": [], "history": [*told["history"], before][-insights.KEPT :]}, there.version)


def _tellers(told: Json) -> list[str]:
    """The imports that said this, the last one last."""
    return [one for one in (*told.get("also", ()), told.get("import")) if one is not None]


def _lost(there: Snap, now: Past) -> bool:
    """Whether days were counted before that are not counted now: the table that is imported last stands alone."""
    first, last = there.body.get("first"), there.body.get("last")
    return first is not None and last is not None and (first < now.first.isoformat() or last > now.last.isoformat())


def _back(tools: Tools, hold: Hold, found: Found) -> End:
    """What was there before it is there again; what it was the first to tell is gone."""
    documents, at = tools.engine.documents, int(hold.memo.get("at", 0))
    while at < len(found.past):
        some = found.past[at : at + AT_ONCE]
        there = documents.get_many(f"tenants/{hold.tenant}/outcomes/{one.id}" for one in some)
        writes = [write for snap in there.values() for write in _undone(snap, hold.id)]
        try:
            if writes:
                documents.commit(writes)
        except Conflict:
            continue
        at += len(some)
        hold.note(at=at)
        if hold.spent and at < len(found.past):
            return Again()
    where = [Where("import", "==", hold.id)]  # a table may be read otherwise than when it was taken
    while left := documents.query("outcomes", where, parent=f"tenants/{hold.tenant}", limit=AT_ONCE):
        try:
            documents.commit([write for snap in left for write in _undone(snap, hold.id)])
        except Conflict:
            continue
        if hold.spent:
            return Again()
    learning.changed(tools.engine, hold.tenant)
    return Done(fields={"taken_back": True})


def _undone(snap: Snap, name: str) -> Iterable[Write]:
    now = _left(snap.body, name)
    earlier = [left for one in snap.body["history"] if (left := _left(one, name)) is not None]
    if now is None and earlier:
        yield Update(snap.key, {"also": [], "account_id": None, **earlier[-1], "history": earlier[:-1]}, snap.version)
    elif now is None:
        yield Delete(snap.key, snap.version)
    elif now is not snap.body or earlier != snap.body["history"]:
        yield Update(snap.key, {"import": now["import"], "also": now["also"], "history": earlier}, snap.version)


def _left(told: Json, name: str) -> Json | None:
    """The same as told by the others alone; None where there are none."""
    tellers = _tellers(told)
    if name not in tellers:
        return {"also": [], **told} if "import" in told and "also" not in told else told
    tellers.remove(name)
    return {**told, "import": tellers[-1], "also": tellers[:-1]} if tellers else None


def told(found: Found, known: Whose | None = None) -> Json:
    """The mapping report; without `known` nobody looked whose the accounts are."""
    accounts = Counter((one.account, one.network) for one in found.past)
    columns = [one for one in found.columns if one.meaning is not None or one.why is not None]
    listed = sorted(columns, key=lambda one: one.meaning is None)[:MOST_TOLD]
    first, last = (None, None) if found.span is None else (one.isoformat() for one in found.span)
    return {
        "rows": found.rows,
        "creatives": len(found.past),
        "wrong": [{"line": one.line, "text": one.text[:400]} for one in found.wrong[:MOST_WRONG]],
        "wrong_in_all": len(found.wrong),
        "columns": [to_json(replace(one, name=one.name[:80])) for one in listed],
        "notes": list(found.notes),
        "accounts": [
            {"account": account, "network": network, "creatives": count, **of_channel(known, account, network)}
            for (account, network), count in accounts.most_common(MOST_TOLD)
        ],
        "first": first,
        "last": last,
        "numbers": found.numbers,
        "dates": found.dates,
        "currency": found.currency,
    }


def of_channel(known: Whose | None, account: str, network: str) -> Json:
    """Which channel an account is, for people."""
    if known is None:
        return {"channel": None, "name": None, "of": None, "why": None}
    match = known.of(account, network)
    return {"channel": match.channel, "name": match.name, "of": match.network, "why": match.why}
