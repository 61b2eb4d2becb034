"""Which notes on earlier clips are about the like of a clip, and how they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MOST = 8  # notes told
ALIKE = 0.3  # cosine from which two clips speak of the like, as for the neighbours

_TOLD: Final = {
    "winner": "did well ({outcome:.0f} of 100 among this account's clips, {snapshot})",
    "loser": "did badly ({outcome:.0f} of 100 among this account's clips, {snapshot})",
    "pattern": "a person's note ({snapshot})",
}


def recall(notes: Sequence[Mapping[str, Any]], clip: NDArray[np.float32] | None, most: int = MOST) -> tuple[str, ...]:
    """Up to so many notes as lines, the most alike first; `clip` is the mean of its sentences' vectors.

    `notes` are documents of knowledge, made by the model that made `clip`. Their text is as untrusted as the clip's.
    """
    length = 0.0 if clip is None else float(np.linalg.norm(clip))
    if clip is None or length < 1e-9:
        return ()
    cosines = [float(np.dot(np.array(one["vector"].numbers), clip)) / length for one in notes]
    near = sorted(zip(cosines, notes, strict=True), key=lambda pair: (-pair[0], str(pair[1]["clip"])))
    return tuple(_told(note) for cosine, note in near[:most] if cosine >= ALIKE)


def _told(note: Mapping[str, Any]) -> str:
    outcome = note["outcome"]
    how = _TOLD["pattern" if outcome is None else note["kind"]].format(outcome=outcome, snapshot=note["snapshot"])
    return f"{note['text']}: {how}"
