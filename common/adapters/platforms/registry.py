"""The platforms there are, and the networks of ads: a line for each, loaded when it is first asked for."""

from __future__ import annotations

import importlib
from typing import cast

from common.adapters.platforms.site import Site
from common.domain.publication import Network
from common.ports.platforms import Platform

PLATFORMS: dict[Network, str] = {
    "facebook": "common.adapters.platforms.facebook:Facebook",
    "instagram": "common.adapters.platforms.instagram:Instagram",
    "linkedin": "common.adapters.platforms.linkedin:LinkedIn",
    "pinterest": "common.adapters.platforms.pinterest:Pinterest",
    "snapchat": "common.adapters.platforms.snapchat:Snapchat",
    "tiktok": "common.adapters.platforms.tiktok:TikTok",
    "x": "common.adapters.platforms.x:X",
    "youtube": "common.adapters.platforms.youtube:YouTube",
}
# Where people sign in as at any platform, and nothing is posted.
ADS: dict[Network, str] = {"meta-ads": "common.adapters.platforms.meta_ads:MetaAds"}


def platform(network: Network, site: Site) -> Platform:
    module, _, name = {**PLATFORMS, **ADS}[network].partition(":")
    return cast(Platform, getattr(importlib.import_module(module), name)(site))
