"""Tells systemd that the server is ready, or stopping (``Type=notify``)."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(state: str) -> bool:
    """Send a state such as ``READY=1``; False where nobody asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with (
        contextlib.suppress(OSError),  # the server runs all the same, and systemd will tell
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
    ):
        channel.connect("\0" + address[1:] if address[0] == "@" else address)
        channel.sendall(state.encode())
        return True
    return False
