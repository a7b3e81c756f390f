"""The blocking client: one call, one answer.

Source of the messages: ``docs/protocol.md``.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import ssl
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

from datacode.client.calls import RemoteCall, RemoteCalls
from datacode.client.kept_session import (
    ANSWER_SECONDS,
    PATIENCE,
    KeptSession,
    Reattached,
    SessionKey,
    SessionLost,
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
from datacode.client.thread_safe_tls import ThreadSafeTLSContext

P = ParamSpec("P")
T = TypeVar("T")

_BROKEN = (ConnectionClosed, InvalidHandshake, OSError, EOFError)
"""How a connection fails, and how one fails to come about. ``OSError`` has the timeouts."""

Open = Callable[[], ClientConnection]


def connect(
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
) -> Client:
    """Connect to a server, which answers in ``locale`` (``ru`` or ``en``; by default its own).

    A connection that is lost is made again for up to ``reconnect_seconds``, and the session goes
    on; with 0 it ends with its connection. ``session`` is one that was left (``Client.leave``).
    ``on_lost`` is called when a connection is lost and another one is tried for, ``on_back`` when
    there is one, with the bytes of streamed output that are kept no longer.
    Without a sign of life within 20 seconds (``ping_timeout``) a connection is lost, too.
    ``options`` go to ``websockets.sync.client.connect``.

    Raises ``OSError`` where nobody listens and ``websockets.exceptions.InvalidStatus`` where the
    server lets nobody in; ``SessionLost`` where ``session`` is not there any more. A wrong token
    shows at the first call, as ``ConnectionLost`` with 4401.
    """
    headers = handshake_headers(headers, token, locale)
    options = connection_options(options)
    if url.lower().startswith("wss:"):
        context = options.get("ssl") or ssl.create_default_context()
        options["ssl"] = ThreadSafeTLSContext(context)

    def open_connection() -> ClientConnection:
        # Entered, for later versions of websockets connect no sooner; older ones return themselves.
        opened: ClientConnection = connect_socket(
            url, additional_headers=headers, **options
        ).__enter__()
        return opened

    unshown = token if token is not None and not token.isascii() else None
    client = Client(
        open_connection, KeptSession(session, reconnect_seconds, on_lost, on_back), unshown
    )
    if session is not None:
        client._take_up()
    _open_clients.add(client)
    return client


_open_clients: weakref.WeakSet[Client] = weakref.WeakSet()


@atexit.register
def _end_sessions() -> None:
    """A program that ends without closing its clients needs their sessions no more."""
    for client in list(_open_clients):
        client._detach()


def _method(
    make: Callable[Concatenate[RemoteCalls, P], RemoteCall[T]],
) -> Callable[Concatenate[Client, P], T]:
    """A method of the client that performs a call, with its signature and documentation."""

    @functools.wraps(make)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._perform(make(self._calls, *args, **kwargs))

    return method


def _answers(seq: int, message: Message) -> bool:
    return message.get("seq") == seq and not is_partial(message)


class Client:
    """A session. Calls are made from one thread; ``interrupt`` from any."""

    def __init__(self, open_connection: Open, kept: KeptSession, token: str | None) -> None:
        self._open = open_connection
        self._kept = kept
        self._token = token
        self._calls = RemoteCalls()
        self._turn = threading.Lock()
        self._is_stale = False
        self._is_closed = False
        self._ending: SessionLost | None = None
        self._interrupt: Message | None = None
        self._connection = open_connection()
        if token is not None:
            self._show_token()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def key(self) -> SessionKey | None:
        """What gives this session back to ``connect(session=…)``; a secret. None where the session
        ends with its connection, or before the first call."""
        return self._kept.key

    @property
    def output_lost(self) -> int:
        """Bytes of streamed output that came to nobody, as the server kept them no longer; the
        ``output`` of a result has them."""
        return self._kept.output_lost

    def close(self) -> None:
        """End the session."""
        self._detach()
        self._connection.close()

    def _detach(self) -> None:
        if self._kept.key is not None and not self._is_closed:
            with contextlib.suppress(*_BROKEN):  # the server keeps it as long as any other
                self._connection.send(encode(self._calls.detach().request))
        self._is_closed = True

    def leave(self) -> SessionKey:
        """Close the connection and let the session go on without one, with the program that runs.

        Gives what takes it up again: ``connect(url, session=key)``, from anywhere. Raises
        ``ConnectionLost`` where the server keeps no sessions.
        """
        with self._turn:
            self._settle()
            key = self._kept.key
            if key is None:
                raise ConnectionLost("the server keeps no session without a connection")
            self._is_closed = True
            self._connection.close()
            return key

    @property
    def has_pending(self) -> bool:
        """Whether programs of the session's client before this one still run or wait."""
        return bool(self._kept.pending)

    def missed(self) -> list[Result]:
        """The results of programs that the session's client before this one did not get, in their
        order; waits for those that still run."""
        with self._turn:
            while self._kept.pending:  # answers of others may come meanwhile, and count too
                seq = min(self._kept.pending)
                self._kept.is_missed(self._exchange(None, partial(_answers, seq)))
            return self._kept.missed()

    def _take_up(self) -> None:
        """Take up the session of a client before this one. Raises ``SessionLost``."""
        problem: Exception = ConnectionLost("the server is not ready")
        try:
            found = self._attach_again()
        except _BROKEN as broken:
            if not self._kept.may_return(broken):
                raise lost(broken) from None
            found, problem = None, broken
        self._kept.taken_up(self._resume(problem) if found is None else found)

    def _perform(self, call: RemoteCall[T]) -> T:
        """Ask, and read the answer; what comes before it is delivered, foreign answers dropped."""
        with self._turn:
            self._settle()
            request = self._kept.numbered(call.request)
            try:
                answer = self._exchange(
                    request,
                    lambda message: message.get("id") == request["id"],
                    lambda message: deliver(message, call.on_output, call.on_progress),
                    rerun=call.rerun,
                )
            finally:
                self._interrupt = None
            return call.read(answer)

    def _settle(self) -> None:
        """Before the first call: ask that the session be kept."""
        if self._kept.is_settled or self._is_closed:
            return
        request = self._calls.attach().request
        try:
            self._send(request)
            self._kept.begun(self._answer_to(request))
        except _BROKEN as problem:
            if not self._kept.may_return(problem):
                raise lost(problem) from None
            self._resume(problem)

    def _exchange(
        self,
        request: Message | None,
        is_meant: Callable[[Message], bool],
        on_partial: Callable[[Message], object] = lambda message: None,
        *,
        rerun: bool = False,
    ) -> Message:
        """Send a request, if any, and wait for its answer, over as many connections as it takes."""
        if self._ending is not None:
            raise self._ending
        unsent = request
        arrived: list[Message] = []
        if self._is_stale:
            arrived = self._resume(ConnectionLost("the connection was closed")).replay
        while True:
            for message in arrived:
                if not is_meant(message):
                    self._kept.is_missed(message)
                elif is_partial(message):
                    on_partial(message)
                else:
                    return message
            try:
                if unsent is not None:
                    self._send(unsent)
                    unsent = None
                arrived = [self._receive()]
            except _BROKEN as problem:
                if self._is_closed or not self._kept.may_return(problem):
                    self._is_stale = self._kept.is_of_request(problem)
                    raise lost(problem) from None
                found = self._resume(problem)
                arrived = found.replay
                is_answered = any(is_meant(m) and not is_partial(m) for m in arrived)
                if request is not None and not is_answered:
                    unsent = request if found.must_send(request, rerun=rerun) else None

    # Connections ---------------------------------------------------------------------------------

    def _resume(self, problem: Exception) -> Reattached:
        """Connect and attach again. Raises ``ConnectionLost`` where that is not to be had."""
        try:
            return self._reattached(problem)
        except SessionLost as ending:
            # The new connection has a session of its own, in which no request was meant to run.
            self._ending = ending
            self._connection.close()
            raise

    def _reattached(self, problem: Exception) -> Reattached:
        self._kept.on_lost()
        for pause in self._kept.pauses():
            time.sleep(pause)
            try:
                self._connection = self._open()
                if self._token is not None:
                    self._show_token()
                found = self._attach_again()
                if found is not None and self._interrupt is not None:
                    self._send(self._interrupt)
            except _BROKEN as failed:
                problem = self._kept.problem_after(failed)
                continue
            if found is not None:
                self._is_stale = False
                for message in found.replay:
                    self._kept.note(message)
                self._kept.on_back(found.output_lost)
                return found
        raise lost(problem) from None

    def _attach_again(self) -> Reattached | None:
        request = self._calls.attach(**self._kept.attach_fields()).request
        self._send(request)
        return self._kept.again(self._answer_to(request, ANSWER_SECONDS))

    def _show_token(self) -> None:
        assert self._token is not None
        call = self._calls.authenticate(self._token)
        try:
            self._send(call.request)
            call.read(self._answer_to(call.request))
        except ConnectionClosed as problem:
            raise lost(problem) from None

    def _answer_to(self, request: Message, timeout: float | None = None) -> Message:
        while True:
            message = self._receive(timeout)
            if message.get("id") == request["id"]:
                return message

    def _send(self, request: Message) -> None:
        self._connection.send(encode(request))

    def _receive(self, timeout: float | None = None) -> Message:
        message: Message = json.loads(self._connection.recv(timeout))
        self._kept.note(message)
        if self._interrupt is not None and message.get("id") == self._interrupt["id"]:
            self._interrupt = None
        return message

    def interrupt(self) -> None:
        """End the program that another thread is running; nothing happens where none is."""
        # Until it is known to have arrived: the connection may be lost, and nobody know it yet.
        self._interrupt = request = self._calls.cancel().request
        try:
            self._send(request)
        except ConnectionClosed as problem:
            if not self._kept.may_return(problem):
                raise lost(problem) from None

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
