"""How much of what was sent has arrived, as the kernel knows it.

A client on a slow line is not a dead one: while it takes in a large answer, a ping waits its turn
behind megabytes in the kernel's buffers. What its system acknowledges tells the two apart.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Any

_TCP_INFO = getattr(socket, "TCP_INFO", None)
_SIZE, _UNACKNOWLEDGED, _ACKNOWLEDGED, _NOT_SENT = 148, 24, 120, 144
"""``struct tcp_info`` of Linux, and the offsets of its fields."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes that the other side has acknowledged; ``on_the_way`` tells whether more are."""

    acknowledged: int
    on_the_way: bool

    def since(self, before: Delivery) -> bool:
        """Whether the other side has acknowledged more since then, but not yet all."""
        return self.on_the_way and self.acknowledged > before.acknowledged


UNKNOWN = Delivery(0, False)


def delivered(transport: Any) -> Delivery:
    """What the kernel says of a connection; UNKNOWN where it says nothing."""
    sock = getattr(transport, "socket", None)
    if _TCP_INFO is None or not isinstance(sock, socket.socket):
        return UNKNOWN
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _SIZE)
    except OSError:  # not TCP, or gone
        return UNKNOWN
    if len(info) < _SIZE:
        return UNKNOWN
    (acknowledged,) = struct.unpack_from("=Q", info, _ACKNOWLEDGED)
    packets, not_sent = (
        struct.unpack_from("=I", info, at)[0] for at in (_UNACKNOWLEDGED, _NOT_SENT)
    )
    return Delivery(acknowledged, bool(packets or not_sent))
