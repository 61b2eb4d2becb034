"""One suite for the three makers of language models, through their real libraries: what each does with each fault."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any, get_args

import pytest
from PIL import Image

from common.adapters.embedded.limits import LocalLimits
from common.adapters.google.clock import WallClock
from common.adapters.models.language import claude, gemini, wire
from common.adapters.models.language.openai_compatible import OpenAiCompatible
from common.adapters.models.language.pace import Pace
from common.adapters.models.language.price import Price
from common.adapters.models.language.seat import Maker, Seat
from common.errors import BadInput, Permanent, TooMany, Transient, Unanswered
from common.ports.calls import NotSent
from common.ports.language import INLINE_BYTES, Footage, Picture, Question
from tests.standins.loopback import Reply as Raw
from tests.standins.makers import KEY, MODELS, THOUGHTS, Name, Standin, maker

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
NAMES: tuple[Name, ...] = get_args(Name)
PRICES = (
    Price(since=NOW.date() - timedelta(days=9), input=Decimal(2), output=Decimal(10), cached=Decimal(1)),
    Price(since=NOW.date() + timedelta(days=9), input=Decimal(4), output=Decimal(20), cached=Decimal(2)),
)
SCHEMA = {
    "type": "object",
    "properties": {
        "seen": {"type": "boolean", "description": "whether a face is seen"},
        "clear": {"type": "integer", "minimum": 0, "maximum": 4},
        "hook": {"type": "string", "enum": ["question", "none"]},
        "times": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 30}, "maxItems": 3},
    },
}
CONTENT = {"seen": True, "clear": 3, "hook": "none", "times": [0.5, 12]}


def jpeg(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 90)).save(out, "JPEG")
    return out.getvalue()


QUESTION = Question(
    key="clip-1",
    prompt="clip@1",
    system="You look at one clip and answer what is asked, and nothing else.",
    parts=("What is seen?", Picture(jpeg=jpeg(640, 360), at=0.0), '{"speech": "So wird\'s gemacht — 你好, привет."}'),
    schema=SCHEMA,
    most_tokens=800,
)


class Bench:
    """A stand-in, and seats before it whose waiting costs no time: their clock moves when they sleep."""

    def __init__(self, standin: Standin, stack: ExitStack) -> None:
        self.standin, self._stack = standin, stack
        self.slept: list[float] = []
        self._held = self._client(KEY, standin.base_url)
        self.again().seat().ask(QUESTION, timeout_s=60)  # what is imported once is in no test's time

    def again(self) -> Bench:
        """As new, but for its client: to make one costs more than all of a test."""
        self.standin.faults, self.standin.asked, self.standin.headers = [], [], []
        self.standin.answer, self.standin.latency_s, self.standin.busiest = lambda texts: CONTENT, 0.0, 0
        self.slept.clear()
        return self

    def seat(
        self,
        *,
        key: str = KEY,
        model: str | None = None,
        base_url: str | None = None,
        at_once: int = 12,
        per_minute: int = 1000,
    ) -> Seat:
        name = self.standin.name
        model, address = model or MODELS[name], base_url or self.standin.base_url
        client = self._held
        if name != "third" and (key != KEY or base_url):
            client = self._client(key, address)
        return Seat(
            self._maker(client, key, model, address),
            name=name,
            model=model,
            sees="pictures",
            prices=PRICES,
            pace=Pace(name, at_once=at_once, per_minute=per_minute, limits=LocalLimits(WallClock())),
            mend_key="put it there",
            mend_model=f"look at seats.{name}",
            now=lambda: NOW,
            seconds=lambda: time.monotonic() + sum(self.slept),
            sleep=self.slept.append,
        )

    def _client(self, key: str, address: str) -> Any:
        made: Any
        match self.standin.name:
            case "gemini":
                made = gemini.by_key(key, address, 12)
            case "claude":
                made = claude.by_key(key, address, 12)
            case "third":
                made = wire.client(at_once=12)
        self._stack.callback(made.close)
        return made

    def _maker(self, client: Any, key: str, model: str, address: str) -> Maker:
        match self.standin.name:
            case "gemini":
                return gemini.Gemini(lambda: client, model=model, effort="low")
            case "claude":
                return claude.Claude(lambda: client, model=model, effort="low")
            case "third":
                return OpenAiCompatible(
                    lambda: client, base_url=address, key=key, model=model, effort=None, limit="max_tokens"
                )


Benches = Callable[[Name], Bench]


@pytest.fixture(scope="module")
def benches() -> Iterator[Benches]:
    """One for each maker, made when it is first wanted."""
    made: dict[Name, Bench] = {}
    with ExitStack() as stack:

        def get(name: Name) -> Bench:
            if name not in made:
                made[name] = Bench(stack.enter_context(maker(name)), stack)
            return made[name].again()

        yield get


@pytest.fixture(params=NAMES)
def bench(request: pytest.FixtureRequest, benches: Benches) -> Bench:
    return benches(request.param)


def test_an_answer_comes_as_it_was_asked_for(bench: Bench) -> None:
    seat = bench.seat()
    reply = seat.ask(QUESTION, timeout_s=15)
    assert reply.content == CONTENT
    assert reply.model == MODELS[bench.standin.name] == seat.model
    used = reply.usage
    assert used.output > THOUGHTS and used.input > 100 and used.cached == used.input // 4
    assert reply.cost_micros == (used.input - used.cached) * 2 + used.cached + used.output * 10
    assert reply.cost_micros <= seat.estimate(QUESTION)
    (body,) = bench.standin.asked
    assert "temperature" not in str(body) and "tools" not in body


def test_what_is_asked_arrives_in_order(bench: Bench) -> None:
    bench.standin.answer = lambda texts: {**CONTENT, "seen": texts[0] == "What is seen?" and "你好" in texts[1]}
    assert bench.seat().ask(QUESTION, timeout_s=15).content["seen"] is True


# An answer that is of no use, and what is said of it.
USELESS = {
    "refusal": "refused|ended before", "blocked": "blocked|refused",
    "length": "more tokens", "other": "before it was whole",
    "empty": "empty", "cut off": "cut off", "no usage": "what its answer costs", "odd usage": "what its answer costs",
    "odd shape": "no answer|empty|before it was whole", "html": "no answer of its kind",
    'say Sure! Here it is: {"seen": true}': "words around",
    'say ```json\n{"seen": true}\n```': "words around",
    'say {"seen": true, "clear": 3, "hook": "none", "times": []} I hope it helps': "words around",
    'say {"seen": true, "clear": 5, "hook": "none", "times": []}': "clear is out of its range",
    'say {"seen": true, "clear": -1, "hook": "none", "times": []}': "clear is out of its range",
    'say {"seen": true, "clear": 3.5, "hook": "none", "times": []}': "clear is number, not integer",
    'say {"seen": true, "clear": true, "hook": "none", "times": []}': "clear is boolean, not integer",
    'say {"seen": "yes", "clear": 3, "hook": "none", "times": []}': "seen is string, not boolean",
    'say {"seen": true, "clear": 3, "hook": "magic", "times": []}': "hook is none of the values",
    'say {"seen": true, "clear": 3, "hook": "none", "times": [31]}': r"times\[0\] is out of its range",
    'say {"seen": true, "clear": 3, "hook": "none", "times": [1, 2, 3, 4]}': "length of the answer.times",
    'say {"seen": true, "clear": 3, "hook": "none", "times": [NaN]}': "JSON cannot be read",
    'say {"seen": true, "clear": 3, "hook": "none", "times": [1e999]}': "number, not number|out of its range",
    'say {"seen": true, "clear": 3, "hook": "none"}': "lacks times",
    'say {"seen": true, "clear": 3, "hook": "none", "times": [], "score": 100}': "nobody asked for",
    'say {"seen": false, "seen": true, "clear": 3, "hook": "none", "times": []}': "cannot be read",
    "say null": "is null, not object", "say []": "is array, not object",
    "say " + "[" * 100_000: "JSON|no answer of its kind",
    "say <html>no</html>": "web page",
}  # fmt: skip
COSTS_UNKNOWN = {"no usage", "odd usage", "odd shape", "html"}


@pytest.mark.parametrize("fault", USELESS, ids=lambda fault: fault[:60])
def test_an_answer_of_no_use_is_said_to_be(bench: Bench, fault: str) -> None:
    bench.standin.faults = [fault]
    with pytest.raises(Unanswered, match=USELESS[fault]) as error:
        bench.seat().ask(QUESTION, timeout_s=15)
    assert bench.standin.name in str(error.value)
    assert (error.value.cost_micros is None) == (fault in COSTS_UNKNOWN) or "[[[" in fault
    assert error.value.cost_micros is None or error.value.cost_micros > THOUGHTS
    assert len(bench.standin.headers) == 1  # it was paid for, so it is not bought again


@pytest.mark.parametrize("status", [429, 503, 529, 500, 502, 408])
def test_what_passes_is_asked_again(bench: Bench, status: int) -> None:
    bench.standin.faults = [status, status]
    assert bench.seat().ask(QUESTION, timeout_s=15).content == CONTENT
    assert len(bench.standin.headers) == 3 and len(bench.slept) == 2
    assert bench.slept[1] > bench.slept[0] > 0


@pytest.mark.parametrize(("status", "error"), [(429, TooMany), (503, TooMany), (529, TooMany), (500, Transient)])
def test_what_does_not_pass_in_time_is_said(bench: Bench, status: int, error: type[Transient]) -> None:
    bench.standin.faults = [status] * 9
    with pytest.raises(error, match=f"{bench.standin.name} (wants a pause|has trouble).*as the test wants"):
        bench.seat().ask(QUESTION, timeout_s=15)
    assert len(bench.standin.headers) == 4


def paused(headers: dict[str, str]) -> Raw:
    """429, with these headers and no others: not even the date of the server that sends it."""
    lines = ["HTTP/1.1 429 Slowly", "Content-Type: application/json", "Content-Length: 2", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return Raw(raw=["\r\n".join([*lines, "", "{}"]).encode()])


def dripping(over: threading.Event) -> Iterator[bytes]:
    """Each piece is in time, the whole is not."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    for _ in range(600):
        if over.wait(0.05):
            return
        yield b" "


