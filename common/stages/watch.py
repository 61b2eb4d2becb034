"""Have Video Intelligence watch the video: evidence for the council, feature by feature, where it is asked for."""

from __future__ import annotations

from fractions import Fraction

from common.domain.annotation import Feature
from common.domain.codec import dumps, to_json
from common.ports.work import LeftOut, Outcome, Work


def run(work: Work) -> Outcome:
    """What was seen of each feature that is wanted, what it cost, and why there is nothing of the others."""
    ingest = work.need("ingest")
    assert ingest is not None, "the table makes it required"
    seconds = Fraction(ingest["probe"]["duration"])
    watching, deaf = work.watching, _deaf(work, sound=ingest["audio_track"] is not None)
    seen = watching.see([one for one in watching.wanted if one != "speech" or deaf is None], seconds)
    why: dict[Feature, str] = dict(seen.left_out)
    if "speech" in watching.wanted and deaf is not None:
        why["speech"] = deaf
    told = {one: seen.annotations.of(one) for one in watching.wanted}
    found = [
        {"name": one, "count": None if some is None else len(some), "cost_micros": seen.cost.get(one, 0)}
        for one, some in told.items()
    ]
    return Outcome(
        result={
            "annotations": to_json(work.put("annotations.json", dumps(to_json(seen.annotations)))),
            "features": found,
            "dropped": seen.annotations.dropped,
        },
        left_out=tuple(LeftOut(what=f"{one} by Video Intelligence", why=said) for one, said in why.items()),
        cost_micros=seen.spent,
    )


def _deaf(work: Work, *, sound: bool) -> str | None:
    """Why speech is not asked for: what it would hear is paid for, of use or not."""
    if not sound:
        return "the file has no sound"
    language = work.settings.language
    if language and language.split("-")[0] != "en":
        return f"it hears English alone, and the video is in {language}"
    return None
