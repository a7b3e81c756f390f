"""Writes that go out at once.

Twisted collects what is written and sends it in the next turn of the reactor, when the socket
says that it can take it: two calls to the kernel to ask for that, and one turn more, for every
answer. A socket with nothing waiting nearly always can take it now. With it, a short request
costs a third less of the reactor's time. What is too much for the socket is not copied while it
waits: that is half of what a file of many megabytes costs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.abstract import FileDescriptor

_MUCH = 1 << 18


def prompt_writer(transport: Any) -> Callable[[bytes], None]:
    """A function in place of ``transport.write``; that itself where the transport is no socket."""
    if not isinstance(transport, FileDescriptor) or not hasattr(transport, "_tempDataBuffer"):
        return transport.write  # type: ignore[no-any-return]

    def write(data: bytes) -> None:
        if (
            transport._tempDataBuffer  # what waits goes first
            or transport.dataBuffer
            or transport.disconnecting
            or not transport.connected
        ):
            transport.write(data)
            return
        sent = transport.writeSomeData(data)
        if sent == len(data):
            return
        if not isinstance(sent, int) or sent < 0:
            transport.write(data)  # the usual way will find the same exception, and say so
        elif len(data) - sent < _MUCH:
            transport.write(data[sent:])
        else:
            # What write() does, without its two copies of the data.
            transport.dataBuffer, transport.offset = data, sent
            transport._maybePauseProducer()  # type: ignore[no-untyped-call]
            transport.startWriting()  # type: ignore[no-untyped-call]

    return write
