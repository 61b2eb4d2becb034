"""Learning from what came of an organisation's creatives: a look a day, or when somebody asks for one.

`tenants/{t}/chores/learning` is one chore that never ends. Each look reads what has been out for 7 days, looks how what
the live model says has come true, decides about a challenger in the shadow, and trains one where it is time. What it
trains from and what it decides go by the documents as they are, so a look that died is done again by the next.
`tenants/{t}/learning/{week}` keeps how the live model did. Training needs packages of the image media alone, and they
are loaded when it is time to train.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from common.chores import chore
from common.chores.chore import Again, End, Hold
from common.chores.tools import Tools
from common.domain.learning import Creative
from common.errors import Conflict, ModelRefused, NotEnough, Stale
from common.events import log as events
from common.events.event import Data, Trouble
from common.events.log import Happening
from common.learning import drifting, history, promoting, registry, retraining, weighing, whose
from common.learning.drifting import Accuracy
from common.learning.history import History
from common.learning.registry import NAME, Shelf
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Json, Where
from common.scoring import reweighing
from common.scoring.ctr.model import Model

log = logging.getLogger("cutroom.learning")

LOOK_S: Final = 86_400.0
KEPT: Final = 30  # looks that are told of
TRIED: Final = 20_000  # creatives at most, the newest, that a history is gone through with as time went
FEATURES: Final = 12  # of those that moved, the most first


def key_of(tenant: str) -> str:
    return f"tenants/{tenant}/chores/learning"


def begun(engine: Engine, tenant: str, by: str = registry.CUTROOM) -> None:
    """Have the organisation's outcomes looked at from now on; the first look is found by its time.

    Safe to call each time an outcome comes.
    """
    key = key_of(tenant)
    if key in engine.documents.get_many([key]):
        return
    made = chore.created(engine, key, "learning", by=by, memo={}, fields={"looks": []}, image="media")
    with suppress(Conflict):  # another outcome came in this moment
        engine.documents.commit([made])


def changed(engine: Engine, tenant: str) -> None:
    """Have the organisation's outcomes looked at now: many came, or went, and nobody is to be told of those before."""
    begun(engine, tenant)
    chore.hasten(engine, key_of(tenant))


def hastened(engine: Engine, tenant: str, by: str) -> None:
    """Have a model trained now, whether it is time or not."""
    begun(engine, tenant, by)
    chore.hasten(engine, key_of(tenant), asked={"at": stamp(engine.clock.now()), "by": by})


def run(tools: Tools, hold: Hold) -> End:
    """One look; another at once where somebody asked for one meanwhile."""
    asked = hold.asked("asked")
    fresh = asked is not None and asked["at"] != hold.memo.get("answered")
    told = look(tools.engine, hold.tenant, asked=asked["by"] if fresh else None)
    hold.note({"looks": [*hold.body.get("looks", ()), told][-KEPT:]}, answered=None if asked is None else asked["at"])
    return Again(after_s=LOOK_S if hold.asked("asked") == asked else 0.0)


@dataclass(kw_only=True)
class _Look:
    """One look at one organisation."""

    engine: Engine
    tenant: str
    version: str  # of the features as they are computed now
    history: History
    did: list[str] = field(default_factory=list)  # for people, in order

    @property
    def creatives(self) -> Sequence[Creative]:
        return self.history.creatives

    def shelf(self) -> Shelf:
        return registry.read(self.engine.documents, self.tenant)

    def opened(self, version: str | None) -> Model | None:
        """None where there is none, or where its files are not what was put there, which people are told."""
        if version is None:
            return None
        try:
            found = registry.model(self.engine.objects, self.shelf(), version)
            return whose.read(self.engine.documents, self.tenant).known_as(found)
        except ModelRefused as error:
            self.tell("model_refused", str(error), version, trouble=True)
            return None

    def tell(self, code: str, text: str, *which: str, trouble: bool = False) -> None:
        """Once, however often it is found. Whoever sends it looks for it within a minute."""
        if text not in self.did:
            self.did.append(text)
        error = Trouble(code=code, text=text) if trouble else None
        happened = Happening(type="alert.system", data=Data(message=text, error=error), which=[NAME, code, *which])
        documents, key = self.engine.documents, f"tenants/{self.tenant}/events/{happened.id}"
        if key not in documents.get_many([key]):
            (log.error if trouble else log.info)("%s: %s", self.tenant, text)
            events.record(documents, self.engine.clock, self.tenant, [happened])


