"""python -m tests.standins.local_uploads FOLDER PORT: the local server's uploads in a process of their own.

It can be killed, and its memory measured. Each file that came is a line in FOLDER/told.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from common.adapters.embedded.clock import SteadyClock
from common.adapters.embedded.uploads import LocalUploads
from tests.standins.asgi import server

KEY = b"a key that both processes know"


def uploads(folder: Path, port: int) -> LocalUploads:
    def tell(name: str, path: Path) -> None:
        with (folder / "told").open("a") as told:
            told.write(f"{name}\t{path}\n")

    return LocalUploads(f"http://127.0.0.1:{port}", folder / "uploads", KEY, clock=SteadyClock(), arrived=tell)


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    app = uploads(folder, port)
    app.recover()
    with socket.socket() as at:
        at.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        at.bind(("127.0.0.1", port))
        server(app).run(sockets=[at])


if __name__ == "__main__":
    main()
