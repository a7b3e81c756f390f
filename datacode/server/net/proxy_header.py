"""What a proxy sends ahead of a connection: whose it is. Pure: bytes in, addresses out.

The PROXY protocol of HAProxy (proxy-protocol.txt, 2.1 and 2.2), which nginx, Envoy and the load
balancers of clouds speak as well: one line of text, or a block of bytes.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address

_TEXT = b"PROXY "
_BINARY = b"\r\n\r\n\0\r\nQUIT\n"
_LONGEST_LINE = 107
_HEAD = 16
_LONGEST_BLOCK = _HEAD + 4096
"""It may hold more than addresses, such as the name of a certificate; a proxy sends little."""

_LOCAL, _PROXIED = 0x20, 0x21
_STREAM_4, _STREAM_6 = 0x11, 0x21


class BadProxyHeader(ValueError):
    """Not a PROXY header, or a malformed one."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """Both ends of the connection that the proxy passes on, and how many bytes the header has.

    The ends are None where the proxy speaks for itself (it checks whether we live) or does not
    say for whom.
    """

    length: int
    source: Address | None = None
    destination: Address | None = None


def read(data: bytes) -> ProxyHeader | None:
    """The header with which ``data`` begins; None while it is incomplete.

    Raises ``BadProxyHeader``.
    """
    for sign, of_this_kind in ((_TEXT, _line), (_BINARY, _block)):
        if data.startswith(sign):
            return of_this_kind(data)
        if sign.startswith(data):
            return None
    raise BadProxyHeader


def _line(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, _LONGEST_LINE)
    if end < 0:
        if len(data) >= _LONGEST_LINE:
            raise BadProxyHeader
        return None
    length = end + 2
    words = data[:end].split(b" ")
    if words[1] == b"UNKNOWN":
        return ProxyHeader(length)
    if len(words) != 6 or words[1] not in (b"TCP4", b"TCP6"):
        raise BadProxyHeader
    hosts = [_ip(word.decode("ascii", "replace")) for word in words[2:4]]
    if any(host.version != int(words[1][3:]) for host in hosts):
        raise BadProxyHeader
    ports = [_port(word) for word in words[4:]]
    return ProxyHeader(length, *map(_address, hosts, ports))


def _block(data: bytes) -> ProxyHeader | None:
    if len(data) < _HEAD:
        return None
    command, family = data[12], data[13]
    length = _HEAD + int.from_bytes(data[14:16], "big")
    if command not in (_LOCAL, _PROXIED) or length > _LONGEST_BLOCK:
        raise BadProxyHeader
    if len(data) < length:
        return None
    size = {_STREAM_4: 4, _STREAM_6: 16}.get(family)
    if command == _LOCAL or size is None:
        return ProxyHeader(length)
    addresses = data[_HEAD : _HEAD + 2 * size + 4]
    if length < _HEAD + len(addresses) or len(addresses) < 2 * size + 4:
        raise BadProxyHeader
    hosts = [ipaddress.ip_address(addresses[at : at + size]) for at in (0, size)]
    ports = [int.from_bytes(addresses[at : at + 2], "big") for at in (2 * size, 2 * size + 2)]
    return ProxyHeader(length, *map(_address, hosts, ports))


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise BadProxyHeader from None


def _port(word: bytes) -> int:
    if not word.isdigit() or len(word) > 5 or int(word) > 65535:
        raise BadProxyHeader
    return int(word)


def _address(host: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> Address:
    kind = IPv4Address if host.version == 4 else IPv6Address
    return kind("TCP", str(host), port)
