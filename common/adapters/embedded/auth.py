"""The key of this machine: who has it sits at the machine, or may read the state folder."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from common.errors import BadInput, Unauthorized
from common.ports.auth import Caller

_KEY = re.compile(r"[A-Za-z0-9_-]{32,128}")


class LocalKey:
    """Kept in `file` of the state folder, mode 0600, and made where it is missing. `key` is printed at start.

    Raises BadInput where others can read the file, or it holds no key.
    """

    def __init__(self, file: Path) -> None:
        self.key = _kept(file)

    def person(self, token: str) -> Caller:
        # As bytes: compare_digest takes no text beyond ASCII.
        if not secrets.compare_digest(token.encode(errors="replace"), self.key.encode()):
            raise Unauthorized("this is not the key of this Cutroom; use the one it printed at start")
        return Caller(subject="local")


def refuse_reachable(host: str) -> None:
    """Raise BadInput unless `host` is of the loopback: the key goes over plain HTTP, and is all that is asked."""
    try:
        alone = ipaddress.ip_address(host).is_loopback
    except ValueError:
        alone = host == "localhost"
    if not alone:
        raise BadInput(f"others could reach {host}, and the local key is no lock against them; use 127.0.0.1")


def _kept(file: Path) -> str:
    if not file.exists():
        _make(file)
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise BadInput(f"{file} can be read by others (mode {mode:04o}); remove it, and a new key is made")
    key = file.read_text(errors="replace").strip()
    if not _KEY.fullmatch(key):
        raise BadInput(f"{file} holds no key; remove it, and a new one is made")
    return key


def _make(file: Path) -> None:
    """Of two that start at once the first one's key stands; a file that is there is whole."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # of mode 0600
    with os.fdopen(handle, "w") as new:
        new.write(secrets.token_urlsafe(32) + "\n")
    with suppress(FileExistsError):
        os.link(name, file)
    os.unlink(name)
