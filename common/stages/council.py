"""Ask the council about each clip: the votes and what each counted, who differs, whether it is a quorum, what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from common.council import comparing, injection, registry
from common.council.hearing import WHOLE_S, hear
from common.council.seer import Seer
from common.domain.annotation import Annotations
from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.judgement import Judgement
from common.domain.verdict import Ballot, LeftOut, Verdict
from common.errors import Permanent
from common.ports.asking import Asking
from common.ports.language import LanguageModel, Question, Reply
from common.ports.work import Json, Outcome, Work
from common.scoring.deciding import decide
from common.scoring.mending import MOST, changes, together
from common.scoring.recalling import recall
from common.stages.observe import Known, history, known
from common.stages.sights import Sights

MEMBER_S = 15.0  # for one answer
_SECRET = os.urandom(32)  # of the lines around strangers' words


def run(work: Work) -> Outcome:
    """One verdict per clip, in order of rank."""
    scored, weighed = work.need("score"), work.need("meaning")
    if scored is None:
        raise Permanent("there are no judged clips to vote on; run again from score")
    clips = from_json(list[Clip], loads(work.get(scored["clips"])))
    judged = [from_json(Judgement, one["judgement"]) for one in loads(work.get(scored["scores"]))]
    model = weighed["source"] if weighed else None
    whole, past = replace(known(work), watched=_watched(work)), history(work, model)
    ballots = []
    for clip, judgement in zip(clips, judged, strict=True):
        observed = whole.of(clip.span)
        flagged = injection.scan(injection.texts(observed, (work.source.name,)))
        reasons = flagged.reasons if flagged.flagged else ()
        ballots.append(Ballot(judgement=judgement, observed=observed, history=past, flagged=reasons))
    far = _Far(work, whole, ballots, _notes(work, model))
    verdicts = hear(
        ballots,
        members=[*registry.members(), *far.members],
        vacant=far.vacant,
        compared=far.compared,
        within_s=WHOLE_S,
        on_wait=lambda: work.progress(len(clips) / 2, len(clips), "clips"),
    )
    cost = work.asking.close()
    found = [_told(*one) for one in zip(clips, ballots, verdicts, strict=True)]
    return Outcome(
        result={"verdicts": to_json(work.put("verdicts.json", dumps(found))), "count": len(found)},
        documents={f"clips/{{flow}}.{one['number']}": {"verdict": _short(one)} for one in found},
        cost_micros=cost,
    )


def prepare() -> None:
    """What takes long and is the same for every flow."""
    injection.prepare()


def _watched(work: Work) -> Annotations | None:
    """What others saw in the video; None where nobody was asked, or nothing came."""
    found = work.need("watch")
    return from_json(Annotations, loads(work.get(found["annotations"]))) if found else None


class _Far:
    """The members that are asked elsewhere, once it is settled who may be: what it may cost is set aside before."""

    def __init__(self, work: Work, whole: Known, ballots: Sequence[Ballot], notes: Sequence[Json]) -> None:
        self._asking: Asking = work.asking
        seats = self._asking.seats
        open_to = [ballot for ballot in ballots if not ballot.flagged]
        self._notes = notes
        self._sights = Sights(work, whole, seats.models if open_to else ())
        self._ballots = {n: ballot for n, ballot in enumerate(ballots) if not ballot.flagged}
        seers = {model.name: self._seer(model) for model in seats.models}
        wanted = {model.name: self._estimate(model, seers[model.name]) for model in seats.models}
        refused = self._asking.book(wanted) if wanted and open_to else {}
        self.members = [seer for name, seer in seers.items() if name not in refused]
        self.vacant = [LeftOut(name=name, why=why) for name, why in {**seats.vacant, **refused}.items()]
        self.compared: dict[str, Callable[[], Mapping[int, float] | None]] = {
            model.name: partial(self._places, model)
            for model in seats.models
            if model.name not in refused and len(self._best()) > 1
        }

    def _seer(self, model: LanguageModel) -> Seer:
        return Seer(
            model=model,
            ask=partial(self._ask, model),
            secret=_SECRET,
            sights=lambda ballot: self._sights.of(ballot.observed.span, model.sees),
            known=self._known,
        )

    def _known(self, ballot: Ballot) -> tuple[str, ...]:
        vectors = ballot.observed.vectors
        return recall(self._notes, vectors.mean(0) if vectors is not None and len(vectors) else None)

    def _ask(self, model: LanguageModel, question: Question) -> Reply:
        return self._asking.ask(model, question, name=f"{model.name}.{question.key[:16]}", timeout_s=MEMBER_S)

    def _estimate(self, model: LanguageModel, seer: Seer) -> int:
        votes = sum(model.estimate(seer.question(ballot)[0]) for ballot in self._ballots.values())
        return votes + (model.estimate(self._comparison()) if len(self._best()) > 1 else 0)

    def _places(self, model: LanguageModel) -> Mapping[int, float] | None:
        return comparing.places(self._ask(model, self._comparison()).content, self._best())

    def _comparison(self) -> Question:
        observed = {n: self._ballots[n].observed for n in self._best()}
        pictures = {n: first for n, one in observed.items() if (first := self._sights.first(one.span)) is not None}
        return comparing.compare(observed, pictures, _SECRET)

    def _best(self) -> list[int]:
        """The first clips, which are the best by their own score."""
        return sorted(self._ballots)[: comparing.MOST]


def _notes(work: Work, model: str | None) -> list[Json]:
    """What is known of earlier clips in the model's vectors, but for notes that speak to whoever judges."""
    found = work.find("knowledge", "model", model) if model else []
    return [one for one in found if not injection.scan([injection.Text(place="name", text=one["text"])]).flagged]


def _told(clip: Clip, ballot: Ballot, verdict: Verdict) -> Json:
    said = [one for counted in verdict.votes for one in counted.vote.changes]
    mends = together([*changes(ballot.judgement, clip.span), *said])[: 2 * MOST]
    decision, because = decide(verdict, changes=[one.text for one in mends], flagged=ballot.flagged)
    return {
        "number": clip.number,
        "verdict": to_json(verdict),
        "decision": decision,
        "because": because,
        "changes": to_json(mends),
        "flagged": list(ballot.flagged),
    }


def _short(one: Json) -> Json:
    """What lists of clips show."""
    verdict = one["verdict"]
    fields = ("score", "low", "high", "confidence", "degraded")
    return {**{name: verdict[name] for name in fields}, "decision": one["decision"]}
