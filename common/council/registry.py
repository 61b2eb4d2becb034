"""Who sits in the council. A new member is one file and one line here."""

from __future__ import annotations

import importlib
from typing import cast

from common.domain.verdict import LeftOut
from common.ports.council import Member

MEMBERS = (
    "common.council.rubric:Rubric",
    "common.council.neighbours:Neighbours",
)

_OFFLINE = "{} is asked over the network, and this version has no client for it; the local members judge without it"

# Seats of the council that nobody can take yet: language models of three families, so that they err apart.
VACANT = (
    LeftOut(name="claude", why=_OFFLINE.format("Claude")),
    LeftOut(name="gemini", why=_OFFLINE.format("Gemini")),
    LeftOut(name="gpt", why=_OFFLINE.format("GPT")),
)


def members() -> tuple[Member, ...]:
    """One of each, in the order of the list."""
    return tuple(_member(dotted) for dotted in MEMBERS)


def _member(dotted: str) -> Member:
    module, name = dotted.split(":")
    return cast(Member, getattr(importlib.import_module(module), name)())
