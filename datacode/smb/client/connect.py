"""From a host's name to a TCP connection, to an address that the operator allows."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from datacode.smb import errors
from datacode.smb.deadline import Deadline
from datacode.smb.errors import ShareError
from datacode.smb.hosts import HostPolicy
from datacode.smb.target import Target


def connect(target: Target, hosts: HostPolicy, deadline: Deadline) -> socket.socket:
    """A connection to an address of the target that the operator allows."""
    addresses = list(_addresses(target, hosts))
    if not addresses:
        raise ShareError(errors.HOST_REFUSED)
    silent = False
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            # One address that swallows everything must leave time for the others.
            sock.settimeout(deadline.timeout() / left)
            with deadline.watching(sock):
                sock.connect(address)
            _tune(sock)
        except TimeoutError:
            silent = True
            sock.close()
        except OSError:
            sock.close()
            deadline.timeout()  # raises when this was what ended it
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
