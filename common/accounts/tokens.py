"""Texts that open something: `KIND_TENANT_ID_SECRET`.

The secret is 256 random bits: nothing to guess, so a plain digest keeps it. The tenant stands in the text, so that what
it opens lies within the tenant like everything else.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

_REST = re.compile(r"([A-Za-z0-9_-]{1,128})_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    kind: str
    tenant: str
    id: str
    secret: str

    @property
    def text(self) -> str:
        return f"{self.kind}_{self.tenant}_{self.id}_{self.secret}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def fits(self, digest: str) -> bool:
        return secrets.compare_digest(self.digest, digest)


def fresh(kind: str, tenant: str, identity: str | None = None) -> Token:
    """A new one; with an id another secret for what has it."""
    return Token(kind=kind, tenant=tenant, id=identity or secrets.token_hex(8), secret=secrets.token_urlsafe(32))


def read(kind: str, text: str) -> Token | None:
    """None for what cannot be one."""
    begun = f"{kind}_"
    found = _REST.fullmatch(text.removeprefix(begun)) if text.startswith(begun) else None
    return None if found is None else Token(kind=kind, tenant=found[1], id=found[2], secret=found[3])
