"""Roles, and what each may do. A role may do all that the ones before it may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Role = Literal["viewer", "editor", "publisher", "admin", "owner"]
ROLES: tuple[Role, ...] = ("viewer", "editor", "publisher", "admin", "owner")

# The least role for each thing that can be done.
PERMISSIONS: dict[str, Role] = {
    "assets.read": "viewer",
    "assets.write": "editor",
    "assets.delete": "admin",
    "flows.read": "viewer",
    "flows.write": "editor",
    "progress.read": "viewer",
    "clips.read": "viewer",
    "clips.write": "editor",
    "clips.approve": "publisher",
    "renditions.read": "viewer",
    "renditions.write": "editor",
    "captions.read": "viewer",
    "captions.write": "editor",
    "verdicts.read": "viewer",
    "predictions.read": "viewer",
    "weights.write": "admin",
    "knowledge.read": "viewer",
    "knowledge.write": "editor",
    "compliance.read": "viewer",
    "search.read": "viewer",
    "storyboards.write": "editor",
    "channels.read": "viewer",
    "channels.write": "admin",
    "publications.read": "viewer",
    "publications.write": "publisher",
    "campaigns.read": "viewer",
    "campaigns.write": "admin",
    "campaigns.limit": "owner",
    "history.read": "viewer",
    "history.write": "editor",
    "experiments.read": "viewer",
    "experiments.write": "publisher",
    "models.read": "viewer",
    "models.write": "admin",
    "usage.read": "viewer",
    "organisation.read": "viewer",
    "organisation.write": "admin",
    "organisation.secure": "owner",
    "organisation.delete": "owner",
    "members.read": "viewer",
    "members.leave": "viewer",
    "members.write": "admin",
    "keys.read": "admin",
    "keys.write": "admin",
    "webhooks.read": "admin",
    "webhooks.write": "admin",
    "devices.read": "viewer",
    "devices.write": "viewer",
    "audit.read": "admin",
    "export.write": "owner",
    "erasure.write": "owner",
}

# Who must have shown a second factor where the organisation wants one.
SECURED: tuple[Role, ...] = ("admin", "owner")


def may(role: Role, permission: str) -> bool:
    return ROLES.index(role) >= ROLES.index(PERMISSIONS[permission])


def grants(role: Role, given: Role) -> bool:
    """Whether one of a role may give somebody another, or take it: up to their own, and an owner's by owners alone."""
    return ROLES.index(role) >= ROLES.index(given)


def second_factor(claims: Mapping[str, Any]) -> bool:
    """Whether a Firebase ID token was got with a second factor: `firebase.sign_in_second_factor` names it."""
    firebase = claims.get("firebase")
    factor = firebase.get("sign_in_second_factor") if isinstance(firebase, Mapping) else None
    return isinstance(factor, str) and factor != ""
