"""One client's session: requests in, answers out, in order.

A session knows nothing of sockets: its connection hands it messages (``receive``), tells it when
the client reads too slowly (``pause_output``, ``resume_output``) and when it is gone (``end``).
Requests wait in a queue and are answered one by one; control requests (cancel, inspect, complete,
check, info) are answered immediately. When too many wait, the connection is asked to stop reading.

A session whose client has said ``attach`` outlives its connection (``leave_client``) and goes on
with another one (``take_client``). What its client may have missed is in its ``attachment``: an
answer is recorded there before it is sent, so that whoever attaches is sent it from there, and
what was on its way to the connection before is not sent again.

Source: server reference, 4.3, 4.4, 5.6, 5.7.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from msgspec import Raw, structs
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from datacode import __version__
from datacode.i18n.message import Message, MessageError
from datacode.server.api import long_answer, messages, texts
from datacode.server.api.messages import (
    Answer,
    Attach,
    Auth,
    Cancel,
    Check,
    Complete,
    Detach,
    Done,
    ErrorDetails,
    Execute,
    Executed,
    LargeRestoreState,
    LargeUpload,
    Request,
    SessionForked,
    Sessions,
)
from datacode.server.api.parse import BadRequest, parse
from datacode.server.api.sequence import RequestNumbers, WrongNumber, read_numbers
from datacode.server.attachment import Attachment, digest
from datacode.server.auth.addresses import network_of
from datacode.server.auth.pairing import PairingCode
from datacode.server.handlers import HANDLERS
from datacode.server.net.memory_budget import Holding, MemoryAccount
from datacode.server.ops.audit import Audit, NoAudit, hash_of
from datacode.server.ops.metrics import Metrics
from datacode.server.options.settings import MIB, Settings
from datacode.server.request_context import RequestContext
from datacode.server.shared_views import SharedViews
from datacode.server.workspace import Workspace
from datacode.worker.pool import WorkerUnavailable
from datacode.worker.waiters import Waiters
from datacode.worker.wire import WorkProgress

CLOSE_GOING_AWAY = 1001
CLOSE_FAULT = 1011
CLOSE_UNAUTHORIZED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_IDLE = 4408
CLOSE_ENDED = 1000
CLOSE_MOVED = 4410

_MOST_ASIDE = 8
"""Requests of one session that run, or wait to run, beside its program."""


class ClientConnection(Protocol):
    """The connection, as its session sees it."""

    @property
    def account(self) -> MemoryAccount:
        """What waits in memory for the client."""

    def send(self, message: bytes) -> None:
        """Send a text message; nothing happens where the client is gone."""

    def send_long(self, pieces: Iterator[bytes], sent: Callable[[], object]) -> None:
        """Send a text message as the client takes it in; ``sent`` is called when that is over."""

    def pause_reading(self) -> None:
        """Hand over no more messages until they are wanted again."""

    def resume_reading(self) -> None:
        """Take messages again."""

    def close(self, code: int, reason: str) -> None:
        """End the conversation with a close frame."""

    def drop(self) -> None:
        """End the connection without one."""

    def serve(self, session: Session) -> None:
        """Hand all messages to another session from now on."""

    def leave(self, code: int, reason: str) -> None:
        """End the conversation; no session needs to be told."""

    def probe(self, seconds: float) -> Deferred[bool]:
        """Whether the client shows within that time that it is still there."""


class NoClient:
    """Takes the place of a connection while a session has none: nothing is sent."""

    def __init__(self, account: MemoryAccount) -> None:
        self.account = account

    def send(self, message: bytes) -> None:
        """Nobody is there."""

    def send_long(self, pieces: Iterator[bytes], sent: Callable[[], object]) -> None:
        """Nobody is there: it is over."""
        sent()

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""

    def close(self, code: int, reason: str) -> None:
        """There is nothing to close."""

    def drop(self) -> None:
        """There is nothing to end."""

    def serve(self, session: Session) -> None:
        """There are no messages."""

    def leave(self, code: int, reason: str) -> None:
        """There is nothing to end."""

    def probe(self, seconds: float) -> Deferred[bool]:
        """Nobody is there."""
        return succeed(False)


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """Who the client is: ``account`` is None until (and unless) it has shown one."""

    number: int
    address: str
    locale: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class ServerContext:
    """What all sessions of a server share."""

    settings: Settings
    clock: IReactorTime
    metrics: Metrics
    audit: Audit | NoAudit
    pairing: PairingCode | None = None
    views: SharedViews = field(default_factory=lambda: SharedViews(time.time))


Authenticator = Callable[[Auth], "Deferred[str | None]"]
"""Checks an ``auth`` request: fires with the account, or fails with ``NotAuthenticated``."""


class NotAuthenticated(MessageError):
    """What a client showed is wrong."""


class SessionKeeper(Protocol):
    """Keeps sessions that outlive their connection (``registry.SessionRegistry``)."""

    def attach(self, session: Session, request: Attach) -> Deferred[Answer | Session]:
        """Keep a session; or hand its client over to one that was kept, which has answered then."""

    def detach(self, session: Session, request: Detach) -> Answer:
        """End a session for good."""

    def sessions(self, session: Session) -> Answer:
        """The sessions of this one's account."""

    def give_up(self, session: Session, code: int, reason: str) -> None:
        """A session holds too much memory: end it for good."""

    async def fork(self, session: Session) -> SessionForked:
        """A second session with the state of this one."""

    def begun(self, session: Session) -> None:
        """A numbered request of a session that is kept begins."""

    async def answered(self, session: Session) -> None:
        """A request of it is done, and its answer may go out when this is over."""


