"""The same edit by moviepy 2, written as its documentation has it: a function that crops, a text clip a word."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.domain.clip import Aspect
from common.domain.timebase import decimal
from common.media.captions.fonts import find_face
from scripts.benches.edit import SPAN, Edit, words


def installed() -> bool:
    return importlib.util.find_spec("moviepy") is not None


def by_moviepy(made: Edit, aspect: Aspect, out: Path) -> None:
    """One file of one shape; what `Edit.ours` makes besides, a preview and its checks, is not made."""
    moviepy: Any = importlib.import_module("moviepy")
    plan = made.plans[aspect]
    part = plan.stretches[0].parts[0]
    frames = [key[0] for key in part.keys]
    rate = float(made.probe.video.frame_rate)

    def crop(get_frame: Any, t: float) -> NDArray[np.uint8]:
        x, y = (round(float(np.interp(t * rate, frames, [key[n] for key in part.keys]))) for n in (1, 2))
        cut: NDArray[np.uint8] = get_frame(t)[y : y + part.height, x : x + part.width]
        return cut

    source = moviepy.VideoFileClip(str(made.source)).subclipped(decimal(SPAN.start), decimal(SPAN.end))
    picture = source.transform(crop).resized((plan.width, plan.height))
    font, size = find_face("black").path, plan.width // 12
    texts = []
    for word in words():
        text = moviepy.TextClip(
            font=str(font), text=word.text.upper(), font_size=size, color="white", stroke_color="black", stroke_width=4
        )
        start, lasts = decimal(word.span.start - SPAN.start), decimal(word.span.duration)
        texts.append(text.with_start(start).with_duration(lasts).with_position(("center", 0.58), relative=True))
    out.mkdir(parents=True, exist_ok=True)
    moviepy.CompositeVideoClip([picture, *texts]).write_videofile(
        str(out / "clip.mp4"),
        fps=rate,
        codec="libx264",
        preset="veryfast",
        audio_codec="aac",
        threads=2,
        ffmpeg_params=["-crf", "23"],
        temp_audiofile_path=str(out),
        logger=None,
    )
