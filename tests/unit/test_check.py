from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.clip import Clip, Rendition
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.framing import Framing, Key, View
from common.domain.gate import Caption, Finding, Finished, Gate, Levelled, Loudness, Verdict
from common.domain.platforms import Platform, Safe, platforms
from common.domain.timebase import Span
from common.domain.track import Box
from common.domain.transcript import Transcript, Word
from common.media.hashing import sha256_of
from common.media.manifest import SCHEMA, Manifest, Timeline
from common.scoring.fits import fitting
from common.scoring.gate import Made, judged
from common.scoring.shown import drift, faces_in_view, jolt, outside
from common.stages import check
from tests.framed import face
from tests.work import OneStage, make_work

SPAN = Span(Fraction(10), Fraction(40))
SAFE = Safe(top=0.15, bottom=0.35, left=0.11, right=0.22)
FINISHED = Finished(
    size=20_000_000, containers=("mov", "mp4"), duration=Fraction(30), start=Fraction(0), width=1080, height=1920,
    pixel_aspect="1:1", pixels="yuv420p", codec="h264", profile="High", frame_rate=Fraction(30), frames=900,
    progressive=True, audio_codec="aac", audio_profile="LC", sample_rate=48_000, channels=2, index_first=True,
    edit_list=True, loudness=Loudness(integrated=-14.1, true_peak=-1.5),
)  # fmt: skip
RENDITION = Rendition(
    aspect="9:16", shown=(), captions=None, object="clip-9x16.mp4", sha256="0" * 64, size=20_000_000, width=1080,
    height=1920, duration=Fraction(30), frame_rate=Fraction(30), frames=900, checks=(),
)  # fmt: skip
LEVELLED = Levelled(
    gain_db=6.0, ceiling_db=-2.0, before=-20.0, after=Loudness(integrated=-14.1, true_peak=-1.5), encoded=1, why=None
)
MADE = Made(
    rendition=RENDITION, span=SPAN, levelled=LEVELLED, framings=(), tracks=(), captions=(), words=None, safe=SAFE,
    frozen=(),
)  # fmt: skip


def span(start: float, end: float) -> Span:
    return Span(Fraction(start).limit_denominator(1000), Fraction(end).limit_denominator(1000))


def findings(finished: Finished = FINISHED, made: Made = MADE) -> dict[str, Finding]:
    return {one.name: one for one in judged(finished, made, ()).findings}


def test_a_clip_that_is_as_it_should_be_passes() -> None:
    gate = judged(FINISHED, MADE, platforms())
    own = [one for one in gate.findings if one.platform is None]
    assert gate.ready and {one.verdict for one in own} == {"pass"} and all(one.fix is None for one in own)
    assert {one.name for one in own} >= {"frames", "loudness", "true peak", "black", "frozen", "flashes", "steady view"}
    assert {fit.platform for fit in gate.fits if fit.fits} >= {"tiktok", "youtube_short", "instagram_reels", "linkedin"}


@pytest.mark.parametrize(
    ("change", "name", "verdict"),
    [
        ({"width": 1078}, "frame size", "fail"),
        ({"frames": 899}, "frames", "fail"),
        ({"duration": Fraction(31)}, "duration", "fail"),
        ({"duration": None}, "duration", "fail"),
        ({"frame_rate": Fraction(25)}, "frame rate", "fail"),
        ({"pixels": "yuv444p"}, "picture", "fail"),
        ({"progressive": False}, "picture", "fail"),
        ({"index_first": False}, "index", "fail"),
        ({"damage": 2}, "damage", "fail"),
        ({"audio_codec": None}, "sound", "fail"),
        ({"loudness": Loudness(integrated=-13.4, true_peak=-1.5)}, "loudness", "fail"),
        ({"loudness": Loudness(integrated=-14.5, true_peak=-0.9)}, "true peak", "fail"),
        ({"loudness": Loudness(integrated=None, true_peak=None)}, "loudness", "warn"),
        ({"black": (span(0, 16),)}, "black", "fail"),
        ({"black": (span(0, 1.2),)}, "black", "warn"),
        ({"frozen": (span(0, 30),)}, "frozen", "fail"),
        ({"frozen": (span(0, 6),)}, "frozen", "warn"),
        ({"flashes": 4}, "flashes", "fail"),
        ({"flashes": 3, "local_flashes": 3}, "flashes", "pass"),
        ({"flashes": 0, "local_flashes": 4}, "flashes", "warn"),
    ],
)
def test_each_fault_is_named_with_its_measure_and_what_to_do(
    change: dict[str, Any], name: str, verdict: Verdict
) -> None:
    gate = judged(replace(FINISHED, **change), MADE, ())
    found = {one.name: one for one in gate.findings}[name]
    assert found.verdict == verdict and found.measured and found.limit
    assert (found.fix is None) == (verdict == "pass")
    assert gate.ready == all(one.verdict != "fail" for one in gate.findings)
    assert [one.name for one in gate.findings if one.verdict != "pass"] == ([] if verdict == "pass" else [name])


