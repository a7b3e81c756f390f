"""The asynchronous client, on asyncio: any number of calls at a time.

Source of the messages: ``docs/protocol.md``.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed

from datacode.client.calls import RemoteCall, RemoteCalls
from datacode.client.results import (
    MESSAGE_BYTES,
    ConnectionLost,
    Message,
    deliver,
    encode,
    handshake_headers,
    is_partial,
)

P = ParamSpec("P")
T = TypeVar("T")


@asynccontextmanager
async def connect_async(
    url: str,
    *,
    token: str | None = None,
    locale: str | None = None,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[AsyncClient]:
    """Connect to a server, which answers in ``locale`` (``ru`` or ``en``; by default its own).

    ``options`` go to ``websockets.asyncio.client.connect``.

    Raises ``OSError`` where nobody listens and ``websockets.exceptions.InvalidStatus`` where the
    server lets nobody in. A wrong token shows at the first call, as ``ConnectionLost`` with 4401.
    """
    headers = handshake_headers(headers, token, locale)
    options.setdefault("max_size", MESSAGE_BYTES)
    async with connect_socket(url, additional_headers=headers, **options) as connection:
        client = AsyncClient(connection)
        try:
            if token is not None and not token.isascii():
                await client.authenticate(token)
            yield client
        finally:
            await client.close()


def _method(
    make: Callable[Concatenate[RemoteCalls, P], RemoteCall[T]],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    """A method of the client that performs a call, with its signature and documentation."""

    @functools.wraps(make)
    async def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._perform(make(self._calls, *args, **kwargs))

    return method


class AsyncClient:
    """A session. Programs run one after another on the server; other calls need not wait."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._calls = RemoteCalls()
        self._waiting: dict[int, asyncio.Queue[Message | None]] = {}
        self._reader = asyncio.create_task(self._read())
        self._ending = "the connection was closed"

    async def close(self) -> None:
        """End the session."""
        await self._connection.close()
        await self._reader

    async def _read(self) -> None:
        """Hand each message to the call that waits for it; wake all when the connection ends."""
        try:
            async for text in self._connection:
                message = json.loads(text)
                queue = self._waiting.get(message.get("id"))
                if queue is not None:
                    queue.put_nowait(message)
        except ConnectionClosed as closed:
            self._ending = str(closed)
        for queue in self._waiting.values():
            queue.put_nowait(None)

    async def _perform(self, call: RemoteCall[T]) -> T:
        """Ask, and read the answer; what comes before it is delivered."""
        if self._reader.done():
            raise ConnectionLost(self._ending)
        queue = self._waiting[call.request["id"]] = asyncio.Queue()
        try:
            try:
                await self._connection.send(encode(call.request))
            except ConnectionClosed as closed:
                raise ConnectionLost(str(closed)) from None
            while (message := await queue.get()) is not None:
                if not is_partial(message):
                    return call.read(message)
                deliver(message, call.on_output, call.on_progress)
            raise ConnectionLost(self._ending)
        finally:
            del self._waiting[call.request["id"]]

    interrupt = _method(RemoteCalls.cancel)
    authenticate = _method(RemoteCalls.authenticate)
    execute = _method(RemoteCalls.execute)
    reset = _method(RemoteCalls.reset)
    list_shares = _method(RemoteCalls.list_shares)
    connect_share = _method(RemoteCalls.connect_share)
    disconnect_share = _method(RemoteCalls.disconnect_share)
    list_share = _method(RemoteCalls.list_share)
    read_share = _method(RemoteCalls.read_share)
    upload = _method(RemoteCalls.upload)
    list_uploads = _method(RemoteCalls.list_uploads)
    download = _method(RemoteCalls.download)
    delete_upload = _method(RemoteCalls.delete_upload)
    table_rows = _method(RemoteCalls.table_rows)
    variables = _method(RemoteCalls.variables)
    complete = _method(RemoteCalls.complete)
    check = _method(RemoteCalls.check)
    info = _method(RemoteCalls.info)
