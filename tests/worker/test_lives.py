"""Lives of processes: the zygote's, the workers', the server's; and what is left of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from twisted.internet import threads
from twisted.internet.defer import Deferred, gatherResults

from datacode.runtime.interpreter import Outcome
from datacode.worker.pool import PoolSettings, RemoteInterpreter, WorkerPool, WorkerUnavailable
from datacode.worker.sandbox import syscalls
from datacode.worker.zygote_client import children_in_session
from tests.daemons import heeding_interrupts
from tests.worker.harness import (
    STOPPING,
    TAKEN_OVER,
    NoFiles,
    WorkersTestCase,
    descriptors,
    lives,
    pause,
    until,
)

ROOT = Path(__file__).resolve().parents[2]
WHO = "import os; print(os.getpid())"
STOPPED = "Limit Error: The interpreter has stopped; the state of the session was reset"


class WorkerLifeTests(WorkersTestCase):
    """One worker for a session, from its first run to its end."""

    settings = PoolSettings(spare=0, entry=TAKEN_OVER)

    async def who(self, interpreter: object) -> int:
        """The number of the interpreter's process."""
        return int((await interpreter.run(WHO)).output)  # type: ignore[attr-defined]

    async def test_made_at_the_first_run(self) -> None:
        """A session that runs nothing has no process."""
        workers = await self.started()
        interpreter = self.opened()
        self.assertEqual(workers.processes, 0)
        await self.who(interpreter)
        self.assertEqual(workers.processes, 1)

    async def test_one_for_a_session(self) -> None:
        """Runs of a session share a process; another session has another."""
        await self.started()
        first, second = self.opened(), self.opened()
        self.assertEqual(await self.who(first), await self.who(first))
        self.assertNotEqual(await self.who(first), await self.who(second))

    async def test_close(self) -> None:
        """Closing ends the process, also in the middle of a program, and again does nothing."""
        workers = await self.started()
        interpreter = self.opened()
        process = await self.who(interpreter)
        running = Deferred.fromCoroutine(interpreter.run("while True: pass"))
        await interpreter.close()
        self.assertFalse(lives(process))
        self.assertEqual(workers.processes, 0)
        self.assertIsNotNone((await running).error)
        await interpreter.close()
        with self.assertRaises(WorkerUnavailable):
            await interpreter.run("1")

    async def test_reset(self) -> None:
        """After a reset the next run is in a new process, and nobody is told of a loss."""
        await self.started()
        interpreter = self.opened()
        before = await self.who(interpreter)
        await interpreter.reset()
        self.assertFalse(lives(before))
        self.assertNotEqual(await self.who(interpreter), before)

    async def test_killed_while_running(self) -> None:
        """A worker that is killed from outside fails its run and is replaced."""
        await self.started()
        interpreter = self.opened()
        process = await self.who(interpreter)
        running = Deferred.fromCoroutine(interpreter.run("while True: pass"))
        os.kill(process, signal.SIGKILL)
        self.assertEqual(str((await running).error), STOPPED)
        self.assertNotEqual(await self.who(interpreter), process)

    async def test_killed_while_idle(self) -> None:
        """The run after that is told so instead of finding its variables gone."""
        workers = await self.started()
        interpreter = self.opened()
        os.kill(await self.who(interpreter), signal.SIGKILL)
        self.assertTrue(await until(lambda: workers.processes == 0))
        outcome = await interpreter.run(WHO)
        self.assertEqual((outcome.output, str(outcome.error)), ("", STOPPED))
        self.assertIsNone((await interpreter.run(WHO)).error)

    async def test_abandoned(self) -> None:
        """When nobody waits for a run any more, its process is ended."""
        workers = await self.started()
        interpreter = self.opened()
        process = await self.who(interpreter)
        running = Deferred.fromCoroutine(interpreter.run("while True: pass"))
        running.cancel()
        running.addErrback(lambda _: None)
        self.assertTrue(await until(lambda: not lives(process)))
        self.assertTrue(await until(lambda: workers.processes == 0))
        self.assertEqual(str((await interpreter.run(WHO)).error), STOPPED)

    async def test_speaks_unasked(self) -> None:
        """A worker that speaks while no program runs is ended."""
        workers = await self.started()
        interpreter = self.opened()
        code = (
            "import threading, time\n"
            "from datacode.worker import wire\n"
            "def speak():\n"
            "    time.sleep(0.05)\n"
            "    run_channel.sendall(wire.encode(wire.OutputText('boo')))\n"
            "threading.Thread(target=speak).start()\n"
        )
        self.assertEqual((await interpreter.run(code)).output, "")
        self.assertTrue(await until(lambda: workers.processes == 0))

    async def test_nothing_is_left(self) -> None:
        """After many sessions, half of them dropped in the middle, all is as it was."""
        workers = await self.started()
        await self.opened().run("1")
        for interpreter in [self.opened() for _ in range(3)]:
            await interpreter.run("1")
            await interpreter.close()
        before = descriptors()
        for _ in range(5):
            sessions = [self.opened() for _ in range(4)]
            await gatherResults([Deferred.fromCoroutine(s.run("1")) for s in sessions])
            busy = [Deferred.fromCoroutine(s.run("while True: pass")) for s in sessions[:2]]
            await gatherResults([Deferred.fromCoroutine(s.close()) for s in sessions])
            await gatherResults(busy)
        self.assertTrue(await until(lambda: descriptors() <= before))
        self.assertEqual(workers.processes, 1)


