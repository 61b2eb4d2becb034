"""The platforms there are, the networks of ads, and who tells by itself: a line for each, loaded when it is needed."""

from __future__ import annotations

import importlib
from typing import cast

from common.adapters.platforms.site import Site
from common.domain.publication import Network
from common.ports.notices import Herald
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

# Who tells of posts by itself, so that they need not be read by the clock alone.
NOTICES: dict[Network, str] = {
    "tiktok": "common.adapters.platforms.tiktok_notices:TikTokNotices",
    "youtube": "common.adapters.platforms.youtube_notices:YouTubeNotices",
}


def platform(network: Network, site: Site) -> Platform:
    return cast(Platform, _made({**PLATFORMS, **ADS}[network], site))


def herald(network: Network, site: Site) -> Herald:
    return cast(Herald, _made(NOTICES[network], site))


def _made(where: str, site: Site) -> object:
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)(site)
