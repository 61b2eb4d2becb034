"""GET /v1/flows, GET /v1/flows/{flow}: what became of each upload, and how far each stage is."""

from __future__ import annotations

from typing import Any

from flask import Request

from common.bootstrap.cloud import CloudParts
from common.errors import NotFound
from common.pipeline import flows
from common.ports.documents import Snap

_MOST = 100


def every(cloud: CloudParts, tenant: str, request: Request) -> tuple[Any, int]:
    """The tenant's flows, the newest first, at most 100."""
    found = cloud.engine.documents.query(
        "flows", parent=f"tenants/{tenant}", order="started", last_first=True, limit=_MOST
    )
    assets = [f"tenants/{tenant}/assets/{snap.body['asset']}" for snap in found]
    sources = cloud.engine.documents.get_many(set(assets))
    return {
        "flows": [_flow(snap, sources.get(asset)) for snap, asset in zip(found, assets, strict=True)],
    }, 200


def one(cloud: CloudParts, tenant: str, request: Request, flow: str) -> tuple[Any, int]:
    key = f"tenants/{tenant}/flows/{flow}"
    snap = cloud.engine.documents.get_many([key]).get(key)
    if snap is None:
        raise NotFound(f"there is no flow {flow}; GET /v1/flows lists them")
    asset = f"tenants/{tenant}/assets/{snap.body['asset']}"
    source = cloud.engine.documents.get_many([asset]).get(asset)
    order = {name: n for n, name in enumerate(cloud.engine.definition.names)}
    found = flows.runs(cloud.engine, flows.read(cloud.engine, tenant, flow))
    found.sort(key=lambda run: (order.get(run.body["stage"], 999), run.body.get("number") or 0))
    return {**_flow(snap, source), "runs": [_run(cloud, run) for run in found]}, 200


def _flow(snap: Snap, asset: Snap | None) -> dict[str, Any]:
    body = snap.body
    return {
        "flow": snap.id,
        "asset": body["asset"],
        "name": asset.body["source"]["name"] if asset is not None else None,
        "state": body["state"],
        "started": body["started"],
        "ended": body.get("ended"),
        "error": body.get("error"),
    }


def _run(cloud: CloudParts, snap: Snap) -> dict[str, Any]:
    body = snap.body
    known = body["stage"] in cloud.engine.definition
    return {
        "stage": body["stage"],
        "title": cloud.engine.definition[body["stage"]].title if known else body["stage"],
        "number": body.get("number"),
        "state": body["state"],
        "progress": body.get("progress"),
        "place": body.get("place"),
        "place_reason": body.get("place_reason"),
        "attempt": body.get("attempt"),
        "error": body.get("error"),
        "left_out": body.get("left_out", []),
    }
