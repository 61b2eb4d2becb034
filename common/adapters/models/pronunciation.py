"""Written English to sounds: numbers as they are said, words that no dictionary has by rules. ARPAbet phones.

The rules are for finding a word's place in sound that is known to hold it, where half the phones are enough; they
are no dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

Lookup = Callable[[str], str | None]  # a word in small letters -> its phones, None where it is not known

_NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
zero ten twenty thirty forty fifty sixty seventy eighty ninety
"""
_ONES, _TENS = _NUMBERS.split()[:20], _NUMBERS.split()[20:]
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_SIGNS = {"%": "percent", "&": "and", "+": "plus", "=": "equals", "@": "at", "#": "number", "°": "degrees"}
_MONEY = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}
_SHORT = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint", "vs": "versus", "etc": "etcetera"}
_TOKEN = re.compile(r"[$€£¥]?\d[\d,]*(?:\.\d+)?(?:st|nd|rd|th|s)?|[a-z]+(?:'[a-z]+)*|[%&+=@#°]")
_SPELT = """
a EY|b B IY|c S IY|d D IY|e IY|f EH F|g JH IY|h EY CH|i AY|j JH EY|k K EY|l EH L|m EH M|n EH N|o OW|p P IY|q K Y UW
r AA R|s EH S|t T IY|u Y UW|v V IY|w D AH B AH L Y UW|x EH K S|y W AY|z Z IY
"""
_LETTERS = {one[0]: one[2:] for row in _SPELT.strip().split("\n") for one in row.split("|")}
# Letter groups, longest first at each place; "^" begins a word, "$" ends one.
_RULES = tuple(
    (pattern, phones)
    for row in """
^kn N|^wr R|^ps S|^wh W|^x Z|^gn N|tion$ SH AH N|tions$ SH AH N Z|tion SH AH N|sion ZH AH N|cious SH AH S
tious SH AH S|ture CH ER|ough AO|augh AO|eigh EY|igh AY|tch CH|sch S K|que$ K|gue$ G|ck K|ch CH|sh SH|th TH|ph F|gh G
wh W|qu K W|ng NG|dge JH|dg JH|ee IY|ea IY|oo UW|ou AW|ow OW|oi OY|oy OY|ai EY|ay EY|au AO|aw AO|ew UW|ey IY|ie IY|ei IY
oa OW|oe OW|ue UW|ui UW|er$ ER|ers$ ER Z|ar AA R|er ER|ir ER|or AO R|ur ER|le$ AH L|les$ AH L Z|ed$ D|es$ Z|e$ |mb$ M
a AE|b B|ce S|ci S IH|cy S IY|cc K|c K|dd D|d D|e EH|ff F|f F|gg G|ge JH|gi JH IH|g G|h HH|ia IY AH|io IY OW|i IH|j JH
k K|ll L|l L|mm M|m M|nn N|n N|o AA|pp P|p P|q K|rr R|r R|ss S|s S|tt T|t T|u AH|v V|w W|x K S|^y Y|y$ IY|y IH|zz Z|z Z
""".strip().split("\n")
    for pattern, _, phones in (rule.partition(" ") for rule in row.split("|"))
)
_MAGIC_E = re.compile(r"([aeiou])([bdfgklmnprstvz])e$")
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
_MOST_PHONES = 80


def pronunciations(word: str, lookup: Lookup) -> list[str]:
    """How a written word may be said, most likely first; none where nothing of it can be said in English."""
    found: list[str] = []
    for spoken in _spoken(word):
        phones = " ".join(_sounds(token, lookup) for token in spoken).split()
        if phones:
            found.append(" ".join(phones[:_MOST_PHONES]))
    letters = re.sub("[^A-Za-z]", "", word)
    if 2 <= len(letters) <= 6 and letters.isupper():
        found.append(" ".join(_LETTERS[letter] for letter in letters.lower()))
    return list(dict.fromkeys(found))


def plain(word: str) -> str:
    """In small ASCII letters as a dictionary has it, without marks around it; empty where none is left."""
    flat = unicodedata.normalize("NFKD", word.replace("’", "'").replace("‘", "'"))
    return "".join(sign for sign in flat if sign.isascii()).lower().strip("\"'().,;:!?[]{}<>*_-/ ")


