"""Probing files made for the purpose: each oddity is seen, and hostile descriptions are rejections, not tracebacks."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.domain.asset import AudioStream, Probe, VideoStream
from common.domain.codec import from_json, to_json
from common.domain.settings import FlowSettings
from common.errors import RejectedMedia
from common.media import probe as module
from common.media.ffprobe import clean, understand
from common.media.probe import choose_audio, probe
from common.media.rejections import REJECTIONS, rejected
from common.stages import ingest
from tests.work import make_work

H264 = ["-c:v", "libx264", "-preset", "ultrafast"]
SOUND = ["-f", "lavfi", "-i", "sine=d=2"]
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a short file: `make("a.mp4", *output options, picture=lavfi source, before=input options)`."""

    def write(name: str, *args: str, picture: str = "testsrc2=d=2:r=25:s=160x90", before: tuple[str, ...] = ()) -> Path:
        source = [*before, "-f", "lavfi", "-i", picture]
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-y", *source, *args, str(tmp_path / name)],
            check=True,
            timeout=300,
        )
        return tmp_path / name

    return write


def copy(source: Path, name: str, *args: str) -> Path:
    target = source.with_name(name)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source), "-c", "copy", *args, str(target)],
        check=True,
        timeout=300,
    )
    return target


def code_of(path: Path, scratch: Path, **options: Any) -> str:
    with pytest.raises(RejectedMedia) as caught:
        probe(path, scratch=scratch, **options)
    return caught.value.code


def test_plain_file(make: Make, tmp_path: Path) -> None:
    path = make("a.mp4", *H264, "-pix_fmt", "yuv420p")
    found = probe(path, scratch=tmp_path)
    video = found.video
    assert (video.width, video.height, video.codec) == (160, 90, "h264")
    assert video.frame_rate == 25
    assert found.start == 0
    assert found.duration == video.duration == 2
    assert video.pixel_aspect == 1
    assert (video.rotation, video.bit_depth) == (0, 8)
    assert not video.variable_rate and not video.interlaced and video.dynamic_range == "sdr"
    assert found.seekable and found.audio == () and found.warnings == ()
    assert found.size == path.stat().st_size
    assert from_json(Probe, to_json(found)) == found


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotation_is_clockwise(make: Make, tmp_path: Path, turn: int) -> None:
    """The upper left quarter is white; the turn that is found must bring it where players show it."""
    picture = "color=black:d=2:s=160x90:r=25,drawbox=w=80:h=45:c=white:t=fill"
    path = copy(make("a.mp4", *H264, picture=picture), "b.mp4", "-metadata:s:v:0", f"rotate={turn}")
    small = ["-vf", "scale=2:2:flags=area,format=gray", "-f", "rawvideo", "-"]
    shown = subprocess.run(  # ffmpeg turns the picture as players do
        ["ffmpeg", "-v", "error", "-i", str(path), "-frames:v", "1", *small],
        check=True,
        capture_output=True,
    ).stdout
    video = probe(path, scratch=tmp_path).video
    assert video.rotation in (turn, 360 - turn)  # which one this tag means depends on the version of ffmpeg
    corners = {90: 1, 180: 3, 270: 2}
    assert max(range(4), key=lambda at: shown[at]) == corners[video.rotation]
    assert (video.display_width, video.display_height) == ((160, 90) if turn == 180 else (90, 160))


def test_sound_before_the_picture_sets_zero(make: Make, tmp_path: Path) -> None:
    later = copy(make("a.mkv", *SOUND, *H264, before=("-itsoffset", "0.5")), "b.mkv", "-output_ts_offset", "3")
    found = probe(later, scratch=tmp_path)
    start = found.video.start_ticks * found.video.timebase
    assert abs(start - found.start - Fraction(1, 2)) < Fraction(1, 20)
    assert found.audio[0].start == 0
    assert abs(found.start - 3) < Fraction(1, 20)
    assert abs(found.duration - Fraction(5, 2)) < Fraction(1, 20)
    assert abs(found.video.duration - 2) < Fraction(1, 100)


