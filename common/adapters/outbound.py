"""Requests to addresses that strangers gave us, which can lead nowhere but to the public internet.

A name is resolved once, every number it has must be public, and the connection goes to a number that was looked at:
there is no second resolution to answer otherwise (DNS rebinding). The certificate is checked for the name. Redirects
are followed here, each read and checked like the first address. No proxy of the environment is used, and nothing is
decompressed. A guard cuts the connection when its time is over, whatever the other side trickles.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urljoin

from common.adapters import destinations
from common.adapters.destinations import HTTPS, Destination
from common.errors import Refused, Unreachable
from common.ports.outbound import Coming, Reply

CONNECT_S = 10.0  # to resolve, and again to connect
ANSWER_S = 30.0  # until the headers of a reply are there
PACE = (256 << 10, 30.0)  # bytes of a body that must come in so many seconds
HOPS = 5
NUMBERS = 4  # of a name, that are tried
BLOCK = 1 << 20
_ELSEWHERE = (301, 302, 303, 307, 308)
_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "expect"})

_HARMLESS = ("accept", "range", "if-range")  # the rest may be secrets, which no other host is to see

Resolve = Callable[[str, int], list[str]]


def system(host: str, port: int) -> list[str]:
    """The numbers that this machine's resolver knows for a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class HttpsOutbound:
    """The port, by many threads.

    `also`: numbers that are gone to though they are not public, and `ports` and `trust` other than the internet's, for
    a test's own server. No setting leads here: what is deployed goes to public numbers alone.
    """

    def __init__(
        self,
        *,
        resolve: Resolve = system,
        also: Collection[str] = (),
        ports: Collection[int] = (HTTPS,),
        trust: ssl.SSLContext | None = None,
        answer_s: float = ANSWER_S,
        pace: tuple[int, float] = PACE,
    ) -> None:
        self._resolve, self._also, self._ports = resolve, frozenset(also), frozenset(ports)
        self._trust, self._answer_s, self._pace = trust, answer_s, pace

    def check(self, address: str) -> str:
        return destinations.read(address, self._ports).address

    def post(
        self,
        address: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_s: float = 10.0,
        most_bytes: int = 16 << 10,
    ) -> Reply:
        to = destinations.read(address, self._ports)
        with self._asked("POST", to, body, headers, time.monotonic() + timeout_s) as (response, guard):
            read = bytearray()
            with suppress(Unreachable):  # it has answered: to be sent again for the rest of that would be wrong
                while len(read) < most_bytes and (block := guard.block(response, most_bytes - len(read))):
                    read += block
            return Reply(status=response.status, headers=_headers(response), body=bytes(read))

    @contextmanager
    def fetch(
        self,
        address: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float,
        most_bytes: int,
    ) -> Iterator[Coming]:
        ends, sent = time.monotonic() + timeout_s, dict(headers or {})
        to = destinations.read(address, self._ports)
        for _ in range(HOPS + 1):
            with self._asked("GET", to, None, sent, ends) as (response, guard):
                told = _headers(response)
                if response.status not in _ELSEWHERE:
                    if told.get("content-encoding", "identity").lower() != "identity":
                        raise Refused(f"{to.host} sends it compressed, though asked not to; send another address")
                    blocks = self._blocks(response, guard, most_bytes, ends)
                    yield Coming(status=response.status, headers=told, blocks=blocks)
                    return
                there = destinations.read(_joined(to, told.get("location", "")), self._ports)
            if (there.host, there.port) != (to.host, to.port):
                sent = {name: value for name, value in sent.items() if name.lower() in _HARMLESS}
            to = there
        raise Refused(f"{to.host} leads on and on; send the address where it ends")

    def _blocks(
        self, response: http.client.HTTPResponse, guard: _Guard, most_bytes: int, ends: float
    ) -> Iterator[bytes]:
        least, within_s = self._pace
        came = counted = 0
        guard.until = min(ends, time.monotonic() + within_s)
        while block := guard.block(response, BLOCK):
            came += len(block)
            if came > most_bytes:
                raise Refused(f"there are more than {most_bytes} bytes; send a smaller file", code="too_large")
            if came - counted >= least:
                counted, guard.until = came, min(ends, time.monotonic() + within_s)
            yield block
        if response.length:
            raise Unreachable(f"the connection broke off {response.length} bytes before the end; it is tried again")

    @contextmanager
    def _asked(
        self, method: str, to: Destination, body: bytes | None, headers: Mapping[str, str], ends: float
    ) -> Iterator[tuple[http.client.HTTPResponse, _Guard]]:
        """A reply of which the headers are read."""
        if taken := _OURS & {name.lower() for name in headers}:
            raise ValueError(f"{', '.join(sorted(taken))}: set by this module alone")
        # It is handed its socket, so the port is for the Host header alone, which leaves out the one for HTTP.
        connection = http.client.HTTPConnection(to.host, None if to.port == HTTPS else to.port)
        plain = self._connected(to, self._numbers(to, ends), ends)
        with _Guard(to.host, plain, min(ends, time.monotonic() + self._answer_s)) as guard:
            with guard.told():
                secured = self._secure(plain, to.host)
                guard.hold(secured)
                secured.do_handshake()
                connection.sock = secured
                sent = {"Accept": "*/*", "User-Agent": "Cutroom", **headers, "Accept-Encoding": "identity"}
                connection.request(method, to.target, body, {**sent, "Connection": "close"})
                response = connection.getresponse()
            try:
                yield response, guard
            finally:
                response.close()
                connection.close()

    def _secure(self, plain: socket.socket, host: str) -> ssl.SSLSocket:
        if self._trust is None:
            import certifi  # here, not above: few processes ask anybody anything

            self._trust = ssl.create_default_context(cafile=certifi.where())
        return self._trust.wrap_socket(
            plain,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,  # a body that ends with the connection must not be cut by anybody else
        )

    def _numbers(self, to: Destination, ends: float) -> list[str]:
        """Of a name, all of them looked at."""
        told: list[str] = []
        wrong: list[Exception] = []

        def ask() -> None:
            try:
                told.extend(self._resolve(to.host, to.port))
            except (OSError, UnicodeError) as error:
                wrong.append(error)

        asking = threading.Thread(target=ask, daemon=True, name="resolve")  # a resolver takes no time limit
        asking.start()
        asking.join(max(0.0, min(CONNECT_S, ends - time.monotonic())))
        if asking.is_alive() or wrong or not told:
            raise Unreachable(f"nobody tells where {to.host} is ({_why(wrong)}); look whether the name is right")
        if not all(number in self._also or destinations.public(_number(number)) for number in told):
            raise Refused(f"{to.host} leads into a network that is not public; send an address of the internet")
        return told[:NUMBERS]

    def _connected(self, to: Destination, numbers: list[str], ends: float) -> socket.socket:
        why: OSError | None = None
        for number in numbers:
            left = min(CONNECT_S, ends - time.monotonic())
            if left <= 0:
                break
            try:
                return socket.create_connection((number, to.port), timeout=left)
            except OSError as error:
                why = error
        raise Unreachable(f"{to.host} cannot be connected to ({why or 'no time is left'}); it is tried again")


