"""The platforms that the suite of adapters is passed by. A new network is a file with its `World`, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from tests.contract.platforms.worlds import linkedin, meta, pinterest, snapchat, tiktok, x, youtube

WORLDS: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    "facebook": meta.facebook,
    "instagram": meta.instagram,
    "linkedin": linkedin.linkedin,
    "pinterest": pinterest.pinterest,
    "snapchat": snapchat.snapchat,
    "tiktok": tiktok.tiktok,
    "x": x.x,
    "youtube": youtube.youtube,
}
