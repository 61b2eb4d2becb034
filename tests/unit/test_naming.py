"""Titles, descriptions and hashtags: of what is there, within every length, with nothing invented."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.platforms import platforms
from common.domain.timebase import Span
from common.domain.track import Box
from common.domain.transcript import Sentence
from common.scoring.contentwords import content_words
from common.scoring.naming import DESCRIPTION, HASHTAGS, TITLE, Source, name
from common.scoring.posting import Naming, post, shortened
from common.scoring.texts import Place, Text

BREAD = (
    "So, today it is about bread.",
    "Why does sour dough rise without any yeast from the shop?",
    "Wild yeast lives on the grain, and sour dough feeds it for a week.",
    "You know, it is fine.",
    "Feed the sour dough every day; throw half of it away, because it grows too fast for any jar you own.",
)
RAILWAY = ("The railway came late.", "Its trains ran on coal.", "The railway closed again.")


def said(*texts: str) -> list[Sentence]:
    found, at = [], 0
    for n, text in enumerate(texts):
        words = len(text.split()) or 1
        span = Span(Fraction(4 * n), Fraction(4 * n + 3))
        pause = Fraction(1, 2)
        found.append(
            Sentence(
                first=at,
                last=at + words - 1,
                text=text,
                span=span,
                pause_before=pause,
                pause_after=pause,
                closed=text.endswith((".", "?")),
            )
        )
        at += words
    return found


def on_screen(text: str, *, place: Place = "sign/other", height: float = 0.05, confidence: float = 0.95) -> Text:
    box = Box(x=0.1, y=0.4, width=0.5, height=height)
    span = Span(Fraction(0), Fraction(9))
    return Text(text=text, span=span, shot=0, box=box, confidence=confidence, place=place, source="t@1")


def source(
    *texts: str,
    others: tuple[str, ...] = RAILWAY,
    key: list[float] | None = None,
    seen: tuple[Text, ...] = (),
    file: str = "",
) -> Source:
    def matter(some: tuple[str, ...]) -> list[str]:
        return [word for words in content_words(some) for word in words]

    return Source(
        span=Span(Fraction(10), Fraction(30)),
        spoken=said(*texts),
        words=matter(texts),
        others=matter(others),
        key=key,
        texts=seen,
        file=file,
        shots=[2, 3],
    )


def test_the_title_is_the_sentence_that_holds_best() -> None:
    assert name(source(*BREAD)).title == "Why does sour dough rise without any yeast from the shop?"


def test_a_title_begins_with_no_filler_and_ends_with_no_full_stop() -> None:
    assert (
        name(source("and, you know, the wild yeast lives on the grain.")).title == "the wild yeast lives on the grain"
    )
    assert name(source("So the wild yeast lives on the grain.")).title == "The wild yeast lives on the grain"


def test_a_long_sentence_gives_its_first_clauses_and_else_its_beginning() -> None:
    assert name(source(BREAD[4])).title == "Feed the sour dough every day; throw half of it away"
    whole = "The wild yeast that lives on every grain of wheat in the field eats sugar all day long."
    assert name(source(whole)).title == "The wild yeast that lives on every grain of wheat in the…"


def test_a_key_sentence_is_preferred_among_equals_and_a_single_word_is_no_title() -> None:
    equals = ("The wild yeast lives on grain.", "The baker works before dawn.")
    assert name(source(*equals, key=[0.1, 0.9])).title == "The baker works before dawn"
    assert name(source(*equals, key=[0.9, 0.1])).title == "The wild yeast lives on grain"
    assert name(source("Yeast?", "The baker works before dawn.")).title == "The baker works before dawn"


def test_the_description_is_the_key_sentences_in_order_of_time() -> None:
    made = name(source(*BREAD, key=[0.2, 0.9, 0.8, 0.1, 0.1]))
    assert made.description.startswith(f"{BREAD[1]} {BREAD[2]}")
    assert len(made.description) <= DESCRIPTION


def test_hashtags_are_pairs_and_words_said_again_and_none_of_the_rest_of_the_video() -> None:
    tags = name(source(*BREAD)).hashtags
    assert tags[0] == "sourdough" and "yeast" in tags
    assert not {"railway", "trains", "dough", "sour"} & set(tags)


def test_words_of_a_draft_are_a_title_only_where_nothing_is_read() -> None:
    draft = replace(source(*BREAD, seen=(on_screen("Omar bakes", place="lower third"),)), draft=True)
    assert name(draft).title == "Omar bakes"
    assert name(replace(draft, texts=())).title == name(source(*BREAD)).title


def test_small_print_is_no_title() -> None:
    seen = (
        on_screen("chrome", place="title", height=0.1),
        on_screen("HDMI", height=0.05),
        on_screen("Power cord required (not shown)", place="lower third", height=0.03),
    )
    assert name(source(seen=seen)).title == "chrome · HDMI"


def test_where_nobody_speaks_the_title_is_the_largest_line_or_the_place() -> None:
    seen = (
        on_screen("Harbour at dawn", height=0.2),
        on_screen("Sold here"),
        on_screen("rn1xt up", height=0.3, confidence=0.5),
    )
    made = name(source(seen=seen, file="IMG_harbourWalk_final2"))
    assert made.title == "Harbour at dawn"
    assert made.description == "Harbour at dawn · Sold here"
    assert made.hashtags[:2] == ("harbour", "dawn")
    bare = name(source(file="IMG_harbourWalk_final2"))
    assert bare.title == "0:10 to 0:30, shots 2 to 3" and bare.description == ""
    assert bare.hashtags == ("harbour", "walk")


def test_emoji_are_left_out() -> None:
    made = name(source("The wild yeast 🍞 lives on ✨ the grain."))
    assert made.title == "The wild yeast lives on the grain"
    assert made.description == "The wild yeast lives on the grain."


def test_a_script_without_spaces_is_cut_by_characters() -> None:
    made = name(
        source(
            "面包师在黎明之前开始工作，他把面粉和水混合在一起，然后等待野生酵母慢慢发酵，直到面团变成原来的两倍大小，最后放进烤箱里烤四十分钟才能做好一个面包。"
        )
    )
    assert 0 < len(made.title) <= TITLE and made.description.startswith("面包师")


LETTERS = st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Z", "Cc", "Co")), max_size=80)


@given(st.lists(LETTERS, max_size=6), st.lists(LETTERS, max_size=3), LETTERS)
def test_whatever_is_said_nothing_is_invented_and_all_is_within_its_length(
    texts: list[str], seen: list[str], file: str
) -> None:
    lines = tuple(on_screen(text) for text in seen)
    given_ = source(*texts, seen=lines, file=file)
    made = name(given_)
    assert 0 < len(made.title) <= TITLE and len(made.description) <= DESCRIPTION
    assert len(made.hashtags) <= HASHTAGS and all(re.fullmatch(r"[^\W_]+", tag) for tag in made.hashtags)
    there = "".join([*texts, *seen, "0:10 to 0:30, shots 2 to 3·…"]).split()
    known = "".join(there).casefold()
    assert all(
        all(piece.casefold() in known for piece in re.split(r"[\s…·]+", text) if piece)
        for text in (made.title, made.description)
    )
    for platform in platforms():
        for rule, text in post(made, platform).items():
            size = len(text.encode()) if rule.endswith("bytes") else len(text)
            assert size <= (platform.texts or {})[rule]


@pytest.mark.parametrize("platform", platforms(), ids=lambda one: one.name)
def test_each_platform_gets_what_it_takes(platform: object) -> None:
    made = Naming(
        title="Why does it rise?", description="Wild yeast lives on grain. It eats sugar.", hashtags=("yeast", "bread")
    )
    one = next(each for each in platforms() if each is platform)
    texts = post(made, one)
    rules = one.texts or {}
    assert set(texts) == set(rules) - {"alt", "link"}
    if "title" in rules:
        assert texts["title"] == made.title
    for alone in {"caption", "text_weight", "description"} & set(rules):
        assert texts[alone].startswith(made.description if "title" in rules else made.title)
        assert texts[alone].endswith("#yeast #bread")


def test_a_text_that_is_too_long_loses_its_hashtags_first_and_then_its_end() -> None:
    spotlight = next(one for one in platforms() if one.name == "snapchat_spotlight")
    made = Naming(title="Bread", description="word " * 29 + "end", hashtags=("a" * 30,))
    assert post(made, spotlight)["description"] == made.description[:0] + f"Bread\n{made.description}"
    longer = Naming(title="Bread", description="word " * 60, hashtags=("bread",))
    assert post(longer, spotlight)["description"].endswith("word…")


def test_shortened_keeps_whole_words() -> None:
    assert shortened("one two three", 13) == "one two three"
    assert shortened("one two, three", 12) == "one two…"
    assert shortened("onetwothree", 5) == "onet…"
    assert shortened("one", 0) == ""
