"""What an erasure did, store by store: how many there were, how many of them are gone, and how many a recount found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.domain.codec import digest
from common.ports.documents import Json

Counts = dict[str, dict[str, int]]  # store -> gone, left


def counted(counts: Mapping[str, Any], store: str, gone: int) -> Counts:
    """With so many more gone of a store."""
    made = {name: dict(one) for name, one in counts.items()}
    there = made.setdefault(store, {"gone": 0, "left": 0})
    there["gone"] += gone
    return made


def receipt(counts: Counts, left: Mapping[str, int], remains: list[dict[str, str]], **told: Any) -> Json:
    """The receipt and, over all of it, its sha256: who kept it can show later that none of it was changed."""
    names = sorted({*counts, *left})
    stores = [{"store": name, "gone": counts.get(name, {}).get("gone", 0), "left": left.get(name, 0)} for name in names]
    body: Json = {**told, "stores": stores, "remains": remains}
    return {**body, "sha256": digest(body, 64)}
