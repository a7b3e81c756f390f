"""The blocking client: one call, one answer.

Source of the messages: ``docs/protocol.md``.
"""

from __future__ import annotations

import functools
import json
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

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
from datacode.client.thread_safe_tls import ThreadSafeTLSContext

P = ParamSpec("P")
T = TypeVar("T")


def connect(
    url: str,
    *,
    token: str | None = None,
    locale: str | None = None,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> Client:
    """Connect to a server, which answers in ``locale`` (``ru`` or ``en``; by default its own).

    ``options`` go to ``websockets.sync.client.connect``.

    Raises ``OSError`` where nobody listens and ``websockets.exceptions.InvalidStatus`` where the
    server lets nobody in. A wrong token shows at the first call, as ``ConnectionLost`` with 4401.
    """
    headers = handshake_headers(headers, token, locale)
    options.setdefault("max_size", MESSAGE_BYTES)
    if url.lower().startswith("wss:"):
        context = options.get("ssl") or ssl.create_default_context()
        options["ssl"] = ThreadSafeTLSContext(context)
    # Entered, for later versions of websockets connect no sooner; older ones return themselves.
    connection = connect_socket(url, additional_headers=headers, **options).__enter__()
    client = Client(connection)
    if token is not None and not token.isascii():
        client.authenticate(token)
    return client


def _method(
    make: Callable[Concatenate[RemoteCalls, P], RemoteCall[T]],
) -> Callable[Concatenate[Client, P], T]:
    """A method of the client that performs a call, with its signature and documentation."""

    @functools.wraps(make)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._perform(make(self._calls, *args, **kwargs))

    return method


class Client:
    """A session. Calls are made from one thread; ``interrupt`` from any."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._calls = RemoteCalls()
        self._turn = threading.Lock()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _perform(self, call: RemoteCall[T]) -> T:
        """Ask, and read the answer; what comes before it is delivered, foreign answers dropped."""
        with self._turn:
            self._send(call.request)
            while True:
                message = self._receive()
                if message.get("id") != call.request["id"]:
                    continue
                if not is_partial(message):
                    return call.read(message)
                deliver(message, call.on_output, call.on_progress)

    def _send(self, request: Message) -> None:
        try:
            self._connection.send(encode(request))
        except ConnectionClosed as closed:
            raise ConnectionLost(str(closed)) from None

    def _receive(self) -> Message:
        try:
            message: Message = json.loads(self._connection.recv())
        except ConnectionClosed as closed:
            raise ConnectionLost(str(closed)) from None
        return message

    def interrupt(self) -> None:
        """End the program that another thread is running; nothing happens where none is."""
        self._send(self._calls.cancel().request)

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
