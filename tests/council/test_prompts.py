"""Words that models are asked with are numbered: other words, another number."""

from __future__ import annotations

import hashlib
import json
from importlib import resources

import pytest

from common.council import prompts, questions, writing
from common.council.comparing import compare
from common.domain.timebase import Span
from tests.council.models import SPAN, clip

# Of the words and the schema that go out. Where a hash no longer fits, give the prompt the next version and write the
# new hash beside it; a line that stands is never changed.
KNOWN = {
    "name@1": "8a47026c4b4c20cb",
    "observe@1": "282f09950fa9d8ec",
    "compare@1": "57afcca8db641e62",
    "watched@1": "19920f98d483e6cf",
}


def digest(name: str) -> str:
    if name == "observe":
        question = questions.observe(clip(), (), (), b"secret")
    elif name == "watched":
        return hashlib.sha256(prompts.load(name).text.encode()).hexdigest()[:16]
    elif name == "name":
        question = writing.question({1: clip()}, [("bread",)], b"secret")
    else:
        question = compare({1: clip(), 2: clip("Another.")}, {}, b"secret")
    return hashlib.sha256(json.dumps([question.system, question.schema], sort_keys=True).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", ["observe", "compare", "name", "watched"])
def test_changed_words_have_a_new_version(name: str) -> None:
    assert KNOWN[prompts.load(name).id] == digest(name)


def test_every_file_is_a_prompt_with_its_version() -> None:
    found = [one.name.removesuffix(".md") for one in resources.files(prompts).iterdir() if one.name.endswith(".md")]
    assert sorted(found) == ["compare", "name", "observe", "watched"]
    for name in found:
        prompt = prompts.load(name)
        assert prompt.version >= 1 and prompt.id == f"{name}@{prompt.version}"
        assert not prompt.text.startswith("version")


def test_a_question_fits_the_clip_and_not_its_place_in_the_video() -> None:
    moved = Span(SPAN.start + 7, SPAN.end + 7)
    assert questions.observe(clip(), (), (), b"s") == questions.observe(clip(span=moved), (), (), b"s")
