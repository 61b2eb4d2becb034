"""The wires of three makers of language models, as far as Cutroom speaks them: generateContent, messages and
chat/completions.

Fidelity: they refuse what the services refuse of a request's form (fields they do not know, schemas that their strict
modes do not take, a model that does not exist, a wrong key), count tokens, and answer what a test says. No model
thinks here. Faults on demand, one for each request.
"""

from __future__ import annotations

import base64
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from tests.standins.loopback import Reply, Request, serving

Json = dict[str, Any]
Name = Literal["gemini", "claude", "third"]
KEY = "key-for-tests"
MODELS: dict[Name, str] = {"gemini": "gemini-3.8-flash", "claude": "claude-haiku-5-5", "third": "qwen-of-ours"}
THOUGHTS = 40  # tokens that a model thinks before it answers
MOST_BYTES = 20_000_000  # of a request
HANGS_S = 30.0  # at most


class Bad(Exception):
    """A request that the service would not take."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What goes into an answer's envelope. `why` is why it ended, in the words of this file: stop, length, refusal,
    blocked, other.
    """

    text: str
    why: str
    input: int
    output: int
    model: str


class Wire(Protocol):
    def read(self, body: Json) -> Json:
        """The body with each field by the one name this file uses."""

    def check(self, asked: Request, body: Json) -> None:
        """Raises Bad."""

    def texts(self, body: Json) -> list[str]: ...

    def seen(self, body: Json) -> int:
        """Tokens of pictures and footage."""

    def most(self, body: Json) -> int: ...

    def envelope(self, made: Made) -> Json: ...

    def error(self, bad: Bad) -> Json: ...


# What a test may put in a stand-in's `faults`: a status, a reply, or one of these.
Fault = (
    Literal["refusal", "length", "blocked", "other", "no usage", "odd usage", "empty", "odd shape", "html", "cut off"]
    | int
    | Reply
    | str
)


@dataclass
class Standin:
    """`answer` is given the texts of the question; `faults` answer one request each, the first first.

    `asked` are the bodies that were taken, `headers` those of every request; `busiest` is how many were under way at
    once. While `answers` is not set, nothing is answered.
    """

    name: Name
    address: str = ""
    answer: Callable[[list[str]], Any] = lambda texts: {}
    faults: list[Fault] = field(default_factory=list)
    latency_s: float = 0.0
    answers: threading.Event = field(default_factory=threading.Event)
    asked: list[Json] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    busiest: int = 0
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        wires: dict[Name, Wire] = {"gemini": _Gemini(), "claude": _Claude(), "third": _Third()}
        self._wire = wires[self.name]
        self.answers.set()

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1" if self.name == "third" else self.address

    def reply(self, asked: Request) -> Reply:
        asked = replace(asked, headers={name.lower(): value for name, value in asked.headers.items()})
        with self._lock:
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            self.headers.append(asked.headers)
            fault = self.faults.pop(0) if self.faults else None
        try:
            time.sleep(self.latency_s)
            self.answers.wait(HANGS_S)
            return self._reply(asked, fault)
        finally:
            with self._lock:
                self._busy -= 1

    def _reply(self, asked: Request, fault: Fault | None) -> Reply:
        if isinstance(fault, Reply):
            return fault
        if isinstance(fault, int):
            return self._refused(Bad(fault, "as the test wants"))
        try:
            if len(asked.body) > MOST_BYTES:
                raise Bad(413, "the request is too large")
            body = self._wire.read(json.loads(asked.body))
            self._wire.check(asked, body)
        except Bad as bad:
            return self._refused(bad)
        with self._lock:
            self.asked.append(body)
        return self._answered(body, fault)

    def _answered(self, body: Json, fault: str | None) -> Reply:
        texts = self._wire.texts(body)
        text = fault.removeprefix("say ") if fault and fault.startswith("say ") else json.dumps(self.answer(texts))
        why = fault if fault in ("refusal", "length", "blocked", "other") else "stop"
        if fault in ("refusal", "blocked", "empty"):
            text = ""
        if fault in ("cut off", "length"):
            text = text[: len(text) // 2]
        output = min(counted(text) + THOUGHTS, self._wire.most(body))
        made = Made(
            text=text,
            why=why,
            input=sum(map(counted, texts)) + self._wire.seen(body),
            output=output,
            model=MODELS[self.name],
        )
        told = self._wire.envelope(made)
        if fault == "html":
            return Reply(
                body=b"<html><body>Sign in to the network</body></html>", headers={"Content-Type": "text/html"}
            )
        usage = next(name for name in ("usageMetadata", "usage") if name in told)
        if fault == "no usage":
            del told[usage]
        if fault == "odd usage":
            told[usage] = {name: -5 if isinstance(count, int) else count for name, count in told[usage].items()}
        if fault == "odd shape":
            told = {"choices": [], "content": None, "candidates": [], usage: None}
        return _json(200, told)

    def _refused(self, bad: Bad) -> Reply:
        return _json(bad.status, self._wire.error(bad))


@contextmanager
def maker(name: Name) -> Iterator[Standin]:
    """A server of its own on the loopback."""
    made = Standin(name)
    with serving(made.reply) as made.address:
        yield made


def counted(text: str) -> int:
    """Tokens, roughly as tokenizers have it: a short word with its blank is one, other scripts have more."""
    return sum(math.ceil(len(word.encode()) / 4) for word in re.findall(r"\w+|[^\w\s]{1,2}", text))


def _json(status: int, told: Json) -> Reply:
    return Reply(status=status, body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})


