"""The report: one document that keeps its schema, one page that obeys nobody's text."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from common.domain.annotation import Annotation, Annotations
from common.domain.codec import dumps, to_json
from common.domain.gate import Finding, Fit, Gate
from common.domain.judgement import Item
from common.domain.learning import Contribution, Foretold, Prediction, Silence
from common.domain.observed import Observed
from common.domain.settings import FlowSettings, Weighing
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, TextLine
from common.domain.transcript import Transcript, Word
from common.domain.verdict import LeftOut as NoMember
from common.domain.verdict import Recommendation, Verdict, Vote
from common.media.probe import probe
from common.ports.work import Ended
from common.scoring import foretelling
from common.scoring.consensus import merge
from common.scoring.judging import judge
from common.scoring.weights import COMPOSITE
from common.stages import report
from tests.framed import face
from tests.media import three_seconds
from tests.work import OneStage, make_work

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "result.schema.json").read_text())
FIRST = Span(Fraction(0), Fraction(1))
EVIL = "</script><img src=x onerror=alert(1)>{{ 7*7 }}\"'&"


def told(verdict: Verdict) -> dict[str, Any]:
    """As the council keeps it, with hostile words in all that is text."""
    return {
        "number": 1,
        "verdict": to_json(verdict),
        "decision": "hold",
        "because": EVIL,
        "changes": to_json(
            [
                Recommendation(text=EVIL, by=EVIL),
                Recommendation(text="cut", by="score", span=Span(Fraction(0), Fraction(1))),
            ]
        ),
        "flagged": [EVIL],
    }


PREDICTION = Prediction(
    model="ctr@1",
    account="ads",
    value=0.0137,
    low=0.0101,
    high=0.0192,
    coverage=0.9,
    exposure=2500,
    band="typical",
    typical=(0.0112, 0.0161),
    contributions=(
        Contribution(name="hook_question", text=EVIL, effect=0.21),
        Contribution(name="account", text="what ads came to", effect=0.5),
        Contribution(name="shots", text="many cuts", effect=-0.1),
        Contribution(name="fps", text="too little to tell", effect=0.0001),
    ),
)


def foretold_of(told: Foretold | None, **fields: Any) -> dict[str, Any]:
    """As the stage keeps it, for one account with a hostile name."""
    accounts = [] if told is None else [foretelling.kept(told, account="ads", network="meta-ads", name=EVIL)]
    known = [{"name": "score", "value": 0.5, "text": EVIL}]
    said = {"number": 1, "model": "ctr@1", "accounts": accounts, "silence": None, "refused": None, "known": known}
    return said | {"features": {}, "features_version": "1"} | fields


def ended(stage: str, state: str = "done", error: str | None = None, member: int | None = None) -> Ended:
    return Ended(
        stage=stage,
        title=stage.title(),
        member=member,
        state=state,
        error=error,
        reused=False,
        wall_s=1.0,
        cpu_s=0.5,
        peak_mb=10.0,
        cost_micros=0,
        left_out=(),
    )


@pytest.fixture
def work(tmp_path: Path) -> OneStage:
    """A 3 s video with one clip, its text as bad as text can be."""
    source = three_seconds(tmp_path)
    made = make_work(tmp_path, source=source, settings=FlowSettings(clips=1, min_s=1, max_s=3))
    span = {"start": "0/1", "end": "3/1"}
    clip = {
        "number": 1,
        "span": span,
        "title": EVIL,
        "score": 0.5,
        "scores": {EVIL: 0.5},
        "evidence": [{"name": "x", "text": EVIL, "weight": -0.1, "span": {"start": "1/1", "end": "3/1"}}],
        "why": EVIL,
        "text": EVIL,
        "description": EVIL,
        "hashtags": [EVIL],
        "raise_by": [EVIL],
        "proposed": 1,
        "runner_up": {"span": span, "score": 0.4, "behind": 0.1, "why": EVIL},
    }
    judgement = judge(Observed(span=Span(Fraction(0), Fraction(3))))
    parts = tuple(replace(part, why=EVIL) for part in judgement.parts)
    rubric = (Item(key="x", text=EVIL, met=None, weight=0.1, why=EVIL),)
    judged = {
        "number": 1,
        "judgement": to_json(replace(judgement, parts=parts, rubric=rubric)),
        "features": {"fps": 10.0, "age_fit": None},
    }
    votes = [
        Vote(member="a", kind="rubric", source="a@1", score=70.0, reasons=(EVIL,)),
        Vote(member="b", kind="history", source="b@1", score=None, abstains=EVIL),
    ]
    verdict = merge(votes, local=50, left_out=[NoMember(name="c", why=EVIL)])
    finding = Finding(name="loudness", verdict="fail", measured=EVIL, limit=EVIL, fix=EVIL, platform=EVIL)
    fit = Fit(platform=EVIL, fits=False, checked=3, unverified=(EVIL,))
    gate = Gate(aspect="16:9", object="preview.mp4", ready=False, findings=(finding,), fits=(fit,))
    shot = Shot(
        number=0,
        span=Span(Fraction(0), Fraction(3)),
        opens_with="start",
        confidence=1.0,
        brightness=0.5,
        motion=0.1,
        black=False,
        frozen=False,
    )
    word = Word(text=EVIL, span=Span(Fraction(0), Fraction(1)))
    heard = Transcript(language="en", source=EVIL, timing="estimated", words=(word,), notes=(EVIL,), quality="draft")
    line = TextLine(text=EVIL, box=Box(x=0.1, y=0.8, width=0.5, height=0.1), confidence=0.9)
    reading = Reading(at=Fraction(1), shot=0, source="reader@1", coverage=0.05, lines=(line,))
    seen = face(lambda t: (0.5, 0.5), Span(Fraction(0), Fraction(3)), kind=EVIL)
    meaning = {
        "source": "m@1", "sentences": [],
        "topics": [{**span, "first": 0, "last": 0, "label": EVIL, "words": [EVIL], "central": 0}],
        "moments": [{**span, "sentence": 0, "topic": 0, "text": EVIL, "worth": 1.0}],
        "engagement": [{**span, "value": 0.5, "parts": {"pace": None}}],
    }  # fmt: skip
    video = to_json(made.put("preview.mp4", source))
    check = {"name": "size", "ok": True, "measured": "96x54", "wanted": "96x54"}
    rendition = {
        "aspect": "16:9", "captions": "pop", "shown": [{"span": span, "layout": "whole", "reason": EVIL}],
        "object": "preview.mp4", "sha256": "0" * 64,
        "size": 100, "width": 96, "height": 54, "duration": "3/1", "frame_rate": "10/1", "frames": 30,
        "checks": [check],
    }  # fmt: skip
    made.given = {
        "ingest": {"probe": to_json(probe(source, scratch=made.scratch)), "audio_track": 0},
        "fingerprint": {"sha256": "0" * 64, "phash": [], "duplicate_of": None, "similar_to": None},
        "shots": {"shots": to_json(made.put("shots.json", dumps([shot]))), "damaged": 0},
        "listen": {
            "integrated_lufs": -20.0,
            "true_peak_dbtp": -3.0,
            "loudness_range": None,
            "silences": [span],
            "clipping": {"share": 0.0, "spans": []},
            "energy": {"median_dbfs": -20.0, "range_db": None},
            **dict.fromkeys(("pitch_hz", "pitch_range_st", "rate_per_s")),
            "spans": made.keep(
                "spans.json",
                {
                    "silences": [span],
                    "speech": [span],
                    "clipping": [],
                    "kinds": [{**span, "kind": "speech", "confidence": 0.9}],
                },
            ),
            "levels": made.keep("levels.json", {"start": "0/1", "step": "1/10", "momentary": [-20.0, None] * 15}),
        },
        "transcribe": {
            "transcript": to_json(made.put("t.json", dumps(heard))),
            "words": 1,
            "notes": [EVIL],
            "quality": "draft",
        },
        "read": [{"readings": to_json(made.put("r.json", dumps([reading])))}],
        "frame": {"tracks": to_json(made.put("k.json", dumps([seen])))},
        "meaning": {"meaning": made.keep("m.json", meaning)},
        "overlay": {"overlay": video},
        "propose": {
            "candidates": made.keep("c.json", [{**span, "score": 0.5, "chosen": 1}]),
            "fewer": None,
        },
        "score": {"clips": made.keep("clips.json", [clip]), "scores": made.keep("s.json", [judged])},
        "predict": {"predictions": made.keep("p.json", [foretold_of(PREDICTION)])},
        "council": {"verdicts": made.keep("v.json", [told(verdict)])},
        "check": [{"number": 1, "ready": False, "gates": made.keep("g.json", [to_json(gate)])}],
        "render": [
            {
                "number": 1,
                "renditions": [rendition],
                "preview": video,
                "thumbnail": None,
                "covers": {},
                "srt": None,
                "vtt": None,
                "ass": None,
            }
        ],
    }
    made.runs = (ended("ingest"), ended("render", "failed", EVIL, member=1))
    return made


def written(work: OneStage) -> tuple[dict[str, Any], str]:
    outcome = report.run(work)
    return json.loads(work.get(outcome.result["result"])), work.get(outcome.result["report"]).decode()


def test_the_result_keeps_its_schema(work: OneStage) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    result, _ = written(work)
    jsonschema.validate(result, SCHEMA)
    assert result["clips"][0]["renditions"][0]["path"] == "clips/01-16x9.mp4"
    assert {"what": "render, part 2", "why": EVIL} in result["left_out"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**result, "stranger": 1}, SCHEMA)


def test_a_clip_stands_there_by_its_cover_and_the_page_by_a_still_of_the_video(work: OneStage) -> None:
    assert " poster=" not in written(work)[1]
    (made,) = work.given["render"]
    of = {name: work.keep(f"{name}.jpg", name) for name in ("tall", "wide")}
    made |= {"covers": {"16:9": of["tall"]}, "thumbnail": of["wide"]}
    result, page = written(work)
    jsonschema.validate(result, SCHEMA)
    clip = result["clips"][0]
    assert (clip["renditions"][0]["cover"], clip["thumbnail"]) == ("clips/01-16x9.jpg", "clips/01.jpg")
    tall, wide = (base64.b64encode(f'"{name}"'.encode()).decode() for name in of)
    assert f'poster="data:image/jpeg;base64,{tall}"' in page
    assert f'<img class="poster" src="data:image/jpeg;base64,{wide}"' in page


def test_a_prediction_is_told_with_its_doubt_and_its_reasons(work: OneStage) -> None:
    result, page = written(work)
    [one] = result["clips"][0]["prediction"]["accounts"]
    told = one["prediction"]
    assert (told["value"], told["low"], told["high"], told["typical"]) == (0.0137, 0.0101, 0.0192, [0.0112, 0.0161])
    says = "1.4 % of those who see it click (1.0 to 1.9 % in 9 of 10 cases) – typical for "
    assert told["says"] == says + EVIL and f"<b>{says}" in page
    block = page[page.index('<div class="foretold">') : page.index('<ul class="evidence">\n')]
    assert "typical: 1.1 to 1.6 %" in block and "ctr@1" in block and "shown 2,500 times" in block
    assert "many cuts" in block and "too little to tell" not in block and "what ads came to" not in block
    assert block.index("&lt;/script&gt;", block.index("<ul")) < block.index("many cuts"), "what does most comes first"
    assert "Not enough data" not in block and "<img src=x" not in page


@pytest.mark.parametrize("somewhere", [True, False])
def test_where_there_is_no_history_it_says_so_and_what_is_known(work: OneStage, somewhere: bool) -> None:
    silence = Silence(why="too few; import past campaigns", have=3, need=20, of="posts and ads")
    told = foretold_of(silence) if somewhere else foretold_of(None, model=None, silence=to_json(silence))
    work.given["predict"] = {"predictions": work.keep("p.json", [told])}
    result, page = written(work)
    jsonschema.validate(result, SCHEMA)
    assert "<b>Not enough data</b>" in page and "3 of 20 posts and ads" in page and "What is known already" in page
    assert "those who see it click" not in page


def test_a_model_that_cannot_be_used_is_named(work: OneStage) -> None:
    told = foretold_of(None, refused="ctr@7 was altered; roll back")
    work.given["predict"] = {"predictions": work.keep("p.json", [told])}
    result, page = written(work)
    jsonschema.validate(result, SCHEMA)
    assert "No prediction: ctr@7 was altered; roll back" in page and "What is known already" in page


def test_weights_of_one_s_own_are_told_with_what_they_were(work: OneStage) -> None:
    assert "weights of your own" not in written(work)[1]
    parts = {**COMPOSITE, "hook": COMPOSITE["hook"] + 0.07, "pace": COMPOSITE["pace"] - 0.05, "people": 0.04}
    own = Weighing(version="3", since="2026-10-05T08:00:00.000000Z", parts=parts)
    work.settings = replace(work.settings, weights=own)
    result, page = written(work)
    jsonschema.validate(result, SCHEMA)
    told = "weights of your own since 2026-10-05, learned from what your clips came to: hook 0.33 (0.26 to begin with)"
    assert told in page and "pace 0.05 (0.10 to begin with)" in page and "novelty 0.06" not in page


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.000 %"), (0.00004, "0.004 %"), (0.0042, "0.42 %"), (0.0137, "1.4 %"), (0.128, "13 %"), (1, "100 %")],
)
def test_shares_are_told_with_digits_that_say_something(share: float, text: str) -> None:
    assert foretelling.percent(share) == text


def test_evidence_is_shown_with_its_price_and_obeys_nobody(work: OneStage) -> None:
    assert written(work)[0]["evidence"] is None
    odd = Annotation(text=EVIL, span=FIRST, confidence=0.5)
    seen = Annotations(labels=(odd,), shots=(FIRST,), texts=(replace(odd, text="SALE"),), dropped=3)
    features = [
        {"name": "labels", "count": 1, "cost_micros": 100_000},
        {"name": "faces", "count": None, "cost_micros": 100_000},
    ]
    work.given["watch"] = {
        "annotations": work.keep("a.json", to_json(seen)),
        "features": features,
        "dropped": 3,
    }
    result, page = written(work)
    jsonschema.validate(result, SCHEMA)
    told = result["evidence"]
    assert (told["cost_micros"], told["features"], told["dropped"]) == (200_000, features, 3)
    assert [(one["feature"], one["text"]) for one in told["found"]] == [("labels", EVIL), ("texts", "SALE")]
    assert "Evidence by Video Intelligence" in page and "$0.2000, once for this video" in page
    assert "has no vote" in page and "3 findings were dropped" in page and "<img src=x" not in page
    assert result["cost"]["micros"] == 0, "what was paid before is not paid again"


def test_evidence_that_nobody_could_give_says_that_nothing_was_paid(work: OneStage) -> None:
    features = [{"name": "labels", "count": None, "cost_micros": 0}]
    work.given["watch"] = {
        "annotations": work.keep("a.json", to_json(Annotations())),
        "features": features,
        "dropped": 0,
    }
    result, page = written(work)
    assert result["evidence"]["cost_micros"] == 0
    assert "nothing was paid" in page and "At list prices it cost" not in page


def test_evidence_that_nobody_asked_for_is_not_missed(work: OneStage) -> None:
    work.runs = (ended("watch", "skipped", "it was not asked for"),)
    assert "watch" not in {one["what"] for one in written(work)[0]["left_out"]}


def test_a_page_without_clips_or_shots_says_so(work: OneStage) -> None:
    for stage in ("shots", "listen", "transcribe", "propose", "score", "council", "frame", "meaning", "overlay"):
        del work.given[stage]
    work.given["render"] = work.given["read"] = work.given["check"] = []
    result, page = written(work)
    jsonschema.validate(result, SCHEMA)
    assert result["clips"] == [] and result["shots"] == [] and result["transcript"] is None
    assert "No clip was made" in page and "--transcript" in page


def test_nobodys_text_becomes_markup(work: OneStage) -> None:
    _, page = written(work)
    assert "<img src=x" not in page and "onerror=alert" not in page.replace("onerror=alert(1)&gt;", "")
    assert "{{ 7*7 }}" in page  # shown as it is: nothing was evaluated
    assert len(re.findall(r"<script", page)) == 1
    assert "default-src 'none'" in page


def test_the_page_plays_from_the_file_alone(work: OneStage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, page = written(work)
    assert 'src="data:video/mp4;base64,' in page
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
    monkeypatch.setattr("common.stages.report.page.EMBEDDED", 10)
    _, page = written(work)
    assert 'src="clips/01-16x9.mp4"' in page and "plays from the folder" in page


def test_a_draft_is_said_at_the_top(work: OneStage) -> None:
    result, page = written(work)
    assert result["transcript"]["asr_quality"] == "draft"
    assert page.index("The words are a draft") < page.index('id="timeline"')
