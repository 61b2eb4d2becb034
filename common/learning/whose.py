"""Whose an account is that a table names: which channel of ours, where that is certain or somebody said so.

tenants/T/accounts/{id}   an account of an import: its name, network, ids there, and whose it is where somebody said so

Nothing of this is written into outcomes: it is looked up whenever they are read, so that a channel that is connected
later finds its history, one that goes leaves it as it was told, and imports are taken back as ever. Certain is the id
of the account at its network; else a name that one channel of that network alone has. A model that learned from an
account before anybody knew whose it is knows it by its name: `known_as` has it answer for the channel as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from common.domain.codec import digest
from common.errors import BadInput
from common.learning.tables import shown
from common.ports.documents import Documents, Json, Merge, Snap
from common.scoring.ctr.model import Model

NOBODY: Final = "none"  # in the place of a channel: it is none of ours, whatever its name
MOST: Final = 1000  # channels, and accounts of imports, that are looked at
MOST_UNSAID: Final = 800  # of those accounts, of which nobody said anything
MOST_IDS: Final = 20  # of accounts with one name
MOST_NAMED: Final = 10  # in a message
SAID: Final = "somebody said so"
BY_ID: Final = "its account id is that of the channel"
BY_NAME: Final = "the channel has its name, and no other of the network has"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`channel` None: of none; `why` says why, and what to do where a person can tell more."""

    why: str
    channel: str | None = None
    name: str | None = None  # of the channel
    network: str | None = None  # of the channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """As a table names it. `ids`: what it is called at its network; `said`: a channel, or NOBODY, by a person."""

    account: str
    network: str
    ids: tuple[str, ...] = ()
    said: str | None = None


class Whose:
    """The channels of an organisation, and what is known of the accounts that it imported."""

    def __init__(self, channels: Iterable[Snap], accounts: Iterable[Account]) -> None:
        self.channels = {one.id: one.body for one in channels}
        self.accounts = {(one.network, one.account): one for one in accounts}
        self._by_id = {(body["network"], ident_of(body["account"])): one for one, body in self.channels.items()}
        self._named: dict[tuple[str, str], list[str]] = {}
        for one, body in self.channels.items():
            self._named.setdefault((body["network"], _folded(str(body["name"]))), []).append(one)
        self._found: dict[tuple[str, str, str | None], Match] = {}

    def beside(self, accounts: Iterable[Account]) -> Whose:
        """The same, knowing more of some accounts."""
        made = Whose((), {**self.accounts, **{(one.network, one.account): one for one in accounts}}.values())
        made.channels, made._by_id, made._named = self.channels, self._by_id, self._named
        return made

    def of(self, account: str, network: str, ident: str | None = None) -> Match:
        """`ident`: its id there, where the very row tells it."""
        key = (account, network, ident)
        if key not in self._found:
            self._found[key] = self._matched(account, network, ident)
        return self._found[key]

    def known_as(self, model: Model) -> Model:
        """The model, answering for each channel of which it knows too little by what it knows of its accounts.

        Of several the one with the most behind it speaks, until the next model has learned from them together.
        """
        known, told = dict(model.shape.accounts), dict(model.manifest.get("accounts") or {})
        for account in sorted(model.shape.accounts, key=lambda one: model.shape.accounts[one].creatives):
            behind = model.shape.accounts[account]
            channel = self.of(account, behind.network).channel
            own = None if channel is None else model.shape.accounts.get(channel)
            if channel is None or channel == account or behind.creatives < model.shape.account_needs:
                continue
            if own is None or own.creatives < model.shape.account_needs:
                known[channel] = behind
                told |= {channel: told[account]} if account in told else {}
        if known == model.shape.accounts:
            return model
        manifest = {**model.manifest, "accounts": told}
        return replace(model, shape=replace(model.shape, accounts=known), manifest=manifest)

    def nobodys(self, model: Model, network: str) -> list[str]:
        """Accounts of a network that a model knows and that are of no channel, those with the most behind them first.

        Not those of which somebody said that they are of none.
        """
        some = sorted(model.shape.accounts.items(), key=lambda one: (-one[1].creatives, one[0]))
        return [
            account
            for account, behind in some
            if behind.network == network and account not in self.channels and self._open(account, network)
        ]

    def _open(self, account: str, network: str) -> bool:
        known = self.accounts.get((network, account))
        return (known is None or known.said != NOBODY) and self.of(account, network).channel is None

    def _matched(self, account: str, network: str, ident: str | None) -> Match:
        known = self.accounts.get((network, account)) or Account(account=account, network=network)
        if known.said == NOBODY:
            return Match(why=SAID)
        if known.said is not None:
            return self._there(known.said, SAID)
        if account in self.channels:
            body = self.channels[account]
            return Match(channel=account, name=_short(body["name"]), network=body["network"], why=BY_ID)
        own = ident_of(account)
        ids = {ident_of(ident)} if ident else {own} if (network, own) in self._by_id else set(known.ids)
        if len(ids) > 1:
            return Match(why="accounts with several ids are called so; import each ad's account id, or say whose it is")
        if ids:
            channel = self._by_id.get((network, min(ids)))
            return Match(why="no channel has its account id") if channel is None else self._there(channel, BY_ID)
        folded = _folded(account)
        named = self._named.get((network, folded), []) if folded else []
        if len(named) > 1:
            ids_told = ", ".join(sorted(named)[:MOST_NAMED])
            return Match(why=f"{len(named)} channels are called so ({ids_told}); say which it is")
        return self._there(named[0], BY_NAME) if named else Match(why=f"no channel of {network} is called so")

    def _there(self, channel: str, why: str) -> Match:
        body = self.channels.get(channel)
        if body is None or body["state"] == "disconnected":
            return Match(why=f"it is that of channel {channel[:40]}, which is not connected any more")
        return Match(channel=channel, name=_short(body["name"]), network=body["network"], why=why)