def dated(seconds: float) -> dict[str, str]:
    """A pause as a date, by a clock that is seven hours ahead of ours."""
    theirs = NOW + timedelta(hours=7)
    then = theirs + timedelta(seconds=seconds)
    return {"Date": format_datetime(theirs, usegmt=True), "Retry-After": format_datetime(then, usegmt=True)}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"Retry-After": "0"}, 0.0),
        (dated(9), 9.0),
        (dated(-9), 0.0),
    ],
)
def test_a_pause_is_kept(bench: Bench, headers: dict[str, str], seconds: float) -> None:
    bench.standin.faults = [paused(headers)]
    assert bench.seat().ask(QUESTION, timeout_s=15).content == CONTENT
    assert bench.slept == [seconds]


@pytest.mark.parametrize(
    ("said", "after"), [("30", 30.0), ("999999", 3600.0), ("nan", None), ("-5", None), ("soon", None)]
)
def test_a_pause_longer_than_the_time_is_handed_on(bench: Bench, said: str, after: float | None) -> None:
    bench.standin.faults = [paused({"Retry-After": said})] * 9
    with pytest.raises(TooMany) as error:
        bench.seat().ask(QUESTION, timeout_s=5)
    assert error.value.after_s == (20.0 if after is None else after)
    assert len(bench.standin.headers) == (1 if after else 4)


