"""Loudness and true peak as ffmpeg's ebur128 filter prints them (EBU R 128, ITU-R BS.1770)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0  # LUFS; LU below the loudness of what passed the first
_LEAD = 3  # it speaks every 100 ms from the first on; a whole block lies behind it from the fourth


def filters(lines: str) -> str:
    """Those that write the file `lines` of the folder ffmpeg works in."""
    return f"ebur128=metadata=1:peak=true,ametadata=mode=print:file={lines}"


@dataclass(slots=True)
class Lines:
    """What was printed: momentary LUFS of 400 ms blocks every 100 ms, None for digital silence."""

    first: int | None  # tick of the first sample
    momentary: list[float | None]
    peak: float = 0.0  # linear
    loudness_range: float | None = None

    @property
    def true_peak(self) -> float | None:
        """dBTP; None for digital silence."""
        return 20 * math.log10(self.peak) if self.peak else None

    @classmethod
    def read(cls, path: Path) -> Lines:
        """The printed file; empty where there is none, because there was no sound at all."""
        found = cls(None, [])
        if not path.exists():
            return found
        with path.open(encoding="ascii") as lines:
            for n, line in enumerate(lines):
                if n == 0:
                    found.first = int(line.split("pts:")[1].split()[0])
                name, _, value = line.rstrip().partition("=")
                if name == "lavfi.r128.M":
                    level = float(value)
                    found.momentary.append(round(level, 2) if level > -120 else None)
                elif name == "lavfi.r128.LRA":
                    found.loudness_range = float(value)
                elif name == "lavfi.r128.true_peak":
                    found.peak = float(value)
        del found.momentary[:_LEAD]
        return found


def gated(values: Sequence[float | None]) -> float | None:
    """Integrated loudness in LUFS of momentary blocks; None where no sound passes the gates.

    ITU-R BS.1770-4, annex 1, equations 3 to 7: blocks of 400 ms overlapping by 75 % are gated at -70 LUFS, then
    10 LU below the mean power of what remains; the result is the mean power of what passes both.
    """
    loud = [value for value in values if value is not None and value > ABSOLUTE_GATE]
    if not loud:
        return None
    gate = _mean(loud) + RELATIVE_GATE
    return _mean([value for value in loud if value > gate])


def _mean(loudness: Sequence[float]) -> float:
    """The loudness of the mean power."""
    return 10 * math.log10(sum(10 ** (value / 10) for value in loudness) / len(loudness))
