"""Publishing: one file to one channel at its time, once. Each slice does what comes next and lets go.

`tenants/{t}/publications/{id}` is its document and a chore (common.chores.chore); `step` is how far it is, as
common.domain.publication draws it. Its `memo` holds what the platform gave (`kept`), written the moment it comes, and
which commit is the next (`commit`). A commit is a call (common.ports.calls), alone in its slice: written down, sent
once, and on doubt `unknown`. Then the platform is read after 1, 5 and 30 minutes and a day; that nothing is found never
lets it be sent again, and a person decides in the end.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from common.chores.chore import Again, Done, End, Hold
from common.chores.connections import channels
from common.chores.connections.channels import Held
from common.chores.posts import posted
from common.chores.tools import Tools
from common.domain.codec import from_json
from common.domain.publication import HANDLES, File, Post
from common.errors import Fenced, Later, NotConnected, Permanent, PlatformSaid, Transient, Unreachable
from common.ports.calls import Answer, Call, NotSent, key_of
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Json
from common.ports.limits import Rule
from common.ports.platforms import Absent, Job, Open, Platform, Posted, Ready, Wait

LEAD = timedelta(minutes=10)  # before its time, in which a post is made ready
GRACE = timedelta(minutes=15)  # after its time, in which a post is not late
APART = timedelta(seconds=5)  # that the clocks of two machines may be
PATIENCE = timedelta(hours=24)  # from its time and its beginning on, for a platform that puts it off
COMMIT_S = 45.0  # for the answer to a commit
READS_S = (60.0, 300.0, 1800.0, 86_400.0)  # after a commit that nobody answered, when the platform is read
TRIES = 8  # of a step that fails one time after another
BEGINNINGS = 4  # of an upload that the platform lets go, or cannot work on, before a person is asked
COMMITS = 12  # that a platform refused, each for certain, before a person is asked
DOUBT = "the platform did not answer; whether it was posted is being found out"
PER_ACCOUNT = (Rule(name="posts", most=6, seconds=60),)  # TikTok's pace, the slowest that is told, for all of them


def key_for(tenant: str, publication: str) -> str:
    return f"tenants/{tenant}/publications/{publication}"


def run(tools: Tools, hold: Hold) -> End:
    """One slice."""
    try:
        return _next(tools, hold)
    except Later as error:  # its channel's token is being renewed
        return Again(after_s=error.after_s)


def _next(tools: Tools, hold: Hold) -> End:
    step = hold.body["step"]
    if step in ("failed", "cancelled", "held"):
        return Done(fields={"error": hold.body.get("error", ABSENT)})
    if step == "published":
        return _finished(tools, hold)
    platform = tools.platform(hold.body["network"])
    if step == "committing":
        return _committed(tools, hold, platform)
    if step == "unknown":
        return _found(tools, hold, platform)
    if (asked := _asked(tools, hold)) is not None:
        return _stopped(tools, hold, asked)
    return _prepared(tools, hold, platform)


def _prepared(tools: Tools, hold: Hold, platform: Platform) -> End:
    """All that can be taken back: nobody sees any of it."""
    now, slot = tools.engine.clock.now(), parse(hold.body["slot"])
    if now < slot - LEAD and hold.body["step"] == "scheduled":
        return Again(after_s=(slot - LEAD - now).total_seconds())
    late = now - slot
    if late > GRACE and hold.body["late"] == "hold" and not hold.memo.get("put_off"):
        return _held(tools, hold, "late", f"its time passed {_long(late)} ago; publish it now, or move it")
    try:
        job = _job(tools, hold, platform)
        if hold.body["step"] == "scheduled":
            hold.note({"step": "claimed"}, since=stamp(now), tries=0)
            if hold.asked("post") != hold.body["post"]:  # changed up to now, which it cannot be any more
                return Again()
        done = platform.advance(job)
    except Held as error:
        return _held(tools, hold, error.code, str(error))
    except PlatformSaid as error:
        return _refused(tools, hold, error, job)
    except Unreachable as error:
        return _tried(tools, hold, "unreachable", str(error), None)
    except Permanent as error:  # such as a platform that is switched off, or a file that is gone
        return _held(tools, hold, error.code, str(error))
    if isinstance(done, Wait):
        if _waited(tools, hold) > PATIENCE:
            why = "the platform is still at work on it after a day; schedule it again, or look at the channel"
            return _over(tools, hold, "failed", "too_slow", why, "re-render", None)
        hold.note(tries=0)
        return Again(after_s=done.after_s)
    assert isinstance(done, Ready)
    if hold.body["step"] != "ready":
        hold.note({"step": "ready"}, tries=0)
    left = (slot - tools.engine.clock.now()).total_seconds()
    if left > 0 and job.at is None:
        return Again(after_s=left)
    return _begun(tools, hold)


def _begun(tools: Tools, hold: Hold) -> End:
    """From here on it may be out: the commit has the next slice for itself."""
    account = f"{hold.body['network']}:{hold.body['account']}"
    if (wait := tools.limits.take(account, PER_ACCOUNT)) is not None:
        return Again(after_s=wait)
    if (wait := posted.quota(tools, hold)) is not None:
        told = "the account has posted as much as it may in 24 hours; it goes on by itself"
        hold.note(put_off=True)
        return _again(wait, "quota", told, "wait")
    hold.note({"step": "committing"})
    return Again()


def _committed(tools: Tools, hold: Hold, platform: Platform) -> End:
    n = int(hold.memo.get("commit", 1))
    said: list[PlatformSaid] = []
    sent: list[bool] = []
    job: Job | None = None
    try:
        job = _job(tools, hold, platform)
    except Held as error:
        if not tools.engine.documents.get_many([key_of(hold.key, f"commit.{n}")]):  # it was never begun
            return _held(tools, hold, error.code, str(error))

    def send() -> Answer:
        if job is None:  # it was begun by another, and is as far as that has come
            raise NotSent
        sent.append(True)
        try:
            made = platform.commit(job)
        except PlatformSaid as error:
            said.append(error)
            raise NotSent from error
        except NotConnected as error:
            raise NotSent from error
        told: Json = {"id": made.id, "url": made.url, "raw": posted.short(made.raw)}
        return Answer(body=told, remote_id=made.id, cost_micros=made.cost_micros)

    try:
        call = tools.engine.calls.perform(
            hold.key,
            f"commit.{n}",
            token=hold.token,
            request={"publication": hold.id, "commit": n},
            reserved_micros=platform.price_micros(from_json(Post, hold.body["post"])),
            timeout_s=COMMIT_S,
            send=send,
            still_mine=lambda: _still(tools, hold),
        )
    except Fenced:
        if _wanted(tools, hold):
            raise
        return _called_off(tools, hold, n)
    except Transient:
        if not sent:
            raise  # an attempt before this one may be at it
        return _doubted(tools, hold)
    if call.state == "done":
        return _out(tools, hold, call)
    if call.state == "unknown":
        return _doubted(tools, hold)
    hold.note({"step": "ready"}, commit=n + 1)
    if (asked := _asked(tools, hold)) is not None:
        return _stopped(tools, hold, asked)
    if said and job is not None and n < COMMITS:
        return _refused(tools, hold, said[0], job)
    return _tried(tools, hold, "not_sent", said[0] if said else "the platform could not be connected to", None)


def _still(tools: Tools, hold: Hold) -> bool:
    """Right before it is sent: whether it is ours, and wanted now. Raises Fenced."""
    hold.note()
    return _wanted(tools, hold)


def _wanted(tools: Tools, hold: Hold) -> bool:
    """Whether nobody has called it off meanwhile, or moved it to later."""
    snap = tools.engine.documents.get_many([hold.key]).get(hold.key)
    if snap is None or "asked" in snap.body:
        return False
    ahead = snap.body.get("ahead") and tools.platform(snap.body["network"]).shows_later
    return bool(ahead) or parse(snap.body["slot"]) <= tools.engine.clock.now() + APART


def _called_off(tools: Tools, hold: Hold, n: int) -> End:
    """Nothing was sent: somebody called it off, or moved it, in the last moment."""
    asked = _asked(tools, hold)
    hold.note({"step": "ready"}, commit=n + 1)
    return Again() if asked is None else _stopped(tools, hold, asked)


def _doubted(tools: Tools, hold: Hold) -> End:
    posted.tell(tools, hold, "unknown", DOUBT)
    hold.note({"step": "unknown"}, reads=0)
    return _again(READS_S[0], "unknown", DOUBT, "wait")


def _found(tools: Tools, hold: Hold, platform: Platform) -> End:
    """Read the platform; what is found settles the call."""
    key = key_of(hold.key, f"commit.{int(hold.memo.get('commit', 1))}")
    try:
        found = platform.find(_job(tools, hold, platform))
    except Held as error:
        return _again(3600.0, error.code, str(error), "reconnect")
    except PlatformSaid as error:
        if error.action in ("retry", "wait", "reconnect"):
            return _again(error.after_s or 300.0, error.code, str(error), error.action, error.raw)
        tools.engine.calls.resolve(key, state="not_sent")
        return _over(tools, hold, "failed", error.code, str(error), error.action, error.raw)
    except Unreachable as error:
        return _again(300.0, "unknown", f"{DOUBT}; {error}", "wait")
    if isinstance(found, Posted):
        told: Json = {"id": found.id, "url": found.url, "raw": posted.short(found.raw)}
        answer = Answer(body=told, remote_id=found.id, cost_micros=found.cost_micros)
        return _out(tools, hold, tools.engine.calls.resolve(key, state="done", answer=answer))
    if isinstance(found, Open):
        tools.engine.calls.resolve(key, state="not_sent")
        hold.note({"step": "ready"}, commit=int(hold.memo.get("commit", 1)) + 1)
        return _stopped(tools, hold, asked) if (asked := _asked(tools, hold)) is not None else _begun(tools, hold)
    assert isinstance(found, Absent)
    reads = int(hold.memo.get("reads", 0)) + 1
    hold.note({}, reads=reads)
    if reads < len(READS_S):
        return _again(READS_S[reads] - READS_S[reads - 1], "unknown", DOUBT, "wait")
    why = "the platform never said whether it was posted; look at the channel, then say so here"
    return Done(fields={"error": _error("unknown", why, "stop", None)})


def _out(tools: Tools, hold: Hold, call: Call) -> End:
    """It is out. What makes it better comes in a slice of its own, and cannot undo it."""
    answer = call.answer or {}
    now = stamp(tools.engine.clock.now())
    fields: Json = {"step": "published", "published": now, "remote": answer.get("id"), "url": answer.get("url")}
    fields |= {"raw": answer.get("raw"), "cost_micros": call.cost_micros, "error": ABSENT}
    if answer.get("id") is not None:
        fields |= {"handle": hold.body.get("handle", answer["id"])}
    posted.tell(tools, hold, "published", f"{hold.body['post']['title'] or 'The clip'} is out.", url=answer.get("url"))
    hold.note(fields, posted.watched(tools, hold, now), tries=0)
    return Again()


def _finished(tools: Tools, hold: Hold) -> End:
    try:
        platform = tools.platform(hold.body["network"])
        done = platform.finish(_job(tools, hold, platform), hold.body["remote"])
    except (Held, PlatformSaid, Unreachable) as error:
        since = tools.engine.clock.now() - parse(hold.body["published"])
        if isinstance(error, PlatformSaid) and error.action == "wait" and since < PATIENCE:
            return Again(after_s=error.after_s or 300.0)  # some are moderated for hours, and not called anything before
        tries = int(hold.memo.get("tries", 0)) + 1
        if tries < TRIES and not (isinstance(error, PlatformSaid) and not error.retryable):
            hold.note({}, tries=tries)
            return Again(after_s=max(_pause(tries), getattr(error, "after_s", None) or 0.0))
        return Done(fields={"left_out": [{"what": "what comes after a post", "why": str(error)}]})
    if (no := done.undone) is not None:
        return _over(tools, hold, "failed", no.code, str(no), no.action, no.raw)
    left = [{"what": what, "why": why} for what, why in done.left_out]
    remote, url = hold.body["remote"] or done.id, done.url or hold.body["url"]
    return Done(fields={"remote": remote, "url": url, "left_out": left})


def _refused(tools: Tools, hold: Hold, error: PlatformSaid, job: Job) -> End:
    """What the platform refused, for certain."""
    if error.anew:
        begun = int(hold.memo.get("begun", 1)) + 1
        if begun > BEGINNINGS:
            return _over(tools, hold, "failed", error.code, str(error), "re-render", error.raw)
        hold.note({"step": "claimed"}, kept={}, begun=begun)
    if error.action == "reconnect":
        if channels.refused(tools, hold.tenant, hold.body["channel"], job.token, str(error)):
            return _held(tools, hold, "reconnect", str(error))
        return _again(channels.RENEWING_S, error.code, f"{error}; its sign-in is being renewed", "wait", error.raw)
    if error.action == "wait" and _waited(tools, hold) < PATIENCE:
        hold.note(put_off=True)
        return _again(error.after_s or 300.0, error.code, str(error), "wait", error.raw)
    if error.action in ("wait", "retry"):
        return _tried(tools, hold, error.code, str(error), error.raw)
    return _over(tools, hold, "failed", error.code, str(error), error.action, error.raw)


def _tried(tools: Tools, hold: Hold, code: str, text: object, raw: Json | None) -> End:
    tries = int(hold.memo.get("tries", 0)) + 1
    if tries >= TRIES:
        return _over(tools, hold, "failed", code, f"{text}; it was tried {tries} times", "retry", raw)
    hold.note(tries=tries, put_off=True)
    return _again(_pause(tries), code, str(text), "retry", raw)


def _stopped(tools: Tools, hold: Hold, asked: str) -> End:
    """As somebody wanted."""
    if asked == "cancel":
        return _over(tools, hold, "cancelled", "cancelled", "it was cancelled", "stop", None)
    return _held(tools, hold, "held", "it is held until somebody lets it go")


def _held(tools: Tools, hold: Hold, code: str, text: str) -> End:
    if code != "held":
        posted.tell(tools, hold, "held", text)
    fields: Json = {"step": "held", "error": _error(code, text, "stop", None), "asked": ABSENT}
    if code in channels.WAITED:
        hold.note(fields)
        if channels.connected(tools.engine, hold.tenant, hold.body["channel"]):
            hold.note({"step": "scheduled"})  # it is by now, and what waited for that was let go before this was held
            return Again()
    return Done(fields=fields)


def _over(tools: Tools, hold: Hold, step: str, code: str, text: str, action: str, raw: Json | None) -> End:
    posted.tell(tools, hold, step, text)
    return Done(fields={"step": step, "error": _error(code, text, action, raw), "asked": ABSENT})


def _job(tools: Tools, hold: Hold, platform: Platform) -> Job:
    """Raises Held where its channel cannot be spoken for."""
    body = hold.body
    channel = channels.opened(tools, hold.tenant, body["channel"])
    if channel.body.get("approval") and body["step"] in ("scheduled", "claimed") and not _stands(tools, hold):
        raise Held("its clip is not approved any more; approve it, then schedule it again", code="approval")

    kept = dict(hold.memo.get("kept", {}))

    def keep(step: str | None = None, **more: Any) -> None:
        kept.update(more)
        handle = kept.get(HANDLES.get(body["network"], ""))
        told: Json = {} if handle is None else {"handle": handle}
        hold.note(told if step is None else {**told, "step": step}, kept=dict(kept))

    slot = parse(body["slot"])
    later = body.get("ahead") and platform.shows_later and slot - tools.engine.clock.now() > timedelta(minutes=5)
    files = {name: None if body.get(name) is None else from_json(File, body[name]) for name in ("cover", "captions")}
    return Job(
        id=hold.id,
        kind=body["kind_of"],
        account=body["account"],
        token=channel.token,
        post=from_json(Post, body["post"]),
        video=from_json(File, body["video"]),
        kept=kept,
        keep=keep,
        read=tools.engine.objects.part,
        spent=lambda: hold.spent,
        at=slot if later else None,
        **files,
    )


def _waited(tools: Tools, hold: Hold) -> timedelta:
    """How long the platform has kept it from its time: what was late before it was begun is not the platform's."""
    slot, since = hold.body["slot"], hold.memo.get("since")
    return tools.engine.clock.now() - parse(slot if since is None else max(slot, since))


def _asked(tools: Tools, hold: Hold) -> str | None:
    """What somebody wants of it meanwhile: cancel or hold."""
    snap = tools.engine.documents.get_many([hold.key]).get(hold.key)
    return None if snap is None else snap.body.get("asked")


def _stands(tools: Tools, hold: Hold) -> bool:
    """Whether who approved the clip still does, and it is what they approved."""
    key = f"tenants/{hold.tenant}/clips/{hold.body['clip']}"
    snap = tools.engine.documents.get_many([key]).get(key)
    if snap is None or snap.body["state"] != "approved":
        return False
    return bool(snap.body["decided"]["of"] == (hold.body.get("approved") or {}).get("of"))


def _again(after_s: float, code: str, text: str, action: str, raw: Json | None = None) -> Again:
    """It goes on by itself, and people see why it has not."""
    return Again(after_s=after_s, fields={"error": _error(code, text, action, raw)})


def _error(code: str, text: str, action: str, raw: Json | None) -> Json:
    return {"code": code, "text": text, "action": action, "raw": posted.short(raw or {})}


def _pause(tries: int) -> float:
    return float(min(600.0, 5.0 * 2.0**tries) * random.uniform(0.5, 1.0))


def _long(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
