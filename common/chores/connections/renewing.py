"""What a sign-in gave: renewed well before it ends, handed to its channels, tested, and given back.

`tenants/{t}/chores/channel-{grant}` holds it, sealed, in its memo. Nobody else renews, for a token to renew with may be
worth nothing once it was used, and this chore has one holder. What comes is written down at once; `generation` counts
it, and a channel that has another one is brought up to date. Of a renewal nobody answered, the old is tried again:
there is nothing else, and the platform says whether it was done.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from common.chores import chore
from common.chores.chore import Again, Done, End, Hold
from common.chores.connections import channels, noticing
from common.chores.tools import Tools
from common.domain.codec import to_json
from common.domain.publication import Account
from common.errors import CutroomError, NotConnected, Permanent, PlatformSaid, Unreachable
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Create, Json, Snap, Where
from common.ports.platforms import Platform, Tokens

SHARE = 0.8  # of a token's life, after which it is renewed
SPARE = timedelta(minutes=10)  # at least, before its end
WARNING = timedelta(days=7)  # before the end of what cannot be renewed
PATIENCE = timedelta(days=1)  # after its end, in which a token is tried to be renewed
LOOK = timedelta(days=7)  # after which a grant is looked at, whatever is due
PAUSE_S = 3600.0  # the longest between two tries
REVOKES = 3  # tries to give back
LOST = "its answer to the last renewal was lost on its way"


def planned(tools: Tools, tenant: str, grant: str, network: str, given: Tokens, got: datetime, by: str) -> Create:
    """The chore of a new sign-in."""
    key = channels.grant_key(tenant, grant)
    memo: Json = {"network": network, "tokens": channels.sealed(tools, key, given), "generation": 0}
    memo |= times(given, got) | {"ends": ending(got, given.refresh_lasts_s)}
    return chore.created(tools.engine, key, "channel", by=by, memo={**memo, "sent": 0, "fails": 0})


def ending(got: datetime, lasts_s: float | None) -> str | None:
    return None if lasts_s is None else stamp(got + timedelta(seconds=lasts_s))


def times(tokens: Tokens, got: datetime) -> Json:
    """When it ends, and when it is renewed."""
    if tokens.lasts_s is None:
        return {"expires": None, "renew": None}
    life = timedelta(seconds=tokens.lasts_s)
    renew = max(got + life / 2, min(got + life * SHARE, got + life - SPARE))
    return {"expires": stamp(got + life), "renew": stamp(renew)}


def of_account(given: Tokens, account: Account) -> Tokens:
    """What one channel may use: an account's own token lasts for as long as the sign-in does."""
    own = replace(given, refresh=None, refresh_lasts_s=None)
    return own if account.token is None else replace(own, access=account.token, lasts_s=None)


def about(account: Account) -> Json:
    """What the platform says of an account."""
    told = to_json(account)
    same = {name: told[name] for name in ("posts_a_day", "longest_s", "visibilities")}
    handle = None if account.handle is None else account.handle[:200]
    return {**same, "name": account.name[:200] or account.id[:200], "handle": handle}


def run(tools: Tools, hold: Hold) -> End:
    """Whatever is due of it; then the time of what comes next."""
    found = _channels(tools, hold)
    gone = hold.asked("revoke")
    if gone is not None:
        channels.stopped(tools.engine, hold.tenant, gone)
    if not found:
        return _given_back(tools, hold, gone)
    if gone is not None:
        _noted(tools, hold, gone, f"the sign-in stays: {len(found)} more of your channels stand on it")
        hold.note({"revoke": ABSENT})
    try:
        platform = tools.platform(hold.memo["network"])
        if (_due(tools, hold, "renew") or _doubted(hold)) and (end := _renewed(tools, hold, platform)) is not None:
            return end
        asked = hold.asked("check")
        if asked is not None:
            return _checked(tools, hold, platform, asked)
        _handed(tools, hold, platform, found)
        _linked(tools, hold, platform)
        _told(tools, hold)
    except PlatformSaid as error:
        if error.action == "reconnect":
            return _broken(tools, hold, str(error))
        return _again(tools, hold, error.after_s)
    except (Unreachable, Permanent):
        return _again(tools, hold, None)
    _warned(tools, hold)
    return _next(tools, hold)


def _channels(tools: Tools, hold: Hold) -> list[Snap]:
    """Those that stand on it and can be spoken for. One that was connected anew stands on another."""
    grant = hold.id.removeprefix("channel-")
    parent, mine = f"tenants/{hold.tenant}", [Where("grant", "==", grant)]
    there = tools.engine.documents.query("channels", mine, parent=parent, limit=1000)
    return [snap for snap in there if snap.body["state"] == "connected"]


def _due(tools: Tools, hold: Hold, name: str) -> bool:
    at = hold.memo.get(name)
    return at is not None and parse(at) <= tools.engine.clock.now()


def _doubted(hold: Hold) -> bool:
    """Whether a platform refused what there is now, before its time."""
    return hold.memo["expires"] is not None and hold.asked("doubted") == hold.memo["generation"]


