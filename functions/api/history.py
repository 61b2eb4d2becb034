"""Past campaigns from a table of somebody's own: in parts, read whole, and taken whole or not at all."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec

from common.chores import chore, history
from common.chores.history import Wanted
from common.domain.learning import Silence
from common.errors import BadInput, Conflict, ModelRefused, NotFound, Stale
from common.learning import registry, whose
from common.learning.imports import Options
from common.learning.tables import shown
from common.learning.whose import Account, Whose
from common.ports.clock import stamp
from common.ports.documents import Snap, Where
from functions.api.calendar import WrongRow
from functions.api.route import Answer, Ask, Shape, matching

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Channel = Annotated[str, msgspec.Meta(min_length=1, max_length=60, description="A channel's id.")]
Belongs = Annotated[
    str, msgspec.Meta(min_length=1, max_length=60, description="A channel's id; or none: of no channel.")
]
MOST_LISTED = 150


class NewHistoryPart(Shape):
    """Bytes of a CSV, of UTF-8 or UTF-16, packed by gzip or not, in base64: up to 675 KB of it."""

    content: Annotated[str, msgspec.Meta(min_length=1, max_length=900_000)]


class HistoryPart(Shape):
    """`part` names these bytes; sent twice they are one."""

    part: str


class NewHistory(Shape):
    """One of `table`, its text, and `parts`, those names in their order. `account` and `network` stand for all rows;
    without them the columns are asked. `channel`: all of it is this channel's, whatever its accounts are called;
    `whose`: by the name of an account in the table, which channel it is. Of all others it is found out, where that is
    certain, now and whenever channels change; what is said here stays said of the account. `dates` and `numbers` are
    needed where nothing in the table tells 3 April from 4 March, or 1,234 from 1.234. `blanks`: what an empty cell
    among figures means. A `rehearsal` keeps nothing.
    """

    table: Annotated[str, msgspec.Meta(min_length=1, max_length=900_000)] | None = None
    parts: (
        Annotated[list[Annotated[str, matching(r"[0-9a-f]{64}")]], msgspec.Meta(min_length=1, max_length=64)] | None
    ) = None
    account: Word | None = None
    channel: Channel | None = None
    whose: Annotated[dict[Word, Belongs], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=dict)
    network: Annotated[str, matching(r"[a-z][a-z-]{0,39}")] | None = None
    dates: Literal["day-first", "month-first"] | None = None
    numbers: Literal["point", "comma"] | None = None
    currency: Annotated[str, matching(r"[A-Z]{3}")] | None = None
    blanks: Literal["unknown", "zero"] = "unknown"
    rehearsal: bool = False


class HistoryColumn(Shape):
    """`meaning`: what it is taken for; null where it is ignored. `why` says more."""

    name: str
    meaning: str | None
    why: str | None


class HistoryAccount(Shape):
    """`channel`: the one that it is taken for, of that `name` and on the network `of`; null where it is of none. `why`
    says why, and is null where nobody looked.
    """

    account: str
    network: str
    creatives: int
    channel: str | None = None
    name: str | None = None
    of: str | None = None
    why: str | None = None


class HistoryAccounts(Shape):
    """Those of imports and of the live model, the most creatives first."""

    items: list[HistoryAccount]


class AccountOf(Shape):
    """`account` as a table named it. `channel` null: found out again, where that is certain. `network`: where it ran;
    without it wherever an account of that name did.
    """

    account: Word
    channel: Belongs | None
    network: Annotated[str, matching(r"[a-z0-9][^/\x00-\x1f]{0,39}")] | None = None


class History(Shape):
    """`state` done with nothing wrong and no error: all of it is there. With `wrong` rows nothing was taken.

    `creatives` are the ads, each as one group of people was shown it; of them `written` are there, `restated` in the
    place of earlier figures, `other_days` of those with days that are counted no more. `first`, `last`: days.
    """

    id: str
    state: Literal["queued", "running", "waiting", "done", "failed"]
    rehearsal: bool
    taken_back: bool
    rows: int | None
    creatives: int | None
    written: int
    restated: int
    other_days: int
    columns: list[HistoryColumn]
    notes: list[str]
    accounts: list[HistoryAccount]
    first: str | None
    last: str | None
    numbers: str | None
    dates: str | None
    currency: str | None
    wrong: list[WrongRow]
    wrong_in_all: int
    error: dict[str, str] | None


def part(ask: Ask) -> Answer:
    wanted: NewHistoryPart = ask.body
    try:
        content = base64.b64decode(wanted.content, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadInput("content is no base64; encode the file's bytes") from error
    return Answer(body=HistoryPart(part=_kept(ask, content)))


def create(ask: Ask) -> Answer:
    wanted: NewHistory = ask.body
    if (wanted.table is None) == (wanted.parts is None):
        raise BadInput("send the table as text, or the names of its parts, and not both")
    parts = wanted.parts or [_kept(ask, str(wanted.table).encode())]
    fields = ("account", "channel", "network", "dates", "numbers", "currency", "blanks")
    options = Options(**{name: getattr(wanted, name) for name in fields})
    engine, name = ask.parts.engine, secrets.token_hex(8)
    planned = Wanted(parts=parts, options=options, rehearsal=wanted.rehearsal, whose=wanted.whose)
    made = history.planned(engine, ask.who.tenant, name, planned, ask.who.subject)
    ask.acting.commit("history.import", name, made)
    chore.wake(engine, made.key, made.body)
    return Answer(body=_shown(name, _read(ask, name)))


def one(ask: Ask) -> Answer:
    name = ask.path["history"]
    snap = _read(ask, name)
    return Answer(body=_shown(name, snap), version=str(snap.version))


def take_back(ask: Ask) -> Answer:
    """What was there before it is there again."""
    name = ask.path["history"]
    snap = _read(ask, name)
    if ask.if_match is not None and ask.if_match != str(snap.version):
        raise Stale(f"import {name} has changed; read it again, then decide")
    try:
        ask.acting.commit("history.take_back", name, history.taken_back(ask.parts.engine, snap))
    except Conflict:
        raise Stale(f"import {name} has changed this moment; read it again, then decide") from None
    after = _read(ask, name)
    chore.wake(ask.parts.engine, after.key, after.body)
    return Answer(body=_shown(name, after))


def accounts(ask: Ask) -> Answer:
    return Answer(body=HistoryAccounts(items=_accounts(ask, whose.read(ask.parts.engine.documents, ask.who.tenant))))


def belongs(ask: Ask) -> Answer:
    """What was learned from stays as it is: it is another's from the next answer on."""
    wanted: AccountOf = ask.body
    engine, tenant, name = ask.parts.engine, ask.who.tenant, shown(wanted.account)
    known = whose.read(engine.documents, tenant)
    if wanted.channel not in (None, whose.NOBODY):
        whose.checked(known, [str(wanted.channel)])
    there = [one for one in _known(ask, known) if one.account == name and wanted.network in (None, one.network)]
    if not there:
        raise NotFound(f"nothing was imported of an account {name[:60]}; GET /v1/history/accounts lists them")
    said = [replace(one, said=wanted.channel) for one in there]
    writes = whose.noted(known, tenant, said, ask.who.subject, stamp(engine.clock.now()))
    ask.acting.commit("history.account", name[:100], *writes, channel=str(wanted.channel))
    return Answer(body=HistoryAccounts(items=[_account(ask, known.beside(said), one) for one in said]))


