"""What is counted in an opening line: its shape, its marks, and words of some kinds. English; case tells nothing.

Speech has no capitals of its own and headlines have many, so nothing here may depend on them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

MOST: Final = 400  # characters that are read of a line: no headline was as long
OFTEN: Final = 3  # uses of words of one kind beyond which no more are counted

_TOKEN: Final = re.compile(r"[a-z0-9']+|[?!$%:\"().,…]")
_WORD: Final = re.compile(r"[a-z']+|\d[\d,.]*")
_SENTENCE: Final = re.compile(r"(?<=[.!?])[\s\"']+")
_STRAIGHT: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})


def _words(listed: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{listed})\b")


_KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    "you": _words("you|your|yours|you're|you've|you'll|you'd|yourself"),
    "i": _words("i|i'm|i've|i'd|i'll|me|my|mine|myself"),
    "we": _words("we|we're|we've|us|our|ours|ourselves"),
    "he": _words("he|he's|him|his|himself"),
    "she": _words("she|she's|her|hers|herself"),
    "they": _words("they|they're|they've|them|their|themselves"),
    "it": _words("it|it's|its"),
    "this": _words("this|these|that's|here's|here"),
    "that": _words("that|those"),
    "asking": _words("what|why|how|who|when|where|which|what's|who's|how's"),
    "why": _words("why"),
    "how": _words("how"),
    "what": _words("what|what's"),
    "who": _words("who|who's"),
    "when": _words("when"),
    "negative": _words(
        "no|not|never|nothing|nobody|none|can't|don't|won't|isn't|aren't|didn't|doesn't|wasn't|couldn't|wouldn't"
        "|shouldn't|without|ain't|haven't|hasn't|nope"
    ),
    "superlative": _words(r"most|least|ever|only|every|all|always|first|last|worst|\w{2,}est"),
    "strong": _words(
        "amazing|incredible|awesome|beautiful|brilliant|perfect|epic|insane|crazy|stunning|powerful|hilarious|genius"
        "|heartbreaking|shocking|terrifying|gorgeous|badass|wonderful|unbelievable|fantastic|ridiculous|totally"
        "|absolutely|completely|really|very|so|pretty|super|freaking"
    ),
    "curious": _words(
        "happened|happens|happen|reason|secret|truth|guess|thing|things|something|someone|somebody|surprise|surprised"
        "|surprising|turns out|wait|until|see|watch|look|find out|next|wonder|actually|real|really|reaction|reveals?"
        "|discovered|noticed"
    ),
    "bidding": _words("see|watch|look|listen|meet|check|take a look|read"),
    "medium": _words(
        "video|photos?|pictures?|clip|song|ads?|commercial|movie|film|map|chart|graph|infographic|comic|cartoon|trailer"
    ),
    "grim": _words(
        "hate|angry|mad|sad|cry|crying|tears|die|died|dead|death|kill|killed|war|rape|abuse|abused|bullied|bully"
        "|bullies|cancer|hurt|pain|scary|afraid|fear|awful|terrible|horrible|disgusting|gross|sick|wrong|bad|worse"
        "|lost|lose|shame|racist|sexist|violence|attack|attacked|suicide"
    ),
    "glad": _words(
        "love|loved|loves|happy|smile|laugh|joy|hope|great|good|better|win|wins|won|proud|fun|funny|cute|sweet|nice"
        "|hug|kiss|thank|thanks|inspiring|inspire|hero|heroes|magic"
    ),
    "people": _words(
        "man|men|woman|women|guys?|girls?|boys?|kids?|child|children|mom|dad|mother|father|parents|son|daughter|wife"
        "|husband|family|baby|teen|teenager|people|person|friends?|dude|lady|folks|students?|teacher|couple"
    ),
    "young": _words(
        "kids?|child|children|baby|babies|boys?|girls?|teens?|teenagers?|daughter|son|year-old|toddler|students?"
    ),
    "politics": _words(
        "president|obama|congress|republicans?|democrats?|senator|politicians?|government|tax|taxes|gop|laws?|election"
        "|vote|voters|voting|supreme court|fox news|rights|policy|political|state|minimum wage|wage|economy"
        "|wall street|corporations?|banks?|climate|guns?|nra|abortion|immigration|marriage"
    ),
    "sex": _words(
        "sex|sexy|naked|nude|body|bodies|porn|boobs?|breasts?|penis|vagina|butt|gay|lesbian|trans|transgender|dating"
        "|marry|married|wedding"
    ),
    "money": _words("money|dollars?|pay|paid|rich|poor|costs?|buy|price|million|billion|jobs?|work"),
    "time": _words(
        "now|today|then|when|after|before|years?|days?|minutes?|seconds?|later|moment|once|day|time|ago|finally|still"
        "|just"
    ),
    "modal": _words("should|could|would|must|might|may|can|will|needs?|have to|gonna|ought"),
    "past": _words(r"was|were|had|did|said|told|went|made|got|took|gave|asked|thought|knew|saw|found|came|\w{3,}ed"),
    "going_on": _words(r"\w{3,}ing"),
    "be": _words("is|are|am|be|been|being|was|were"),
    "have": _words("have|has|had|having"),
    "get": _words("gets?|got|getting|makes?|made|making"),
    "the": _words("the"),
    "a": _words("an?"),
    "place": _words("of|in|on|at|by|for|with|about|from|to|into|over|under"),
    "joining": _words("and|but|or|because|if|so|than|while|though"),
    "but": _words("but|however|yet|instead"),
    "and": _words("and"),
    "if": _words("if"),
    "some": _words("some|something|someone|a few|few|a bunch|bunch|lots?|many|several|most|more|much"),
    "one": _words("one"),
    "knowing": _words("knows?|knew|thinks?|thought|believe|understand|idea|realize|remember|forget|learn"),
    "saying": _words("says?|said|tells?|told|asks?|asked|speaks?|talks?|explains?|explained|calls?|called"),
    "wanting": _words("wants?|wanted|wish|try|tries|tried|trying|likes?|let|let's"),
    "country": _words(r"america|americans?|u\.s\.|usa|country|world|nation"),
    "science": _words("science|scientists?|study|research|facts?|statistics|proof|data|percent|numbers?|experiment"),
    "counting": _words(
        "two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|billion|half|twice|dozen|couple"
    ),
    "speech": _words("quote|letter|speech|response|answer|question|words|message|note|story|joke|interview"),
    "bait": _words(
        "you won't believe|need to see|have to see|will make you|what happens next|what happened next"
        "|here's (?:what|why|how)|this is (?:what|why|how)|wait till|wait until|you'll|in one|there's a|turns out"
        "|the reason"
    ),
    "begins_with_number": re.compile(r"^\W*\d+\b"),
    "begins_asking": re.compile(r"^\W*(?:what|why|how|who|when|where|which)\b"),
    "begins_with_person": re.compile(r"^\W*(?:he|she|they|his|her|their)\b"),
    "begins_pointing": re.compile(r"^\W*(?:this|these|here's|here|that|watch|meet|see)\b"),
    "begins_with_article": re.compile(r"^\W*(?:an?|the)\b"),
    "begins_with_if": re.compile(r"^\W*(?:if|when|ever)\b"),
    "begins_with_you": re.compile(r"^\W*(?:you|your|i|we|my)\b"),
    "begins_bidding": re.compile(
        r"^\W*(?:watch|meet|see|look|listen|check|take|get|don't|let|think|imagine|remember|try|stop|go|guess|find"
        r"|learn|know)\b"
    ),
}
_QUOTED: Final = re.compile(r"\".*\"|(?:^|\s)'[^']+'")
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_AGE: Final = re.compile(r"\d[- ]year")


def plain(text: str) -> str:
    """A line as it is read: its first characters, lower case, straight quotes, single spaces."""
    return " ".join(text[:MOST].translate(_STRAIGHT).casefold().split())


def grams(line: str) -> frozenset[str]:
    """Words and marks of a plain line, and every two that stand side by side, with its beginning and its end."""
    found = ["<", *_TOKEN.findall(line), ">"]
    return frozenset([*found, *(f"{one} {other}" for one, other in pairwise(found))])


def counts(line: str) -> dict[str, float]:
    """Of a plain line, by name, always in the same order."""
    words = _WORD.findall(line)
    lengths = [len(word) for word in words] or [0]
    many = max(1, len(words))
    sentences = [one for one in _SENTENCE.split(line) if one.strip()] or [""]
    shape = {
        "characters": len(line) / 80,
        "log_characters": math.log1p(len(line)),
        "from_usual_length": (len(line) / 80 - 1) ** 2,
        "words": len(words) / 15,
        "letters_a_word": sum(lengths) / many,
        "longest_word": float(max(lengths)),
        "long_words": float(sum(one >= 7 for one in lengths)),
        "short_words": sum(one <= 3 for one in lengths) / many,
        "other_words": len(set(words)) / many,
        "sentences": float(len(sentences)),
        "first_sentence": len(sentences[0]) / 80,
        "last_sentence": len(sentences[-1]) / 80,
        "question": float("?" in line),
        "exclamation": float("!" in line),
        "dots": float("..." in line or "…" in line),
        "colon": float(":" in line),
        "quotes": float(_QUOTED.search(line) is not None),
        "brackets": float("(" in line),
        "commas": float(min(OFTEN, line.count(","))),
        "dash": float("-" in line),
        "star": float("*" in line),
        "hash": float("#" in line),
        "full_stop": float(line.endswith(".")),
        "numbers": float(min(OFTEN, sum(word[0].isdigit() for word in words))),
        "dollar": float("$" in line),
        "percent": float("%" in line),
        "year": float(_YEAR.search(line) is not None),
        "age": float(_AGE.search(line) is not None),
    }
    return shape | {name: float(min(OFTEN, len(kind.findall(line)))) for name, kind in _KINDS.items()}


NAMES: Final[tuple[str, ...]] = tuple(counts(""))
