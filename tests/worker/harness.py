"""Workers on the real reactor, started and ended around a test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from datacode.runtime.file_operations import FileOperation
from datacode.runtime.files import Entry
from datacode.server.checkpoints.storage import CheckpointStorage
from datacode.server.checkpoints.storage_quota import StorageLimits, StorageQuota
from datacode.server.files.file_threads import FileThreads
from datacode.worker.limits import Limits
from datacode.worker.pool import PoolSettings, RemoteInterpreter, StateStore, WorkerPool

LIGHT = "tests.worker.light:serve"
TAKEN_OVER = "tests.worker.takeover:serve"
STOPPING = "tests.worker.stopping:serve"
WITH_POLARS = "tests.worker.taken_over_with_polars:serve"


class NoFiles:
    """A broker of a session that has no files at all."""

    async def do(self, operation: FileOperation[Any]) -> Any:
        return await operation.on(self)

    async def open(self, path: str) -> int:
        raise FileNotFoundError(2, "No such file", path)

    async def list_folder(self, path: str) -> list[Entry]:
        raise FileNotFoundError(2, "No such folder", path)

    async def match(self, pattern: str) -> list[str]:
        return []

    async def kind(self, path: str) -> str | None:
        return None

    async def stat(self, path: str) -> Entry:
        raise FileNotFoundError(2, "No such file", path)

    async def write(self, path: str, content: bytes) -> None:
        raise PermissionError(13, "Not allowed", path)

    async def copy(self, source: str, target: str) -> None:
        raise PermissionError(13, "Not allowed", target)

    async def make_folder(self, path: str) -> None:
        raise PermissionError(13, "Not allowed", path)

    async def delete(self, path: str) -> None:
        raise PermissionError(13, "Not allowed", path)

    async def working_folder(self) -> str:
        return "/work/folder"

    def give_up(self) -> None:
        pass


def pause(seconds: float) -> Deferred[None]:
    """Let the reactor run for so long."""
    return deferLater(reactor, seconds, lambda: None)


async def until(holds: Callable[[], bool], within: float = 60.0) -> bool:
    """Wait until something holds; did it in time?"""
    left = within
    while not holds():
        if left <= 0:
            return False
        await pause(0.005)
        left -= 0.005
    return True


def lives(process: int) -> bool:
    """Is there a process of that number that has not ended?"""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


class WorkersTestCase(TestCase):
    """Has ``self.workers``, once ``started``; everything ends with the test."""

    timeout = 300
    settings = PoolSettings(spare=0, entry=LIGHT)
    limits = Limits(run_seconds=20)

    async def started(self, settings: PoolSettings | None = None) -> WorkerPool:
        """Workers that are ready."""
        self.workers = WorkerPool(reactor, settings or self.settings)
        self.addCleanup(self.workers.stop)
        await self.workers.start()
        return self.workers

    def opened(
        self, broker: object = None, limits: Limits | None = None, store: StateStore | None = None
    ) -> RemoteInterpreter:
        """An interpreter of a new session."""
        return self.workers.open(broker or NoFiles(), limits or self.limits, store)  # type: ignore[arg-type]

    def storage(self, limits: StorageLimits = StorageLimits(), spare: int = 0) -> CheckpointStorage:  # noqa: B008
        """Where states of sessions are kept, as the server does it: in a folder of the test's."""
        threads = FileThreads(reactor)  # type: ignore[arg-type]
        threads.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(threads.stop()))
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        return CheckpointStorage(
            threads, StorageQuota(limits), StorageQuota(limits), lambda: self.folder, spare
        )


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))
