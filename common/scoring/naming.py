"""Titles, descriptions and hashtags made of what is there: words said, text on screen, the file's own name.

Nothing is invented: sentences are taken as they are, cut at most at a clause or a word, and never joined.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from common.domain.judgement import Pull
from common.domain.timebase import Span, clock
from common.domain.transcript import Sentence
from common.scoring import pulling
from common.scoring.contentwords import content_words, words_of
from common.scoring.hooks import opening_signs, strength
from common.scoring.meaning import telling
from common.scoring.posting import Naming, fitting, shortened
from common.scoring.texts import Text

TITLE = 60  # characters that lists and phones show whole
DESCRIPTION = 300  # characters
SENTENCES = 3  # of a description, at most
HASHTAGS = 5
FULL = 20  # letters of words that carry matter, from which a title says enough
SHORT = 12  # characters of one or two words that are no title
OFTEN = 3  # uses in the video from which a word says what the video is about
BESIDE = 0.4  # of the height of the largest line on screen: smaller print is no title
SURE = 0.8  # confidence of a reading that a title or a hashtag is made of
# What counts in a title: holding somebody, out-pulling others, being key, saying enough, and being a whole sentence.
HOLDS, PULLS, KEY, MATTER, WHOLE = 1.0, 1.0, 0.5, 0.5, 0.15

_CLAUSE = re.compile(r"(?<=[,;:])\s+|\s*[–—]\s*|\s+-\s+")
_FILLER = re.compile(
    r"^(?:(?:and|but|so|well|now|yes|yeah|no|ok|okay|oh|um|uh|i mean|you know|then|because)\b[,\s]+)+", re.IGNORECASE
)
_PICTURED = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]+")  # emoji and dingbats
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")  # of a file's name: talkAboutTea, talk_about_tea
_FILES = "clip copy dsc edit export final footage img master mov movie mp4 new raw short untitled video"
_OF_FILES = frozenset(_FILES.split())
_COUNTS = "four five six seven eight nine ten hundred thousand million billion trillion percent"
_NUMBERS = frozenset(_COUNTS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a clip's name may be made of."""

    span: Span
    spoken: Sequence[Sentence]  # of the clip
    words: Sequence[str]  # of the clip that carry matter, in order, repeated as they are
    others: Sequence[str]  # the same of the rest of the video
    key: Sequence[float] | None  # how key each sentence of the clip is, 0 to 1; None where nobody weighed it
    texts: Sequence[Text]  # on screen during the clip
    file: str  # the file's name without its ending
    shots: Sequence[int]  # numbers of its shots, from 1
    draft: bool = False  # many of the words are wrong
    english: bool = True


def name(source: Source) -> Naming:
    """Title, description and hashtags of one clip."""
    seen = _seen_title(source)
    # A draft tells what a clip is about, but makes no sentence that anybody would want to read.
    title = (seen if source.draft else None) or _spoken_title(source) or seen or _place(source)
    return Naming(title=title, description=_description(source), hashtags=_hashtags(source))


def _spoken_title(source: Source) -> str | None:
    """The sentence or clause that would hold somebody best and says what it is about; the first of equals."""
    best: tuple[float, str] | None = None
    for n, sentence in enumerate(source.spoken):
        key = source.key[n] if source.key else 0.5
        for text, whole in _titles(_clean(sentence.text)):
            matter = min(1.0, sum(map(len, content_words([text])[0])) / FULL)
            if not matter or (len(text) < SHORT and len(text.split()) < 3):
                continue
            worth = (
                HOLDS * strength(opening_signs(text, english=source.english))
                + PULLS * _pull(text, source.english)
                + KEY * key
                + MATTER * matter
                + WHOLE * (whole and sentence.closed)
            )
            if best is None or worth > best[0]:
                best = (worth, text)
    if best is not None:
        return best[1]
    said = _clean(" ".join(sentence.text for sentence in source.spoken))
    return shortened(said, TITLE) or None


def _pull(text: str, english: bool) -> float:
    """How much better or worse than half of all headlines; 0 where it cannot be told."""
    pull = pulling.pull(text) if english else "another language"
    return pull.value - 0.5 if isinstance(pull, Pull) else 0.0


