"""Who proves nothing is counted by address: so nobody can guess for long, and nobody else pays for who does.

Only what is refused is counted, so a good key passes from an address where somebody guesses, such as an office's.
"""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

from common.bootstrap.parts import Parts
from common.errors import TooMany
from common.ports.limits import PER_ADDRESS


def counted(parts: Parts, request: Request) -> None:
    """Count a request that was refused; raises TooMany where its address has had too many."""
    who = of(parts, request)
    after_s = parts.limits.take(f"address {who}", PER_ADDRESS)
    if after_s is not None:
        text = f"too many requests from {who} without a good key or token; come again in {after_s:.0f} s with one"
        raise TooMany(text, after_s=after_s)


def of(parts: Parts, request: Request) -> str:
    """The address that a request came from."""
    peer = request.client.host if request.client else ""
    return address(peer, request.headers.getlist("x-forwarded-for"), parts.proxies)


def address(peer: str, forwarded: list[str], proxies: int) -> str:
    """Where a request came from. Each proxy adds whom it heard to the end of X-Forwarded-For; before that anybody
    may have written anything. So it is the entry of the first proxy that is ours, or the peer where there is none.

    Of IPv6 the network of 64 bits: one household has all of its addresses.
    """
    heard = [one.strip() for line in forwarded for one in line.split(",")]
    said = heard[-proxies] if 0 < proxies <= len(heard) else peer
    try:
        found = ipaddress.ip_address(said)
    except ValueError:
        return peer
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
