"""Whether a platform takes a finished file: every rule that is verified, each with what was measured and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.domain.clip import Aspect
from common.domain.gate import Caption, Finding, Finished, Fit, Verdict
from common.domain.platforms import AudioRule, Platform
from common.scoring.shown import outside

MB = 1_000_000
SHAPE_SLACK = 0.01  # of width over height: pixels are whole
RATE_SLACK = 0.05  # frames a second: 23.976 is 24 to everybody
SAFE_SLACK = 0.004  # of the frame
RULES = {
    "shortest_s": "shortest length",
    "longest_s": "longest length",
    "largest_mb": "file size",
    "shape": "shape",
    "smallest": "smallest frame",
    "largest": "largest frame",
    "widest": "widest frame",
    "frame_rate": "frame rate",
    "containers": "container",
    "video": "picture codec",
    "audio": "sound codec",
    "pixels": "pixel format",
    "progressive": "scan",
    "square_pixels": "pixel shape",
    "index_first": "index",
    "edit_list": "edit lists",
    "safe": "safe zone",
}


def fitting(
    told: Finished, captions: Sequence[Caption], aspect: Aspect, platform: Platform
) -> tuple[Fit, list[Finding]]:
    """The fit, and one finding for each rule that is not met; rules nobody has verified are named in the fit."""
    unverified = tuple(name for field, name in RULES.items() if getattr(platform, field) is None)
    found = [*_checks(told, captions, aspect, platform)]
    fits = all(one.verdict != "fail" for one in found)
    fit = Fit(platform=platform.name, fits=fits, checked=len(found), unverified=unverified)
    return fit, [one for one in found if one.verdict != "pass"]


def _checks(told: Finished, captions: Sequence[Caption], aspect: Aspect, rules: Platform) -> Iterator[Finding]:
    yield from _amount(told, rules)
    yield from _frame(told, rules)
    yield from _coding(told, rules)
    if rules.safe is not None and aspect == "9:16" and captions:
        over = max(outside(caption.box, rules.safe) for caption in captions)
        measured = "inside" if over <= 0 else f"{over:.1%} of the frame outside"
        yield _check(rules, "safe", over <= SAFE_SLACK, measured, "captions inside", "render it again")


def _amount(told: Finished, rules: Platform) -> Iterator[Finding]:
    length = float(told.duration or 0)
    measured = f"{length:.1f} s"
    if rules.shortest_s is not None:
        fix = f"make the clip longer (--min {rules.shortest_s:g})"
        yield _check(rules, "shortest_s", length >= rules.shortest_s, measured, f"from {rules.shortest_s:g} s", fix)
    if rules.longest_s is not None:
        fix = f"make the clip shorter (--max {rules.longest_s:g})"
        yield _check(rules, "longest_s", length <= rules.longest_s, measured, f"to {rules.longest_s:g} s", fix)
    if rules.largest_mb is not None:
        size = told.size / MB
        fix = "make the clip shorter"
        yield _check(rules, "largest_mb", size <= rules.largest_mb, f"{size:.1f} MB", f"{rules.largest_mb:g} MB", fix)


def _frame(told: Finished, rules: Platform) -> Iterator[Finding]:
    size = f"{told.width}x{told.height}"
    short, long = sorted((told.width, told.height))
    if rules.shape is not None:
        shape = told.width / told.height
        low, high = rules.shape
        fine = low - SHAPE_SLACK <= shape <= high + SHAPE_SLACK
        fix = f"render it in {rules.best_aspect or 'another shape'} (--aspect)"
        yield _check(rules, "shape", fine, f"{shape:.4g}", f"{low:.4g} to {high:.4g}", fix)
    if rules.smallest is not None:
        fine = short >= rules.smallest[0] and long >= rules.smallest[1]
        limit = f"from {rules.smallest[0]}x{rules.smallest[1]}"
        yield _check(rules, "smallest", fine, size, limit, "give a larger source")
    if rules.largest is not None:
        fine = short <= rules.largest[0] and long <= rules.largest[1]
        limit = f"to {rules.largest[0]}x{rules.largest[1]}, either way up"
        yield _check(rules, "largest", fine, size, limit, f"scale the file down before it goes to {rules.name}")
    if rules.widest is not None:
        fix = f"scale the file down before it goes to {rules.name}"
        yield _check(rules, "widest", told.width <= rules.widest, f"{told.width} wide", f"to {rules.widest}", fix)
    if rules.square_pixels is not None:
        square = (told.pixel_aspect == "1:1") == rules.square_pixels
        yield _check(rules, "square_pixels", square, told.pixel_aspect or "unknown", "1:1", "render it again")


def _coding(told: Finished, rules: Platform) -> Iterator[Finding]:
    if rules.frame_rate is not None:
        rate = float(told.frame_rate or 0)
        low, high = rules.frame_rate
        fine = low - RATE_SLACK <= rate <= high + RATE_SLACK
        limit = f"{low:g} to {high:g} fps"
        yield _check(rules, "frame_rate", fine, f"{rate:.3f} fps", limit, "give a source with more frames a second")
    if rules.containers is not None:
        fine = bool(set(rules.containers) & set(told.containers))
        yield _check(
            rules, "containers", fine, ",".join(told.containers), " ".join(rules.containers), "render it again"
        )
    if rules.video is not None:
        codec = f"{told.codec}-{told.profile}".lower()
        fine = any(codec == one or told.codec == one for one in rules.video)
        yield _check(rules, "video", fine, codec, " ".join(rules.video), "render it again")
    if rules.audio is not None and told.audio_codec is not None:
        yield _audio(told, rules, rules.audio)
    if rules.pixels is not None:
        fine = told.pixels == rules.pixels
        yield _check(rules, "pixels", fine, told.pixels or "unknown", rules.pixels, "render it again")
    if rules.progressive is not None:
        measured = {True: "progressive", False: "interlaced", None: "unknown"}[told.progressive]
        fine = told.progressive == rules.progressive
        yield _check(rules, "progressive", fine, measured, "progressive", "render it again")
    if rules.index_first is not None:
        measured = "first" if told.index_first else "last"
        yield _check(rules, "index_first", told.index_first == rules.index_first, measured, "first", "render it again")
    if rules.edit_list is not None:
        # players need the list to keep sound and picture in step; no refusal for it is known
        fine = rules.edit_list or not told.edit_list
        fix = f"nothing; if {rules.name} refuses it, write the file anew with -use_editlist 0"
        yield _check(rules, "edit_list", fine, "there" if told.edit_list else "none", "none", fix, otherwise="warn")


def _audio(told: Finished, rules: Platform, audio: AudioRule) -> Finding:
    fine = (
        told.audio_codec == audio.codec
        and audio.profile in (None, told.audio_profile)
        and (told.channels or 0) <= audio.channels
        and (audio.rate is None or (told.sample_rate or 0) <= audio.rate)
    )
    measured = f"{told.audio_codec} {told.audio_profile} {told.sample_rate} Hz {told.channels} channels"
    rate = "" if audio.rate is None else f" to {audio.rate} Hz"
    limit = f"{audio.codec} {audio.profile or ''}".strip() + f"{rate}, to {audio.channels} channels"
    return _check(rules, "audio", fine, measured, limit, "render it again")


def _check(
    rules: Platform, field: str, fine: bool, measured: str, limit: str, fix: str, *, otherwise: Verdict = "fail"
) -> Finding:
    return Finding(
        name=RULES[field],
        verdict="pass" if fine else otherwise,
        measured=measured,
        limit=limit,
        fix=None if fine else fix,
        platform=rules.name,
    )
