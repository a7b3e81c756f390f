"""Autobahn: bytes to a session and back. The only module that knows it.

A connection begins as HTTP. What asks for no WebSocket is answered by the site and closed; the
rest is Autobahn's handshake, then its frames. This module decides nothing: whether a client may
come in is admission control's business (``server.admission``), what it gets is the session's.

What is Autobahn's own and is replaced here:

- its reader of heads: it gets ours, read and written anew (``http.Head``);
- its debug texts, which it formats for every chunk even when nobody logs (an eighth of its time);
- its collecting of a message, which keeps each fragment as an object: a message of a million
  one-byte fragments would take forty times its size;
- its answer to a failed handshake, which has neither length nor body;
- its refusal of clients that offer compression which it does not understand;
- its reaction to a missing pong, which is to drop the connection without a close frame.

Source: server reference, 4 and 14.
"""

from __future__ import annotations

import contextlib
import io
import select
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from datacode.server.net import http
from datacode.server.net.memory_budget import MemoryBudget
from datacode.server.net.tcp_info import UNKNOWN, delivered
from datacode.server.options.settings import Settings
from datacode.worker.fast_write import prompt_writer
from datacode.worker.waiters import Waiters

SUBPROTOCOL = "datacode.v1"
"""The name of our protocol, for clients that ask for one."""

FRAMES_A_TURN = 64
"""Frames of one client that are handled before the others have their turn."""

_BYTES_A_TURN = 1 << 20
"""So many bytes of one client's messages, too."""
_COMPRESSED_PIECE = 512
"""Bytes of a compressed frame that are inflated at once, to half a megabyte at most."""

_NO_PONG = "no pong came in time"
_NO_HOST = (
    "the request does not say which server it is for: a proxy in front has to pass on Host "
    "(nginx: proxy_set_header Host $http_host)"
)
_CLOSE_SECONDS = 1.0
"""For the client's answer to a close frame; then TCP is aborted."""
_FLUSH_SECONDS = 5.0
"""For what is still to be sent when the connection is closed; then TCP is aborted."""
_WINDOW_BITS = 12
"""permessage-deflate: a window of 4 KiB instead of 32, as each connection has its own."""
_FIRST_MESSAGE = 64 * 1024
"""The largest message of a client that has not shown yet who it is."""
_LARGE_MESSAGE = 1 << 18
_COUNTED = 1 << 16
"""Bytes of a message that is not whole yet are counted in such steps."""
_PIECES_A_TURN = 4
"""Pieces of a long message that are sent before the other clients have their turn."""
_WAIT_SECONDS = 10.0
"""How long a client with a long message waits for memory before somebody is closed for it."""
_HUNG_UP = getattr(select, "POLLRDHUP", 0)
"""The other side has closed its half. Linux only; elsewhere it is noticed when we read again."""


class _NullLogger:
    """Replaces Autobahn's logger, which formats a text for each chunk even when nobody logs."""

    def _nothing(self, *args: Any, **kwargs: Any) -> None:
        pass

    trace = debug = info = warn = error = critical = failure = _nothing


class SessionPort(Protocol):
    """A session, as its connection sees it (``session.Session``)."""

    def receive(self, data: bytes, *, is_text: bool) -> None: ...

    def pause_output(self) -> None: ...

    def resume_output(self) -> None: ...


class Admission(Protocol):
    """Decides which connections and sessions there are (``admission.AdmissionControl``)."""

    def connected(self, client: ClientProtocol, address: str) -> None: ...

    def identified(self, client: ClientProtocol, address: str) -> None: ...

    def disconnected(self, client: ClientProtocol) -> None: ...

    def answer_http(self, head: http.Head, address: str) -> http.HttpResponse: ...

    def admit(self, handshake: Handshake) -> Deferred[Callable[[ClientProtocol], SessionPort]]: ...

    def handshake_failed(self, code: int, reason: str, address: str) -> None: ...

    def session_lost(self, session: SessionPort, reason: str) -> None: ...

    def session_ended(self, client: ClientProtocol, session: SessionPort, reason: str) -> None: ...


