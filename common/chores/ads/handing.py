"""What an experiment hands out, as what its campaigns are wanted to cost a day. Their own chores bring it about.

Every write is fenced by the experiment's chore and made under the version of the campaign that was read, and what is
wanted follows from what is there: whoever dies on the way is gone on from by looking again. A campaign that somebody
paused or put away stays so: nothing here lets one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.accounts.acting import Acting
from common.chores import chore
from common.chores.ads import campaign_plans, campaigning
from common.chores.chore import Hold
from common.domain.campaign import OVER, unit
from common.errors import Conflict
from common.learning.experiments import counting, spending
from common.learning.experiments.kept import key_of, opened
from common.pipeline.engine import Engine
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Json, Snap, Update, Write
from common.scoring.bandit import guardrails, handing


def begun(engine: Engine, acting: Acting, snap: Snap) -> tuple[Json, list[Write]]:
    """What is written along with the start of an experiment that hands out money; nothing for others.

    Whoever starts it may let campaigns run. Raises BadInput, Forbidden, NotFound.
    """
    plan, tenant = opened(snap), acting.tenant
    if not spending.hands_out(plan):
        return {}, []
    acting.must("campaigns.write")
    named = [one for arm in plan.arms for one in arm.campaigns]
    found = read(engine, tenant, named)
    terms = spending.terms(plan, {one: each.body for one, each in found.items()}, engine.clock.now())
    daily = plan.rules.daily_micros or 0
    limit = campaign_plans.reserved(engine, tenant, terms["channel"], terms["currency"], snap.id, daily, named)
    return {"money": terms}, [limit, *(Update(one.key, {"experiment": snap.id}, one.version) for one in found.values())]


def handed(engine: Engine, hold: Hold, experiment: str) -> bool:
    """Want of its campaigns what the shares of now give them; whether there is more to do soon."""
    key = key_of(hold.tenant, experiment)
    snap = engine.documents.get_many([key]).get(key)
    if snap is None or snap.body["state"] != "running" or snap.body.get("money") is None:
        return False
    terms, now = snap.body["money"], engine.clock.now()
    mine = {
        one: each
        for one, each in read(engine, hold.tenant, terms["campaigns"]).items()
        if each.body.get("experiment") == experiment and campaign_plans.alive(each.body, now)
    }
    over = campaign_plans.over(engine, hold.tenant, terms["channel"])
    if over != terms["held"]:
        hold.note(writes=[Update(key, {"money": {**terms, "held": over}}, snap.version)])
    whole = sum(int(each.body["a_day"]) for each in mine.values())
    if over is not None and whole <= (opened(snap).rules.daily_micros or 0):
        return False  # what has more than its own day comes down to it all the same
    done = [_ask(engine, hold, mine[one], told) for one, told in _wanted(engine, hold, snap, mine).items()]
    done += _paused(engine, hold, snap, mine)
    return bool(done) or any(_asked(each.body) and "due" in each.body for each in mine.values())


def stopped(engine: Engine, hold: Hold, snap: Snap, fields: Json, **memo: Any) -> bool:
    """Have a campaign that runs, or is about to, paused; whether these fields of it, too, are written."""
    body = snap.body
    may = "active" in (body["delivery"], body.get("wanted")) or body["memo"].get("letting")  # its answer may be lost
    if not may or body["step"] in OVER or body.get("wanted") in ("paused", "archived"):
        return written(hold, snap, fields, **memo)
    step = "ready" if body["step"] == "review" else body["step"]
    return _ask(engine, hold, snap, {**fields, "wanted": "paused", "step": step, "error": ABSENT}, **memo)


def written(hold: Hold, snap: Snap, fields: Json, **memo: Any) -> bool:
    """Whether it was: False where it changes this moment, and is to be read again."""
    writes = [Update(snap.key, fields, snap.version)] if fields else []
    try:
        hold.note(writes=writes, **memo)
    except Conflict:
        return False
    return True


def read(engine: Engine, tenant: str, named: Iterable[str]) -> dict[str, Snap]:
    """Campaigns by id, those that are there."""
    found = engine.documents.get_many([campaigning.key_for(tenant, one) for one in named])
    return {snap.id: snap for snap in found.values()}


def _wanted(engine: Engine, hold: Hold, snap: Snap, mine: Mapping[str, Snap]) -> dict[str, Json]:
    """What is to be asked for now, by campaign."""
    plan, today = opened(snap), stamp(engine.clock.now())[:10]
    known = counting.known(engine.documents, hold.tenant, snap)
    wanted = spending.wanted(plan, snap.body, mine, guardrails.spent(known.figures, known.blind))
    refused = {one for one, each in mine.items() if (each.body.get("refused_daily") or {"at": ""})["at"][:10] == today}
    wanted = {one: micros for one, micros in wanted.items() if one not in refused}  # they are asked again tomorrow
    asked = {one: each.body["wanted_daily_micros"] for one, each in mine.items() if _asked(each.body)}
    now = {one: int(each.body["a_day"]) for one, each in mine.items()}
    steps = handing.steps(now, wanted, asked, plan.rules.daily_micros or 0, unit(snap.body["money"]["currency"]))
    lost = {one: micros for one, micros in asked.items() if "due" not in mine[one].body}  # its own chore gave up
    if lost and hold.memo.get("again") != today:
        steps |= {one: min(wanted.get(one, micros), max(micros, now[one])) for one, micros in lost.items()}
        hold.note(again=today)
    return {one: {"wanted_daily_micros": micros} for one, micros in steps.items()}


def _paused(engine: Engine, hold: Hold, snap: Snap, mine: Mapping[str, Snap]) -> list[bool]:
    """An arm of no share is not shown: its campaigns are paused, each once, for what somebody does then holds."""
    done: list[bool] = []
    for one, each in mine.items():
        before = hold.memo.get("paused", [])
        if snap.body["shares"][snap.body["money"]["campaigns"][one]] <= 0 and one not in before:
            done.append(stopped(engine, hold, each, {}, paused=[*before, one]))
    return done


def _asked(body: Json) -> bool:
    return body.get("wanted_daily_micros") is not None


def _ask(engine: Engine, hold: Hold, snap: Snap, fields: Json, **memo: Any) -> bool:
    """Have a campaign's own chore do it. False where it is at work, or changes this moment: it is asked again soon."""
    if chore.held(engine, snap):
        return False
    due: Json = {"state": "queued", "due": stamp(engine.clock.now()), "wake": snap.body["wake"] + 1}
    if not written(hold, snap, {**fields, **due}, **memo):
        return False
    chore.wake(engine, snap.key, {**snap.body, **due})
    return True
