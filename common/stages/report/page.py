"""report.html: the result drawn for people, in one file."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

import jinja2

from common.domain.timebase import clock
from common.ports.work import Json, Work
from common.scoring.foretelling import percent, reasons
from common.scoring.weights import COMPOSITE
from common.stages.report.result import Found

EMBEDDED = 40 << 20  # bytes of previews inside the page; beyond, clips play from the files beside it
_HERE = Path(__file__).parent
_QUIETEST, _LOUDEST = -50.0, -5.0  # LUFS at the bottom and the top of the drawn curve
_POINTS = 500


def draw(work: Work, found: Found) -> str:
    """The page as HTML text. All text of others goes through autoescaping."""
    result = found.result
    script = (_HERE / "page.js").read_text()
    media = dict(_media(work, found))
    duration = max(result["asset"]["duration"], 0.001)
    return _template().render(
        result=result,
        asset=result["asset"],
        media=media,
        poster=next((_uri("image/jpeg", work.get(one)) for one in found.stills.values()), None),
        style=(_HERE / "page.css").read_text(),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        duration=duration,
        loudness=_curve(found.loudness, duration),
        speech=_speech(result),
        faces=_joined((one["start"], one["end"]) for one in result["tracks"] if one["kind"] == "face"),
        people=_people(result["tracks"]),
        lanes=_lanes(result["candidates"]),
        moved=_moved(result["flow"]["settings"]["weights"]),
        wall=sum(one["wall_s"] for one in result["timings"].values()),
    )


def prepare() -> None:
    """Compile the template."""
    _template()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock
    environment.filters["dollars"] = lambda micros: f"${micros / 1e6:.4f}"
    environment.filters["megabytes"] = lambda size: f"{size / 1e6:.1f} MB"
    return environment.get_template("page.html.j2")


def _score(candidate: Json) -> float:
    return float(candidate["score"])


def _media(work: Work, found: Found) -> Iterator[tuple[int, Json]]:
    """For each clip its player's source and its cover, inside the page while they fit."""
    room = EMBEDDED
    for clip in found.result["clips"]:
        rank = clip["rank"]
        preview, cover = found.previews.get(rank), found.covers.get(rank)
        source = clip["renditions"][0]["path"] if clip["renditions"] else None
        embedded = preview is not None and preview["size"] <= room
        if preview is not None and embedded:
            room -= preview["size"]
            source = _uri("video/mp4", work.get(preview))
        yield (
            rank,
            {
                "source": source,
                "embedded": embedded,
                "cover": _uri("image/jpeg", work.get(cover)) if cover else None,
                "shape": clip["renditions"][0]["aspect"] if clip["renditions"] else "16:9",
                "radar": _radar(clip["judgement"]["parts"]) if clip["judgement"] else None,
                "foretold": [_pictured(one["prediction"]) for one in clip["prediction"]["accounts"]]
                if clip["prediction"]
                else [],
                "voters": {vote["member"] for vote in clip["votes"]},
            },
        )


def _radar(parts: list[Json]) -> Json | None:
    """The parts that can be told, each on its spoke, up to 80 from the middle; None for fewer than three."""
    told = [part for part in parts if part["value"] is not None]
    if len(told) < 3:
        return None
    spokes = [(math.sin(turn), -math.cos(turn)) for turn in (2 * math.pi * n / len(told) for n in range(len(told)))]

    def points(lengths: Iterable[float]) -> str:
        return " ".join(f"{80 * x * by:.1f},{80 * y * by:.1f}" for (x, y), by in zip(spokes, lengths, strict=True))

    return {
        "rings": [points([share] * len(told)) for share in (0.25, 0.5, 0.75, 1.0)],
        "shape": points(max(0.02, part["value"]) for part in told),
        "labels": [
            {
                "text": part["name"],
                "x": f"{90 * x:.1f}",
                "y": f"{92 * y + 4:.1f}",
                "anchor": "middle" if abs(x) < 0.2 else "start" if x > 0 else "end",
            }
            for (x, y), part in zip(spokes, told, strict=True)
        ],
    }


def _moved(own: Json | None) -> list[str]:
    """The organisation's own weights that are others than those all begin with, those that moved most first."""
    parts = (own or {"parts": {}})["parts"]
    apart = {name: weight - COMPOSITE[name] for name, weight in parts.items() if name in COMPOSITE}
    told = sorted((name for name in apart if abs(apart[name]) >= 0.005), key=lambda name: -abs(apart[name]))
    return [f"{name} {parts[name]:.2f} ({COMPOSITE[name]:.2f} to begin with)" for name in told]


def _pictured(told: Json | None) -> Json | None:
    """An interval upon the account's typical range, 0 to 300 wide from no click at all; None where nothing is told."""
    if told is None:
        return None
    low, high = told["typical"]
    most = max(told["high"], high, 1e-6) * 1.05

    def at(share: float) -> str:
        return f"{300 * share / most:.1f}"

    return {
        "low": at(told["low"]),
        "high": at(told["high"]),
        "value": at(told["value"]),
        "typical": at(low),
        "wide": at(high - low),
        "most": percent(most),
        "says": f"typical: {percent(low, bare=True)} to {percent(high)}",
        "reasons": reasons(told["contributions"]),
    }


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _curve(levels: Json | None, duration: float) -> str:
    """Points of an SVG area, 0 to 1000 wide and 0 to 100 high, loud at the top."""
    if levels is None:
        return ""
    values = levels["momentary"]
    size = max(1, len(values) // _POINTS)
    start, step = _number(levels["start"]), _number(levels["step"])
    points = []
    for n in range(0, len(values), size):
        known = [value for value in values[n : n + size] if value is not None]
        level = max(known, default=_QUIETEST)
        height = min(1.0, max(0.0, (level - _QUIETEST) / (_LOUDEST - _QUIETEST)))
        points.append(f"{1000 * (start + n * step) / duration:.1f},{100 - 100 * height:.1f}")
    return " ".join(points)


def _number(text: str) -> float:
    over, _, under = text.partition("/")
    return float(over) / float(under or 1)


def _speech(result: Json) -> list[tuple[float, float]]:
    """Where words are spoken; without words, where a voice is heard."""
    if result["transcript"]:
        return _joined((word["start"], word["end"]) for word in result["transcript"]["words"])
    return _joined((one["start"], one["end"]) for one in (result["sound"] or {}).get("speech", ()))


def _joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """In order, joined over gaps under 0.6 s."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if found and start - found[-1][1] < 0.6:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _people(tracks: list[Json]) -> str | None:
    """How many faces there are at most at once, in words."""
    edges = sorted(edge for one in tracks if one["kind"] == "face" for edge in ((one["start"], 1), (one["end"], -1)))
    most = max(accumulate(step for _, step in edges), default=0)
    return f"up to {most} face{'s' if most > 1 else ''} at once" if most else None


def _lanes(candidates: list[Json], most: int = 5) -> list[list[Json]]:
    """The best candidates in lanes in which none overlap."""
    lanes: list[list[Json]] = [[] for _ in range(most)]
    for one in sorted(candidates, key=_score, reverse=True)[:80]:
        for lane in lanes:
            if all(one["end"] <= other["start"] or other["end"] <= one["start"] for other in lane):
                lane.append(one)
                break
    return [lane for lane in lanes if lane]
