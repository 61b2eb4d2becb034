"""The machine's gate: what was measured on a finished file, against what it was meant to be. It decides, and says why.

Limits without a source are engineering defaults: generous where a clip may well be meant so, strict where only a fault
makes a file so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from common.domain.clip import Rendition
from common.domain.framing import Framing
from common.domain.gate import Caption, Finding, Finished, Gate, Levelled, Verdict
from common.domain.platforms import Platform, Safe
from common.domain.timebase import Span
from common.domain.track import Track
from common.domain.transcript import Word
from common.scoring.fits import fitting
from common.scoring.shown import drift, faces_in_view, jolt, outside

LOUDNESS, WITHIN = -14.0, 0.5  # LUFS, LU
PEAK = -1.0  # dBTP
MOSTLY = 0.5  # of a clip that is black: more is no clip
DARK, STUCK = 1.0, 5.0  # seconds of black, and of one and the same picture, that people notice
ALL = 0.95  # of a clip that stands still: all of it
FLASHES = 3  # in a second, as WCAG 2.2 has it (2.3.1)
SEEN, LOST = 0.95, 0.75  # of the time that faces are in view: enough, and too little
STEADY, JOLTED = 6.0, 30.0  # frame widths per second squared: a firm hand's pan, and a jump
IN_TIME, LATE = 0.1, 0.3  # seconds between a word and its caption: nobody notices, everybody does
UNSHOWN = 0.05  # of the words that no caption holds: more is a fault
SLACK = 0.004  # of the frame: half a letter's edge

AGAIN = "render it again (scripts/run VIDEO --again render); if it stays so, report it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a finished file was made from, and meant to be. `words` are None where nobody knows what is said."""

    rendition: Rendition
    span: Span
    levelled: Levelled | None  # None: no sound
    framings: Sequence[Framing]  # as shown
    tracks: Sequence[Track]
    captions: Sequence[Caption]
    words: Sequence[Word] | None
    safe: Safe
    frozen: Sequence[Span]  # stretches of the source that stand still


def judged(finished: Finished, made: Made, platforms: Sequence[Platform]) -> Gate:
    """Every check of one file that is as it was kept."""
    findings = [
        *_as_made(finished, made.rendition),
        *_heard(finished, made.levelled),
        *_looked_at(finished, made),
        *_framed(made),
        *_captioned(made),
    ]
    own = len(findings)
    fits = []
    for platform in platforms:
        fit, misfits = fitting(finished, made.captions, made.rendition.aspect, platform)
        fits.append(fit)
        findings += misfits
    return Gate(
        aspect=made.rendition.aspect,
        object=made.rendition.object,
        ready=all(one.verdict != "fail" for one in findings[:own]),
        findings=tuple(findings),
        fits=tuple(fits),
    )


def refused(rendition: Rendition, finding: Finding) -> Gate:
    """A file that nothing more can be said of."""
    return Gate(aspect=rendition.aspect, object=rendition.object, ready=False, findings=(finding,), fits=())


def altered(rendition: Rendition, sha256: str) -> Finding | None:
    """Whether the file's bytes are others than those that were made; None where they are the same."""
    if sha256 == rendition.sha256:
        return None
    return Finding(
        name="bytes",
        verdict="fail",
        measured=f"sha256 {sha256[:16]}…",
        limit=f"sha256 {rendition.sha256[:16]}…",
        fix=f"the file was changed after it was made: {AGAIN}",
    )


def _as_made(told: Finished, made: Rendition) -> Iterator[Finding]:
    yield _same("frame size", f"{told.width}x{told.height}", f"{made.width}x{made.height}")
    yield _same("frames", str(told.frames), str(made.frames))
    off = abs(told.duration - made.duration) if told.duration is not None else None
    near = off is not None and off <= 1 / made.frame_rate
    yield _judge("duration", "pass" if near else "fail", _seconds(told.duration), _seconds(made.duration), AGAIN)
    steady = told.frame_rate is not None and abs(told.frame_rate - made.frame_rate) <= Fraction(1, 1000)
    measured = "unknown" if told.frame_rate is None else f"{float(told.frame_rate):.3f} fps"
    yield _judge("frame rate", "pass" if steady else "fail", measured, f"{float(made.frame_rate):.3f} fps", AGAIN)
    scan = {True: "progressive", False: "interlaced", None: "scan unknown"}[told.progressive]
    picture = f"{told.codec} {told.profile} {told.pixels} {told.pixel_aspect} {scan}"
    yield _same("picture", picture, "h264 High yuv420p 1:1 progressive")
    yield _same("index", "first" if told.index_first else "last", "first")
    yield _judge("damage", "pass" if not told.damage else "fail", _many(told.damage, "complaint"), "none", AGAIN)


