"""The disk for large tables is shared out by what sessions take, not by what they might."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from datacode.engine.tables import Tables, TooMuch
from datacode.plans.settings import ALLOWANCE
from datacode.worker import engines
from datacode.worker.engines import Engines, EngineSettings, Refused, SessionTables

MIB = 1 << 20


class SharingTests(TestCase):
    """Folders of sessions, without their engines."""

    def setUp(self) -> None:
        """Look often."""
        self.patch(engines, "_SHARED_EVERY", 0.05)
        folder = tempfile.TemporaryDirectory(prefix="datacode-engines-")
        self.addCleanup(folder.cleanup)
        self.all = Engines(reactor, EngineSettings(Path(folder.name), 200 * MIB, 500 * MIB))
        self.addCleanup(self.all.stop)

    async def test_what_is_taken(self) -> None:
        """Sessions that take little leave the rest to others, up to a session's quota."""
        sessions = [self.all.open() for _ in range(5)]  # more than there would be quotas
        await self._until(lambda: [*map(_allowed, sessions)] == [100] * 5)
        _fill(sessions[0], 90 * MIB)
        _fill(sessions[1], 100 * MIB)
        await self._until(lambda: [*map(_allowed, sessions)] == [152, 162, 62, 62, 62])
        with self.assertRaises(Refused) as caught:
            self.all.open()
        assert caught.exception.message is not None
        self.assertEqual(caught.exception.message.code, "engines_full")
        for each in sessions[1:]:
            each.end()
        await self._until(lambda: _allowed(sessions[0]) == 200)
        self.assertEqual(_allowed(self.all.open()), 200)

    async def test_an_engine_heeds_it(self) -> None:
        """Files beyond what is allowed just now are too much, also below the quota."""
        session = self.all.open()
        tables = Tables(str(session.folder), 150 * MIB)
        self.assertLess(150 * MIB - tables.free(), MIB)
        (session.folder / ALLOWANCE).write_text(str(MIB))
        _fill(session, MIB)
        with self.assertRaises(TooMuch):
            tables.free()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not is_so():
            self.assertLess(time.monotonic(), end)
            paused: Deferred[None] = Deferred()
            timer: Any = reactor
            timer.callLater(0.02, paused.callback, None)
            await paused


def _allowed(session: SessionTables) -> int:
    """MiB that its engine is told."""
    return round(int((session.folder / ALLOWANCE).read_text()) / MIB)


def _fill(session: SessionTables, size: int) -> None:
    """A file of that size, without its bytes, less what else there is."""
    with open(session.folder / "t.parquet", "wb") as file:
        file.truncate(size - sum(p.stat().st_size for p in session.folder.iterdir()))
