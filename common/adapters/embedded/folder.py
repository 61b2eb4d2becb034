"""The state folder: one runner at a time, and no survivors of an earlier one."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import StateFolderBusy


class StateFolder:
    """Everything Cutroom keeps on this machine lies below `root`, readable by its owner alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database = root / "cutroom.sqlite"
        self.objects = root / "objects"
        self.scratch = root / "scratch"
        self.secrets = root / "secrets"
        self.key = root / "key"
        self.vault = root / "vault.key"
        self.uploads = root / "uploads"
        self.log = root / "cutroom.log"
        self._address = root / "address"
        self._workers = root / "workers"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; raises StateFolderBusy naming who does. The system lets go when the holder dies."""
        with (self.root / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise StateFolderBusy(
                    f"{holder} is working in {self.root}; wait for it, stop it, or set CUTROOM_HOME to another folder"
                ) from None
            file.truncate(0)
            file.write(f"process {os.getpid()} (since {time.strftime('%H:%M:%S')})")
            file.flush()
            self._address.unlink(missing_ok=True)
            yield

    def tell_address(self, address: str) -> None:
        """Where whoever holds the folder answers, for the other commands of this machine."""
        self._address.write_text(address)

    @property
    def address(self) -> str | None:
        """None where its holder answers nowhere."""
        return self._address.read_text() if self._address.is_file() else None

    def enlist(self, pid: int) -> Path:
        """Note a worker's process group, so that the next life can end it if this one is killed."""
        self._workers.mkdir(exist_ok=True)
        note = self._workers / str(pid)
        note.write_text(json.dumps({"started": started(pid)}))
        return note

    def end_survivors(self) -> int:
        """Kill the process groups that an earlier runner left; returns how many were alive."""
        killed = 0
        for note in self._workers.glob("*") if self._workers.exists() else ():
            pid = int(note.name)
            try:
                was = json.loads(note.read_text())["started"]
            except ValueError:  # the runner died while it wrote the note; the worker saw that and ended itself
                was = None
            if was is not None and was == started(pid):
                try:
                    os.killpg(pid, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    was = None  # it ended just now
            note.unlink()
        return killed


def started(pid: int) -> str | None:
    """When a process started, in the system's own ticks; None if it is gone or the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]
