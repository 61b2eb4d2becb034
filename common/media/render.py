"""Make the files of a clip: one decode, one ffmpeg graph, every aspect and a small preview, exact to the frame.

Equal inputs give equal bytes: no dates, no names of encoders, a fixed number of threads. The sound comes finished
(`common.media.soundtrack`) and is only copied in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from common.domain.asset import Probe
from common.domain.clip import Aspect, Check
from common.domain.framing import Framing
from common.domain.timebase import Span
from common.media.captions.burn import Burned
from common.media.checks import Wanted, checked
from common.media.graph import Graph, written
from common.media.rates import frames_of, steady_rate
from common.media.reframe import Plan, plan
from common.media.seeking import TooLate, tries
from common.media.tools import stream

_SHOWN = re.compile(r"\[Parsed_showinfo_\d+ @ \w+\] \[info\] n: *\d+ pts: *(-?\d+|NOPTS) .* iskey:([01]) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One finished and checked file.

    `plan` is how the picture was laid out; None for the preview. `graph` is what ffmpeg was told to make it and the
    other files of the clip, without the paths of this machine.
    """

    path: Path
    aspect: Aspect
    plan: Plan | None
    wanted: Wanted
    checks: tuple[Check, ...]
    graph: tuple[str, ...]


def render(
    source: Path,
    probe: Probe,
    span: Span,
    *,
    plans: Sequence[Plan],
    sound: Path | None,
    out: Path,
    scratch: Path,
    progress: Callable[[float], None],
    captions: Mapping[Aspect, Burned] | None = None,
) -> tuple[Made, ...]:
    """Render `span` into `clip-9x16.mp4` and the like, a file per plan in order, then `preview.mp4` of the first.

    `plans` come from `planned`. `captions` are burned into the files of their aspects. `sound` is the clip's, encoded
    and as long as its picture; None leaves the files without. `progress` is told the seconds of the clip that are
    done. Raises ToolFailed where ffmpeg fails and Permanent where a file fails its checks.
    """
    graph = Graph(source, probe, span, plans, sound, out, written(captions or {}, scratch))
    arguments: list[str] = []
    for seek in tries(span.start):
        arguments = graph.arguments(seek)
        try:
            _run(graph, arguments, scratch, progress, certain=seek is None)
        except TooLate:
            continue  # no key frame between there and the clip: begin further ahead
        break
    told = graph.told(arguments)
    return tuple(
        Made(
            path=path,
            aspect=aspect,
            plan=laid,
            wanted=wanted,
            checks=checked(path, wanted, scratch=scratch),
            graph=told,
        )
        for path, aspect, laid, wanted in graph.files
    )


def planned(probe: Probe, span: Span, framings: Sequence[Framing], aspect: Aspect) -> Plan:
    """How the clip `span` is laid out in `aspect`."""
    rate = steady_rate(probe.video)
    display = (probe.video.display_width, probe.video.display_height)
    return plan(framings, aspect, display, span, rate, frames_of(span, rate))


def _run(
    graph: Graph, arguments: list[str], scratch: Path, progress: Callable[[float], None], *, certain: bool
) -> None:
    """Run the graph; raises TooLate, unless it is `certain`, as soon as decoding begins behind the clip's start."""
    found: list[bool] = []

    def hear(line: str) -> bool:
        if match := _SHOWN.match(line):
            if not found and match[2] == "1" and match[1] != "NOPTS":
                found.append(int(match[1]) <= graph.first_tick)
            return True
        return "[info]" in line

    length = float(Fraction(graph.frames) / graph.rate)
    with stream("ffmpeg", arguments, scratch=scratch, on_stderr=hear) as running:
        for line in running.stdout:
            if not certain and found == [False]:
                raise TooLate
            name, _, value = line.strip().partition(b"=")
            if name == b"out_time_us" and value.isdigit():
                progress(min(length, int(value) / 1e6))
    if not certain and found != [True]:
        raise TooLate