def test_what_kept_a_clip_from_its_loudness_is_said() -> None:
    quiet = replace(FINISHED, loudness=Loudness(integrated=-18.0, true_peak=-6.0))
    found = findings(quiet, replace(MADE, levelled=replace(LEVELLED, why="it would need 14 dB more")))["loudness"]
    assert (found.verdict, found.fix) == ("warn", "it would need 14 dB more")
    mute = replace(FINISHED, audio_codec=None, loudness=None)
    without = findings(mute, replace(MADE, levelled=None))
    assert without["sound"].verdict == "pass" and "loudness" not in without


def test_a_source_that_stands_still_is_no_fault() -> None:
    still = replace(FINISHED, frozen=(span(0, 30),))
    assert findings(still, replace(MADE, frozen=(Span(Fraction(0), Fraction(60)),)))["frozen"].verdict == "warn"


def view(*keys: tuple[float, float], width: float = 0.3) -> View:
    return View(width=width, height=1.0, keys=tuple(Key(at=Fraction(at), x=x, y=0.5) for at, x in keys))


def framing(*views: View, tracks: tuple[int, ...] = (0,), layout: Any = "follow", within: Span = SPAN) -> Framing:
    return Framing(aspect="9:16", shot=0, span=within, layout=layout, reason="", views=views, tracks=tracks)


def test_a_face_out_of_the_crop_is_noticed() -> None:
    there = face(lambda t: (0.5 if t < 25 else 0.9, 0.4), SPAN)
    assert faces_in_view([framing(view((10, 0.5)))], [there], SPAN) == pytest.approx(0.5, abs=0.01)
    assert faces_in_view([framing(view((10, 0.5)), tracks=())], [there], SPAN) is None
    assert faces_in_view([framing(layout="blur")], [there], SPAN) == 1.0
    halves = framing(view((10, 0.5)), view((10, 0.85)), layout="split")
    assert faces_in_view([halves], [there], SPAN) == 1.0
    found = findings(made=replace(MADE, framings=[framing(view((10, 0.5)))], tracks=[there]))["faces in view"]
    assert (found.verdict, found.measured) == ("fail", "50% of the time")


@given(st.floats(0.01, 0.6), st.integers(1, 20))
def test_a_jolt_is_how_hard_the_view_turns(way: float, tenths: int) -> None:
    """A view that starts off from rest at an even speed v is accelerated by v within a step."""
    lasts = Fraction(tenths, 10)
    moving = view((10, 0.2), (20, 0.2), (float(20 + lasts), 0.2 + way))
    speed = way / 0.3 / float(lasts)
    assert jolt([framing(moving)], SPAN) == pytest.approx(speed / 0.1, rel=1e-6)


def test_a_view_at_rest_or_cut_from_shot_to_shot_is_steady() -> None:
    assert jolt([framing(view((10, 0.5)))], SPAN) == 0
    first, second = Span(Fraction(10), Fraction(20)), Span(Fraction(20), Fraction(40))
    assert jolt([framing(view((10, 0.2)), within=first), framing(view((20, 0.8)), within=second)], SPAN) == 0
    even = view((10, 0.2), (40, 0.8))
    assert jolt([framing(even)], SPAN) == pytest.approx(0, abs=1e-9)
    jump = view((10, 0.2), (20, 0.2), (20.1, 0.8))
    assert findings(made=replace(MADE, framings=[framing(jump)]))["steady view"].verdict == "fail"


def words(*texts: str, start: float = 10.0, each: float = 0.5) -> list[Word]:
    return [Word(text=text, span=span(start + n * each, start + (n + 1) * each)) for n, text in enumerate(texts)]