class Denied(Exception):
    """A handshake is not accepted; ``code`` and ``reason`` are the answer in HTTP."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Handshake:
    """What a client shows when it asks for a WebSocket."""

    def __init__(
        self, head: http.Head, address: str, descriptor: int, is_there: Callable[[], bool]
    ) -> None:
        self.headers = head.headers
        self.query = head.query
        self.address = address
        self.descriptor = descriptor
        self.is_there = is_there
        """Whether the client still waits for the answer, as the kernel knows it."""


@implementer(IPushProducer)
class ClientProtocol(WebSocketServerProtocol):  # type: ignore[misc]
    """One connection: first HTTP, then perhaps a session."""

    log = _NullLogger()
    factory: ServerFactory
    data: bytes
    _faults = Logger()

    def connectionMade(self) -> None:
        """TCP is connected."""
        self._head: http.Head | None = None
        self._session: SessionPort | None = None
        self._paused_by: set[str] = set()
        self._pieces = io.BytesIO()
        self._counted = 0
        self._taken = 0
        self._isMessageCompressed = False  # Autobahn sets it with the first message
        self._outgoing: deque[bytes | _LongMessage | _Close] = deque()
        self._sending = False
        self._waited: LoopingCall | None = None
        self._last_ping: bytes | None = None
        self._at_ping = UNKNOWN
        self._unresponsive = False
        self._write_full = False
        self._probes: Waiters[bool] = Waiters()
        self._cut_off: Any = None
        self.address = _address_of(self.transport.getPeer())
        self.account = self.factory.budget.account(self.address, self._close_at_once)
        self._admitting: Deferred[Any] | None = None
        super().connectionMade()
        self.maxMessagePayloadSize = self.maxFramePayloadSize = _FIRST_MESSAGE
        self._write = prompt_writer(self.transport)
        self.transport.registerProducer(self, True)
        self.factory.admission.connected(self, self.address)

    def connectionLost(self, reason: Any) -> None:
        """TCP is gone, however it went."""
        if self._cut_off is not None and self._cut_off.active():
            self._cut_off.cancel()
        self.factory.unread.discard(self)
        self._paused_by.clear()
        super().connectionLost(reason)
        self.account.end()
        self._drop_outgoing()
        self._stop_waiting()
        self._pieces = io.BytesIO()
        self._probes.tell(False)
        self.factory.admission.disconnected(self)
        if self._admitting is not None:
            self._admitting.cancel()
        session, self._session = self._session, None
        if session is not None:
            self.factory.admission.session_lost(session, self._why_left(reason))

    def _why_left(self, reason: Any) -> str:
        """How the connection ended, for the log."""
        if self.wasClean and self.closedByMe:
            return f"closed by the server: {self.localCloseCode}"
        if self.wasClean:
            return f"closed by the client: {self.remoteCloseCode or 'no code'}"
        return str(self.wasNotCleanReason or reason.getErrorMessage())

    # Bytes -------------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Take bytes from TCP, without the debug text that Autobahn makes of them."""
        if self._probes:
            self._probes.tell(True)
        self.data += data
        self.consumeData()

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        """Send bytes as they are."""
        self.transport.write(data)

    def consumeData(self) -> None:
        """Handle at most ``FRAMES_A_TURN`` frames, so that other connections have their turn."""
        if self.state in (self.STATE_OPEN, self.STATE_CLOSING):
            frames = FRAMES_A_TURN * 2  # Autobahn takes two steps for a frame
            self._taken = 0
            while not self._paused_by and self.processData() and self.state != self.STATE_CLOSED:
                frames -= 1
                if frames <= 0 or self._taken >= _BYTES_A_TURN:
                    self._pause("turn")
                    self.factory.reactor.callLater(0, self._resume, "turn")
        elif self.state == self.STATE_CONNECTING and not self._paused_by:
            self._read_head()

    def processData(self) -> bool:
        """Handle what has come of a frame; of one that is compressed a little at a time, as a few
        bytes may become a thousand times as many."""
        is_compressed = self.current_frame is not None and self._isMessageCompressed
        if not is_compressed or len(self.data) <= _COMPRESSED_PIECE:
            return bool(super().processData())
        rest = self.data[_COMPRESSED_PIECE:]
        self.data = self.data[:_COMPRESSED_PIECE]
        super().processData()
        self.data += rest
        return not self.failedByMe

    def _pause(self, reason: str) -> None:
        if not self._paused_by:
            self.transport.pauseProducing()
            self.factory.unread.add(self)
        self._paused_by.add(reason)

    def _resume(self, reason: str) -> None:
        if reason not in self._paused_by:
            return
        self._paused_by.discard(reason)
        if self._paused_by:
            return
        self.factory.unread.discard(self)
        if self.state != self.STATE_CLOSED:
            self.transport.resumeProducing()
            if self.data:
                self.consumeData()

    def is_there(self) -> bool:
        """False if the client has hung up: while reading is paused, the reactor does not notice."""
        descriptor = self.transport.fileno()
        if descriptor < 0:
            return True  # it is being closed: whoever waits is told so
        poll = select.poll()
        poll.register(descriptor, _HUNG_UP)
        return not (_HUNG_UP and poll.poll(0))

    def drop_if_gone(self) -> None:
        """Abort if the client has hung up."""
        if not self.is_there():
            self.wasNotCleanReason = "the client has gone"
            self.transport.abortConnection()

    def _closeConnection(self, abort: bool = False) -> None:
        """End TCP when all is sent: Autobahn's abort would drop the close frame just written."""
        if self.wasOpenHandshakeTimeout or (
            self.wasCloseHandshakeTimeout and not self._unresponsive
        ):
            self.transport.abortConnection()
            return
        self.transport.loseConnection()
        self._cut_off = self.factory.reactor.callLater(
            _FLUSH_SECONDS, self.transport.abortConnection
        )

    # HTTP --------------------------------------------------------------------------------------

    def _read_head(self) -> None:
        """Once the head of the request is there, answer plain HTTP or let Autobahn go on."""
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            if len(self.data) > http.MAX_HEAD_BYTES:
                self.failHandshake("the headers are too long", 431)
            elif not _could_be_http(self.data):
                self.failHandshake("this is not HTTP", 400)
            return
        try:
            if end > http.MAX_HEAD_BYTES:
                raise http.BadHead(431, "the headers are too long")
            head = self._head = http.Head.parse(bytes(self.data[:end]))
            if self.factory.proxies:
                self.address = head.forwarded_for(self.factory.proxies) or self.address
                self.factory.admission.identified(self, self.address)
                self.account.end()  # nothing waits yet
                self.account = self.factory.budget.account(self.address, self._close_at_once)
            is_handshake = head.wants_websocket and head.method == "GET"
            if is_handshake:
                if "host" not in head.headers:
                    raise http.BadHead(403, _NO_HOST)
                # Autobahn has a reader of its own, which ends lines where others do not.
                self.data = head.for_handshake() + bytes(self.data[end + 4 :])
        except http.BadHead as bad:
            self.failHandshake(bad.reason, bad.code)
            return
        if is_handshake:
            self.processHandshake()
        else:
            answer = self.factory.admission.answer_http(head, self.address)
            self._respond(answer.encode(with_body=head.method != "HEAD"))

    def failHandshake(
        self, reason: str, code: int = 400, responseHeaders: list[tuple[str, str]] | None = None
    ) -> None:
        """Say in HTTP why there will be no WebSocket."""
        if self.state != self.STATE_CONNECTING:
            return  # the client did not wait for the answer
        self.wasNotCleanReason = reason
        self.factory.admission.handshake_failed(code, reason, self.address)
        answer = http.refusal(code, reason, tuple(responseHeaders or ()))
        self._respond(answer.encode())

    def _respond(self, data: bytes) -> None:
        self.data = b""
        self.transport.write(data)
        self.wasClean = True
        self.dropConnection(abort=False)

    def _parseExtensionsHeader(self, header: str, removeQuotes: bool = True) -> list[Any]:
        """The offers that make sense. The others are declined; Autobahn would refuse the client,
        even where we compress nothing at all."""
        offers: list[Any] = super()._parseExtensionsHeader(header, removeQuotes)
        return [(name, parameters) for name, parameters in offers if _makes_sense(name, parameters)]

    def onConnect(self, request: ConnectionRequest) -> Deferred[str | None]:
        """The handshake is valid: ask admission control. Fires with the subprotocol, if any."""
        assert self._head is not None
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in request.protocols else None
        # Nothing of the client's is read until it is settled: it may have sent frames already.
        self._pause("admission")
        descriptor = self.transport.fileno()
        handshake = Handshake(self._head, self.address, descriptor, self.is_there)
        admitted = self.factory.admission.admit(handshake)
        self._admitting = admitted

        def accept(make_session: Callable[[ClientProtocol], SessionPort]) -> str | None:
            self._admitting = None
            if self.state != self.STATE_CONNECTING:
                raise ConnectionDeny(ConnectionDeny.SERVICE_UNAVAILABLE, "too late")
            self._make_session = make_session
            return subprotocol

        def deny(failure: Any) -> None:
            self._admitting = None
            if failure.check(Denied):
                raise ConnectionDeny(failure.value.code, failure.value.reason)
            if failure.check(CancelledError):
                raise ConnectionDeny(ConnectionDeny.SERVICE_UNAVAILABLE, "too late")
            self._faults.failure("A client could not be let in", failure)
            raise ConnectionDeny(ConnectionDeny.INTERNAL_SERVER_ERROR, "internal error")

        return admitted.addCallbacks(accept, deny)

    def admitted(self) -> None:
        """The client may send messages as large as anybody's."""
        self.maxMessagePayloadSize = self.maxFramePayloadSize = self.factory.message_bytes

    def onOpen(self) -> None:
        """The handshake is done."""
        self._session = self._make_session(self)
        self._resume("admission")

    # Messages ----------------------------------------------------------------------------------

    def onMessageFrameBegin(self, length: int) -> None:
        """A frame of a message begins. A long message has to wait while memory is short."""
        super().onMessageFrameBegin(length)
        if length > _COUNTED and not self._pieces.tell() and self.factory.budget.is_short:
            self._wait_for_memory()

    def _wait_for_memory(self) -> None:
        """Until others have finished; whoever holds the most is not waited for without end."""
        self._pause("memory")
        budget, reactor = self.factory.budget, self.factory.reactor
        self._waited = LoopingCall(budget.make_room)
        self._waited.clock = reactor
        self._waited.start(_WAIT_SECONDS, now=False)

        def resume() -> None:
            self._stop_waiting()
            reactor.callLater(0, self._resume, "memory")

        budget.wait(resume)

    def _stop_waiting(self) -> None:
        if self._waited is not None:
            self._waited.stop()
            self._waited = None

    def onMessageFrameData(self, payload: bytes) -> None:
        """Some bytes of a message."""
        if self.failedByMe or self.state != self.STATE_OPEN:
            return
        self._pieces.write(payload)
        self._taken += len(payload)
        more = self._pieces.tell() - self._counted
        if more >= _COUNTED:
            self._counted += more
            self.account.hold(more)

    def onMessageFrameEnd(self) -> None:
        """The end of a fragment: nothing to do, ``onMessageFrameData`` has kept its bytes."""

    def onMessageEnd(self) -> None:
        """The end of a message."""
        data = self._pieces.getvalue()  # without a copy, where nobody else has it
        self._pieces = io.BytesIO()
        counted, self._counted = self._counted, 0
        self.account.release(counted)
        if self.failedByMe or self._session is None or self.state != self.STATE_OPEN:
            return
        self.factory.received(len(data))
        try:
            self._session.receive(data, is_text=not self.message_is_binary)
        except Exception:  # noqa: BLE001 - a fault of ours must not end other connections
            self._faults.failure("A message could not be received")
            self.close(1011, "internal error")

    def onPing(self, payload: bytes) -> None:
        """Answer a ping. Of several that come while nothing can be sent, only the last is answered
        (RFC 6455, 5.5.3)."""
        if self._write_full:
            self._last_ping = payload
        elif self.state == self.STATE_OPEN:
            self.sendPong(payload)

    def _sendAutoPing(self) -> None:
        super()._sendAutoPing()
        self._at_ping = delivered(self.transport)

    def onAutoPingTimeout(self) -> None:
        """No pong came: say so and close. But where we do not read, none can have come, and a
        client that is still taking in what was sent before the ping has not seen it yet."""
        self.autoPingTimeoutCall = None
        taking = delivered(self.transport).since(self._at_ping)
        if self._paused_by or taking or self.state != self.STATE_OPEN:
            self.autoPingPending = None
            self.autoPingPendingCall = self.factory._batched_timer.call_later(
                self.autoPingInterval, self._sendAutoPing
            )
            return
        # The session ends now. The client may be busy rather than gone: then it shall find out why.
        self._unresponsive = True
        self.closeHandshakeTimeout = self.autoPingInterval
        self._close_at_once(1011, _NO_PONG)
        self.wasNotCleanReason = _NO_PONG
        session, self._session = self._session, None
        if session is not None:
            self.factory.admission.session_ended(self, session, _NO_PONG)

    @property
    def peer_name(self) -> str:
        """Address and port, for the log."""
        port = getattr(self.transport.getPeer(), "port", None)
        return self.address if port is None else f"{self.address}:{port}"

    # What a session asks for ---------------------------------------------------------------------

    def send(self, message: bytes) -> None:
        """Send a text message; nothing where the client is gone."""
        if self.state != self.STATE_OPEN:
            return
        if self._outgoing:
            self._outgoing.append(message)
        else:
            self._send_whole(message)

    def _send_whole(self, message: bytes) -> None:
        self.factory.sent(len(message))
        if self._perMessageCompress is None:
            head = _text_frame(len(message))
            if len(message) < _LARGE_MESSAGE:
                self._write(head + message)
            else:  # a copy would cost more than a packet
                self._write(head)
                self._write(message)
        else:
            self.sendMessage(message)

    def send_long(self, pieces: Iterator[bytes], sent: Callable[[], object]) -> None:
        """Send a text message, a piece at a time, as the client takes them in. ``sent`` is called
        once, when all is sent or nothing will be."""
        if self.state != self.STATE_OPEN:
            sent()
            return
        self._outgoing.append(_LongMessage(pieces, sent))
        if len(self._outgoing) == 1:
            if self._session is not None:
                self._session.pause_output()
            self._go_on()

    def _go_on(self) -> None:
        """Send what waits, while the client takes it in."""
        if self._sending:
            return
        turns = _PIECES_A_TURN
        while self._outgoing and not self._write_full and self.state == self.STATE_OPEN:
            if not turns:
                self._sending = True
                self.factory.reactor.callLater(0, self._next_turn)
                return
            turns -= 1
            first = self._outgoing[0]
            if isinstance(first, _Close):
                self._outgoing.clear()
                self._send_close(first.code, first.reason)
            elif isinstance(first, bytes):
                self._outgoing.popleft()
                self._send_whole(first)
            elif self._send_piece(first):
                self._outgoing.popleft()
                first.sent()
        if self.state != self.STATE_OPEN:
            self._drop_outgoing()
        elif not self._outgoing and not self._write_full and self._session is not None:
            self._session.resume_output()

    def _next_turn(self) -> None:
        self._sending = False
        self._go_on()

    def _send_piece(self, message: _LongMessage) -> bool:
        """Send the next piece, in a frame of its own; True if it was the last."""
        piece, is_first, is_last = message.next_piece()
        self.factory.sent(len(piece))
        if self._perMessageCompress is None:
            self._write(_text_frame(len(piece), is_first=is_first, is_last=is_last) + piece)
            return is_last
        if is_first:
            self.beginMessage()
        self.sendMessageFrame(piece)
        if is_last:
            self.endMessage()
        return is_last

    def _drop_outgoing(self) -> None:
        while self._outgoing:
            each = self._outgoing.popleft()
            if isinstance(each, _LongMessage):
                each.sent()

    def pause_reading(self) -> None:
        """Take no more messages for now."""
        self._pause("session")

    def resume_reading(self) -> None:
        """Take messages again, from the reactor's next turn on: the caller is not done yet."""
        self.factory.reactor.callLater(0, self._resume, "session")

    def close(self, code: int, reason: str) -> None:
        """Send a close frame, behind what is being sent; the connection ends with the client's
        answer to it, or soon."""
        if self.state == self.STATE_OPEN and self._outgoing:
            self._outgoing.append(_Close(code, reason))
            self.factory.reactor.callLater(_FLUSH_SECONDS, self._close_at_once, code, reason)
        else:
            self._send_close(code, reason)

    def _close_at_once(self, code: int, reason: str) -> None:
        """Close the connection without what waits to be sent on it."""
        self._drop_outgoing()
        self._pieces = io.BytesIO()
        self._send_close(code, reason)

    def _send_close(self, code: int, reason: str) -> None:
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code, reasonUtf8=reason.encode()[:123], isReply=False)
            # Its answer must be read; but never from inside the handling of a frame.
            for pause in list(self._paused_by):
                self.factory.reactor.callLater(0, self._resume, pause)
        elif self.state == self.STATE_CONNECTING:
            self.dropConnection(abort=True)

    def drop(self) -> None:
        """End the connection at once."""
        self.transport.abortConnection()

    def serve(self, session: SessionPort) -> None:
        """Hand all messages to another session from now on."""
        self._session = session

    def leave(self, code: int, reason: str) -> None:
        """End the conversation; no session needs to be told."""
        self._session = None
        self.close(code, reason)

    def probe(self, seconds: float) -> Deferred[bool]:
        """Whether the client shows within ``seconds`` that it is still there.

        It does by sending anything. Where nothing is read from it, its system has to acknowledge
        what was sent.
        """
        if self.state != self.STATE_OPEN:
            return succeed(False)
        answered = self._probes.wait()
        before = delivered(self.transport)

        def late() -> None:
            self._probes.leave_out(answered)
            acknowledged = delivered(self.transport).acknowledged > before.acknowledged
            answered.callback(bool(self._paused_by) and acknowledged)

        timer = self.factory.reactor.callLater(seconds, late)
        answered.addBoth(lambda is_there: (timer.active() and timer.cancel()) or is_there)
        if not self._write_full:
            self.sendPing(b"")
        return answered

    # What the transport asks for -----------------------------------------------------------------

    def pauseProducing(self) -> None:
        """The transport's buffer is full: the client reads too slowly."""
        self._write_full = True
        if self._session is not None:
            self._session.pause_output()

    def resumeProducing(self) -> None:
        """The transport's buffer is empty again."""
        self._write_full = False
        if self._last_ping is not None:
            payload, self._last_ping = self._last_ping, None
            self.sendPong(payload)
        if self._outgoing:
            self._go_on()
        elif self._session is not None:
            self._session.resume_output()

    def stopProducing(self) -> None:
        """The connection is lost; ``connectionLost`` follows."""

    def unregisterProducer(self) -> None:
        """Called before the connection is dropped, so that TCP closes once all is written."""
        self.transport.unregisterProducer()


