"""Who sits in the council without being asked elsewhere. A new member is one file and one line here.

The seats of language models are common.ports.language.Seats; each is taken by a `seer.Seer`.
"""

from __future__ import annotations

import importlib
from typing import cast

from common.ports.council import Member

MEMBERS = (
    "common.council.rubric:Rubric",
    "common.council.neighbours:Neighbours",
)


def members() -> tuple[Member, ...]:
    """One of each, in the order of the list."""
    return tuple(_member(dotted) for dotted in MEMBERS)


def _member(dotted: str) -> Member:
    module, name = dotted.split(":")
    return cast(Member, getattr(importlib.import_module(module), name)())