def caption(text: str, start: float, end: float, box: Box | None = None) -> Caption:
    return Caption(text=text, span=span(start, end), box=box or Box(x=0.2, y=0.5, width=0.5, height=0.1))


def test_captions_are_held_against_the_words() -> None:
    said = words("It's", "a", "Straße,", "naïve!", "—")
    good = [caption("IT'S A", 0, 1), caption("STRASSE NAÏVE", 1, 2.2)]
    assert drift(good, said, SPAN) == (0, 0, 4)
    late = [caption("IT'S A", 1, 2), caption("STRASSE NAÏVE", 2, 3.2)]
    assert drift(late, said, SPAN)[0] == 1
    assert drift(good[:1], said, SPAN) == (0, 2, 4)
    long = words("Donaudampfschifffahrtsgesellschaft")
    assert drift([caption("DONAUDAMPF-", 0, 0.2), caption("SCHIFF", 0.2, 0.5)], long, SPAN) == (0, 0, 1)


@given(st.floats(0, 1.9))
def test_a_late_caption_is_late_by_that_much(late: float) -> None:
    found, missing, _ = drift([caption("hello", late, late + 1)], words("Hello"), SPAN)
    assert found == pytest.approx(late, abs=1e-3) and missing == 0


@pytest.mark.parametrize(("late", "verdict"), [(0.05, "pass"), (0.2, "warn"), (0.5, "fail")])
def test_captions_out_of_time_are_named(late: float, verdict: Verdict) -> None:
    made = replace(MADE, captions=[caption("hello", late, 3)], words=words("hello"))
    assert findings(made=made)["captions in time"].verdict == verdict


def test_captions_outside_the_safe_zone_are_named() -> None:
    low = Box(x=0.2, y=0.60, width=0.4, height=0.1)
    assert outside(low, SAFE) == pytest.approx(0.05)
    made = replace(MADE, captions=[caption("x", 0, 1), caption("y", 1, 2, low)])
    found = findings(made=made)
    assert found["captions in the safe zone"].verdict == "fail"
    assert found["captions in the safe zone"].measured == "5.0% of the frame outside"
    assert "captions in time" not in found  # nobody knows the words


def platform(name: str) -> Platform:
    return next(one for one in platforms() if one.name == name)


@pytest.mark.parametrize(
    ("name", "change", "rule"),
    [
        ("snapchat_spotlight", {"duration": Fraction(61)}, "longest length"),
        ("pinterest", {"duration": Fraction(3)}, "shortest length"),
        ("instagram_reels", {"size": 301_000_000}, "file size"),
        ("youtube_short", {"width": 1920, "height": 1080}, "shape"),
        ("instagram_reels", {"width": 406, "height": 720}, "smallest frame"),
        ("x", {}, "largest frame"),
        ("tiktok", {"frame_rate": Fraction(15)}, "frame rate"),
        ("tiktok", {"containers": ("matroska",)}, "container"),
        ("x", {"profile": "High 10"}, "picture codec"),
        ("instagram_reels", {"channels": 6}, "sound codec"),
        ("x", {"audio_profile": "HE-AAC"}, "sound codec"),
        ("instagram_reels", {"pixels": "yuv444p"}, "pixel format"),
        ("x", {"progressive": None}, "scan"),
        ("x", {"pixel_aspect": "4:3"}, "pixel shape"),
        ("instagram_reels", {"index_first": False}, "index"),
    ],
)
def test_a_rule_that_is_not_met_keeps_a_file_from_its_platform_only(
    name: str, change: dict[str, Any], rule: str
) -> None:
    fit, misfits = fitting(replace(FINISHED, **change), (), "9:16", platform(name))
    assert not fit.fits and rule in {one.name for one in misfits if one.verdict == "fail"}
    assert all(one.platform == name and one.fix for one in misfits)
    gate = judged(FINISHED, MADE, [platform("x")])
    assert gate.ready and not gate.fits[0].fits


def test_rules_that_nobody_verified_are_skipped_and_said() -> None:
    fit, _ = fitting(FINISHED, (), "9:16", platform("facebook_reels"))
    assert fit.fits and {"longest length", "file size", "frame rate"} <= set(fit.unverified)
    assert fit.checked == 1  # the shortest length; the safe zone has no captions to look at


def test_an_edit_list_is_no_refusal() -> None:
    fit, misfits = fitting(FINISHED, (), "9:16", platform("instagram_reels"))
    assert fit.fits and [(one.name, one.verdict) for one in misfits] == [("edit lists", "warn")]
    assert fitting(replace(FINISHED, edit_list=False), (), "9:16", platform("instagram_reels"))[1] == []


