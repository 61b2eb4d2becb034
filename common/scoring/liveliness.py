"""How lively a clip is: its pace, its energy, its picture and its people, each from what was measured."""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import median, pstdev

from common.domain.clip import Evidence
from common.domain.footage import Cover, Curve
from common.domain.observed import Observed
from common.domain.timebase import Span, clock
from common.scoring import weights
from common.scoring.candidates import PACE
from common.scoring.parts import Change, Weighed, dead, faces, finite, head, merged, pieces, said, unit, untold, within

PAUSE = Fraction(6, 5)  # seconds from which silence between words is a pause somebody may leave in
KEPT = Fraction(3, 10)  # seconds of it that are kept where it is cut
LONG_SHOT = 8  # seconds without a cut that tire
CUT_EVERY = 5  # seconds from cut to cut at which a picture changes often enough
LIVELY = 4.0  # semitones: the deviation of a voice that counts as fully lively; one of 1 sounds flat
LOWEST = 20.0  # Hz; no voice is lower
DARK = 0.12  # mean luma
CLOSE = 0.3  # of the picture's height that a face takes in a close-up
# Scripts without spaces: what counts as a word there depends on who wrote the transcript.
UNSPACED = ("zh", "ja", "th", "lo", "km", "my", "yue")


def pace(observed: Observed) -> Weighed:
    """Words per second against lively speech, and the time lost in pauses."""
    spoken, span = said(observed), observed.span
    if spoken is None:
        return untold("no words are known")
    if not spoken and not observed.words:
        return untold("nobody speaks in it")
    if not span.duration:
        return untold("it has no length")
    if (observed.language or "").casefold().split("-")[0] in UNSPACED:
        return untold(f"words are not parted by spaces in {observed.language}, so their number tells no pace")
    words = [within(word.span, span) for word in observed.words or () if word.span.overlap(span)]
    count = len(words) if observed.words is not None else sum(one.last - one.first + 1 for one in spoken)
    rate = count / float(span.duration)
    pauses = _pauses(words, span)
    value = _paced(count, span.duration, pauses)
    evidence = []
    if rate < PACE / 2:
        evidence.append(
            Evidence(name="slow_speech", text=f"says little ({rate:.1f} words a second)", weight=-0.3, span=span)
        )
    elif rate > 1.6 * PACE:
        evidence.append(
            Evidence(name="fast_speech", text=f"is spoken fast ({rate:.1f} words a second)", weight=-0.3, span=span)
        )
    else:
        evidence.append(
            Evidence(name="good_pace", text=f"keeps a pace of {rate:.1f} words a second", weight=0.3, span=span)
        )
    changes = []
    if pauses:
        longest = max(pauses, key=lambda one: (one.duration, -one.start))
        seconds = float(longest.duration)
        evidence.append(Evidence(name="pause", text=f"pauses for {seconds:.1f} s", weight=-0.2, span=longest))
        left = [one for one in pauses if one != longest]
        gain = _paced(count, span.duration - longest.duration + KEPT, left) - value
        text = f"cut the pause of {seconds:.1f} s at {clock(longest.start)}"
        changes.append(Change(aim="pause", text=text, gain=gain))
    if rate > 1.6 * PACE:
        text = f"say it in fewer words or give it more time: {rate:.1f} words a second are hard to follow"
        changes.append(Change(aim="words", text=text, gain=1 - value))
    return Weighed(value=value, evidence=tuple(evidence), changes=tuple(changes))


def _paced(count: int, seconds: Fraction, pauses: list[Span]) -> float:
    rate = count / float(seconds)
    lost = sum(float(one.duration - KEPT) for one in pauses) / float(seconds)
    parts = {"rate": unit(1 - abs(rate - PACE) / PACE), "no_pauses": unit(1 - 3 * lost)}
    return merged(weights.PACE, parts) or 0.0


def _pauses(words: list[Span], span: Span) -> list[Span]:
    """Silences between words, and before the first and after the last, in order."""
    found, at = [], span.start
    for word in sorted(words):
        if word.start - at >= PAUSE:
            found.append(Span(at, word.start))
        at = max(at, word.end)
    return [*found, Span(at, span.end)] if words and span.end - at >= PAUSE else found


def energy(observed: Observed) -> Weighed:
    """Loudness against the whole file, and how far the voice moves up and down."""
    loud = finite(observed.footage.energy(observed.span)) if observed.footage else None
    lively = _intonation(observed.pitch, observed.span) if observed.pitch else None
    value = merged(
        weights.ENERGY,
        {"loudness": loud, "intonation": None if lively is None else unit(lively / LIVELY)},
    )
    if value is None:
        return untold("no sound was measured")
    evidence = []
    if loud is not None and loud > 0.65:
        evidence.append(Evidence(name="loud", text="is louder than the rest", weight=loud - 0.5, span=observed.span))
    elif loud is not None and loud < 0.3:
        evidence.append(Evidence(name="quiet", text="is quieter than the rest", weight=loud - 0.5, span=observed.span))
    if lively is not None and lively >= 0.6 * LIVELY:
        evidence.append(Evidence(name="lively_voice", text="has a lively voice", weight=0.3, span=observed.span))
    elif lively is not None and lively < 0.3 * LIVELY:
        evidence.append(Evidence(name="flat_voice", text="is spoken on one note", weight=-0.3, span=observed.span))
    changes = []
    clipped = Cover(observed.clipped or ()).share(observed.span)
    if clipped > 0:
        first = min(one for one in observed.clipped or () if one.overlap(observed.span))
        text = "is distorted, as its sound is too loud for the file"
        evidence.append(Evidence(name="clipped", text=text, weight=-clipped, span=first))
        text = f"take the sound at {clock(max(first.start, observed.span.start))} from a better copy, it is distorted"
        changes.append(Change(aim="sound", text=text, gain=value * clipped))
    return Weighed(value=value * (1 - clipped), evidence=tuple(evidence), changes=tuple(changes))