class ServerFactory(WebSocketServerFactory):  # type: ignore[misc]
    """Makes a protocol for each connection, with our settings."""

    protocol = ClientProtocol
    log = _NullLogger()
    noisy = False

    def __init__(
        self,
        settings: Settings,
        admission: Admission,
        reactor: Any,
        *,
        received: Callable[[int], object] = lambda size: None,
        sent: Callable[[int], object] = lambda size: None,
    ) -> None:
        super().__init__(reactor=reactor, server="DataCode")
        self.admission = admission
        self.budget = MemoryBudget(settings.bounds)
        self.received = received
        self.sent = sent
        self.unread: set[ClientProtocol] = set()
        # Autobahn's own batches calls by the second, and knows only the global reactor.
        self._batched_timer = _ReactorTimer(reactor)
        bounds = settings.bounds
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            utf8validateIncoming=True,
            requireMaskedClientFrames=True,
            maskServerFrames=False,
            applyMask=True,
            maxMessagePayloadSize=bounds.message_bytes,
            maxFramePayloadSize=bounds.message_bytes,
            autoFragmentSize=0,
            failByDrop=False,
            echoCloseCodeReason=True,
            openHandshakeTimeout=bounds.handshake_seconds,
            closeHandshakeTimeout=_CLOSE_SECONDS,
            tcpNoDelay=True,
            perMessageCompressionAccept=_compression(settings),
            autoPingInterval=bounds.ping_seconds,
            autoPingTimeout=bounds.ping_seconds,
            autoPingSize=12,
            autoPingRestartOnAnyTraffic=True,
            maxConnections=0,  # admission control counts
        )
        self.proxies = settings.proxies
        self.message_bytes = bounds.message_bytes

    def buildProtocol(self, addr: IAddress) -> ClientProtocol:
        """A protocol for a new connection."""
        protocol: ClientProtocol = super().buildProtocol(addr)
        return protocol

    def drop_gone(self) -> None:
        """Abort connections that hung up while reading was paused; called periodically."""
        for protocol in list(self.unread):
            protocol.drop_if_gone()


