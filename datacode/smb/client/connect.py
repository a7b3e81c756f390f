"""From a host's name to a connection, and one message each way before anybody has logged in."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from datacode.smb import errors
from datacode.smb.deadline import Interrupt
from datacode.smb.errors import ShareError
from datacode.smb.hosts import HostPolicy
from datacode.smb.target import Target

_MAX_ANSWER = 1 << 17
_SMALLEST = 32


def connect(target: Target, hosts: HostPolicy, interrupt: Interrupt) -> socket.socket:
    """A connection to an address of the target that the operator allows."""
    addresses = list(_addresses(target, hosts))
    if not addresses:
        raise ShareError(errors.HOST_REFUSED)
    silent = False
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            # One address that swallows everything must leave time for the others.
            sock.settimeout(interrupt.patience() / left)
            with interrupt.watching(sock):
                sock.connect(address)
            _tune(sock)
        except TimeoutError:
            silent = True
            sock.close()
        except OSError:
            sock.close()
            interrupt.patience()  # raises when this was what ended it
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise ShareError(errors.SILENT if silent else errors.UNREACHABLE)


def _addresses(
    target: Target, hosts: HostPolicy
) -> Iterator[tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]]:
    try:
        found = socket.getaddrinfo(target.host, target.port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ShareError(
            errors.UNREACHABLE
            if hosts.allows_name(target.host, target.port)
            else errors.HOST_REFUSED
        ) from None
    by_name = hosts.allows_name(target.host, target.port)
    for family, _, _, _, address in found:
        if isinstance(address[0], str) and (
            by_name or hosts.allows_address(address[0], target.port)
        ):
            yield family, address


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def exchange(sock: socket.socket, request: bytes, interrupt: Interrupt) -> bytes:
    """Send one message and take one, before there is a link."""
    try:
        sock.settimeout(interrupt.patience())
        sock.sendall(struct.pack(">I", len(request)) + request)
        kind, size = divmod(int.from_bytes(_exactly(sock, 4, interrupt), "big"), 1 << 24)
        if kind or not _SMALLEST <= size <= _MAX_ANSWER:
            raise ShareError(errors.NONSENSE)
        return _exactly(sock, size, interrupt)
    except TimeoutError:
        raise ShareError(errors.SILENT) from None
    except OSError:
        interrupt.patience()  # raises when this was what ended it
        raise ShareError(errors.LOST) from None


def _exactly(sock: socket.socket, size: int, interrupt: Interrupt) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        sock.settimeout(interrupt.patience())
        part = sock.recv(size - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return bytes(parts)