def _heard(told: Finished, levelled: Levelled | None) -> Iterator[Finding]:
    sound = f"{told.audio_codec} {told.sample_rate} Hz {told.channels} channels" if told.audio_codec else "none"
    yield _same("sound", sound, "none" if levelled is None else "aac 48000 Hz 2 channels")
    if levelled is None or told.loudness is None:
        return
    limit = f"{LOUDNESS:g} ±{WITHIN:g} LUFS"
    loudness, peak = told.loudness.integrated, told.loudness.true_peak
    if loudness is None:
        yield _judge("loudness", "pass" if levelled.before is None else "warn", "silence", limit, levelled.why or AGAIN)
    else:
        fine = abs(loudness - LOUDNESS) <= WITHIN
        verdict: Verdict = "pass" if fine else "warn" if levelled.why else "fail"
        yield _judge("loudness", verdict, f"{loudness:.1f} LUFS", limit, levelled.why or AGAIN)
    measured = "silence" if peak is None else f"{peak:.1f} dBTP"
    yield _judge("true peak", "fail" if peak is not None and peak > PEAK else "pass", measured, f"{PEAK:g} dBTP", AGAIN)


def _looked_at(told: Finished, made: Made) -> Iterator[Finding]:
    length = float(made.span.duration) or 1.0
    black, longest = _sum(told.black), max((float(span.duration) for span in told.black), default=0.0)
    verdict: Verdict = "fail" if black > MOSTLY * length else "warn" if longest >= DARK else "pass"
    fix = "cut it so that it leaves the black stretch out, or choose another clip"
    yield _judge("black", verdict, f"{black:.1f} s, {longest:.1f} s in a row", f"under {DARK:g} s in a row", fix)
    still, longest = _sum(told.frozen), max((float(span.duration) for span in told.frozen), default=0.0)
    before = float(sum((span.overlap(made.span) for span in made.frozen), Fraction(0)))
    stuck = still > ALL * length and before < MOSTLY * length
    fix = AGAIN if stuck else "the source stands still there; cut it shorter, or give the captions a style that moves"
    verdict = "fail" if stuck else "warn" if longest >= STUCK else "pass"
    yield _judge("frozen", verdict, f"{still:.1f} s, {longest:.1f} s in a row", f"under {STUCK:g} s in a row", fix)
    fix = "it may harm viewers with epilepsy: leave the flashing stretch out"
    verdict = "fail" if told.flashes > FLASHES else "warn" if told.local_flashes > FLASHES else "pass"
    # What moves in a part of the picture may look like flashing there: that is for a person to see.
    measured = f"{told.flashes} in a second, {told.local_flashes} in a part of the picture"
    yield _judge("flashes", verdict, measured, f"{FLASHES} in a second (ITU-R BT.1702; in a part, WCAG 2.3.1)", fix)


def _framed(made: Made) -> Iterator[Finding]:
    seen = faces_in_view(made.framings, made.tracks, made.span)
    if seen is not None:
        verdict: Verdict = "pass" if seen >= SEEN else "warn" if seen >= LOST else "fail"
        fix = "render this clip in a wider shape, such as 1:1 or 16:9"
        yield _judge("faces in view", verdict, f"{seen:.0%} of the time", f"at least {SEEN:.0%}", fix)
    worst = jolt(made.framings, made.span)
    verdict = "pass" if worst <= STEADY else "warn" if worst <= JOLTED else "fail"
    fix = "render this clip in a wider shape, in which the view has to move less"
    unit = "frame widths/s²"
    yield _judge("steady view", verdict, f"{worst:.1f} {unit}", f"{STEADY:g} {unit}", fix)


def _captioned(made: Made) -> Iterator[Finding]:
    if not made.captions:
        return
    over = max(outside(caption.box, made.safe) for caption in made.captions)
    fix = "render it again; if it stays so, choose another caption style (--captions clean)"
    measured = "inside" if over <= 0 else f"{over:.1%} of the frame outside"
    yield _judge("captions in the safe zone", "pass" if over <= SLACK else "fail", measured, "inside", fix)
    if made.words is None:
        return
    late, missing, said = drift(made.captions, made.words, made.span)
    verdict: Verdict = "pass" if late <= IN_TIME and not missing else "warn"
    if late > LATE or missing > UNSHOWN * said:
        verdict = "fail"
    measured = f"off by {late:.2f} s at most; {missing} of {said} words not shown"
    fix = "words may be left out where letters cannot be drawn; else " + AGAIN
    yield _judge("captions in time", verdict, measured, f"{IN_TIME:g} s, every word", fix)


def _judge(name: str, verdict: Verdict, measured: str, limit: str, fix: str) -> Finding:
    return Finding(name=name, verdict=verdict, measured=measured, limit=limit, fix=None if verdict == "pass" else fix)


def _same(name: str, measured: str, limit: str) -> Finding:
    return _judge(name, "pass" if measured == limit else "fail", measured, limit, AGAIN)


def _seconds(value: Fraction | None) -> str:
    return "unknown" if value is None else f"{float(value):.3f} s"


def _sum(spans: Sequence[Span]) -> float:
    return float(sum((span.duration for span in spans), Fraction(0)))


def _many(count: int, what: str) -> str:
    return "none" if not count else f"{count} {what}{'s' if count > 1 else ''} of the decoder"