class _ReactorTimer:
    """``call_later`` of the factory's own reactor; a call may be cancelled when it is over."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def call_later(self, delay: float, function: Callable[..., Any], *args: Any) -> _TimerCall:
        return _TimerCall(self._reactor.callLater(delay, function, *args))


class _TimerCall:
    def __init__(self, delayed: Any) -> None:
        self._delayed = delayed

    def cancel(self) -> None:
        # Autobahn cancels without looking whether it is over.
        with contextlib.suppress(AlreadyCalled, AlreadyCancelled):
            self._delayed.cancel()


def _compression(settings: Settings) -> Callable[[list[Any]], Any]:
    """Whether and how messages are compressed: small windows, and nothing kept between messages."""

    def accept(offers: list[Any]) -> Any:
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                return PerMessageDeflateOfferAccept(
                    offer,
                    request_no_context_takeover=offer.accept_no_context_takeover,
                    no_context_takeover=True,
                    window_bits=min(_WINDOW_BITS, offer.request_max_window_bits or _WINDOW_BITS),
                    max_message_size=settings.bounds.message_bytes or None,
                )
        return None

    return accept if settings.compress else lambda offers: None


def _makes_sense(name: str, parameters: dict[str, Any]) -> bool:
    """Whether an offered extension is a valid offer of permessage-deflate (RFC 7692, 7.1)."""
    if name != PerMessageDeflateOffer.EXTENSION_NAME:
        return False
    try:
        PerMessageDeflateOffer.parse(parameters)
    except Exception:  # noqa: BLE001 - Autobahn raises nothing more exact
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Close:
    """A close frame that waits behind messages."""

    code: int
    reason: str


class _LongMessage:
    """A message on its way; ``sent`` is to be called when it is sent, or never will be."""

    def __init__(self, pieces: Iterator[bytes], sent: Callable[[], object]) -> None:
        self._pieces = pieces
        self._next: bytes | None = None
        self.sent = sent

    def next_piece(self) -> tuple[bytes, bool, bool]:
        """A piece, and whether it is the first, and the last."""
        is_first = self._next is None
        piece = next(self._pieces, b"") if self._next is None else self._next
        self._next = next(self._pieces, None)
        return piece, is_first, self._next is None


def _text_frame(length: int, *, is_first: bool = True, is_last: bool = True) -> bytes:
    """The head of a frame of a text message (RFC 6455, 5.2)."""
    kind = is_first | is_last << 7
    if length < 126:
        return bytes((kind, length))
    if length < 1 << 16:
        return b"%c\x7e" % kind + length.to_bytes(2, "big")
    return b"%c\x7f" % kind + length.to_bytes(8, "big")


def _could_be_http(data: bytes) -> bool:
    """Whether a request may still become one: garbage is told so at once, not after ten seconds."""
    method = data[:16].partition(b" ")[0]
    return method.isalpha() and method.isupper() and len(method) < 16


def _address_of(address: Any) -> str:
    """The host of an address; ``localhost`` for a socket in the file system."""
    return str(getattr(address, "host", None) or "localhost")
