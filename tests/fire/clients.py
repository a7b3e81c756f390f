"""Many WebSocket clients in one process: asyncio and frames by hand, as cheap as they come."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.server.frames import CLOSE, CONTINUATION, PING, PONG, TEXT, frame, handshake


class Client:
    """One connection; ``answers`` are whole text messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Client:
        """Connect and shake hands; raises ``ConnectionError`` where the server says no."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(handshake())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            writer.close()
            raise ConnectionError(head.partition(b"\r\n")[0].decode("latin-1"))
        return cls(reader, writer)

    async def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request, wait for its answer."""
        await self.send(json.dumps(request).encode("utf-8"))
        return json.loads(await self.receive())

    async def send(self, text: bytes) -> None:
        """Send a text message."""
        self._writer.write(frame(TEXT, text))
        await self._writer.drain()

    async def stay(self) -> None:
        """Do nothing but answer pings, until cancelled."""
        while True:
            await self.receive()

    async def receive(self) -> bytes:
        """The next text message; raises ``ConnectionError`` with the code of a close frame.

        Pings on the way are answered.
        """
        message = b""
        while True:
            first, second = await self._reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                length = int.from_bytes(await self._reader.readexactly(2), "big")
            elif length == 127:
                length = int.from_bytes(await self._reader.readexactly(8), "big")
            payload = await self._reader.readexactly(length)
            if first & 0x0F == CLOSE:
                raise ConnectionError(f"closed with {int.from_bytes(payload[:2], 'big')}")
            if first & 0x0F == PING:
                self._writer.write(frame(PONG, payload))
            if first & 0x0F in (TEXT, CONTINUATION):
                message += payload
                if first & 0x80:
                    return message

    async def close(self) -> None:
        """Leave as one should: a close frame, and the server's."""
        self._writer.write(frame(CLOSE, (1000).to_bytes(2, "big")))
        try:
            while True:
                await self.receive()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.drop()

    def drop(self) -> None:
        """Leave without a word."""
        self._writer.transport.abort()
