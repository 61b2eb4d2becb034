"""A vault whose key is a file that only its owner can read. AES-256-GCM; the number used once is drawn for each."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path

from common.errors import BadInput, Permanent

_NONCE = 12  # bytes
_FORM = "v1."


class LocalVault:
    """The key is made when it is first needed. Raises BadInput where others can read it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def seal(self, secret: str, about: str) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        sealed = nonce + AESGCM(self._key()).encrypt(nonce, secret.encode(), about.encode())
        return _FORM + base64.b64encode(sealed).decode()

    def open(self, sealed: str, about: str) -> str:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = base64.b64decode(sealed.removeprefix(_FORM), validate=True)
            return AESGCM(self._key()).decrypt(raw[:_NONCE], raw[_NONCE:], about.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            why = "was sealed by another key, or altered; connect the channel again"
            raise Permanent(f"what {about} holds {why}", code="sealed") from error

    def _key(self) -> bytes:
        if not self._file.exists():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            made = self._file.with_name(f"{self._file.name}.{secrets.token_hex(8)}")
            with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(os.urandom(32))
                os.fsync(file.fileno())
            try:
                os.link(made, self._file)  # the first one wins
            except FileExistsError:
                pass
            finally:
                made.unlink()
        mode = stat.S_IMODE(os.stat(self._file).st_mode)
        if mode & 0o077:
            raise BadInput(f"{self._file} can be read by others (mode {mode:04o}); run: chmod 600 {self._file}")
        key = self._file.read_bytes()
        if len(key) != 32:
            raise BadInput(f"{self._file} is no key of 32 bytes; bring back the one that was there, or remove it")
        return key
