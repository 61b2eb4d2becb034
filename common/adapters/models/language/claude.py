"""Claude, by anthropic: with a key of the Messages API, or as a project on Google Cloud."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any

from common.adapters.models.language import wire
from common.adapters.models.language.price import jpeg_size
from common.adapters.models.language.schema import Json
from common.adapters.models.language.seat import Said, counted
from common.errors import BadInput
from common.ports.language import Footage, Picture, Question, Usage

ADDRESS = "https://api.anthropic.com"
CLOUD_ADDRESS = "https://aiplatform.googleapis.com/v1"  # of the location global
PATCH = 28  # pixels a side, one token each: what the newest models count (seen 2026-11); (w * h) / 750 is less


class Claude:
    """`make` gives the library's client, which is held.

    Nothing is marked for the prompt cache: writing to it costs a quarter more, and short prompts are never kept.
    """

    def __init__(self, make: Callable[[], Any], *, model: str, effort: str | None) -> None:
        self._client, self._model, self._effort = make, model, effort

    def send(self, question: Question, schema: Json, timeout_s: float) -> Said:
        import anthropic
        from google.auth.exceptions import GoogleAuthError

        output: Json = {"format": {"type": "json_schema", "schema": anthropic.transform_schema(schema)}}
        if self._effort:
            output["effort"] = self._effort
        try:
            answer = self._client().messages.create(
                model=self._model,
                max_tokens=question.most_tokens,
                system=question.system,
                messages=[{"role": "user", "content": [_block(part) for part in question.parts]}],
                output_config=output,
                timeout=wire.timeouts(timeout_s),
            )
        except anthropic.APIStatusError as error:
            raise _refused(error) from error
        except GoogleAuthError as error:
            raise wire.unsigned(error) from error
        except anthropic.APIConnectionError as error:
            raise wire.broken(error) from error
        except (anthropic.APIResponseValidationError, ValueError) as error:
            raise wire.Garbled(why="it is no message") from error
        if not isinstance(answer, anthropic.types.Message):
            raise wire.Garbled(why="it is no message")
        return _said(answer)

    def tokens(self, question: Question) -> int:
        sizes = [jpeg_size(part.jpeg) for part in question.parts if isinstance(part, Picture)]
        return sum(math.ceil(width / PATCH) * math.ceil(height / PATCH) for width, height in sizes)


def by_key(key: str, base_url: str | None, at_once: int) -> Any:
    """A client that takes nothing from the environment, and leaves trying again to the seat."""
    import anthropic

    return anthropic.Anthropic(
        api_key=key, base_url=base_url or ADDRESS, max_retries=0, http_client=wire.client(at_once=at_once)
    )


def by_project(project: str, location: str, base_url: str | None, at_once: int, credentials: Any = None) -> Any:
    """A client of Google Cloud, which signs in as the service account this runs as."""
    import anthropic

    return anthropic.AnthropicVertex(
        project_id=project,
        region=location,
        credentials=credentials,
        base_url=base_url or CLOUD_ADDRESS,
        max_retries=0,
        http_client=wire.client(at_once=at_once),
    )


def _block(part: str | Picture | Footage) -> Json:
    match part:
        case str():
            return {"type": "text", "text": part}
        case Picture():
            data = base64.b64encode(part.jpeg).decode()
            return {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": data}}
        case Footage():
            raise BadInput("claude sees no video; give key pictures")


def _said(answer: Any) -> Said:
    text = "".join(block.text for block in answer.content or [] if block.type == "text")
    match answer.stop_reason:
        case "end_turn":
            stopped = None if text else "it is empty"
        case "refusal":
            stopped = "it refused"
        case "max_tokens":
            stopped = "it took more tokens than it may"
        case reason:
            stopped = f"it ended before it was whole ({reason or 'no reason given'})"
    return Said(text=text, stopped=stopped, usage=_usage(answer.usage), model=str(answer.model or ""))


def _usage(used: Any) -> Usage | None:
    if used is None:
        return None
    known, written = used.cache_read_input_tokens or 0, used.cache_creation_input_tokens or 0
    try:
        whole = used.input_tokens + written + known
    except TypeError:
        return None
    return counted(input=whole, output=used.output_tokens, cached=known)


def _refused(error: Any) -> wire.Refused:
    body = error.body.get("error") if isinstance(error.body, dict) else None
    said = str(body.get("message", "")) if isinstance(body, dict) else ""
    kind = wire.kind_of(error.status_code)
    if kind == "question" and "credit balance" in said:
        kind = "credit"
    headers = dict(error.response.headers)
    return wire.Refused(kind=kind, status=error.status_code, said=wire.bare(said), headers=headers)