def _spoken(word: str) -> list[list[str]]:
    """The words that are said for what is written: "1914" as two readings, "$5" as "five dollars"."""
    readings: list[list[str]] = [[]]
    signs = "".join(sign for sign in word if sign in _MONEY or sign in _SIGNS)
    text = plain(word)
    for sign in signs:  # those that `plain` lost
        if sign not in text:
            text = f"{sign}{text}" if sign in _MONEY or sign in "#&@" else f"{text}{sign}"
    for token in _TOKEN.findall(text):
        options = _number(token) if any(sign.isdigit() for sign in token) else [[_SIGNS.get(token, token)]]
        if token in _SHORT:
            options = [[_SHORT[token]]]
        readings = [before + option for before in readings for option in options][:4]
    return [reading for reading in readings if reading]


def _number(token: str) -> list[list[str]]:
    """A token with digits, each way it may be said."""
    match = re.fullmatch(r"([$€£¥]?)(\d[\d,]*)(?:\.(\d+))?(st|nd|rd|th|s)?", token)
    assert match is not None
    money, whole, part, ending = match.groups()
    digits = whole.replace(",", "")
    if len(digits) > 12 or (len(digits) > 1 and digits[0] == "0"):
        options = [[_ONES[int(digit)] for digit in digits]]
    else:
        value = int(digits)
        options = [_cardinal(value)]
        if "," not in whole and len(digits) == 4 and value % 1000 >= 10 and not part:
            high, low = divmod(value, 100)
            tens = ["hundred"] if low == 0 else (["oh"] if low < 10 else []) + _cardinal(low)
            options.insert(0, _cardinal(high) + tens)
    if part:
        options = [[*option, "point", *(_ONES[int(digit)] for digit in part)] for option in options]
    if ending == "s":
        options = [[*option[:-1], re.sub("y$", "ie", option[-1]) + "s"] for option in options]
    elif ending:
        options = [[*option[:-1], _ordinal(option[-1])] for option in options]
    return [[*option, _MONEY[money]] for option in options] if money else options


def _cardinal(value: int) -> list[str]:
    if value < 20:
        return [_ONES[value]]
    if value < 100:
        tens, ones = divmod(value, 10)
        return [_TENS[tens]] + ([_ONES[ones]] if ones else [])
    for scale, name in _SCALES:
        if value >= scale:
            high, low = divmod(value, scale)
            return [*_cardinal(high), name, *(_cardinal(low) if low else [])]
    raise AssertionError(value)


def _ordinal(word: str) -> str:
    return _ORDINALS.get(word) or re.sub("y$", "ie", word) + "th"


def _sounds(token: str, lookup: Lookup) -> str:
    """A word's phones: of the dictionary, of a part with an ending, of two words in one, or by the rules."""
    known = lookup(token)
    if known is not None:
        return known
    token = token.replace("'", "")
    known = lookup(token)
    if known is not None:
        return known
    for ending, phones in (("s", "Z"), ("ed", "D"), ("ing", "IH NG"), ("ly", "L IY"), ("er", "ER"), ("ness", "N AH S")):
        stem = token.removesuffix(ending)
        if stem != token and len(stem) >= 3:
            known = lookup(stem) or lookup(f"{stem}e")
            if known is not None:
                return f"{known} {phones}"
    for cut in range(len(token) - 3, 2, -1):
        left, right = lookup(token[:cut]), lookup(token[cut:])
        if left is not None and right is not None:
            return f"{left} {right}"
    return _by_rules(token)


def _by_rules(token: str) -> str:
    if not re.search("[aeiouy]", token):
        return " ".join(_LETTERS[letter] for letter in token)
    magic = _MAGIC_E.search(token)
    text, at, phones = f"^{token}$", 1, list[str]()
    while at < len(text) - 1:
        if magic is not None and at - 1 == magic.start():
            phones.append(_LONG[text[at]])
            at += 1
            continue
        pattern, sound = next((p, s) for p, s in _RULES if _matches(text, at, p))
        phones.append(sound)
        at += len(pattern.strip("^$"))
    return " ".join(phones)


def _matches(text: str, at: int, pattern: str) -> bool:
    if pattern.startswith("^"):
        return at == 1 and text.startswith(pattern, 0)
    return text.startswith(pattern, at)
