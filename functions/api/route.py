"""What a route of /v1 is: a row of functions/api/table.py, from which both the answers and docs/openapi.json come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from common.accounts.acting import Acting
from common.accounts.roles import Role
from common.bootstrap.parts import Parts
from common.ports.documents import Snap

if TYPE_CHECKING:
    from functions.api.listening import Hub

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Page = Literal["text/html", "text/plain"]
Told = Literal["application/json", "application/atom+xml"]


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body or a query. What it does not name is refused: a misspelt field must not be passed over."""


def matching(pattern: str, description: str | None = None) -> msgspec.Meta:
    """Of a text that the pattern fits whole. In Python, `$` alone would let a line's end follow."""
    return msgspec.Meta(pattern=f"^{pattern}$(?!\\n)", description=description)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who asks, and for which organisation."""

    subject: str  # of a person, or key:ID
    tenant: str
    role: Role
    email: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)  # of the token, checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request that was let in and read. `query` and `body` are of the types that the route takes, else None."""

    parts: Parts
    who: Who
    path: Mapping[str, str]
    query: Any
    body: Any
    if_match: str | None  # the version that the caller has read, from If-Match
    request: str  # its id, which the answer and the log carry
    after: str | None  # the id of the last event that the caller has, from Last-Event-ID
    hub: Hub
    again: Callable[[], None]  # raises once the caller may not ask this any more
    told: tuple[str, bytes] = ("", b"")  # what a platform tells: its signature, and the body as it came

    @property
    def parent(self) -> str:
        """Below which all of the caller's documents lie."""
        return f"tenants/{self.who.tenant}"

    def snap(self, key: str) -> Snap | None:
        """The document with this key, None where there is none."""
        return self.parts.engine.documents.get_many([key]).get(key)

    @property
    def acting(self) -> Acting:
        """For what changes accounts, which is told of in the trail."""
        engine, who = self.parts.engine, self.who
        return Acting(
            documents=engine.documents,
            clock=engine.clock,
            tenant=who.tenant,
            subject=who.subject,
            role=who.role,
            request=self.request,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`body` of the type that the route gives, or `stream`; `version` of what it shows, for If-Match."""

    body: Any = None
    version: str | None = None
    stream: AsyncGenerator[bytes, None] | None = None
    status: int | None = None  # if not the usual one; of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row. `path` names its parts in braces; `needs` is a permission."""

    method: Method
    path: str
    title: str  # one sentence
    handler: Callable[[Ask], Answer]
    needs: str
    takes: type[Shape] | None = None
    query: type[Shape] | None = None
    gives: type[msgspec.Struct] | None = None  # None: 204
    status: int = 200
    heavy: bool = False  # counted against the limit of uploads
    held: bool = False  # whoever holds the id in its path may: nobody need be there any more who could sign in
    closed: bool = False  # asked of an organisation that is closed too, by its owner
    secret: bool = False  # its answer is told once, and not kept for a request that is sent again
    streams: bool = False  # events of `gives`, for as long as somebody listens; not counted against any limit
    page: Page | None = None  # for a person's browser that a platform sent here, or the platform; its body is a text
    tells: Told | None = None  # a platform tells something; its body is taken as it comes
    signature: str | None = None  # the header by which it proves that it is the platform
    signed: bool = False  # by a webhook's secret, in the place of a token
    ends: bool = False  # a POST that ends what the caller must have looked at: If-Match is wanted
    anyway: bool = False  # done whatever has changed since the caller looked: If-Match is not minded

    @property
    def conditional(self) -> bool:
        """Whether it minds If-Match."""
        return self.ends or (self.method in ("PUT", "PATCH", "DELETE") and not self.anyway)

    @property
    def name(self) -> str:
        """Of the operation, for clients: its resource and what is done with it."""
        module = self.handler.__module__.rsplit(".", 1)[-1]
        return f"{module}_{self.handler.__name__}"
