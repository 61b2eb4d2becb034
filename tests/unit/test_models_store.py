"""The store of models and scripts/models: imported whole, verified by hash, refused by name, fetched with a word."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from common.adapters.models import store as kept
from common.errors import BadInput, ModelRefused
from scripts.cli import catalogue, models
from scripts.cli.catalogue import Entry, Published

BIG = bytes(range(256)) * 8192  # 2 MiB


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "brought"
    (made / "parts").mkdir(parents=True)
    (made / "model.bin").write_bytes(BIG)
    (made / "parts" / "words.txt").write_text("a\nb\n")
    (made / ".hidden").write_text("no part of it")
    return made


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_a_folder_is_imported_whole_and_found_by_its_kind(store: Path, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    made = kept.add(store, "small", folder, progress=lambda done, total: seen.append((done, total)))
    assert made.files["model.bin"] == kept.File(sha256=sha(BIG), size=len(BIG))
    assert set(made.files) == {"model.bin", "parts/words.txt"}
    assert seen[-1][0] == seen[-1][1] == len(BIG) + 4 and len(seen) >= 3
    assert kept.models(store) == kept.of_kind(store, "recogniser") == [made] and kept.of_kind(store, "objects") == []
    assert (kept.verify(store, "small") / "parts/words.txt").read_text() == "a\nb\n"
    assert kept.add(store, "other", folder).version == made.version  # named by what it holds
    assert [entry.name for entry in store.iterdir() if entry.name.startswith(".")] == []


def test_an_import_replaces_the_one_before_and_a_broken_one_does_not(store: Path, folder: Path) -> None:
    first = kept.add(store, "m", folder / "model.bin", kind="objects", sha256=sha(BIG).upper())
    assert set(first.files) == {"model.bin"}
    with pytest.raises(BadInput, match=r"model\.bin has the sha256"):
        kept.add(store, "m", folder, sha256="0" * 64)
    with pytest.raises(BadInput, match="not there"):
        kept.add(store, "m", folder / "nothing")
    (folder / "empty").mkdir()
    with pytest.raises(BadInput, match="no files"):
        kept.add(store, "m", folder / "empty")
    with pytest.raises(BadInput, match="no kind"):
        kept.add(store, "m", folder, kind="spell")
    assert kept.models(store) == [first]
    second = kept.add(store, "m", folder)
    assert kept.models(store) == [second] and second.version != first.version
    assert sorted(os.listdir(store)) == ["m"]


@pytest.mark.parametrize("name", ["", "..", "../m", "a/b", ".m", "M", "a b", "a\0", "x" * 65, "-m"])
def test_a_name_leads_nowhere_else(store: Path, folder: Path, name: str) -> None:
    for act in (kept.checked_name, lambda name: kept.add(store, name, folder), lambda name: kept.verify(store, name)):
        with pytest.raises(BadInput, match="no name for a model"):
            act(name)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.write_bytes(BIG[:-1]), "cut off"),
        (lambda path: path.write_bytes(BIG + b"x"), "changed"),
        (lambda path: path.write_bytes(b"\1" + BIG[1:]), "sha256"),
        (lambda path: path.unlink(), "missing"),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_files_that_are_not_what_they_were_are_refused_by_name(
    store: Path, folder: Path, harm: Any, said: str, known: bool
) -> None:
    kept.add(store, "m", folder)
    if known:
        kept.verify(store, "m")
    harm(kept.folder(store, "m") / "model.bin")
    for _ in range(2):
        with pytest.raises(ModelRefused, match=said) as told:
            kept.verify(store, "m")
        assert "model.bin" in str(told.value) and "scripts/models add m" in str(told.value)


def test_a_model_is_hashed_once(store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.add(store, "m", folder)
    hashed: list[str] = []
    real = kept.sha256

    def counted(path: Path, progress: Any = None) -> str:
        hashed.append(path.name)
        return real(path, progress)

    monkeypatch.setattr(kept, "sha256", counted)
    kept.verify(store, "m")
    assert sorted(hashed) == ["model.bin", "words.txt"]
    kept.verify(store, "m")
    os.utime(kept.folder(store, "m") / "model.bin", ns=(1, 1))
    kept.verify(store, "m")
    assert sorted(hashed) == ["model.bin", "model.bin", "words.txt"]
    (store / "m" / kept.CHECKED).write_text("{broken")
    kept.verify(store, "m")
    assert len(hashed) == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(name="other"),
        lambda manifest: manifest.update(files={}),
        lambda manifest: manifest.update(files={"../../x": {"sha256": "", "size": 1}}),
        lambda manifest: manifest.update(files={"/etc/passwd": {"sha256": "", "size": 1}}),
        lambda manifest: manifest.pop("kind"),
    ],
)
def test_a_manifest_that_does_not_describe_its_folder_is_refused(store: Path, folder: Path, change: Any) -> None:
    kept.add(store, "m", folder)
    path = store / "m" / kept.MANIFEST
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelRefused, match=r"manifest\.json"):
        kept.models(store)


# --- scripts/models --------------------------------------------------------------------------------------------


@pytest.fixture
def cli(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUTROOM_MODELS", str(store))
    monkeypatch.setattr(models, "ADAPTERS", {"recogniser": ("common.adapters.models.whisper:Whisper",)})
    return store


FILES = {"config.json": b"{}", "model.bin": BIG}


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        _, size, _, _, name = self.path.split("/")
        if size == "gone" or name not in FILES:
            return self.send_error(404, "Not Found")
        content = FILES[name]
        if size == "moved" and name == "model.bin":
            self.send_response(302)
            self.send_header("Location", f"/good/resolve/main/{name}")
            return self.end_headers()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: -len(content) // 2] if size == "short" else content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def entry(url: str, **hashes: str) -> Entry:
    files = {"config.json": Published(), "model.bin": Published(sha256=hashes.get("model"))}
    return Entry(kind="recogniser", url=url, page=f"{url}/page", licence="MIT", files=files)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_get_brings_a_model_and_tells_what_was_not_known_beforehand(
    cli: Path, site: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, size in (("good", "good"), ("moved", "moved")):
        monkeypatch.setitem(catalogue.MODELS, name, entry(f"{site}/{size}/resolve/main", model=sha(BIG)))
        assert models.main(["get", name]) == 0
        text = said(capsys)
        assert sha(BIG) in text and "No hash was known beforehand for config.json" in text
        assert (kept.verify(cli, name) / "model.bin").read_bytes() == BIG
    assert kept.read(cli, "good").licence == "MIT" and site in (kept.read(cli, "good").source or "")
    assert models.main(["list"]) == 0
    assert f"moved@{kept.read(cli, 'good').version} (good)" in said(capsys)


@pytest.mark.parametrize(
    ("size", "model", "why"),
    [
        ("gone", None, "answered 404"),
        ("short", None, "cut off"),
        ("good", "0" * 64, "has the sha256"),
        (None, None, "could not be reached"),
    ],
)
def test_a_failed_download_leaves_nothing_and_says_what_to_do(
    cli: Path,
    site: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    size: str | None,
    model: str | None,
    why: str,
) -> None:
    url = f"{site}/{size}/resolve/main" if size else "http://127.0.0.1:9/x"
    monkeypatch.setitem(catalogue.MODELS, "m", entry(url, **({"model": model} if model else {})))
    assert models.main(["get", "m"]) == 1
    text = said(capsys)
    assert why in text and "on another machine" in text and "scripts/models add m FOLDER" in text
    assert os.listdir(cli) == []


def test_add_and_list_say_what_is_here_and_what_is_missing(
    cli: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models.main(["list"]) == 0
    text = said(capsys)
    assert "- recogniser left out" in text and "scripts/models get faster-whisper-small" in text
    assert models.main(["add", "mine", str(folder), "--sha256", sha(BIG)]) == 0
    assert sha(BIG) in said(capsys)
    assert models.main(["list"]) == 0
    assert "+ recogniser mine@" in said(capsys)
    assert models.main(["add", "mine", str(folder), "--sha256", "ab"]) == 2
    assert models.main(["add", "../mine", str(folder)]) == 2
    assert models.main(["get", "nothing"]) == 2
    assert "is none of faster-whisper-tiny" in said(capsys)


def test_the_catalogue_can_be_asked_for_and_invents_no_hash() -> None:
    for name, one in catalogue.MODELS.items():
        assert kept.checked_name(name) == name and one.kind in kept.KINDS and one.url.startswith("https://")
        assert {"model.bin", "config.json", "tokenizer.json"} <= set(one.files)
        assert all(file.sha256 is None or len(file.sha256) == 64 for file in one.files.values())


@pytest.mark.parametrize("argv", [["--help"], ["list", "--help"], ["add", "--help"], ["get", "--help"]])
def test_help_answers(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        models.main(argv)
    assert ended.value.code == 0 and "usage: scripts/models" in capsys.readouterr().out