class SpareTests(WorkersTestCase):
    """Workers that are made before they are needed."""

    settings = PoolSettings(spare=1, entry=TAKEN_OVER)

    async def test_taken(self) -> None:
        """The first run makes one more than it needs; the next session takes that."""
        workers = await self.started()
        await self.opened().run("1")
        self.assertTrue(await until(lambda: workers.processes == 2))
        await self.opened().run("1")
        self.assertTrue(await until(lambda: workers.processes == 3))

    async def test_dies_in_waiting(self) -> None:
        """A spare worker that died is not given to anybody."""
        others = children_of(os.getpid())
        workers = await self.started()
        first = self.opened()
        process = int((await first.run(WHO)).output)
        self.assertTrue(await until(lambda: len(children_of(os.getpid()) - others) == 3))
        # One of which the zygote has not told yet cannot be known to have died.
        self.assertTrue(await until(lambda: all(w.process for _, w in workers._spare)))
        spare = children_of(os.getpid()) - others - {process, workers.zygote_process}
        for number in spare:
            os.kill(number, signal.SIGKILL)
        self.assertTrue(await until(lambda: not any(lives(number) for number in spare)))
        self.assertIsNone((await self.opened().run(WHO)).error)


class ZygoteLifeTests(WorkersTestCase):
    """The zygote may die; workers that live do not notice, new ones come from a new one."""

    settings = PoolSettings(spare=0, entry=STOPPING)

    async def test_killed(self) -> None:
        """After ``kill -9`` of the zygote live workers go on and new sessions are served."""
        workers = await self.started()
        old = self.opened()
        process = int((await old.run("import os; x = 5; print(os.getpid())")).output)
        zygote = workers.zygote_process
        assert zygote is not None
        os.kill(zygote, signal.SIGKILL)
        self.assertEqual((await self.opened().run("print(6)")).output, "6\n")
        self.assertNotEqual(workers.zygote_process, zygote)
        outcome = await old.run("print(x, os.getpid())")
        self.assertEqual((outcome.output, outcome.error), (f"5 {process}\n", None))

    async def test_killed_twice(self) -> None:
        """And again, with a request on its way."""
        workers = await self.started()
        for number in range(2):
            zygote = workers.zygote_process
            assert zygote is not None
            os.kill(zygote, signal.SIGSTOP)
            asked = Deferred.fromCoroutine(self.opened().run(f"print({number})"))
            os.kill(zygote, signal.SIGKILL)
            outcome = await asked
            self.assertEqual((outcome.output, outcome.error), (f"{number}\n", None))

    async def unborn(
        self,
        workers: WorkerPool,
        code: str = "while True: pass",
        at: signal.Signals = signal.SIGUSR1,
    ) -> tuple[RemoteInterpreter, Deferred[Outcome], int]:
        """A session whose program runs, its worker, and a zygote stopped in making that.

        It is stopped before it could tell of the worker, or with SIGUSR2 after it.
        """
        zygote = workers.zygote_process
        assert zygote is not None
        os.kill(zygote, at)
        interpreter = self.opened()
        running = Deferred.fromCoroutine(interpreter.run(code))
        self.assertTrue(await until(lambda: is_stopped(zygote)))
        (worker,) = children_in_session(zygote) - {zygote}
        return interpreter, running, worker

    async def test_killed_before_it_told(self) -> None:
        """A worker of which a killed zygote could not tell any more is ended by the server."""
        workers = await self.started()
        zygote = workers.zygote_process
        assert zygote is not None
        interpreter, running, worker = await self.unborn(workers)
        os.kill(zygote, signal.SIGKILL)
        self.assertTrue(await until(lambda: not lives(worker)))
        await interpreter.close()
        self.assertIsNotNone((await running).error)

    async def assertBegunElsewhere(self, at: signal.Signals) -> None:
        """A worker that was not let begin runs nothing: its program runs, once, in another.

        Had it run anything, its session would be lost with the zygote.
        """
        workers = await self.started()
        zygote = workers.zygote_process
        assert zygote is not None
        interpreter, running, worker = await self.unborn(
            workers, "import os; x = 5; print(os.getpid())", at
        )
        used, looks = 0.0, 0
        while not running.called and looks < 20:  # until it has answered, or does nothing
            before, used = used, processor_seconds(worker)
            looks = looks + 1 if used == before else 0
            await pause(0.005)
        os.kill(zygote, signal.SIGKILL)
        first = await running
        self.assertIsNone(first.error)
        second = await interpreter.run("print(x, os.getpid())")
        self.assertEqual((second.output, second.error), (f"5 {first.output}", None))
        self.assertNotEqual(int(first.output), worker)
        self.assertTrue(await until(lambda: not lives(worker)))

    async def test_begins_when_it_told(self) -> None:
        """A program begins only when the server has been told of its process."""
        await self.assertBegunElsewhere(signal.SIGUSR1)

    async def test_killed_before_it_began(self) -> None:
        """The zygote has told, and has not yet let the worker begin."""
        await self.assertBegunElsewhere(signal.SIGUSR2)

    async def test_stopped_before_it_told(self) -> None:
        """The same when everything is stopped."""
        workers = await self.started()
        _, running, worker = await self.unborn(workers)
        await workers.stop()
        self.assertFalse(lives(worker))
        with self.assertRaises(WorkerUnavailable):
            await running

    async def test_stop(self) -> None:
        """Stopping ends everything, and puts the process's own setting back."""
        before = syscalls.child_subreaper()
        workers = await self.started()
        interpreter = self.opened()
        process = int((await interpreter.run(WHO)).output)
        # What the zygote told may be read later than what the worker answered.
        self.assertTrue(await until(lambda: all(each.process for each in workers._workers)))
        running = Deferred.fromCoroutine(interpreter.run("while True: pass"))
        zygote = workers.zygote_process
        assert zygote is not None
        await workers.stop()
        self.assertFalse(lives(process) or lives(zygote))
        self.assertIsNotNone((await running).error)
        self.assertEqual(syscalls.child_subreaper(), before)
        with self.assertRaises(WorkerUnavailable):
            await workers.open(NoFiles()).run("1")


