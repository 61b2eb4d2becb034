"""Cloud Storage's JSON API as far as Cutroom uses it: uploads in one request, in two parts and resumable, generation
preconditions, ranges, listing in pages, and faults on demand."""

from __future__ import annotations

import base64
import json
import re
import struct
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "media"
PAGE = 2  # names in one page of a listing: few, so that paging is seen to work


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    name: str
    content: bytes
    generation: int
    metadata: dict[str, str]
    type: str


@dataclass(slots=True)
class Session:
    """A resumable upload under way."""

    bucket: str
    about: dict[str, Any]
    match: int | None
    received: bytearray = field(default_factory=bytearray)


@dataclass
class Storage:
    """The buckets, and what is to go wrong: `faults` holds (what, how) pairs, each used once.

    What: insert, chunk, get, media, list, delete. How: "503"; "drop" cuts the connection; "lost" does the work and then
    cuts the connection; "half" sends half of the content.
    """

    address: str = ""
    objects: dict[tuple[str, str], Kept] = field(default_factory=dict)
    older: list[tuple[str, Kept]] = field(default_factory=list)  # noncurrent: versioning is on
    removed: list[tuple[str, Kept]] = field(default_factory=list)  # soft-deleted
    sessions: dict[str, Session] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    clients: list[Any] = field(default_factory=list)
    heard: list[Callable[[str, Kept], None]] = field(default_factory=list)  # told of every object that is finished
    lock: threading.RLock = field(default_factory=threading.RLock)
    generations: Iterator[int] = field(default_factory=lambda: count(1_000_001))

    def client(self) -> Any:
        """A client of the real library that talks to this server."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.storage import Client  # type: ignore[import-untyped]

        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        made = Client(project="demo", credentials=nobody, client_options={"api_endpoint": f"http://{self.address}"})
        self.clients.append(made)
        return made

    def insert(self, bucket: str, about: dict[str, Any], content: bytes, match: int | None) -> Kept | None:
        """None where the precondition does not hold."""
        with self.lock:
            there = self.objects.get((bucket, about["name"]))
            if match is not None and match != (there.generation if there else 0):
                return None
            kept = Kept(
                name=about["name"],
                content=content,
                generation=next(self.generations),
                metadata=about.get("metadata") or {},
                type=about.get("contentType") or "application/octet-stream",
            )
            if there is not None:
                self.older.append((bucket, there))
            self.objects[bucket, kept.name] = kept
        for hear in self.heard:
            hear(bucket, kept)
        return kept

    def fault(self, what: str) -> str | None:
        with self.lock:
            for one in self.faults:
                if one[0] == what:
                    self.faults.remove(one)
                    return one[1]
        return None


class _Cut(Exception):
    """The connection is to be cut."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    storage: Storage

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        self._guarded(self._post)

    def do_PUT(self) -> None:
        self._guarded(self._put)

    def do_GET(self) -> None:
        self._guarded(self._get)

    def do_DELETE(self) -> None:
        self._guarded(self._delete)

    def _guarded(self, answer: Any) -> None:
        self.url = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(self.url.query).items()}
        self.storage.requests.append(f"{self.command} {self.url.path}")
        try:
            answer()
        except _Cut:
            self.close_connection = True

    def _post(self) -> None:
        body = self._body()
        match = re.fullmatch(r"/(?:resumable/)?upload/storage/v1/b/([^/]+)/o", self.url.path)
        if match is None and "X-Goog-Signature" in self.query:
            return self._begun()
        if match is None:
            return self._say(404, {"error": {"code": 404, "message": f"no such method: {self.url.path}"}})
        kind, precondition = self.query.get("uploadType"), self._match()
        if kind == "resumable":
            about = json.loads(body or b"{}")
            about.setdefault("name", self.query.get("name"))
            about.setdefault("contentType", self.headers.get("X-Upload-Content-Type"))
            there = self.storage.objects.get((match[1], about["name"]))
            if precondition is not None and precondition != (there.generation if there else 0):
                return self._unmet()
            session = uuid.uuid4().hex
            self.storage.sessions[session] = Session(match[1], about, precondition)
            url = f"http://{self.storage.address}{self.url.path}?uploadType=resumable&upload_id={session}"
            return self._say(200, {}, Location=url)
        if kind != "multipart":
            return self._say(400, {"error": {"code": 400, "message": f"uploadType {kind!r}"}})
        about, content = _two_parts(self.headers["Content-Type"], body)
        self._inserted(match[1], about, content, precondition)

    def _put(self) -> None:
        """A chunk of a resumable upload, or the question how far it came; or a whole file, by a signed URL."""
        if "X-Goog-Signature" in self.query:
            return self._whole()
        session = self.storage.sessions.get(self.query.get("upload_id", ""))
        body = self._body()
        if session is None:
            return self._say(404, {"error": {"code": 404, "message": "no such upload"}})
        fault = self.storage.fault("chunk")
        if fault == "503":
            return self._say(503, {"error": {"code": 503, "message": "busy"}})
        told = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", self.headers.get("Content-Range", "bytes */*"))
        assert told is not None, self.headers.get("Content-Range")
        if told[1] is not None:
            at = int(told[1])
            if at > len(session.received):
                return self._say(400, {"error": {"code": 400, "message": "a chunk is missing"}})
            session.received[at:] = body[: len(body) // 2] if fault == "half" else body
            if fault in ("half", "drop"):
                raise _Cut
        if told[3] == "*" or len(session.received) < int(told[3]):
            last = len(session.received) - 1
            return self._say(308, None, **({"Range": f"bytes=0-{last}"} if last >= 0 else {}))
        self._inserted(session.bucket, session.about, bytes(session.received), session.match)

    def _whole(self) -> None:
        """A file by a signed URL, in one request; that it is signed is seen, by whom is not checked."""
        bucket, about, match = self._signed()
        content = self._body()
        least, most = map(int, self.headers.get("x-goog-content-length-range", "0,99999999").split(","))
        if not least <= len(content) <= most:
            return self._say(400, {"error": {"code": 400, "message": "EntityTooLarge, or too small"}})
        self._inserted(bucket, about, content, match)

    def _begun(self) -> None:
        """The begin of a resumable upload by a signed URL."""
        self._body()
        bucket, about, match = self._signed()
        session = uuid.uuid4().hex
        self.storage.sessions[session] = Session(bucket, about, match)
        url = f"http://{self.storage.address}/resumable/upload/storage/v1/b/{bucket}/o?upload_id={session}"
        self._say(201, {}, Location=url)

    def _object(self) -> None:
        """A file by a signed URL, whole or a range of it."""
        bucket, name = unquote(self.url.path).lstrip("/").split("/", 1)
        kept = self.storage.objects.get((bucket, name))
        if kept is None:
            return self._say(404, {"error": {"code": 404, "message": "NoSuchKey"}})
        size, etag = len(kept.content), f'"{kept.generation}"'
        first, last, status = 0, size - 1, 200
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked and (asked[1] or asked[2]) and self.headers.get("If-Range", etag) == etag:
            first = int(asked[1]) if asked[1] else max(0, size - int(asked[2]))
            last = min(last, int(asked[2])) if asked[1] and asked[2] else last
            status = 206
            if first >= size:
                return self._say(416, None, **{"Content-Range": f"bytes */{size}"})
        self.send_response(status)
        self.send_header("Content-Type", self.query.get("response-content-type", kept.type))
        self.send_header("Content-Disposition", self.query.get("response-content-disposition", "inline"))
        self.send_header("Content-Length", str(last + 1 - first))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", etag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        self.wfile.write(kept.content[first : last + 1])

    def _signed(self) -> tuple[str, dict[str, Any], int | None]:
        signed = set(self.query["X-Goog-SignedHeaders"].split(";"))
        sent = {name.lower() for name in self.headers if name.lower().startswith("x-goog-")}
        assert sent <= signed, f"headers that were not signed: {sent - signed}"
        bucket, name = unquote(self.url.path).lstrip("/").split("/", 1)
        match = self.headers.get("x-goog-if-generation-match")
        about = {"name": name, "contentType": self.headers.get("Content-Type")}
        return bucket, about, None if match is None else int(match)

    def _get(self) -> None:
        if "X-Goog-Signature" in self.query:
            return self._object()
        if (listed := re.fullmatch(r"/storage/v1/b/([^/]+)/o", self.url.path)) is not None:
            return self._list(listed[1])
        match = re.fullmatch(r"/(?:download/)?storage/v1/b/([^/]+)/o/([^/]+)", self.url.path)
        media = self.query.get("alt") == "media"
        fault = self.storage.fault("media" if media else "get")
        if fault == "503":
            return self._say(503, {"error": {"code": 503, "message": "busy"}})
        if fault == "drop":
            raise _Cut
        kept = self.storage.objects.get((match[1], unquote(match[2]))) if match else None
        asked = self.query.get("generation")
        if kept is None or match is None or (asked is not None and asked != str(kept.generation)):
            return self._say(404, {"error": {"code": 404, "message": "no such object"}})
        if media:
            return self._media(kept, half=fault == "half")
        self._say(200, _resource(match[1], kept))

    def _media(self, kept: Kept, *, half: bool) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        stop = int(asked[2]) + 1 if asked and asked[2] else len(kept.content)
        content = kept.content[first:stop]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", kept.type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Goog-Hash", f"crc32c={_crc32c(kept.content)}")
        self.send_header("X-Goog-Generation", str(kept.generation))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{first + len(content) - 1}/{len(kept.content)}")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            raise _Cut

    def _list(self, bucket: str) -> None:
        if self.storage.fault("list") == "503":
            return self._say(503, {"error": {"code": 503, "message": "busy"}})
        prefix, after = self.query.get("prefix", ""), self.query.get("pageToken", "")
        with self.storage.lock:
            there = [(at, kept) for (at, _), kept in self.storage.objects.items()]
            there += self.storage.older if self.query.get("versions", "").lower() == "true" else []
            there = self.storage.removed if self.query.get("softDeleted", "").lower() == "true" else there
            found = {
                f"{kept.name}#{kept.generation}": kept
                for at, kept in there
                if at == bucket and kept.name.startswith(prefix)
            }
        names = [name for name in sorted(found) if name > after]
        items = [_resource(bucket, found[name]) for name in names[:PAGE]]
        if self.query.get("softDeleted", "").lower() == "true":
            items = [{**one, "hardDeleteTime": "2026-12-24T00:00:00Z"} for one in items]
        more = {"nextPageToken": names[PAGE - 1]} if len(names) > PAGE else {}
        self._say(200, {"kind": "storage#objects", "items": items, **more})

    def _delete(self) -> None:
        match = re.fullmatch(r"/storage/v1/b/([^/]+)/o/([^/]+)", self.url.path)
        fault = self.storage.fault("delete")
        if fault == "503":
            return self._say(503, {"error": {"code": 503, "message": "busy"}})
        gone = self._taken_away(match[1], unquote(match[2])) if match else None
        if fault == "lost":
            raise _Cut
        self._say(204 if gone else 404, None if gone else {"error": {"code": 404, "message": "no such object"}})

    def _taken_away(self, bucket: str, name: str) -> Kept | None:
        """The live one becomes an older version; a generation that is named is removed, and kept for a while."""
        with self.storage.lock:
            live, asked = self.storage.objects.get((bucket, name)), self.query.get("generation")
            if asked is None:
                if live is not None:
                    self.storage.older.append((bucket, self.storage.objects.pop((bucket, name))))
                return live
            for at, kept in [*self.storage.older, *([(bucket, live)] if live else [])]:
                if (at, kept.name, str(kept.generation)) == (bucket, name, asked):
                    self.storage.removed.append((at, kept))
                    if kept is live:
                        del self.storage.objects[bucket, name]
                    else:
                        self.storage.older.remove((at, kept))
                    return kept
        return None

    def _inserted(self, bucket: str, about: dict[str, Any], content: bytes, match: int | None) -> None:
        fault = self.storage.fault("insert")
        if fault == "503":
            return self._say(503, {"error": {"code": 503, "message": "busy"}})
        if fault == "drop":
            raise _Cut
        kept = self.storage.insert(bucket, about, content, match)
        if fault == "lost":
            raise _Cut
        if kept is None:
            return self._unmet()
        self._say(200, _resource(bucket, kept))

    def _unmet(self) -> None:
        self._say(412, {"error": {"code": 412, "message": "at least one of the pre-conditions did not hold"}})

    def _match(self) -> int | None:
        return int(self.query["ifGenerationMatch"]) if "ifGenerationMatch" in self.query else None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _say(self, status: int, body: dict[str, Any] | None, **headers: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _two_parts(kind: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """The metadata and the content of a multipart/related body (RFC 2387)."""
    boundary = re.search(r"boundary=['\"]?([^'\";]+)", kind)
    assert boundary is not None, kind
    mark = b"--" + boundary[1].encode()
    _, about, content, _ = body.split(mark, 3)
    return json.loads(_content(about)), _content(content)


def _content(part: bytes) -> bytes:
    head, _, content = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
    assert message_from_bytes(head)["content-type"], head
    return content.removesuffix(b"\r\n")


def _crc32c(content: bytes) -> str:
    import google_crc32c

    return base64.b64encode(struct.pack(">I", google_crc32c.value(content))).decode()


def _resource(bucket: str, kept: Kept) -> dict[str, Any]:
    return {
        "kind": "storage#object",
        "bucket": bucket,
        "name": kept.name,
        "generation": str(kept.generation),
        "metageneration": "1",
        "size": str(len(kept.content)),
        "contentType": kept.type,
        "metadata": kept.metadata,
        "crc32c": _crc32c(kept.content),
    }


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def storage() -> Iterator[Storage]:
    """A server of its own on the loopback."""
    kept = Storage()
    handler = type("Handler", (_Handler,), {"storage": kept})
    with _Server(("127.0.0.1", 0), handler) as server:
        kept.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            for client in kept.clients:
                client.close()
            server.shutdown()
            thread.join()
