"""The client: every route by its name, and what takes more than one."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable
from pathlib import Path

from common.client import sending, taking
from common.client.problems import Late
from common.client.routes import Routes
from common.client.shapes import Asset, Flow
from common.client.transport import Transport

LOOK_S = 5.0  # between two looks: a person may ask 1,000 times an hour
OVER = ("done", "failed", "cancelled")


class Cutroom(Routes):
    """`key` of a program, or `token` of a person: a text, or what gives the one of the moment, since they expire.

    `organisation`: for which one it is asked; without, for the key's, or the person's own.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        token: str | Callable[[], str] | None = None,
        organisation: str | None = None,
        timeout_s: float = 60.0,
        patience_s: float = 120.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        given = key if key is not None else token
        if given is None or (key is not None and token is not None):
            raise ValueError("say who asks: with a key, or with a token")
        bearer = given if callable(given) else lambda: given
        self._sleep, self._timeout_s = sleep, timeout_s
        super().__init__(
            Transport(
                url=url,
                bearer=bearer,
                organisation=organisation,
                timeout_s=timeout_s,
                patience_s=patience_s,
                sleep=sleep,
            )
        )

    def upload(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        type: str | None = None,
        on_progress: sending.Progress | None = None,
        part: int = sending.PART,
    ) -> Asset:
        """Send a video in parts of `part` bytes; what is made of it begins when it has come."""
        path = Path(path)
        size, guessed = path.stat().st_size, mimetypes.guess_type(path.name)[0] or ""
        if type is None and guessed.startswith(("video/", "audio/")):
            type = guessed
        asset = self.assets.create(name=name or path.name, size=size, type=type)
        assert asset["upload"] is not None
        begin = asset["upload"]["resumable"]
        sending.send(
            begin, path, size, on_progress=on_progress, part=part, timeout_s=self._timeout_s, sleep=self._sleep
        )
        return asset

    def wait(self, asset: str, *, within_s: float = 3600.0) -> Flow:
        """The newest flow of a video, once it is over: done, failed or cancelled. Raises Late.

        Of a video that was here before it is that one's: what was made is used.
        """
        until = time.monotonic() + within_s
        while True:
            found = next(self.flows.every(asset=asset, limit=1), None)
            if found is not None and found["state"] in OVER:
                original = self.assets.one(asset)["duplicate_of"]
                if original is None:
                    return self.flows.one(found["id"])
                asset = original
                continue
            if time.monotonic() + LOOK_S > until:
                raise Late(f"nothing was made of {asset} within {within_s:g} s; wait longer, or look at its flow")
            self._sleep(LOOK_S)

    def download(
        self, clip: str, path: str | Path, *, aspect: str = "9x16", on_progress: taking.Progress | None = None
    ) -> None:
        """Take a clip's finished file, whole or not at all. Raises NotFound where there is none of that shape."""
        files = self.clips.one(clip)["renditions"] or []
        digests = [one["sha256"] for one in files if one["aspect"] == aspect.replace("x", ":")]
        taking.take(
            lambda: self.files.rendition(clip, aspect)["url"],
            Path(path),
            sha256=digests[0] if digests else None,
            on_progress=on_progress,
            timeout_s=self._timeout_s,
            sleep=self._sleep,
        )