def _tokens(tools: Tools, hold: Hold) -> Tokens:
    return channels.read(tools, hold.key, hold.memo["tokens"])


def _renewed(tools: Tools, hold: Hold, platform: Platform) -> End | None:
    """None once it is, or where what there is lasts for a while."""
    old, sent, began = _tokens(tools, hold), int(hold.memo["sent"]), tools.engine.clock.now()
    app = tools.app(hold.memo["network"])
    hold.note(sent=sent + 1)  # raises Fenced where another has it; and whoever comes next knows
    try:
        fresh = platform.refresh(app, old)
    except NotConnected:
        hold.note(sent=sent)  # nothing of it has left
        raise
    except PlatformSaid as error:
        if error.action != "reconnect":
            hold.note(sent=sent)
            raise
        if old.refresh is None and not sent and not _over(tools, hold):
            expires = hold.memo["expires"]
            hold.note(sent=0, renew=None, ends=expires)  # it cannot be renewed, and is good until its end
            for snap in _channels(tools, hold):
                _set(tools, hold, snap, {"ends": expires})
            return None
        return _broken(tools, hold, f"{error}; {LOST}" if sent else str(error))
    ends = ending(began, fresh.refresh_lasts_s)
    if ends is None and fresh.refresh == old.refresh:
        ends = hold.memo["ends"]
    told = {**times(fresh, began), "ends": ends, "sent": 0, "fails": 0, "wait": None}
    sealed = channels.sealed(tools, hold.key, fresh)
    hold.note(tokens=sealed, generation=int(hold.memo["generation"]) + 1, **told)
    return None


def _over(tools: Tools, hold: Hold) -> bool:
    """Whether what there is has come to its end."""
    expires = hold.memo["expires"]
    return expires is not None and parse(expires) - tools.engine.clock.now() < channels.SOON


def _handed(tools: Tools, hold: Hold, platform: Platform, found: Sequence[Snap]) -> None:
    """Give each channel what it may use now."""
    generation = int(hold.memo["generation"])
    behind = [snap for snap in found if snap.body["generation"] != generation]
    if not behind:
        return
    fresh, expires = _tokens(tools, hold), hold.memo["expires"]
    own = any(snap.body["expires"] is None for snap in behind)  # tokens of their own, which come of the sign-in's
    accounts = {one.id: one for one in platform.accounts(fresh.access)} if own and expires is not None else {}
    for snap in behind:
        account = accounts.get(snap.body["account"])
        if account is None and snap.body["expires"] is None and expires is not None:
            channels.broken(tools, hold.tenant, snap.id, "the sign-in does not speak for this account any more")
            continue
        mine = of_account(fresh, account) if account is not None else replace(fresh, refresh=None)
        lasts = None if account is not None and account.token is not None else expires
        fields: Json = {"tokens": channels.sealed(tools, snap.key, mine), "expires": lasts, "ends": hold.memo["ends"]}
        _set(tools, hold, snap, {**fields, "generation": generation})


def _linked(tools: Tools, hold: Hold, platform: Platform) -> None:
    """Set up at the platform what is to be set up once; what fails is tried again in a while, and holds up nothing."""
    late: str | None = None
    for snap in _channels(tools, hold):
        if snap.body["linked"]:
            continue
        try:
            platform.linked(channels.unsealed(tools, snap).access, snap.body["account"])
            _set(tools, hold, snap, {"linked": True, "unlinked": None})
        except (PlatformSaid, Unreachable) as error:
            _set(tools, hold, snap, {"unlinked": str(error)})
            late = stamp(tools.engine.clock.now() + timedelta(seconds=PAUSE_S))
    if late != hold.memo.get("link"):
        hold.note(link=late)


def _told(tools: Tools, hold: Hold) -> None:
    """Have the platform tell of its channels by itself, where it does."""
    for snap in _channels(tools, hold):
        noticing.subscribed(tools, hold.tenant, snap.id, snap.body, partial(_set, tools, hold, snap))


def _set(tools: Tools, hold: Hold, snap: Snap, fields: Json) -> None:
    """Unless it stands on another sign-in by now, or on none."""
    grant = snap.body["grant"]

    def change(body: Json) -> Json | None:
        return fields if body.get("grant") == grant and body["state"] == "connected" else None

    channels.changed(tools.engine, snap.key, change)
    hold.beat()