def look(engine: Engine, tenant: str, *, asked: str | None = None) -> Json:
    """Look once; what was seen and done, as people read it. `asked`: by whom training was asked for."""
    from common.signals.features.registry import VERSION  # here, not above: who only asks for a look has no numpy

    now = engine.clock.now()
    found = history.creatives(engine.documents, tenant, now, features_version=VERSION)
    this = _Look(engine=engine, tenant=tenant, version=VERSION, history=found)
    have = found.in_all
    registry.counted(engine.documents, tenant, have)
    shelf = this.shelf()
    champion = this.opened(shelf.live)
    alarm: str | None = None
    if champion is not None:
        late = drifting.since(found.creatives, _trained(shelf, shelf.live))
        alarm = drifting.alarm(champion, late)
        _week(this, shelf, champion, drifting.accuracy(champion, late), alarm)
    _decided(this)
    before, shelf = shelf.live, this.shelf()
    if shelf.live != before:
        champion, alarm = this.opened(shelf.live), None  # what did not come true was another's
    broken = shelf.live is not None and champion is None
    newest = shelf.newest
    why = retraining.why(
        newest,
        have,
        now,
        features_version=VERSION,
        tried=shelf.shadow is not None,
        alarm="the files of the live model are not what was put there" if broken else alarm,
        asked=asked,
    )
    lacks: Json | None = None
    if why is not None:
        lacks = _trained_anew(this, why, asked or registry.CUTROOM)
        _decided(this)
    if have >= reweighing.FEWEST and (stepped := weighing.step(engine.documents, tenant, now)).moved:
        this.did.append(stepped.text)
    return {
        "at": stamp(now),
        "have": have,
        "unripe": found.unripe,
        "left_out": [{"what": f"{n} outcomes", "why": text} for text, n in sorted(found.left_out.items())],
        "without_features": [{"what": f"{n} creatives", "why": text} for text, n in found.without_features.items()],
        "asked": asked,
        "why": why,
        "did": this.did,
        "lacks": lacks,
    }


def _trained(shelf: Shelf, version: str | None) -> Any:
    entry = None if version is None else shelf.entry(version)
    return parse(str((entry or {})["at"]))


def _decided(this: _Look) -> None:
    """Whether the challenger takes the champion's place; or the first model speaks, where none has spoken yet.

    The champion is who speaks now: to train takes minutes, in which somebody may have chosen another.
    """
    shelf, engine = this.shelf(), this.engine
    champion, candidate = this.opened(shelf.live), shelf.shadow
    if champion is None and candidate is None and shelf.newest is not None:
        candidate = str(shelf.newest["version"])
    if candidate is None or candidate == shelf.live:
        return
    if champion is None and not _fresh(shelf, shelf.entry(candidate) or {}):
        why = "somebody chose to have no model when it was there already"
        registry.dropped(engine.documents, engine.clock, this.tenant, candidate, why=why)
        return
    challenger = this.opened(candidate)
    if challenger is None:
        registry.dropped(engine.documents, engine.clock, this.tenant, candidate, why="its files are refused")
        return
    if champion is None:
        decision = promoting.first(challenger)
    else:
        decision = promoting.decided(
            champion, challenger, this.creatives, began=_trained(shelf, candidate), now=engine.clock.now()
        )
    if decision.do == "wait":
        this.did.append(decision.why)
        return
    if decision.do == "refuse":
        registry.dropped(engine.documents, engine.clock, this.tenant, candidate, why=decision.why)
        this.tell("model_kept_out", f"{NAME}@{candidate} stays out: {decision.why}", candidate)
        return
    try:
        registry.promote(
            engine.documents,
            engine.objects,
            engine.clock,
            this.tenant,
            candidate,
            by=registry.CUTROOM,
            why=decision.why,
            seen=shelf,
        )
    except Stale:
        this.did.append("somebody chose a model in this moment; that is what counts")
        return
    this.tell("model_promoted", f"{NAME}@{candidate} is live: {decision.why}", candidate)


def _fresh(shelf: Shelf, entry: Json) -> bool:
    """Whether it may be put forward: not what was there when a person chose to have none.

    Where nobody knows any more when that was, it was before all moves that are known.
    """
    if shelf.live is not None or shelf.previous is None:
        return True
    lines = shelf.body.get("history", ())
    taken = [line["at"] for line in lines if line["what"] == "rollback"] or [line["at"] for line in lines[:1]]
    return bool(taken) and parse(entry["at"]) > parse(taken[-1])


