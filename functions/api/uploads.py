"""POST /v1/uploads: a signed place in the bucket for one file. The upload itself never passes through here."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from flask import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from common.bootstrap.cloud import CloudParts
from common.errors import BadInput

MOST_BYTES = 20 << 30
_PLAIN = re.compile(r"[^\w.() -]+")


class NewUpload(BaseModel):
    """What is about to be sent. `size` in bytes, `type` a MIME type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=255)
    size: int = Field(gt=0, le=MOST_BYTES)
    type: str = Field(default="application/octet-stream", pattern=r"^(video|audio|application)/[A-Za-z0-9.+-]{1,80}$")

    @field_validator("name")
    @classmethod
    def _has_a_name(cls, name: str) -> str:
        if not plain(name):
            raise ValueError("it has no letter or figure in it")
        return name


def create(cloud: CloudParts, tenant: str, request: Request) -> tuple[Any, int]:
    try:
        wanted = NewUpload.model_validate_json(request.get_data(cache=False) or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise BadInput(f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}") from error
    upload = secrets.token_hex(8)
    slot = cloud.uploads.slot(
        f"t/{tenant}/{upload}/{plain(wanted.name)}", content_type=wanted.type, most_bytes=wanted.size
    )
    return {
        "upload": upload,
        "object": slot.name,
        "put": asdict(slot.whole),
        "resumable": asdict(slot.resumable),
        "expires": slot.expires.isoformat(),
    }, 201


def plain(name: str) -> str:
    """A file's name as the bucket gets it: its last part, without what is no letter, figure or plain sign."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = _PLAIN.sub("_", last).strip("._ ")
    return kept[-200:]
