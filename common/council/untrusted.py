"""Words that others wrote, made fit to be shown to a language model: they stay words, and end where we say they end.

    raw ── plain ──> visible characters, no role markers ── block ──> JSON between two lines that nobody can foresee

Transcripts, text on screen, file names, titles and comments all come this way. It makes it harder to talk a model
round, never impossible: what a model says still counts as little as consensus.reach has it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from functools import lru_cache
from typing import Any

MOST = 4000  # characters of one text

# What opens or closes a turn in the chat templates of the known families: ChatML, Llama, Gemma, Mistral, DeepSeek,
# Command, Phi, Harmony. Nobody says or shows these by chance.
TEMPLATE = re.compile(
    r"<\s*[|｜][^<>]{0,60}[|｜]\s*>"
    r"|<<\s*/?\s*SYS\s*>>"
    r"|\[\s*/?\s*(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\s*\]"
    r"|<\s*/?\s*(?:start_of_turn|end_of_turn|bos|eos|tool_calls?|function_calls?|antml:\w+)\s*>",
    re.IGNORECASE,
)
# Names of turns, tags about them and our own delimiters, which also stand in honest texts.
TURN = re.compile(
    r"</?s>"
    r"|\[\s*/?\s*(?:system|user|assistant)(?:\s+message)?\s*\]"
    r"|<\s*/?\s*(?:system|user|assistant|human|developer|instructions?|prompt|think|thinking|tool\w*|function\w*|"
    r"invoke|parameter|untrusted|material|document)\b[^<>]{0,80}>"
    r"|#{2,}\s*(?:instructions?|system|response|input|user|assistant|human)\b\s*:?"
    r"|\b(?:system|assistant|human|developer)\s*:"
    r"|\b(?:begin|end)[ _-]+material\b(?:\s+[0-9a-f]{4,})?",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))  # variation selectors, in which bytes can be hidden


def plain(text: str, most: int = MOST) -> str:
    """One line of visible characters, at most so many, without what opens or closes a model's turn."""
    shown = visible(text[: 8 * most])
    while (
        cut := _SPACES.sub(" ", TURN.sub(" ", TEMPLATE.sub(" ", shown)))
    ) != shown:  # what is cut out may leave another behind
        shown = cut
    shown = shown.strip()
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def visible(text: str) -> str:
    """The text without control, zero-width, direction, tag and private characters; breaks become spaces."""
    return "".join(_seen(sign) for sign in text)


def block(material: Any, nonce: str) -> str:
    """Material as JSON between two lines with the nonce. Nothing in it reads as markup: < and > are escaped."""
    text = json.dumps(material, ensure_ascii=False, sort_keys=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f"BEGIN MATERIAL {nonce}\n{text}\nEND MATERIAL {nonce}"


def nonce(secret: bytes, material: Any) -> str:
    """16 hex digits that only who has the secret can foresee; the same for the same material."""
    said = json.dumps(material, ensure_ascii=False, sort_keys=True).encode(errors="replace")
    return hmac.new(secret, said, hashlib.sha256).hexdigest()[:16]


@lru_cache(maxsize=1 << 14)
def _seen(sign: str) -> str:
    if sign.isspace():
        return " "
    if unicodedata.category(sign)[0] == "C" or any(ord(sign) in some for some in _SELECTORS):
        return ""
    return sign
