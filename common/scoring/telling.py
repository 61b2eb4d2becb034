"""What is thought of a clip, in plain JSON, as result.json and /v1 say it: judgement, votes, gate."""

from __future__ import annotations

from typing import Any

from common.domain.clip import Evidence
from common.domain.codec import from_json, to_json
from common.domain.gate import Gate
from common.domain.judgement import Judgement, Part, Pull
from common.domain.observed import Observed
from common.domain.timebase import Span, decimal
from common.domain.verdict import Recommendation, Verdict
from common.scoring.storyboard import Storyboard

Json = dict[str, Any]
_NOWHERE: Json = {"start": None, "end": None}


def span_of(span: Span) -> Json:
    return {"start": decimal(span.start), "end": decimal(span.end)}


def storyboard_of(board: Storyboard, observed: Observed, judgement: Judgement) -> Json:
    """What a plan scores. It is no prediction, and says so."""
    return {
        "schema": "cutroom.storyboard-score/1",
        "title": board.title,
        "seconds": float(observed.span.duration),
        "score": round(judgement.score, 4),
        "prediction": None,
        "raise_by": list(judgement.raise_by),
        "judgement": judgement_of(judgement),
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
            "pull": None if hook.pull is None else _pull(hook.pull),
            "pull_why": hook.pull_why,
        },
        "psychology": {name: _part(part) for name, part in judgement.psychology.items()},
        "rubric": [
            {"key": item.key, "text": item.text, "met": item.met, "why": item.why, **_where(item.span)}
            for item in judgement.rubric
        ],
    }


def _pull(pull: Pull) -> Json:
    ends = {"value": pull.value, "low": pull.low, "high": pull.high}
    return {**{name: _rounded(end) for name, end in ends.items()}, "source": pull.source}


def _part(part: Part) -> Json:
    value = None if part.value is None else _rounded(part.value)
    return {"value": value, "weight": part.weight, "why": part.why, "evidence": evidence(part.evidence)}


def votes_of(told: Json) -> Json:
    """Of one clip, from what the council's stage keeps of it; its first version kept votes and verdict alone."""
    verdict = from_json(Verdict, told["verdict"])
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
                "cost_micros": one.vote.cost_micros,
                "tokens": one.vote.tokens,
            }
            for one in verdict.votes
        ],
        "verdict": {
            "decision": told.get("decision"),
            "because": told.get("because"),
            "changes": [
                {"text": one.text, "by": one.by, **_where(one.span)}
                for one in from_json(tuple[Recommendation, ...], told.get("changes", []))
            ],
            "flagged": list(told.get("flagged", [])),
            "score": _rounded(verdict.score),
            "low": None if verdict.low is None else _rounded(verdict.low),
            "high": None if verdict.high is None else _rounded(verdict.high),
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


def gate_of(gate: Gate) -> Json:
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
