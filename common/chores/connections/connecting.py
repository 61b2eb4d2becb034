"""Connecting: a person lets Cutroom speak for their accounts, by OAuth 2 with PKCE (RFC 6749, 7636, 9700).

begun ──> the platform asks the person ──> taken ──> a chore exchanges the code, and makes a channel of each account

`tenants/{t}/connections/{digest of its state}`: who began it, until when it can be taken, and the verifier, sealed. The
state is 256 random bits, told once; it is taken once, and only while who began it still might. Only the chore asks the
platform: who answers people has neither a way out to it nor Cutroom's secret.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.accounts import audit, members, tokens
from common.accounts.acting import Acting
from common.accounts.organisations import is_open
from common.accounts.roles import may
from common.chores import chore
from common.chores.chore import Done, End, Hold
from common.chores.connections import channels, renewing
from common.chores.tools import Tools
from common.domain.publication import Account
from common.errors import BadInput, Conflict, NotFound, Permanent, PlatformSaid, Unreachable
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Create, Json, Snap, Update, Where, Write
from common.ports.platforms import App, Platform, Tokens
from common.ports.vault import Vault

KIND = "connection"
CALLBACK = "/v1/connections/callback"
KEPT = timedelta(minutes=15)
MOST_OPEN = 50  # of one organisation
MOST = 200  # channels of one organisation
MOST_OF_ONE = 100  # of one sign-in
TRIES = 4  # of a platform that does not answer
REFUSED = "this address opens nothing any more; begin the connection again"
OWN = ("timezone", "niche", "persona", "style", "language", "late", "ahead", "approval")  # what people set of a channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What asking a person takes. `client`: Cutroom's id with a network; raises Permanent where nobody registered it.
    `redirect`: where platforms send people back to; `patience_s`: how long a person waits for what a platform says.
    """

    platform: Callable[[str], Platform]
    client: Callable[[str], str]
    vault: Vault
    redirect: str
    patience_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """`chore` is the key of what goes on with it; None where the person, or the platform, said no (`refused`)."""

    tenant: str
    network: str
    by: str
    chore: str | None
    refused: str | None = None


def begun(acting: Acting, consent: Consent, network: str) -> tuple[str, str]:
    """Where the person is to go, and until when. Raises Permanent where this network cannot be connected here."""
    acting.must("channels.write")
    acting.must_be_a_person()
    platform, app = consent.platform(network), App(id=consent.client(network), secret="")
    now, parent = acting.clock.now(), f"tenants/{acting.tenant}"
    if acting.documents.count("connections", [Where("until", ">", stamp(now))], parent=parent) >= MOST_OPEN:
        raise Permanent(
            f"{MOST_OPEN} connections are open, as many as can be; wait a quarter of an hour", code="too_many"
        )
    state, verifier = tokens.fresh(KIND, acting.tenant).text, secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    key, expires = _key(acting.tenant, state), stamp(now + KEPT)
    url = platform.authorize(app, consent.redirect, state, challenge)
    body: Json = {"schema": 1, "network": network, "by": acting.subject, "redirect": consent.redirect}
    body |= {"created": stamp(now), "expires": expires, "until": expires, "verifier": consent.vault.seal(verifier, key)}
    acting.commit("channels.connect", network, Create(key, body))
    return url, expires


def taken(engine: Engine, consent: Consent, state: str, code: str | None, error: str | None, request: str) -> Taken:
    """What the platform sent the person back with. Raises NotFound, whatever is wrong with the state."""
    token = tokens.read(KIND, state)
    if token is None:
        raise NotFound(REFUSED)
    if (code is None) == (error is None):
        raise BadInput("the platform sent neither a code nor an error; begin the connection again")
    key, parent = _key(token.tenant, state), f"tenants/{token.tenant}"
    there = engine.documents.get_many([key, parent])
    snap, now = there.get(key), engine.clock.now()
    if snap is None or "used" in snap.body or parse(snap.body["expires"]) <= now:
        raise NotFound(REFUSED)
    body = snap.body
    role = members.role_of(engine.documents, token.tenant, body["by"])
    if role is None or not may(role, "channels.write") or not is_open(token.tenant, there.get(parent)):
        raise NotFound(REFUSED)
    acting = Acting(
        documents=engine.documents,
        clock=engine.clock,
        tenant=token.tenant,
        subject=body["by"],
        role=role,
        request=request,
    )
    used = Update(key, {"used": stamp(now), "verifier": ABSENT}, snap.version)
    of = Taken(tenant=token.tenant, network=body["network"], by=body["by"], chore=None)
    try:
        if code is None:
            acting.commit("channels.refused", body["network"], used, said=str(error)[:200])
            return replace(of, refused=str(error))
        where = f"{parent}/chores/connection-{snap.id[:32]}"
        memo: Json = {"network": body["network"], "redirect": body["redirect"], "request": request}
        memo |= {"code": consent.vault.seal(code, where), "verifier": body["verifier"], "about": key}
        made = chore.created(engine, where, "connection", by=body["by"], memo=memo)
        acting.commit("channels.allowed", body["network"], used, made)
    except Conflict as met:
        raise NotFound(REFUSED) from met  # it was taken this moment
    chore.wake(engine, where, made.body)
    return replace(of, chore=where)