def _humps(found: Any) -> Any:
    if isinstance(found, list):
        return [_humps(one) for one in found]
    if not isinstance(found, dict):
        return found
    named = {re.sub(r"_(\w)", lambda one: one[1].upper(), name): value for name, value in found.items()}
    return {name: value if name == "responseJsonSchema" else _humps(value) for name, value in named.items()}


def _known(found: Mapping[str, Any], names: set[str], where: str) -> None:
    if strange := sorted(set(found) - names):
        raise Bad(400, f"{where}: {strange[0]}: Extra inputs are not permitted")


def _schema(schema: Json, keywords: set[str], where: str = "schema") -> None:
    """As strict modes have it: objects closed, all properties required, no keyword that is not supported."""
    if strange := sorted(set(schema) - keywords):
        raise Bad(400, f"{where}: property '{strange[0]}' is not supported")
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise Bad(400, f"{where}: 'additionalProperties' is required to be supplied and to be false")
        if set(schema.get("required", ())) != set(schema["properties"]):
            raise Bad(400, f"{where}: 'required' must have every key in properties")
        for name, one in schema["properties"].items():
            _schema(one, keywords, f"{where}.{name}")
    if "items" in schema:
        _schema(schema["items"], keywords, f"{where}[]")
    for one in schema.get("anyOf", ()):
        _schema(one, keywords, f"{where}.anyOf")


def _jpeg(data: str) -> tuple[int, int]:
    """Width and height of a picture, or a refusal."""
    content = base64.b64decode(data, validate=True)
    frame = re.search(rb"\xff[\xc0-\xc2]..\x08(..)(..)", content, re.S)
    if content[:2] != b"\xff\xd8" or frame is None:
        raise Bad(400, "Could not process image")
    return int.from_bytes(frame[2], "big"), int.from_bytes(frame[1], "big")


_FORM = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description", "title"}


