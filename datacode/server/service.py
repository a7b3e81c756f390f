"""The server as a service: starts and stops everything that sessions need, and listens.

Order matters at both ends. Start: bind the ports (while still privileged), then threads, workers,
folders, and only then let handshakes through. Stop: no new clients; running programs have a
grace time; close frames; sessions let go of shares, workers and folders; then the rest.

Source: server reference, 3.3 and 3.4.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import structs
from twisted.application.service import Service
from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredList,
    DeferredLock,
    maybeDeferred,
)
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from datacode.i18n.catalog import mark, translate
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_reason
from datacode.server import banner
from datacode.server.admission import AdmissionControl
from datacode.server.api import schema
from datacode.server.api.messages import ReadDetails
from datacode.server.aside_turns import AsideTurns
from datacode.server.auth.accounts import AccountsFile
from datacode.server.auth.addresses import network_of
from datacode.server.auth.logins import AT_ONCE
from datacode.server.auth.pairing import PairingCode
from datacode.server.checkpoints.storage import CheckpointStorage
from datacode.server.checkpoints.storage_quota import StorageLimits, StorageQuota
from datacode.server.files.file_threads import FileThreads
from datacode.server.files.protected_files import ProtectedFiles
from datacode.server.files.sandboxed_files import AllowedFolders, SandboxedFiles
from datacode.server.files.server_folder import ServerFolder
from datacode.server.files.session_folders import SessionFolders
from datacode.server.kept_sessions import InUse, KeptSessions, StateFolder
from datacode.server.net.http import Site
from datacode.server.net.listen import DescribedEndpoint, listening
from datacode.server.net.websocket import ServerFactory
from datacode.server.ops.audit import Audit, NoAudit
from datacode.server.ops.descriptors import raise_limit
from datacode.server.ops.log_guard import LogGuard
from datacode.server.ops.metrics import Metrics
from datacode.server.ops.systemd import notify
from datacode.server.options.settings import Bounds, Settings
from datacode.server.session import ClientIdentity, ServerContext
from datacode.server.workspace import Workspace
from datacode.smb.policy import ConnectionPolicy, ShareLimits, SharePolicy
from datacode.smb.shares import SharePool
from datacode.worker.engines import EngineSettings
from datacode.worker.pool import PoolSettings, SandboxError, WorkerPool, WorkerUnavailable

_BACKLOG = 512
"""Connections that the kernel keeps until they are accepted: clients reconnect all at once."""
_SWEEP_SECONDS = 0.5
_IDLE_SWEEP_SECONDS = 5.0
_CLOSING_SECONDS = 1.5
"""For close frames, and again for letting go of everything: all of a stop takes five seconds."""
_STATE_SWEEP_SECONDS = 60.0
_SPARE = 1 << 30
"""Bytes of the disk that states of sessions leave free."""
_OF_FILE = Message("about_file", "{path}: {reason}")


class CannotStart(Exception):
    """The server cannot run; the text is a sentence for whoever started it."""


class DataCodeService(Service):
    """One server. ``give_up`` is called with a sentence when it cannot go on after it began."""

    name = "datacode"
    log = Logger(namespace="datacode.server")

    def __init__(self, settings: Settings, reactor: Any, give_up: Callable[[str], object]) -> None:
        self.settings = settings
        self._reactor = reactor
        self._give_up = give_up
        self._ports: list[IListeningPort] = []
        self._described: list[DescribedEndpoint] = []
        self._reading = DeferredLock()
        self._disk = FileThreads(reactor)
        self.in_thread = self._disk.session().run
        self._logins = ThreadPool(0, AT_ONCE, name="datacode-logins")
        for checker in settings.checkers:
            if isinstance(checker, AccountsFile):
                checker.in_thread = partial(deferToThreadPool, reactor, self._logins)
        self._folders = SessionFolders(
            _for_session_folders(settings),
            max_bytes=settings.bounds.upload_bytes,
            max_files=settings.bounds.upload_files,
            on_made=lambda path: reactor.callFromThread(self._folder_made, path),
        )
        self._files = SandboxedFiles(
            AllowedFolders.of(settings.start, settings.files),
            ProtectedFiles(
                (*settings.own_files, *filter(None, [settings.pairing_file])), settings.own_folders
            ),
        )
        self.workers = WorkerPool(
            reactor,
            PoolSettings(
                sandbox=settings.sandbox,
                suspend_seconds=settings.bounds.suspend_seconds,
                engines=settings.large_tables,
            ),
        )
        self._state_disk = FileThreads(reactor)
        self._state_folder = ServerFolder(settings.session_dir)
        self._checkpoints = CheckpointStorage(
            self._state_disk,
            StorageQuota(_of_states(settings.bounds)),
            StorageQuota(_of_large_tables(settings.large_tables)),
            self._checkpoint_root,
            spare=_SPARE,
        )
        self._kept_folder: StateFolder | None = None
        self._shares = SharePool(reactor, _share_policy(settings))
        self._turns = AsideTurns()
        self._audit: Audit | NoAudit = NoAudit()
        self.log_guard = LogGuard()
        self._descriptors = 0
        self._pairing: PairingCode | None = None
        self._ready = False
        self._sweeps: list[LoopingCall] = []
        self._started: Deferred[None] | None = None
        self.metrics = Metrics()
        self.admission: AdmissionControl | None = None
        self.factory: ServerFactory | None = None

    # Start ---------------------------------------------------------------------------

    def privilegedStartService(self) -> None:
        """Bind the ports. Raises ``CannotStart``."""
        for line in banner.before(self.settings):
            self.log.info("{line}", line=line)
        try:
            if self.settings.audit is not None:
                self._audit = Audit(self.settings.audit)
            self._build()
            self._listen()
        except (OSError, CannotListenError, ValueError) as error:
            reason = _reason(error)
            text = banner.CANNOT_START.render(self.settings.locale, reason=reason)
            raise CannotStart(text) from error

    def startService(self) -> None:
        """Start what sessions need; handshakes wait until that is done."""
        super().startService()  # type: ignore[no-untyped-call]
        if not self._ports:
            self.privilegedStartService()
        self._descriptors = raise_limit()
        self._disk.start()
        self._state_disk.start()
        self._logins.start()
        self._shares.start()
        for seconds, work in (
            (_SWEEP_SECONDS, self.factory.drop_gone),  # type: ignore[union-attr]
            (_IDLE_SWEEP_SECONDS, self.admission.close_idle),  # type: ignore[union-attr]
            (_IDLE_SWEEP_SECONDS, self.admission.registry.expire),  # type: ignore[union-attr]
            (_IDLE_SWEEP_SECONDS, self._audit.tell),
            (_IDLE_SWEEP_SECONDS, self.log_guard.tell),
        ):
            sweep = LoopingCall(self._swept, work)
            sweep.clock = self._reactor
            sweep.start(seconds, now=False)
            self._sweeps.append(sweep)
        self._started = Deferred.fromCoroutine(self._start()).addErrback(self._not_started)

    async def _start(self) -> None:
        try:
            if self.settings.use_ve:
                await self.in_thread(self._folders.open)
            if self.settings.keeps_sessions and self.settings.state is not None:
                await self._wake_sessions(self.settings.state)
            report = await self.workers.start()
        except (SandboxError, WorkerUnavailable, OSError) as error:
            reason = _reason(error)
            if isinstance(error, SandboxError):
                reason = error.render(self.settings.locale)
            self._give_up(banner.CANNOT_START.render(self.settings.locale, reason=reason))
            return
        if not self.running:
            return
        self._ready = True
        self.log.debug("sandbox: {report}", report=report)
        assert self.admission is not None
        self.admission.open()
        hosts = [port.getHost() for port in self._ports]
        code = None if self._pairing is None else str(self._pairing)
        for line in banner.after(
            self.settings.locale, [_place(host) for host in hosts], self._pages(), code
        ):
            self.log.info("{line}", line=line)
        for line in banner.warnings(
            self.settings,
            [str(getattr(host, "host", "localhost")) for host in hosts],
            report,
            self._descriptors,
        ):
            self.log.warn("{line}", line=line)
        notify("READY=1")

    def _checkpoint_root(self) -> Path:
        """In a thread: where sessions have their folders."""
        if self._kept_folder is not None:
            return self._kept_folder.path
        return self._state_folder.opened()

    async def _wake_sessions(self, state: Path) -> None:
        """Find the sessions of earlier starts. Raises ``OSError``."""
        folder = StateFolder(state)
        work = self._state_disk.session()
        try:
            await work.run(folder.open)
        except InUse:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(folder.path)) from None
        self._kept_folder = folder
        bounds = self.settings.bounds
        kept = KeptSessions(
            folder.path,
            self._checkpoints,
            work,
            keep_seconds=bounds.keep_seconds,
            most=bounds.detached,
        )
        assert self.admission is not None
        self.admission.registry.store = kept
        await kept.sweep()
        sweep = LoopingCall(lambda: Deferred.fromCoroutine(kept.sweep()).addErrback(self._unswept))
        sweep.clock = self._reactor
        sweep.start(_STATE_SWEEP_SECONDS, now=False)
        self._sweeps.append(sweep)

    def _unswept(self, failure: Failure) -> None:
        self.log.failure("Old sessions could not be looked at", failure)

    def _pages(self) -> list[str]:
        """Where a browser finds the page: the addresses of the TCP sockets."""
        pages = []
        for number, port in enumerate(self._ports):
            address: Any = port.getHost()
            if not hasattr(address, "port"):
                continue  # a socket in the file system
            described = number - (len(self._ports) - len(self._described))
            tls = described >= 0 and self._described[described].has_tls
            host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104
            pages.append(f"http{'s' if tls else ''}://{banner.shown(host)}:{address.port}/")
        return pages

    def _not_started(self, failure: Failure) -> None:
        """An unexpected exception: stop, as handshakes would wait for ever."""
        if not isinstance(failure.value, CancelledError):
            self.log.failure("The server could not start", failure)
            reason = failure.getErrorMessage()
            self._give_up(banner.CANNOT_START.render(self.settings.locale, reason=reason))

    def _swept(self, work: Callable[[], object]) -> None:
        """Run a periodic job. A failure is logged: a LoopingCall would stop at it, silently."""
        try:
            work()
        except Exception:  # noqa: BLE001 - as the docstring says
            self.log.failure("A periodic job failed")

    def _build(self) -> None:
        file = self.settings.pairing_file
        if self.settings.pairs:
            self._pairing = PairingCode() if file is None else PairingCode.kept(file)
        context = ServerContext(
            self.settings, self._reactor, self.metrics, self._audit, self._pairing
        )
        site = Site(
            self._readiness, self.metrics.text, schema.served, prefix=self.settings.path_prefix
        )
        self.admission = AdmissionControl(context, site, self._workspace)
        self.factory = ServerFactory(
            self.settings,
            self.admission,
            self._reactor,
            received=self.metrics.received,
            sent=self.metrics.sent,
        )

    def _listen(self) -> None:
        if self.settings.reuse_port:
            self._ports.append(_shared_port(self._reactor, self.settings, self.factory))
        elif not self.settings.listen:
            endpoint = _endpoint(self._reactor, self.settings.host, self.settings.port)
            self._ports.append(listening(endpoint.listen(self.factory)))
        for description in self.settings.listen:
            place = DescribedEndpoint(
                self._reactor, description, self.settings.bounds.handshake_seconds
            )
            self._ports.append(place.listen(self.factory))
            self._described.append(place)

    def reload(self) -> None:
        """Read certificates again, for new connections; the sockets stay as they are."""
        if self._described and self.running:
            # One after the other: what was read last is what is shown.
            self._reading.run(lambda: Deferred.fromCoroutine(self._reload())).addErrback(
                lambda failure: self.log.failure("Cannot read the certificates again", failure)
            )

    async def _reload(self) -> None:
        if not self.running:
            return
        try:
            # All of them first: where one is wrong, the old ones stay in use.
            found = await self.in_thread(lambda: [place.read() for place in self._described])
        except (OSError, ValueError) as error:
            found = _reason(error)
            reason = found.render("en") if isinstance(found, Message) else found
            self.log.warn("Cannot read the certificates again: {reason}", reason=reason)
            return
        for place, contexts in zip(self._described, found, strict=True):
            place.show(contexts)
        self.log.info("New connections get the certificates as they are now")

    # What sessions get ---------------------------------------------------------------

    def _folder_made(self, path: Path) -> None:
        text = translate(
            mark("📁 A folder for the session was made: {folder}"), self.settings.locale
        )
        self.log.info(text, folder=str(path))

    def _workspace(self, identity: ClientIdentity) -> Workspace:
        folder = self._folders.folder() if self.settings.use_ve else None

        def on_read(read: ReadDetails) -> None:
            self._audit.record(
                "read", session=identity.number, address=identity.address, **structs.asdict(read)
            )

        shares = self._shares.session(network_of(identity.address))
        workspace = Workspace(
            workers=self.workers,
            shares=shares,
            share_names=shares.share_names,
            files=self._files if folder is None else folder.files,
            folder=folder,
            work=self._disk.session(),
            limits=self.settings.limits,
            on_read=None if self.settings.audit is None else on_read,
            storage=partial(
                self._checkpoints.session, identity.account or network_of(identity.address)
            ),
            account_shares=self.settings.shares_of,
            turn=partial(self._turns.turn, identity.account or network_of(identity.address)),
        )
        workspace.belongs_to(identity.account)
        return workspace

    def _readiness(self) -> tuple[bool, dict[str, Any]]:
        assert self.admission is not None
        about: dict[str, Any] = {
            "sessions": len(self.admission.sessions),
            "detached": len(self.admission.registry.detached),
        }
        if self._ready:
            about["workers"] = self.workers.processes
            about["sandbox"] = self.workers.report
            about["weak"] = self.workers.report.is_weak
        return self._ready and not self.admission.stopping, about

    # Stop ----------------------------------------------------------------------------

    def stopService(self) -> Deferred[None]:
        """Let running programs finish, then end everything."""
        super().stopService()  # type: ignore[no-untyped-call]
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        notify("STOPPING=1")
        if self.admission is not None:
            self.admission.stopping = True
        await DeferredList([_stopped(port) for port in self._ports], consumeErrors=True)
        self._ports = []
        if self._started is not None:
            self._started.cancel()
            await DeferredList([self._started], consumeErrors=True)
        if self.admission is not None:
            await self._drain_sessions(self.admission)
        for sweep in self._sweeps:
            sweep.stop()
        ends = [Deferred.fromCoroutine(self._shares.stop()), self.workers.stop()]
        for succeeded, result in await DeferredList(ends, consumeErrors=True):
            if not succeeded:
                self.log.failure("Stopping", failure=result)
        if self.settings.use_ve:
            closing = self.in_thread(self._folders.close)
            await _at_most(closing, _CLOSING_SECONDS, self._reactor)
        folder = self._kept_folder or self._state_folder
        closing = self._state_disk.session().run(folder.close)
        await _at_most(closing, _CLOSING_SECONDS, self._reactor)
        await self._state_disk.stop()
        await self._disk.stop()
        if self._logins.started:
            self._logins.stop()
        self._audit.close()

    async def _drain_sessions(self, admission: AdmissionControl) -> None:
        """Send close frames to all, then wait until every session has released what it holds."""
        admission.registry.stopping()
        detached = admission.registry.detached
        sessions = [*admission.sessions.values(), *detached]
        grace = self.settings.bounds.drain_seconds
        farewells = DeferredList([session.drain(grace) for session in sessions])
        await _at_most(farewells, grace + 0.5, self._reactor)
        for session in admission.sessions.values():
            session.close_stopping()
        await _at_most(admission.emptied(), _CLOSING_SECONDS, self._reactor)
        for session in list(admission.sessions.values()):
            session.drop()
        left = [*admission.sessions.values(), *detached]
        endings = admission.endings + [session.end() for session in left]
        await _at_most(DeferredList(endings, consumeErrors=True), _CLOSING_SECONDS, self._reactor)


def _address(host: str, port: int) -> tuple[int, Any]:
    """Family and address of a name. Raises ``OSError`` for a name that nobody knows."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def _shared_port(reactor: Any, settings: Settings, factory: Any) -> IListeningPort:
    """A listening socket with SO_REUSEPORT: the kernel spreads connections over the servers.

    Raises ``OSError``.
    """
    family, address = _address(settings.host, settings.port)
    with socket.socket(family, socket.SOCK_STREAM) as shared:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(address)
        shared.listen(_BACKLOG)
        shared.setblocking(False)
        port: IListeningPort = reactor.adoptStreamPort(shared.fileno(), family, factory)
    return port


