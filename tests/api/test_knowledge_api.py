"""Notes on an account's clips: put by people, made anew from outcomes, found for clips like it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.accounts.acting import Acting
from common.knowledge import refreshing
from common.ports.documents import Create, Vector
from common.scoring.recalling import MOST, recall
from tests.api.conftest import Served


def towards(subject: int) -> tuple[float, ...]:
    """A vector: 1 for the same subject, 0 for another."""
    return tuple(float(n == subject) for n in range(384))


def posted(served: Served, number: int, outcome: float | None, tenant: str = "ann", subject: int = 0) -> str:
    """A clip whose words were read, with how it did."""
    name = f"a1-1.{number}"
    body = {"schema": 2, "asset": "a1", "model": "minilm@1", "vector": Vector(towards(subject)), "outcome": outcome}
    served.engine.documents.commit(
        [
            Create(f"tenants/{tenant}/embeddings/{name}", body),
            Create(f"tenants/{tenant}/clips/{name}", {"title": f"Clip {number}", "number": number}),
        ]
    )
    return name


def note(clip: str, **more: Any) -> dict[str, Any]:
    return {"kind": "pattern", "text": "A question first, the answer last.", "clip": clip, **more}


def kept(served: Served, tenant: str = "ann") -> list[dict[str, Any]]:
    return [snap.body for snap in served.engine.documents.query("knowledge", parent=f"tenants/{tenant}")]


def test_a_note_is_put_listed_and_removed_and_each_is_in_the_trail(served: Served) -> None:
    clip = posted(served, 1, None)
    put = served.told("POST", "/v1/knowledge", status=201, json=note(clip))
    assert (put["text"], put["clip"], put["by"], put["model"]) == (note(clip)["text"], clip, "ann", "minilm@1")
    told = served.told("GET", "/v1/knowledge")
    assert told["notes"] == [put]
    assert (told["count"], told["oldest"], told["models"]) == (1, put["snapshot"], {"minilm@1": 1})
    served.told("DELETE", f"/v1/knowledge/{put['id']}", status=204)
    served.told("DELETE", f"/v1/knowledge/{put['id']}", status=404)
    assert served.told("GET", "/v1/knowledge")["count"] == 0
    trail = {line["what"] for line in served.told("GET", "/v1/audit")["items"]}
    assert trail == {"knowledge.remove", "knowledge.put"}


@pytest.mark.parametrize("clip", ["a1-1.9", "nothing", "a1-1.1/x", "../x", ""])
def test_a_note_is_about_a_clip_whose_words_are_known(served: Served, clip: str) -> None:
    posted(served, 1, None)
    assert served.ask("POST", "/v1/knowledge", json=note(clip)).status_code in (400, 404, 422)
    assert kept(served) == []


def test_nobody_meets_the_notes_of_others(served: Served) -> None:
    clip = posted(served, 1, None)
    mine = served.told("POST", "/v1/knowledge", status=201, json=note(clip))
    served.told("POST", "/v1/knowledge", "bob", 404, json=note(clip))
    served.told("DELETE", f"/v1/knowledge/{mine['id']}", "bob", 404)
    assert served.told("GET", "/v1/knowledge", "bob")["notes"] == []
    for number in range(10, 30):
        posted(served, number, number * 3.0, tenant="bob")
    assert served.told("POST", "/v1/knowledge/refresh")["snapshot"] is None
    assert served.told("GET", "/v1/knowledge")["notes"] == [mine]


def test_people_put_no_more_notes_than_there_is_room_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.knowledge.notes.MOST_PUT", 2)
    clip = posted(served, 1, None)
    for status in (201, 201, 422):
        served.told("POST", "/v1/knowledge", status=status, json=note(clip))


def test_winners_and_losers_come_from_outcomes_and_take_the_place_of_the_last(served: Served) -> None:
    clip = posted(served, 1, None)
    served.told("POST", "/v1/knowledge", status=201, json=note(clip))
    for number, outcome in enumerate((0, 10, 25, 40, 50, 60, 75), 2):
        posted(served, number, float(outcome))
    assert served.told("POST", "/v1/knowledge/refresh")["snapshot"] is None  # seven are too few
    posted(served, 20, 100.0)
    for _ in range(2):
        made = served.told("POST", "/v1/knowledge/refresh")["snapshot"]
        assert (made["winners"], made["losers"], made["by"]) == (2, 3, "ann")
        told = served.told("GET", "/v1/knowledge")
        found = {(one["kind"], one["clip"], one["outcome"], one["text"]) for one in told["notes"]}
        assert found == {
            ("pattern", clip, None, note(clip)["text"]),
            ("winner", "a1-1.20", 100.0, "Clip 20"),
            ("winner", "a1-1.8", 75.0, "Clip 8"),
            ("loser", "a1-1.2", 0.0, "Clip 2"),
            ("loser", "a1-1.3", 10.0, "Clip 3"),
            ("loser", "a1-1.4", 25.0, "Clip 4"),
        }
    assert len(told["snapshots"]) == 2


def test_who_may_only_look_changes_nothing(served: Served) -> None:
    studio = served.told("POST", "/v1/organisations", status=201, json={"name": "Studio"})["id"]
    where = {"Cutroom-Organisation": studio}
    served.told("POST", "/v1/members", status=201, json={"subject": "eve", "role": "viewer"}, headers=where)
    posted(served, 1, None, tenant=studio)
    served.told("GET", "/v1/knowledge", "eve", headers=where)
    served.told("POST", "/v1/knowledge", "eve", 403, json=note("a1-1.1"), headers=where)
    served.told("POST", "/v1/knowledge/refresh", "eve", 403, headers=where)
    served.told("DELETE", "/v1/knowledge/x", "eve", 403, headers=where)


def test_notes_on_clips_like_it_are_recalled_the_most_alike_first(served: Served) -> None:
    for number, outcome in enumerate((0, 10, 20, 30, 40, 50, 60, 90, 100)):
        posted(served, number, float(outcome), subject=number % 2)
    served.told("POST", "/v1/knowledge", status=201, json=note("a1-1.8"))
    acting = Acting(
        documents=served.engine.documents, clock=served.clock, tenant="ann", subject="ann", role="owner", request="r"
    )
    made = refreshing.refresh(acting)
    assert made is not None
    on = made.at[:10]
    vector = np.array(towards(0), np.float32) * 3 + np.array(towards(7), np.float32)
    told = recall(kept(served), vector)
    assert told[:2] == (
        f"Clip 0: did badly (0 of 100 among this account's clips, {on})",
        f"Clip 2: did badly (20 of 100 among this account's clips, {on})",
    )
    assert set(told[2:]) == {
        f"Clip 8: did well (100 of 100 among this account's clips, {on})",
        f"{note('x')['text']}: a person's note ({on})",
    }
    assert recall(kept(served), None) == ()
    assert recall([], vector) == ()
    assert len(recall(kept(served) * 9, vector)) == MOST
