"""The state of a session survives its process, whenever that ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from unittest import SkipTest

from twisted.internet.defer import Deferred

from datacode.runtime.interpreter import Outcome
from datacode.server.checkpoints.storage import SessionStorage
from datacode.server.checkpoints.storage_quota import StorageLimits
from datacode.worker.limits import MIB, Limits
from datacode.worker.pool import PoolSettings
from tests.worker.harness import TAKEN_OVER, WorkersTestCase, lives, pause, until
from tests.worker.test_pool import ENDLESS, ProgramTestCase

ROW = 'function row(i) do\n  return [i, "text " + str(i), i > 5]\nendfunction\n'
RESTORED = "variables are as they were before the program"
MANY = "function f(i) do\n  return [i]\nendfunction\na = map(range(300000), 'f')\n"
WIDE = "t = table(map(range(20000), 'row'), ['i', 's', 'b'])\n"


class KeptCase(ProgramTestCase):
    """One session whose state is kept in a folder."""

    settings = PoolSettings(spare=0)
    storage_limits = StorageLimits()

    async def begin(self, limits: Limits | None = None) -> None:
        """Open it."""
        await self.started()
        self.store: SessionStorage = self.storage(self.storage_limits).session("me")
        self.interpreter = self.opened(limits=limits, store=self.store)
        self.addCleanup(lambda: Deferred.fromCoroutine(self.interpreter.close()))

    def process(self) -> int:
        """The number of its process."""
        worker = self.interpreter._worker
        assert worker is not None
        assert worker.process is not None
        return worker.process

    async def kill(self) -> None:
        """Kill its process between two programs."""
        process = self.process()
        os.kill(process, signal.SIGKILL)
        self.assertTrue(await until(lambda: self.interpreter._worker is None))

    async def kept(self) -> None:
        """Wait until the newest state is kept."""
        self.assertTrue(await self.interpreter._state.is_newest_kept())

    async def killed_in(self, code: str) -> Outcome:
        """How a program ends that prints something, runs on, and is killed then."""
        heard: list[str] = []
        running = Deferred.fromCoroutine(
            self.interpreter.run(code + "\nprint(1)\n" + ENDLESS, on_output=heard.append)
        )
        self.assertTrue(await until(lambda: bool(heard)))
        os.kill(self.process(), signal.SIGKILL)
        return await running

    def files(self) -> list[str]:
        """The names of the files that the session has on the disk."""
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())


class KilledTests(KeptCase):
    """Its process is killed."""

    async def test_between(self) -> None:
        """Between two programs: nobody notices."""
        await self.begin()
        await self.output(ROW + "x = [1, [2]]\ny = x\n" + WIDE)
        for count in range(3):
            await self.kept()
            await self.kill()
            self.assertEqual(
                await self.output("print(x, y, len(t), t['s'][19999], row(7))"),
                "[1, [2]] [1, [2]] 20000 text 19999 [7, text 7, true]\n",
                count,
            )

    async def test_first_program(self) -> None:
        """In the first program of a session there is nothing to lose."""
        await self.begin()
        outcome = await self.killed_in("x = 1")
        self.assertIn(RESTORED, str(outcome.error))
        self.assertIn("x", await self.error("print(x)"))

    async def test_causes(self) -> None:
        """Memory, a crash, a cancel and a limit that are not heeded."""
        await self.begin()
        await self.output("x = 5")
        for code in (signal.SIGABRT, signal.SIGSEGV):
            heard: list[str] = []
            running = Deferred.fromCoroutine(
                self.interpreter.run("x = 6\nprint(1)\n" + ENDLESS, on_output=heard.append)
            )
            self.assertTrue(await until(lambda heard=heard: bool(heard)))  # type: ignore[misc]
            os.kill(self.process(), code)
            outcome = await running
            self.assertIn(RESTORED, str(outcome.error))
            self.assertEqual(await self.output("print(x)"), "5\n")
        os.kill(self.process(), signal.SIGSTOP)
        running = Deferred.fromCoroutine(self.interpreter.run("x = 6\n" + ENDLESS))
        self.interpreter.cancel()
        outcome = await running
        self.assertEqual(str(outcome.error), f"Limit Error: Execution was interrupted; {RESTORED}")
        self.assertEqual(await self.output("print(x)"), "5\n")

    async def test_questions(self) -> None:
        """Questions, too, wait for the state."""
        await self.begin()
        await self.output("x = 5")
        await self.kill()
        self.assertEqual([v.name for v in await self.interpreter.inspect()], ["x"])
        await self.kill()
        found = await self.interpreter.complete("x", 1)
        self.assertIn("x", [each.text for each in found.suggestions])

    async def test_reset(self) -> None:
        """A reset forgets what is kept."""
        await self.begin()
        await self.output(ROW + WIDE)
        await self.kept()
        await self.interpreter.reset()
        self.assertIn("t", await self.error("print(t)"))
        await self.kill()
        self.assertIn("t", await self.error("print(t)"))
        await self.store.settled()
        self.assertEqual(self.files(), [])

    async def test_any_moment(self) -> None:
        """At any moment: what is there afterwards is what there was after some program, and what
        is said of it is true."""
        await self.begin()
        seed = random.randrange(10**9)
        rng = random.Random(seed)
        await self.output(ROW + "n = 0\nlast = null\n")
        known = 0
        for _ in range(25):
            step = f"t = table(map(range({rng.randrange(1, 30000)}), 'row'), ['i', 's', 'b'])\n"
            running = Deferred.fromCoroutine(
                self.interpreter.run(f"n = n + 1\n{step}last = [n, len(t)]\n")
            )
            await pause(rng.random() * 0.05)
            worker = self.interpreter._worker
            if worker is not None and worker.process is not None:
                os.kill(worker.process, signal.SIGKILL)
            outcome = await running
            said = "" if outcome.error is None else str(outcome.error)
            looked = await self.interpreter.run("print(n, last)")
            if looked.error is not None:  # it died after the program, and that is said once
                if not said and RESTORED in str(looked.error):
                    known += 1  # before this look at it
                said = str(looked.error)
                looked = await self.interpreter.run("print(n, last)")
            self.assertIsNone(looked.error, seed)
            now = int(looked.output.split()[0])
            if not said:
                self.assertEqual(now, known + 1, seed)
            elif RESTORED in said:
                self.assertEqual(now, known, seed)
            else:
                self.assertRegex(said, "before the last programs|was reset", seed)
            if "was reset" in said:
                await self.output(ROW + "n = 0\nlast = null\n")
                now = 0
            known = now


class SavingTests(KeptCase):
    """What is sent, and when."""

    async def test_new_columns(self) -> None:
        """A column goes once; what no state names is deleted."""
        await self.begin()
        await self.output(ROW + WIDE)
        await self.kept()
        first = self.files()
        self.assertEqual(len(first), 3)  # the manifest is small, and in memory
        await self.output("u = table_sort(t, 'i')\nx = 1")
        await self.kept()
        self.assertTrue(set(first) < set(self.files()))
        await self.output("t = null")
        await self.kept()
        await self.store.settled()
        self.assertEqual(len(self.files()), 3)
        await self.output("u = null")
        await self.store.settled()
        self.assertEqual(self.files(), [])
        self.assertEqual(self.store._part.used, 0)

    async def test_unchanged(self) -> None:
        """A program that changes nothing makes no new state."""
        await self.begin()
        await self.output("x = 1")
        before = self.interpreter._state.newest
        await self.output("print(x)")
        self.assertEqual(self.interpreter._state.newest, before)

    async def test_beside(self) -> None:
        """A large state goes beside the next program, and is what it was before that."""
        await self.begin()
        await self.output(MANY)
        outcome = await self.killed_in("a[0] = 'new'\na[5][0] = 'new'\n" + "x = 0\n" * 100)
        self.assertTrue(
            RESTORED in str(outcome.error) or "was reset" in str(outcome.error), outcome.error
        )
        await self.output(MANY)
        running = self.running("a[0] = 'new'\na[5][0] = 'new'\n" + ENDLESS)
        self.assertTrue(await until(lambda: not self.interpreter._state.behind, 30))
        os.kill(self.process(), signal.SIGKILL)
        await running
        self.assertEqual(await self.output("print(a[0], a[5], len(a))"), "[0] [5] 300000\n")

    async def test_manifest_in_a_file(self) -> None:
        """Arrays and objects that are not small."""
        await self.begin()
        await self.output(MANY)
        await self.kept()
        self.assertEqual(len(self.files()), 1)
        await self.kill()
        self.assertEqual(await self.output("print(a[29999])"), "[29999]\n")
        await self.output("a = null")
        await self.store.settled()
        self.assertEqual(self.files(), [])


class SuspendTests(KeptCase):
    """A session that nobody uses has no process."""

    settings = PoolSettings(spare=0, suspend_seconds=0.3)

    async def test_suspended(self) -> None:
        """It comes back with the next program, as often as that happens."""
        await self.begin()
        await self.output(ROW + "x = 1\n" + WIDE)
        for number in range(1, 4):
            process = self.process()
            self.assertTrue(await until(lambda: self.interpreter._worker is None))
            self.assertTrue(await until(lambda process=process: not lives(process)))  # type: ignore[misc]
            self.assertEqual(await self.output("print(x, len(t))\nx = x + 1"), f"{number} 20000\n")

    async def test_not_while_it_runs(self) -> None:
        """A program that runs for long keeps its process."""
        await self.begin()
        running = self.running("x = 1\n" + ENDLESS)
        await pause(0.8)
        self.assertIsNotNone(self.interpreter._worker)
        self.interpreter.cancel()
        await running
        await self.output("print(x)")


class BoundsTests(KeptCase):
    """Not everything is kept; that is said, and nothing else suffers."""

    storage_limits = StorageLimits(session=MIB)

    async def test_too_large(self) -> None:
        """A state beyond the limit is not kept; the older one is what a killed program leaves."""
        await self.begin()
        await self.output("x = 1")
        await self.output(ROW + "x = 2\nt = table(map(range(100000), 'row'), ['i', 's', 'b'])")
        self.assertFalse(await self.interpreter._state.is_newest_kept())
        outcome = await self.killed_in("x = 3")
        self.assertIn("before the last programs that changed them (1)", str(outcome.error))
        self.assertEqual(await self.output("print(x)"), "1\n")
        await self.store.settled()
        await self.store.settled()  # what was deleted had its turn
        self.assertEqual(self.files(), [])
        self.assertEqual(self.store._part.used, 0)

    async def test_between(self) -> None:
        """Where the process dies between two programs, the next one is told and not run."""
        await self.begin()
        await self.output("x = 1")
        await self.output(ROW + "x = 2\nt = table(map(range(100000), 'row'), ['i', 's', 'b'])")
        self.assertFalse(await self.interpreter._state.is_newest_kept())
        await self.kill()
        self.assertIn("(1)", await self.error("x = 9"))
        self.assertEqual(await self.output("print(x)"), "1\n")


class DiskTests(KeptCase):
    """A disk that is full."""

    async def test_full(self) -> None:
        """Large states are not kept, small ones still are; with room again everything is."""
        await self.begin()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=512k", "none", self.folder], check=False
        )
        if mounted.returncode:
            raise SkipTest("mounting takes rights")
        self.addCleanup(subprocess.run, ["umount", self.folder], check=True)
        self.addCleanup(lambda: Deferred.fromCoroutine(self.interpreter.close()))
        await self.output(ROW + WIDE.replace("20000", "90000"))
        self.assertTrue(await until(lambda: self.interpreter._state.wanted() == 0))
        await self.output("x = 1")
        self.assertEqual(await self.output("print(x, len(t))"), "1 90000\n")
        self.interpreter._state._not_before = 0.0
        await self.output("t = null\nx = 2")
        await self.kept()
        await self.kill()
        self.assertEqual(await self.output("print(x)"), "2\n")
        self.assertEqual(self.files(), [])


class HostileTests(WorkersTestCase):
    """A process that has been taken over, and what it says of states."""

    settings = PoolSettings(spare=0, entry=TAKEN_OVER)

    async def said(self, statement: str) -> tuple[Outcome, SessionStorage]:
        """How a run ends that sends what ``statement`` makes."""
        await self.started()
        store = self.storage(StorageLimits(session=4 * MIB)).session("me")
        interpreter = self.opened(store=store)
        code = (
            "from datacode.worker import wire\n"
            "def piece(*a): control_channel.sendall(wire.encode(wire.StatePiece(*a)))\n" + statement
        )
        return await interpreter.run(code), store

    async def test_refused(self) -> None:
        """Each of these ends the process."""
        for statement in (
            # All at once: none of them is written before the last one has come.
            "frame = wire.encode(wire.StatePiece(1, b'x' * 12, b'y' * 99, False))\n"
            "control_channel.sendall(frame * 999)\nimport time; time.sleep(5)",
            "piece(1, b'../../etc/pa', b'', False)\nimport time; time.sleep(5)",
            "piece(1, b'short', b'y', False)\nimport time; time.sleep(5)",
            "piece(7, b'x' * 12, b'y', False)\nimport time; time.sleep(5)",
            "piece(1, b'x' * 12, b'y' * 600000, False)\nimport time; time.sleep(5)",
            "piece(1, b'', b'y', True, b'odd')\nimport time; time.sleep(5)",
            "run_channel.sendall(wire.encode(wire.Restored()))\nimport time; time.sleep(5)",
            "run_channel.sendall(wire.encode(wire.ColumnWanted(1, b'x' * 12)))\n"
            "import time; time.sleep(5)",
        ):
            outcome, _ = await self.said(statement)
            self.assertIn(RESTORED, str(outcome.error), f"{statement}: {outcome.error}")
            self.flushLoggedErrors()

    async def test_name_is_no_path(self) -> None:
        """Whatever the name of a column is, its file lies in the session's folder."""
        outcome, store = await self.said("piece(1, b'/../../../x/', b'z', True)")
        self.assertIsNone(outcome.error)
        self.assertTrue(await until(lambda: bool(store._columns)))
        (stored,) = store._columns.values()
        self.assertEqual(stored.path.parent.parent, self.folder)

    async def test_cannot_fill(self) -> None:
        """It sends more than may be: the limit holds, and what was written is deleted."""
        outcome, store = await self.said(
            "taken = wire.Decoder(wire.Control)\n"
            "frames = wire.FrameSplitter(1 << 20)\n"
            "left = 8\n"
            "for i in range(60):\n"
            "  piece(1, b'x' * 12, b'y' * 500000, False)\n"
            "  left -= 1\n"
            "  while left == 0:\n"
            "    left += len(list(frames.feed(control_channel.recv(1 << 16))))\n"
            "print(wire.STATE_PIECES)"
        )
        self.assertIsNone(outcome.error)
        await store.settled()
        self.assertEqual(store._part.used, 0)
        self.assertEqual([p for p in self.folder.rglob("*") if p.is_file()], [])
