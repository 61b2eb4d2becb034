"""What to do with a clip, by what the council makes of it: post it, mend it first, or hold it for a person."""

from __future__ import annotations

from collections.abc import Sequence

from common.domain.verdict import Decision, Verdict

PUBLISH = 60.0  # a score from which a clip can go out, if nothing is known that would mend it
HOLD = 35.0  # a score under which mending is not worth it


def decide(verdict: Verdict, *, changes: Sequence[str], flagged: Sequence[str]) -> tuple[Decision, str]:
    """The decision and why, in plain words. `changes` would raise the score; `flagged` is why nobody may be trusted.

    Chosen, not learned. Nothing is posted and no money is spent on it alone.
    """
    if flagged:
        return "hold", f"something in it speaks to whoever judges it ({'; '.join(flagged)}); a person must look"
    whose = "the score" if verdict.quorum else "the local score, which nobody checked,"
    if verdict.score < HOLD:
        return "hold", f"{whose} is {verdict.score:.0f}, under {HOLD:.0f}; another clip would serve better"
    if verdict.low is not None and verdict.high is not None and verdict.low < HOLD and verdict.high > PUBLISH:
        return "hold", f"the members differ too far to say ({verdict.low:.0f} to {verdict.high:.0f}); look yourself"
    if verdict.score >= PUBLISH:
        return "publish", f"{whose} is {verdict.score:.0f}, at least {PUBLISH:.0f}"
    if not changes:
        return "hold", f"{whose} is {verdict.score:.0f}, under {PUBLISH:.0f}, and no change is known that would mend it"
    return "fix", f"{whose} is {verdict.score:.0f}, under {PUBLISH:.0f}, and there is something to mend"