class _Gemini:
    _PATHS = (
        rf"/v1beta/models/{re.escape(MODELS['gemini'])}:generateContent",
        rf"/v1beta1/projects/[\w-]+/locations/[\w-]+/publishers/google/models/{re.escape(MODELS['gemini'])}:generateContent",
    )

    def read(self, body: Json) -> Json:
        """Protobuf's JSON takes its own names of fields as well as those in camels' humps, which the library mixes."""
        read: Json = _humps(body)
        return read

    def check(self, asked: Request, body: Json) -> None:
        by_key = asked.path.startswith("/v1beta/")
        if by_key and asked.headers.get("x-goog-api-key") != KEY:
            raise Bad(400, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID")
        if not by_key and asked.headers.get("authorization") != f"Bearer {KEY}":
            raise Bad(401, "Request had invalid authentication credentials.")
        if not any(re.fullmatch(path, asked.path) for path in self._PATHS):
            raise Bad(404, f"{asked.path} is not found for API version v1beta, or is not supported")
        _known(body, {"contents", "systemInstruction", "generationConfig"}, "request")
        config = body["generationConfig"]
        fields = {"responseMimeType", "responseJsonSchema", "maxOutputTokens", "mediaResolution", "thinkingConfig"}
        _known(config, fields, "generation_config")
        if config["responseMimeType"] != "application/json":
            raise Bad(400, "responseJsonSchema needs responseMimeType application/json")
        _schema(config["responseJsonSchema"], _FORM | {"minimum", "maximum", "minItems", "maxItems"})
        level = config.get("thinkingConfig", {}).get("thinkingLevel")
        if level not in (None, "LOW", "MEDIUM", "HIGH"):
            raise Bad(400, f"thinking level {level} is not supported by this model")
        for part in self._parts(body):
            _known(part, {"text", "inlineData", "fileData", "videoMetadata"}, "part")
            if by_key and str(part.get("fileData", {}).get("fileUri", "")).startswith("gs://"):
                raise Bad(400, "Unsupported file URI; register the file first")
            for at in part.get("videoMetadata", {}).values():
                if not re.fullmatch(r"\d+(\.\d{1,9})?s", at):
                    raise Bad(400, f"Illegal duration {at}")

    def texts(self, body: Json) -> list[str]:
        found = [part["text"] for part in self._parts(body) if "text" in part]
        found += [part["text"] for part in body["systemInstruction"]["parts"]]
        return [*found, json.dumps(body["generationConfig"]["responseJsonSchema"])]

    def seen(self, body: Json) -> int:
        tokens = 0
        for part in self._parts(body):
            if "videoMetadata" in part:
                start, end = (float(part["videoMetadata"][at][:-1]) for at in ("startOffset", "endOffset"))
                tokens += math.ceil(end - start) * (70 + 32 + 6)
            elif "inlineData" in part:
                _jpeg(part["inlineData"]["data"].replace("-", "+").replace("_", "/"))
                tokens += 258
        return tokens

    def most(self, body: Json) -> int:
        return int(body["generationConfig"]["maxOutputTokens"])

    def envelope(self, made: Made) -> Json:
        reasons = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY", "other": "RECITATION"}
        thought = {"text": "Let me look at it.", "thought": True}
        parts = [thought, {"text": made.text}] if made.text else []
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": reasons.get(made.why)}
        told: Json = {"candidates": [candidate], "modelVersion": made.model}
        if made.why == "blocked":
            told = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": made.model}
        thoughts = min(THOUGHTS, made.output)
        told["usageMetadata"] = {
            "promptTokenCount": made.input,
            "cachedContentTokenCount": made.input // 4,
            "candidatesTokenCount": made.output - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": made.input + made.output,
        }
        return told

    def error(self, bad: Bad) -> Json:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": bad.code}] if bad.code else []
        return {"error": {"code": bad.status, "message": bad.message, "status": "AS_IT_IS", "details": details}}

    def _parts(self, body: Json) -> list[Json]:
        return [part for content in body["contents"] for part in content["parts"]]


class _Claude:
    _PROJECT = rf"/v1/projects/[\w-]+/locations/[\w-]+/publishers/anthropic/models/{MODELS['claude']}:rawPredict"

    def read(self, body: Json) -> Json:
        return body

    def check(self, asked: Request, body: Json) -> None:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            raise Bad(401, "invalid api key", "authentication_error")
        if not re.fullmatch(self._PROJECT, asked.path):
            self._by_key(asked, body)
            body = {name: value for name, value in body.items() if name != "model"}
        elif not body.get("anthropic_version"):
            raise Bad(400, "anthropic_version: Field required", "invalid_request_error")
        if "temperature" in body:
            raise Bad(400, "temperature: only the default value is supported by this model", "invalid_request_error")
        _known(body, {"anthropic_version", "max_tokens", "system", "messages", "output_config"}, "request")
        _known(body["output_config"], {"format", "effort"}, "output_config")
        if body["output_config"].get("effort", "low") not in ("low", "medium", "high"):
            raise Bad(400, "output_config.effort: not one it can be", "invalid_request_error")
        _schema(body["output_config"]["format"]["schema"], _FORM | {"minItems"}, "output_config.format.schema")
        if body["max_tokens"] < 1:
            raise Bad(400, "max_tokens: must be greater than 0", "invalid_request_error")
        for block in self._blocks(body):
            if block["type"] == "text" and not block["text"].strip():
                raise Bad(400, "messages: text content blocks must be non-empty", "invalid_request_error")

    def _by_key(self, asked: Request, body: Json) -> None:
        if asked.path != "/v1/messages" or not asked.headers.get("anthropic-version") or "anthropic_version" in body:
            raise Bad(404, "Not found", "not_found_error")
        if body["model"] != MODELS["claude"]:
            raise Bad(404, f"model: {body['model']}", "not_found_error")

    def texts(self, body: Json) -> list[str]:
        found = [block["text"] for block in self._blocks(body) if block["type"] == "text"]
        return [*found, body["system"], json.dumps(body["output_config"])]

    def seen(self, body: Json) -> int:
        sizes = [_jpeg(block["source"]["data"]) for block in self._blocks(body) if block["type"] == "image"]
        return sum(math.ceil(width / 28) * math.ceil(height / 28) for width, height in sizes)

    def most(self, body: Json) -> int:
        return int(body["max_tokens"])

    def envelope(self, made: Made) -> Json:
        reasons = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal", "other": "pause_turn"}
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": made.model,
            "content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": made.text}],
            "stop_reason": reasons.get(made.why, "refusal"),
            "stop_sequence": None,
            "usage": {
                "input_tokens": made.input - made.input // 4,
                "cache_read_input_tokens": made.input // 4,
                "cache_creation_input_tokens": 0,
                "output_tokens": made.output,
            },
        }

    def error(self, bad: Bad) -> Json:
        return {"type": "error", "error": {"type": bad.code or "api_error", "message": bad.message}}

    def _blocks(self, body: Json) -> list[Json]:
        return [block for message in body["messages"] for block in message["content"]]


