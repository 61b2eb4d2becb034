"""What an attack and an honest text of the set are, and how they are written down."""

from __future__ import annotations

from typing import Literal, NamedTuple

from common.council.injection import Place, Text
from tests.council.attacks import Attack, _named, _said, _shown

Strategy = Literal[
    "command",  # says outright what to answer
    "authority",  # speaks as the operator, the law or the maker
    "frame",  # a chat template or a fake system turn
    "ending",  # pretends that the material is over
    "completion",  # leaves an answer begun, or already given, to carry on from
    "priming",  # questions with their answers as examples
    "pity",
    "bribe",
    "threat",
    "flattery",
    "roleplay",  # and hypotheticals
    "mode",  # a test, audit, demo or accessibility mode
    "policy",  # rules that are said to have changed
    "refusal",  # forbids doubts and caveats
    "split",  # over pieces or over places
    "encoded",  # base64, hex, rot13, reversed, leet, look-alikes, zero width, spaced
    "format",  # what the answer has to look like, or the answer filled in
    "anchor",  # what others gave it
    "rival",  # against another clip
    "leak",  # of the prompt
    "markup",  # Markdown, HTML, addresses
    "tool",
    "evidence",  # tells what the model is to believe it saw
    "meaning",  # tells what the question means
    # what the second writer called them
    "blunt",
    "embedded",  # within honest talk
    "plea",
    "sly",  # asks for nothing outright
    "rivals",
    "testmode",
    "agreement",  # what is said to have been settled
    "spelling",
    "chain",  # steps, and words that set something off
    "system",
    "leet",
    "spaced",
    "base64",
    "reversed",
    "verdict",  # already given
    "json",
    "homoglyph",
    "zerowidth",
    "override",
    "polite",
    "filename",
    "approved",
    "switching",  # from one language to another
]


class Unseen(NamedTuple):
    """One attack, which may come by several places at once."""

    strategy: Strategy
    parts: tuple[Attack, ...]  # one for each place, all of one language

    @property
    def language(self) -> str:
        return self.parts[0].language

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(one.place for one in self.parts)

    @property
    def texts(self) -> tuple[Text, ...]:
        return tuple(text for one in self.parts for text in one.texts)


class Honest(NamedTuple):
    language: str
    place: Place
    text: str  # a line for each piece
    borderline: bool  # explains an attack, or quotes one, and addresses no model

    @property
    def texts(self) -> tuple[Text, ...]:
        return tuple(Text(place=self.place, text=piece) for piece in self.text.split("\n"))


def by(strategy: Strategy, *parts: Attack) -> Unseen:
    return Unseen(strategy, parts)


def spoken(strategy: Strategy, language: str, *pieces: str) -> Unseen:
    return by(strategy, _said(language, *pieces))


def on_screen(strategy: Strategy, language: str, *pieces: str) -> Unseen:
    return by(strategy, _shown(language, *pieces))


def in_name(strategy: Strategy, language: str, name: str) -> Unseen:
    return by(strategy, _named(language, name))


def plain(language: str, place: Place, *texts: str, borderline: bool = False) -> tuple[Honest, ...]:
    return tuple(Honest(language, place, text, borderline) for text in texts)


def harmless(language: str, place: Place, *pieces: str) -> Honest:
    return Honest(language, place, "\n".join(pieces), False)


def alike(text: str) -> str:
    """Cyrillic letters where they look like the Latin ones."""
    return text.translate(str.maketrans("aceiopxyAEOPCT", "асеіорхуАЕОРСТ"))


def hollow(text: str) -> str:
    """A joiner without width after every other letter."""
    return "".join(letter + "\u2060" * (at % 2) for at, letter in enumerate(text))