# --- the stage ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["testsrc", "color=black"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    path = tmp_path_factory.mktemp("check") / "clip.mp4"
    picture = f"{request.param}{':' if '=' in request.param else '='}s=180x320:r=10:d=3"
    coded = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high")
    args = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, *coded, "-movflags", "+faststart", str(path)]
    subprocess.run(args, check=True)
    return request.param, path


def ready(path: Path, tmp_path: Path, size: tuple[int, int] = (180, 320)) -> OneStage:
    within = Span(Fraction(1), Fraction(4))
    clip = Clip(number=3, span=within, title="t", score=0.5, scores={}, evidence=(), why="w", text="")
    work = make_work(tmp_path, source=path, member=to_json(clip), number=2)
    kept = work.put("clip-9x16.mp4", path)
    rendition = replace(
        RENDITION, sha256=kept.sha256, size=kept.size, width=size[0], height=size[1], duration=Fraction(3),
        frame_rate=Fraction(10), frames=30,
    )  # fmt: skip
    timeline = Timeline(
        span=within, frame_rate=Fraction(10), frames=30, width=180, height=320, framings=(), levelled=None,
        captions=(caption("hello", 0, 1),),
    )  # fmt: skip
    told = Manifest(schema=SCHEMA, aspect="9:16", inputs={}, tools={}, timeline=timeline, graph=())
    spoken = Transcript(language="en", source="srt", timing="measured", words=tuple(words("Hello", start=1)))
    work.given = {
        "ingest": {},
        "shots": {"frozen": []},
        "frame": {"tracks": work.keep("tracks.json", [])},
        "transcribe": {"transcript": to_json(work.put("t.json", dumps(spoken)))},
        "render": {
            "number": 3,
            "renditions": [to_json(rendition)],
            "manifests": {"9:16": to_json(work.put("m.json", dumps(told)))},
        },
    }
    return work


def gates(work: OneStage, result: Any) -> list[Gate]:
    return from_json(list[Gate], loads(work.get(result["gates"])))


def test_finished_files_are_looked_at_and_a_black_one_is_not_ready(file: tuple[str, Path], tmp_path: Path) -> None:
    picture, path = file
    work = ready(path, tmp_path)
    result = check.run(work).result
    (gate,) = gates(work, result)
    assert gate.aspect == "9:16" and result["number"] == 3
    if picture == "testsrc":
        assert result["ready"] and gate.ready and result["failed"] == []
        assert {one.name for one in gate.findings} >= {"captions in time", "captions in the safe zone"}
    else:
        assert not result["ready"] and result["failed"] == ["black", "frozen"]
        black = next(one for one in gate.findings if one.name == "black")
        assert black.measured == "3.0 s, 3.0 s in a row" and black.fix and "black stretch" in black.fix
    assert len(gate.fits) == len(platforms())
    assert work.steps[-1] == (3.0, 3.0, "s")


@given(at=st.floats(0, 1, exclude_max=True))
def test_a_file_altered_by_one_byte_is_refused_by_name(at: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path = tmp_path_factory.mktemp("altered")
    path = tmp_path / "clip.bin"
    path.write_bytes(bytes(range(256)) * 8)
    work = ready(path, tmp_path)
    there = work.local({"object": "clip-9x16.mp4"})
    raw = bytearray(there.read_bytes())
    raw[int(at * len(raw))] ^= 1
    there.write_bytes(raw)
    result = check.run(work).result
    (gate,) = gates(work, result)
    assert not result["ready"] and result["failed"] == ["bytes"]
    (finding,) = gate.findings
    assert sha256_of(there, lambda done, total: None)[:16] in finding.measured
    assert finding.fix is not None and "changed after it was made" in finding.fix and "--again render" in finding.fix


def test_a_file_that_cannot_be_played_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    path.write_bytes(b"no video at all")
    work = ready(path, tmp_path)
    result = check.run(work).result
    assert not result["ready"] and result["failed"] == ["playable"]


def test_a_file_of_another_size_than_it_says_is_a_finding(file: tuple[str, Path], tmp_path: Path) -> None:
    work = ready(file[1], tmp_path, size=(180, 318))
    assert "frame size" in check.run(work).result["failed"]
