"""Read the words of a given transcript. (Hearing them in the sound is another source of the same result.)"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from common.domain.codec import dumps, to_json
from common.errors import Permanent
from common.media.captions import read_transcript
from common.ports.work import Outcome, Work


def run(work: Work) -> Outcome:
    """The transcript's words, in order, inside the video. Raises BadInput for what is no transcript."""
    ingest = work.need("ingest")
    key = work.settings.transcript
    if ingest is None or key is None:
        raise Permanent("there is no video or no transcript to read; give both and run again")
    raw = work.get({"object": key, "sha256": "", "size": 0})
    found = read_transcript(raw, name=key.rsplit("/", 1)[-1], duration=Fraction(ingest["probe"]["duration"]))
    found = replace(found, language=work.settings.language or found.language)
    return Outcome(
        result={
            "transcript": to_json(work.put("transcript.json", dumps(found))),
            "words": len(found.words),
            "language": found.language,
            "notes": list(found.notes),
        }
    )
