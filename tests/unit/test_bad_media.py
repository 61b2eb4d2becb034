"""Broken files and naughty names: a Probe or a typed rejection for each, quickly, and no name is read as a command."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from common.domain.asset import Probe
from common.errors import RejectedMedia
from common.media.probe import probe
from common.media.rejections import REJECTIONS
from common.media.tools import SAFE_INPUT, file_url, run

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
BAD = sorted(p for p in (SHARED / "bad_media").rglob("*") if p.is_file() and p.suffix != ".tsv")
NAUGHTY = SHARED / "conformance" / "blns.json"
ENCRYPTED = ("cenc.mp4", "cbcs-video.mp4", "cbcs_video_init.mp4", "gizmo-frag-2.mp4")


@pytest.mark.skipif(not BAD, reason=f"no broken files at {SHARED / 'bad_media'}")
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_each_broken_file_has_a_typed_outcome(path: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    try:
        found: Probe | None = probe(path, scratch=tmp_path)
        code = None
    except RejectedMedia as rejection:
        found, code = None, rejection.code
    assert time.monotonic() - began < 30
    assert found is None or found.duration >= 1
    assert code is None or code in REJECTIONS
    assert list(tmp_path.iterdir()) == []
    if path.name.endswith(ENCRYPTED):
        assert code == "encrypted"
    if path.suffix in (".wav", ".mp3"):
        assert code in ("no_video", "unreadable")


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


UNPACKED = 200 << 20
BOMBS: dict[str, Callable[[], bytes]] = {
    "an index that unpacks to 200 MB": lambda: box(b"ftyp", b"qt  \0\0\0\0qt  ")
    + box(
        b"moov",
        box(
            b"cmov",
            box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", UNPACKED) + zlib.compress(bytes(UNPACKED), 9)),
        ),
    ),
    "a picture of 4 billion pixels": lambda: b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b"!\xf9\x04\0\x0a\0\0\0,"
    + struct.pack("<4H", 0, 0, 65535, 65535) + b"\0\x02\x02\x44\x01\0;",
}  # fmt: skip


@pytest.mark.parametrize("what", BOMBS)
def test_what_unpacks_to_far_more_than_it_is_has_a_typed_outcome(what: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.mov"
    path.write_bytes(BOMBS[what]())
    assert path.stat().st_size < UNPACKED / 500
    began = time.monotonic()
    with pytest.raises(RejectedMedia):
        probe(path, scratch=tmp_path)
    assert time.monotonic() - began < 30
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mkv"
    source = ["-f", "lavfi", "-i", "testsrc2=d=1:s=64x64"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", *source, "-c:v", "libx264", "-preset", "ultrafast", str(path)],
        check=True,
        timeout=300,
    )
    return path


def linked(video: Path, names: list[bytes]) -> list[Path]:
    """The video under each name that the file system takes."""
    folder = video.with_name("names")
    folder.mkdir()
    paths = []
    for name in names:
        try:
            os.link(video, os.fsencode(folder) + b"/" + name)
        except (OSError, ValueError):  # "", ".", "..", "a/b", NUL and names over 255 bytes
            continue
        paths.append(folder / os.fsdecode(name))
    return paths


def open_all(paths: list[Path], scratch: Path) -> None:
    """Open each as probe does, 50 to a process: a start costs ten times what a file costs."""
    for first in range(0, len(paths), 50):
        inputs = [arg for path in paths[first : first + 50] for arg in (*SAFE_INPUT, "-i", file_url(path))]
        args = ["-v", "error", "-nostdin", *inputs, "-map", "0:v", "-frames:v", "1", "-f", "null", "-"]
        run("ffmpeg", args, scratch=scratch)


@pytest.mark.skipif(not NAUGHTY.exists(), reason=f"no naughty strings at {NAUGHTY}")
def test_naughty_names_open_as_files(video: Path, tmp_path: Path) -> None:
    names = {name.encode("utf-8", "surrogatepass") for name in json.loads(NAUGHTY.read_bytes())}
    paths = linked(video, sorted(names))
    assert len(paths) > 300
    open_all(paths, tmp_path)


NASTY = [
    b"-i.mkv", b"--help", b"frame%03d.mkv", b"a\nb.mkv", b"\"'`$(touch x)`;|&.mkv", b"concat:a|b", b"file:x",
    b"http:..x", b"x" * 255, b"caf\xe9\xff.mkv", b"[in];movie=a,b=c:d\\.mkv", b"*?{a,b}.mkv", "日本語 🎬.mkv".encode(),
    b"pipe:0", b" ", b"~",
]  # fmt: skip


def test_nasty_names_open_as_files(video: Path, tmp_path: Path) -> None:
    paths = linked(video, NASTY)
    assert len(paths) == len(NASTY)
    open_all(paths, tmp_path)


@pytest.mark.parametrize("name", [b"concat:%03d|\n'", b"caf\xe9\xff.m3u8"])
def test_a_nasty_name_probes_like_any_other(video: Path, name: bytes) -> None:
    scratch = video.with_name("scratch")
    scratch.mkdir()
    (path,) = linked(video, [name])
    assert probe(path, scratch=scratch).duration == 1
    assert list(scratch.iterdir()) == []


def test_a_relative_name_with_a_dash_is_no_option(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = linked(video, [b"-version"])
    monkeypatch.chdir(path.parent)
    assert probe(Path("-version"), scratch=tmp_path).duration == 1
