"""Settings of the infrastructure, the only reader of the environment. Product policy lives in documents."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where this machine keeps things. Every value has a default: no setting is needed to run.

    `home`    CUTROOM_HOME     the state folder: database, objects, scratch, lock
    `cores`   CUTROOM_CORES    how many cores runs may keep busy; the machine's, if unset
    `models`  CUTROOM_MODELS   where scripts/models keeps models; `models/` in the state folder, if unset
    `epoch`   CUTROOM_EPOCH    set by the runner for its workers: which life of the runner they belong to
    `anchor`  CUTROOM_ANCHOR   set by the runner for its workers: "wall,boot" seconds, one steady clock for all
    """

    home: Path
    cores: int
    models: Path
    epoch: int | None = None
    anchor: tuple[float, float] | None = None


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from environment variables, `os.environ` unless given."""
    env = os.environ if environ is None else environ
    anchor = env.get("CUTROOM_ANCHOR")
    wall, _, boot = (anchor or "").partition(",")
    home = Path(env.get("CUTROOM_HOME") or ".cutroom").absolute()
    return Settings(
        home=home,
        models=Path(env.get("CUTROOM_MODELS") or home / "models").absolute(),
        cores=int(env.get("CUTROOM_CORES") or available_cores()),
        epoch=int(env["CUTROOM_EPOCH"]) if env.get("CUTROOM_EPOCH") else None,
        anchor=(float(wall), float(boot)) if anchor else None,
    )


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
