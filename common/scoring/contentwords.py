"""The words of a sentence that carry its matter. The list is English; other languages lose their commonest words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

SHORTEST = 3  # letters
COMMON = 0.2  # share of all sentences in which a word says nothing any more, in a talk of MANY at least
MANY = 30

_WORD = re.compile(r"[^\W\d_][\w'-]*")
_ENGLISH = """
about above actually after again against all almost already also although always and another any anybody anyone
anything are aren't around away back basically because been before being below between both but came can can't
cannot come comes coming could couldn't course did didn't different does doesn't doing don't done down during each
either else even ever every everybody everyone everything far few first for from further gave get gets getting
give given gives going goes gone gonna good got gotta great had hadn't happen happened happens has hasn't have
haven't having he'd he'll he's her here here's hers herself him himself his how how's however i'd i'll i'm i've
if in into is isn't it it'd it'll it's its itself just keep kind knew know known knows last later least less let
let's like little look looking lot lots made make makes making many may maybe mean means might more most much
must myself need needs never new next nice nobody nor not nothing now off often okay once one ones only onto
other others our ours ourselves out over own part people perhaps please point possible probably put quite rather
really right said same saw say saying says second see seen several shall she she'd she'll she's should shouldn't
show since some somebody somehow someone something sometimes somewhere sort start started still stuff such sure
take taken takes talk talking tell than thank thanks that that'd that'll that's the their theirs them themselves
then there there's therefore these they they'd they'll they're they've thing things think thinking this those
though thought three through thus time times together told too took tried try trying turn two under until upon
use used uses using usually very want wanted wants was wasn't way ways we'd we'll we're we've well went were
weren't what what's whatever when where where's whether which while who who's whole whom whose why will with
within without won't would wouldn't yeah yes yet you you'd you'll you're you've your yours yourself yourselves
"""
_STOP = frozenset(_ENGLISH.split())


def content_words(texts: Sequence[str]) -> list[list[str]]:
    """Per text its words that carry matter, in lower case, in order, repeated as they are."""
    found = [[word for word in words_of(text) if len(word) >= SHORTEST and word not in _STOP] for text in texts]
    if len(texts) < MANY:
        return found
    spread = Counter(word for words in found for word in set(words))
    return [[word for word in words if spread[word] <= COMMON * len(texts)] for words in found]


def carries(word: str) -> bool:
    """Whether a word in lower case is none of those that every talk is full of."""
    return word not in _STOP


def words_of(text: str) -> list[str]:
    """All words of letters in lower case, without what follows an apostrophe of possession."""
    return [word.removesuffix("'s").strip("'-") for word in _WORD.findall(text.casefold().replace("’", "'"))]
