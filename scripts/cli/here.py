"""The API of this machine, for commands that use it as any program would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from common import config
from common.adapters.embedded.auth import LocalKey
from common.adapters.embedded.folder import StateFolder
from common.client.cutroom import Cutroom
from common.errors import StateFolderBusy


@contextmanager
def client() -> Iterator[Cutroom]:
    """Of scripts/serve where that is at work; else all of it here, for as long as the command lasts."""
    settings = config.from_environment()
    folder = StateFolder(settings.home)
    try:
        if folder.address is not None:  # whoever told it is at work, which is quickly known, or gone
            with folder.lock():
                pass
        with _alone(settings) as found:
            yield found
    except StateFolderBusy:
        if folder.address is None:
            raise
        yield Cutroom(folder.address, key=LocalKey(folder.key).key)


@contextmanager
def _alone(settings: config.Settings) -> Iterator[Cutroom]:
    # What serves takes most of a second to load: commands beside scripts/serve do without it.
    from common.bootstrap import local as bootstrap
    from common.chores.keeper import Keeper
    from scripts.cli.serve import PORT, listening, served

    with bootstrap.local(settings) as local, listening("127.0.0.1", PORT) as listener:
        address = f"http://127.0.0.1:{PORT}"
        api = bootstrap.api(local, address)
        with served(api, listener, local.settings.origins), closing(api.courier), Keeper(api.tools).looking():
            yield Cutroom(address, key=api.key)
