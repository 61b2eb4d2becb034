"""Uploads under way as folders, and the files that came of them: taken up after any death, whole or not there at all.

    begun/DAY-TOKEN/about   what was asked for
    begun/DAY-TOKEN/data    what has come; gone when all is done
    files/DIGESTS           a whole file, named by digests of its name: any name is a path, and none leads astray

The digests are of its tenant's part of the name, its asset's and the whole, so that what is whose can be removed.

A file becomes whole by a link from `data` to its place, which fails where another was first. Then whoever must know is
told, and only then is `data` removed: where both are one file, somebody died before all was told.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from common.domain.codec import dumps, loads
from common.ports.clock import Clock

LASTS = timedelta(days=7)  # of an upload in parts, as in Cloud Storage
QUANTUM = 256 << 10  # of a file that is not whole only so many bytes count, or a multiple: there too
_DAY = "%Y%m%d"
_TOKEN = re.compile(r"\d{8}-[A-Za-z0-9_-]{43}")

Arrived = Callable[[str, Path], None]


class Refused(Exception):
    """What was sent is not taken: an HTTP status, and a sentence that ends in what the sender can do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One upload, of `least` to `most` bytes. `again`: its token was given away, so it can be taken up again."""

    folder: Path
    name: str
    least: int
    most: int
    again: bool

    @property
    def token(self) -> str:
        return self.folder.name

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def whole(self) -> bool:
        """Whether it is in its place; perhaps nobody was told yet."""
        try:
            return self.data.stat().st_nlink > 1
        except FileNotFoundError:
            return True

    def size(self) -> int | None:
        """The bytes that have come; None once all is done."""
        try:
            return self.data.stat().st_size
        except FileNotFoundError:
            return None

    def cut(self) -> int:
        """Forget the bytes that do not count; how many are left."""
        with self._open() as file:
            left = counting(file.seek(0, os.SEEK_END))
            file.truncate(left)
            return left

    def add(self, block: bytes) -> None:
        with self._open() as file:
            file.seek(0, os.SEEK_END)
            file.write(block)

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        """Raises Refused where it is whole, since a whole file is never written to, and where the disk is full."""
        try:
            with self.data.open("r+b") as file:
                if os.fstat(file.fileno()).st_nlink > 1:
                    raise _over()
                yield file
        except FileNotFoundError:
            raise _over() from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise Refused(507, "the disk is full; free some space, and go on with this upload") from error
            raise


def counting(size: int) -> int:
    """How many of the bytes that have come count, while more are to come."""
    return size // QUANTUM * QUANTUM


class Sessions:
    """`root` and all below it is this class's own. By many threads, but for one session by one at a time."""

    def __init__(self, root: Path, clock: Clock, arrived: Arrived) -> None:
        self._begun, self._files, self._clock, self._arrived = root / "begun", root / "files", clock, arrived
        for folder in (root, self._begun, self._files):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def begin(self, name: str, *, least: int, most: int, again: bool) -> Session:
        """Raises Refused where the file is there already."""
        if self._place(name).exists():
            raise _there(name)
        self._clear()
        folder = self._begun / f"{self._clock.now().strftime(_DAY)}-{secrets.token_urlsafe(32)}"
        about: dict[str, Any] = {"name": name, "least": least, "most": most, "again": again}
        session = Session(folder=folder, **about)
        folder.mkdir(mode=0o700)
        session.data.touch(mode=0o600)
        (folder / "about").write_bytes(dumps(about))
        return session

    def find(self, token: str) -> Session | None:
        about = self._begun / token / "about"
        if not _TOKEN.fullmatch(token) or not about.is_file():
            return None
        return Session(folder=about.parent, **loads(about.read_bytes()))

    def finish(self, session: Session) -> None:
        """Put a whole file into its place and tell of it; after a death, or an error of who is told, once more.

        Raises Refused, and forgets the session, where another file came first.
        """
        if not session.data.exists():
            return
        place = self._place(session.name)
        with session.data.open("rb") as file:
            os.fsync(file.fileno())
        session.data.chmod(0o400)
        try:
            os.link(session.data, place)
        except FileExistsError:
            if not session.data.samefile(place):
                self.end(session)
                raise _there(session.name) from None
        _sync_folder(self._files)
        self._arrived(session.name, place)
        if session.again:
            session.data.unlink()  # its sender may ask once more whether it came
        else:
            self.end(session)

    def end(self, session: Session) -> None:
        """Forget it, whatever has come of it."""
        if session.folder.exists():
            shutil.rmtree(session.folder)

    def recover(self) -> None:
        """Tell of the files that came and were not told of; remove what nobody can go on with.

        Before the first upload of a new life.
        """
        self._clear()
        for folder in self._begun.iterdir():
            session = self.find(folder.name)
            if session is None:
                shutil.rmtree(folder)  # it never began
            elif session.whole():
                self.finish(session)
            elif not session.again:
                self.end(session)

    def _clear(self) -> None:
        """Remove what began too long ago. A file that is in its place stays there."""
        last = (self._clock.now() - LASTS).strftime(_DAY)
        for folder in self._begun.iterdir():
            if folder.name < last:
                shutil.rmtree(folder)

    def below(self, prefix: str) -> list[Path]:
        """The files whose names begin with t/TENANT/ or t/TENANT/ASSET/, and the folders of those under way."""
        begins = "-".join(_parts(prefix.rstrip("/"))) + "-"
        found = [path for path in self._files.iterdir() if path.name.startswith(begins)]
        for folder in self._begun.iterdir():
            session = self.find(folder.name)
            if session is not None and session.name.startswith(prefix):
                found.append(folder)
        return sorted(found)

    def forget(self, prefix: str, most: int) -> int:
        """Remove some of them; how many that were."""
        found = self.below(prefix)[:most]
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        return len(found)

    def _place(self, name: str) -> Path:
        return self._files / "-".join((*_parts(name.rpartition("/")[0]), _digest(name)))


def _parts(folder: str) -> list[str]:
    """Digests of t/TENANT and of t/TENANT/ASSET, as far as a folder goes."""
    segments = folder.split("/")
    return [_digest("/".join(segments[:n]))[:24] for n in range(2, len(segments) + 1)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _there(name: str) -> Refused:
    return Refused(412, f"{name} is there already; ask for another place")


def _over() -> Refused:
    return Refused(409, "this upload is over; ask how far it came")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
