"""A small pipeline without media, for the engine's own tests: split -> (each part: work) -> side -> join."""

from __future__ import annotations

import time
from fractions import Fraction

from common.errors import Later, Permanent, RejectedMedia, Transient
from common.pipeline.stage import Definition, Image, Need, Retry, Stage, Where
from common.ports.work import Outcome, Work

MODULE = "tests.toy"


def split(work: Work) -> Outcome:
    parts = work.settings.clips
    return Outcome(result={"parts": parts}, members={"part": [{"value": n} for n in range(parts)]})


def part(work: Work) -> Outcome:
    assert work.member is not None
    value = work.member["value"]
    work.progress(1, 1, "part")
    kept = work.put("square.txt", str(value * value).encode())
    return Outcome(
        result={"square": value * value, "object": kept.object},
        documents={f"squares/{{flow}}.{value}": {"schema": 1, "value": value * value}},
    )


def side(work: Work) -> Outcome:
    return Outcome(result={"side": True})


def join(work: Work) -> Outcome:
    squares = [found["square"] for found in work.needs("part")]
    lost = [ended.stage for ended in work.ended() if ended.state == "failed"]
    return Outcome(result={"sum": sum(squares), "count": len(squares), "lost": lost, "side": work.need("side")})


def definition(**handlers: str) -> Definition:
    """The toy table; a handler by name replaces the stage's own."""

    def light(name: str, *after: Need, each: str | None = None, fans_out: str | None = None) -> Stage:
        return Stage(
            name=name,
            version=1,
            title=name.title(),
            handler=handlers.get(name, f"{MODULE}:{name}"),
            after=after,
            each=each,
            fans_out=fans_out,
            settings=("clips",) if fans_out else (),
            image=Image.LIGHT,
            places=(Where.IN_PLACE, Where.TASK),
            retry=Retry(attempts=3, first_s=0.01, longest_s=0.02),
        )

    return Definition(
        (
            light("split", fans_out="part"),
            light("part", Need("split", input=False), each="part"),
            light("side", Need("split")),
            light("join", Need("split"), Need("part"), Need("side", required=False)),
        )
    )


# What can go wrong, one handler each.

_failures: dict[str, int] = {}


def part_two_fails(work: Work) -> Outcome:
    if work.number == 2:
        raise Permanent("part two is broken; mend it")
    return part(work)


def rejects(work: Work) -> Outcome:
    raise RejectedMedia("this is no video file; give one", code="not_media")


def fails(work: Work) -> Outcome:
    raise Permanent("it cannot be done; use another")


def passes_at_third(work: Work) -> Outcome:
    _failures[work.flow] = _failures.get(work.flow, 0) + 1
    if _failures[work.flow] < 3:
        raise Transient("the remote is busy; wait")
    return side(work)


def is_ready_at_tenth_look(work: Work) -> Outcome:
    _failures[work.flow] = _failures.get(work.flow, 0) + 1
    if _failures[work.flow] < 10:
        raise Later("the remote is at work; look again", after_s=0.01)
    return side(work)


def is_never_ready(work: Work) -> Outcome:
    raise Later("the remote is at work; look again", after_s=0.001)


def asks_what_is_wanted(work: Work) -> Outcome:
    seen = work.watching.see(work.watching.wanted, Fraction(60))
    return Outcome(result={"wanted": list(work.watching.wanted), "left_out": sorted(seen.left_out)})


def never_passes(work: Work) -> Outcome:
    raise Transient("the remote is busy; wait")


def is_buggy(work: Work) -> Outcome:
    raise ZeroDivisionError("division by zero")


def fills_the_disk(work: Work) -> Outcome:
    raise OSError(28, "No space left on device")


def returns_garbage(work: Work) -> Outcome:
    return {"not": "an outcome"}  # type: ignore[return-value]


def returns_no_json(work: Work) -> Outcome:
    return Outcome(result={"a": object()})


def returns_too_much(work: Work) -> Outcome:
    return Outcome(result={"a": "x" * 100_000})


def returns_members_of_another_kind(work: Work) -> Outcome:
    return Outcome(result={}, members={"stranger": [{}]})


def returns_a_lot(work: Work) -> Outcome:
    return Outcome(result={"side": "x" * 30_000})


def hangs(work: Work) -> Outcome:
    time.sleep(3600)
    return side(work)


def reads_what_it_did_not_declare(work: Work) -> Outcome:
    work.need("part")
    return side(work)


def nothing(work: Work) -> Outcome:
    return Outcome(result={"square": 0})