class _Third:
    def read(self, body: Json) -> Json:
        return body

    def check(self, asked: Request, body: Json) -> None:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            raise Bad(401, f"Incorrect API key provided: {asked.headers.get('Authorization')}", "invalid_api_key")
        if asked.path != "/v1/chat/completions":
            raise Bad(404, "page not found")
        if body["model"] != MODELS["third"]:
            raise Bad(404, f"model {body['model']!r} not found, try pulling it first", "model_not_found")
        _known(body, {"model", "messages", "response_format", "max_tokens", "reasoning_effort"}, "request")
        form = body["response_format"]["json_schema"]
        if body["response_format"]["type"] != "json_schema" or form["strict"] is not True or not form["name"]:
            raise Bad(400, "response_format: not one it can be")
        _schema(form["schema"], _FORM | {"minimum", "maximum", "minItems", "maxItems"}, "response_format")

    def texts(self, body: Json) -> list[str]:
        found = [part["text"] for part in self._parts(body) if part["type"] == "text"]
        return [*found, body["messages"][0]["content"], json.dumps(body["response_format"])]

    def seen(self, body: Json) -> int:
        urls = [part["image_url"]["url"] for part in self._parts(body) if part["type"] == "image_url"]
        sizes = [_jpeg(url.removeprefix("data:image/jpeg;base64,")) for url in urls]
        return math.ceil(1.2 * sum(math.ceil(width / 32) * math.ceil(height / 32) for width, height in sizes))

    def most(self, body: Json) -> int:
        return int(body["max_tokens"])

    def envelope(self, made: Made) -> Json:
        reasons = {"stop": "stop", "length": "length", "blocked": "content_filter", "other": "tool_calls"}
        refused = made.why == "refusal"
        message = {"role": "assistant", "content": None if refused else made.text}
        if refused:
            message["refusal"] = "I can't help with that."
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": made.model,
            "choices": [{"index": 0, "message": message, "finish_reason": reasons.get(made.why, "stop")}],
            "usage": {
                "prompt_tokens": made.input,
                "completion_tokens": made.output,
                "total_tokens": made.input + made.output,
                "prompt_tokens_details": {"cached_tokens": made.input // 4},
            },
        }

    def error(self, bad: Bad) -> Json:
        return {"error": {"message": bad.message, "type": "as_it_is", "code": bad.code or None}}

    def _parts(self, body: Json) -> list[Json]:
        return list(body["messages"][1]["content"])
