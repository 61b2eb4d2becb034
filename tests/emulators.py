"""The real Firestore and Pub/Sub emulators, one of each per session.

Where they cannot run a test says why it is skipped; with CI set, or CUTROOM_EMULATORS=required, it fails instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import pytest

READY_S = 60.0
PROJECT = "demo-cutroom"


def missing(why: str) -> None:
    if os.environ.get("CI") or os.environ.get("CUTROOM_EMULATORS") == "required":
        pytest.fail(f"the emulators must run here: {why}")
    pytest.skip(why)


def _sdk() -> Path:
    gcloud = shutil.which("gcloud")
    if shutil.which("java") is None or gcloud is None:
        missing("java and gcloud, which bring the emulators, are not both installed")
        raise AssertionError
    return Path(gcloud).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(what: str, folder: str, arguments: list[str]) -> Iterator[str]:
    """Start a jar of the SDK on a free port of the loopback; its address. Java directly: gcloud leaves it behind."""
    place = _sdk() / "platform" / folder
    jars = sorted(place.rglob("*.jar"), key=lambda path: -path.stat().st_size)
    if not jars:
        missing(f"the {what} emulator is not installed: gcloud components install {folder}")
    address = f"127.0.0.1:{free_port()}"
    host, _, port = address.partition(":")
    argv = ["java", "-Duser.language=en", "-Xmx512m", "-XX:TieredStopAtLevel=1"]
    argv += [one.replace("JAR", str(jars[0])) for one in arguments] + [f"--host={host}", f"--port={port}"]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(what, f"http://{address}/", process)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait(what: str, url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        assert process.poll() is None, f"the {what} emulator ended with status {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the {what} emulator did not answer within {READY_S:g} s")


@contextmanager
def firestore_emulator() -> Iterator[str]:
    main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
    with _running("Firestore", "cloud-firestore-emulator", ["-cp", "JAR", main]) as address:
        yield address


@contextmanager
def pubsub_emulator() -> Iterator[str]:
    with _running("Pub/Sub", "pubsub-emulator", ["-jar", "JAR"]) as address:
        yield address
