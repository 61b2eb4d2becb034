"""Models: what answers for what on this machine."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from common.errors import BadInput, ModelMissing, Permanent
from scripts.cli.doctor.finding import Finding, State


def models(environ: Mapping[str, str]) -> Iterator[Finding]:
    from common.adapters.models.local import ADAPTERS  # here, not above: a broken package is a finding

    store = Path(environ.get("CUTROOM_MODELS") or Path(environ.get("CUTROOM_HOME") or ".cutroom") / "models").absolute()
    for kind, adapters in ADAPTERS.items():
        seen, fix, wrong = "", "", False
        for dotted in adapters:
            module, _, name = dotted.partition(":")
            try:
                here = getattr(importlib.import_module(module), name).here(store)
            except ModelMissing as error:
                what, _, how = str(error).partition("; " if "; " in str(error) else ": ")
                seen, fix = seen or what, fix or how
            except (Permanent, BadInput, ImportError, OSError, ValueError) as error:
                seen, fix, wrong = str(error), "scripts/models list; add the model again, or run scripts/setup", True
            else:
                quality = here.facts.get("quality")
                seen = f"{here.source} ({quality}); {seen}" if quality and seen else here.source
                fix = fix if quality else ""
                break
        state: State = "wrong" if wrong else "note" if fix else "ok"
        yield Finding(group="models", name=kind, state=state, seen=seen, fix=fix)
