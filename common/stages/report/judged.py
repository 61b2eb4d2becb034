"""What is thought of a clip, as result.json has it: its judgement, its features, the council's votes."""

from __future__ import annotations

from typing import Any

from common.domain.clip import Clip, Evidence
from common.domain.codec import from_json, loads, to_json
from common.domain.gate import Gate
from common.domain.judgement import Judgement, Part
from common.domain.timebase import Span
from common.domain.verdict import Verdict
from common.ports.work import Json, Work
from common.stages.report.senses import span_of

_NOWHERE: Json = {"start": None, "end": None}


def judgements(work: Work, scored: Json | None) -> dict[int, Json]:
    """By rank: `judgement` and `features`."""
    if scored is None:
        return {}
    listed = loads(work.get(scored["scores"]))
    return {
        one["number"]: {"judgement": judgement_of(from_json(Judgement, one["judgement"])), "features": one["features"]}
        for one in listed
    }


def verdicts(work: Work, asked: Json | None) -> dict[int, Json]:
    """By rank: `votes` and `verdict`; nothing where no council was asked."""
    if asked is None:
        return {}
    listed = loads(work.get(asked["verdicts"]))
    return {one["number"]: _votes(from_json(Verdict, one["verdict"])) for one in listed}


def gates(work: Work, checked: list[Json]) -> dict[int, Json]:
    """By rank: whether all files are `ready`, and by aspect what was found at the gate."""
    found: dict[int, Json] = {}
    for one in checked:
        kept = from_json(list[Gate], loads(work.get(one["gates"])))
        found[one["number"]] = {"ready": one["ready"], "gates": {gate.aspect: _gate(gate) for gate in kept}}
    return found


def _gate(gate: Gate) -> Json:
    return {
        "ready": gate.ready,
        "checks": [
            {
                "name": one.name,
                "ok": one.verdict != "fail",
                "verdict": one.verdict,
                "measured": one.measured,
                "wanted": one.limit,
                "fix": one.fix,
                "platform": one.platform,
            }
            for one in gate.findings
        ],
        "platforms": to_json(gate.fits),
    }


def naming(clip: Clip) -> Json:
    """What it may be called, and what stood against it."""
    other = clip.runner_up
    return {
        "description": clip.description,
        "hashtags": list(clip.hashtags),
        "raise_by": list(clip.raise_by),
        "runner_up": None
        if other is None
        else {**span_of(other.span), "score": other.score, "behind": other.behind, "why": other.why},
    }


def evidence(found: tuple[Evidence, ...]) -> list[Json]:
    return [{"name": one.name, "text": one.text, "weight": one.weight, **_where(one.span)} for one in found]


def _where(span: Span | None) -> Json:
    return span_of(span) if span else dict(_NOWHERE)


def judgement_of(judgement: Judgement) -> Json:
    """Parts, hook, psychology and rubric."""
    hook = judgement.hook
    return {
        "parts": [{"name": part.name, **_part(part)} for part in judgement.parts],
        "hook": {
            "type": hook.type,
            "strength": _rounded(hook.strength),
            "confidence": _rounded(hook.confidence),
            "secondary": list(hook.secondary),
            **span_of(hook.span),
            "evidence": evidence(hook.evidence),
        },
        "psychology": {name: _part(part) for name, part in judgement.psychology.items()},
        "rubric": [
            {"key": item.key, "text": item.text, "met": item.met, "why": item.why, **_where(item.span)}
            for item in judgement.rubric
        ],
    }


def _part(part: Part) -> Json:
    value = None if part.value is None else _rounded(part.value)
    return {"value": value, "weight": part.weight, "why": part.why, "evidence": evidence(part.evidence)}


def _votes(verdict: Verdict) -> Json:
    return {
        "votes": [
            {
                "member": one.vote.member,
                "kind": one.vote.kind,
                "source": one.vote.source,
                "score": one.vote.score,
                "abstains": one.vote.abstains,
                "reasons": list(one.vote.reasons),
                "weight": _rounded(one.weight),
            }
            for one in verdict.votes
        ],
        "verdict": {
            "score": _rounded(verdict.score),
            "confidence": _rounded(verdict.confidence),
            "disagreement": None if verdict.disagreement is None else _rounded(verdict.disagreement),
            "effective_votes": _rounded(verdict.n_eff),
            "degraded": verdict.degraded,
            "dissent": [
                {"member": one.member, "apart": _rounded(one.apart), "why": one.why} for one in verdict.dissent
            ],
            "left_out": [{"member": one.name, "why": one.why} for one in verdict.left_out],
        },
    }


def _rounded(value: Any) -> float:
    return round(float(value), 3)
