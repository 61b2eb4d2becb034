"""A file that names other files, or hosts, is refused before anything but the file itself is opened."""

from __future__ import annotations

import ast
import ctypes
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.errors import RejectedMedia
from common.media.probe import probe
from common.media.tools import SAFE_INPUT, file_url
from tests.media import three_seconds
from tests.standins.loopback import Reply, Request, serving

ROOT = Path(__file__).resolve().parents[2]
_OPENED, _WITHOUT_WAITING = 0x20, 0o4000  # of inotify(7)


@contextmanager
def watched(path: Path) -> Iterator[Callable[[], bool]]:
    """What is given tells whether anybody has opened the file since."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(_WITHOUT_WAITING)
    assert watch >= 0 and libc.inotify_add_watch(watch, os.fsencode(path), _OPENED) >= 0

    def opened() -> bool:
        try:
            return len(os.read(watch, 4096)) > 0
        except BlockingIOError:
            return False

    try:
        yield opened
    finally:
        os.close(watch)


def reference_movie(video: Path, other: str) -> bytes:
    """An mp4 whose frames are said to lie in another file beside it: an alias of its data reference names it."""
    raw = video.read_bytes()
    own = struct.pack(">I4sI", 12, b"url ", 1)  # flag 1: in this file
    path = b"/" + other.encode() + bytes(len(other) % 2 == 0)
    alias = bytes(10) + bytes(28) + bytes(12) + bytes(64) + bytes(16) + struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(path)) + path + struct.pack(">hH", -1, 0)
    there = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    assert own in raw and raw.index(b"mdat") < raw.index(b"moov"), "what is longer now moves no frame"
    while (at := raw.find(own)) >= 0:
        for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
            start = raw.rindex(box, 0, at) - 4
            size = struct.unpack(">I", raw[start : start + 4])[0]
            raw = raw[:start] + struct.pack(">I", size + len(there) - len(own)) + raw[start + 4 :]
        raw = raw[:at] + there + raw[at + len(own) :]
    return raw


HLS = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
TEXTS = {
    "HLS": HLS,
    "HLS after a mark": "\ufeff" + HLS,
    "HLS of HLS": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n",
    "HLS with a key": HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="{}"\n#EXTINF'),
    "HLS with a map": HLS.replace("#EXTINF", '#EXT-X-MAP:URI="{}"\n#EXTINF'),
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "concat after blanks": "\n\nffconcat version 1.0\nfile '{}'\n",
    "concat of a protocol": "ffconcat version 1.0\nfile 'concat:{}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period duration="PT9S">'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=control:{}\n",
    "M3U": "{}\n",
    "SMIL": '<smil><body><video src="{}"/></body></smil>',
    "a stream's description": "[Reference]\nRef1={}\n",
}
NAMES = ("x.mp4", "x.m3u8", "x.mpd", "x%03d.mp4", "x.ffconcat")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return three_seconds(tmp_path, "other.mp4")


@dataclass
class Host:
    """Answers nothing of use, and remembers that it was asked."""

    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply()


@pytest.mark.parametrize("what", TEXTS)
def test_a_list_of_others_is_refused_and_none_of_them_opened(what: str, video: Path, tmp_path: Path) -> None:
    heard = Host()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with serving(heard) as host, watched(video) as opened:
        others = (str(video), video.name, f"file:{video}", f"subfile,,start,0,end,0,,:{video}", f"{host}/a.ts")
        for name, other in zip(NAMES, others, strict=True):
            (tmp_path / name).write_text(TEXTS[what].replace("{}", other))
            with pytest.raises(RejectedMedia) as refused:
                probe(tmp_path / name, scratch=scratch)
            assert refused.value.code in ("playlist", "not_media", "refused_format"), (name, other)
        assert not opened() and heard.asked == []


def test_an_mp4_whose_frames_lie_elsewhere_has_none(video: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "x.mp4"
    hostile.write_bytes(reference_movie(video, video.name))
    with watched(video) as opened:
        with pytest.raises(RejectedMedia):
            probe(hostile, scratch=tmp_path)
        assert not opened()


@pytest.mark.parametrize("kind", ["HLS", "alias"])
def test_a_tool_that_is_let_would_open_the_other(kind: str, video: Path, tmp_path: Path) -> None:
    """Else nothing above could fail."""
    path = tmp_path / ("x.m3u8" if kind == "HLS" else "x.mp4")
    path.write_bytes(HLS.format(video).encode() if kind == "HLS" else reference_movie(video, video.name))
    let = {"HLS": ["-allowed_extensions", "ALL", "-extension_picky", "0"], "alias": ["-enable_drefs", "1"]}
    with watched(video) as opened:
        command = ["ffprobe", "-v", "error", *let[kind], "-i", file_url(path)]
        subprocess.run(command, capture_output=True, timeout=300, check=False)
        assert opened()


def test_every_input_of_a_tool_is_opened_with_the_list() -> None:
    """What opens bytes of others says which formats and protocols it takes; a picture or sound of ours which one."""
    found = 0
    for path in (ROOT / "common" / "media").rglob("*.py"):
        if "sample" in path.parts:  # our own film, of which nobody else has a part
            continue
        for one in ast.walk(ast.parse(path.read_text())):
            if isinstance(one, ast.Call) and ast.unparse(one.func) == "ffmpeg.input":
                given = {keyword.arg for keyword in one.keywords}
                assert "protocol_whitelist" in given and given & {"format_whitelist", "f"}, f"{path}:{one.lineno}"
                found += 1
            if isinstance(one, ast.FunctionDef) and "'-i'" in ast.unparse(one):
                assert "SAFE_INPUT" in ast.unparse(one), f"{path}:{one.lineno}"
                found += 1
    assert found > 12 and "-protocol_whitelist" in SAFE_INPUT