def run(tools: Tools, hold: Hold) -> End:
    """Exchange the code, once, and make a channel of each account. What the platform refuses ends it, and is said."""
    if (before := hold.memo.get("made")) is not None:
        return _freed(tools, hold, before)
    network = hold.memo["network"]
    try:
        platform = tools.platform(network)
        given = _given(tools, hold, platform)
        accounts = _accounts(platform.accounts(given.access))
    except (PlatformSaid, Permanent) as error:
        return _refused(error.code, str(error))
    except Unreachable as error:
        if hold.body["tries"] < TRIES:
            raise
        return _refused(error.code, f"{error}; begin the connection again in a while")
    if not accounts:
        return _refused("no_account", f"{network} knows no account that this sign-in may post as; choose another one")
    made = _made(tools, hold, given, accounts)
    return made if isinstance(made, Done) else _freed(tools, hold, made)


def _freed(tools: Tools, hold: Hold, made: Sequence[Json]) -> Done:
    """What waited for one of them goes on."""
    for one in made:
        channels.freed(tools.engine, hold.tenant, one["id"])
    return Done(fields={"channels": list(made), "memo": {}})


def _given(tools: Tools, hold: Hold, platform: Platform) -> Tokens:
    """Kept the moment they come, for a code opens once."""
    memo = hold.memo
    if (kept := memo.get("tokens")) is not None:
        return channels.read(tools, hold.key, kept)
    code, verifier = tools.vault.open(memo["code"], hold.key), tools.vault.open(memo["verifier"], memo["about"])
    app = tools.app(memo["network"])
    hold.note()  # raises Fenced where another has taken over
    began = stamp(tools.engine.clock.now())
    fresh = platform.exchange(app, memo["redirect"], code, verifier)
    sealed = channels.sealed(tools, hold.key, fresh)
    hold.note(tokens=sealed, got=began, code=None, verifier=None)
    return fresh


def _accounts(told: Sequence[Account]) -> list[Account]:
    return list({one.id: one for one in told}.values())[:MOST_OF_ONE]


def _made(tools: Tools, hold: Hold, given: Tokens, accounts: Sequence[Account]) -> list[Json] | Done:
    """All of them in one batch, with the chore that renews what they stand on: none is there without it."""
    engine, tenant, network = tools.engine, hold.tenant, hold.memo["network"]
    grant, got = secrets.token_hex(8), parse(hold.memo["got"])
    now = stamp(engine.clock.now())
    while True:
        keys = [channels.key_of(tenant, channels.id_of(network, one.id)) for one in accounts]
        there = engine.documents.get_many(keys)
        fresh = len(keys) - len(there)
        if fresh and engine.documents.count("channels", parent=f"tenants/{tenant}") + fresh > MOST:
            return _refused("too_many", f"an organisation has {MOST} channels at most; make room in another one")
        keeper = renewing.planned(tools, tenant, grant, network, given, got, hold.body["by"])
        writes: list[Write] = [keeper]
        made: list[Json] = []
        left: set[str] = set()
        for key, account in zip(keys, accounts, strict=True):
            fields = _fields(tools, key, network, account, given, got, grant, hold.body["by"], now)
            snap = there.get(key)
            writes.append(_channel(key, fields, snap, now))
            name = key.rsplit("/", 1)[1]
            made.append({"id": name, "name": fields["name"]})
            if snap is not None and snap.body.get("grant"):
                left.add(snap.body["grant"])
            detail = {"network": network, "name": fields["name"]}
            writes.append(
                audit.line(
                    engine.clock,
                    tenant,
                    by=hold.body["by"],
                    what="channels.connected",
                    on=name,
                    request=hold.memo["request"],
                    detail=detail,
                )
            )
        try:
            hold.note({}, writes, made=made, tokens=None)
        except Conflict:
            continue  # one of them has changed this moment
        for one in left:
            chore.hasten(engine, channels.grant_key(tenant, one))  # it may have lost its last channel
        chore.wake(engine, keeper.key, keeper.body)
        return made


def _fields(
    tools: Tools,
    key: str,
    network: str,
    account: Account,
    given: Tokens,
    got: datetime,
    grant: str,
    by: str,
    now: str,
) -> Json:
    own = renewing.of_account(given, account)
    told: Json = {"network": network, "account": account.id, "state": "connected", "connected": now, "by": by}
    told |= {"grant": grant, "generation": 0, "tokens": channels.sealed(tools, key, own), "scopes": list(given.scopes)}
    told |= {"expires": renewing.ending(got, own.lasts_s), "ends": renewing.ending(got, given.refresh_lasts_s)}
    return told | renewing.about(account) | {"linked": False}


def _channel(key: str, fields: Json, snap: Snap | None, now: str) -> Write:
    """What people set of it stays, whoever connects it again."""
    if snap is None:
        usual: Json = {"schema": 1, "created": now, "renamed": False, "timezone": "UTC", "late": "publish"}
        usual |= dict.fromkeys(("niche", "persona", "style", "language", "checked", "warned", "revoked", "error"))
        return Create(key, {**usual, "ahead": False, "approval": False, **fields})
    again: Json = dict.fromkeys(("checked", "warned", "revoked", "error"))
    if snap.body.get("renamed"):
        fields = {name: one for name, one in fields.items() if name != "name"}
    return Update(key, {**fields, **again}, snap.version)


def _refused(code: str, text: str) -> Done:
    return Done(fields={"refused": {"code": code, "text": text}, "memo": {}})


def _key(tenant: str, state: str) -> str:
    return f"tenants/{tenant}/connections/{hashlib.sha256(state.encode()).hexdigest()}"
