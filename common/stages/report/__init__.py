"""Write the report: `result.json` for programs and `report.html`, one file that plays from anywhere, for people."""

from __future__ import annotations

from common.domain.codec import dumps, to_json
from common.ports.work import Outcome, Work
from common.stages.report import page
from common.stages.report.result import collect


def prepare() -> None:
    """What takes long and is the same for every flow."""
    page.prepare()


def run(work: Work) -> Outcome:
    """Gather what all stages left, validated by docs/result.schema.json, and draw it."""
    found = collect(work)
    work.progress(1, 3, "steps")
    kept = work.put("result.json", dumps(found.result))
    work.progress(2, 3, "steps")
    report = work.put("report.html", page.draw(work, found).encode())
    work.progress(3, 3, "steps")
    files = [{"path": "report.html", "object": report.object}, {"path": "result.json", "object": kept.object}]
    return Outcome(
        result={"report": to_json(report), "result": to_json(kept), "files": files + found.files},
    )