@pytest.mark.parametrize(
    "fault", [Raw(status=0), Raw(body=b"{}", headers={"Content-Length": "500"})], ids=["reset", "cut off"]
)
def test_what_may_have_been_bought_is_not_bought_again(bench: Bench, fault: Raw) -> None:
    bench.standin.faults = [fault]
    with pytest.raises(Transient, match="broke off before it answered"):
        bench.seat().ask(QUESTION, timeout_s=15)
    assert len(bench.standin.headers) == 1


def test_who_is_not_there_was_not_asked(bench: Bench) -> None:
    with pytest.raises(NotSent, match=f"{bench.standin.name} cannot be reached"):
        bench.seat(base_url="http://127.0.0.1:9").ask(QUESTION, timeout_s=15)
    assert len(bench.slept) == 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("drips", [False, True])
def test_the_time_is_kept_by_the_wall_clock(name: Name, drips: bool) -> None:
    with ExitStack() as stack:
        bench = Bench(stack.enter_context(maker(name)), stack).again()
        over = threading.Event()
        if drips:
            bench.standin.faults = [Raw(raw=dripping(over))]
        else:
            bench.standin.answers = over
        try:
            with pytest.raises(Transient, match=r"did not answer within 0.3 s"):
                bench.seat().ask(QUESTION, timeout_s=0.3)
        finally:
            over.set()
        for thread in threading.enumerate():
            if thread.name == "language":
                thread.join(10)
                assert not thread.is_alive()  # what was left behind ends by itself


