"""Who asks, and for which organisation: from a Firebase ID token, an API key, or the key of a local server."""

from __future__ import annotations

from common.accounts import keys, organisations
from common.bootstrap.parts import Parts
from common.errors import NotFound, Unauthorized
from functions.api.route import Who


def bearer(header: str | None) -> str:
    """The token of an Authorization header; raises Unauthorized where there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("there is no bearer token; sign in and send one")
    return token.strip()


def who(parts: Parts, token: str, organisation: str | None) -> Who:
    """Raises Unauthorized, Forbidden, and NotFound for an organisation that the caller is no member of."""
    documents = parts.engine.documents
    if keys.is_key(token):
        key = keys.opened(documents, parts.engine.clock, token)
        if organisation not in (None, key.tenant):
            raise NotFound(f"this key is of {key.tenant} and of no {str(organisation)[:50]!r}; leave the header out")
        return Who(subject=f"key:{key.id}", tenant=key.tenant, role=key.role)
    caller = parts.people.person(token)
    tenant = organisation if organisation is not None else caller.subject
    role = organisations.role_in(documents, tenant, caller)
    return Who(subject=caller.subject, tenant=tenant, role=role, email=caller.email, claims=caller.claims)
