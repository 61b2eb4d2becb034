"""Compliance: a clip's files and texts, or texts alone, against what each platform takes, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from common.chores.posts.scheduling import TEXTS
from common.domain import gate
from common.domain.codec import from_json, loads
from common.domain.platforms import Platform, platforms
from common.errors import BadInput
from common.scoring.posting import Naming, worded
from functions.api import clips
from functions.api.findings import Finding, shown
from functions.api.judgements import LeftOut
from functions.api.route import Answer, Ask, Shape

Name = Annotated[str, msgspec.Meta(max_length=128)]


class Fit(Shape):
    """Whether a platform takes it. `checked` counts the rules looked at, `unverified` names those nobody knows."""

    platform: str
    aspect: str | None
    fits: bool
    checked: int
    unverified: list[str]
    source: str
    date: str
    note: str | None


class Checked(Shape):
    """`ready`: no check of the files themselves failed; null where there are none. `findings`: without platforms'
    rules on files that are met, which `fits` counts."""

    clip: str | None
    ready: bool | None
    findings: list[Finding]
    fits: list[Fit]
    left_out: list[LeftOut]


class ToCheck(Shape):
    """A clip, or texts, or a clip as if it had these texts. Without `platforms`: against all that are known."""

    clip: Name | None = None
    platforms: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=50)] | None = None
    title: Annotated[str, msgspec.Meta(max_length=10_000)] | None = None
    description: Annotated[str, msgspec.Meta(max_length=100_000)] | None = None
    hashtags: Annotated[list[Name], msgspec.Meta(max_length=500)] | None = None


def check(ask: Ask) -> Answer:
    wanted: ToCheck = ask.body
    rules = _chosen(wanted.platforms)
    texts = {name: value for name in TEXTS if (value := getattr(wanted, name)) is not None}
    if wanted.clip is None:
        if not texts:
            raise BadInput("there is nothing to check; send a clip, a title, a description or hashtags")
        return Answer(body=_of_texts(texts, rules))
    snap = clips.named(ask, wanted.clip)
    found = _of_texts({name: snap.body[name] for name in TEXTS} | texts, rules)
    found.clip = snap.id
    checked = clips.result(ask, snap, "check")
    if checked is None:
        why = "its files are not made and checked yet; GET /v1/flows/FLOW says how far they are"
        found.left_out.append(LeftOut(what="files", why=why))
        return Answer(body=found)
    found.ready = bool(checked["ready"])
    by_name = {one.name: one for one in rules}
    for one in from_json(list[gate.Gate], loads(ask.parts.engine.objects.get(checked["gates"]["object"]))):
        for finding in one.findings:
            if finding.platform is None or finding.platform in by_name:
                found.findings.append(shown(finding, rules=by_name.get(finding.platform or ""), aspect=one.aspect))
        found.fits += [_fit(fit, by_name[fit.platform], one.aspect) for fit in one.fits if fit.platform in by_name]
    return Answer(body=found)


def _chosen(names: list[str] | None) -> list[Platform]:
    known = {one.name: one for one in platforms()}
    if strange := sorted(set(names or ()) - known.keys()):
        raise BadInput(f"there is no platform {strange[0][:50]!r}; choose from {', '.join(known)}")
    return [one for one in known.values() if names is None or one.name in names]


def _of_texts(texts: dict[str, object], rules: list[Platform]) -> Checked:
    told = Naming(
        title=str(texts.get("title", "")),
        description=str(texts.get("description", "")),
        hashtags=tuple(texts.get("hashtags", ())),  # type: ignore[arg-type]
    )
    findings, fits = [], []
    for one in rules:
        found = worded(told, one)
        findings += [shown(finding, rules=one) for finding in found]
        fit = gate.Fit(
            platform=one.name,
            fits=all(finding.verdict != "fail" for finding in found),
            checked=len(found),
            unverified=() if one.texts else ("texts",),
        )
        fits.append(_fit(fit, one, None))
    return Checked(clip=None, ready=None, findings=findings, fits=fits, left_out=[])


def _fit(fit: gate.Fit, rules: Platform, aspect: str | None) -> Fit:
    return Fit(
        platform=fit.platform,
        aspect=aspect,
        fits=fit.fits,
        checked=fit.checked,
        unverified=list(fit.unverified),
        source=rules.source,
        date=rules.date,
        note=rules.note,
    )
