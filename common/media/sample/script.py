"""What the sample says, and over which picture. A new picture is a hard cut; only the end card dissolves in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Picture = Literal["title", "left", "near", "list", "right", "street", "curve", "end"]


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. `pause` is the silence after it, in seconds."""

    picture: Picture
    text: str
    pause: float = 0.4


SCRIPT = (
    Line(
        "title", "This is a sample talk, made by Cutroom itself: the pictures are drawn, the voice is a computer.", 0.8
    ),
    Line("left", "Why do people stop scrolling?", 0.6),
    Line("left", "You have about three seconds to answer that, and most videos spend them on a logo.", 0.8),
    Line("near", "Here is the mistake nearly everyone makes.", 0.45),
    Line("near", "They begin at the beginning.", 0.4),
    Line("near", "They say hello, they thank you for watching, and by then you are gone.", 0.9),
    Line("list", "Three openings work again and again: a question, a promise, or a moment that already moves.", 0.6),
    Line("right", "A question works because you cannot help looking for the answer.", 0.8),
    Line("street", "Imagine you walk down a street, and somebody says: wait, that is not what happened.", 0.5),
    Line("street", "You turn your head before you decide to.", 0.9),
    Line("near", "A promise works when it is small enough to keep.", 0.45),
    Line(
        "near", "Nobody believes that one clip will change their life, but everybody can use a trick before lunch.", 0.9
    ),
    Line("curve", "So try this with your next video: cut the first ten seconds, and watch what is left.", 0.5),
    Line("curve", "If it still makes sense, you never needed them.", 0.9),
    Line("left", "When I did this for the first time, I was embarrassed by how little was missing.", 0.8),
    Line(
        "right", "The best opening is often there already, in the middle of your talk, where you stopped trying.", 0.5
    ),
    Line("right", "Find that sentence, start there, and let the rest follow.", 1.0),
    Line("end", "A machine made this talk, so do not believe it: test it on your own videos.", 1.2),
)
