"""The composition root: the only place that knows which adapter stands behind which port."""

from __future__ import annotations

from common.bootstrap.local import Local, engine, local

__all__ = ["Local", "engine", "local"]
