"""GET /health: whether this process answers; GET /ready: whether the documents do, without which nothing can be served.

/health asks nothing else, so that one lost part does not take all down. Not /healthz: Cloud Run keeps paths that end in
z for itself.
"""

from __future__ import annotations

from common.bootstrap.parts import Parts


def get() -> bytes:
    return b'{"ok":true}'


def ask(parts: Parts) -> None:
    """Raises Transient where the documents do not answer."""
    parts.engine.documents.get_many(["global/ready"])