def _titles(sentence: str) -> list[tuple[str, bool]]:
    """What could be a title in a sentence: all of it, else its first clauses or a beginning; whether it is all."""
    text = _opened(sentence)
    if len(text) <= TITLE:
        return [(_ended(text), True)]
    clauses = [part for part in _CLAUSE.split(text) if part]
    kept = [text[: text.find(part) + len(part)] for part in clauses]
    fitting = [one for one in kept if len(one) <= TITLE]
    return [(_ended(fitting[-1]), False)] if fitting else [(shortened(text, TITLE), False)]


def _opened(sentence: str) -> str:
    """Without the words that a speaker begins with to go on, and with a capital where these had it."""
    text = _FILLER.sub("", sentence)
    return text[:1].upper() + text[1:] if sentence[:1].isupper() else text


def _ended(text: str) -> str:
    return text.rstrip(" ,;:–—-") if text.endswith("...") else text.rstrip(" ,;:–—-.")


def _seen_title(source: Source) -> str | None:
    """The largest line on screen that is surely read, with what stands beside it in letters not much smaller."""
    best = max(_sure(source), key=lambda one: (one.place == "title", one.box.height), default=None)
    if best is None:
        return None
    with_it = [one for one in _sure(source) if one.span == best.span and one.box.height >= BESIDE * best.box.height]
    text = " · ".join(dict.fromkeys(_clean(one.text) for one in with_it))
    return shortened(text, TITLE) if words_of(text) else None


def _place(source: Source) -> str:
    where = f"{clock(source.span.start)} to {clock(source.span.end)}"
    if not source.shots:
        return where
    first, last = source.shots[0], source.shots[-1]
    return f"{where}, shot {first}" if first == last else f"{where}, shots {first} to {last}"


def _description(source: Source) -> str:
    """The key sentences in order of time, as many as there is room for; lines on screen where nothing is said."""
    said = [_clean(one.text) for one in source.spoken]
    if not any(said):
        return fitting(list(dict.fromkeys(_clean(one.text) for one in _sure(source))), " · ", DESCRIPTION)
    matter = [len(set(words)) for words in content_words(said)]
    worth = source.key or [count / max(1, *matter) for count in matter]
    leaning = [min((sign.worth for sign in opening_signs(text)), default=0.0) for text in said]
    ranked = sorted(range(len(said)), key=lambda n: (-(worth[n] + min(0.0, leaning[n])), n))
    kept: list[int] = []
    for n in ranked:
        if said[n] and len(kept) < SENTENCES and sum(len(said[one]) + 1 for one in (*kept, n)) <= DESCRIPTION + 1:
            kept.append(n)
    return " ".join(said[n] for n in sorted(kept)) or shortened(said[ranked[0]], DESCRIPTION)


def _hashtags(source: Source) -> tuple[str, ...]:
    """Pairs and words that are said again in the clip, then those that the whole video is about.

    Where nobody speaks, words on screen and of the file's name.
    """
    uses = Counter(source.words)
    telling_ = telling([source.words, source.others])[0]
    often = Counter([*source.words, *source.others]).most_common()
    found = [
        *_pairs(source),
        *(word for word in telling_ if uses[word] > 1),
        *(word for word, count in often if count >= OFTEN and uses[word]),
        *telling_,
    ]
    if not found:
        file = [part for part in _PARTS.findall(source.file) if part.casefold() not in _OF_FILES]
        found = [word for words in content_words([*(one.text for one in _sure(source)), *file]) for word in words]
    tags: list[str] = []
    for word in found:
        tag = "".join(character for character in word if character.isalnum())
        if tag and tag not in _NUMBERS and not any(tag in other or other in tag for other in tags):
            tags.append(tag)
    return tuple(tags[:HASHTAGS])


def _pairs(source: Source) -> list[str]:
    """Neighbouring words that both carry matter and are said together more than once, the most often said first."""
    known = set(source.words) - _NUMBERS
    uses: Counter[tuple[str, str]] = Counter()
    for one in source.spoken:
        uses.update(pair for pair in pairwise(words_of(one.text)) if known.issuperset(pair) and pair[0] != pair[1])
    return ["".join(pair) for pair, count in uses.most_common() if count > 1]


def _sure(source: Source) -> list[Text]:
    return [one for one in source.texts if one.confidence >= SURE]


def _clean(text: str) -> str:
    """On one line, without emoji."""
    return " ".join(_PICTURED.sub(" ", text).split())