def _checked(tools: Tools, hold: Hold, platform: Platform, asked: str) -> End:
    """Ask the platform now whom the sign-in speaks for, and say of each channel what it said."""
    at = stamp(tools.engine.clock.now())
    found = _channels(tools, hold)
    try:
        _handed(tools, hold, platform, found)
        accounts = {one.id: one for one in platform.accounts(_tokens(tools, hold).access)}
    except (PlatformSaid, Unreachable) as error:
        refused = isinstance(error, PlatformSaid) and error.action == "reconnect"
        if refused and hold.memo["renew"] is not None and hold.memo.get("tried") != hold.memo["generation"]:
            hold.note(renew=at, tried=int(hold.memo["generation"]) + 1)  # perhaps another one helps
            return Again()
        if refused:
            return _broken(tools, hold, str(error))
        good = False if isinstance(error, PlatformSaid) else None
        for snap in found:
            _set(tools, hold, snap, {"checked": {"at": at, "good": good, "text": str(error)}})
        hold.note({"check": ABSENT})
        return Again()
    for snap in found:
        account = accounts.get(snap.body["account"])
        if account is None:
            why = "the sign-in does not speak for this account any more; connect the channel again"
            _set(tools, hold, snap, {"checked": {"at": at, "good": False, "text": why}})
            channels.broken(tools, hold.tenant, snap.id, why.partition(";")[0])
        else:
            told = about(account)
            if snap.body.get("renamed"):
                del told["name"]
            text = f"the platform answers: it is {account.name[:200]}, and may be posted as"
            _set(tools, hold, snap, {**told, "checked": {"at": at, "good": True, "text": text}})
    if hold.asked("check") == asked:
        hold.note({"check": ABSENT})
    return Again()


def _warned(tools: Tools, hold: Hold) -> None:
    """Once, a week before a person must connect it again."""
    ends = hold.memo["ends"]
    if ends is None or hold.memo.get("warned") == ends or parse(ends) - WARNING > tools.engine.clock.now():
        return
    for snap in _channels(tools, hold):
        text = f"The sign-in of {snap.body['name']} ends on {ends[:10]}; connect the channel again before that."
        channels.tell(tools, hold.tenant, snap, text, "ends", ends)
        _set(tools, hold, snap, {"warned": ends})
    hold.note(warned=ends)


def _broken(tools: Tools, hold: Hold, why: str) -> End:
    """The platform takes it for good no more: nothing can be posted until somebody connects again."""
    said = {"at": stamp(tools.engine.clock.now()), "good": False, "text": why}
    for snap in _channels(tools, hold):
        channels.tell_broken(tools, hold.tenant, snap, why, str(hold.memo["generation"]))
        _set(tools, hold, snap, {"state": "broken", "error": why, "tokens": ABSENT, "expires": None, "checked": said})
    return Done(fields={"memo": {"network": hold.memo["network"]}, "check": ABSENT})


def _again(tools: Tools, hold: Hold, after_s: float | None) -> End:
    """It did not come about. What there is stays, and is tried again; after a day past its end it is given up."""
    now, expires = tools.engine.clock.now(), hold.memo["expires"]
    if expires is not None and parse(expires) + PATIENCE < now:
        return _broken(tools, hold, "the platform could not be asked to renew the sign-in for a day after it ended")
    if (asked := hold.asked("check")) is not None:
        text = "the platform does not answer now; nothing is known to be wrong with the channel, test it again later"
        for snap in _channels(tools, hold):
            _set(tools, hold, snap, {"checked": {"at": asked, "good": None, "text": text}})
        hold.note({"check": ABSENT})
    fails = int(hold.memo["fails"]) + 1
    pause = min(PAUSE_S, 15.0 * 2.0**fails) * random.uniform(0.5, 1.0) if after_s is None else after_s
    hold.note(fails=fails)
    return Again(after_s=pause)


def _next(tools: Tools, hold: Hold) -> End:
    now, memo = tools.engine.clock.now(), hold.memo
    ends = memo["ends"]
    times_ = [parse(at) for at in (memo["renew"], memo.get("link")) if at is not None]
    if ends is not None:
        times_.append(parse(ends) - WARNING if memo.get("warned") != ends else parse(ends))
        if parse(ends) <= now:
            return _broken(tools, hold, "the sign-in has come to its end")
    if hold.asked("check") is not None or hold.asked("revoke") is not None or not _channels(tools, hold):
        return Again()
    return Again(after_s=max(1.0, (min([*times_, now + LOOK]) - now).total_seconds()))


def _given_back(tools: Tools, hold: Hold, gone: str | None) -> End:
    """No channel stands on it. Where somebody took the last one away, the platform is told that it is over."""
    over: Json = {"memo": {"network": hold.memo["network"]}, "check": ABSENT, "revoke": ABSENT}
    if gone is None or hold.memo.get("tokens") is None:
        return Done(fields=over)
    tries = int(hold.memo.get("revokes", 0)) + 1
    hold.note(revokes=tries)
    why = revoked(tools, hold.key, hold.memo)
    if why is not None and tries < REVOKES:
        return Again(after_s=30.0 * 2.0**tries)
    _noted(tools, hold, gone, "the platform was told that it is over" if why is None else why)
    return Done(fields=over)


def _noted(tools: Tools, hold: Hold, channel: str, text: str) -> None:
    """Say of one that was taken away what became of its sign-in."""

    def change(body: Json) -> Json | None:
        return {"revoked": text} if body["state"] == "disconnected" else None

    channels.changed(tools.engine, channels.key_of(hold.tenant, channel), change)


def revoked(tools: Tools, key: str, memo: Json) -> str | None:
    """Give a sign-in back; None where the platform took it, else why not."""
    try:
        platform = tools.platform(memo["network"])
        platform.revoke(tools.app(memo["network"]), channels.read(tools, key, memo["tokens"]))
    except CutroomError as error:
        return f"the platform was not told ({error}); take Cutroom away in its own settings"
    return None
