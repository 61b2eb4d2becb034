"""What asking costs: tokens by the makers' formulas, at dated prices.

A dollar for a million tokens is a micro for one, so prices are micros per token as they stand in the makers' lists.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from common.errors import BadInput
from common.ports.language import Usage

# Pieces that a tokenizer hardly ever splits: prose has fewer tokens than this counts, text made to have many does not
# have many more.
_PIECES = re.compile(r"[A-Za-z]{1,3}|[0-9]|[!-/:-@\[-`{-~]|\s{2,}|\n")
_BYTES = 2.0  # a token of other scripts, in UTF-8


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a day on, and for questions of more than `over` tokens, in dollars for a million tokens."""

    since: date
    over: int = 0
    input: Decimal
    output: Decimal
    cached: Decimal  # input that the maker had seen before

    def __post_init__(self) -> None:
        if not all(one.is_finite() and one >= 0 for one in (self.input, self.output, self.cached)):
            raise ValueError("a price is a number from 0")


def cost_micros(prices: Sequence[Price], usage: Usage, today: date) -> int:
    """Rounded up. Raises BadInput where no price is known of that day."""
    known = [one for one in prices if one.since <= today and one.over < max(usage.input, 1)]
    if not known:
        raise BadInput(f"no price is known for {today}; add one to its prices")
    price = max(known, key=lambda one: (one.since, one.over))
    fresh = usage.input - usage.cached
    return math.ceil(fresh * price.input + usage.cached * price.cached + usage.output * price.output)


def text_tokens(text: str) -> int:
    """What a text in any script should have at most."""
    others = "".join(character for character in text if not character.isascii())
    pieces = sum(1 for _ in _PIECES.finditer(text))
    return pieces + math.ceil(len(others.encode(errors="surrogatepass")) / _BYTES)


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the frame header. Raises BadInput where there is none."""
    for marker, at in _segments(jpeg):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and at + 9 <= len(jpeg):
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            if width and height:
                return width, height
    raise BadInput("a picture of the question is no JPEG; encode it as one")


def _segments(jpeg: bytes) -> Iterator[tuple[int, int]]:
    """Markers and where they stand."""
    at = 2 if jpeg[:2] == b"\xff\xd8" else len(jpeg)
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        yield jpeg[at + 1], at
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
