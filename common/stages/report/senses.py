"""What was heard, seen and read, as result.json has it."""

from __future__ import annotations

from fractions import Fraction

from common.domain.annotation import Annotations
from common.domain.codec import from_json, loads
from common.domain.shot import Shot
from common.domain.timebase import Span, decimal
from common.domain.track import Box, Reading, Track
from common.domain.transcript import Transcript
from common.ports.work import Json, Work
from common.scoring.telling import span_of
from common.scoring.texts import texts

MOST_FOUND = 1000  # findings of others in the result; all are in the stage's own
APART = Fraction(1, 2)  # seconds between two boxes of a track, at least


def sound(work: Work, heard: Json | None) -> Json | None:
    if heard is None:
        return None
    spans = loads(work.get(heard["spans"]))
    clipping = heard["clipping"]
    return {
        "integrated_lufs": heard["integrated_lufs"],
        "true_peak_dbtp": heard["true_peak_dbtp"],
        "loudness_range": heard["loudness_range"],
        "silences": _spans(spans["silences"]),
        "speech": _spans(spans["speech"]),
        "kinds": [
            {
                "kind": one["kind"],
                **span_of(Span(Fraction(one["start"]), Fraction(one["end"]))),
                "confidence": round(one["confidence"], 3),
            }
            for one in spans["kinds"]
        ],
        "clipping": None if clipping is None else {"share": clipping["share"], "spans": _spans(spans["clipping"])},
        "energy": heard["energy"],
        "prosody": {key: heard[key] for key in ("pitch_hz", "pitch_range_st", "rate_per_s")},
    }


def _spans(listed: Json) -> list[Json]:
    return [span_of(span) for span in from_json(list[Span], listed)]


def transcript(work: Work, spoken: Json | None) -> Json | None:
    """None where there are no words."""
    if spoken is None or not spoken["words"]:
        return None
    found = from_json(Transcript, loads(work.get(spoken["transcript"])))
    words = [{"text": word.text, **span_of(word.span), "confidence": word.confidence} for word in found.words]
    return {
        "language": found.language,
        "source": found.source,
        "timing": found.timing,
        "asr_quality": None if found.quality == "given" else found.quality,
        "notes": list(found.notes),
        "words": words,
    }


def tracks(work: Work, framed: Json | None) -> list[Json]:
    """Each with a box every half second or so."""
    if framed is None:
        return []
    return [_track(one) for one in from_json(list[Track], loads(work.get(framed["tracks"])))]


def _track(track: Track) -> Json:
    boxes: list[Json] = []
    last: Fraction | None = None
    for one in track.sightings:
        if last is None or one.at - last >= APART or one is track.sightings[-1]:
            boxes.append({"at": decimal(one.at), "box": _box(one.box), "confidence": round(one.confidence, 3)})
            last = one.at
    return {
        "id": track.number,
        "kind": track.kind,
        "shot": track.shot,
        **span_of(track.span),
        "confidence": round(sum(one.confidence for one in track.sightings) / len(track.sightings), 3),
        "speaking": track.speaking,
        "source": track.source,
        "boxes": boxes,
    }


def _box(box: Box) -> list[float]:
    return [round(value, 4) for value in (box.x, box.y, box.width, box.height)]


def on_screen(work: Work, read: list[Json], shots: Json | None) -> list[Json]:
    """The lines of text and when they stand."""
    if shots is None:
        return []
    readings = [one for part in read for one in from_json(list[Reading], loads(work.get(part["readings"])))]
    known = from_json(list[Shot], loads(work.get(shots["shots"])))
    return [
        {
            "text": one.text,
            **span_of(one.span),
            "shot": one.shot,
            "box": _box(one.box),
            "confidence": round(one.confidence, 3),
            "place": one.place,
            "source": one.source,
        }
        for one in texts(readings, known)
    ]


def evidence(work: Work, watched: Json | None) -> Json | None:
    """What Video Intelligence was asked for, and what came of it; None where nobody asked. It has no vote."""
    if watched is None:
        return None
    found = from_json(Annotations, loads(work.get(watched["annotations"])))
    named = (
        {"feature": feature, "text": one.text, **span_of(one.span), "confidence": round(one.confidence, 3)}
        for feature in ("labels", "objects", "texts", "speech")
        for one in getattr(found, feature) or ()
    )
    return {
        "source": "Video Intelligence",
        "features": watched["features"],
        "dropped": watched["dropped"],
        "cost_micros": sum(one["cost_micros"] for one in watched["features"]),
        "found": sorted(named, key=lambda one: (one["start"], one["end"], one["feature"]))[:MOST_FOUND],
    }


def meaning(work: Work, weighed: Json | None, names: dict[int, str]) -> Json | None:
    """Topics (`names` by their place), key moments and how lively each stretch is; a heuristic, no prediction."""
    if weighed is None:
        return None
    kept = loads(work.get(weighed["meaning"]))

    def timed(listed: list[Json]) -> list[Json]:
        return [
            {**one, "start": decimal(Fraction(one["start"])), "end": decimal(Fraction(one["end"]))} for one in listed
        ]

    return {
        "source": kept["source"],
        "topics": [{**one, "name": names.get(n)} for n, one in enumerate(timed(kept["topics"]))],
        "moments": timed(kept["moments"]),
        "engagement": timed(kept["engagement"]),
    }
