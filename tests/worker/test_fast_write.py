"""What is written at once, or waits, arrives whole and in order."""

from __future__ import annotations

import random
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from datacode.worker.fast_write import prompt_writer


class Reader(Protocol):
    """Collects what comes; ``lost`` fires when the other side has closed."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Any = None) -> None:
        self.lost.callback(None)


class Writer(Protocol):
    """Writes pieces as soon as it is connected, then closes."""

    pieces: tuple[bytes, ...] = ()

    def connectionMade(self) -> None:
        write = prompt_writer(self.transport)
        for piece in self.pieces:
            write(piece)
        assert self.transport is not None
        self.transport.loseConnection()


class PromptWriterTests(TestCase):
    timeout = 120

    async def sent(self, *pieces: bytes) -> bytes:
        """What arrives when these are written one after the other."""

        class Mine(Writer):
            pass

        Mine.pieces = pieces
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
            Factory.forProtocol(Mine)
        )
        self.addCleanup(port.stopListening)
        client = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
        reader = await connectProtocol(client, Reader())
        await reader.lost
        return bytes(reader.data)

    async def test_small_and_large(self) -> None:
        """More than a socket takes at once, with smaller pieces before, between and behind."""
        data = random.Random(1)
        sizes = (3, 9 << 20, 1, 5 << 20, 70_000, 300_000, 2)
        pieces = tuple(data.randbytes(size) for size in sizes)
        self.assertTrue(await self.sent(*pieces) == b"".join(pieces))

    async def test_nothing(self) -> None:
        """Nothing is nothing."""
        self.assertEqual(await self.sent(b"", b"x", b""), b"x")
