"""Secret Manager's REST API as far as Cutroom uses it, and the server that gives access tokens to service accounts."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.standins.certificates import key
from tests.standins.loopback import Reply, Request, serving

PROJECT = "demo-cutroom"
_ACCESS = re.compile(r"/v1/projects/([^/]+)/secrets/([^/]+)/versions/latest:access")


@dataclass
class Vault:
    """`secrets` by name. Each of `faults` answers one request instead: a status, 0 for a cut connection, or "changed".

    `asked` are the names read; `tokens` counts the access tokens given.
    """

    address: str = ""
    secrets: dict[str, bytes] = field(default_factory=dict)
    faults: list[int | str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: int = 0
    token_status: int = 200
    sessions: list[Any] = field(default_factory=list)

    def account(self, folder: Path) -> Path:
        """The key file of a service account that gets its tokens here."""
        private = key(0).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        about = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "k",
            "private_key": private,
            "client_email": f"reader@{PROJECT}.iam.gserviceaccount.com",
            "token_uri": f"{self.address}/token",
        }
        (folder / "account.json").write_text(json.dumps(about))
        return folder / "account.json"

    def session(self) -> Any:
        """A session of the real library, signed in as nobody in particular."""
        from google.auth.credentials import AnonymousCredentials
        from google.auth.transport.requests import AuthorizedSession

        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        self.sessions.append(AuthorizedSession(nobody))  # type: ignore[no-untyped-call]
        return self.sessions[-1]

    def answer(self, asked: Request) -> Reply:
        if asked.path == "/token":
            self.tokens += 1
            given = {"access_token": f"access-{self.tokens}", "expires_in": 3600, "token_type": "Bearer"}
            return _reply(self.token_status, given if self.token_status == 200 else {"error": "invalid_grant"})
        if asked.method != "GET" or (match := _ACCESS.fullmatch(asked.path)) is None:
            return _failed(400, f"no such method: {asked.path}")
        self.asked.append(match[2])
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            return _failed(fault, "as the test wants")
        content = self.secrets.get(match[2])
        if content is None or match[1] != PROJECT:
            return _failed(404, f"Secret [{match[2]}] not found")
        return _reply(200, _version(asked.path, content, changed=fault == "changed"))


def _version(path: str, content: bytes, *, changed: bool) -> dict[str, Any]:
    import google_crc32c

    check = google_crc32c.value(content) ^ changed
    data = base64.b64encode(content).decode()
    return {"name": path.removeprefix("/v1/"), "payload": {"data": data, "dataCrc32c": str(check)}}


def _failed(status: int, message: str) -> Reply:
    return _reply(status, {"error": {"code": status, "message": message}})


def _reply(status: int, said: dict[str, Any]) -> Reply:
    return Reply(status=status, body=json.dumps(said).encode(), headers={"Location": "/elsewhere"})


@contextmanager
def vault() -> Iterator[Vault]:
    """A server of its own on the loopback."""
    made = Vault()
    with serving(made.answer) as made.address:
        yield made
        for session in made.sessions:
            session.close()
