"""scripts/features: what every number of the feature vector is, as a page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from common.signals.features.feature import GROUPS, Feature
from common.signals.features.registry import FEATURES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "features.md"
_HEAD = """# The features of a clip

A clip becomes {count} numbers, in this order, computed by `common/signals/features/` from what its stages left and
from its judgement. `scripts/features` writes this page; a test keeps it true.

- What nobody looked at, or what is not defined, is None: without sound, words, tracks or a judgement all that is
  computed from them. A real zero is 0.
- A value that is not a number, or lies outside its range, is refused by name; nothing is cut down to fit.
- The version of a feature rises when its meaning changes: a model knows only the version it was trained on.
"""


def page() -> str:
    """docs/features.md as the registry has it."""
    return "\n".join([_HEAD.format(count=len(FEATURES)), *_tables()])


def _tables() -> Iterator[str]:
    for group in GROUPS:
        rows = [feature for feature in FEATURES if feature.group == group]
        yield f"## {group.capitalize()} ({len(rows)})\n"
        yield "| feature | unit | range | version | computed from |"
        yield "|---|---|---|---|---|"
        yield from map(_row, rows)
        yield ""


def _row(feature: Feature) -> str:
    span = f"{feature.low:.10g} to {feature.high:.10g}"
    return f"| `{feature.name}` | {feature.unit} | {span} | {feature.version} | {feature.source} |"


def main(argv: list[str] | None = None) -> int:
    argparse.ArgumentParser(
        prog="scripts/features",
        description="Write docs/features.md anew: what every number of the feature vector is.",
    ).parse_args(argv)
    PAGE.write_text(page())
    print(f"{PAGE}: {len(FEATURES)} features in {len(GROUPS)} groups")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
