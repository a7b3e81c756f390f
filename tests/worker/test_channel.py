"""The server's end of a channel, on a real pair of sockets."""

from __future__ import annotations

import os
import socket

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from datacode.worker import wire
from datacode.worker.channel import Channel, pair
from tests.worker.harness import until


class ChannelTests(TestCase):
    async def test_takes_no_descriptors(self) -> None:
        """A descriptor that comes with a message is closed at once; the message is read."""
        received: list[wire.FromWorker] = []
        lost: list[str | None] = []
        channel = Channel[wire.FromWorker](
            wire.from_worker, wire.MAX_FROM_WORKER, received.append, lost.append
        )
        reading, writing = os.pipe()
        with pair(reactor, channel) as theirs, open(reading, "rb", buffering=0) as pipe:
            os.set_blocking(reading, False)
            socket.send_fds(theirs, [wire.encode(wire.OutputText("text"))], [writing])
            os.close(writing)
            self.assertIsNone(pipe.read(1))  # it is on its way: the pipe is still open
            self.assertTrue(await until(lambda: received == [wire.OutputText("text")]))
            self.assertEqual(pipe.read(1), b"")
            channel.close()
            self.assertTrue(await until(lambda: lost == [None]))
