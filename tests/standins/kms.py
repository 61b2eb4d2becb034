"""Cloud KMS as far as Cutroom uses it: encrypt and decrypt by one symmetric key, over REST."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.standins.loopback import Reply, Request, serving

KEY = "projects/demo-cutroom/locations/europe/keyRings/ring/cryptoKeys/tokens"
MOST = 64 << 10  # bytes of a plaintext, and of what is said about it
_PATH = re.compile(r"/v1/(projects/[^/:]+/locations/[^/:]+/keyRings/[^/:]+/cryptoKeys/[^/:]+):(encrypt|decrypt)")


@dataclass
class Kms:
    """`keys` by name, the newest version last. Each of `faults` is the status that answers one request instead, 0 for a
    cut connection. `asked` are the verbs.
    """

    address: str = ""
    keys: dict[str, list[bytes]] = field(default_factory=lambda: {KEY: [os.urandom(32)]})
    faults: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)

    def session(self) -> Any:
        """A session of the real library, signed in as nobody in particular."""
        from google.auth.credentials import AnonymousCredentials
        from google.auth.transport.requests import AuthorizedSession

        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        self.sessions.append(AuthorizedSession(nobody))  # type: ignore[no-untyped-call]
        return self.sessions[-1]

    def rotate(self) -> None:
        self.keys[KEY].append(os.urandom(32))

    def answer(self, asked: Request) -> Reply:
        match = _PATH.fullmatch(asked.path)
        if asked.method != "POST" or match is None:
            return _failed(404, f"no such method: {asked.method} {asked.path}")
        name, verb = match[1], match[2]
        self.asked.append(verb)
        if self.faults:
            return _failed(self.faults.pop(0), "as the test wants")
        versions = self.keys.get(name)
        if versions is None:
            return _failed(404, f"CryptoKey {name} not found")
        told = {"encrypt": "plaintext", "decrypt": "ciphertext"}[verb]
        try:
            body = json.loads(asked.body)
            if strange := body.keys() - {told, "additionalAuthenticatedData"}:
                return _failed(400, f"Unknown name {sorted(strange)[0]!r}: Cannot find field.")
            content = base64.b64decode(body[told], validate=True)
            about = base64.b64decode(body.get("additionalAuthenticatedData", ""), validate=True)
        except (ValueError, KeyError, binascii.Error) as error:
            return _failed(400, f"Invalid value: {error}")
        if verb == "encrypt":
            if len(content) > MOST or len(about) > MOST:
                return _failed(400, "The plaintext is too large")
            nonce = os.urandom(12)
            at = bytes([len(versions)])
            sealed = at + nonce + AESGCM(versions[-1]).encrypt(nonce, content, at + about)
            return _reply(200, {"name": f"{name}/cryptoKeyVersions/{len(versions)}", "ciphertext": _text(sealed)})
        try:
            which = content[0]
            opened = AESGCM(versions[which - 1]).decrypt(content[1:13], content[13:], bytes([which]) + about)
        except (InvalidTag, IndexError, ValueError):
            return _failed(400, "Decryption failed: verify that 'name' refers to the correct CryptoKey.")
        told_back = {"plaintext": _text(opened)} if opened else {}  # what is empty is left out
        return _reply(200, {**told_back, "usedPrimary": which == len(versions)})


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _failed(status: int, message: str) -> Reply:
    return _reply(status, {"error": {"code": status, "message": message}})


def _reply(status: int, said: dict[str, Any]) -> Reply:
    return Reply(status=status, body=json.dumps(said).encode())


@contextmanager
def kms() -> Iterator[Kms]:
    """A server of its own on the loopback."""
    made = Kms()
    with serving(made.answer) as made.address:
        yield made
        for session in made.sessions:
            session.close()
