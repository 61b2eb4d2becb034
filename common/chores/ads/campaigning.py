"""Campaigns: one clip to one ad account, all of it made paused and each part once. Each slice does what comes next.

`tenants/{t}/campaigns/{id}` is its document and a chore (common.chores.chore); `step` is how far it is, as
common.domain.campaign draws it, `made` what is there at the network. A part is made by a call (common.ports.calls):
written down, sent once, and on doubt `unknown`. Then the network is read after 1, 5 and 30 minutes and a day; that
nothing is found never lets it be sent again, and a person decides in the end. What runs, and what stops, people say
(`wanted`); what it may cost a day an experiment does (common.chores.ads.budgeting).
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, Final

from common.chores import chore
from common.chores.ads import budgeting, telling
from common.chores.chore import Again, Done, End, Hold
from common.chores.connections import channels
from common.chores.connections.channels import Held
from common.chores.posts import posted
from common.chores.tools import Tools
from common.domain.campaign import PARTS, Delivery, Made, Part, Plan
from common.domain.codec import from_json
from common.domain.publication import File
from common.errors import Later, NotConnected, PlatformSaid, Transient, Unreachable
from common.ports.ads import AdJob, Ads
from common.ports.calls import Answer, NotSent, key_of
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Json
from common.ports.platforms import Wait

PATIENCE = timedelta(days=7)  # for which a network that puts it off is asked again
MAKE_S = 45.0  # for the answer to one that makes something
READS_S = (60.0, 300.0, 1800.0, 86_400.0)  # after one that nobody answered, when the network is read
TRIES = 8  # of a step that fails one time after another
RENEWED_S = channels.RENEWING_S
HELD_S = 600.0  # after which is looked whether its account was connected again
LOOKS_S = (30.0, 60.0, 300.0, 900.0)  # between looks at a review, the last of them from then on
REVIEW = timedelta(days=3)  # after which a review is waited for no more
FRESH: Final[Json] = {"tries": 0, "put_off": None}  # of what went well
DOUBT = "the network did not answer; whether it was made is being found out"


def key_for(tenant: str, campaign: str) -> str:
    return f"tenants/{tenant}/campaigns/{campaign}"


def watch_key(tenant: str, campaign: str) -> str:
    """Of the chore that reads how it does."""
    return f"tenants/{tenant}/chores/campaign-insights-{campaign}"


def run(tools: Tools, hold: Hold) -> End:
    """One slice. What can be asked again is, and what is refused is said."""
    try:
        return _next(tools, hold)
    except Later as error:  # its account's token is being renewed
        return Again(after_s=error.after_s)
    except Held as error:
        return _put_off(tools, hold, HELD_S, error.code, str(error), "reconnect")
    except PlatformSaid as error:
        return _refused(tools, hold, error)
    except Unreachable as error:
        return _tried(tools, hold, "unreachable", str(error), None)


def _next(tools: Tools, hold: Hold) -> End:
    ads, step = tools.ads(hold.body["network"]), hold.body["step"]
    if step == "unknown":
        return _found(tools, hold, ads)
    if budgeting.due(hold.body):
        return budgeting.brought(tools, hold, ads, _opened(tools, hold)) or _tried(
            tools, hold, "not_set", "the network says that its budget is another one still", None
        )
    if step == "review":
        return _reviewed(tools, hold, ads)
    if step in ("ready", "rejected", "archived"):
        return _switched(tools, hold, ads)
    if step in ("failed", "validated"):
        return Done()
    if step in PARTS:
        return _made(tools, hold, ads, step)
    job = _job(tools, hold)
    if (end := job.plan.end) is not None and end <= tools.engine.clock.now():
        return _over(tools, hold, "too_late", "its time is over; make another one", "stop", None)
    if step == "claimed":
        return _checked(tools, hold, ads, job)
    done = ads.send(job)
    if isinstance(done, Wait):
        hold.note(**FRESH)
        return Again(after_s=done.after_s)
    hold.note({"step": "campaign", "made": {**hold.body["made"], "video": hold.memo["kept"]["video"]}}, **FRESH)
    return Again()


def _checked(tools: Tools, hold: Hold, ads: Ads, job: AdJob) -> End:
    """Reads alone, and where nothing is to be made, what a rehearsal says."""
    told = ads.check(job)
    if not hold.body["rehearsal"]:
        hold.note({"step": "video", "account_told": told}, **FRESH)
        return Again()
    left = [{"what": what, "why": why} for what, why in ads.rehearse(job)]
    return Done(fields={"step": "validated", "account_told": told, "left_out": left, "error": ABSENT})


def _made(tools: Tools, hold: Hold, ads: Ads, part: Part) -> End:
    """One part, alone in its slice."""
    n = int(hold.memo.get(f"n_{part}", 1))
    job = _job(tools, hold)
    said: list[PlatformSaid] = []
    sent: list[bool] = []

    def send() -> Answer:
        sent.append(True)
        try:
            made = ads.make(part, job)
        except PlatformSaid as error:
            said.append(error)
            raise NotSent from error
        except NotConnected as error:
            raise NotSent from error
        return Answer(body={"id": made}, remote_id=made)

    def still() -> bool:
        hold.note()  # raises Fenced where another has taken over
        return True

    try:
        call = tools.engine.calls.perform(
            hold.key,
            f"{part}.{n}",
            token=hold.token,
            request={"campaign": hold.id, "part": part, "n": n},
            reserved_micros=0,
            timeout_s=MAKE_S,
            send=send,
            still_mine=still,
        )
    except Transient:
        if not sent:
            raise  # an attempt before this one may be at it
        return _doubted(tools, hold, part)
    if call.state == "done":
        return _there(hold, part, str(call.remote_id))
    if call.state == "unknown":
        return _doubted(tools, hold, part)
    counts: Json = {f"n_{part}": n + 1}
    hold.note({}, **counts)
    if said:
        return _refused(tools, hold, said[0])
    return _tried(tools, hold, "not_sent", "the network could not be connected to", None)


def _there(hold: Hold, part: Part, made: str) -> End:
    following = (*PARTS, "review")[PARTS.index(part) + 1]
    fields: Json = {"step": following, "made": {**hold.body["made"], part: made}, "error": ABSENT}
    if part == "ad":
        fields["delivery"] = "paused"
    hold.note(fields, **FRESH, looks=0, doubt=None)
    return Again()


def _doubted(tools: Tools, hold: Hold, part: Part) -> End:
    telling.tell(tools, hold, "unknown", f"{telling.title(hold)}: {DOUBT}.")
    hold.note({"step": "unknown"}, doubt=part, reads=0)
    return _again(READS_S[0], "unknown", DOUBT, "wait")


def _found(tools: Tools, hold: Hold, ads: Ads) -> End:
    """Read the network; what is found settles the call."""
    part: Part = hold.memo["doubt"]
    key = key_of(hold.key, f"{part}.{int(hold.memo.get(f'n_{part}', 1))}")
    try:
        made = ads.find(part, _job(tools, hold))
    except Held as error:
        return _again(HELD_S, error.code, str(error), "reconnect")
    except PlatformSaid as error:
        if error.action == "reconnect":
            channels.doubted(tools, hold.tenant, hold.body["channel"], str(error))
        return _again(error.after_s or 300.0, error.code, str(error), error.action, error.raw)
    except Unreachable as error:
        return _again(300.0, "unknown", f"{DOUBT}; {error}", "wait")
    if made is not None:
        if tools.engine.documents.get_many([key])[key].body["state"] == "unknown":
            tools.engine.calls.resolve(key, state="done", answer=Answer(body={"id": made}, remote_id=made))
        return _there(hold, part, made)
    reads = int(hold.memo.get("reads", 0)) + 1
    hold.note({}, reads=reads)
    if reads < len(READS_S):
        return _again(READS_S[reads] - READS_S[reads - 1], "unknown", DOUBT, "wait")
    why = f"the network never said whether the {part} was made; look there, then say so here"
    return Done(fields={"error": _error("unknown", why, "stop", None)})


def _reviewed(tools: Tools, hold: Hold, ads: Ads) -> End:
    """What the network says of the ad. It may look at one that is paused no sooner than it is let run."""
    told = ads.reviewed(_opened(tools, hold), hold.body["made"]["ad"])
    now = tools.engine.clock.now()
    review = {"state": told.state, "effective": told.effective, "text": told.text, "as_of": stamp(now)}
    hold.note({"review": review, "raw": posted.short(dict(told.raw))}, **FRESH)
    since = parse(hold.memo["reviewing"]) if hold.memo.get("reviewing") else now
    if told.state == "waiting" and now - since < REVIEW:
        looks = int(hold.memo.get("looks", 0)) + 1
        hold.note(looks=looks, reviewing=stamp(since))
        return Again(after_s=LOOKS_S[min(looks, len(LOOKS_S)) - 1], fields={"error": ABSENT})
    hold.note(looks=0, reviewing=None)
    if told.state == "rejected":
        telling.tell(tools, hold, "rejected", f"{telling.title(hold)} was refused: {told.text}.")
        error = _error("rejected", f"the network refused the ad: {told.text}", "stop", None)
        return Done(fields={"step": "rejected", "error": error})
    if hold.body["delivery"] != "active":
        telling.tell(
            tools, hold, "ready", f"{telling.title(hold)} is ready, and paused; it runs once somebody lets it."
        )
    return Done(fields={"step": "ready"})


def _switched(tools: Tools, hold: Hold, ads: Ads) -> End:
    """Do what somebody wanted, and believe it once the network says so. The same can be asked again."""
    wanted: Delivery | None = hold.body.get("wanted")
    if wanted is None:
        return Done()
    token, made = _opened(tools, hold), from_json(Made, hold.body["made"])
    if hold.memo.get("sure") != wanted:
        if wanted == "active":
            hold.note(letting=True)
        ads.switch(token, made, wanted)
    there = ads.delivery(token, made)
    if there != wanted:
        hold.note(sure=None)
        why = f"the network says that it is {there}, and not {wanted}"
        return _tried(tools, hold, "not_switched", why, None)
    if wanted != "active" and hold.memo.get("letting") and hold.memo.get("sure") != wanted:
        hold.note({"delivery": there}, sure=wanted)  # an answer to letting it run that was lost may come late
        return Again(after_s=budgeting.SURE_S)
    fields: Json = {"delivery": there, "wanted": ABSENT, "error": ABSENT}
    telling.tell(tools, hold, str(there), f"{telling.title(hold)} is {there}.")
    if wanted == "archived":
        hold.note({"step": "archived", "wanted_daily_micros": ABSENT, **fields}, **FRESH, sure=None, letting=None)
        return Done()
    if wanted == "paused":
        hold.note(fields, **FRESH, sure=None, letting=None)
        return Again() if budgeting.due(hold.body) else Done()
    watch = [] if hold.memo.get("watched") else [_watched(tools, hold)]
    hold.note({"step": "review", **fields}, watch, **FRESH, sure=None, watched=True)
    return Again()


def _watched(tools: Tools, hold: Hold) -> Any:
    memo: Json = {"campaign": hold.id}
    key = watch_key(hold.tenant, hold.id)
    return chore.created(tools.engine, key, "campaign_insights", by=hold.body["by"], memo=memo)


def _refused(tools: Tools, hold: Hold, error: PlatformSaid) -> End:
    """What the network refused, for certain."""
    if error.anew:
        hold.note({}, kept={})
    if error.action == "reconnect":
        after_s = HELD_S if channels.doubted(tools, hold.tenant, hold.body["channel"], str(error)) else RENEWED_S
        return _put_off(tools, hold, after_s, "reconnect", str(error), "reconnect", error.raw)
    if error.action == "wait":
        return _put_off(tools, hold, error.after_s or 300.0, error.code, str(error), "wait", error.raw)
    if error.action == "retry":
        return _tried(tools, hold, error.code, str(error), error.raw)
    return _over(tools, hold, error.code, str(error), error.action, error.raw)


def _put_off(
    tools: Tools, hold: Hold, after_s: float, code: str, text: str, action: str, raw: Json | None = None
) -> End:
    since = parse(hold.memo["put_off"]) if hold.memo.get("put_off") else tools.engine.clock.now()
    if tools.engine.clock.now() - since > PATIENCE:
        return _over(tools, hold, code, f"{text}; that was so for {PATIENCE.days} days", action, raw)
    if not hold.memo.get("put_off"):
        hold.note(put_off=stamp(since))
    return _again(after_s, code, text, action, raw)


def _tried(tools: Tools, hold: Hold, code: str, text: str, raw: Json | None) -> End:
    tries = int(hold.memo.get("tries", 0)) + 1
    if tries >= TRIES:
        return _over(tools, hold, code, f"{text}; it was tried {tries} times", "retry", raw)
    hold.note(tries=tries)
    return _again(min(600.0, 5.0 * 2.0**tries) * random.uniform(0.5, 1.0), code, text, "retry", raw)


def _over(tools: Tools, hold: Hold, code: str, text: str, action: str, raw: Json | None) -> End:
    """It comes to nothing, or, where all is made, what somebody wanted does. A budget of which nobody knows whether it
    was set goes on being wanted, and counts.
    """
    if budgeting.due(hold.body) and action in ("stop", "re-render"):
        return budgeting.refused(tools, hold, text, raw)
    error = _error(code, text, action, raw)
    telling.tell(tools, hold, "failed", f"{telling.title(hold)}: {text}.")
    if hold.body["step"] in ("ready", "rejected", "review"):
        step = "ready" if hold.body["step"] == "review" else hold.body["step"]
        return Done(fields={"step": step, "error": error, "wanted": ABSENT})
    made = [f"{name} {one}" for name, one in hold.body["made"].items() if one and name != "video"]
    left = [{"what": ", ".join(made), "why": "it stays in the account, paused, and costs nothing"}] if made else []
    return Done(fields={"step": "failed", "error": error, "left_out": left})


def _opened(tools: Tools, hold: Hold) -> str:
    return channels.opened(tools, hold.tenant, hold.body["channel"]).token


def _job(tools: Tools, hold: Hold) -> AdJob:
    """Raises Held where its account cannot be spoken for."""
    channel = channels.opened(tools, hold.tenant, hold.body["channel"])
    kept = dict(hold.memo.get("kept", {}))

    def keep(**more: Any) -> None:
        kept.update(more)
        hold.note({}, kept=dict(kept))

    return AdJob(
        id=hold.id,
        account=channel.account,
        page=hold.body["page_account"],
        token=channel.token,
        plan=from_json(Plan, hold.body["plan"]),
        video=from_json(File, hold.body["video"]),
        made=from_json(Made, hold.body["made"]),
        kept=kept,
        keep=keep,
        read=tools.engine.objects.part,
        spent=lambda: hold.spent,
    )


def _again(after_s: float, code: str, text: str, action: str, raw: Json | None = None) -> Again:
    """It goes on by itself, and people see why it has not."""
    return Again(after_s=after_s, fields={"error": _error(code, text, action, raw)})


def _error(code: str, text: str, action: str, raw: Json | None) -> Json:
    return {"code": code, "text": text, "action": action, "raw": posted.short(raw or {})}