def _intonation(pitch: Curve, span: Span) -> float | None:
    """Standard deviation of the voice in semitones; None from fewer than four steps with a voice."""
    heard = [hz for hz in pitch.known(span) if LOWEST < hz < math.inf]
    if len(heard) < 4:
        return None
    middle = median(heard)
    return pstdev(12 * math.log2(hz / middle) for hz in heard)


def picture(observed: Observed) -> Weighed:
    """How often it changes, how much moves against the whole video, and how much of it is black or frozen."""
    shots, span, footage = pieces(observed), observed.span, observed.footage
    still = dead(observed, span)
    if shots is None or still is None or not span.duration:
        return untold("the picture was not measured" if span.duration else "it has no length")
    cuts = max(0, len(shots) - 1)
    moving = usual = light = None
    if footage is not None:
        moving = finite(footage.motion.mean(span))
        usual = finite(footage.motion.mean(Span(Fraction(0), footage.duration)))
        light = finite(footage.brightness.mean(span))
    parts = {
        "cuts": _changing(cuts, span.duration),
        "motion": unit(0.5 * moving / usual) if moving is not None and usual else None,
        "light": None if light is None else unit(1 - abs(light - 0.45) / 0.55),
    }
    whole = merged(weights.PICTURE, parts) or 0.0
    evidence, changes = [], []
    if cuts >= 2:
        evidence.append(
            Evidence(name="changing_picture", text=f"changes its picture {cuts} times", weight=0.3, span=span)
        )
    if moving is not None and usual and moving > 1.2 * usual:
        evidence.append(
            Evidence(name="much_motion", text="moves more than the rest of the video", weight=0.2, span=span)
        )
    elif moving is not None and usual and moving < 0.6 * usual:
        evidence.append(
            Evidence(name="little_motion", text="moves less than the rest of the video", weight=-0.1, span=span)
        )
    if light is not None and light < DARK:
        evidence.append(Evidence(name="dark", text="is dark", weight=-0.2, span=span))
    if still > 0.1:
        text = f"is black or stands still for {still:.0%} of its time"
        evidence.append(Evidence(name="black_or_frozen", text=text, weight=-still, span=span))
        changes.append(Change(aim="dead", text=_take_out(observed, still), gain=whole * still))
    longest = max(shots, key=lambda one: (one.duration, -one.start), default=None)
    if longest is not None and longest.duration > LONG_SHOT:
        seconds = float(longest.duration)
        evidence.append(
            Evidence(name="long_shot", text=f"stays in one shot for {seconds:.0f} s", weight=-0.1, span=longest)
        )
        more = {**parts, "cuts": _changing(cuts + 1, span.duration)}
        gain = ((merged(weights.PICTURE, more) or 0.0) - whole) * (1 - still)
        middle = clock((longest.start + longest.end) / 2)
        changes.append(Change(aim="cut", text=f"cut away at about {middle}, one shot lasts {seconds:.0f} s", gain=gain))
    return Weighed(value=whole * (1 - still), evidence=tuple(evidence), changes=tuple(changes))


def _changing(cuts: int, seconds: Fraction) -> float:
    """0.4 for one shot all along, 1 from a cut every CUT_EVERY seconds on."""
    return unit(0.4 + 0.6 * cuts / max(1.0, float(seconds) / CUT_EVERY))


def _take_out(observed: Observed, share: float) -> str:
    if observed.footage is not None:
        spans = [*observed.footage.black, *observed.footage.frozen]
    else:
        spans = [one.span for one in observed.shots or () if one.black or one.frozen]
    first = min(within(one, observed.span) for one in spans if one.overlap(observed.span))
    return f"take out what is black or stands still, {share:.0%} of it, from {clock(first.start)} on"


def people(observed: Observed) -> Weighed:
    """How long a face is seen, and whether one is seen close up."""
    seen, span = faces(observed), observed.span
    if seen is None:
        return untold("nobody looked for faces")
    if not span.duration:
        return untold("it has no length")
    share = Cover(one.span for one in seen).share(span)
    close = close_up(observed)
    value = merged(weights.PEOPLE, {"faces": share, "close_up": float(close is not None)}) or 0.0
    evidence, changes = [], []
    if share > 0.1:
        first = min(within(one.span, span) for one in seen)
        evidence.append(
            Evidence(name="face", text=f"shows a face for {share:.0%} of its time", weight=share / 2, span=first)
        )
        if first.start >= head(observed, 3).end:
            text = f"show the face at {clock(first.start)} from the first second on"
            changes.append(Change(aim="face", text=text, gain=float((first.start - span.start) / span.duration) / 2))
    else:
        evidence.append(Evidence(name="no_face", text="shows hardly a face", weight=-0.3, span=span))
    if close is not None:
        evidence.append(Evidence(name="close_up", text="comes close to a face", weight=0.2, span=close))
    return Weighed(value=value, evidence=tuple(evidence), changes=tuple(changes))


def close_up(observed: Observed) -> Span | None:
    """Where a face first takes at least CLOSE of the picture's height; None where none does."""
    close = [
        Span(one.at, one.at)
        for track in faces(observed) or ()
        for one in track.sightings
        if one.box.height >= CLOSE and observed.span.contains(one.at)
    ]
    return min(close, default=None)