def test_an_answer_without_end_is_given_up(bench: Bench) -> None:
    whole = b" " * (wire.MOST_BYTES + 1)
    bench.standin.faults = [Raw(body=whole, headers={"Content-Type": "application/json"})]
    with pytest.raises(Transient, match="far too long"):
        bench.seat().ask(QUESTION, timeout_s=15)


@pytest.mark.parametrize("key", ["wrong"])
def test_a_wrong_key_is_said_once_and_not_tried_again(bench: Bench, key: str) -> None:
    seat = bench.seat(key=key)
    for _ in range(3):
        with pytest.raises(Permanent, match=f"the key of {bench.standin.name} is wrong: .*; put it there"):
            seat.ask(QUESTION, timeout_s=15)
    assert len(bench.standin.headers) == 1
    bench.slept.append(301)
    with pytest.raises(Permanent):
        seat.ask(QUESTION, timeout_s=15)
    assert len(bench.standin.headers) == 2


def test_a_model_that_does_not_exist_is_named_with_its_setting(bench: Bench) -> None:
    wanted = f"{bench.standin.name} knows no model nobody-1: .*; look at seats.{bench.standin.name}"
    with pytest.raises(Permanent, match=wanted):
        bench.seat(model="nobody-1").ask(QUESTION, timeout_s=15)


@pytest.mark.parametrize(
    ("status", "said"), [(400, "refuses the question"), (402, "no credit"), (403, "key"), (302, "refuses")]
)
def test_what_a_person_must_mend_is_said_at_once(bench: Bench, status: int, said: str) -> None:
    bench.standin.faults = [status]
    with pytest.raises(Permanent, match=said) as error:
        bench.seat().ask(QUESTION, timeout_s=15)
    assert not isinstance(error.value, Unanswered) and len(bench.standin.headers) == 1


CREDIT: dict[Name, Raw] = {
    "gemini": Raw(status=402, body=b"{}"),
    "claude": Raw(status=400, body=b'{"error": {"message": "Your credit balance is too low to access the API"}}'),
    "third": Raw(status=429, body=b'{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}'),
}


def test_an_account_without_credit_is_no_storm(bench: Bench) -> None:
    reply = CREDIT[bench.standin.name]
    bench.standin.faults = [replace(reply, headers={"Content-Type": "application/json"})]
    with pytest.raises(Permanent, match="no credit left"):
        bench.seat().ask(QUESTION, timeout_s=15)


def test_many_threads_share_one_client(bench: Bench) -> None:
    bench.standin.latency_s = 0.05
    seat = bench.seat(at_once=4)
    with ThreadPoolExecutor(12) as threads:
        replies = list(threads.map(lambda _: seat.ask(QUESTION, timeout_s=15), range(24)))
    assert [one.content for one in replies] == [CONTENT] * 24
    assert 2 <= bench.standin.busiest <= 4


def test_who_finds_no_place_is_told_to_come_again(bench: Bench) -> None:
    bench.standin.answers.clear()
    seat = bench.seat(at_once=1)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(seat.ask, QUESTION, timeout_s=15)
        while not bench.standin.headers:
            time.sleep(0.01)
        try:
            with pytest.raises(TooMany, match="as often as settings let it"):
                seat.ask(QUESTION, timeout_s=0.1)
        finally:
            bench.standin.answers.set()
        assert first.result().content == CONTENT