def _accounts(ask: Ask, known: Whose) -> list[HistoryAccount]:
    items = [_account(ask, known, one) for one in _known(ask, known)]
    return sorted((one for one in items if one.creatives), key=lambda one: (-one.creatives, one.account))[:MOST_LISTED]


def _known(ask: Ask, known: Whose) -> list[Account]:
    """Of imports, those that came before accounts were noted as well: by the outcomes, and by the live model."""
    found = dict(known.accounts)
    engine = ask.parts.engine
    try:
        live = registry.live(engine.documents, engine.objects, ask.who.tenant)
    except ModelRefused:
        return list(found.values())  # GET /v1/models/ctr says so
    if isinstance(live, Silence):
        return list(found.values())
    for account, behind in live.shape.accounts.items():
        if account not in known.channels:
            found.setdefault((behind.network, account), Account(account=account, network=behind.network))
    return list(found.values())


def _account(ask: Ask, known: Whose, one: Account) -> HistoryAccount:
    where = [Where("account", "==", one.account), Where("network", "==", one.network)]
    count = ask.parts.engine.documents.count("outcomes", where, parent=ask.parent)
    match: Any = history.of_channel(known, one.account, one.network)
    return HistoryAccount(account=one.account, network=one.network, creatives=count, **match)


def _kept(ask: Ask, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    ask.parts.engine.objects.put_new(history.part_of(ask.who.tenant, name), content)
    return name


def _read(ask: Ask, name: str) -> Snap:
    snap = ask.snap(history.key_of(ask.who.tenant, name))
    if snap is None:
        raise NotFound(f"there is no import {name} of past campaigns; POST /v1/history makes one")
    return snap


def _shown(name: str, snap: Snap) -> History:
    body, error = snap.body, snap.body.get("error")
    same = [one for one in History.__struct_fields__ if one in body and one not in ("id", "error")]
    fields = {one: body[one] for one in same}
    fields["columns"] = [HistoryColumn(**one) for one in body["columns"]]
    fields["accounts"] = [HistoryAccount(**one) for one in body["accounts"]]
    fields["wrong"] = [WrongRow(**one) for one in body["wrong"]]
    told = None if error is None else {name: str(error[name]) for name in ("code", "text")}
    return History(id=name, error=told, **fields)
