"""Gemini, by google-genai: with a key of the Gemini API, or as a project on Google Cloud, where it reads buckets."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from common.adapters.models.language import wire
from common.adapters.models.language.schema import Json
from common.adapters.models.language.seat import Said, counted
from common.errors import BadInput
from common.ports.language import INLINE_BYTES, Footage, Picture, Question, Usage

ADDRESS = "https://generativelanguage.googleapis.com"
CLOUD_ADDRESS = "https://aiplatform.googleapis.com"  # of the location global

# At low resolution, as ai.google.dev/gemini-api/docs/media-resolution has it for Gemini 3 (seen 2026-11).
PICTURE_TOKENS = 280
FRAME_TOKENS = 70  # one a second
SOUND_TOKENS = 32  # a second
STAMP_TOKENS = 10  # the time that stands before each frame


class Gemini:
    """`make` gives the library's client, which is held: one that is let go closes its connections."""

    def __init__(self, make: Callable[[], Any], *, model: str, effort: str | None) -> None:
        self._client, self._model, self._effort = make, model, effort

    def send(self, question: Question, schema: Json, timeout_s: float) -> Said:
        import httpx2
        from google.auth.exceptions import GoogleAuthError
        from google.genai import errors, types

        config = types.GenerateContentConfig(
            system_instruction=question.system,
            response_mime_type="application/json",
            response_json_schema=schema,
            max_output_tokens=question.most_tokens,
            media_resolution=types.MediaResolution.MEDIA_RESOLUTION_LOW,
            thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel(self._effort.upper()))
            if self._effort
            else None,
            http_options=types.HttpOptions(timeout=max(1, int(timeout_s * 1000))),
        )
        contents = types.Content(role="user", parts=[_part(part) for part in question.parts])
        try:
            answer = self._client().models.generate_content(model=self._model, contents=contents, config=config)
        except errors.APIError as error:
            raise _refused(error) from error
        except httpx2.TransportError as error:
            raise wire.broken(error) from error
        except GoogleAuthError as error:
            raise wire.Refused(
                kind="passing" if error.retryable else "key", status=401, said=wire.bare(error)
            ) from error
        except (ValueError, RecursionError) as error:  # the library reads the model's JSON too, and trusts it
            raise wire.Garbled(why="it is no answer of Gemini's") from error
        return _said(answer)

    def tokens(self, question: Question) -> int:
        return sum(_tokens(part) for part in question.parts)


def by_key(key: str, base_url: str | None, at_once: int) -> Any:
    """A client of the Gemini API."""
    return _made(base_url or ADDRESS, at_once, enterprise=False, api_key=key)


def by_project(project: str, location: str, base_url: str | None, at_once: int, credentials: Any = None) -> Any:
    """A client of Google Cloud, which signs in as the service account this runs as."""
    where = base_url or CLOUD_ADDRESS
    return _made(where, at_once, enterprise=True, project=project, location=location, credentials=credentials)


def _made(base_url: str, at_once: int, **who: Any) -> Any:
    from google import genai
    from google.genai import types

    # Address and version are always given: else the library takes them from the environment.
    version = "v1beta1" if who["enterprise"] else "v1beta"
    http = wire.client(at_once=at_once)
    return genai.Client(
        **who, http_options=types.HttpOptions(base_url=base_url, api_version=version, httpx_client=http)
    )


def _part(part: str | Picture | Footage) -> Any:
    from google.genai import types

    match part:
        case str():
            return types.Part(text=part)
        case Picture():
            return types.Part(inline_data=types.Blob(data=part.jpeg, mime_type="image/jpeg"))
        case Footage():
            span = types.VideoMetadata(start_offset=f"{part.start:.3f}s", end_offset=f"{part.end:.3f}s")
            if part.address is not None:
                where = types.FileData(file_uri=part.address, mime_type=part.mime)
                return types.Part(file_data=where, video_metadata=span)
            if part.content is None or len(part.content) > INLINE_BYTES:
                raise BadInput(
                    f"footage without an address must come as up to {INLINE_BYTES:,} bytes; give key pictures instead"
                )
            inline = types.Blob(data=part.content, mime_type=part.mime)
            return types.Part(inline_data=inline, video_metadata=span)


def _tokens(part: str | Picture | Footage) -> int:
    match part:
        case Picture():
            return PICTURE_TOKENS
        case Footage():
            seconds = math.ceil(part.end - part.start) + 1  # a frame at either end
            return seconds * (FRAME_TOKENS + SOUND_TOKENS + STAMP_TOKENS)
        case _:
            return 0


def _said(answer: Any) -> Said:
    usage, model = _usage(answer.usage_metadata), str(answer.model_version or "")
    candidates = answer.candidates or []
    if not candidates:
        reason = answer.prompt_feedback.block_reason if answer.prompt_feedback else None
        why = f"the question was blocked ({_named(reason)})" if reason else "it is empty"
        return Said(text="", stopped=why, usage=usage, model=model)
    parts = (candidates[0].content.parts if candidates[0].content else None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    return Said(text=text, stopped=_stopped(candidates[0].finish_reason, text), usage=usage, model=model)


def _stopped(reason: Any, text: str) -> str | None:
    match _named(reason):
        case "STOP" if text:
            return None
        case "STOP":
            return "it is empty"
        case "MAX_TOKENS":
            return "it took more tokens than it may"
        case named:
            return f"it ended before it was whole ({named})"


def _named(reason: Any) -> str:
    return str(getattr(reason, "value", reason) or "no reason given")


def _usage(meta: Any) -> Usage | None:
    if meta is None or meta.prompt_token_count is None:
        return None
    made = (meta.candidates_token_count or 0) + (meta.thoughts_token_count or 0)
    return counted(input=meta.prompt_token_count, output=made, cached=meta.cached_content_token_count or 0)


def _refused(error: Any) -> wire.Refused:
    said, status = str(error.message or ""), int(error.code or 500)
    kind = wire.kind_of(status)
    if status == 400 and ("API_KEY_INVALID" in str(error.details) or "API key" in said):
        kind = "key"
    headers = dict(getattr(error.response, "headers", None) or {})
    return wire.Refused(kind=kind, status=status, said=wire.bare(said), headers=headers, after_s=_delay(error.details))


def _delay(details: Any) -> float | None:
    """What google.rpc.RetryInfo says, such as 3.5s."""
    found = re.search(r"'retryDelay': '(\d{1,9}(?:\.\d+)?)s'", str(details))
    return float(found[1]) if found else None
