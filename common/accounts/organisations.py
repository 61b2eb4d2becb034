"""Organisations: made, settled, closed; whose they are, and who is let in.

`tenants/{id}` holds what is said of one. A person's own tenant has that document only once something is said of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.accounts import members
from common.accounts.acting import Acting
from common.accounts.names import new_organisation, plain, shared, titled
from common.accounts.roles import SECURED, Role, second_factor
from common.errors import BadInput, Forbidden, NotFound, Permanent, Stale
from common.ports.auth import Caller
from common.ports.clock import stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Where, Write

MOST = 100  # that one person can be a member of


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    id: str
    name: str | None  # None for a person's own tenant that was never named
    made: str | None  # stamp
    second_factor: bool  # whether admins and owners must sign in with one
    version: str | None  # of the document; None where there is none yet


def role_in(documents: Documents, tenant: str, caller: Caller) -> Role:
    """What a person who asks is in an organisation, by one read.

    Raises NotFound for strangers and where it is closed, Forbidden without the second factor it wants.
    """
    role, closed = None, None
    if plain(tenant) and plain(caller.subject):
        there = documents.get_many([_where(tenant), members.key(tenant, caller.subject)])
        closed = there.get(_where(tenant))
        role = members.found(tenant, caller.subject, there)
    if role is None or not is_open(tenant, closed):
        raise _unknown(tenant)
    if role in SECURED and closed is not None and closed.body["second_factor"] and not second_factor(caller.claims):
        raise Forbidden(f"here a {role} signs in with a second factor; add one and sign in again", code="second_factor")
    return role


def is_open(tenant: str, snap: Snap | None) -> bool:
    """By the document `tenants/{tenant}`: whether anybody is let in."""
    return not shared(tenant) if snap is None else snap.body["closed"] is None


def read(documents: Documents, tenant: str) -> Organisation:
    snap = documents.get_many([_where(tenant)]).get(_where(tenant))
    if not is_open(tenant, snap):
        raise _unknown(tenant)
    return _organisation(tenant, snap)


def of(documents: Documents, subject: str) -> list[tuple[Organisation, Role]]:
    """Those that a person is in: their own first, then by name.

    Asked of the collection group of all members by their `subject`, so that membership stands in one place and goes
    with its tenant; Firestore needs the index members by subject for it.
    """
    mine = documents.query("members", [Where("subject", "==", subject)], limit=10 * MOST)
    roles: dict[str, Role] = {snap.key.split("/")[1]: snap.body["role"] for snap in mine}
    if not shared(subject):
        roles[subject] = "owner"
    there = documents.get_many([_where(tenant) for tenant in roles])
    found = [(tenant, there.get(_where(tenant)), role) for tenant, role in roles.items()]
    listed = [(_organisation(tenant, snap), role) for tenant, snap, role in found if is_open(tenant, snap)]
    return sorted(listed, key=lambda one: (one[0].id != subject, one[0].name or "", one[0].id))


def make(acting: Acting, name: str, email: str | None = None) -> Organisation:
    """A new one, whose owner is who makes it; in the trail of the new one. Raises Permanent where one has too many."""
    acting.must_be_a_person()
    if acting.documents.count("members", [Where("subject", "==", acting.subject)]) >= MOST:
        raise Permanent(f"you are in {MOST} organisations, as many as can be; leave one first", code="too_many")
    tenant = new_organisation()
    body = _body(made=stamp(acting.clock.now()), name=titled(name))
    replace(acting, tenant=tenant, role="owner").commit(
        "organisation.make",
        tenant,
        Create(_where(tenant), body),
        members.new(acting.clock, tenant, acting.subject, "owner", email),
    )
    return read(acting.documents, tenant)


def change(
    acting: Acting,
    *,
    name: str | None = None,
    second_factor: bool | None = None,
    proven: bool = False,
    version: str | None = None,
) -> Organisation:
    """Raises Stale where it is another version. `proven`: whether who asks has shown a second factor.

    Nobody can want of others what they have not shown: it would lock them out.
    """
    acting.must("organisation.write")
    fields: Json = {}
    if name is not None:
        fields["name"] = titled(name)
    if second_factor is not None:
        acting.must("organisation.secure")
        acting.must_be_a_person()
        if second_factor and not proven:
            raise Forbidden("sign in with a second factor before you want one of others", code="second_factor")
        fields["second_factor"] = second_factor
    if not fields:
        raise BadInput("nothing is to change; send a name or whether a second factor is wanted")
    told = {"second_factor": str(second_factor).lower()} if second_factor is not None else {}
    _settle(acting, "organisation.change", fields, version, (), **told)
    return read(acting.documents, acting.tenant)


def close(acting: Acting, version: str | None = None, *along: Write) -> None:
    """From now on nobody is let in, no member and no key. What it holds is still there, for erasure to remove."""
    acting.must("organisation.delete")
    acting.must_be_a_person()
    _settle(acting, "organisation.close", {"closed": stamp(acting.clock.now())}, version, along)


def _settle(
    acting: Acting, what: str, fields: Json, version: str | None, along: Sequence[Write], **detail: str
) -> None:
    tenant = acting.tenant
    snap = acting.documents.get_many([_where(tenant)]).get(_where(tenant))
    if not is_open(tenant, snap):
        raise _unknown(tenant)
    if version is not None and (snap is None or version != str(snap.version)):
        raise Stale("the organisation has changed since you looked; look again and send that version")
    write = Create(_where(tenant), _body() | fields) if snap is None else Update(snap.key, fields, snap.version)
    acting.commit(what, tenant, write, *along, **detail)


def _body(*, made: str | None = None, name: str | None = None) -> Json:
    return {"schema": 1, "name": name, "made": made, "second_factor": False, "closed": None}


def _organisation(tenant: str, snap: Snap | None) -> Organisation:
    body, version = (_body(), None) if snap is None else (snap.body, str(snap.version))
    return Organisation(
        id=tenant, name=body["name"], made=body["made"], second_factor=body["second_factor"], version=version
    )


def _where(tenant: str) -> str:
    return f"tenants/{tenant}"


def _unknown(tenant: str) -> NotFound:
    return NotFound(f"you have no organisation {tenant[:50]!r}; GET /v1/organisations lists yours")
