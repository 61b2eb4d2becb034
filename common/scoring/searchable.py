"""What a clip is found by: the document `words/{place}.{clip}`, made of the clip's own and of nothing else.

`place` falls as the score rises: documents that are asked for by words come by their names, so the best come first.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from common.ports.documents import Json, Words
from common.scoring.wording import kept

MOST = 400  # words of one clip
ALONG = ("state", "score", "asset", "flow", "created")  # fields of the clip that it is filtered by


def name(clip: str, score: float) -> str:
    """Of the document, by its clip."""
    return f"{999 - round(999 * min(1.0, max(0.0, score))):03}.{clip}"


def clip_of(name: str) -> str:
    return name.partition(".")[2]


def fields(body: Json) -> Json:
    """Of the document, from those of the clip."""
    strong = kept([body["title"], *body["hashtags"]])
    said = kept([body["text"], body["description"], *body.get("topics", ()), *body.get("read", ())]) - strong
    span = body["span"]
    return {
        "schema": 1,
        **{field: body[field] for field in ALONG if field in body},
        "seconds": float(Fraction(span["end"]) - Fraction(span["start"])),
        "told": Words(frozenset([*sorted(strong), *sorted(said)][:MOST])),
        "strong": sorted(strong)[:MOST],
    }


def sentences(body: Json) -> list[tuple[Fraction, str]]:
    """Those of a clip with their starts, in seconds of the video; none where it was made before they were kept."""
    told: list[dict[str, Any]] = body.get("sentences", [])
    return [(Fraction(one["start"]), one["text"]) for one in told]
