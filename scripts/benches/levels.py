"""The loudness that real sounds are brought to, and what that costs against ffmpeg's two-pass loudnorm."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

from common.domain.timebase import Span
from common.media.audio import MOST_GAIN, TARGET
from common.media.probe import probe
from common.media.rates import frames_of, steady_rate
from common.media.soundtrack import BIT_RATE, PEAK, cut, level, measured
from common.media.tools import find
from scripts.benches import Row
from scripts.benches.cost import cost

_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_REAL = [f"video/{name}.mp4" for name in ("googlework_short", "ChromeCast", "applausing", "chaplin")]
_REAL += ["video/short_hamilton_clip.mp4", "speech/jfk.flac", "speech/apollo11.mp3"]
_MADE = {
    "speech-like": "anoisesrc=color=pink:seed=3:r=48000:d=30,tremolo=f=3:d=0.9,volume=-8dB",
    "music-like": "aevalsrc='0.1*sin(2*PI*110*t)+0.1*sin(2*PI*443*t)+0.05*random(0)':s=44100:d=30",
}


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        sounds = [_DATA / one for one in _REAL if (_DATA / one).is_file()]
        what = f"{len(sounds)} real sounds" if sounds else "made sounds (no real ones here)"
        ours = norm = heard = 0.0
        worst, highest, corrections = 0.0, -99.0, 0
        for n, samples in enumerate(_samples(sounds, folder)):
            scratch = folder / str(n)
            before = measured(samples, scratch=scratch).integrated
            _, found = level(samples, before, out=scratch, scratch=scratch)
            corrections += found.encoded - 1
            if before is not None and TARGET - before <= MOST_GAIN and found.after.integrated is not None:
                worst = max(worst, abs(found.after.integrated - TARGET))
            highest = max(highest, found.after.true_peak if found.after.true_peak is not None else highest)
            once = cost(partial(_encoded, samples, scratch, "anull")).cpu
            ours += cost(partial(level, samples, before, out=scratch, scratch=scratch)).cpu - once
            norm += cost(partial(_loudnorm, samples, scratch)).cpu - once
            heard += cost(partial(measured, samples, scratch=scratch)).cpu
        peer = f"{what}, encoded as a clip is; {corrections} of them corrected"
        yield Row(name="loudness: largest error", value=worst, unit="LU", target=0.5, peer=peer)
        yield Row(name="loudness: highest true peak", value=highest, unit="dBTP", target=PEAK, peer=peer)
        peer = (
            f"two-pass loudnorm, {norm:.1f} CPU s; {what}; both above one plain encode. A clip's own loudness is known "
            f"from listening to the video, which is done anyway; with it this would be {(ours + heard) / norm:.2f}x"
        )
        yield Row(name="loudness: CPU against two-pass loudnorm", value=ours / norm, unit="x", target=0.25, peer=peer)


def _samples(sounds: list[Path], folder: Path) -> Iterator[Path]:
    """Each as `cut` leaves it."""
    for n, sound in enumerate(sounds or _MADE):
        scratch = folder / str(n)
        scratch.mkdir()
        source = ["-f", "lavfi", "-i", _MADE[sound]] if isinstance(sound, str) else ["-i", str(sound)]
        video = scratch / "source.mkv"  # some are sounds alone, and a clip has a picture
        picture = ["-f", "lavfi", "-i", "color=s=64x64:r=10"]
        args = [find("ffmpeg"), "-v", "error", "-nostdin", *source, *picture, "-map", "0:a", "-map", "1:v", "-shortest"]
        subprocess.run([*args, "-c:a", "pcm_s16le", "-c:v", "libx264", "-preset", "ultrafast", str(video)], check=True)
        about = probe(video, scratch=scratch)
        rate = steady_rate(about.video)
        whole = Span(Fraction(0), about.duration)
        yield cut(video, about, whole, about.audio[0], frames_of(whole, rate) / rate, out=scratch, scratch=scratch)


def _encoded(samples: Path, scratch: Path, filters: str) -> None:
    args = [find("ffmpeg"), "-v", "error", "-nostdin", "-y", "-i", str(samples), "-af", filters]
    subprocess.run([*args, "-c:a", "aac", "-b:a", BIT_RATE, str(scratch / "peer.m4a")], check=True)


def _loudnorm(samples: Path, scratch: Path) -> None:
    """Both passes to the same target; the second one told what the first one found, back at 48 kHz, encoded."""
    wanted = f"loudnorm=I={TARGET}:TP={PEAK}:LRA=11"
    args = [find("ffmpeg"), "-hide_banner", "-nostdin", "-i", str(samples)]
    said = subprocess.run(
        [*args, "-af", f"{wanted}:print_format=json", "-f", "null", "-"], capture_output=True, check=True, text=True
    ).stderr
    found = json.loads(said[said.rindex("{") : said.rindex("}") + 1])
    keys = {"measured_I": "input_i", "measured_TP": "input_tp", "measured_LRA": "input_lra"}
    keys |= {"measured_thresh": "input_thresh", "offset": "target_offset"}
    told = ":".join(f"{name}={found[key]}" for name, key in keys.items())
    _encoded(samples, scratch, f"{wanted}:{told}:linear=true,aresample=48000,aformat=channel_layouts=stereo")
