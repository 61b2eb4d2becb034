"""Fingerprints: of the bytes (sha256), and of the picture (a perceptual hash that survives re-encoding)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from common.domain.asset import Probe, VideoStream
from common.domain.timebase import decimal
from common.errors import DeadlineExceeded
from common.media.stills import in_turns
from common.media.tools import SAFE_INPUT, Limits, file_url, run

SIDE = 32  # pixels per side of the picture that is hashed
CORE = 8  # coefficients per side that are kept: 64 bits
FLAT = 4.0  # standard deviation in grey levels below which a picture shows too little to know it again by
PICTURES = 8  # hashed per video, at even positions
SAME_BITS = 8  # mean distance of two videos that show the same, of 64; copies measured up to 3, others from 27
CHUNK = 1 << 20
PICTURES_WALL_S = 60.0

Grey = npt.NDArray[np.uint8]


def sha256_of(path: Path, progress: Callable[[int, int], None]) -> str:
    """The sha256 of a file in hex; `progress(done, total)` is called with bytes, once a megabyte."""
    total, done = path.stat().st_size, 0
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress(done, total)
    return digest.hexdigest()


def pictures(path: Path, probe: Probe, *, scratch: Path) -> list[Grey | None]:
    """PICTURES small grey pictures (SIDE x SIDE) at even positions; None where the file shows nothing there.

    Positions count from the first frame, so that they are the same without the sound. Eight seeks, each decoding on
    from the key frame before without loop filter and the frames no other needs, so a picture may be a frame or two
    late. Raises as `tools.run` does; DeadlineExceeded where key frames lie too far apart.
    """
    files = [scratch / f"picture{n}.gray" for n in range(PICTURES)]
    until = time.monotonic() + PICTURES_WALL_S
    for turn in in_turns(range(PICTURES), probe.video):
        limits = Limits(file_size=1 << 20, wall_s=max(0.1, until - time.monotonic()))
        try:
            run("ffmpeg", _arguments(path, probe.video, {n: files[n] for n in turn}), scratch=scratch, limits=limits)
        except DeadlineExceeded:
            why = f"its pictures could not be taken within {PICTURES_WALL_S:.0f} s; export it with more key frames"
            raise DeadlineExceeded(why) from None
    found: list[Grey | None] = []
    for file in files:
        raw = np.fromfile(file, np.uint8) if file.exists() else np.empty(0, np.uint8)
        found.append(raw.reshape(SIDE, SIDE) if raw.size == SIDE * SIDE else None)
    return found


def _arguments(path: Path, video: VideoStream, files: dict[int, Path]) -> list[str]:
    args = ["-v", "error", "-nostdin", "-y", "-max_error_rate", "1"]
    for n in files:
        at = video.start_ticks * video.timebase + video.duration * (2 * n + 1) / (2 * PICTURES)
        args += ["-threads", "1", "-skip_frame", "noref", "-skip_loop_filter", "all", "-flags2", "+fast"]
        args += [*SAFE_INPUT, "-seek_timestamp", "1", "-ss", f"{decimal(at):.6f}", "-i", file_url(path)]
    for n, file in enumerate(files.values()):
        args += ["-map", f"{n}:{video.index}", "-frames:v", "1", "-f", "rawvideo"]
        args += ["-vf", f"scale={SIDE}:{SIDE}:flags=area,format=gray", file_url(file)]
    return args


def perceptual_hash(picture: Grey | None) -> str | None:
    """64 bits as 16 hex digits: which low frequencies of the picture lie above their median; None for a flat picture.

    After the DCT hash of pHash (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010):
    the 8x8 lowest frequencies without the constant row and column.
    """
    if picture is None or float(picture.std()) < FLAT:
        return None
    low = _dct(SIDE)[1 : CORE + 1]
    waves = low @ picture.astype(np.float64) @ low.T
    bits = (waves > np.median(waves)).ravel()
    return f"{int.from_bytes(np.packbits(bits).tobytes(), 'big'):016x}"


def hamming(one: str, other: str) -> int:
    """In how many of 64 bits two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def distance(one: Sequence[str | None], other: Sequence[str | None]) -> float | None:
    """Mean bits by which two videos differ, position by position.

    None where fewer than half of the positions have a picture in both: too little to tell.
    """
    pairs = [hamming(a, b) for a, b in zip(one, other, strict=False) if a is not None and b is not None]
    return sum(pairs) / len(pairs) if 2 * len(pairs) >= PICTURES else None


def _dct(size: int) -> npt.NDArray[np.float64]:
    """The DCT-II as a matrix: row k holds cos(pi (2 n + 1) k / 2 size)."""
    k, n = np.ogrid[:size, :size]
    return np.cos(np.pi * (2 * n + 1) * k / (2 * size))
