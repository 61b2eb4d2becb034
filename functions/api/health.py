"""GET /health: whether this process answers. It asks nothing else, so that one lost part does not take all down.

Not /healthz: Cloud Run keeps paths that end in z for itself.
"""

from __future__ import annotations


def get() -> bytes:
    return b'{"ok":true}'