class ServerLifeTests(WorkersTestCase):
    """However the server ends, nobody survives it."""

    async def assertNobodyLeft(self, number: signal.Signals) -> None:
        """Start a server, signal it, and look for its processes."""
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.worker.serving"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            preexec_fn=heeding_interrupts,
        )
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        assert server.stdout is not None
        self.addCleanup(server.stdout.close)
        line = await threads.deferToThread(server.stdout.readline)
        processes = json.loads(line)
        self.assertTrue(all(lives(process) for process in processes))
        server.send_signal(number)
        gone = await until(lambda: not any(lives(process) for process in processes))
        self.assertTrue(gone, [process for process in processes if lives(process)])
        await threads.deferToThread(server.wait)

    async def test_killed(self) -> None:
        """``kill -9``."""
        await self.assertNobodyLeft(signal.SIGKILL)

    async def test_terminated(self) -> None:
        """SIGTERM."""
        await self.assertNobodyLeft(signal.SIGTERM)

    async def test_interrupted(self) -> None:
        """Ctrl-C."""
        await self.assertNobodyLeft(signal.SIGINT)


def children_of(process: int) -> set[int]:
    """The processes whose parent that is, and that have not ended."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text()
    return {int(worker) for worker in children.split() if lives(int(worker))}


def is_stopped(process: int) -> bool:
    """Has SIGSTOP stopped it?"""
    status = Path(f"/proc/{process}/stat").read_text()
    return status.rpartition(")")[2].split()[0] == "T"


def processor_seconds(process: int) -> float:
    """The processor time that it has used."""
    return time.clock_gettime((~process << 3) | 2)
