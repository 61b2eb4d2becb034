"""One edit to measure rendering by: a crop that moves, captions word by word, sound; of a piece of real footage."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from common.domain.asset import Probe
from common.domain.clip import Aspect
from common.domain.framing import Framing, Key, View
from common.domain.timebase import Span
from common.domain.transcript import Word
from common.media.captions.burn import Burned, burned
from common.media.captions.place import safe_zone
from common.media.graph import Graph, written
from common.media.probe import probe
from common.media.rates import frames_of, steady_rate
from common.media.reframe import Plan
from common.media.render import Made, planned, render
from common.media.seeking import tries
from common.media.soundtrack import CEILING, cut, encode
from common.media.tools import find
from common.scoring.framing import shape_of

SPAN = Span(Fraction(4), Fraction(14))
_SAID = ("this", "is", "what", "somebody", "says", "while", "the", "picture", "moves", "word", "by", "word")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """All that one render needs but its shapes. `sound` is finished."""

    source: Path
    probe: Probe
    sound: Path
    plans: dict[Aspect, Plan]
    captions: dict[Aspect, Burned]

    def ours(self, aspects: Sequence[Aspect], out: Path) -> tuple[Made, ...]:
        """As the product renders it, its checks of the files included."""
        out.mkdir(parents=True, exist_ok=True)
        return render(
            self.source,
            self.probe,
            SPAN,
            plans=[self.plans[aspect] for aspect in aspects],
            sound=self.sound,
            out=out,
            scratch=out,
            progress=lambda done: None,
            captions={aspect: self.captions[aspect] for aspect in aspects},
        )

    def bare(self, aspects: Sequence[Aspect], out: Path) -> None:
        """The same graph by ffmpeg alone."""
        out.mkdir(parents=True, exist_ok=True)
        plans = [self.plans[aspect] for aspect in aspects]
        captions = written({aspect: self.captions[aspect] for aspect in aspects}, out)
        graph = Graph(self.source, self.probe, SPAN, plans, self.sound, out, captions)
        arguments = graph.arguments(tries(SPAN.start)[0])
        subprocess.run([find("ffmpeg"), *arguments], cwd=out, check=True, capture_output=True)


def edit(source: Path, aspects: Sequence[Aspect], folder: Path) -> Edit:
    """The edit of a video that is at least SPAN long."""
    about = probe(source, scratch=folder)
    rate = steady_rate(about.video)
    length = frames_of(SPAN, rate) / rate
    samples = cut(source, about, SPAN, about.audio[0], length, out=folder, scratch=folder)
    sound = folder / "sound.m4a"
    encode(samples, sound, gain_db=3, ceiling_db=CEILING, scratch=folder)
    plans, captions = {}, {}
    for aspect in aspects:
        plans[aspect] = planned(about, SPAN, [_moving(about, aspect)], aspect)
        captions[aspect] = burned(
            words(),
            SPAN,
            width=plans[aspect].width,
            height=plans[aspect].height,
            style="pop",
            safe=safe_zone(aspect),
        )
    return Edit(source=source, probe=about, sound=sound, plans=plans, captions=captions)


def words() -> list[Word]:
    """Three a second, for as long as the edit is."""
    each = Fraction(1, 3)
    count = int(SPAN.duration / each)
    return [
        Word(text=_SAID[n % len(_SAID)], span=Span(SPAN.start + n * each, SPAN.start + (n + 1) * each))
        for n in range(count)
    ]


def _moving(about: Probe, aspect: Aspect) -> Framing:
    """A view that goes from one side to the other and back, resting in between."""
    shape = shape_of(about.video.display_width, about.video.display_height, aspect)
    half = shape.width / 2
    places = (half, 1 - half, 1 - half, half)
    keys = tuple(Key(at=SPAN.start + SPAN.duration * n / 3, x=round(x, 5), y=0.5) for n, x in enumerate(places))
    view = View(width=shape.width, height=shape.height, keys=keys)
    return Framing(aspect=aspect, shot=0, span=SPAN, layout="follow", reason="", views=(view,))