class _Guard:
    """Cuts a connection once `until` (of the monotonic clock) has passed. Nothing else ends who waits for a trickle."""

    def __init__(self, host: str, held: socket.socket, until: float) -> None:
        self.until = until
        self._host, self._held, self._cut = host, held, False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="outbound-guard")

    def __enter__(self) -> _Guard:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._held.close()

    def hold(self, held: socket.socket) -> None:
        """The same connection, now as TLS."""
        self._held = held
        held.settimeout(None)  # the guard is the only limit: a timeout of the socket begins anew with every byte

    def block(self, response: http.client.HTTPResponse, most: int) -> bytes:
        """What comes next of a body, empty at its end. Raises Unreachable."""
        with self.told():
            return response.read1(most)

    @contextmanager
    def told(self) -> Iterator[None]:
        """What goes wrong in words of ours."""
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise self._late() if self._cut else self._broken(error) from error
        if self._cut:
            raise self._late()

    def _watch(self) -> None:
        while (left := self.until - time.monotonic()) > 0:
            if self._over.wait(min(left, 0.25)):
                return
        self._cut = True
        try:
            # Not the method of TLS, which is not to be called while another thread reads.
            socket.socket.shutdown(self._held, socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    def _late(self) -> Unreachable:
        return Unreachable(f"{self._host} was too slow; it is tried again")

    def _broken(self, error: Exception) -> Exception:
        if isinstance(error, ssl.SSLCertVerificationError):
            return Refused(f"the certificate of {self._host} proves nothing ({error.verify_message}); have it mended")
        return Unreachable(f"{self._host} does not answer as a web server does ({_why([error])}); it is tried again")


def _number(told: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(told)
    except ValueError as error:
        raise Refused(f"the address leads to what is no number of the internet ({error}); send another one") from None


def _joined(to: Destination, location: str) -> str:
    try:
        return urljoin(to.address, location)
    except ValueError as error:
        raise Refused(f"{to.host} leads to what is no address ({error}); send another one") from None


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _why(errors: list[Exception]) -> str:
    return "; ".join(str(error)[:200] or type(error).__name__ for error in errors) or "no answer in time"
