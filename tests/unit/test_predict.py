"""The stage that foretells: what it keeps of each clip with a model, without one, and with one that was altered."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.domain.codec import loads, to_json
from common.domain.judgement import Judgement, Pull
from common.domain.learning import Prediction
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.errors import Permanent
from common.scoring import foretelling
from common.scoring.judging import judge
from common.stages import predict
from tests.learned import NAMES, trained
from tests.work import OneStage, make_work

VERSION = "f1"


def judged() -> Judgement:
    return judge(Observed(span=Span(Fraction(0), Fraction(12))))


@pytest.fixture
def job(tmp_path: Path) -> OneStage:
    """Two clips that were scored, one with the strongest hook there is and one with the weakest."""
    source = tmp_path / "talk.mp4"
    source.touch()
    made = make_work(tmp_path, source=source)
    scores = [
        {"number": n, "judgement": to_json(judged()), "features": {NAMES[0]: strength, "fps": None}}
        for n, strength in ((1, 1.0), (2, 0.0))
    ]
    made.given["score"] = {"scores": made.keep("scores.json", scores), "features_version": VERSION, "count": 2}
    return made


def live(job: OneStage, *accounts: tuple[str, int], features_version: str = VERSION) -> Path:
    """A model as the registry keeps it; the file of its trees."""
    model = trained(features_version, *accounts)
    where = "t/local/models/ctr/1-a"
    for name, content in (("model.ubj", model.ubj), ("manifest.json", model.sealed)):
        job.put(f"{where}/{name}", content)
    entry = {"version": "1-a", "digest": hashlib.sha256(model.ubj + model.sealed).hexdigest()}
    job.documents["models"] = [{"id": "ctr", "name": "ctr", "live": "1-a", "versions": [entry]}]
    return job.root / "objects" / where / "model.ubj"


def told(job: OneStage) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    outcome = predict.run(job)
    kept = outcome.documents
    assert set(kept) == {"predictions/{flow}.1", "predictions/{flow}.2"}
    return loads(job.get(outcome.result["predictions"])), {"left_out": outcome.left_out, "kept": kept}


def test_without_a_model_the_features_are_kept_all_the_same(job: OneStage) -> None:
    job.documents["outcomes"] = [{"id": str(n), "schema": 1} for n in range(3)]
    found, beside = told(job)
    for one in found:
        assert one["model"] is None and one["accounts"] == [] and one["refused"] is None
        assert (one["silence"]["have"], one["silence"]["need"]) == (3, foretelling.NEED)
        assert {known["name"] for known in one["known"]} >= {"score", "hook"}
    kept = beside["kept"]["predictions/{flow}.2"]
    assert kept["features"] == {NAMES[0]: 0.0, "fps": None} and kept["features_version"] == VERSION
    assert (kept["schema"], kept["clip"], kept["asset"]) == (1, "a1-1.2", "a1") and beside["left_out"] == ()
    assert kept["flow"] is None and kept["created"] is None  # filled where the run settles


def test_how_the_first_line_pulls_is_known_without_any_history() -> None:
    plain = judged()
    assert "pull" not in [one.name for one in foretelling.known(plain)]
    pull = Pull(value=0.71, low=0.52, high=0.88, source="pull@1 by words")
    (told,) = (
        one for one in foretelling.known(replace(plain, hook=replace(plain.hook, pull=pull))) if one.name == "pull"
    )
    assert (told.value, told.text) == (0.71, "its first line would out-pull 7 of 10 headlines (5 to 9)")


def test_where_none_of_the_models_was_good_enough_it_says_so(job: OneStage) -> None:
    job.documents["models"] = [
        {"id": "ctr", "name": "ctr", "live": None, "have": 150, "versions": [{"version": "1-a"}]}
    ]
    (silence,) = {one["silence"]["why"] for one in told(job)[0]}
    assert "better than what is usual" in silence and told(job)[0][0]["silence"]["have"] == 150


def test_the_accounts_with_the_most_history_come_first_and_each_has_its_doubt(job: OneStage) -> None:
    sizes = {"few": 4, "c": 20, "b": 30, "most": 40, "d": 15, "e": 12, "f": 11}
    live(job, *sizes.items())
    job.documents["channels"] = [{"id": "most", "name": "The Shop", "state": "connected"}]
    first, second = told(job)[0]
    assert [one["account"] for one in first["accounts"]] == ["most", "b", "c", "d", "e"]
    assert [one["name"] for one in first["accounts"]] == ["The Shop", "b", "c", "d", "e"]
    assert {one["network"] for one in first["accounts"]} == {"meta-ads"} and first["model"] == "ctr@1-a"
    strong, weak = (foretelling.foretold(one["accounts"][0]) for one in (first, second))
    assert isinstance(strong, Prediction) and isinstance(weak, Prediction)
    assert strong.value > 1.5 * weak.value and strong.low < strong.value < strong.high
    assert strong.contributions[0].name in (NAMES[0], "account") and first["silence"] is None


def test_an_account_with_too_little_history_is_told_what_it_lacks(job: OneStage) -> None:
    live(job, ("shop", 120), ("small", 4))
    accounts = told(job)[0][0]["accounts"]
    assert accounts[0]["prediction"] is not None
    assert accounts[1]["prediction"] is None and accounts[1]["silence"]["have"] == 4


def test_an_altered_a_missing_and_another_model_are_refused_by_name(job: OneStage) -> None:
    path = live(job, ("shop", 120))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    for after in (lambda: path.unlink(), lambda: live(job, ("shop", 120), features_version="f0")):
        found, beside = told(job)
        (left,) = beside["left_out"]
        assert left.what == foretelling.WHAT and "ctr@1-a" in left.why
        assert [one["refused"] for one in found] == [left.why] * 2
        assert all(one["accounts"] == [] and one["silence"] is None for one in found)
        assert len(beside["kept"]["predictions/{flow}.1"]["features"]) == 2, "it is learned from all the same"
        after()
    assert "version f0" in told(job)[1]["left_out"][0].why


def test_what_is_kept_of_many_contributions_still_adds_up(job: OneStage) -> None:
    live(job, ("shop", 120))
    told = foretelling.foretold(predict_one(job))
    assert isinstance(told, Prediction)
    many = [*told.contributions] * 6
    entry = foretelling.kept(
        Prediction(**{name: getattr(told, name) for name in PREDICTION} | {"contributions": tuple(many)}),
        account="shop",
        network=None,
        name=None,
    )
    kept = entry["prediction"]["contributions"]
    assert len(kept) == foretelling.MOST_KEPT + 1 and kept[-1]["name"] == foretelling.OTHERS
    assert sum(one["effect"] for one in kept) == pytest.approx(sum(one.effect for one in many))


PREDICTION = ("model", "account", "value", "low", "high", "coverage", "exposure", "band", "typical")


def predict_one(job: OneStage) -> dict[str, Any]:
    found: dict[str, Any] = told(job)[0][0]["accounts"][0]
    return found


def test_without_judged_clips_there_is_nothing_to_foretell(job: OneStage) -> None:
    del job.given["score"]
    with pytest.raises(Permanent, match="run again from score"):
        predict.run(job)
