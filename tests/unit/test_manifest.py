from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.domain.clip import Rendition
from common.domain.codec import dumps, from_json, loads
from common.domain.settings import FlowSettings
from common.domain.timebase import Span
from common.errors import Permanent
from common.media.manifest import Manifest, versions
from common.pipeline.definition import PIPELINE
from common.stages import mix, render
from tests.unit.test_render_stage import ready
from tests.work import OneStage


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("manifest") / "source.mp4"
    pictures = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=10:d=4")
    sound = ("-f", "lavfi", "-i", "sine=f=500:d=4", "-filter:a", "volume=0.5")
    subprocess.run(["ffmpeg", "-v", "error", *pictures, *sound, str(path)], check=True)
    return path


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.media.reframe.REDUCED", 180)
    monkeypatch.setattr("common.media.graph.PREVIEW", 120)


def framemd5(path: Path, *which: str) -> str:
    args = ["ffmpeg", "-v", "error", "-i", str(path), *which, "-f", "framemd5", "-"]
    return subprocess.run(args, capture_output=True, check=True, text=True).stdout


def rendered(source: Path, folder: Path, **settings: Any) -> tuple[OneStage, dict[str, Any]]:
    folder.mkdir()
    work = ready(source, folder)
    work.settings = FlowSettings(aspects=("9:16",), **settings)
    return work, render.run(work).result


def told(work: OneStage, result: dict[str, Any]) -> Manifest:
    return from_json(Manifest, loads(work.get(result["manifests"]["9:16"])))


def clip(work: OneStage, result: dict[str, Any]) -> Path:
    return work.local({"object": result["renditions"][0]["object"]})


def test_the_same_manifest_gives_the_same_frames_in_any_folder(source: Path, tmp_path: Path) -> None:
    runs = [rendered(source, tmp_path / name) for name in ("one", "another")]
    first, second = (told(*run) for run in runs)
    assert dumps(first) == dumps(second)
    assert framemd5(clip(*runs[0])) == framemd5(clip(*runs[1]))
    assert str(tmp_path) not in dumps(first).decode() and "/usr/share" not in dumps(first).decode()


def test_it_names_all_that_a_file_was_made_from(source: Path, tmp_path: Path) -> None:
    work, result = rendered(source, tmp_path / "one")
    found, (rendition,) = told(work, result), from_json(list[Rendition], result["renditions"])
    assert rendition.manifest == result["manifests"]["9:16"]["sha256"]
    assert found.inputs["source"] == "5" * 64 and found.inputs["sound"] == work.given["mix"]["sound"]["sha256"]
    assert set(found.inputs) == {"source", "sound", "captions"}
    assert found.tools == {**versions(tmp_path), "fonts": found.tools["fonts"]} and "libavcodec" in found.tools
    line = found.timeline
    assert line.span == Span(Fraction(1), Fraction(3)) and line.frames == 20 and line.frame_rate == 10
    assert "hello there" in " ".join(one.text for one in line.captions).casefold().replace(".", "")
    assert line.levelled is not None and line.levelled.after.integrated is not None
    assert [one.layout for one in line.framings] == ["blur"] and "-filter_complex" in found.graph


def test_other_captions_make_another_manifest_and_leave_the_sound_as_it_is(source: Path, tmp_path: Path) -> None:
    runs = [rendered(source, tmp_path / style, captions=style) for style in ("pop", "clean", "none")]
    manifests = [told(*run) for run in runs]
    assert len({dumps(one) for one in manifests}) == 3
    assert len({one.inputs["sound"] for one in manifests}) == 1
    sounds = {framemd5(clip(*run), "-map", "0:a", "-c", "copy") for run in runs}
    pictures = {framemd5(clip(*run), "-map", "0:v") for run in runs}
    assert (len(sounds), len(pictures)) == (1, 3)
    assert "captions" not in manifests[2].inputs and "fonts" not in manifests[2].tools


def test_a_change_of_captions_does_not_touch_the_sound_s_inputs() -> None:
    """The engine reuses a run whose inputs are equal; those of the sound hold nothing of captions, words or shapes."""
    stage = PIPELINE["mix"]
    assert stage.settings == () and not stage.fonts
    assert {need.stage for need in stage.after if need.input} == {"ingest", "listen"}
    assert "mix" in {need.stage for need in PIPELINE["render"].after}


def test_the_sound_lies_in_the_file_as_it_was_made(source: Path, tmp_path: Path) -> None:
    work, result = rendered(source, tmp_path / "one")
    made = work.local(mix.run(work).result["sound"])
    copied = clip(work, result)
    packets = [framemd5(path, "-map", "0:a", "-c", "copy") for path in (made, copied)]
    hashes = [[line.split(",")[-1] for line in one.splitlines() if not line.startswith("#")] for one in packets]
    assert hashes[0] == hashes[1] and len(hashes[0]) > 90


def test_a_clip_with_sound_is_never_rendered_without(source: Path, tmp_path: Path) -> None:
    work = ready(source, tmp_path)
    del work.given["mix"]
    with pytest.raises(Permanent, match="without its sound; run again with --again mix"):
        render.run(work)