def _endpoint(reactor: Any, host: str, port: int) -> Any:
    """An endpoint for a name or address. Raises ``OSError`` for a name that nobody knows."""
    family, address = _address(host, port)
    kind = TCP6ServerEndpoint if family == socket.AF_INET6 else TCP4ServerEndpoint
    return kind(reactor, port, backlog=_BACKLOG, interface=str(address[0]))


def _stopped(port: IListeningPort) -> Deferred[Any]:
    return maybeDeferred(port.stopListening)


def _at_most(waiting: Deferred[Any], seconds: float, reactor: Any) -> Deferred[Any]:
    """Fires when ``waiting`` does, or after ``seconds``."""
    done: Deferred[Any] = Deferred()
    timer = reactor.callLater(seconds, done.callback, None)

    def finished(_: Any) -> None:
        if timer.active():
            timer.cancel()
            done.callback(None)

    waiting.addBoth(finished)
    return done


def _place(address: Any) -> str:
    """Host and port of a listening socket."""
    host = getattr(address, "host", None)
    if host is None:
        name = getattr(address, "name", None)  # of a socket in the file system; bytes
        return os.fsdecode(name) if name else str(address)
    return f"{banner.shown(host)}:{address.port}"


def _reason(error: Exception) -> str | Message:
    """The operating system's reason inside an error of Twisted's."""
    if isinstance(error, CannotListenError):
        inner = error.socketError
        return system_reason(inner) if isinstance(inner, OSError) else str(inner)
    if isinstance(error, OSError):
        reason = system_reason(error)
        return (
            reason
            if error.filename is None
            else _OF_FILE.filled(path=error.filename, reason=reason)
        )
    return str(error)


