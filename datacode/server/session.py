"""One client's conversation: requests in, answers out, in order.

A session knows nothing of sockets: its connection gives it messages (``receive``), tells it
when the client reads too slowly (``slow``, ``ready``) and when it is gone (``end``). Requests
wait in a queue and are answered one by one; control requests (cancel, inspect, complete, check,
info) are answered at once. When too many wait, the connection is asked to stop reading.

Source: server reference, 4.3, 4.4, 5.6.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from datacode import __version__
from datacode.i18n.message import MessageError
from datacode.server.api import messages, texts
from datacode.server.api.messages import Answer, Auth, Cancel, Done, Execute, Executed, Request
from datacode.server.api.parse import BadRequest, parse
from datacode.server.handlers import HANDLERS, Call
from datacode.server.ops.audit import Audit, NoAudit, hash_of
from datacode.server.ops.metrics import Metrics
from datacode.server.options.settings import MIB, Settings
from datacode.server.workspace import Workspace
from datacode.worker.pool import WorkerUnavailable

CLOSE_GOING_AWAY = 1001
CLOSE_FAULT = 1011
CLOSE_UNAUTHORIZED = 4401
CLOSE_IDLE = 4408


class Client(Protocol):
    """The connection, as its session sees it."""

    def send(self, message: bytes) -> None:
        """Send a text message; nothing happens where the client is gone."""

    def pause_reading(self) -> None:
        """Hand over no more messages until they are wanted again."""

    def resume_reading(self) -> None:
        """Take messages again."""

    def close(self, code: int, reason: str) -> None:
        """End the conversation with a close frame."""

    def drop(self) -> None:
        """End the connection without one."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who the client is: ``account`` is None until (and unless) it has shown one."""

    number: int
    address: str
    locale: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What all sessions of a server share."""

    settings: Settings
    clock: IReactorTime
    metrics: Metrics
    audit: Audit | NoAudit


Proof = Callable[[Auth], "Deferred[str | None]"]
"""Checks what an ``auth`` request shows: fires with the account, fails with ``Refused``."""


class Refused(MessageError):
    """What a client showed is wrong."""


class Session:
    """One client's. ``proof`` is None where the client need not show (or has shown) anything."""

    log = Logger()

    def __init__(
        self,
        client: Client,
        workspace: Workspace,
        visitor: Visitor,
        house: House,
        proof: Proof | None = None,
    ) -> None:
        self.visitor = visitor
        self.last_active = house.clock.seconds()
        self._client = client
        self._workspace = workspace
        self._house = house
        self._proof = proof
        self._admitted = proof is None
        self._patience: IDelayedCall | None = None
        self._queue: deque[Request | BadRequest] = deque()
        self._at_once = 0
        self._paused = False
        self._working = False
        self._running: Request | None = None
        self._task: Deferred[Answer] | None = None
        self._when_answered: list[Callable[[], object]] = []
        self._cancelled_ids: set[bytes] = set()
        self._slow = False
        self._waiting_to_write: list[Deferred[None]] = []
        self._closing = False
        self._ended: Deferred[None] | None = None

    # What the connection tells ------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._working or self._at_once > 0

    def receive(self, data: bytes, *, is_text: bool) -> None:
        """A message has come."""
        self.last_active = self._house.clock.seconds()
        if self._closing:
            return
        request = _read(data, is_text, self._house.settings.bounds.request_bytes)
        if not self._admitted:
            self._knock(request)
            return
        if isinstance(request, Request) and request.immediate:
            self._at_once += 1
            self._start(self._answer_at_once(request))
        else:
            self._queue.append(request)
            self._go_on()
        self._pause_if_full()

    def slow(self) -> None:
        """The client does not read what it is sent: make its program wait."""
        self._slow = True
        if self._workspace.opened is not None:
            self._workspace.opened.pause()

    def ready(self) -> None:
        """The client has read."""
        self._slow = False
        if self._workspace.opened is not None:
            self._workspace.opened.resume()
        waiting, self._waiting_to_write = self._waiting_to_write, []
        for deferred in waiting:
            deferred.callback(None)

    def drain(self, grace: float) -> Deferred[None]:
        """Answer what is running, nothing that waits, then close: the server stops.

        After ``grace`` seconds what still runs is cancelled.
        """
        self._closing = True
        self._queue.clear()
        finished = self._finished()
        patience = self._house.clock.callLater(grace, self._stop_running)

        def close(_: object) -> None:
            if patience.active():
                patience.cancel()
            self.close_stopping()

        finished.addCallback(close)
        return finished

    def close_stopping(self) -> None:
        """The server stops, and can wait no longer."""
        self._closing = True
        self._client.close(CLOSE_GOING_AWAY, "the server is stopping")

    def drop(self) -> None:
        """The client does not answer the close frame: cut it off."""
        self._client.drop()

    def close_idle(self) -> None:
        """Nothing was asked for too long."""
        self._closing = True
        self._client.close(CLOSE_IDLE, "idle for too long")

    def end(self) -> Deferred[None]:
        """The connection is gone: end whatever runs, and let go of everything."""
        if self._ended is None:
            self._wait_no_longer()
            self._closing = True
            self._queue.clear()
            self.ready()
            self._ended = Deferred.fromCoroutine(self._end())
        return self._ended

    async def _end(self) -> None:
        # A program is ended by its interpreter, which is closed with the workspace.
        if self._task is not None:
            self._task.cancel()
        await self._workspace.close()

    # Before the client is admitted ----------------------------------------------------------

    def wait_for_auth(self, seconds: float) -> None:
        """Turn the client away where it has shown nothing by then."""
        self._patience = self._house.clock.callLater(seconds, self._overdue)

    def _overdue(self) -> None:
        if not self._closing:
            self._turn_away()

    def _wait_no_longer(self) -> None:
        if self._patience is not None and self._patience.active():
            self._patience.cancel()

    def _knock(self, request: Request | BadRequest) -> None:
        """The first message must be ``auth``; what follows waits until it has been judged."""
        if self._at_once:
            self._queue.append(request)
            self._pause_if_full()
        elif isinstance(request, Auth):
            self._at_once += 1
            self._start(self._judge(request))
        else:
            self._turn_away()

    async def _judge(self, request: Auth) -> None:
        assert self._proof is not None
        locale = self._locale(request)
        try:
            account = await self._proof(request)
        except Refused as refused:
            answer = Done.failed(refused.render(locale))
            await self._send(messages.with_id(answer, request.id))
            self._turn_away()
            return
        finally:
            self._at_once -= 1
        if self._closing:
            return
        self._admitted = True
        self._wait_no_longer()
        self.visitor = Visitor(
            self.visitor.number, self.visitor.address, self.visitor.locale, account
        )
        await self._send(messages.with_id(_granted(locale), request.id))
        waiting, self._queue = self._queue, deque()
        for each in waiting:
            if isinstance(each, Request) and each.immediate:
                self._at_once += 1
                self._start(self._answer_at_once(each))
            else:
                self._queue.append(each)
        self._go_on()

    def _turn_away(self) -> None:
        self._wait_no_longer()
        self._closing = True
        self._queue.clear()
        self._house.metrics.turned_away(CLOSE_UNAUTHORIZED)
        self._client.close(CLOSE_UNAUTHORIZED, "a valid token is required")

    # Requests in their turn -------------------------------------------------------------------

    def _go_on(self) -> None:
        if not self._working and self._queue:
            self._working = True
            self._start(self._work())

    async def _work(self) -> None:
        """Answer what waits, one by one."""
        try:
            while self._queue:
                request = self._queue.popleft()
                self._resume_if_room()
                await self._send(await self._answer(request))
                self._tell_answered()
        finally:
            self._working = False
            self._tell_answered()

    async def _answer(self, request: Request | BadRequest) -> Answer:
        started = self._house.clock.seconds()
        if isinstance(request, BadRequest):
            locale = request.locale or self.visitor.locale
            answer = request.shape.failed(request.render(locale))
            kind = "invalid"
        else:
            kind = _type_of(request)
            answer = await self._handle(request)
            self._note(request, answer, started)
        self._house.metrics.answered(kind, answer.success, self._house.clock.seconds() - started)
        return messages.with_id(answer, request.id)

    async def _handle(self, request: Request) -> Answer:
        """The answer to a request, whatever happens meanwhile."""
        locale = self._locale(request)
        if request.id and bytes(request.id) in self._cancelled_ids:
            self._cancelled_ids.discard(bytes(request.id))
            return request.answer.failed(texts.CANCELLED.render(locale))
        handling = HANDLERS[type(request)](request, self._call(request, locale))
        try:
            if request.immediate:
                return await handling
            self._running = request
            if isinstance(request, Execute):
                # Its interpreter ends it, and so keeps its variables: there is no task to cancel.
                return await handling
            self._task = Deferred.fromCoroutine(handling)
            return await self._task
        except CancelledError:
            return request.answer.failed(texts.CANCELLED.render(locale))
        except WorkerUnavailable:
            return request.answer.failed(texts.NO_INTERPRETER.render(locale))
        except Exception:  # noqa: BLE001 - a fault of ours, whatever it is, ends one request only
            return request.answer.failed(self._fault(request, locale))
        finally:
            if not request.immediate:
                self._running = self._task = None

    def _call(self, request: Request, locale: str) -> Call:
        reporter = _Reporter(self._client, request)
        return Call(
            self._workspace,
            locale,
            reporter.output,
            reporter.progress,
            self._house.settings.bounds.message_bytes,
            self._about,
        )

    # Requests at once ----------------------------------------------------------------------------

    async def _answer_at_once(self, request: Request) -> None:
        if isinstance(request, Cancel):
            await self._cancel(request)
            return
        try:
            if isinstance(request, Auth):
                answer: Answer = _granted(self._locale(request))
                await self._send(messages.with_id(answer, request.id))
            else:
                await self._send(await self._answer(request))
        finally:
            self._done_at_once()

    async def _cancel(self, request: Cancel) -> None:
        """End what runs; answered behind what it ends, and before what comes next."""
        if self._running is not None and _is_meant(request, self._running):
            done = Done(message=texts.CANCEL_DONE.render(self._locale(request)))
            self._when_answered.append(lambda: self._start(self._send_cancel(request, done)))
            self._stop_running()
        elif self._marks_waiting(request):
            done = Done(message=texts.CANCEL_DONE.render(self._locale(request)))
            await self._send_cancel(request, done)
        else:
            text = texts.NOTHING_TO_CANCEL.render(self._locale(request))
            await self._send_cancel(request, Done.failed(text))

    async def _send_cancel(self, request: Cancel, answer: Answer) -> None:
        try:
            await self._send(messages.with_id(answer, request.id))
        finally:
            self._done_at_once()

    def _done_at_once(self) -> None:
        self._at_once -= 1
        self._resume_if_room()

    def _marks_waiting(self, request: Cancel) -> bool:
        """Mark the waiting request that it means, if there is one."""
        if not request.request:
            return False
        for waiting in self._queue:
            if isinstance(waiting, Request) and _is_meant(request, waiting):
                self._cancelled_ids.add(bytes(request.request))
                return True
        return False

    def _stop_running(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif self._workspace.opened is not None:
            self._workspace.opened.cancel()

    # Sending --------------------------------------------------------------------------------------

    async def _send(self, answer: Answer) -> None:
        """Send an answer, once the client has read what was sent before."""
        if self._slow and not self._closing:
            room: Deferred[None] = Deferred()
            self._waiting_to_write.append(room)
            await room
        self._client.send(messages.encode(answer))

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
        if (
            not self._paused
            and len(self._queue) + self._at_once > self._house.settings.bounds.queue
        ):
            self._paused = True
            self._client.pause_reading()

    def _resume_if_room(self) -> None:
        if self._paused and len(self._queue) + self._at_once <= self._house.settings.bounds.queue:
            self._paused = False
            self._client.resume_reading()

    # The rest ------------------------------------------------------------------------------------

    def _start(self, work: Any) -> None:
        """Let something run on its own; a fault in it is ours, and ends the session."""
        Deferred.fromCoroutine(work).addErrback(self._broken)

    def _broken(self, failure: Any) -> None:
        self._house.metrics.faults += 1
        self.log.failure("Session {session} failed", failure, session=self.visitor.number)
        self._closing = True
        self._client.close(CLOSE_FAULT, "internal error")

    def _fault(self, request: Request, locale: str) -> str:
        """Log a fault under a number, and say the number: the log tells more than a client may."""
        number = f"{self.visitor.number}-{int(self._house.clock.seconds() * 1000) % 10**9}"
        self._house.metrics.faults += 1
        self.log.failure(
            "Internal error {number} in a request of type {type}",
            number=number,
            type=_type_of(request),
            session=self.visitor.number,
        )
        return texts.INTERNAL.render(locale, number=number)

    def _locale(self, request: Request) -> str:
        return request.locale or self.visitor.locale

    def _note(self, request: Request, answer: Answer, started: float) -> None:
        """Log a request, and for the audit log what it was about."""
        visitor = self.visitor
        seconds = round(self._house.clock.seconds() - started, 4)
        if self._house.settings.log_format == "json":
            self.log.info(
                "{type} answered",
                type=_type_of(request),
                session=visitor.number,
                request=bytes(request.id).decode() if request.id else None,
                success=answer.success,
                seconds=seconds,
            )
        if isinstance(self._house.audit, NoAudit):
            return
        about: dict[str, object] = {}
        if isinstance(request, Execute):
            about["code_sha256"] = hash_of(request.code)
        for name in ("share_name", "path", "file_path", "filename", "ip", "login"):
            if hasattr(request, name):
                about[name] = getattr(request, name)
        self._house.audit.record(
            _type_of(request),
            session=visitor.number,
            address=visitor.address,
            account=visitor.account,
            success=answer.success,
            seconds=seconds,
            **about,
        )

    def _about(self) -> dict[str, Any]:
        """What ``info`` says: docs/protocol.md, "info"."""
        limits, bounds = self._house.settings.limits, self._house.settings.bounds
        return {
            "version": __version__,
            "session": self.visitor.number,
            "locale": self.visitor.locale,
            "busy": self._working,
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
    """Sends what a running request says before its answer, with the request's id."""

    def __init__(self, client: Client, request: Request) -> None:
        self._client = client
        self._id = request.id
        self._count = 0

    def output(self, text: str) -> None:
        """A piece of output."""
        self._count += 1
        self._client.send(messages.encode(messages.Output(text=text, seq=self._count, id=self._id)))

    def progress(self, path: str, done: int, total: int | None) -> None:
        """How far a read is."""
        self._client.send(
            messages.encode(messages.Progress(path=path, done=done, total=total, id=self._id))
        )


def _read(data: bytes, is_text: bool, limit: int) -> Request | BadRequest:
    try:
        if not is_text:
            return BadRequest(texts.NOT_TEXT, Executed)
        return parse(data, limit)
    except BadRequest as bad:
        return bad


def _type_of(request: Request) -> str:
    return str(type(request).__struct_config__.tag)


def _is_meant(cancel: Cancel, request: Request) -> bool:
    """Whether a cancel means this request: any, where it names none."""
    return not cancel.request or (bool(request.id) and bytes(cancel.request) == bytes(request.id))


def _granted(locale: str) -> Done:
    return Done(message=texts.ACCESS_GRANTED.render(locale))
