"""Webhooks: who is told what happens, what became of each delivery, and programs that start flows by a signature."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from common.accounts import webhooks
from common.domain.codec import from_json
from common.domain.settings import FlowSettings
from common.errors import BadInput
from common.events import deliveries
from common.events.deliveries import State
from common.events.event import Type
from common.pipeline import flows as pipeline
from common.ports.documents import Json, Snap, Where
from functions.api import assets, flows
from functions.api.pages import Page, page
from functions.api.route import Answer, Ask, Shape, matching

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Address = Annotated[str, msgspec.Meta(max_length=2000, description="https, to a name of the public internet.")]
Types = Annotated[list[Type], msgspec.Meta(max_length=20)]


class Webhook(Shape):
    """`secret` is told once, when it is made or rotated; `earlier`: until when the one before signs too.

    `may_start`: whether who has the secret may start flows (POST /v1/inbound/workflow/{webhook}).
    """

    id: str
    name: str
    address: str | None
    events: list[str]
    active: bool
    may_start: bool
    made_by: str
    made: str
    earlier: str | None
    secret: str | None = None


class Webhooks(Shape):
    items: list[Webhook]


class NewWebhook(Shape):
    name: Name
    address: Address | None = None
    events: Types = msgspec.field(default_factory=list)
    may_start: bool = False


class WebhookChange(Shape):
    """What is left out stays as it is."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    address: Address | msgspec.UnsetType | None = msgspec.UNSET
    events: Types | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    may_start: bool | msgspec.UnsetType = msgspec.UNSET


class Delivery(Shape):
    """An event on its way. `status`: of the receiver's last answer; `next`: when it is tried again; `body`: as sent."""

    id: str
    event: str
    type: str
    state: State
    attempts: int
    status: int | None
    error: str | None
    at: str
    tried: str | None
    next: str | None
    body: str


class Deliveries(Shape):
    items: list[Delivery]
    next: str | None


class Call(Shape):
    """What a workflow asks for. Sent again with the same `id`, it is answered as before and done once, for a day."""

    id: Annotated[str, matching(r"[!-~]{1,128}")]
    action: Literal["flow.start"]
    asset: Annotated[str, msgspec.Meta(max_length=128)]
    settings: flows.Settings = msgspec.field(default_factory=flows.Settings)


def make(ask: Ask) -> Answer:
    wanted: NewWebhook = ask.body
    made, secret = webhooks.make(
        ask.acting,
        name=wanted.name,
        address=_checked(ask, wanted.address),
        events=wanted.events,
        may_start=wanted.may_start,
    )
    return Answer(body=_webhook(made, secret), version=made.version)


def every(ask: Ask) -> Answer:
    found = webhooks.webhooks(ask.parts.engine.documents, ask.who.tenant)
    return Answer(body=Webhooks(items=[_webhook(one) for one in found]))


def one(ask: Ask) -> Answer:
    found = webhooks.read(ask.parts.engine.documents, ask.who.tenant, ask.path["webhook"])
    return Answer(body=_webhook(found), version=found.version)


def change(ask: Ask) -> Answer:
    fields: Json = msgspec.to_builtins(ask.body)
    if fields.get("address") is not None:
        fields["address"] = _checked(ask, fields["address"])
    if not fields:
        raise BadInput("nothing is to be changed; send what should be otherwise")
    changed = webhooks.change(ask.acting, ask.path["webhook"], fields, ask.if_match)
    return Answer(body=_webhook(changed), version=changed.version)


def rotate(ask: Ask) -> Answer:
    rotated, secret = webhooks.rotate(ask.acting, ask.path["webhook"])
    return Answer(body=_webhook(rotated, secret), version=rotated.version)


def remove(ask: Ask) -> Answer:
    webhooks.remove(ask.acting, ask.path["webhook"], ask.if_match)
    return Answer()


def test(ask: Ask) -> Answer:
    key = webhooks.test(ask.acting, ask.path["webhook"])
    deliveries.wake_all(ask.parts.engine.wake, [key], ask.parts.engine.clock.now())
    return Answer(body=_delivery(ask.parts.engine.documents.get_many([key])[key]))


def sent(ask: Ask) -> Answer:
    """The newest first."""
    documents, webhook = ask.parts.engine.documents, ask.path["webhook"]
    webhooks.snap_of(documents, ask.who.tenant, webhook)
    # Ids of one webhook's deliveries begin with its own: "/" comes next after ".".
    own = [Where("place", ">=", f"{webhook}."), Where("place", "<", f"{webhook}/")]
    found, following = page(documents, "deliveries", ask.parent, "place", ask.query or Page(), where=own)
    return Answer(body=Deliveries(items=[_delivery(snap) for snap in found], next=following))


def again(ask: Ask) -> Answer:
    engine = ask.parts.engine
    key, body = webhooks.again(ask.acting, ask.path["webhook"], ask.path["delivery"])
    engine.wake.work(deliveries.errand(key, body), engine.clock.now())
    return Answer(body=_delivery(engine.documents.get_many([key])[key]))


def start(ask: Ask) -> Answer:
    """A workflow starts a flow."""
    call: Call = ask.body
    if call.settings.min_s > call.settings.max_s:
        raise BadInput("settings: min_s is over max_s; a clip cannot be both")
    if "source" not in assets.read(ask, call.asset).body:
        raise BadInput(f"the file of {call.asset} has not come yet; send it first")
    settings = from_json(FlowSettings, msgspec.to_builtins(call.settings))
    submitted = pipeline.start(ask.parts.engine, ask.who.tenant, call.asset, settings)
    return Answer(body=flows.shown(ask, submitted.flow.id))


def _checked(ask: Ask, address: str | None) -> str | None:
    return None if address is None else ask.parts.outbound.check(address)


def _webhook(one: webhooks.Webhook, secret: str | None = None) -> Webhook:
    names = ("id", "name", "address", "active", "may_start", "made_by", "made", "earlier")
    return Webhook(**{name: getattr(one, name) for name in names}, events=list(one.events), secret=secret)


def _delivery(snap: Snap) -> Delivery:
    body = snap.body
    names = ("event", "type", "state", "status", "error", "at", "tried")
    shown = {name: body[name] for name in names}
    return Delivery(id=snap.id, attempts=int(body["attempt"]), next=body.get("due"), body=body["told"], **shown)
