"""Work on the disk: fair between sessions, and at an end when nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase

from datacode.runtime.in_steps import Steps
from datacode.server.files.file_threads import FileThreads


class FileThreadsTests(TestCase):
    timeout = 120

    def setUp(self) -> None:
        """Threads, and what lets those go that are stuck."""
        self.threads = FileThreads(reactor)
        self.threads.start()
        self.free = threading.Event()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.threads.stop()))
        self.addCleanup(self.free.set)

    def endless(self) -> Steps[None]:
        """A search without end."""
        while True:
            time.sleep(0.0005)
            yield

    def short(self) -> Steps[str]:
        """A search of a few steps."""
        for _ in range(3):
            yield
        return "found"

    async def test_results(self) -> None:
        """Of functions and of generators; what they raise, too."""
        work = self.threads.session()
        self.assertEqual(await work.run(divmod, 7, 2), (3, 1))
        self.assertEqual(await work.run(self.short), "found")
        await self.assertFailure(work.run(divmod, 1, 0), ZeroDivisionError)

        def broken() -> Iterator[None]:
            yield
            raise OSError("broken")

        await self.assertFailure(work.run(broken), OSError)

    async def test_others_have_their_turns(self) -> None:
        """Searches of many sessions hold up neither another's functions nor another's search."""
        searches = [self.threads.session().run(self.endless) for _ in range(20)]
        greedy = self.threads.session()
        searches += [greedy.run(self.endless) for _ in range(20)]
        self.assertEqual(await self.threads.session().run(divmod, 7, 2), (3, 1))
        self.assertEqual(await self.threads.session().run(self.short), "found")
        for search in searches:
            search.cancel()
            await self.assertFailure(search, CancelledError)

    async def test_they_end_with_their_session(self) -> None:
        """Those under way and those that wait; what another session asked goes on."""
        work, other = self.threads.session(), self.threads.session()
        searches = [work.run(self.endless) for _ in range(5)]
        kept = other.run(self.short)
        await work.run(time.sleep, 0.05)
        work.give_up()
        for search in searches:
            await self.assertFailure(search, CancelledError)
        self.assertEqual(await kept, "found")

    async def test_a_stuck_disk(self) -> None:
        """Functions that never end leave threads to other sessions."""
        work = self.threads.session()
        stuck = [work.run(self.free.wait) for _ in range(10)]
        self.assertEqual(await self.threads.session().run(divmod, 7, 2), (3, 1))
        self.free.set()
        for each in stuck:
            await each

    async def test_stopping(self) -> None:
        """Waits for nothing that does not end, whatever is under way."""
        searches = [self.threads.session().run(self.endless) for _ in range(5)]
        work = self.threads.session()
        stuck = [work.run(self.free.wait) for _ in range(6)]
        await self.threads.stop()
        for each in (*searches, *stuck[4:]):
            await self.assertFailure(each, CancelledError)
        self.free.set()
