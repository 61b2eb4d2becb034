"""Have the clips and topics named by a language model where one is at the table; else the local names stand."""

from __future__ import annotations

import os

from common.council import injection, writing
from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, loads, to_json
from common.errors import Permanent, Transient
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring.posting import Naming
from common.stages.observe import known

WITHIN_S = 20.0  # for one model
WHAT = "titles by a language model"
_SECRET = os.urandom(32)  # of the lines around strangers' words


def run(work: Work) -> Outcome:
    """`names`: clip number -> title, description, hashtags and who wrote them; `topics`: by their place."""
    scored, weighed = work.need("score"), work.need("meaning")
    if scored is None:
        raise Permanent("there are no clips to name; run again from score")
    whole = known(work)
    observed = {clip.number: whole.of(clip.span) for clip in from_json(list[Clip], loads(work.get(scored["clips"])))}
    # Somebody who speaks to machines gets no say in what is posted.
    clips = {n: one for n, one in observed.items() if not injection.scan(injection.texts(one)).flagged}
    topics = [one["words"] for one in loads(work.get(weighed["meaning"]))["topics"]] if weighed else []
    wordy = {n: one for n, one in clips.items() if one.words or one.readings}
    if not work.asking.seats.models or not wordy:
        why = "nobody is at the table to write them" if wordy else "nothing is said or shown that could be written of"
        return _kept(work, writing.Written(clips={}, topics={}, refused=()), None, [LeftOut(what=WHAT, why=why)], 0)
    question = writing.question(wordy, topics, _SECRET)
    refused = work.asking.book({one.name: one.estimate(question) for one in work.asking.seats.models})
    lacking = []
    for model in work.asking.seats.models:
        if model.name in refused:
            lacking.append(f"{model.name}: {refused[model.name]}")
            continue
        try:
            reply = work.asking.ask(model, question, name=model.name, timeout_s=WITHIN_S)
            written = writing.read(reply.content, wordy, topics)
        except (Permanent, Transient) as error:
            lacking.append(f"{model.name}: {error}")
            continue
        return _kept(work, written, f"{reply.model} {question.prompt}", _left(written.refused), work.asking.close())
    return _kept(work, writing.Written(clips={}, topics={}, refused=()), None, _left(lacking), work.asking.close())


def _left(why: list[str] | tuple[str, ...]) -> list[LeftOut]:
    return [LeftOut(what=WHAT, why="; ".join(why))] if why else []


def _kept(
    work: Work, written: writing.Written, source: str | None, left_out: list[LeftOut], cost_micros: int
) -> Outcome:
    def of(naming: Naming) -> Json:
        return {**to_json(naming), "hashtags": list(naming.hashtags), "named_by": source}

    found = {
        "source": source,
        "names": [{"number": number, **of(one)} for number, one in sorted(written.clips.items())],
        "topics": [{"topic": n, "name": name} for n, name in sorted(written.topics.items())],
    }
    return Outcome(
        result={"named": to_json(work.put("names.json", dumps(found))), "count": len(written.clips)},
        documents={f"clips/{{flow}}.{number}": of(one) for number, one in written.clips.items()},
        left_out=tuple(left_out),
        cost_micros=cost_micros,
    )
