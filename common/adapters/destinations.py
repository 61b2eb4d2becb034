"""Where an address from a stranger leads: read strictly, since what two readers take differently is a way past one.

Names alone are taken, no numbers: every odd way to write one (decimal, octal, hex, brackets, zones) is refused with
them. The list of networks is IANA's special-purpose registries; of IPv6 only global unicast is public, less what in it
carries or stands for something else (Teredo, 6to4, documentation), so that mapped and translated forms never count.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote

from common.errors import Refused

LONGEST = 2000  # characters of an address
HTTPS = 443

_SHAPE = re.compile(r"https://(?P<host>[^/?#:\[\]@]+)(?::(?P<port>\d{1,5}))?(?P<rest>[/?#].*)?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_KEPT = "/?:@!$&'()*+,;=%~|[]"  # of a path and a query, besides letters and figures

_CLOSED = tuple(
    IPv4Network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
_GLOBAL = IPv6Network("2000::/3")
_CLOSED_6 = tuple(
    IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An address, read. `target` is path and query as they are sent."""

    host: str  # in ASCII, lower case
    port: int
    target: str

    @property
    def address(self) -> str:
        port = "" if self.port == HTTPS else f":{self.port}"
        return f"https://{self.host}{port}{self.target}"


def read(address: str, ports: frozenset[int] = frozenset({HTTPS})) -> Destination:
    """Raises Refused."""
    if len(address) > LONGEST:
        raise Refused(f"the address has more than {LONGEST} characters; send a shorter one")
    if any(one == "\\" or unicodedata.category(one)[0] in "CZ" for one in address):
        raise Refused("the address has a blank, a backslash or something unseen in it; send it without")
    shape = _SHAPE.fullmatch(address)
    if shape is None:
        raise Refused("the address is not https://NAME/…, or has a user, a number or brackets in it; send a plain one")
    port = int(shape["port"] or HTTPS)
    if port not in ports:
        raise Refused(f"port {port} is not asked; send an address without a port")
    rest = (shape["rest"] or "/").partition("#")[0]
    target = quote(rest if rest.startswith("/") else f"/{rest}", safe=_KEPT)
    return Destination(host=_host(shape["host"]), port=port, target=target)


def public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether it is somebody's on the internet, and nobody's in a network of ours."""
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _CLOSED)
    return ip in _GLOBAL and not any(ip in network for network in _CLOSED_6)


def _host(name: str) -> str:
    """In ASCII; raises Refused for what is no full name."""
    import idna  # here, not above: few processes ask anybody anything

    try:
        host = idna.encode(name, uts46=True).decode() if not name.isascii() else name.lower()
    except idna.IDNAError as error:
        raise Refused(f"{name[:60]!r} is no name of the internet ({error}); send another address") from None
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused(f"{name[:60]!r} is no full name of the internet; send one such as files.example.com")
    if _NUMBER.fullmatch(labels[-1]):
        raise Refused(f"{name[:60]!r} is a number; send a name such as files.example.com")
    return host