def test_a_minute_has_so_many_questions(bench: Bench) -> None:
    seat = bench.seat(per_minute=2)
    answers = []
    for _ in range(2):
        answers.append(seat.ask(QUESTION, timeout_s=15))
    with pytest.raises(TooMany, match="2 times this minute") as error:
        seat.ask(QUESTION, timeout_s=0.01)
    assert 0 < error.value.after_s <= 60 and len(bench.standin.headers) == 2


def test_the_estimate_is_never_under_the_actual(bench: Bench) -> None:
    seat = bench.seat()
    texts = [
        "a b c d e f g " * 50,
        "Zusammengesetztes — „Wort“, 12:30!" * 30,
        "你好世界" * 100,
        "नमस्ते दुनिया" * 60,
        "{}[]:,\"'" * 99,
    ]
    for text in texts:
        for size in ((64, 64), (640, 360), (721, 1281), (1080, 1920)):
            asked = replace(QUESTION, parts=(text, *[Picture(jpeg=jpeg(*size), at=0.0)] * 6), most_tokens=300)
            assert seat.ask(asked, timeout_s=15).cost_micros <= seat.estimate(asked)


def test_prices_go_by_their_dates(bench: Bench) -> None:
    before = bench.seat().estimate(QUESTION)
    seat = bench.seat()
    seat._now = lambda: NOW + timedelta(days=10)
    assert seat.estimate(QUESTION) == 2 * before
    seat._now = lambda: NOW - timedelta(days=10)
    with pytest.raises(BadInput, match="no price is known"):
        seat.estimate(QUESTION)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}}, "pattern, which is not checked"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": []}, "require every property"),
        ({"type": "object", "properties": {}, "additionalProperties": True}, "must not take other"),
        ({"type": ["string", "null"]}, "has the type"),
        ({"type": "array"}, "array of nothing"),
    ],
)
def test_a_schema_that_cannot_be_held_is_not_asked(bench: Bench, schema: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        bench.seat().ask(replace(QUESTION, schema=schema), timeout_s=15)
    assert not bench.standin.headers


def test_a_choice_with_null_may_be_left_empty(bench: Bench) -> None:
    at = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]}
    asked = replace(QUESTION, schema={"type": "object", "properties": {"at": at}})
    for told in (None, 3.5):
        bench.standin.answer = lambda texts, told=told: {"at": told}  # type: ignore[misc]
        assert bench.seat().ask(asked, timeout_s=15).content == {"at": told}
    bench.standin.answer = lambda texts: {"at": -1}
    with pytest.raises(Unanswered, match="out of its range"):
        bench.seat().ask(asked, timeout_s=15)


def test_a_makers_words_are_shown_bare(bench: Bench) -> None:
    said = b'{"error": {"message": "no\\u202e\\u0000\\n\\u001b[31m <b>%s</b>"}}' % (b"long " * 200)
    bench.standin.faults = [Raw(status=400, body=said, headers={"Content-Type": "application/json"})]
    with pytest.raises(Permanent) as error:
        bench.seat().ask(QUESTION, timeout_s=15)
    assert str(error.value).isprintable() and len(str(error.value)) < 300


def test_no_error_shows_the_key(bench: Bench) -> None:
    seat = bench.seat(key="secret-of-mine")
    with pytest.raises(Permanent) as error:
        seat.ask(QUESTION, timeout_s=15)
    seen: BaseException | None = error.value
    while seen is not None:
        assert "secret-of-mine" not in str(seen)
        seen = seen.__cause__


# --- what one maker alone has ----------------------------------------------------------------------------------------


def test_claude_is_asked_as_a_project(benches: Benches) -> None:
    from google.oauth2.credentials import Credentials

    bench = benches("claude")
    signed = Credentials(token=KEY)  # type: ignore[no-untyped-call]
    client = claude.by_project("p-1", "global", f"{bench.standin.base_url}/v1", 4, signed)
    seat = bench.seat()
    seat._maker = claude.Claude(lambda: client, model=MODELS["claude"], effort="low")
    assert seat.ask(QUESTION, timeout_s=15).content == CONTENT
    client.close()
    (body,) = bench.standin.asked
    assert body["anthropic_version"] and "model" not in body


