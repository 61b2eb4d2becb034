"""What chores reach the outside by, on the adapters of one machine."""

from __future__ import annotations

from pathlib import Path

from common.adapters.embedded.intake import LocalIntake
from common.adapters.embedded.limits import LocalLimits
from common.adapters.embedded.purge import ObjectsPurge
from common.adapters.embedded.secrets import LocalSecrets
from common.adapters.embedded.vault import LocalVault
from common.adapters.google.drive import SharedDrive
from common.adapters.outbound import HttpsOutbound
from common.bootstrap import platforms
from common.chores.connections.connecting import CALLBACK, Consent
from common.chores.erasing import late
from common.chores.tools import Tools
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.pipeline import flows
from common.pipeline.engine import Engine
from common.ports.outbound import Outbound
from common.ports.purge import Purge


def consent(tools: Tools) -> Consent:
    """What connections are begun by; nobody waits for what a platform says."""
    ids = platforms.clients(LocalSecrets(Path("/nowhere"), {"CUTROOM_SECRET_X_CLIENT_ID": "our-id"}))
    redirect = f"https://cutroom.example{CALLBACK}"
    return Consent(platform=tools.platform, client=ids, vault=tools.vault, redirect=redirect, patience_s=0.0)


def tools(engine: Engine, home: Path, outbound: Outbound | None = None) -> Tools:
    """Files lie below `home`/uploads, and start flows; without an outbound nobody can be asked anything."""
    outbound = HttpsOutbound(resolve=lambda host, port: []) if outbound is None else outbound

    def arrived(name: str, path: Path) -> None:
        _, tenant, asset, last = name.split("/")
        if not late.unwelcome(engine, tenant, asset):
            source = Source(bucket="file", name=last, generation="1", size=path.stat().st_size)
            flows.submit(engine, tenant, source, str(path), FlowSettings(clips=2), asset=asset)

    intake = LocalIntake(home / "uploads", engine.clock, arrived)
    stores: dict[str, Purge] = {"uploads": intake, "media": ObjectsPurge(engine.objects)}
    drive = SharedDrive(outbound, LocalSecrets(home / "secrets", {}))
    return Tools(
        engine=engine,
        outbound=outbound,
        intake=intake,
        drive=drive,
        stores=stores,
        platform=platforms.platforms(None),
        ads=platforms.ads(platforms.platforms(None)),
        app=platforms.apps(LocalSecrets(home / "secrets", {})),
        herald=platforms.heralds(None),
        vault=LocalVault(home / "vault.key"),
        limits=LocalLimits(engine.clock),
    )
