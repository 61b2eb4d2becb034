"""scripts/bench render: what rendering costs above bare ffmpeg, what shapes share, and whether frames repeat."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from common.domain.clip import Aspect
from common.media.captions.fonts import find_face
from common.media.graph import PRESET, QUALITY
from common.media.inspect import inspect
from common.media.tools import find
from scripts.benches import Row, levels, moviepy_edit
from scripts.benches.cost import Cost, cost, least
from scripts.benches.edit import SPAN, Edit, edit, words
from scripts.benches.footage import minute_of_1080p

_MOVIEPY = Path(__file__).resolve().parents[2] / ".venv-peers/bin/python"
THREE: tuple[Aspect, ...] = ("9:16", "1:1", "16:9")
REPEAT = 3


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        video, what = minute_of_1080p(folder)
        made = edit(video, THREE, folder)
        peer = f"{float(SPAN.duration):g} s of 9:16, moving crop, captions, sound; {what}"
        yield from _against_ffmpeg(made, folder, peer)
        yield from _against_moviepy(made, folder, peer)
        yield from _three_shapes(made, folder, what)
        yield from _again(made, folder)
        yield from _looked_at(made, folder)
    yield from levels.rows()


def _against_ffmpeg(made: Edit, folder: Path, peer: str) -> Iterator[Row]:
    ours, bare = [], []
    for n in range(REPEAT):
        bare.append(cost(partial(made.bare, THREE[:1], folder / f"bare{n}")))
        ours.append(cost(partial(made.ours, THREE[:1], folder / f"ours{n}")))
    one, other = least(ours), least(bare)
    ratio = one.cpu / other.cpu
    yield Row(name="render: CPU against bare ffmpeg", value=ratio, unit="x", target=1.05, peer=peer)
    yield Row(name="render: CPU per second of clip", value=one.cpu / float(SPAN.duration), unit="s", peer=peer)
    yield Row(name="render: peak memory (PSS of the tree)", value=one.peak, unit="MB", peer=peer)


def _against_moviepy(made: Edit, folder: Path, peer: str) -> Iterator[Row]:
    if not _MOVIEPY.is_file():
        yield Row(name="render: against moviepy 2: left out, run scripts/setup peers", value=0, unit="")
        return
    ours = cost(partial(made.ours, THREE[:1], folder / "mine"))
    theirs = cost(partial(_by_moviepy, made, folder / "theirs"))
    yield from _over(ours, theirs, peer=f"moviepy 2 as it is, {peer}", targets=(5, 6, 0.5))
    alike = cost(partial(_by_moviepy, made, folder / "alike", preset=PRESET, ffmpeg_params=["-crf", str(QUALITY)]))
    yield from _over(ours, alike, what=" told our encoding", peer=f"moviepy 2, preset {PRESET}, crf {QUALITY}; {peer}")


def _over(
    ours: Cost, theirs: Cost, *, peer: str, what: str = "", targets: Sequence[float | None] = (None, None, None)
) -> Iterator[Row]:
    name, (cpu, wall, peak) = f"render: %s of moviepy{what} over ours", targets
    value = theirs.cpu / ours.cpu
    yield Row(name=name % "CPU", value=value, unit="x", target=cpu, peer=peer, at_least=True)
    value = theirs.wall / ours.wall
    yield Row(name=name % "wall", value=value, unit="x", target=wall, peer=peer, at_least=True)
    value = ours.peak / theirs.peak
    yield Row(name=f"render: peak memory against moviepy's{what}", value=value, unit="x", target=peak, peer=peer)


def _by_moviepy(made: Edit, out: Path, **encoder: object) -> None:
    out.mkdir(parents=True)
    plan = made.plans[THREE[0]]
    part = plan.stretches[0].parts[0]
    told = {
        "source": str(made.source),
        "start": float(SPAN.start),
        "end": float(SPAN.end),
        "rate": float(made.probe.video.frame_rate),
        "keys": [list(map(float, key)) for key in part.keys],
        "width": part.width,
        "height": part.height,
        "size": [plan.width, plan.height],
        "font": str(find_face("black").path),
        "font_size": plan.width // 12,
        "words": [[w.text, float(w.span.start - SPAN.start), float(w.span.duration)] for w in words()],
        "out": str(out / "clip.mp4"),
        "encoder": encoder,
    }
    (out / "edit.json").write_text(json.dumps(told))
    subprocess.run([_MOVIEPY, moviepy_edit.__file__, out / "edit.json"], check=True)


def _three_shapes(made: Edit, folder: Path, what: str) -> Iterator[Row]:
    together, apart = [], []
    for n in range(2):
        together.append(cost(partial(made.ours, THREE, folder / f"together{n}")))
        apart.append([cost(partial(made.ours, [one], folder / f"{n}{one[0]}")) for one in THREE])
    joint = least(together)
    cpu = min(sum(run.cpu for run in runs) for runs in apart)
    wall = min(sum(run.wall for run in runs) for runs in apart)
    peer = f"three runs of one shape each; {', '.join(THREE)}; {what}"
    yield Row(name="render: CPU of three shapes in one run", value=joint.cpu / cpu, unit="x", target=0.93, peer=peer)
    yield Row(name="render: wall of three shapes in one run", value=joint.wall / wall, unit="x", target=0.8, peer=peer)


def _again(made: Edit, folder: Path) -> Iterator[Row]:
    told = [_frames(file.path) for file in made.ours(THREE[:1], folder / "again")]
    before = [_frames(folder / "ours0" / name) for name in ("clip-9x16.mp4", "preview.mp4")]
    differ = sum(one != other for a, b in zip(told, before, strict=True) for one, other in zip(a, b, strict=True))
    peer = f"-f framemd5 of {sum(map(len, told))} frames and packets of sound, two runs of one manifest"
    yield Row(name="render: frames that differ between two runs", value=differ, unit="", target=0, peer=peer)


def _frames(path: Path) -> list[str]:
    args = [find("ffmpeg"), "-v", "error", "-nostdin", "-i", str(path), "-f", "framemd5", "-"]
    return subprocess.run(args, capture_output=True, check=True, text=True).stdout.splitlines()


def _looked_at(made: Edit, folder: Path) -> Iterator[Row]:
    path = folder / "ours0" / "clip-9x16.mp4"
    found = cost(lambda: inspect(path, scratch=folder, progress=lambda at: None))
    peer = "the gate: decoded once, loudness, peaks, black, frozen, flashes"
    yield Row(name="check: CPU per second of clip", value=found.cpu / float(SPAN.duration), unit="s", peer=peer)