FILM = Footage(mime="video/mp4", start=12.5, end=31.25, content=b"\0" * 2000)


def test_gemini_sees_a_stretch_of_video(benches: Benches) -> None:
    bench = benches("gemini")
    seat, asked = bench.seat(), replace(QUESTION, parts=("Look.", FILM))
    assert seat.ask(asked, timeout_s=15).cost_micros <= seat.estimate(asked)
    (body,) = bench.standin.asked
    assert body["contents"][0]["parts"][1]["videoMetadata"] == {"startOffset": "12.500s", "endOffset": "31.250s"}
    assert body["generationConfig"]["mediaResolution"] == "MEDIA_RESOLUTION_LOW"
    too_large = replace(FILM, content=b"\0" * (INLINE_BYTES + 1))
    with pytest.raises(BadInput, match="give key pictures"):
        seat.ask(replace(QUESTION, parts=(too_large,)), timeout_s=15)
    largest = replace(FILM, content=b"\0" * INLINE_BYTES)
    assert seat.ask(replace(QUESTION, parts=(largest,)), timeout_s=15).content == CONTENT


def test_gemini_reads_a_bucket_as_a_project(benches: Benches) -> None:
    from google.oauth2.credentials import Credentials

    bench = benches("gemini")
    signed = Credentials(token=KEY)  # type: ignore[no-untyped-call]
    client = gemini.by_project("p-1", "global", bench.standin.base_url, 4, signed)
    film = replace(FILM, content=None, address="gs://uploads/acme/talk.mp4")
    seat = bench.seat()
    seat._maker = gemini.Gemini(lambda: client, model=MODELS["gemini"], effort="low")
    assert seat.ask(replace(QUESTION, parts=("Look.", film)), timeout_s=15).content == CONTENT
    client.close()
    (body,) = bench.standin.asked
    assert body["contents"][0]["parts"][1]["fileData"]["fileUri"] == "gs://uploads/acme/talk.mp4"
    with pytest.raises(Permanent, match="gemini refuses the question: Unsupported file URI"):
        bench.seat().ask(replace(QUESTION, parts=("Look.", film)), timeout_s=15)


def test_gemini_says_in_its_answer_when_to_come_again(benches: Benches) -> None:
    bench = benches("gemini")
    told = b'{"error": {"code": 429, "message": "quota", "details": [{"@type": "RetryInfo", "retryDelay": "31s"}]}}'
    bench.standin.faults = [Raw(status=429, body=told, headers={"Content-Type": "application/json"})]
    with pytest.raises(TooMany) as error:
        bench.seat().ask(QUESTION, timeout_s=15)
    assert error.value.after_s == 31


@pytest.mark.parametrize("name", ["claude", "third"])
def test_those_without_eyes_for_video_are_not_shown_any(benches: Benches, name: Name) -> None:
    with pytest.raises(BadInput, match="sees no video; give key pictures"):
        benches(name).seat().ask(replace(QUESTION, parts=(FILM,)), timeout_s=15)


def test_nothing_is_taken_from_the_environment(benches: Benches, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = "http://127.0.0.1:9"
    monkeypatch.setenv("ANTHROPIC_BASE_URL", elsewhere)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", elsewhere)
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GEMINI_API_KEY", "another")
    monkeypatch.setenv("GOOGLE_API_KEY", "another")
    for name in NAMES:
        assert benches(name).seat().ask(QUESTION, timeout_s=15).content == CONTENT


def test_a_picture_that_is_none_is_not_sent(benches: Benches) -> None:
    bad = replace(QUESTION, parts=(Picture(jpeg=b"\xff\xd8GIF89a", at=0.0),))
    for name in ("claude", "third"):
        with pytest.raises(BadInput, match="no JPEG"):
            benches(name).seat().estimate(bad)


def test_words_of_an_error_name_no_internals(benches: Benches) -> None:
    for name in NAMES:
        bench = benches(name)
        bench.standin.faults = ["html"]
        with pytest.raises(Unanswered) as error:
            bench.seat().ask(QUESTION, timeout_s=15)
        assert not re.search(r"Error|Exception|httpx|0x", str(error.value))
