"""The server's end of a channel, on a real pair of sockets."""

from __future__ import annotations

import os
import socket
from itertools import pairwise

from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from datacode.worker import wire
from datacode.worker.channel import Channel, pair
from tests.worker.harness import until


class ChannelTests(TestCase):
    async def test_flood_of_frames(self) -> None:
        """Of many small frames some are handled in a turn; all are, in their order."""
        numbers: list[int] = []
        lost: list[str | None] = []
        channel = Channel[wire.FromWorker](
            wire.from_worker,
            wire.MAX_FROM_WORKER,
            lambda message: numbers.append(int(message.text)),  # type: ignore[union-attr]
            lost.append,
        )
        with pair(reactor, channel) as theirs:
            theirs.sendall(b"".join(wire.encode(wire.OutputText(str(n))) for n in range(2000)))
            seen = [0]
            while len(numbers) < 2000:
                await deferLater(reactor, 0)
                seen.append(len(numbers))
            self.assertEqual(numbers, list(range(2000)))
            longest = max(after - before for before, after in pairwise(seen))
            self.assertLessEqual(longest, 200)
            theirs.sendall(wire.encode(wire.OutputText("7")) * 300)
            await until(lambda: len(numbers) > 2000)
            channel.pause()  # by its owner, while it rests
            channel.close()
            self.assertTrue(await until(lambda: lost == [None]))

    async def test_what_is_not_read(self) -> None:
        """How much was sent and is not read yet."""
        lost: list[str | None] = []
        channel = Channel[wire.FromControl](
            wire.from_control, 1000, lambda message: None, lost.append
        )
        with pair(reactor, channel) as theirs:
            await until(lambda: channel.transport is not None)
            self.assertTrue(channel.is_read)
            channel.send(wire.CancelRun(1))
            self.assertEqual((channel.unsent, channel.is_read), (0, False))
            theirs.recv(1000)
            self.assertTrue(channel.is_read)
            channel.send(wire.CheckCode(1, "x" * 5_000_000))
            self.assertGreater(channel.unsent, 4_000_000)
            channel.close()
            self.assertEqual(channel.unsent, 0)
            self.assertTrue(await until(lambda: lost == [None]))

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
