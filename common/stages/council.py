"""Ask the council about each clip: votes, what each counted, who differs, and whether there was a quorum."""

from __future__ import annotations

from common.council.hearing import hear
from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.judgement import Judgement
from common.domain.verdict import Ballot
from common.errors import Permanent
from common.ports.work import Json, Outcome, Work
from common.stages.observe import history, known


def run(work: Work) -> Outcome:
    """One verdict per clip, in order of rank."""
    scored, weighed = work.need("score"), work.need("meaning")
    if scored is None:
        raise Permanent("there are no judged clips to vote on; run again from score")
    clips = from_json(list[Clip], loads(work.get(scored["clips"])))
    judged = loads(work.get(scored["scores"]))
    whole, past = known(work), history(work, weighed["source"] if weighed else None)
    found: list[Json] = []
    documents: dict[str, Json] = {}
    for clip, one in zip(clips, judged, strict=True):
        judgement = from_json(Judgement, one["judgement"])
        [verdict] = hear([Ballot(judgement=judgement, observed=whole.of(clip.span), history=past)])
        found.append({"number": clip.number, "verdict": to_json(verdict)})
        documents[f"clips/{{flow}}.{clip.number}"] = {
            "verdict": {"score": verdict.score, "confidence": verdict.confidence, "degraded": verdict.degraded}
        }
        work.progress(clip.number, len(clips), "clips")
    return Outcome(
        result={"verdicts": to_json(work.put("verdicts.json", dumps(found))), "count": len(found)},
        documents=documents,
    )
