"""Who asks, and for which organisation: from a Firebase ID token, an API key, or the key of a local server."""

from __future__ import annotations

from common.accounts import keys, names, organisations
from common.bootstrap.parts import Parts
from common.errors import NotFound, Unauthorized
from common.events import deliveries, signatures
from functions.api.route import Who


def bearer(header: str | None) -> str:
    """The token of an Authorization header; raises Unauthorized where there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("there is no bearer token; sign in and send one")
    return token.strip()


def who(parts: Parts, token: str, organisation: str | None, *, closed: bool = False) -> Who:
    """Raises Unauthorized, Forbidden, and NotFound for an organisation that the caller is no member of.

    `closed`: the owner of one that is closed is let in too.
    """
    documents = parts.engine.documents
    if keys.is_key(token):
        key = keys.opened(documents, parts.engine.clock, token)
        if organisation not in (None, key.tenant):
            raise NotFound(f"this key is of {key.tenant} and of no {str(organisation)[:50]!r}; leave the header out")
        return Who(subject=f"key:{key.id}", tenant=key.tenant, role=key.role)
    caller = parts.people.person(token)
    tenant = organisation if organisation is not None else caller.subject
    role = organisations.role_in(documents, tenant, caller, closed=closed)
    return Who(subject=caller.subject, tenant=tenant, role=role, email=caller.email, claims=caller.claims)


def signer(parts: Parts, webhook: str, organisation: str | None, header: str | None, content: bytes) -> Who:
    """A program that signs by the secret of a webhook that may start flows; raises Unauthorized, whatever is wrong."""
    if organisation is None or header is None or not (names.plain(organisation) and names.plain(webhook)):
        raise signatures.refused()
    tenant, engine = f"tenants/{organisation}", parts.engine
    there = engine.documents.get_many([tenant, f"{tenant}/webhooks/{webhook}"])
    hook, now = there.get(f"{tenant}/webhooks/{webhook}"), engine.clock.now()
    if hook is None or not organisations.is_open(organisation, there.get(tenant)):
        raise signatures.refused()
    if not (hook.body["active"] and hook.body["may_start"]):
        raise signatures.refused()
    signatures.check(header, content, deliveries.open_secrets(hook.body, now), now)
    return Who(subject=f"webhook:{webhook}", tenant=organisation, role="editor")
