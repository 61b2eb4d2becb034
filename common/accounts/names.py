"""Names from outside that come to stand in the keys of documents, and texts that people give things."""

from __future__ import annotations

import re
import secrets

from common.errors import BadInput

MOST_TITLE = 200

_PLAIN = re.compile(r"(?!__)[A-Za-z0-9_-]{1,128}")  # Firestore keeps what begins and ends in __ for itself
_SHARED = "org-"


def plain(name: str) -> bool:
    """Whether it can be the id of a document, and no path to another."""
    return _PLAIN.fullmatch(name) is not None


def checked(name: str) -> str:
    if not plain(name):
        raise BadInput(f"{name[:50]!r} cannot be an id; send 1 to 128 letters, figures, - or _")
    return name


def new_organisation() -> str:
    return _SHARED + secrets.token_hex(8)


def shared(tenant: str) -> bool:
    """Whether it is an organisation that somebody made, and not a person's own tenant, which bears their name."""
    return tenant.startswith(_SHARED)


def own(tenant: str, subject: str) -> bool:
    """Whether it is this person's own tenant."""
    return tenant == subject and not shared(tenant)


def titled(text: str) -> str:
    if not text.strip() or len(text) > MOST_TITLE:
        raise BadInput(f"a name has 1 to {MOST_TITLE} characters; send another one")
    return text
