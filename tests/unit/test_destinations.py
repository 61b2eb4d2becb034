"""No way to write an address leads past the check."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.adapters import destinations
from common.errors import Refused


@pytest.mark.parametrize(
    ("told", "host", "target"),
    [
        ("https://files.example.com/a%20b.mp4?x=1#part", "files.example.com", "/a%20b.mp4?x=1"),
        ("HTTPS://Files.Example.COM", "files.example.com", "/"),
        ("https://files.example.com:443?q", "files.example.com", "/?q"),
        ("https://bücher.example/ü", "xn--bcher-kva.example", "/%C3%BC"),
    ],
)
def test_an_address_is_read(told: str, host: str, target: str) -> None:
    read = destinations.read(told)
    assert (read.host, read.port, read.target) == (host, 443, target)
    assert destinations.read(read.address) == read


@pytest.mark.parametrize(
    "told",
    [
        *("", "files.example.com", "http://files.example.com/", "ftp://files.example.com/", "file:///etc/passwd"),
        *("https:files.example.com", "https:///files.example.com", "//files.example.com", "gopher://a.example/"),
        *("https://user@files.example.com/", "https://user:pw@files.example.com/", "https://@files.example.com/"),
        *("https://a.example\\@127.0.0.1/", "https://a.example\t/", "https://a.example/ b", "https://a.exam\nple/"),
        *("https://files.example.com:80/", "https://files.example.com:8443/", "https://files.example.com:443443/"),
        *(
            "https://127.0.0.1/",
            "https://8.8.8.8/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
        ),
        *(
            "https://127.1/",
            "https://0x7f.1/",
            "https://127.0.0.0x1/",
            "https://１２７.0.0.1/",
            "https://127。0。0。1/",
        ),
        *("https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://::1/", "https://1/"),
        *("https://localhost/", "https://metadata/", "https://files.example.com./", "https://.example.com/"),
        *(
            "https://a..example/",
            "https://-a.example/",
            "https://a\u200b.example/",
            "https://a%2eexample/",
            "https://%31/",
        ),
        *("https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/", "https://a.example/" + "x" * 2000),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(told: str) -> None:
    with pytest.raises(Refused) as refused:
        destinations.read(told)
    assert refused.value.code == "address_refused"


@pytest.mark.parametrize(
    "number",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.31.0.1"),
        *("192.0.0.8", "192.168.0.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "255.255.255.255"),
        *("::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1"),
        *(
            "2002:7f00:1::1",
            "2001:0:7f00:1::",
            "2001:db8::1",
            "fc00::1",
            "fd20:ce::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ),
        *("100::1", "3fff::1", "5f00::1", "2001:20::1"),
    ],
)
def test_no_network_of_our_own_is_public(number: str) -> None:
    assert not destinations.public(ip_address(number))


@pytest.mark.parametrize("number", ["8.8.8.8", "142.250.74.36", "2606:4700:4700::1111", "2a00:1450:4001:81c::2004"])
def test_the_internet_is_public(number: str) -> None:
    assert destinations.public(ip_address(number))


@given(st.ip_addresses())
def test_what_python_thinks_is_not_global_is_not_public(number: object) -> None:
    ip = ip_address(str(number))
    assert not destinations.public(ip) or (ip.is_global and not ip.is_multicast)


@given(st.text(max_size=40))
def test_whatever_is_read_is_a_plain_name_and_a_path(rest: str) -> None:
    try:
        read = destinations.read(f"https://{rest}")
    except Refused:
        return
    assert read.host.isascii() and not set(read.host) - set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert read.target.isascii() and read.target.startswith("/") and not set(read.target) & set(" \r\n\\#")
