"""Language models: a question in words, pictures or a stretch of video, and an answer in the shape that was asked for.

    words, pictures, footage + schema ──> ask ──> content that fits the schema, tokens counted, price known

Whoever answers has no tools and can do nothing but answer. Money is integer micros of a US dollar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Sight = Literal["nothing", "pictures", "video"]

INLINE_BYTES = 14_000_000  # of footage that fit into a question, which is sent whole and a third longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG, and when in the clip it was taken, in seconds from the clip's start."""

    jpeg: bytes
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """A stretch of video with its sound: `address` where the model's maker can fetch it, else the bytes.

    `start` and `end` in seconds of what `address` or `content` holds. Of `content`, up to INLINE_BYTES are taken.
    """

    mime: str
    start: float
    end: float
    address: str | None = None  # gs://bucket/object
    content: bytes | None = None


Part = str | Picture | Footage


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. `schema` is JSON Schema: objects with every property required and no other, arrays, strings,
    numbers with minimum and maximum, booleans, enums; `most_tokens` bounds the answer.

    `key` names all that decides the answer but the model: two questions of one key are the same, though what keeps
    strangers' words apart from ours (a nonce) differs.
    """

    key: str
    prompt: str  # name@version of the words asked with, for the record
    system: str
    parts: tuple[Part, ...]
    schema: Mapping[str, Any]
    most_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the maker counted them; `output` with those of its thoughts."""

    input: int
    output: int
    cached: int = 0  # of the input


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`content` fits the question's schema, ranges included, whatever the maker enforces."""

    content: Any
    usage: Usage
    cost_micros: int
    model: str  # the id that answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What may be spent at most on one video, and by one account in a day (UTC), in micros of a US dollar."""

    per_video: int
    per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Who can be asked, and which seats are empty, each with why. In the order in which they are asked for help."""

    models: tuple[LanguageModel, ...] = ()
    vacant: Mapping[str, str] = field(default_factory=dict)
    caps: Caps = Caps(per_video=100_000, per_day=5_000_000)


def nobody() -> Seats:
    """An empty table."""
    return Seats()


class LanguageModel(Protocol):
    @property
    def name(self) -> str:
        """Of the seat it takes: gemini, claude, third."""

    @property
    def model(self) -> str:
        """The maker's id."""

    @property
    def sees(self) -> Sight: ...

    def estimate(self, question: Question) -> int:
        """What asking may cost at most, in micros, without asking anybody."""

    def ask(self, question: Question, *, timeout_s: float) -> Reply:
        """The answer, within this time, own retries included. It is paid for whether it is of use or not.

        Raises TooMany where the maker wants a pause, Transient where it may pass, Unanswered where it answered and
        the answer is of no use (`cost_micros` says what it cost), Permanent where the key, the id or the question is
        wrong, and calls.NotSent where the request provably never left.
        """
