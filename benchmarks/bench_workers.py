"""Sessions' workers: start, round trip, cancelling, output, memory.

``python -m benchmarks.bench_workers`` from the project's folder. Times are medians and maxima in
milliseconds; a ratio is to what the machine itself takes for the same journey.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from datacode.runtime.file_operations import FileOperation
from datacode.worker.limits import Limits
from datacode.worker.pool import PoolSettings, RemoteInterpreter, WorkerPool, described

SESSIONS = 100
REPEATS = 30


class NoFiles:
    """A broker of a session that has no files."""

    async def do(self, operation: FileOperation[Any]) -> Any:
        raise FileNotFoundError(2, "No such file")

    def give_up(self) -> None:
        pass


def shown(name: str, seconds: list[float], note: str = "") -> float:
    """Print one line; gives the median."""
    median = statistics.median(seconds)
    print(f"{name:44} {median * 1e3:8.2f} {max(seconds) * 1e3:8.2f}  {note}")
    return median


async def timed(
    repeats: int, what: Callable[[], Awaitable[Any]], between: float = 0.0, reactor: Any = None
) -> list[float]:
    """How long it took each time."""
    found = []
    for _ in range(repeats):
        before = time.perf_counter()
        await what()
        found.append(time.perf_counter() - before)
        if between:
            await task.deferLater(reactor, between, lambda: None)
    return found


async def fresh(workers: WorkerPool) -> None:
    """The first result of a new session."""
    outcome = await workers.open(NoFiles()).run("print('Hello')")
    assert outcome.output == "Hello\n", outcome


def bare_python() -> float:
    """What it takes to start Python and do nothing: the unit of the starts below."""
    found = []
    for _ in range(10):
        before = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", ""], check=True)
        found.append(time.perf_counter() - before)
    return statistics.median(found)


async def starts(reactor: Any) -> None:
    """From nothing to the first answer of a session."""
    python = bare_python()
    for spare in (0, 1):
        workers = WorkerPool(reactor, PoolSettings(spare=spare))
        before = time.perf_counter()
        report = await workers.start(Limits())
        took = time.perf_counter() - before
        await task.deferLater(reactor, 0.3, lambda: None)
        if not spare:
            print(f"walls: {described(report)}\n")
            print(f"{'':44} {'median':>8} {'maximum':>8}")
            shown("starting Python, nothing else", [python])
            shown("the zygote, once for a server", [took], f"{took / python:.1f} x Python")
        first = await timed(REPEATS, lambda: fresh(workers), 0.05, reactor)  # noqa: B023
        name = f"first result of a session, {spare} workers spare"
        median = statistics.median(first)
        shown(name, first, f"{median / python:.2f} x Python; to reach: 50 ms")
        await workers.stop()


async def echo(reactor: Any) -> float:
    """Sixty bytes to a process and back through the reactor: what a round trip takes at least."""
    answer: list[Deferred[None]] = []

    class Back(Protocol):
        def dataReceived(self, data: bytes) -> None:
            answer.pop().callback(None)

    back = Back()
    factory = Factory()
    factory.buildProtocol = lambda addr: back  # type: ignore[method-assign]
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    reactor.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, factory)
    ours.close()
    process = os.fork()
    if process == 0:
        while data := theirs.recv(1000):
            theirs.sendall(data)
        os._exit(0)
    theirs.close()

    async def once() -> None:
        arrived: Deferred[None] = Deferred()
        answer.append(arrived)
        back.transport.write(b"x" * 60)  # type: ignore[union-attr]
        await arrived

    await timed(100, once)
    took = statistics.median(await timed(1000, once))
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    back.transport.loseConnection()  # type: ignore[union-attr]
    return took


async def round_trips(reactor: Any, interpreter: RemoteInterpreter) -> None:
    """A small program, again and again."""
    bare = await echo(reactor)
    await timed(100, lambda: interpreter.run("print('Hello')"))
    found = await timed(1000, lambda: interpreter.run("print('Hello')"))
    median = statistics.median(found)
    shown("run and outcome", found, f"{median / bare:.1f} x a forked echo ({bare * 1e3:.3f})")
    asked = await timed(200, lambda: interpreter.inspect())
    shown("inspect, idle", asked)


async def interruptions(reactor: Any, interpreter: RemoteInterpreter) -> None:
    """Cancelling and asking while a program computes."""
    inner = "for j in range(100000) do\n  x = i + j\n next j"
    loop = f"for i in range(100000) do\n {inner}\nnext i"
    cancelled, asked = [], []
    for _ in range(REPEATS):
        running = Deferred.fromCoroutine(interpreter.run(loop))
        await task.deferLater(reactor, 0.02, lambda: None)
        asked += await timed(1, lambda: interpreter.inspect())
        before = time.perf_counter()
        assert interpreter.cancel()
        outcome = await running
        cancelled.append(time.perf_counter() - before)
        assert outcome.error is not None
    shown("cancel of a loop", cancelled, "to reach: 50")
    shown("inspect, busy", asked)


async def output(interpreter: RemoteInterpreter) -> None:
    """Much output, collected and streamed."""
    code = "for i in range(200000) do\n print('line of output', i)\nnext i"
    for name, listener in (("collected", None), ("streamed", lambda text: None)):
        before = time.perf_counter()
        outcome = await interpreter.run(code, on_output=listener)
        took = time.perf_counter() - before
        assert outcome.error is None, outcome.error
        rate = len(outcome.output) / took / 2**20
        shown(f"200,000 lines, {name}", [took], f"{rate:.0f} MiB/s")


def memory(processes: list[int]) -> tuple[float, float]:
    """Proportional and private memory of these processes together, in MiB."""
    both = {"Pss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    for process in processes:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            name, _, size = line.partition(":")
            if name in both:
                both[name] += int(size.split()[0])
    return both["Pss"] / 1024, (both["Private_Clean"] + both["Private_Dirty"]) / 1024


def workers_of(workers: WorkerPool) -> list[int]:
    """The numbers of all worker processes."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    alive = [int(child) for child in children if Path(f"/proc/{child}/root").exists()]
    return [child for child in alive if child != workers.zygote_process]


async def crowd(workers: WorkerPool) -> None:
    """A hundred sessions that live at once."""
    sessions = [workers.open(NoFiles()) for _ in range(SESSIONS)]
    before = time.perf_counter()
    for session in sessions:
        await session.run("x = [1, 2, 3]\nprint(x)")
    took = time.perf_counter() - before
    processes = workers_of(workers)
    proportional, private = memory(processes)
    print(f"\n{len(processes)} workers, made one after another in {took:.2f} s")
    print(f"  each {proportional / len(processes):.2f} MiB proportional, "
          f"{private / len(processes):.2f} MiB private; to reach: 8")  # fmt: skip
    tables = "t = table([[1, 2], [3, 4]], ['a', 'b'])\ns = table_sort(t, 'a')\nprint(len(s))"
    for session in sessions[:10]:
        outcome = await session.run(tables)
        assert outcome.error is None, outcome.error
    after = memory(processes)[1]
    print(f"  {(after - private) / 10:.2f} MiB more in one that has sorted a table")
    for session in sessions:
        await session.close()


async def main(reactor: Any) -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors")
    await starts(reactor)
    workers = WorkerPool(reactor)
    await workers.start(Limits())
    try:
        interpreter = workers.open(NoFiles())
        await round_trips(reactor, interpreter)
        await interruptions(reactor, interpreter)
        await output(interpreter)
        await crowd(workers)
    finally:
        await workers.stop()


if __name__ == "__main__":
    task.react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
