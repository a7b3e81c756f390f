"""The server's workers: ``WorkerPool`` starts and ends them all, and makes each session its own.

``WorkerPool`` is one for a server; it owns the zygote, from which workers are forked.
``RemoteInterpreter`` is one for a session. This module has every name that the server needs of
this package.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from datacode.i18n.catalog import mark, translate
from datacode.i18n.message import Message, MessageError
from datacode.worker.engines import Engines
from datacode.worker.file_server import Broker
from datacode.worker.kept_state import StateStore
from datacode.worker.limits import Limits
from datacode.worker.remote_interpreter import Completed, RemoteInterpreter, WorkerUnavailable
from datacode.worker.sandbox import syscalls
from datacode.worker.settings import PoolSettings
from datacode.worker.wire import (
    CodeProblem,
    FindRows,
    FindStatistics,
    FindValues,
    FoundRows,
    RowsWanted,
    SandboxReport,
    Suggestion,
    TableShown,
)
from datacode.worker.wire import Error as WireError
from datacode.worker.worker_process import WorkerProcess
from datacode.worker.zygote_client import NoZygote, ZygoteClient

__all__ = [
    "Broker",
    "CodeProblem",
    "Completed",
    "FindRows",
    "FindStatistics",
    "FindValues",
    "FoundRows",
    "Limits",
    "PoolSettings",
    "RemoteInterpreter",
    "RowsWanted",
    "SandboxError",
    "SandboxReport",
    "StateStore",
    "Suggestion",
    "TableShown",
    "WireError",
    "WorkerPool",
    "WorkerUnavailable",
    "described",
]

_NO_LIMITS = Limits()
_DEFAULT = PoolSettings()


class SandboxError(MessageError):
    """The kernel offers none of the walls; the server must not start."""


class WorkerPool:
    """Every worker of a server, and the zygote that they come from."""

    _log = Logger()

    def __init__(self, reactor: Any, settings: PoolSettings = _DEFAULT) -> None:
        self._reactor = reactor
        self._settings = settings
        self._zygote = ZygoteClient(
            reactor,
            walls=settings.sandbox,
            entry=settings.entry,
            environment=settings.environment(),
            known=lambda: {c.process for c in self._workers if c.process is not None},
        )
        self._engines = Engines(reactor, settings.engines)
        self._workers: set[WorkerProcess] = set()
        self._spare: list[tuple[Limits, WorkerProcess]] = []
        self._report: SandboxReport | None = None
        self._stopping = False
        self._was_subreaper = False

    def start(self, limits: Limits | None = None) -> Deferred[SandboxReport]:
        """Start the zygote; fires when workers can be made, with the walls they stand behind.

        With ``limits`` a spare worker for sessions of these limits is made at once. Fails with
        ``SandboxError`` where neither Landlock nor namespaces nor seccomp work and the settings
        do not say that this is all right. To be called after daemonising.
        """
        return Deferred.fromCoroutine(self._start(limits))

    async def _start(self, limits: Limits | None) -> SandboxReport:
        # Workers are forked twice, and become this process's children when the one between ends.
        self._was_subreaper = syscalls.child_subreaper()
        syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)
        try:
            report = await self._zygote.start()
        except NoZygote as error:
            raise WorkerUnavailable(str(error)) from None
        if self._settings.sandbox and not (report.landlock or report.namespaces or report.seccomp):
            await self.stop()
            raise SandboxError(
                Message(
                    "no_walls_at_all",
                    "this kernel offers no Landlock, no namespaces and no seccomp to shut programs "
                    "in with; --sandbox=off runs them without walls",
                )
            )
        self._report = report
        self._log.info("workers stand behind {walls}", walls=described(report))
        if limits is not None:
            self._refill(limits)
        return report

    def stop(self) -> Deferred[None]:
        """End every worker and the zygote; fires when the last process is gone."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._stopping = True
        for worker in list(self._workers):
            worker.kill()
        zygote_gone = self._zygote.stop()
        await DeferredList([worker.gone() for worker in list(self._workers)])
        await zygote_gone
        await self._engines.stop()
        syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, int(self._was_subreaper))

    @property
    def report(self) -> SandboxReport:
        """The walls around every worker. RuntimeError before ``start`` has fired."""
        if self._report is None:
            raise RuntimeError("the workers have not been started")
        return self._report

    @property
    def zygote_process(self) -> int | None:
        """The number of the zygote's process; None while there is none."""
        return self._zygote.process

    @property
    def processes(self) -> int:
        """How many worker processes there are, the spare ones too."""
        return len(self._workers)

    def open(
        self, broker: Broker, limits: Limits = _NO_LIMITS, store: StateStore | None = None
    ) -> RemoteInterpreter:
        """An interpreter for a new session. Its process is made, or taken, at the first run.

        What it computes outlives that process where ``store`` keeps it.
        """
        return RemoteInterpreter(
            self._reactor, self._worker, broker, limits, self._settings, self._engines, store
        )

    def _worker(self, limits: Limits) -> WorkerProcess:
        """A worker of a session's own. Raises ``WorkerUnavailable`` once stopped."""
        if self._stopping:
            raise WorkerUnavailable("the workers have been stopped")
        while self._spare:
            made_for, worker = self._spare.pop()
            if made_for == limits and worker.alive:
                break
            worker.kill()
        else:
            worker = self._made(limits)
        if self._settings.spare:
            self._reactor.callLater(0, self._refill, limits)
        return worker

    def _refill(self, limits: Limits) -> None:
        while not self._stopping and len(self._spare) < self._settings.spare:
            try:
                self._spare.append((limits, self._made(limits)))
            except OSError as error:
                self._log.error("no spare worker: {why}", why=error.strerror)
                return

    def _made(self, limits: Limits) -> WorkerProcess:
        worker = WorkerProcess(self._reactor, self._zygote, limits.memory_bytes, limits.recursion)
        self._workers.add(worker)
        worker.gone().addCallback(lambda _: self._forget(worker))
        return worker

    def _forget(self, worker: WorkerProcess) -> None:
        self._workers.discard(worker)
        self._spare = [(limits, spare) for limits, spare in self._spare if spare is not worker]


_STAND_WITHOUT = Message("walls_without", "{standing}; missing: {missing}")


def described(report: SandboxReport, locale: str = "en") -> str:
    """A sandbox report as a line for a log or for the operator."""

    def said(text: str) -> str:
        return translate(text, locale)

    walls = [
        f"Landlock {report.landlock}" if report.landlock else "",
        f"{said(mark('namespaces'))} {'+'.join(report.namespaces)}" if report.namespaces else "",
        "seccomp" if report.seccomp else "",
        said(mark("an empty root")) if report.empty_root else "",
        said(mark("users of their own")) if report.user else "",
    ]
    standing = ", ".join(wall for wall in walls if wall) or said(mark("no walls"))
    if not report.missing:
        return standing
    missing = ", ".join(map(said, report.missing))
    return _STAND_WITHOUT.filled(standing=standing, missing=missing).render(locale)
