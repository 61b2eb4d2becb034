"""What is thought of a clip, as result.json has it: its judgement, its features, the council's votes."""

from __future__ import annotations

from common.domain.clip import Clip
from common.domain.codec import from_json, loads
from common.domain.gate import Gate
from common.domain.judgement import Judgement
from common.ports.work import Json, Work
from common.scoring import foretelling
from common.scoring.telling import gate_of, judgement_of, span_of, votes_of


def judgements(work: Work, scored: Json | None) -> dict[int, Json]:
    """By rank: `judgement` and `features`."""
    if scored is None:
        return {}
    listed = loads(work.get(scored["scores"]))
    return {
        one["number"]: {"judgement": judgement_of(from_json(Judgement, one["judgement"])), "features": one["features"]}
        for one in listed
    }


def predictions(work: Work, foretold: Json | None) -> dict[int, Json]:
    """By rank: what is foretold for each account, or why nothing is, and what is known without."""
    if foretold is None:
        return {}
    listed = loads(work.get(foretold["predictions"]))
    return {
        one["number"]: {
            **{name: one[name] for name in ("model", "silence", "refused", "known")},
            "accounts": [foretelling.shown(entry) for entry in one["accounts"]],
        }
        for one in listed
    }


def verdicts(work: Work, asked: Json | None) -> dict[int, Json]:
    """By rank: `votes` and `verdict`; nothing where no council was asked."""
    if asked is None:
        return {}
    listed = loads(work.get(asked["verdicts"]))
    return {one["number"]: votes_of(one) for one in listed}


def gates(work: Work, checked: list[Json]) -> dict[int, Json]:
    """By rank: whether all files are `ready`, and by aspect what was found at the gate."""
    found: dict[int, Json] = {}
    for one in checked:
        kept = from_json(list[Gate], loads(work.get(one["gates"])))
        found[one["number"]] = {"ready": one["ready"], "gates": {gate.aspect: gate_of(gate) for gate in kept}}
    return found


def names(work: Work, named: Json | None) -> dict[int, Json]:
    """By rank: what a language model called it; nothing where none did."""
    return {} if named is None else {one["number"]: one for one in loads(work.get(named["named"]))["names"]}


def topic_names(work: Work, named: Json | None) -> dict[int, str]:
    """By the topic's place."""
    return {} if named is None else {one["topic"]: one["name"] for one in loads(work.get(named["named"]))["topics"]}


def naming(clip: Clip, written: Json | None) -> Json:
    """What it may be called and by whom (None: by Cutroom's own means), and what stood against it."""
    other = clip.runner_up
    own = {"title": clip.title, "description": clip.description, "hashtags": list(clip.hashtags), "named_by": None}
    return {
        **{name: (written or own)[name] for name in own},
        "raise_by": list(clip.raise_by),
        "runner_up": None
        if other is None
        else {**span_of(other.span), "score": other.score, "behind": other.behind, "why": other.why},
    }
