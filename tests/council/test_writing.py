"""What a language model writes of a clip stands only where the clip itself says it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.council import writing
from common.domain.observed import Observed
from common.errors import Unanswered
from common.scoring.posting import Naming
from tests.council.models import clip

SAID = "We tried 3 ways to bake bread in Lisbon. The second one burned."
TOPICS = [("bread", "oven"), ("city",)]


def clips() -> dict[int, Observed]:
    return {4: clip(SAID), 2: clip("Nobody knows why cats purr.")}


def answer(**of_four: Any) -> dict[str, Any]:
    """Clip 2 is A, clip 4 is B: letters go by number."""
    four = {"title": "The bread that burned", "description": "Three ways to bake.", "hashtags": ["bread"], **of_four}
    two = {"title": "", "description": "", "hashtags": []}
    return {"clips": {"A": two, "B": four}, "topics": {"T1": {"name": "Baking bread"}, "T2": {"name": "x" * 99}}}


def test_what_fits_the_clip_stands_and_the_rest_is_left_to_the_local_means() -> None:
    found = writing.read(answer(), clips(), TOPICS)
    assert found.clips == {
        4: Naming(title="The bread that burned", description="Three ways to bake.", hashtags=("bread",))
    }
    assert found.topics == {0: "Baking bread"} and found.refused == ()


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("7 ways to bake bread", "7 is not in the clip"),
        ("Bread the way Gordon bakes it", "Gordon is not in the clip"),
        ("Bread: see www.example.com", "an address"),
        ("THE BREAD THAT BURNED", "it shouts"),
        ("bread " * 20, "too long"),
    ],
)
def test_what_the_clip_does_not_say_is_refused_with_the_reason(title: str, why: str) -> None:
    found = writing.read(answer(title=title), clips(), TOPICS)
    assert not found.clips and len(found.refused) == 1 and why in found.refused[0]


@pytest.mark.parametrize(
    "title", ["3 ways to bake bread", "Three Ways To Bake In Lisbon", "“We tried Lisbon”", "Burned? See why."]
)
def test_numbers_and_names_of_the_clip_may_stand(title: str) -> None:
    assert 4 in writing.read(answer(title=title), clips(), TOPICS).clips


def test_a_description_that_invents_is_dropped_alone_and_hashtags_are_words() -> None:
    found = writing.read(
        answer(description="He won 1000 dollars.", hashtags=["#Bread", "two words", "top10", "bread", "x", 5]),
        clips(),
        TOPICS,
    )
    assert (found.clips[4].description, found.clips[4].hashtags) == ("", ("bread",))
    assert found.refused == ("clip 4: the description: 1000 is not in the clip",)


@pytest.mark.parametrize("content", [None, [], {}, {"clips": []}, {"clips": {}}, "prose"])
def test_what_is_no_answer_is_said_to_be_none(content: Any) -> None:
    with pytest.raises(Unanswered):
        writing.read(content, clips(), TOPICS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda one: st.lists(one, max_size=3), max_leaves=4
)


@given(st.dictionaries(st.sampled_from(["title", "description", "hashtags"]), JSON))
def test_no_answer_breaks_it_and_nothing_with_markup_or_breaks_comes_out(given: dict[str, Any]) -> None:
    found = writing.read({"clips": {"B": given}, "topics": {}}, clips(), TOPICS)
    for one in found.clips.values():
        assert len(one.title) <= writing.TITLE and "\n" not in one.title


def test_the_question_is_of_all_clips_and_its_key_of_what_decides() -> None:
    asked = writing.question(clips(), TOPICS, b"one")
    assert asked.key == writing.question(clips(), TOPICS, b"another").key != writing.question(clips(), [], b"one").key
    assert set(asked.schema["properties"]["clips"]["properties"]) == {"A", "B"}
    assert "Lisbon" in str(asked.parts[0]) and "Lisbon" not in asked.system
