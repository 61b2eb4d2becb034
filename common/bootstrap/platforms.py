"""Which platforms are posted to, where they are asked, and what Cutroom is to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import cast, get_args

import msgspec

from common.adapters.platforms import registry
from common.adapters.platforms.site import Site
from common.domain.publication import Network
from common.errors import BadInput, Permanent
from common.ports.ads import Ads
from common.ports.notices import Herald
from common.ports.platforms import App, Platform
from common.ports.secrets import Secrets

NETWORKS: tuple[Network, ...] = get_args(Network)


def platforms(told: Path | str | None) -> Callable[[str], Platform]:
    """By network, each made when it is first asked for. `told`, or the file of that name, says what is not as usual:
    {NETWORK: {address, version, on}}. Raises BadInput where it cannot be read.
    """
    sites = {} if told is None else _read(told)

    @cache
    def platform(network: str) -> Platform:
        known = {**registry.PLATFORMS, **registry.ADS}
        if network not in known:
            raise Permanent(f"there is no platform {network[:50]!r}; choose from {', '.join(known)}")
        return registry.platform(network, sites.get(network, Site()))

    return platform


def ads(platform: Callable[[str], Platform]) -> Callable[[str], Ads]:
    """The networks of ads among them. Raises Permanent where a network is none."""

    def ads(network: str) -> Ads:
        if network not in registry.ADS:
            raise Permanent(f"{network[:50]!r} takes no ads; choose from {', '.join(registry.ADS)}")
        return cast(Ads, platform(network))

    return ads


def heralds(told: Path | str | None) -> Callable[[str], Herald | None]:
    """By network; None where it tells nothing by itself. `told` as of platforms()."""
    sites = {} if told is None else _read(told)

    @cache
    def herald(network: str) -> Herald | None:
        known = next((one for one in registry.NOTICES if one == network), None)
        return None if known is None else registry.herald(known, sites.get(known, Site()))

    return herald


def apps(secrets: Secrets) -> Callable[[str], App]:
    """From the secrets NETWORK-client-id and NETWORK-client-secret."""

    def app(network: str) -> App:
        told = secrets.get(f"{network}-client-id"), secrets.get(f"{network}-client-secret")
        if not all(told):
            raise _unregistered(network)
        return App(id=str(told[0]), secret=str(told[1]))

    return app


def clients(secrets: Secrets) -> Callable[[str], str]:
    """What everybody may know of an app: its id. Raises Permanent where nobody registered one."""

    def client(network: str) -> str:
        if (told := secrets.get(f"{network}-client-id")) is None:
            raise _unregistered(network)
        return told

    return client


def _unregistered(network: str) -> Permanent:
    why = f"nobody has registered Cutroom with {network}; docs/channels.md says how"
    return Permanent(why, code="not_registered")


def _read(told: Path | str) -> dict[Network, Site]:
    try:
        content = told.read_bytes() if isinstance(told, Path) else told.encode()
        return msgspec.json.decode(content, type=dict[Network, Site])
    except (OSError, msgspec.DecodeError) as error:
        raise BadInput(
            f"CUTROOM_PLATFORMS ({str(told)[:200]}) cannot be read: {error}; see docs/channels.md"
        ) from error
