"""One check of a file or a text: what was measured, what it may be, who says so, and what to do."""

from __future__ import annotations

from typing import Literal

from common.domain import gate
from common.domain.platforms import Platform
from functions.api.route import Shape


class Finding(Shape):
    """One check. `platform` null: of the file itself; `source`: where the platform's rule was read, and when."""

    name: str
    verdict: Literal["pass", "warn", "fail"]
    measured: str
    limit: str
    fix: str | None
    aspect: str | None
    platform: str | None
    source: str | None
    date: str | None


def shown(finding: gate.Finding, *, rules: Platform | None, aspect: str | None = None) -> Finding:
    return Finding(
        name=finding.name,
        verdict=finding.verdict,
        measured=finding.measured,
        limit=finding.limit,
        fix=finding.fix,
        aspect=aspect,
        platform=finding.platform,
        source=rules.source if rules else None,
        date=rules.date if rules else None,
    )