def read(documents: Documents, tenant: str) -> Whose:
    parent = f"tenants/{tenant}"
    channels = documents.query("channels", parent=parent, limit=MOST)
    return Whose(channels, (_account(one.body) for one in documents.query("accounts", parent=parent, limit=MOST)))


def noted(whose: Whose, tenant: str, accounts: Iterable[Account], by: str, at: str) -> list[Merge]:
    """The writes that keep accounts of an import, with all ids that were ever told of each.

    Where there are very many, those alone of which somebody says whose they are: others are found by their names.
    """
    writes: list[Merge] = []
    for one in accounts:
        before = whose.accounts.get((one.network, one.account))
        if before is None and one.said is None and len(whose.accounts) + len(writes) >= MOST_UNSAID:
            continue
        if before is not None and before.said == one.said and set(one.ids) <= set(before.ids):
            continue
        ids = sorted({*one.ids, *(before.ids if before else ())})[:MOST_IDS]
        fields: Json = {"schema": 1, "account": one.account, "network": one.network, "ids": ids}
        said = {"said": one.said, "by": by, "at": at}
        fields |= said if before is None or before.said != one.said else {}
        writes.append(Merge(f"tenants/{tenant}/accounts/{digest([one.network, one.account], 24)}", fields))
    return writes


def checked(whose: Whose, channels: Collection[str]) -> None:
    """Raises BadInput for a channel that is not there, with those that are."""
    there = {one: body for one, body in whose.channels.items() if body["state"] != "disconnected"}
    for wanted in channels:
        if wanted in there:
            continue
        listed = sorted(there.items(), key=lambda one: (one[1]["network"], one[1]["name"], one[0]))
        some = ", ".join(f"{one} ({body['network']}, {_short(body['name'])})" for one, body in listed[:MOST_NAMED])
        more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
        told = f"choose one of {some}{more}" if there else "none is connected yet; connect it first"
        raise BadInput(f"there is no channel {shown(wanted)[:60]}; {told}. GET /v1/channels lists them")


def ident_of(told: str) -> str:
    """An account's id at its network, as it is compared: Meta writes act_ before some."""
    return re.sub(r"^act_(?=\d)", "", shown(told), flags=re.IGNORECASE)


def others(names: Sequence[str]) -> str:
    """Accounts that are of no channel, for a message."""
    told = ", ".join(f"“{_short(one)}”" for one in names[:3])
    return f"{told} and {len(names) - 3} more" if len(names) > 3 else told


def _account(body: Mapping[str, object]) -> Account:
    ids, said = body.get("ids"), body.get("said")
    return Account(
        account=str(body["account"]),
        network=str(body["network"]),
        ids=tuple(str(one) for one in ids) if isinstance(ids, list) else (),
        said=None if said is None else str(said),
    )


def _folded(name: str) -> str:
    """The same for names that differ in case, in spaces and in marks that nobody sees."""
    return shown(unicodedata.normalize("NFC", name)).casefold()


def _short(name: str) -> str:
    return shown(name)[:60]
