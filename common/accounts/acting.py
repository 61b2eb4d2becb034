"""Somebody at work in an organisation."""

from __future__ import annotations

from dataclasses import dataclass

from common.accounts import audit
from common.accounts.roles import PERMISSIONS, Role, grants, may
from common.errors import Conflict, Forbidden
from common.ports.clock import Clock
from common.ports.documents import Documents, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who does something, and with what right. All that changes accounts takes one and writes through it alone.

    So nothing can be changed without its line in the audit trail; a test looks for other ways.
    """

    documents: Documents
    clock: Clock
    tenant: str
    subject: str  # of a person, or key:ID
    role: Role
    request: str  # its id, as the log has it

    def must(self, permission: str) -> None:
        if not may(self.role, permission):
            least = PERMISSIONS[permission]
            raise Forbidden(f"a {self.role} may not do this ({permission}); ask one who is {least}, or more")

    def must_grant(self, role: Role) -> None:
        if not grants(self.role, role):
            raise Forbidden(f"who is {self.role} can neither make nor unmake anybody {role}; ask one who is {role}")

    def must_be_a_person(self) -> None:
        if self.subject.startswith("key:"):
            raise Forbidden("a key cannot do this; sign in and do it yourself")

    def commit(self, what: str, on: str, *writes: Write, **detail: str) -> None:
        """Do the writes and tell of them, in one batch; raises Conflict where a condition does not hold."""
        told = audit.line(
            self.clock, self.tenant, by=self.subject, what=what, on=on, request=self.request, detail=detail
        )
        try:
            self.documents.commit([*writes, told])
        except Conflict as error:
            # A write whose answer was lost is sent again and meets itself: the line, which only we can write, tells.
            if told.key not in self.documents.get_many([told.key]):
                raise Conflict(f"{on} has changed meanwhile; look at it and try again") from error