def test_variable_rate_is_seen_and_a_steady_one_is_not(make: Make, tmp_path: Path) -> None:
    every_third_gone = "select='mod(n,3)'"
    varying = make("v.mp4", "-vf", every_third_gone, "-vsync", "vfr", *H264)
    steady = make("s.mp4", *H264, picture="testsrc2=d=2:r=30000/1001:s=160x90")
    assert probe(varying, scratch=tmp_path).video.variable_rate
    video = probe(steady, scratch=tmp_path).video
    assert (video.variable_rate, video.frame_rate) == (False, Fraction(30000, 1001))


def test_audio_track_is_the_default_or_the_one_asked_for(make: Make, tmp_path: Path) -> None:
    path = make(
        "a.mkv", *SOUND, *SOUND, "-map", "0", "-map", "1", "-map", "2", *H264, "-metadata:s:a:0", "language=fra",
        "-metadata:s:a:1", "language=eng", "-disposition:a:0", "0", "-disposition:a:1", "default",
    )  # fmt: skip
    found = probe(path, scratch=tmp_path)
    assert [(sound.number, sound.language, sound.default) for sound in found.audio] == [(0, "fra", 0), (1, "eng", 1)]
    for wanted, got in ((None, 1), (0, 0), (1, 1)):
        chosen = choose_audio(found.audio, wanted)
        assert chosen is not None and chosen.number == got
    with pytest.raises(RejectedMedia, match=r"0 \(fra\), 1 \(eng\)") as caught:
        probe(path, scratch=tmp_path, audio_track=2)
    assert caught.value.code == "no_such_track"


def test_sound_that_cannot_be_decoded_is_left_out(make: Make, tmp_path: Path) -> None:
    path = make("a.mp4", *SOUND, *H264)
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"zzza").replace(b"esds", b"zzzs"))
    found = probe(path, scratch=tmp_path)
    assert found.audio == ()
    assert found.warnings == ("sound track 0 cannot be decoded and is left out",)
    assert code_of(path, tmp_path, audio_track=0) == "no_such_track"


def test_pixels_that_are_not_square(make: Make, tmp_path: Path) -> None:
    video = probe(make("a.mp4", "-vf", "setsar=2/3", *H264), scratch=tmp_path).video
    assert (video.pixel_aspect, video.display_width, video.display_height) == (Fraction(2, 3), 107, 90)


def test_interlaced(make: Make, tmp_path: Path) -> None:
    fields = make("a.mp4", "-vf", "setfield=tff", "-flags", "+ilme+ildct", "-c:v", "mpeg2video")
    video = probe(fields, scratch=tmp_path).video
    assert video.interlaced and not video.variable_rate


@pytest.mark.parametrize(("transfer", "kind"), [("smpte2084", "pq"), ("arib-std-b67", "hlg"), ("bt709", "sdr")])
def test_ten_bits_and_dynamic_range(make: Make, tmp_path: Path, transfer: str, kind: str) -> None:
    path = make("a.mkv", *H264, "-pix_fmt", "yuv420p10le", "-color_trc", transfer)
    video = probe(path, scratch=tmp_path).video
    assert (video.bit_depth, video.pixel_format, video.dynamic_range) == (10, "yuv420p10le", kind)


def test_a_cover_is_no_video(make: Make, tmp_path: Path) -> None:
    cover = make("cover.jpg", "-frames:v", "1", picture="testsrc2=s=640x640")
    with_cover = ["-i", str(cover), "-map", "0", "-map", "1", "-disposition:v:1", "attached_pic"]
    found = probe(make("a.mp4", *with_cover, *H264, "-c:v:1", "mjpeg"), scratch=tmp_path)
    assert (found.video.codec, found.video.width) == ("h264", 160)
    song = tmp_path / "song.m4a"
    streams = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    subprocess.run(["ffmpeg", "-v", "error", *SOUND, "-i", str(cover), *streams, str(song)], check=True, timeout=300)
    assert code_of(song, tmp_path) == "no_video"


def test_the_larger_of_two_pictures_without_a_default(make: Make, tmp_path: Path) -> None:
    large = ["-f", "lavfi", "-i", "testsrc2=d=2:s=320x180", "-map", "0", "-map", "1", "-disposition:v", "0"]
    assert probe(make("a.mkv", *large, *H264), scratch=tmp_path).video.width == 320


def test_odd_sizes(make: Make, tmp_path: Path) -> None:
    odd = make("a.mp4", *H264, "-pix_fmt", "yuv444p", picture="testsrc=d=2:s=321x179")
    video = probe(odd, scratch=tmp_path).video
    assert (video.display_width, video.display_height) == (321, 179)


