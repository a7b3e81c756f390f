"""The asynchronous client, on asyncio: any number of calls at a time.

Source of the messages: ``docs/protocol.md``.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from datacode.client.calls import RemoteCall, RemoteCalls
from datacode.client.kept_session import (
    ANSWER_SECONDS,
    PATIENCE,
    AnswerLost,
    KeptSession,
    Reattached,
    SessionKey,
    connection_options,
    lost,
)
from datacode.client.results import (
    ConnectionLost,
    Message,
    Result,
    deliver,
    encode,
    handshake_headers,
    is_partial,
)

P = ParamSpec("P")
T = TypeVar("T")

_BROKEN = (ConnectionClosed, InvalidHandshake, OSError, EOFError)
"""How a connection fails, and how one fails to come about. ``OSError`` has the timeouts."""

Open = Callable[[], Awaitable[ClientConnection]]


@asynccontextmanager
async def connect_async(
    url: str,
    *,
    token: str | None = None,
    locale: str | None = None,
    headers: dict[str, str] | None = None,
    reconnect_seconds: float = PATIENCE,
    session: SessionKey | None = None,
    on_lost: Callable[[], object] = lambda: None,
    on_back: Callable[[int], object] = lambda output_lost: None,
    **options: Any,
) -> AsyncIterator[AsyncClient]:
    """Connect to a server, which answers in ``locale`` (``ru`` or ``en``; by default its own).

    A connection that is lost is made again for up to ``reconnect_seconds``, and the session goes
    on; with 0 it ends with its connection. ``session`` is one that was left (``leave``).
    ``on_lost`` is called when a connection is lost and another one is tried for, ``on_back`` when
    there is one, with the bytes of streamed output that are kept no longer.
    Without a sign of life within 20 seconds (``ping_timeout``) a connection is lost, too.
    ``options`` go to ``websockets.asyncio.client.connect``.

    Raises ``OSError`` where nobody listens and ``websockets.exceptions.InvalidStatus`` where the
    server lets nobody in; ``SessionLost`` where ``session`` is not there any more. A wrong token
    shows at the first call, as ``ConnectionLost`` with 4401.
    """
    headers = handshake_headers(headers, token, locale)
    options = connection_options(options)

    async def open_connection() -> ClientConnection:
        return await connect_socket(url, additional_headers=headers, **options)

    unshown = token if token is not None and not token.isascii() else None
    kept = KeptSession(session, reconnect_seconds, on_lost, on_back)
    client = AsyncClient(await open_connection(), open_connection, kept, unshown)
    try:
        await client._begin()
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


@dataclass(slots=True)
class _WaitingCall:
    """A call that waits for its answer."""

    request: Message
    rerun: bool
    arrived: asyncio.Queue[Message | Exception] = field(default_factory=asyncio.Queue)


class AsyncClient:
    """A session. Programs run one after another on the server; other calls need not wait."""

    def __init__(
        self,
        connection: ClientConnection,
        open_connection: Open,
        kept: KeptSession,
        token: str | None,
    ) -> None:
        self._connection = connection
        self._open = open_connection
        self._kept = kept
        self._token = token
        self._calls = RemoteCalls()
        self._waiting: dict[int, _WaitingCall] = {}
        self._settling = asyncio.Lock()
        self._is_closed = False
        self._is_connected = True
        self._ending: Exception = ConnectionLost("the connection was closed")
        self._missed_more = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    @property
    def key(self) -> SessionKey | None:
        """What gives this session back to ``connect_async(session=…)``; a secret. None where the
        session ends with its connection, or before the first call."""
        return self._kept.key

    @property
    def output_lost(self) -> int:
        """Bytes of streamed output that came to nobody, as the server kept them no longer; the
        ``output`` of a result has them."""
        return self._kept.output_lost

    async def close(self) -> None:
        """End the session."""
        if self._kept.key is not None and not self._is_closed:
            with suppress(*_BROKEN):  # the server keeps it as long as any other
                await self._connection.send(encode(self._calls.detach().request))
        await self._shut()

    async def _shut(self) -> None:
        self._is_closed = True
        if not self._is_connected and self._reader is not None:
            self._reader.cancel()
        await self._connection.close()
        if self._reader is not None:
            with suppress(asyncio.CancelledError):
                await self._reader

    async def leave(self) -> SessionKey:
        """Close the connection and let the session go on without one, with the program that runs.

        Gives what takes it up again: ``connect_async(url, session=key)``, from anywhere. Raises
        ``ConnectionLost`` where the server keeps no sessions.
        """
        await self._settle()
        if self._kept.key is None:
            raise ConnectionLost("the server keeps no session without a connection")
        self._is_closed = True
        await self._shut()
        return self._kept.key

    @property
    def has_pending(self) -> bool:
        """Whether programs of the session's client before this one still run or wait."""
        return bool(self._kept.pending)

    async def missed(self) -> list[Result]:
        """The results of programs that the session's client before this one did not get, in their
        order; waits for those that still run."""
        while self._kept.pending:
            if self._reader is None or self._reader.done():
                raise lost(self._ending)
            self._missed_more.clear()
            await self._missed_more.wait()
        return self._kept.missed()

    async def interrupt(self) -> bool:
        """End the program that is running; False where none was."""
        return await self._perform(self._calls.cancel())

    async def _perform(self, call: RemoteCall[T]) -> T:
        """Ask, and read the answer; what comes before it is delivered."""
        await self._settle()
        request = self._kept.numbered(call.request)
        answer = await self._exchange(
            _WaitingCall(request, call.rerun),
            lambda message: deliver(message, call.on_output, call.on_progress),
        )
        return call.read(answer)

    async def _settle(self) -> None:
        """Before the first call: ask that the session be kept."""
        async with self._settling:
            if not self._kept.is_settled and not self._is_closed:
                request = self._calls.attach().request
                self._kept.begun(await self._exchange(_WaitingCall(request, rerun=False)))

    async def _exchange(
        self, waiting: _WaitingCall, on_partial: Callable[[Message], object] = lambda message: None
    ) -> Message:
        if self._reader is None or self._reader.done():
            may_begin = self._kept.is_of_request(self._ending) or self._kept.is_idle(self._ending)
            if not may_begin or self._is_closed:
                raise lost(self._ending)
            self._reader = asyncio.create_task(self._read_again())
        number = waiting.request["id"]
        self._waiting[number] = waiting
        try:
            if self._is_connected:
                await self._send(waiting)
            while True:
                message = await waiting.arrived.get()
                if isinstance(message, Exception):
                    raise message
                if not is_partial(message):
                    return message
                on_partial(message)
        finally:
            del self._waiting[number]

    async def _send(self, waiting: _WaitingCall) -> None:
        """Send a request; where the connection is gone, the reader will send it on the next."""
        with suppress(ConnectionClosed):
            await self._connection.send(encode(waiting.request))

    # The reader ----------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Hand each message to the call that waits for it, over as many connections as it takes;
        wake all when there will be no more."""
        try:
            while True:
                problem = await self._read_connection()
                self._is_connected = False
                is_idle = self._kept.is_idle(problem) and not self._waiting
                if self._is_closed or is_idle or not self._kept.may_return(problem):
                    self._ending = problem
                    break
                await self._resume(problem)
        except ConnectionLost as failed:
            self._ending = failed
        except asyncio.CancelledError:
            pass
        for waiting in self._waiting.values():
            waiting.arrived.put_nowait(lost(self._ending))
        self._missed_more.set()

    async def _read_again(self) -> None:
        """After a connection that a request had ended."""
        try:
            await self._resume(self._ending)
        except ConnectionLost as failed:
            self._ending = failed
            for waiting in self._waiting.values():
                waiting.arrived.put_nowait(failed)
            return
        await self._read()

    async def _read_connection(self) -> Exception:
        """Take in the messages of a connection; why it ended."""
        while True:
            try:
                text = await self._connection.recv()
            except ConnectionClosed as closed:
                return closed
            self._take(json.loads(text))

    def _take(self, message: Message) -> None:
        self._kept.note(message)
        waiting = self._waiting.get(message.get("id"))  # type: ignore[arg-type]
        if waiting is not None:
            waiting.arrived.put_nowait(message)
        elif self._kept.is_missed(message):
            self._missed_more.set()

    async def _resume(self, problem: Exception) -> None:
        """Connect and attach again. Raises ``ConnectionLost`` where that is not to be had."""
        self._kept.on_lost()
        for pause in self._kept.pauses():
            await asyncio.sleep(pause)
            try:
                self._connection = await self._open()
                found = await self._attach_again()
            except _BROKEN as failed:
                problem = self._kept.problem_after(failed)
                continue
            if found is not None:
                self._kept.on_back(found.output_lost)
                await self._go_on(found)
                return
            await self._connection.close()
        raise lost(problem) from None

    async def _attach_again(self) -> Reattached | None:
        await self._show_token()
        request = self._calls.attach(**self._kept.attach_fields()).request
        return self._kept.again(await self._ask(request))

    async def _ask(self, request: Message) -> Message:
        """A question before anybody else may ask."""
        await self._connection.send(encode(request))
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                message: Message = json.loads(await self._connection.recv())
                if message.get("id") == request["id"]:
                    return message

    async def _go_on(self, found: Reattached) -> None:
        """Hand out what was missed, and send again what never arrived."""
        answered = {each.get("id") for each in found.replay if not is_partial(each)}
        for message in found.replay:
            self._take(message)
        self._is_connected = True
        for number, waiting in list(self._waiting.items()):
            if number in answered:
                continue
            try:
                if found.must_send(waiting.request, rerun=waiting.rerun):
                    await self._send(waiting)
            except AnswerLost as failed:
                waiting.arrived.put_nowait(failed)

    async def _begin(self) -> None:
        """Show what no header could, and take up the session of a client before this one, if any.

        Raises ``SessionLost``.
        """
        try:
            if self._kept.key is None:
                await self._show_token()
            else:
                found = await self._attach_again()
                if found is None:
                    raise ConnectionLost("the server is not ready")
                self._kept.taken_up(found)
        except _BROKEN as problem:
            raise lost(problem) from None
        self._reader = asyncio.create_task(self._read())

    async def _show_token(self) -> None:
        if self._token is not None:
            call = self._calls.authenticate(self._token)
            call.read(await self._ask(call.request))

    authenticate = _method(RemoteCalls.authenticate)
    execute = _method(RemoteCalls.execute)
    reset = _method(RemoteCalls.reset)
    save = _method(RemoteCalls.save)
    save_to = _method(RemoteCalls.save_to)
    restore = _method(RemoteCalls.restore)
    restore_from = _method(RemoteCalls.restore_from)
    fork = _method(RemoteCalls.fork)
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
    table_values = _method(RemoteCalls.table_values)
    table_statistics = _method(RemoteCalls.table_statistics)
    variables = _method(RemoteCalls.variables)
    complete = _method(RemoteCalls.complete)
    check = _method(RemoteCalls.check)
    library = _method(RemoteCalls.library)
    info = _method(RemoteCalls.info)
    sessions = _method(RemoteCalls.sessions)
    end_session = _method(RemoteCalls.detach)
