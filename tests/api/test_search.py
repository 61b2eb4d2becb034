"""Search by the API: what is found and why, page by page, and nothing of others."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.domain.clip import Clip
from common.domain.codec import loads, to_json
from common.domain.timebase import Span
from common.ports.documents import Create, Merge, Vector, Write
from common.scoring import searchable
from tests.api.conftest import Served

NAUGHTY = Path(__file__).resolve().parents[3] / "shared" / "data" / "conformance" / "blns.json"


def put(served: Served, clip: str, text: str, *, tenant: str = "ann", score: float = 0.5, near: bool = False) -> None:
    """A clip as its flow leaves it; of two sentences, ten seconds apart."""
    flow, _, number = clip.rpartition(".")
    span = Span(Fraction(100), Fraction(120))
    one = Clip(
        number=int(number), span=span, title=f"Clip {clip}", score=score, scores={}, evidence=(), why="", text=text
    )  # fmt: skip
    sentences = [{"start": "100/1", "text": "It begins."}, {"start": "110/1", "text": text}]
    told = {"asset": flow.partition("-")[0], "flow": flow, "created": f"2026-01-01T00:00:0{number[-1]}.000Z"}
    body = {"schema": 1, "state": "chosen", **told, **to_json(one), "sentences": sentences}
    parent, place = f"tenants/{tenant}", searchable.name(clip, score)
    writes: list[Write] = [
        Create(f"{parent}/clips/{clip}", body),
        Create(f"{parent}/words/{place}", searchable.fields(body)),
    ]
    if near:
        kept = {"model": "test@1", "asset": told["asset"], "flow": flow, "words": place.removesuffix(clip)}
        writes.append(Create(f"{parent}/embeddings/{clip}", {**kept, "vector": Vector((1.0, 0.5))}))
    served.engine.documents.commit(writes)


def search(served: Served, text: str, status: int = 200, by: str = "ann", **more: Any) -> Any:
    return served.told("POST", "/v1/search", by, status, json={"text": text, **more})


def ids(told: Any) -> list[str]:
    return [one["id"] for one in told["items"]]


def test_a_hit_says_why_it_was_found_and_where_to_look(served: Served) -> None:
    put(served, "a-1.1", "We speak of money mistakes.")
    put(served, "a-1.2", "Cash is king.", near=True)
    told = search(served, "money Mistakes")
    assert told["next"] is None and told["left_out"] == []
    first, second = told["items"]
    assert (first["id"], first["words"], first["meaning"]) == ("a-1.1", ["money", "mistakes"], None)
    assert (first["seek"], first["quote"]) == (110.0, "We speak of money mistakes.")
    assert (first["start"], first["end"], first["asset"], first["flow"]) == (100.0, 120.0, "a", "a-1")
    assert (second["id"], second["words"], second["seek"], second["quote"]) == ("a-1.2", [], 100.0, None)
    assert second["meaning"] == pytest.approx(0.8944, abs=1e-4)


def test_without_a_model_words_are_looked_for_and_that_is_said(served: Served) -> None:
    put(served, "a-1.1", "We speak of money.", near=True)
    served.meaning.missing = True
    told = search(served, "money")
    assert ids(told) == ["a-1.1"] and told["items"][0]["meaning"] is None
    assert told["left_out"] == [{"what": "meaning", "why": "there is no model here; search by words"}]


def test_nothing_of_others_is_found(served: Served) -> None:
    put(served, "a-1.1", "money", tenant="ann", near=True)
    assert search(served, "money", by="bob")["items"] == []
    assert search(served, "cash", by="bob", asset="a")["items"] == []
    for n in range(2, 6):
        put(served, f"b-1.{n}", "money", tenant="bob")
    put(served, "a-1.2", "money")
    theirs = search(served, "money", limit=1)["next"]
    assert all(one.startswith("b-") for one in ids(search(served, "money", by="bob", cursor=theirs)))


def test_pages_follow_each_other_and_a_cursor_is_of_one_search(served: Served) -> None:
    for n in range(1, 8):
        put(served, f"a-1.{n}", "money", score=n / 10)
    first = search(served, "money", limit=3)
    put(served, "a-1.9", "money", score=0.95)
    second = search(served, "money", limit=3, cursor=first["next"])
    third = search(served, "money", limit=3, cursor=second["next"])
    assert ids(first) + ids(second) + ids(third) == [f"a-1.{n}" for n in range(7, 0, -1)]
    assert third["next"] is None
    for text, cursor in (("other", first["next"]), ("money", "bm90"), ("money", "x"), ("money", first["next"][:-8])):
        assert "cursor" in search(served, text, 400, cursor=cursor)["detail"]


def test_a_decision_is_searched_by_at_once(served: Served) -> None:
    put(served, "a-1.1", "money")
    put(served, "a-1.2", "money")
    served.told("PATCH", "/v1/clips/a-1.2", json={"state": "approved"})
    assert ids(search(served, "money", state="approved")) == ["a-1.2"]
    assert ids(search(served, "money", state="chosen")) == ["a-1.1"]


def test_a_clip_that_was_made_anew_or_is_gone_is_found_as_it_is(served: Served) -> None:
    put(served, "a-1.1", "money", score=0.5)
    served.engine.documents.commit([Merge("tenants/ann/clips/a-1.1", {"score": 0.7})])
    assert search(served, "money")["items"] == []


def test_a_text_of_common_words_says_that_it_has_none(served: Served) -> None:
    put(served, "a-1.1", "to be or not to be")
    told = search(served, "to be or not")
    assert told["items"] == [] and [one["what"] for one in told["left_out"]] == ["words"]
    many = search(served, " ".join(f"word{n}" for n in range(20)))
    assert [one["what"] for one in many["left_out"]] == ["the words after the first 8"]


def test_hostile_texts_are_texts(served: Served) -> None:
    put(served, "a-1.1", "money")
    texts = ["'; DROP TABLE words; --", '"money" OR *', "`", "../..", "\u202emoney", "𝕄𝕠𝕟𝕖𝕪", "%00\u0007", "💸" * 100]
    texts += [text for text in loads(NAUGHTY.read_bytes()) if 0 < len(text) <= 500] if NAUGHTY.is_file() else []
    for text in texts:
        assert served.ask("POST", "/v1/search", json={"text": text}).status_code == 200, text
    assert ids(search(served, "𝕄𝕠𝕟𝕖𝕪")) == ids(search(served, "\u202emoney")) == ["a-1.1"]
    put(served, "a-1.2", "ＤＲＯＰ naïve")
    assert ids(search(served, "'; drop NAIVE --")) == ["a-1.2"]


@pytest.mark.parametrize(
    "wish",
    [
        {"text": ""},
        {"text": "x" * 501},
        {"text": 1},
        {"text": "x", "limit": 0},
        {"text": "x", "least_score": 2},
        {"text": "x", "state": "published"},
        {"text": "x", "aspect": "2:1"},
        {"text": "x", "since": "2026-01-01T00:00:00"},
        {"text": "x", "tenant": "bob"},
    ],
)
def test_a_wish_that_cannot_be_is_refused(served: Served, wish: dict[str, Any]) -> None:
    assert served.told("POST", "/v1/search", status=400, json=wish)["code"] == "bad_input"


def test_clips_of_all_videos_are_listed_in_both_orders(served: Served) -> None:
    for n, score in ((1, 0.3), (2, 0.9), (3, 0.3)):
        put(served, f"a-1.{n}", "x", score=score)
    put(served, "b-1.4", "x", score=0.5)
    served.told("PATCH", "/v1/clips/a-1.3", json={"state": "approved"})

    def listed(query: str) -> list[str]:
        found, cursor = [], ""
        while True:
            told = served.told("GET", f"/v1/clips?limit=1{query}{cursor}")
            found += ids(told)
            if told["next"] is None:
                return found
            cursor = f"&cursor={told['next']}"

    assert listed("") == ["b-1.4", "a-1.3", "a-1.2", "a-1.1"]
    assert listed("&order=score") == ["a-1.2", "b-1.4", "a-1.3", "a-1.1"]
    assert listed("&order=score&least_score=0.5") == ["a-1.2", "b-1.4"]
    assert listed("&asset=a&state=chosen") == ["a-1.2", "a-1.1"]
    served.told("GET", "/v1/clips?least_score=0.5", status=400)
    cursor = served.told("GET", "/v1/clips?limit=1&order=score")["next"]
    assert "another order" in served.told("GET", f"/v1/clips?cursor={cursor}", status=400)["detail"]
    assert served.told("GET", f"/v1/clips?order=score&cursor={cursor}", "bob")["items"] == []


def test_assets_are_listed_by_state_and_time(served: Served) -> None:
    first = served.announced()
    served.clock.at = served.clock.at.replace(hour=5)
    second = served.announced()
    served.arrive("ann", second)
    assert ids(served.told("GET", "/v1/assets?state=awaiting")) == [first]
    assert ids(served.told("GET", "/v1/assets?since=2026-01-01T05:00:00Z")) == [second]
    assert ids(served.told("GET", "/v1/assets?until=2026-01-01T06:00:00%2B01:00")) == [first]


@pytest.mark.parametrize("path", ["/v1/assets", "/v1/flows", "/v1/clips", "/v1/organisation", "/v1/flows/{}"])
def test_what_has_not_changed_is_not_sent_again(served: Served, path: str) -> None:
    flow = served.arrive("ann", served.announced())
    tag = served.ask("GET", path.format(flow)).headers["etag"]
    for header in (tag, f'"x", {tag}', "*"):
        answer = served.ask("GET", path.format(flow), headers={"If-None-Match": header})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    put(served, "a-1.1", "x")
    served.told("POST", f"/v1/flows/{flow}/cancel")
    served.announced()
    served.told("PATCH", "/v1/organisation", json={"name": "Other"})
    assert served.ask("GET", path.format(flow), headers={"If-None-Match": tag}).status_code == 200
