"""What is written beside a clip, against what each platform takes: within its length, or by how much it is not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from common.domain.gate import Finding
from common.domain.platforms import Platform, measured

# Rules of the text that is not the title.
BODIES = ("caption", "text_weight", "commentary", "description", "description_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    title: str
    description: str  # "" where there is nothing to say
    hashtags: tuple[str, ...]  # without "#", in lower case, the most telling first


def post(naming: Naming, platform: Platform) -> dict[str, str]:
    """The texts that a platform takes, by the names in its rules, each within its length; {} where none is known.

    Where a platform takes one text, the title opens it; hashtags close what is long enough for them.
    """
    tags = " ".join(f"#{tag}" for tag in naming.hashtags)
    rules = platform.texts or {}
    found = {}
    for rule, most in rules.items():
        if rule == "title":
            found[rule] = shortened(naming.title, most)
        elif rule == "tags":
            found[rule] = fitting(naming.hashtags, ",", most)
        elif rule in BODIES:
            found[rule] = _closed(_body(naming, platform), tags, most, rule)
    return found


def composed(naming: Naming, platform: Platform) -> tuple[str, str, tuple[str, ...]]:
    """Title, text and hashtags as they are posted: each within the platform's length, whole where none is known.

    The title is "" where the platform takes one text, which it opens then.
    """
    tags = " ".join(f"#{tag}" for tag in naming.hashtags)
    told = post(naming, platform)
    own = [one for one in told.get("tags", ",".join(naming.hashtags)).split(",") if one]
    body = next((told[rule] for rule in BODIES if rule in told), None)
    if body is None:
        body = f"{_body(naming, platform)}\n\n{tags}".strip()
    return told.get("title", ""), body, tuple(own)


def shortened(text: str, most: int, rule: str = "") -> str:
    """The text, or its beginning up to a word's end and an ellipsis, `most` in all of what the rule counts."""

    def fits(size: int) -> bool:
        return measured(rule, f"{text[:size]}…")[0] <= most

    if measured(rule, text)[0] <= most:
        return text
    room = bisect_left(range(len(text)), True, key=lambda size: not fits(size + 1))
    while room and not fits(room):  # half an address may count more than all of it
        room -= 1
    head = text[:room]
    at = head.rfind(" ")
    ended = (head[:at] if at > (room + 1) // 2 else head).rstrip(" ,;:–—-")
    return f"{ended}…" if measured(rule, f"{ended}…")[0] <= most else ""


def _closed(text: str, tags: str, most: int, rule: str) -> str:
    whole = f"{text}\n\n{tags}".strip()
    return whole if measured(rule, whole)[0] <= most else shortened(text, most, rule)


def fitting(things: Sequence[str], between: str, most: int) -> str:
    """As many as there is room for."""
    kept = ""
    for thing in things:
        longer = f"{kept}{between}{thing}" if kept else thing
        if len(longer) > most:
            break
        kept = longer
    return kept


def worded(naming: Naming, platform: Platform) -> list[Finding]:
    """Each text as it was written against the platform's limit; nothing where no limit is known."""
    tags = " ".join(f"#{tag}" for tag in naming.hashtags)
    found = []
    for rule, most in (platform.texts or {}).items():
        if rule == "title":
            what, text = "title", naming.title
        elif rule == "tags":
            what, text = "hashtags", ",".join(naming.hashtags)
        elif rule in BODIES:
            what, text = "description and hashtags", f"{_body(naming, platform)}\n\n{tags}".strip()
        else:
            continue
        found.append(_measured(what, text, most, platform.name, rule))
    return found


def _measured(what: str, text: str, most: int, platform: str, rule: str) -> Finding:
    size, unit = measured(rule, text)
    return Finding(
        name=what,
        verdict="pass" if size <= most else "fail",
        measured=f"{size} {unit}",
        limit=f"to {most} {unit}",
        fix=None if size <= most else f"shorten it by {size - most} {unit}",
        platform=platform,
    )


def _body(naming: Naming, platform: Platform) -> str:
    """The text beside the title or, where a platform takes one text, opened by the title unless it says it already."""
    if "title" in (platform.texts or {}) or naming.title.rstrip("….?!") in naming.description:
        return naming.description
    return f"{naming.title}\n{naming.description}".strip()
