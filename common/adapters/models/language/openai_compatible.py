"""A third family by any endpoint that speaks chat/completions: OpenAI, Ollama, vLLM and others.

The format of the answer is a JSON schema, which all of them hold the model to.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any, Literal

from common.adapters.models.language import wire
from common.adapters.models.language.price import jpeg_size
from common.adapters.models.language.schema import Json
from common.adapters.models.language.seat import Said, counted
from common.errors import BadInput
from common.ports.language import Footage, Picture, Question, Usage

PATCH, PATCH_TOKENS = 32, 1.2  # pixels a side, and tokens for each: OpenAI's, which are more than others' (2026-11)

Limit = Literal["max_tokens", "max_completion_tokens"]


class OpenAiCompatible:
    """`make` gives an HTTP client, which is held. `limit` is how this endpoint calls the most tokens of an answer."""

    def __init__(
        self,
        make: Callable[[], Any],
        *,
        base_url: str,
        key: str | None,
        model: str,
        effort: str | None,
        limit: Limit,
    ) -> None:
        self._client, self._url = make, f"{base_url.rstrip('/')}/chat/completions"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._model, self._effort, self._limit = model, effort, limit

    def send(self, question: Question, schema: Json, timeout_s: float) -> Said:
        import httpx2

        body: Json = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": [_content(part) for part in question.parts]},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            },
            self._limit: question.most_tokens,
        }
        if self._effort:
            body["reasoning_effort"] = self._effort
        try:
            answer = self._client().post(self._url, json=body, headers=self._headers, timeout=wire.timeouts(timeout_s))
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise wire.broken(error) from error
        if answer.status_code != 200:
            raise _refused(answer)
        try:
            return _said(answer.json())
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise wire.Garbled(why="it is no completion") from error

    def tokens(self, question: Question) -> int:
        sizes = [jpeg_size(part.jpeg) for part in question.parts if isinstance(part, Picture)]
        patches = sum(math.ceil(width / PATCH) * math.ceil(height / PATCH) for width, height in sizes)
        return math.ceil(patches * PATCH_TOKENS)


def _content(part: str | Picture | Footage) -> Json:
    match part:
        case str():
            return {"type": "text", "text": part}
        case Picture():
            data = base64.b64encode(part.jpeg).decode()
            return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
        case Footage():
            raise BadInput("this model sees no video; give key pictures")


def _said(answer: Json) -> Said:
    choice = answer["choices"][0]
    text, refusal, reason = choice["message"].get("content"), choice["message"].get("refusal"), choice["finish_reason"]
    stopped: str | None
    match reason:
        case _ if refusal or reason == "content_filter":
            stopped = "it refused"
        case "stop":
            stopped = None if text else "it is empty"
        case "length":
            stopped = "it took more tokens than it may"
        case _:
            stopped = f"it ended before it was whole ({wire.bare(reason, 40)})"
    if not isinstance(text, str | None):
        raise TypeError
    return Said(text=text or "", stopped=stopped, usage=_usage(answer.get("usage")), model=_name(answer.get("model")))


def _usage(used: Any) -> Usage | None:
    if not isinstance(used, dict):
        return None
    details = used.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return counted(input=used.get("prompt_tokens"), output=used.get("completion_tokens"), cached=cached or 0)


def _name(model: Any) -> str:
    return model if isinstance(model, str) else ""


def _refused(answer: Any) -> wire.Refused:
    try:
        error = answer.json()["error"]
    except (ValueError, LookupError, TypeError):
        error = None
    said, code = (error.get("message"), error.get("code")) if isinstance(error, dict) else (error, None)
    kind = "credit" if code == "insufficient_quota" else wire.kind_of(answer.status_code)
    text = wire.bare(said) if said else ""
    return wire.Refused(kind=kind, status=answer.status_code, said=text, headers=dict(answer.headers))
