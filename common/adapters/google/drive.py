"""Google Drive, as anybody sees it: by an API key, which opens what is shared by link and nothing else.

So no token of a person is ever held, and no account of ours can be made to hand one customer what another shared with
it. The key is the secret `drive-api-key`; without it there is no import from Drive, and the answer says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from common.errors import BadInput, Permanent, Unreachable
from common.ports.drive import Shared
from common.ports.outbound import Outbound
from common.ports.secrets import Secrets

ADDRESS = "https://www.googleapis.com/drive/v3/files"
TIMEOUT_S = 20.0
PAGE = 100
_ID = re.compile(r"[A-Za-z0-9_-]{10,100}")
_FIELDS = "id,name,mimeType,size,md5Checksum,version"
_LARGEST = 4 << 20  # bytes of an answer


class SharedDrive:
    """By many threads. `address` is another one for a stand-in alone."""

    def __init__(self, outbound: Outbound, secrets: Secrets, address: str = ADDRESS) -> None:
        self._outbound, self._secrets, self._address = outbound, secrets, address

    def file(self, file: str) -> Shared:
        told = self._asked(f"/{_checked(file)}", {"fields": _FIELDS, "supportsAllDrives": "true"})
        if not str(told.get("mimeType", "")).startswith("video/"):
            raise Permanent(f"file {file} is no video; send the id of one", code="not_a_video")
        return _shared(told)

    def folder(self, folder: str, most: int) -> list[Shared]:
        query = {
            "q": f"'{_checked(folder)}' in parents and mimeType contains 'video/' and trashed = false",
            "fields": f"nextPageToken,incompleteSearch,files({_FIELDS})",
            "pageSize": str(PAGE),
            "orderBy": "name",
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        }
        found: list[Shared] = []
        while True:
            told = self._asked("", query)
            files = told.get("files")
            if not isinstance(files, list) or told.get("incompleteSearch") is True:
                raise Unreachable("Google Drive did not say all that is in the folder; try again")
            found += [_shared(one) for one in files]
            if len(found) > most:
                raise Permanent(
                    f"the folder has more than {most} videos; send some of them one by one", code="too_many"
                )
            following = told.get("nextPageToken")
            if not following:
                return found
            query["pageToken"] = str(following)

    def where(self, file: str) -> tuple[str, Mapping[str, str]]:
        query = urlencode({"alt": "media", "supportsAllDrives": "true"})
        return f"{self._address}/{_checked(file)}?{query}", self._key()

    def _asked(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        address = f"{self._address}{path}?{urlencode(query)}"
        with self._outbound.fetch(address, self._key(), timeout_s=TIMEOUT_S, most_bytes=_LARGEST) as coming:
            content = b"".join(coming.blocks)
            if coming.status in (408, 429) or coming.status >= 500 or b"ateLimitExceeded" in content:
                raise Unreachable(f"Google Drive answers {coming.status}; try again later")
            if coming.status in (401, 403, 404):
                raise Permanent("it is not shared by link; share it with everybody who has the link", code="not_shared")
            if coming.status != 200:
                raise Permanent(f"Google Drive refuses ({coming.status}); look at the id that you sent", code="refused")
        try:
            told = json.loads(content)
        except ValueError as error:
            raise Unreachable("Google Drive's answer cannot be read; try again") from error
        if not isinstance(told, dict):
            raise Unreachable("Google Drive's answer cannot be read; try again")
        return told

    def _key(self) -> dict[str, str]:
        key = self._secrets.get("drive-api-key")
        if key is None:
            raise Permanent("this Cutroom has no key for Google Drive; upload the file instead", code="no_drive")
        return {"X-Goog-Api-Key": key}


def _checked(identity: str) -> str:
    if not _ID.fullmatch(identity):
        raise BadInput("that is no id of Google Drive; send the one that stands in the link")
    return identity


def _shared(told: Any) -> Shared:
    try:
        mark = told.get("md5Checksum") or told["version"]
        return Shared(id=_checked(told["id"]), name=str(told["name"]), size=int(told.get("size", 0)), mark=str(mark))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unreachable("Google Drive's answer cannot be read; try again") from error
