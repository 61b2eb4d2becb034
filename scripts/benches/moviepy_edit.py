"""The same edit by moviepy 2, written as its documentation has it: a function that crops, a text clip a word.

    .venv-peers/bin/python scripts/benches/moviepy_edit.py EDIT.json

A program of its own, because moviepy wants other versions of what Cutroom uses. EDIT.json is what `told` gives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def main(path: Path) -> None:
    """One file of one shape; what Cutroom makes besides, a preview and its checks, is not made."""
    import moviepy  # type: ignore[import-not-found]

    told: dict[str, Any] = json.loads(path.read_text())
    rate, frames = told["rate"], [key[0] for key in told["keys"]]

    def crop(get_frame: Any, t: float) -> NDArray[np.uint8]:
        x, y = (round(float(np.interp(t * rate, frames, [key[n] for key in told["keys"]]))) for n in (1, 2))
        cut: NDArray[np.uint8] = get_frame(t)[y : y + told["height"], x : x + told["width"]]
        return cut

    source = moviepy.VideoFileClip(told["source"]).subclipped(told["start"], told["end"])
    picture = source.transform(crop).resized(told["size"])
    texts = []
    for text, start, lasts in told["words"]:
        letters = moviepy.TextClip(
            font=told["font"],
            text=text.upper(),
            font_size=told["font_size"],
            color="white",
            stroke_color="black",
            stroke_width=4,
        )
        texts.append(letters.with_start(start).with_duration(lasts).with_position(("center", 0.58), relative=True))
    moviepy.CompositeVideoClip([picture, *texts]).write_videofile(
        told["out"],
        fps=rate,
        codec="libx264",
        audio_codec="aac",
        threads=2,
        temp_audiofile_path=str(path.parent),
        logger=None,
        **told["encoder"],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