def _share_policy(settings: Settings) -> SharePolicy:
    return SharePolicy(
        connection=ConnectionPolicy(
            hosts=settings.smb_hosts,
            kerberos=settings.smb_kerberos,
            require_signing=settings.smb_require_signing,
        ),
        limits=ShareLimits(
            shares=settings.bounds.shares or 2**31, spool_size=settings.bounds.spooled or 2**63
        ),
        writes=settings.smb_write,
        spool_folder=None if settings.smb_spool is None else str(settings.smb_spool),
    )


def _of_states(bounds: Bounds) -> StorageLimits:
    """What the states of sessions may have of the disk."""
    return StorageLimits(
        bounds.state_bytes, bounds.state_bytes_per_address, bounds.state_bytes_in_all
    )


def _of_large_tables(settings: EngineSettings | None) -> StorageLimits:
    """What the states of sessions may have of large tables: as much as their engines."""
    if settings is None:
        return StorageLimits()  # no new ones come; what was kept may come back one day
    return StorageLimits(settings.quota, 0, settings.total)


def _for_session_folders(settings: Settings) -> Path | None:
    """Where folders of sessions go: where their files are kept, if that is anywhere."""
    if settings.session_dir is None and settings.keeps_sessions and settings.state is not None:
        return settings.state / "session-folders"
    return settings.session_dir