@dataclass(slots=True)
class _WaitingRequest:
    """A request that waits. ``seq`` is its number in a session that is kept, else None; ``epoch``
    tells which connection it came from."""

    request: Request | BadRequest
    held: Holding
    seq: int | None
    epoch: int


class Session:
    """One client's session. ``authenticator`` is None where it need not send ``auth`` first,
    ``keeper`` where it cannot outlive its connection."""

    log = Logger()

    def __init__(
        self,
        client: ClientConnection,
        workspace: Workspace,
        identity: ClientIdentity,
        context: ServerContext,
        authenticator: Authenticator | None = None,
        keeper: SessionKeeper | None = None,
    ) -> None:
        self.attachment: Attachment | None = None
        self._is_writing = False
        self._until_written: Waiters[None] = Waiters()
        self.is_used = False
        self.identity = identity
        self.last_active = context.clock.seconds()
        self._client = client
        self._workspace = workspace
        self._context = context
        self._authenticator = authenticator
        self._keeper = keeper
        self._epoch = 0
        self._account = client.account
        self._attaching: list[tuple[bytes, bool]] | None = None
        self._draining = False
        self._run_timer: IDelayedCall | None = None
        self._cut: Message | None = None
        self._not_to_run = 0
        self._not_run_for = texts.CANCELLED
        self._is_over_budget = False
        self._admitted = authenticator is None
        self._auth_timer: IDelayedCall | None = None
        self._authenticating: Deferred[None] | None = None
        self._queue: deque[_WaitingRequest] = deque()
        self._immediate = 0
        self._paused = False
        self._working = False
        self._running: Request | None = None
        self._task: Deferred[Answer] | None = None
        self._when_answered: list[Callable[[], object]] = []
        self._cancelled_ids: set[bytes] = set()
        self._aside: list[tuple[Request, Deferred[Answer]]] = []
        self._output_paused = False
        self._waiting_to_write: Waiters[None] = Waiters()
        self._closing = False
        self._ended: Deferred[None] | None = None

    # Called by the connection --------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._working or self._immediate > 0

    @property
    def is_working(self) -> bool:
        """Whether something runs: not a question that is answered at once."""
        return self._working

    def receive(self, data: bytes, *, is_text: bool) -> None:
        """Take a message of the client."""
        self.last_active = self._context.clock.seconds()
        if self._closing:
            return
        if self._attaching is not None:
            self._attaching.append((data, is_text))
            return
        limit = self._context.settings.bounds.request_bytes
        request = _read(data, is_text, limit)
        if not self._admitted:
            self._first_message(request)
            return
        if isinstance(request, Request) and _is_at_once(request):
            self._immediate += 1
            self._start(self._answer_immediate(request))
        else:
            self.is_used = True
            numbers = RequestNumbers()
            if self.attachment is not None and is_text:
                request, numbers = _numbered(request, data, limit)
                if numbers.seen is not None:
                    self.attachment.acknowledge(numbers.seen)
            self._enqueue(request, numbers.seq)
            self._process_queue()
        self._pause_if_full()

    def _enqueue(self, request: Request | BadRequest, seq: int | None = None) -> None:
        held = Holding(self._account, _memory_of(request))
        self._queue.append(_WaitingRequest(request, held, seq, self._epoch))

    def _clear_queue(self) -> None:
        while self._queue:
            self._queue.popleft().held.release()

    def pause_output(self) -> None:
        """The client reads too slowly: pause its program, and hold answers back."""
        self._output_paused = True
        if self._workspace.opened is not None:
            self._workspace.opened.pause()

    def resume_output(self) -> None:
        """The client has read what was sent: go on."""
        self._output_paused = False
        if self._workspace.opened is not None:
            self._workspace.opened.resume()
        self._waiting_to_write.tell(None)

    def drain(self, grace: float) -> Deferred[None]:
        """Answer what is running, nothing that waits, then close: the server stops.

        After ``grace`` seconds what still runs is cancelled.
        """
        self._closing = self._draining = True
        self._clear_queue()
        finished = self._finished()
        timer = self._context.clock.callLater(grace, self._stop_running)

        def close(_: object) -> None:
            if timer.active():
                timer.cancel()
            self.close_stopping()

        finished.addCallback(close)
        return finished

    def close_stopping(self) -> None:
        """Close because the server stops (1001)."""
        self._closing = True
        self._client.close(CLOSE_GOING_AWAY, "the server is stopping")

    def drop(self) -> None:
        """Abort the connection: the client has not answered the close frame."""
        self._client.drop()

    def close_idle(self) -> None:
        """Close because no request came for too long (4408)."""
        self._closing = True
        self._client.close(CLOSE_IDLE, "idle for too long")

    def end(self) -> Deferred[None]:
        """The connection is gone: end what runs. Fires when everything is released."""
        if self._ended is None:
            self._stop_auth_timer()
            self._stop_run_timer()
            self._closing = self._draining = True
            self._clear_queue()
            if self._authenticating is not None:
                self._authenticating.cancel()
            self.resume_output()
            self._ended = Deferred.fromCoroutine(self._end())
        return self._ended

    async def _end(self) -> None:
        # A program is ended by its interpreter, which is closed with the workspace.
        if self._task is not None:
            self._task.cancel()
        self._cancel_aside(None)
        await self._workspace.close()
        if self.attachment is not None:
            self.attachment.end()
            self._account.end()

    # A session that outlives its connection ------------------------------------------------------

    @property
    def address(self) -> str:
        """Where the client is, or was last."""
        return self.identity.address

    @property
    def workspace(self) -> Workspace:
        """What it works with."""
        return self._workspace

    @property
    def is_attached(self) -> bool:
        """Whether a connection has it."""
        return not isinstance(self._client, NoClient)

    @property
    def is_ending(self) -> bool:
        """Whether it is over, or will be at once."""
        return self._draining

    @property
    def pending(self) -> list[int]:
        """The numbers of requests whose answers are still to come."""
        if self.attachment is None:
            return []
        numbers = {each.seq for each in self._queue if each.seq is not None}
        if self._working and self.attachment.begun > self.attachment.answers.seq:
            numbers.add(self.attachment.begun)
        return sorted(number for number in numbers if number > self.attachment.answers.seq)

    @property
    def is_writing(self) -> bool:
        """Is there an answer that is not where it outlives the server yet?"""
        return self._is_writing

    def written(self) -> Deferred[None]:
        """Fires when there is no such answer: whoever attaches is sent none before."""
        return self._until_written.wait() if self._is_writing else succeed(None)

    @property
    def memory(self) -> MemoryAccount:
        """What waits in memory for its connection."""
        return self._client.account

    def finish(self) -> None:
        """It is over: its connection is closed when what runs is answered."""
        self._draining = True

    @property
    def is_paused(self) -> bool:
        """Whether its connection is not to be read, as too much waits."""
        return self._paused

    def keep(self, attachment: Attachment) -> None:
        """Outlive the connection from now on, and count memory for oneself."""
        self.attachment = attachment
        self.is_used = self.is_used or attachment.answers.seq > 0
        self._account = self._client.account.beside(self._over_budget)

    def probe(self, seconds: float) -> Deferred[bool]:
        """Whether the connection that has it shows that its client is there."""
        return self._client.probe(seconds)

    def leave_client(self, run_seconds: float) -> None:
        """Go on without a connection; what runs is ended after ``run_seconds``, 0 for never."""
        self._set_client(NoClient(self._account))
        self._stop_run_timer()
        if run_seconds and self.busy:
            self._run_timer = self._context.clock.callLater(
                run_seconds, self._detached_too_long, run_seconds
            )

    def release_client(self, code: int, reason: str) -> None:
        """Close the connection that has it, and go on without one."""
        client = self._client
        self.leave_client(0)
        client.leave(code, reason)

    def give_client(self) -> ClientConnection:
        """Let another session have the connection; this one is of no use any more."""
        client = self._client
        self._closing = True
        self._client = NoClient(client.account)
        return client

    def take_client(
        self, client: ClientConnection, identity: ClientIdentity, answer: Callable[[], Answer]
    ) -> None:
        """Go on with a connection. ``answer`` says what its client has missed: it is sent before
        anything else is."""
        assert self.attachment is not None
        self._stop_run_timer()
        self._set_client(client)
        self.identity = replace(identity, number=self.identity.number)
        self.last_active = self._context.clock.seconds()
        self._account.follow(client.account)
        self.attachment.moved_to(client.account)
        client.serve(self)
        said = answer()
        size = long_answer.memory_of(said)
        if size < long_answer.LONG:
            client.send(messages.encode(said))
        else:
            held = Holding(self._account, size)
            client.send_long(long_answer.LongAnswer(said).pieces(), held.release)
        self._pause_if_full()

    def _set_client(self, client: ClientConnection) -> None:
        self._epoch += 1
        self._client = client
        self._paused = False
        self._closing = self._draining
        self.resume_output()

    def _over_budget(self, code: int, reason: str) -> None:
        """What runs and waits holds too much: end that, and the connection. The session stays,
        unless that does not help."""
        is_first, self._is_over_budget = not self._is_over_budget, True
        if not is_first or not self._working or self._draining:
            if self._keeper is not None:
                self._keeper.give_up(self, code, reason)
            return
        self._account = self._client.account.beside(self._over_budget)
        self._not_to_run, self._not_run_for = len(self._queue), texts.NOT_RUN_FOR_MEMORY
        if self._task is not None:
            self._cut = texts.ENDED_TASK_FOR_MEMORY
            self._task.cancel()
        elif self._workspace.opened is not None:
            self._workspace.opened.end_for_memory()
        self._client.close(code, reason)

    def _detached_too_long(self, seconds: float) -> None:
        """Nobody has come back: end what runs, and answer what waits without running it."""
        self._run_timer = None
        shown = f"{seconds:g}"
        self._cut = texts.DETACHED_TOO_LONG.filled(seconds=shown)
        self._not_to_run = len(self._queue)
        self._not_run_for = texts.NOT_RUN_DETACHED.filled(seconds=shown)
        self._stop_running()

    def _stop_run_timer(self) -> None:
        if self._run_timer is not None and self._run_timer.active():
            self._run_timer.cancel()
        self._run_timer = None

    # Before the client is admitted ----------------------------------------------------------

    def wait_for_auth(self, seconds: float) -> None:
        """Close the connection unless the client has authenticated by then."""
        self._auth_timer = self._context.clock.callLater(seconds, self._auth_timed_out)

    def _auth_timed_out(self) -> None:
        if not self._closing:
            self._reject()

    def _stop_auth_timer(self) -> None:
        if self._auth_timer is not None and self._auth_timer.active():
            self._auth_timer.cancel()

    def _first_message(self, request: Request | BadRequest) -> None:
        """The first message must be ``auth``; later ones wait until that has been checked."""
        if self._immediate:
            self._enqueue(request)
            self._pause_if_full()
        elif isinstance(request, Auth):
            self._immediate += 1
            checked = Deferred.fromCoroutine(self._authenticate(request))
            checked.addErrback(self._authentication_failed)
            if self._immediate:  # it takes its time; nothing more is taken meanwhile
                self._authenticating = checked
                self._client.pause_reading()
        else:
            self._reject()

    async def _authenticate(self, request: Auth) -> None:
        assert self._authenticator is not None
        locale = self._locale(request)
        try:
            account = await self._authenticator(request)
        except NotAuthenticated as refused:
            answer = Done.failed(refused.render(locale))
            await self._send_short(messages.with_id(answer, request.id), self._epoch)
            self._reject()
            return
        finally:
            self._immediate -= 1
            waited, self._authenticating = self._authenticating, None
            if waited is not None and not self._closing:
                self._client.resume_reading()
        if self._closing:
            return
        self._admitted = True
        self._stop_auth_timer()
        self.identity = replace(self.identity, account=account)
        self._workspace.belongs_to(account)
        await self._send_short(messages.with_id(_granted(locale), request.id), self._epoch)
        waiting, self._queue = self._queue, deque()
        for each in waiting:
            if isinstance(each.request, Request) and _is_at_once(each.request):
                each.held.release()
                self._immediate += 1
                self._start(self._answer_immediate(each.request))
            else:
                self._queue.append(each)
        self._process_queue()

    def _authentication_failed(self, failure: Failure) -> None:
        if not isinstance(failure.value, CancelledError):  # its connection is gone
            self._session_failed(failure)

    def _reject(self) -> None:
        self._stop_auth_timer()
        self._closing = True
        self._clear_queue()
        self._context.metrics.rejected(CLOSE_UNAUTHORIZED)
        self._client.close(CLOSE_UNAUTHORIZED, "a valid token is required")

    # Requests in their turn -------------------------------------------------------------------

    def _process_queue(self) -> None:
        if not self._working and self._queue:
            self._working = True
            self._start(self._answer_queued())

    async def _answer_queued(self) -> None:
        """Answer what waits, one by one."""
        try:
            while self._queue:
                waiting = self._queue.popleft()
                self._resume_if_room()
                try:
                    await self._answer_waiting(waiting)
                except BaseException:
                    waiting.held.release()
                    raise
                self._tell_answered()
                self._resume_if_room()
        finally:
            self._working = False
            self._tell_answered()

    async def _answer_waiting(self, waiting: _WaitingRequest) -> None:
        request, held, seq = waiting.request, waiting.held, waiting.seq
        kept = self.attachment
        if kept is None or seq is None:
            answer = await self._answer(request, held)
            if kept is not None and self._keeper is not None:
                await self._keeper.answered(self)
            await self._send(answer, held, waiting.epoch)
        elif seq <= kept.answers.seq:
            await self._send_again(kept, waiting)
        else:
            kept.begun = seq
            if self._keeper is not None:
                self._keeper.begun(self)
            answer = await self._answer(request, held, seq)
            answer.seq = seq  # type: ignore[attr-defined]
            size = max(long_answer.memory_of(answer), held.size)
            if isinstance(answer, SessionForked):
                size = max(size, long_answer.LONG)  # with its token it is not written to the disk
            kept.answers.add(seq, _digest(request), _id_of(request), answer, size)
            # From here on whoever attaches is sent it from the record.
            epoch = self._epoch
            if self._keeper is not None:
                self._is_writing = True
                try:
                    await self._keeper.answered(self)
                finally:
                    self._is_writing = False
                    self._until_written.tell(None)
            await self._send(answer, held, epoch)

    async def _send_again(self, kept: Attachment, waiting: _WaitingRequest) -> None:
        """Answer a request that was answered already as it was then."""
        request, held = waiting.request, waiting.held
        assert waiting.seq is not None
        found = kept.answers.find(waiting.seq)
        if found is not None and found.request == _digest(request):
            await self._until_read()
            if waiting.epoch == self._epoch:
                whole = found.whole(_id_of(request))
                if isinstance(whole, bytes):
                    self._client.send(whole)
                else:
                    self._client.send_long(whole.pieces(), held.release)
                    return
            held.release()
            return
        text = texts.ANSWER_FORGOTTEN if found is None else texts.SEQ_USED
        locale = request.locale or self.identity.locale
        answer = _shape(request).failed(text.render(locale, seq=waiting.seq))
        await self._send(messages.with_id(answer, request.id), held, waiting.epoch)

    async def _answer(
        self, request: Request | BadRequest, held: Holding, seq: int | None = None
    ) -> Answer:
        started = self._context.clock.seconds()
        if isinstance(request, BadRequest):
            locale = request.locale or self.identity.locale
            answer = request.shape.failed(request.render(locale))
            kind = "invalid"
        else:
            kind = _type_of(request)
            answer = await self._handle(request, held, seq)
            self._log_answered(request, answer, started)
        self._context.metrics.answered(
            kind, answer.success, self._context.clock.seconds() - started
        )
        return messages.with_id(answer, request.id)

    async def _handle(self, request: Request, held: Holding, seq: int | None) -> Answer:
        """The answer to a request; whatever it raises becomes an answer, too."""
        locale = self._locale(request)
        if self._not_to_run and not _is_at_once(request):
            self._not_to_run -= 1
            return request.answer.failed(self._not_run_for.render(locale))
        if request.id and bytes(request.id) in self._cancelled_ids:
            self._cancelled_ids.discard(bytes(request.id))
            return request.answer.failed(texts.CANCELLED.render(locale))
        handling = HANDLERS[type(request)](
            request, self._request_context(request, locale, held, seq)
        )
        try:
            if request.runs_aside():
                return await self._answer_aside(request, handling, locale)
            if request.immediate:
                return await handling
            self._running = request
            if isinstance(request, Execute):
                # Its interpreter ends it, and so keeps its variables: there is no task to cancel.
                return self._unless_cut(await handling, locale)
            self._task = Deferred.fromCoroutine(handling)
            return self._unless_cut(await self._task, locale)
        except CancelledError:
            cancelled = request.answer.failed(texts.CANCELLED.render(locale))
            return self._unless_cut(cancelled, locale)
        except WorkerUnavailable:
            return request.answer.failed(texts.NO_INTERPRETER.render(locale))
        except Exception:  # noqa: BLE001 - a fault of ours, whatever it is, ends one request only
            return request.answer.failed(self._fault(request, locale))
        finally:
            if not _is_at_once(request):
                self._running = self._task = None
                self._is_over_budget = False

    async def _answer_aside(self, request: Request, handling: Any, locale: str) -> Answer:
        """The answer to what runs beside the session's program, and can be cancelled by its id."""
        if len(self._aside) >= _MOST_ASIDE:
            handling.close()
            return request.answer.failed(texts.TOO_MANY_ASIDE.render(locale, most=_MOST_ASIDE))
        task: Deferred[Answer] = Deferred.fromCoroutine(handling)
        under_way = request, task
        self._aside.append(under_way)
        try:
            return await task
        except CancelledError:
            return request.answer.failed(texts.CANCELLED.render(locale))
        finally:
            self._aside.remove(under_way)

    def _cancel_aside(self, cancel: Cancel | None) -> bool:
        """Cancel what a request names, or all where there is none; whether there was any."""
        found = [
            task
            for request, task in self._aside
            if cancel is None or (cancel.request and _is_meant(cancel, request))
        ]
        for task in found:
            task.cancel()
        return bool(found)

    def _unless_cut(self, answer: Answer, locale: str) -> Answer:
        """The answer to what ran; what was ended because nobody was connected says so."""
        cut, self._cut = self._cut, None
        if cut is not None and not answer.success:
            answer.error = cut.render(locale)  # type: ignore[attr-defined]
            if isinstance(answer, Executed) and isinstance(answer.diagnostics, ErrorDetails):
                answer.diagnostics = structs.replace(answer.diagnostics, code=cut.code)
        return answer

    def _request_context(
        self, request: Request, locale: str, held: Holding, seq: int | None
    ) -> RequestContext:
        reporter = _Reporter(self, request, seq)
        return RequestContext(
            self._workspace,
            locale,
            reporter.output,
            reporter.progress,
            reporter.work_progress,
            self._context.settings.bounds.message_bytes,
            self._info,
            held.add,
            self._fork,
            self._context.views,
            self.identity.account or network_of(self.identity.address),
            self.identity.account,
        )

    async def _fork(self) -> SessionForked:
        assert self._keeper is not None
        return await self._keeper.fork(self)

    # Immediate requests ---------------------------------------------------------------------------

    async def _answer_immediate(self, request: Request) -> None:
        if isinstance(request, Cancel):
            await self._cancel(request)
            return
        if isinstance(request, Attach):
            await self._attach(request)
            return
        epoch = self._epoch
        held = Holding(self._account, _memory_of(request))
        try:
            if isinstance(request, Auth | Detach | Sessions):
                answer = self._own_answer(request)
                await self._send_short(messages.with_id(answer, request.id), epoch)
                held.release()
                if isinstance(request, Detach) and self._draining:
                    self._client.close(CLOSE_ENDED, "the session was ended")
            else:
                await self._send(await self._answer(request, held), held, epoch)
        except BaseException:
            held.release()
            raise
        finally:
            self._immediate_done()

    def _own_answer(self, request: Auth | Detach | Sessions) -> Answer:
        if isinstance(request, Auth):
            return _granted(self._locale(request))
        if self._keeper is None:
            return request.answer.failed(texts.NOT_ATTACHED.render(self._locale(request)))
        if isinstance(request, Detach):
            return self._keeper.detach(self, request)
        return self._keeper.sessions(self)

    async def _attach(self, request: Attach) -> None:
        """Be kept; or have the connection handed over to a session that was. Messages that come
        before that is settled are for whichever session has the connection then."""
        client, self._attaching = self._client, []
        result: Answer | Session = request.answer.failed(
            texts.UNKNOWN_SESSION.render(self._locale(request))
        )
        waits = False
        try:
            if self._keeper is not None:
                attaching = self._keeper.attach(self, request)
                waits = not attaching.called
                if waits:
                    client.pause_reading()
                result = await attaching
        finally:
            came, self._attaching = self._attaching, None
            heir = result if isinstance(result, Session) else self
            if waits and not heir.is_paused:
                client.resume_reading()
            self._immediate_done()
        if isinstance(result, Answer):
            await self._send_short(messages.with_id(result, request.id), self._epoch)
        for data, is_text in came:
            heir.receive(data, is_text=is_text)

    async def _cancel(self, request: Cancel) -> None:
        """End the running request. It is answered first, then the cancel, then the next request."""
        if self._running is not None and _is_meant(request, self._running):
            done = Done(message=texts.CANCEL_DONE.render(self._locale(request)))
            epoch = self._epoch
            self._when_answered.append(lambda: self._start(self._send_cancel(request, done, epoch)))
            self._stop_running()
        elif self._cancel_aside(request) or self._marks_waiting(request):
            done = Done(message=texts.CANCEL_DONE.render(self._locale(request)))
            await self._send_cancel(request, done, self._epoch)
        else:
            text = texts.NOTHING_TO_CANCEL.render(self._locale(request))
            await self._send_cancel(request, Done.failed(text), self._epoch)

    async def _send_cancel(self, request: Cancel, answer: Answer, epoch: int) -> None:
        try:
            await self._send_short(messages.with_id(answer, request.id), epoch)
        finally:
            self._immediate_done()

    def _immediate_done(self) -> None:
        self._immediate -= 1
        self._resume_if_room()

    def _marks_waiting(self, request: Cancel) -> bool:
        """Mark the waiting request with that id as cancelled; False if none waits."""
        if not request.request:
            return False
        for waiting in self._queue:
            if isinstance(waiting.request, Request) and _is_meant(request, waiting.request):
                self._cancelled_ids.add(bytes(request.request))
                return True
        return False

    def _stop_running(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif self._workspace.opened is not None:
            self._workspace.opened.cancel()

    # Sending --------------------------------------------------------------------------------------

    async def _send(self, answer: Answer, held: Holding, epoch: int) -> None:
        """Send an answer, once the client has read what was sent before. ``held`` is released
        when it is sent. If the session has another connection by then than in ``epoch``, the
        answer is not for that one."""
        size = long_answer.memory_of(answer)
        if max(size, held.size) < long_answer.LONG:
            await self._send_short(answer, epoch)
            held.release()
            return
        held.add(size)
        await self._until_read()
        if epoch != self._epoch:
            held.release()
            return
        pieces = long_answer.LongAnswer(answer).pieces()
        self._client.send_long(pieces, lambda: self._sent(held))

    async def _send_short(self, answer: Answer, epoch: int) -> None:
        await self._until_read()
        if epoch == self._epoch:
            self._client.send(messages.encode(answer))

    def send_output(self, message: bytes, seq: int | None, epoch: int) -> None:
        """Send what comes before an answer, unless the request is of a connection before."""
        if seq is not None or epoch == self._epoch:
            self._client.send(message)

    @property
    def epoch(self) -> int:
        """Changes with the connection."""
        return self._epoch

    def _sent(self, held: Holding) -> None:
        held.release()
        self._resume_if_room()

    async def _until_read(self) -> None:
        """Wait until the client has read what was sent before; answers keep their order."""
        while self._output_paused and not self._closing:
            await self._waiting_to_write.wait()

    def _tell_answered(self) -> None:
        waiting, self._when_answered = self._when_answered, []
        for tell in waiting:
            tell()

    def _finished(self) -> Deferred[None]:
        """Fires when the running request has been answered."""
        if not self._working:
            return succeed(None)
        finished: Deferred[None] = Deferred()
        self._when_answered.append(lambda: finished.callback(None))
        return finished

    def _pause_if_full(self) -> None:
        if not self._paused and not self._has_room():
            self._paused = True
            self._client.pause_reading()

    def _resume_if_room(self) -> None:
        if self._paused and self._has_room():
            self._paused = False
            self._client.resume_reading()

    def _has_room(self) -> bool:
        """Whether more may wait, by number and by memory."""
        count = len(self._queue) + self._immediate
        return count <= self._context.settings.bounds.queue and not (
            self._account.is_full or self._client.account.is_full
        )

    # The rest ------------------------------------------------------------------------------------

    def _start(self, work: Any) -> None:
        """Run a coroutine that nobody waits for; an exception in it ends the session (1011)."""
        Deferred.fromCoroutine(work).addErrback(self._session_failed)

    def _session_failed(self, failure: Any) -> None:
        self._context.metrics.faults += 1
        self.log.failure(
            "Session {session} failed",
            failure,
            session=self.identity.number,
            client=self.identity.address,
        )
        self._closing = True
        self._client.close(CLOSE_FAULT, "internal error")

    def _fault(self, request: Request, locale: str) -> str:
        """Log an exception under a number. The client is told the number only, as a traceback may
        hold what it must not see."""
        number = f"{self.identity.number}-{int(self._context.clock.seconds() * 1000) % 10**9}"
        self._context.metrics.faults += 1
        self.log.failure(
            "Internal error {number} in a request of type {type}",
            number=number,
            type=_type_of(request),
            session=self.identity.number,
            client=self.identity.address,
        )
        return texts.INTERNAL.render(locale, number=number)

    def _locale(self, request: Request) -> str:
        return request.locale or self.identity.locale

    def _log_answered(self, request: Request, answer: Answer, started: float) -> None:
        """Log a request, and for the audit log what it was about."""
        identity = self.identity
        seconds = round(self._context.clock.seconds() - started, 4)
        if self._context.settings.log_format == "json":
            self.log.info(
                "{type} answered",
                type=_type_of(request),
                session=identity.number,
                request=bytes(request.id).decode() if request.id else None,
                success=answer.success,
                seconds=seconds,
                client=identity.address,
            )
        if isinstance(self._context.audit, NoAudit):
            return
        about: dict[str, object] = {}
        if isinstance(request, Execute):
            about["code_sha256"] = hash_of(request.code)
        for name in ("share_name", "path", "file_path", "filename", "ip", "login"):
            if hasattr(request, name):
                about[name] = getattr(request, name)
        self._context.audit.record(
            _type_of(request),
            session=identity.number,
            address=identity.address,
            account=identity.account,
            success=answer.success,
            seconds=seconds,
            **about,
        )

    def _info(self) -> dict[str, Any]:
        """What ``info`` says: docs/protocol.md, "info"."""
        limits, bounds = self._context.settings.limits, self._context.settings.bounds
        pairing = self._context.pairing
        return {
            "version": __version__,
            "session": self.identity.number,
            "locale": self.identity.locale,
            "busy": self._working,
            "pairing_code": None if pairing is None else str(pairing),
            "limits": {
                "message_mib": bounds.message_bytes / MIB,
                "request_mib": bounds.request_bytes / MIB,
                "output_mib": limits.output_bytes / MIB,
                "source_kib": limits.source_bytes / 1024,
                "run_seconds": limits.run_seconds,
                "cpu_seconds": limits.cpu_seconds,
                "memory_mib": limits.memory_bytes / MIB,
                "recursion": limits.recursion,
                "steps": limits.max_steps,
                "queue": bounds.queue,
                "shares": bounds.shares,
                "upload_mib": bounds.upload_bytes / MIB,
                "upload_files": bounds.upload_files,
                "idle_seconds": bounds.idle_seconds,
            },
        }


class _Reporter:
    """Sends messages of a running request ahead of its answer, with the request's id."""

    def __init__(self, session: Session, request: Request, seq: int | None) -> None:
        self._session = session
        self._id = request.id
        self._seq = seq
        self._epoch = session.epoch
        self._count = 0

    def output(self, text: str) -> None:
        """A piece of output."""
        self._count += 1
        kept = self._session.attachment
        if kept is None or self._seq is None:
            message = messages.encode(messages.Output(text=text, seq=self._count, id=self._id))
        else:
            size = len(text.encode("utf-8", "surrogatepass"))
            message = kept.output.add(self._seq, size, lambda end: self._numbered(text, end))
        self._session.send_output(message, self._seq, self._epoch)

    def _numbered(self, text: str, position: int) -> bytes:
        return messages.encode(
            messages.Output(text=text, seq=self._count, position=position, id=self._id)
        )

    def work_progress(self, work: WorkProgress) -> None:
        """Progress of work on a large table: bytes of a file, or per cent of a step."""
        name, done, total = work.name, work.done, work.total
        message = messages.Progress(path=name, done=done, total=total or 100, id=self._id)
        self._send(message if total else structs.replace(message, unit="percent"))

    def progress(self, path: str, done: int, total: int | None) -> None:
        """Progress of a read, in bytes."""
        self._send(messages.Progress(path=path, done=done, total=total, id=self._id))

    def _send(self, message: messages.Progress) -> None:
        self._session.send_output(messages.encode(message), self._seq, self._epoch)


def _memory_of(request: Request | BadRequest) -> int:
    """About how many bytes of memory a request takes while it waits."""
    if isinstance(request, BadRequest):
        return 0
    if isinstance(request, Execute | Check | Complete):
        return sys.getsizeof(request.code)
    if isinstance(request, LargeUpload | LargeRestoreState):
        return request.written.nbytes
    size = 0
    for name in request.__struct_fields__:
        value = getattr(request, name)
        if isinstance(value, str):
            size += sys.getsizeof(value)
        elif isinstance(value, Raw):
            size += len(bytes(value))
    return size


def _read(data: bytes, is_text: bool, limit: int) -> Request | BadRequest:
    try:
        if not is_text:
            return BadRequest(texts.NOT_TEXT, Executed)
        return parse(data, limit)
    except BadRequest as bad:
        # Its traceback and context have the message in their frames: it waits without them.
        bad.__context__ = None
        return bad.with_traceback(None)


def _numbered(
    request: Request | BadRequest, data: bytes, limit: int
) -> tuple[Request | BadRequest, RequestNumbers]:
    """A request with its numbers; one whose numbers make no sense is a bad one without any."""
    try:
        return request, read_numbers(data, limit)
    except WrongNumber as wrong:
        bad = BadRequest(wrong.message, _shape(request))
        bad.id, bad.locale = request.id, request.locale
        return bad, RequestNumbers()


def _id_of(request: Request | BadRequest) -> bytes:
    return bytes(request.id) if request.id else b""


def _shape(request: Request | BadRequest) -> type[Answer]:
    return request.shape if isinstance(request, BadRequest) else request.answer


def _digest(request: Request | BadRequest) -> bytes:
    """What tells a request from others; of one that makes no sense it is what is wrong with it."""
    return digest(request) if isinstance(request, Request) else request.message.code.encode()


def _type_of(request: Request) -> str:
    return str(type(request).__struct_config__.tag)


def _is_at_once(request: Request) -> bool:
    """Whether a request is answered out of its turn."""
    return request.immediate or request.runs_aside()


def _is_meant(cancel: Cancel, request: Request) -> bool:
    """Whether a cancel is for this request; without an id it is for whichever runs."""
    return not cancel.request or (bool(request.id) and bytes(cancel.request) == bytes(request.id))


def _granted(locale: str) -> Done:
    return Done(message=texts.ACCESS_GRANTED.render(locale))
