"""What a finished file was made from, to the last byte: the same manifest gives the same frames, on any day.

Checked with `ffmpeg -f framemd5`. Other tools, another font or another edit make another manifest; the path of a
folder, or the name of a machine, does not.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from common.domain.clip import Aspect
from common.domain.framing import Framing
from common.domain.gate import Caption, Levelled
from common.domain.timebase import Span
from common.domain.track import Box
from common.media.captions import fonts
from common.media.captions.burn import Burned
from common.media.graph import FONTS, SOUND, SOURCE
from common.media.reframe import Plan
from common.media.render import Made
from common.media.tools import run

SCHEMA = "cutroom.manifest/1"
_VERSION = re.compile(r"^(ffmpeg) version (\S+)|^(lib\w+) +([\d. ]+) /", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The edit. `captions` are empty where none are burned in; `levelled` is None without sound."""

    span: Span  # of the source
    frame_rate: Fraction
    frames: int
    width: int
    height: int
    framings: tuple[Framing, ...]
    captions: tuple[Caption, ...]
    levelled: Levelled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`inputs` are sha256 in hex by the names that `graph`, ffmpeg's arguments, has for them; `tools` are versions."""

    schema: str
    aspect: Aspect
    inputs: dict[str, str]
    tools: dict[str, str]
    timeline: Timeline
    graph: tuple[str, ...]


def manifest(
    made: Made,
    plan: Plan,
    span: Span,
    *,
    source_sha256: str,
    sound_sha256: str | None,
    levelled: Levelled | None,
    captions: Burned | None,
    scratch: Path,
) -> Manifest:
    """The manifest of one finished file of a clip; `plan` is how its picture was laid out."""
    inputs = {SOURCE: source_sha256}
    if sound_sha256 is not None:
        inputs[SOUND] = sound_sha256
    tools = dict(versions(scratch))
    if captions is not None:
        inputs["captions"] = hashlib.sha256(captions.ass.encode()).hexdigest()
        tools[FONTS] = fonts.installed()
    return Manifest(
        schema=SCHEMA,
        aspect=plan.aspect,
        inputs=inputs,
        tools=tools,
        timeline=Timeline(
            span=span,
            frame_rate=made.wanted.frame_rate,
            frames=made.wanted.frames,
            width=plan.width,
            height=plan.height,
            framings=plan.framings,
            captions=() if captions is None else shown(captions, plan.width, plan.height),
            levelled=levelled,
        ),
        graph=made.graph,
    )


def shown(captions: Burned, width: int, height: int) -> tuple[Caption, ...]:
    """The captions of a frame of so many pixels, their boxes in fractions of it."""
    return tuple(
        Caption(
            text=one.text,
            span=one.span,
            box=Box(x=one.x / width, y=one.y / height, width=one.width / width, height=one.height / height),
        )
        for one in captions.boxes
    )


@cache
def versions(scratch: Path) -> dict[str, str]:
    """Of ffmpeg and its libraries."""
    said = run("ffmpeg", ["-version"], scratch=scratch).stdout.decode("utf-8", "replace")
    return {a or b: (c or d).replace(" ", "") for a, c, b, d in _VERSION.findall(said)}
