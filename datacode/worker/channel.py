"""The server's end of a channel: frames on a UNIX socket in the reactor, and descriptors."""

from __future__ import annotations

import fcntl
import os
import socket
import termios
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec
from twisted.internet import interfaces, tcp
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from datacode.worker.fast_write import prompt_writer
from datacode.worker.wire import Decoder, FrameError, FrameSplitter, encode

Message = TypeVar("Message")

_FRAMES_A_TURN = 100
_REST = 0.01
"""Seconds for which a side that sends more frames than that at once is not read: an honest one
never does, and a flood of empty frames would keep everybody else waiting."""


@implementer(interfaces.IPullProducer)
class Channel(Protocol, Generic[Message]):
    """Messages out and in.

    ``received`` gets each message of the other side; ``lost`` is told once that the channel is
    gone, with a sentence if the other side broke the rules and None otherwise.
    """

    transport: Any

    def __init__(
        self,
        decode: Decoder[Message],
        limit: int,
        received: Callable[[Message], None],
        lost: Callable[[str | None], None],
    ) -> None:
        self._frames = FrameSplitter(limit)
        self._decode = decode
        self._received = received
        self._lost = lost
        self._fault: str | None = None
        self._passing: list[int] = []
        self._asked_at_once = False
        self._open = True
        self._paused = False
        self._rest: Any = None

    @property
    def unsent(self) -> int:
        """Bytes that the other side has not made room for."""
        if not self._open or self.transport is None:
            return 0
        transport = self.transport
        size: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return size

    @property
    def is_read(self) -> bool:
        """Whether the other side has taken in all that was sent."""
        if not self._open or self.unsent:
            return not self._open
        waiting = fcntl.ioctl(self.transport.fileno(), termios.TIOCOUTQ, bytes(4))
        return waiting == bytes(4)

    def send(self, message: msgspec.Struct, descriptors: tuple[int, ...] = ()) -> None:
        """Send a message; its descriptors are closed here once the other side has them."""
        if not self._open:
            for descriptor in descriptors:
                os.close(descriptor)
            return
        if not descriptors and not self._passing:
            self._write(encode(message))
            return
        for descriptor in descriptors:
            self.transport.sendFileDescriptor(descriptor)
        self.transport.write(encode(message))
        if descriptors:
            self._close_when_sent(descriptors)

    def pause(self) -> None:
        """Read nothing for now: the other side will have to wait."""
        self._paused = True
        if self._open:
            self.transport.pauseProducing()

    def resume(self) -> None:
        """Go on reading."""
        self._paused = False
        if self._open and self._rest is None:
            self.transport.resumeProducing()

    def close(self) -> None:
        """End the connection without sending what still waits."""
        if self._open:
            self._open = False
            self._stop_resting()
            if self.transport is not None:
                self.transport.abortConnection()

    # Descriptors: a transport that has a pull producer asks it for more when everything is out.

    def _close_when_sent(self, descriptors: tuple[int, ...]) -> None:
        waiting = bool(self._passing)
        self._passing += descriptors
        if not waiting:
            self._asked_at_once = True
            self.transport.registerProducer(self, False)

    def resumeProducing(self) -> None:
        """The transport has sent everything (or asks for the first time, having sent nothing)."""
        if self._asked_at_once:
            self._asked_at_once = False
            return
        self.transport.unregisterProducer()
        self._close_passing()

    def stopProducing(self) -> None:
        """The transport is gone; ``connectionLost`` follows."""

    def _close_passing(self) -> None:
        while self._passing:
            os.close(self._passing.pop())

    # What the transport calls

    def connectionMade(self) -> None:
        self._write = prompt_writer(self.transport)
        # Twisted's reads from UNIX sockets make room for descriptors, at four times the cost of
        # a plain one. We take none from the other side: the kernel closes what it sends.
        self.transport.doRead = partial(tcp.Connection.doRead, self.transport)

    def dataReceived(self, data: bytes) -> None:
        self._frames.add(data)
        if self._rest is None:
            self._handle()

    def _handle(self) -> None:
        """Handle the frames that are whole; some at a time."""
        try:
            for _ in range(_FRAMES_A_TURN):
                frame = self._frames.take()
                if frame is None:
                    return
                self._received(self._decode(frame))
                if not self._open:
                    return
        except FrameError as error:
            self.fail(str(error))
            return
        self.transport.pauseProducing()
        self._rest = self.transport.reactor.callLater(_REST, self._rested)

    def _rested(self) -> None:
        self._rest = None
        self._handle()
        if self._rest is None and self._open and not self._paused:
            self.transport.resumeProducing()

    def _stop_resting(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def fail(self, fault: str) -> None:
        """The other side broke the rules: say so once and hang up."""
        if self._fault is None:
            self._fault = fault
        self.close()

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._open = False
        self._stop_resting()
        self._close_passing()
        self._lost(self._fault)


class _One(Factory):
    """Gives the one protocol that it was made with."""

    noisy = False

    def __init__(self, protocol: Channel[Any]) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: object) -> Channel[Any]:
        return self._protocol


def pair(reactor: Any, channel: Channel[Any]) -> socket.socket:
    """Put the channel's end of a new pair of sockets into the reactor; gives the other end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        ours.setblocking(False)
        reactor.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, _One(channel))
    return theirs
