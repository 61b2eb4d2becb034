"""What chores reach the outside by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from common.pipeline.engine import Engine
from common.ports.ads import Ads
from common.ports.auth import SignIns
from common.ports.drive import Drive
from common.ports.intake import Intake
from common.ports.limits import Limits
from common.ports.notices import Herald
from common.ports.outbound import Outbound
from common.ports.platforms import App, Platform
from common.ports.purge import Purge
from common.ports.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    engine: Engine
    outbound: Outbound
    intake: Intake
    drive: Drive
    stores: Mapping[str, Purge]  # by name: uploads, media
    platform: Callable[[str], Platform]  # by its network; raises Permanent where it is none, or switched off
    ads: Callable[[str], Ads]  # by its network; raises Permanent where it takes none
    app: Callable[[str], App]  # what Cutroom is to a network; raises Permanent where nobody registered it
    herald: Callable[[str], Herald | None]  # by network; None where it tells nothing by itself
    vault: Vault
    limits: Limits
    grace_s: float = (
        150.0  # in which what began before has ended, requests, events, attempts: then it is looked at again
    )
    told_at: str | None = None  # the API's own address, for platforms that tell; None where nobody outside reaches it
    sign_ins: SignIns | None = None  # None where nobody has an account: a key opens one machine
    backups: timedelta | None = None  # how long the database keeps what was removed; None where nothing does