def test_length_is_counted_where_the_file_does_not_say(make: Make, tmp_path: Path) -> None:
    live = make("a.webm", "-c:v", "libvpx", "-deadline", "realtime", "-f", "webm", "-live", "1")
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(live)],
        check=True,
        capture_output=True,
    )
    found = probe(live, scratch=tmp_path)
    assert said.stdout.strip() == b"N/A"
    assert abs(found.duration - 2) <= Fraction(1, 1000)
    assert not found.seekable


def test_length_is_what_is_there_not_what_is_claimed(make: Make, tmp_path: Path) -> None:
    noise = make("n.mp4", *H264, "-movflags", "faststart", picture="testsrc2=d=8:s=160x90,noise=alls=60:allf=t")
    raw = noise.read_bytes()
    noise.write_bytes(raw[: len(raw) // 2])
    found = probe(noise, scratch=tmp_path)
    assert 2 < found.duration < 6
    assert "says its picture lasts 0:08" in found.warnings[0]


def test_rejections_of_files_that_are_something_else(make: Make, tmp_path: Path) -> None:
    def holding(content: bytes, name: str = "x.mp4") -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return code_of(path, tmp_path)

    video = make("a.mp4", *H264).read_bytes()
    assert holding(b"") == "empty"
    assert holding(b"hello, this is text\n" * 9) == "not_media"
    assert holding(b"hello, this is text\n" * 9, "x.txt") == "not_media"
    assert holding(b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1/a.ts\n") == "playlist"
    assert holding(b"ffconcat version 1.0\nfile /etc/hostname\n") == "playlist"
    assert holding(make("p.png", "-frames:v", "1").read_bytes()) == "refused_format"
    assert holding(video[: len(video) // 2]) == "unreadable"  # the index stands at the end
    assert holding(video.replace(b"avc1", b"zzzz")) == "unsupported_codec"
    assert code_of(tmp_path, tmp_path) == "unreadable"
    assert code_of(tmp_path / "none.mp4", tmp_path) == "unreadable"
    assert code_of(make("s.mp4", *H264, "-t", "0.9"), tmp_path) == "too_short"
    assert code_of(make("t.mkv", *H264, picture="testsrc2=d=2:s=160x8"), tmp_path) == "too_small"


def described(**stream: Any) -> bytes:
    usual = {
        "index": 0, "codec_type": "video", "codec_name": "h264", "width": 160, "height": 90, "pix_fmt": "yuv420p",
        "r_frame_rate": "25/1", "avg_frame_rate": "25/1", "time_base": "1/12800", "start_pts": 0,
        "duration_ts": 25600, "nb_frames": "50",
    }  # fmt: skip
    return json.dumps({"format": {"format_name": "mov,mp4"}, "streams": [usual | stream]}).encode()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=d=2:r=25:s=160x90"]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *source, *H264, str(path)], check=True, timeout=300)
    return path


@pytest.fixture
def said(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Probe]:
    """Probe a good 2 s file of which ffprobe is made to say something else."""

    def answer(raw: bytes) -> Probe:
        monkeypatch.setattr(module, "describe", lambda *_, **__: understand(raw))
        return probe(good, scratch=tmp_path)

    return answer


HOSTILE: list[tuple[bytes, str]] = [
    (b"", "unreadable"),
    (b"[1, 2", "unreadable"),
    (b"[]", "unreadable"),
    (b"\xff\xfe", "unreadable"),
    (b'{"streams": {"0": 1}}', "unreadable"),
    (b'{"streams": [[]]}', "unreadable"),
    (b'{"format": []}', "unreadable"),
    (b"{}", "no_video"),
    (described(width="NaN"), "unreadable"),
    (described(width=10**30), "too_large"),
    (described(width=-160), "too_small"),
    (described(width=0), "too_small"),
    (described(width=8200, height=200), "too_large"),
    (described(width=8192, height=8192), "too_large"),
    (described(time_base="0/0"), "unreadable"),
    (described(time_base="-1/25"), "unreadable"),
    (described(time_base="1e999999999"), "unreadable"),
    (described(tags=["a"]), "unreadable"),
    (described(side_data_list={"rotation": 1}), "unreadable"),
    (described(disposition={"default": "yes"}), "unreadable"),
    (described(codec_name="none", codec_tag_string="\x1b[31mx"), "unsupported_codec"),
    (described(side_data_list=[{"side_data_type": "Encryption info"}]), "encrypted"),
    (described(time_base="1/1"), "too_long"),
    (described(sample_aspect_ratio="8:1", width=2000), "too_large"),
]


@pytest.mark.parametrize(("raw", "code"), HOSTILE)
def test_hostile_descriptions_are_rejections(said: Callable[[bytes], Probe], raw: bytes, code: str) -> None:
    with pytest.raises(RejectedMedia) as caught:
        said(raw)
    assert caught.value.code == code
    assert clean(str(caught.value), 10_000) == str(caught.value)


def test_unbelievable_claims_are_set_right(said: Callable[[bytes], Probe]) -> None:
    found = said(
        described(
            r_frame_rate="90000/1",
            avg_frame_rate="0/0",
            sample_aspect_ratio="1:99999",
            side_data_list=[{"side_data_type": "Display Matrix", "rotation": -80}],
            duration_ts=-5,
            bit_rate="-1",
            pix_fmt="p010le",
            color_transfer="smpte2084",
        )
    )
    video = found.video
    assert video.frame_rate == 25
    assert video.pixel_aspect == 1
    assert video.rotation == 90
    assert found.duration == 2
    assert (video.bit_depth, video.dynamic_range, video.bit_rate) == (10, "pq", None)
    assert len(found.warnings) == 2


@pytest.mark.parametrize(("nominal", "rate"), [("1000/1", 25), ("25/1", 25)])
def test_an_absurd_nominal_rate_gives_way(said: Callable[[bytes], Probe], nominal: str, rate: int) -> None:
    video = said(described(r_frame_rate=nominal)).video
    assert video.frame_rate == rate
    assert video.variable_rate == (nominal == "1000/1")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x00b\x1b[31m\nc", "a b [31m c"), ("x" * 999, "x" * 200), ("caf\udce9", "caf?"), ("日本 語", "日本 語")],
)
def test_foreign_text_is_made_fit_to_show(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_every_rejection_is_documented_and_says_what_to_do() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rejections.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(REJECTIONS)
    for code, sentence in REJECTIONS.items():
        facts = dict.fromkeys(re.findall(r"\{(\w+)\}", sentence), "x")
        assert str(rejected(code, **facts)).count("; ") == 1


def test_ingest_accepts_and_names_the_segment(make: Make, tmp_path: Path) -> None:
    path = make("a talk.mp4", *SOUND, *H264)
    work = make_work(tmp_path, source=path, settings=FlowSettings(audio_track=0))
    outcome = ingest.run(work)
    assert from_json(Probe, outcome.result["probe"]).duration >= 2
    assert outcome.result["audio_track"] == 0
    assert outcome.members == {"segment": [{"start": "0/1", "end": None}]}
    document = outcome.documents["assets/a1"]
    assert (document["state"], document["title"], document["sound"]) == ("accepted", "a talk", True)


@pytest.mark.parametrize(
    ("seconds", "seekable", "starts"),
    [
        (Fraction(239), True, [0]),
        (Fraction(3600), False, [0]),
        (Fraction(240), True, [0, 120]),
        (Fraction(500, 2) + Fraction(1, 3), True, [0, 83, 167]),
    ],
)
def test_segments_follow_from_the_file_alone(seconds: Fraction, seekable: bool, starts: list[int]) -> None:
    video = VideoStream(
        index=0, codec="h264", width=160, height=90, pixel_aspect=Fraction(1), rotation=0, timebase=Fraction(1, 1000),
        start_ticks=0, frame_rate=Fraction(25), variable_rate=False, duration=seconds, pixel_format="yuv420p",
        bit_depth=8, interlaced=False, dynamic_range="sdr",
    )  # fmt: skip
    sound: tuple[AudioStream, ...] = ()
    found = Probe(
        container="mov", size=1, start=Fraction(0), duration=seconds, video=video, audio=sound, seekable=seekable
    )
    got = ingest.segments(found)
    assert [entry["start"] for entry in got] == [f"{start}/1" for start in starts]
    assert [entry["end"] for entry in got] == [*(f"{start}/1" for start in starts[1:]), None]
