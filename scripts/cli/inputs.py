"""What was asked for on the command line, checked before anything starts."""

from __future__ import annotations

import argparse
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from common.adapters.embedded.sources import generation_of, location
from common.domain.asset import Source
from common.domain.clip import ASPECTS, Aspect
from common.domain.settings import FlowSettings
from common.errors import BadInput
from common.media.captions import read_transcript
from common.ports.objects import Objects

_CONTAINERS = "mp4 m4v mov mkv webm avi mpg mpeg ts mts m2ts mxf flv wmv asf ogv 3gp 3g2 dv vob"
VIDEO_NAMES = frozenset(f".{name}" for name in _CONTAINERS.split(" "))
TRANSCRIPT_NAMES = (".srt", ".vtt", ".ass", ".json")
_MOST_CLIPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One video to work on."""

    path: Path
    source: Source
    location: str
    transcript: Path | None
    made: bool = False  # the sample that Cutroom made itself

    @property
    def name(self) -> str:
        return self.source.name


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Turn videos into clips. Without a VIDEO, a sample talk is made and used.",
        epilog="Run again on the same file: nothing is done twice. Results are copied to OUT/NAME/; "
        "the work itself is kept in .cutroom/ (or $CUTROOM_HOME). "
        "Exit status: 0 done, 1 something failed, 2 bad use or a file that cannot be used.",
    )
    parser.add_argument(
        "videos", nargs="*", metavar="VIDEO|FOLDER|PLAN", type=Path, help="what to cut; a storyboard (.json) is scored"
    )
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where results go (out)")
    parser.add_argument("--clips", type=int, default=6, metavar="N", help="how many clips at most (6)")
    parser.add_argument("--min", type=int, default=15, metavar="S", dest="min_s", help="shortest clip, seconds (15)")
    parser.add_argument("--max", type=int, default=60, metavar="S", dest="max_s", help="longest clip, seconds (60)")
    parser.add_argument(
        "--aspect", default="9:16", metavar="A[,A]", help="shapes to render: 9:16, 1:1, 16:9, 4:5 (9:16)"
    )
    parser.add_argument(
        "--transcript", type=Path, metavar="FILE", help="SRT, VTT, ASS or JSON; NAME.srt beside a video is found"
    )
    parser.add_argument("--language", metavar="xx", help="language spoken, such as en or pt-BR")
    parser.add_argument("--audio-track", type=int, metavar="N", help="which sound track, from 0 (the file's default)")
    parser.add_argument(
        "--captions", choices=("pop", "box", "clean", "none"), default="pop", help="style of the words burned in (pop)"
    )
    parser.add_argument("--burn-draft", action="store_true", help="burn words in even where they are a draft")
    parser.add_argument(
        "--debug-overlay", action="store_true", help="also the video with all that was seen drawn on it"
    )
    parser.add_argument("--again", metavar="STAGE", help="do this stage and all after it anew")
    parser.add_argument("--json", action="store_true", help="print each result.json on a line; progress on stderr")
    return parser


def settings(options: argparse.Namespace) -> FlowSettings:
    """The flow's settings; raises BadInput naming what is off."""
    aspects = tuple(dict.fromkeys(part.strip() for part in options.aspect.split(",")))
    for aspect in aspects:
        if aspect not in get_args(Aspect):
            raise BadInput(f"--aspect {aspect!r} is none of {', '.join(ASPECTS)}")
    if not 1 <= options.clips <= _MOST_CLIPS:
        raise BadInput(f"--clips takes a number from 1 to {_MOST_CLIPS}")
    if not 1 <= options.min_s <= options.max_s:
        raise BadInput("--min takes whole seconds from 1, and --max no fewer than --min")
    if options.max_s > 600:
        raise BadInput("--max takes at most 600 seconds; a longer piece is no clip")
    if options.audio_track is not None and options.audio_track < 0:
        raise BadInput("--audio-track counts from 0")
    return FlowSettings(
        clips=options.clips,
        min_s=options.min_s,
        max_s=options.max_s,
        aspects=tuple(aspect for aspect in ASPECTS if aspect in aspects),
        language=options.language,
        audio_track=options.audio_track,
        captions=options.captions,
        burn_draft=options.burn_draft,
        debug_overlay=options.debug_overlay,
    )


def items(paths: list[Path], transcript: Path | None) -> list[Item]:
    """The videos named, folders opened; raises BadInput for what is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in VIDEO_NAMES and p.is_file())
            if not inside:
                raise BadInput(f"there is no video in {shown(path)}; name the files, or another folder")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise BadInput(f"{shown(path)} is not there; check the name")
    if transcript is not None:
        if len(found) != 1:
            raise BadInput("--transcript goes with exactly one video")
        if not transcript.is_file():
            raise BadInput(f"{shown(transcript)} is not there; check the name")
    return [item(path, transcript or _beside(path)) for path in found]


def item(path: Path, transcript: Path | None, *, made: bool = False) -> Item:
    absolute = path.absolute()
    source = Source(
        bucket="file", name=shown(Path(path.name)), generation=generation_of(absolute), size=absolute.stat().st_size
    )
    return Item(
        path=absolute,
        source=source,
        location=location(absolute),
        transcript=transcript,
        made=made,
    )


def keep_transcript(objects: Objects, tenant: str, path: Path) -> str:
    """Keep a given transcript as an object, named by what it holds; returns its key."""
    if path.stat().st_size > 20 << 20:
        raise BadInput(f"{shown(path)} is over 20 MB, more than any transcript; check the file")
    content = path.read_bytes()
    read_transcript(content, name=shown(path))  # what is no transcript is said before anything starts
    suffix = path.suffix.lower() if path.suffix.lower() in TRANSCRIPT_NAMES else ".txt"
    digest = hashlib.sha256(content).hexdigest()
    return objects.put_new(f"t/{tenant}/transcripts/{digest}{suffix}", content).key


def shown(path: Path) -> str:
    """A file's name as it can be printed anywhere: what is no text, or would move the cursor, is replaced."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _beside(video: Path) -> Path | None:
    beside = (video.with_suffix(suffix) for suffix in TRANSCRIPT_NAMES[:3])
    return next((path for path in beside if path.is_file()), None)
