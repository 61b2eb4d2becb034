"""Organisations: made, settled, closed, erased; whose they are, and who is let in.

`tenants/{id}` holds what is said of one. A person's own tenant has that document only once something is said of it.
What is closed stays closed: its owners may erase it, and nobody anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.accounts import members
from common.accounts.acting import Acting
from common.accounts.names import new_organisation, plain, shared, titled
from common.accounts.roles import SECURED, Role, second_factor
from common.errors import BadInput, Conflict, Forbidden, NotFound, Permanent, Stale
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
    closed: str | None = None  # stamp
    erasure: str | None = None  # the id of the one that has begun


def role_in(documents: Documents, tenant: str, caller: Caller, *, closed: bool = False) -> Role:
    """What a person who asks is in an organisation. As `let_in`, by what their token says of a second factor."""
    return let_in(documents, tenant, caller.subject, proven=second_factor(caller.claims), closed=closed)


def let_in(documents: Documents, tenant: str, subject: str, *, proven: bool, closed: bool = False) -> Role:
    """What a person is in an organisation, by one read. `closed`: its owner is let in where it is closed too.

    `proven`: whether they have shown a second factor. Raises NotFound for strangers and where it is closed, Forbidden
    without the second factor it wants.
    """
    role, snap = None, None
    if plain(tenant) and plain(subject):
        there = documents.get_many([_where(tenant), members.key(tenant, subject)])
        snap = there.get(_where(tenant))
        role = members.found(tenant, subject, there)
    if role is None or not (is_open(tenant, snap) or (closed and snap is not None and role == "owner")):
        raise _unknown(tenant)
    if role in SECURED and snap is not None and snap.body["second_factor"] and not proven:
        raise Forbidden(f"here a {role} signs in with a second factor; add one and sign in again", code="second_factor")
    return role


def is_open(tenant: str, snap: Snap | None) -> bool:
    """By the document `tenants/{tenant}`: whether anybody is let in."""
    return not shared(tenant) if snap is None else snap.body["closed"] is None


def read(documents: Documents, tenant: str, *, closed: bool = False) -> Organisation:
    """Raises NotFound where there is none, and where it is closed unless `closed` are wanted too."""
    snap = documents.get_many([_where(tenant)]).get(_where(tenant))
    if not (is_open(tenant, snap) or (closed and snap is not None)):
        raise _unknown(tenant)
    return _organisation(tenant, snap)


def of(documents: Documents, subject: str, *, closed: bool = False) -> list[tuple[Organisation, Role]]:
    """Those that a person is in: their own first, then by name. `closed`: those that are, and are not being erased.

    Asked of the collection group of all members by their `subject`, so that membership stands in one place and goes
    with its tenant; Firestore needs the index members by subject for it.
    """
    mine = documents.query("members", [Where("subject", "==", subject)], limit=10 * MOST)
    roles: dict[str, Role] = {snap.key.split("/")[1]: snap.body["role"] for snap in mine}
    if not shared(subject):
        roles[subject] = "owner"
    there = documents.get_many([_where(tenant) for tenant in roles])
    found = [(tenant, there.get(_where(tenant)), role) for tenant, role in roles.items()]
    wanted = _lies if closed else is_open
    listed = [(_organisation(tenant, snap), role) for tenant, snap, role in found if wanted(tenant, snap)]
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
    _write(acting, "organisation.change", _there(acting, version), fields, **told)
    return read(acting.documents, acting.tenant)


def close(acting: Acting, version: str | None = None) -> None:
    """From now on nobody is let in, no member and no key. What it holds is still there, for an owner to erase."""
    acting.must("organisation.delete")
    acting.must_be_a_person()
    closed: Json = {"closed": stamp(acting.clock.now())}
    _write(acting, "organisation.close", _there(acting, version), closed)


def erase(acting: Acting, erasure: str, version: str | None = None, *along: Write) -> None:
    """Close it, where it is not, and note its erasure; raises Conflict where there is another."""
    acting.must("erasure.write")
    acting.must_be_a_person()
    snap = _there(acting, version, closed=True)
    if snap is not None and snap.body.get("erasure") is not None:
        raise Conflict(f"{acting.tenant} is being erased already; who asked for it has its id", code="erasing")
    closed = stamp(acting.clock.now()) if snap is None else snap.body["closed"] or stamp(acting.clock.now())
    _write(acting, "organisation.erase", snap, {"closed": closed, "erasure": erasure}, *along)


def _there(acting: Acting, version: str | None, *, closed: bool = False) -> Snap | None:
    """The document of it, None where there is none yet. Raises NotFound, and Stale where it is another version."""
    snap = acting.documents.get_many([_where(acting.tenant)]).get(_where(acting.tenant))
    if not (is_open(acting.tenant, snap) or (closed and snap is not None)):
        raise _unknown(acting.tenant)
    if version is not None and (snap is None or version != str(snap.version)):
        raise Stale("the organisation has changed since you looked; look again and send that version")
    return snap


def _write(acting: Acting, what: str, snap: Snap | None, fields: Json, *along: Write, **detail: str) -> None:
    tenant = acting.tenant
    write = Create(_where(tenant), _body() | fields) if snap is None else Update(snap.key, fields, snap.version)
    acting.commit(what, tenant, write, *along, **detail)


def _body(*, made: str | None = None, name: str | None = None) -> Json:
    return {"schema": 1, "name": name, "made": made, "second_factor": False, "closed": None}


def _organisation(tenant: str, snap: Snap | None) -> Organisation:
    body, version = (_body(), None) if snap is None else (snap.body, str(snap.version))
    named = {name: body[name] for name in ("name", "made", "second_factor", "closed")}
    return Organisation(id=tenant, version=version, erasure=body.get("erasure"), **named)


def _lies(tenant: str, snap: Snap | None) -> bool:
    """Whether it is closed, and nobody has had it erased."""
    return snap is not None and snap.body["closed"] is not None and snap.body.get("erasure") is None


def _where(tenant: str) -> str:
    return f"tenants/{tenant}"


def _unknown(tenant: str) -> NotFound:
    return NotFound(f"you have no organisation {tenant[:50]!r}; GET /v1/organisations lists yours")