def _trained_anew(this: _Look, why: str, by: str) -> Json | None:
    """A challenger in the shadow; what it would take where there is too little to learn from."""
    from common.scoring.ctr.evaluating import backtest
    from common.scoring.ctr.training import train

    engine, found = this.engine, this.history
    how: Any = {"now": engine.clock.now(), "features_version": this.version}
    try:
        made = train(this.creatives, **how)
    except NotEnough as error:
        this.did.append(f"nothing was trained: {error}")
        return {"have": error.have, "need": error.need, "why": str(error)}
    manifest = {**made.manifest, "there_were": found.in_all}
    manifest["left_out"] = {**manifest["left_out"], "older than the newest": found.in_all - len(found.creatives)}
    try:
        told = backtest(found.creatives[-TRIED:], **how)
        del told["rows"]  # they name what may be erased; a version stays as it is
    except NotEnough as error:
        told = {"why_not": str(error)}
    if notes := list(_bounds(found)):
        told["notes"] = notes
    version = registry.put(
        engine.documents,
        engine.objects,
        engine.clock,
        this.tenant,
        made.ubj,
        manifest,
        by=by,
        report=told,
        shadow=this.shelf().live is not None,
        why=why,
    )
    this.did += [f"{NAME}@{version} was trained from {len(this.creatives)} creatives: {why}", *notes]
    # From here on an erasure finds this version; one that came while it was trained did not.
    there = history.creatives(engine.documents, this.tenant, engine.clock.now())
    if gone := there.lost(this.creatives):
        registry.outlived(engine.documents, engine.clock, this.tenant, version, gone)
    return None


def _bounds(found: History) -> Iterator[str]:
    """What a version was not learned from, or not tried on, for it would take too long."""
    if found.in_all > len(found.creatives):
        yield f"It was learned from the newest {len(found.creatives):,} of {found.in_all:,} creatives."
    if len(found.creatives) > TRIED:
        yield f"How well it foretells was tried on the newest {TRIED:,} of these."


def _week(this: _Look, shelf: Shelf, champion: Model, accuracy: Accuracy, alarm: str | None) -> None:
    """How the live model did, once a week; and whoever should know is told."""
    engine, now = this.engine, this.engine.clock.now()
    year, week, _ = now.isocalendar()
    name = f"{year}-W{week:02}"
    version = str(shelf.live)
    if alarm is not None:
        text = f"{NAME}@{version}: {alarm}; another is trained, and tried before it may speak"
        this.tell("model_calibration", text, version, name, trouble=True)
    if accuracy.dropped is not None:
        text = f"{NAME}@{version}: {accuracy.dropped}; see how it came true, and go back if the one before did better"
        this.tell("model_drop", text, version, name, trouble=True)
    key = f"tenants/{this.tenant}/learning/{name}"
    documents = engine.documents
    if key in documents.get_many([key]):
        return
    parent, before = f"tenants/{this.tenant}", stamp(now - timedelta(days=7))
    made = documents.count("predictions", [Where("created", ">=", before)], parent=parent)
    row: Json = {"schema": 1, "week": name, "at": stamp(now), "model": f"{NAME}@{version}", "predictions": made}
    row |= {"creatives": accuracy.n, "silent": accuracy.silent, "in_band": accuracy.in_band}
    row |= {"covered": accuracy.covered, "promised": accuracy.promised, "calibration": accuracy.calibration}
    row |= {"calibration_low": accuracy.low, "calibration_high": accuracy.high, "alarm": alarm}
    shifts = drifting.moved(this.creatives, _trained(shelf, version))[:FEATURES]
    drifted = [{"feature": one.name, "index": one.index, "chance": one.chance} for one in shifts]
    row |= {"days_since_training": (now - _trained(shelf, version)).days}
    row |= {"importance_drift": _importance(this, shelf, champion), "drifted": drifted}
    with suppress(Conflict):  # another look of this week wrote it
        documents.commit([Create(key, row)])


def _importance(this: _Look, shelf: Shelf, champion: Model) -> float | None:
    """How much of what features weigh has moved since the version before: 0 none, 1 all; None where there is none."""
    before = this.opened(shelf.previous)
    if before is None:
        return None
    one, other = (_shares(model.manifest.get("importance") or ()) for model in (champion, before))
    if not one or not other:
        return None
    return sum(abs(one.get(name, 0.0) - other.get(name, 0.0)) for name in sorted({*one, *other})) / 2


def _shares(importance: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    whole = math.fsum(one["effect"] for one in importance)
    return {one["name"]: one["effect"] / whole for one in importance} if whole > 0 else {}
