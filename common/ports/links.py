"""Links: a way to an object that somebody without an account in the bucket may take for a while."""

from __future__ import annotations

import re
import unicodedata
from typing import Protocol
from urllib.parse import quote

_LONGEST = 150  # characters of a name, its end with its suffix
_PLAIN = re.compile(r"[^A-Za-z0-9._() -]")


class Links(Protocol):
    def link(self, key: str, *, name: str, kind: str) -> str:
        """A URL that gives the object, whole or by ranges, for a quarter of an hour or so.

        It is saved as `name` and sent as `kind`, a MIME type. Whether the object is there is not looked at.
        """


def disposition(name: str) -> str:
    """The Content-Disposition (RFC 6266) by which a browser saves a file under a name, whatever is in that.

    What is a path to some system, or cannot be seen, is left out.
    """
    seen = "".join(one if unicodedata.category(one)[0] != "C" and one not in '/\\:*?"<>|' else "_" for one in name)
    seen = seen[-_LONGEST:].strip(". ") or "file"
    return f"attachment; filename=\"{_PLAIN.sub('_', seen)}\"; filename*=UTF-8''{quote(seen, safe='')}"
