"""What keeping the state of sessions costs: after small programs, for large states, idle sessions.

``python -m benchmarks.bench_state`` from the project's folder; ``small``, ``large``, ``resume`` or
``idle`` for a part. Small programs run in turns in a session whose state is kept and in one whose
is not, so that both meet the same load; times are processor time of server and worker together.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from twisted.internet import task
from twisted.internet.defer import Deferred

from benchmarks.bench_workers import NoFiles, fresh, memory, shown, timed
from datacode.server.checkpoints.storage import CheckpointStorage
from datacode.server.checkpoints.storage_quota import StorageLimits, StorageQuota
from datacode.server.files.file_threads import FileThreads
from datacode.worker.limits import Limits
from datacode.worker.pool import PoolSettings, RemoteInterpreter, WorkerPool
from tests.daemons import Daemon, Talk, twistd

PROGRAMS = {
    "prints": "print('Hello')",
    "counts": "x = x + 1\nprint(x)",
    "makes an object": "o = {a: 1, b: [1, 2, 3], c: 'text'}\nprint(o)",
}
ROUNDS, RUNS = 30, 50
IDLE = 2000
WIDE = """
function row(i) do
  return [i, i / 3, "text " + str(i), i > 5]
endfunction
t = table(map(range(200000), "row"), ["a", "b", "c", "d"])
"""


def spent(interpreter: RemoteInterpreter) -> float:
    """Processor time of this process and the session's worker, in seconds."""
    worker: Any = interpreter._worker
    return time.process_time() + worker.processor_seconds()


async def small(workers: WorkerPool, storage: CheckpointStorage) -> None:
    """Programs that do next to nothing."""
    sessions = {
        "kept": workers.open(NoFiles(), store=storage.session("bench")),
        "not kept": workers.open(NoFiles()),
    }
    print(f"{'small programs, us each':40} {'not kept':>9} {'kept':>9}  ratio   wall")
    for name, code in PROGRAMS.items():
        cpu: dict[str, list[float]] = {"kept": [], "not kept": []}
        wall: dict[str, list[float]] = {"kept": [], "not kept": []}
        for session in sessions.values():
            for _ in range(100):
                await session.run("x = 0")
        for _ in range(ROUNDS):
            for which, session in sessions.items():
                before, began = spent(session), time.perf_counter()
                for _ in range(RUNS):
                    await session.run(code)
                wall[which].append((time.perf_counter() - began) / RUNS)
                cpu[which].append((spent(session) - before) / RUNS)
        both = {which: statistics.median(found) * 1e6 for which, found in cpu.items()}
        walls = {which: statistics.median(found) for which, found in wall.items()}
        print(
            f"  a program that {name:25} {both['not kept']:9.1f} {both['kept']:9.1f}"
            f"  {both['kept'] / both['not kept']:.3f}  {walls['kept'] / walls['not kept']:.3f}"
        )
    for session in sessions.values():
        await session.close()


async def large(workers: WorkerPool, storage: CheckpointStorage) -> None:
    """A table of some 12 MB: until it is kept, and what the next program costs then."""
    session = workers.open(NoFiles(), store=storage.session("bench"))
    assert (await session.run(WIDE)).error is None
    began = time.perf_counter()
    await session.state_kept()
    shown("200,000 x 4 cells kept", [time.perf_counter() - began])
    began = time.perf_counter()
    await session.run("x = 1")
    await session.state_kept()
    shown("the next small program, kept", [time.perf_counter() - began])
    session.suspend()
    began = time.perf_counter()
    await session.run("print(len(t))")
    shown("back after it was suspended", [time.perf_counter() - began])
    await session.close()


async def resume(workers: WorkerPool, storage: CheckpointStorage) -> None:
    """A small session that was suspended: its next program."""
    session = workers.open(NoFiles(), store=storage.session("bench"))
    await session.run("x = [1, 2, {a: 'b'}]\nfunction f(n) do\n  return n\nendfunction")
    found = []
    for _ in range(60):
        assert session.suspend()
        began = time.perf_counter()
        outcome = await session.run("print(x, f(1))")
        found.append(time.perf_counter() - began)
        assert outcome.error is None
    new = await timed(60, lambda: fresh(workers))
    base = shown("the first program of a new session", new)
    ratio = statistics.median(found) / base
    shown("a program of a suspended session", found, f"{ratio:.2f} x that; to reach: 50")
    await session.close()


def idle() -> None:
    """Many connected sessions that were used once."""
    folder = Path(tempfile.mkdtemp(prefix="datacode-bench-"))
    words = ("--port", "0", "--suspend-after", "1", "--max-connections", "0")
    daemon = Daemon(twistd(folder, *words), folder)
    try:
        port = daemon.port()
        server = [daemon.process.pid]
        before = memory(server)[0]
        clients = []
        for _ in range(IDLE):
            client = Talk(port)
            assert client.ask(code="x = [1, 2, 3]\nname = 'Ada'")["success"]
            clients.append(client)
        while len(daemon.descendants()) > 3:
            time.sleep(0.5)
        after = memory(server)[0]
        print(
            f"{IDLE} connected sessions, suspended: {(after - before) / IDLE * 1024:.1f} KiB each, "
            f"{after:.0f} MiB in all, {len(daemon.descendants())} other processes"
        )
        began = time.perf_counter()
        assert clients[0].ask(code="print(x, name)")["output"] == "[1, 2, 3] Ada\n"
        shown("one of them is asked again", [time.perf_counter() - began])
        for client in clients:
            with contextlib.suppress(OSError):
                client.socket.socket.close()
    finally:
        daemon.stop()
        daemon.close()
        shutil.rmtree(folder, ignore_errors=True)


async def main(reactor: Any, parts: list[str]) -> None:
    threads = FileThreads(reactor)
    threads.start()
    folder = Path(tempfile.mkdtemp(prefix="datacode-bench-"))
    quota = StorageQuota(StorageLimits())
    storage = CheckpointStorage(threads, quota, quota, lambda: folder, 0)
    workers = WorkerPool(reactor, PoolSettings(spare=1))
    await workers.start(Limits())
    try:
        for part in (small, large, resume):
            if part.__name__ in parts:
                await part(workers, storage)
    finally:
        await workers.stop()
        await threads.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["small", "large", "resume", "idle"]
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    if "idle" in chosen:
        idle()
    task.react(lambda reactor: Deferred.fromCoroutine(main(reactor, chosen)))
