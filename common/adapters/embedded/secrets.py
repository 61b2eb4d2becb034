"""Secrets from the environment, else from a file that only its owner can read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from common.errors import BadInput

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


class LocalSecrets:
    """`gemini-api-key` is `CUTROOM_SECRET_GEMINI_API_KEY`, or the line `gemini-api-key=…` of the file."""

    def __init__(self, file: Path, environ: Mapping[str, str]) -> None:
        self._file = file
        self._environ = environ

    def get(self, name: str) -> str | None:
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name!r} is no secret's name; use lower case, digits and dashes")
        value = self._environ.get("CUTROOM_SECRET_" + name.upper().replace("-", "_"))
        return value or self._lines().get(name)

    def _lines(self) -> dict[str, str]:
        if not self._file.exists():
            return {}
        mode = stat.S_IMODE(os.stat(self._file).st_mode)
        if mode & 0o077:
            raise BadInput(f"{self._file} can be read by others (mode {mode:04o}); run: chmod 600 {self._file}")
        pairs = (line.partition("=") for line in self._file.read_text().splitlines() if "=" in line)
        return {key.strip(): value.strip() for key, _, value in pairs if not key.lstrip().startswith("#")}
