"""Load: many connections that do nothing and some that work, on one server, for a while.

    python -m tests.fire.load --seconds 600 --idle 2000 --busy 200

Prints requests, errors, the times of ``print('Hello')`` and the memory of server and workers at
the beginning and at the end. Both sides share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.daemons import Daemon, foreground
from tests.fire.clients import Client

HELLO = {"type": "execute", "code": "print('Hello')"}
ANSWER = {"success": True, "output": "Hello\n", "error": None}
PAUSE_SECONDS = 1.0
"""A busy client thinks about so long between two requests."""


@dataclass
class Report:
    """What came out. Times in seconds, memory in bytes of private pages."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    processes: list[int] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """The time below which so many of a hundred answers came."""
        return statistics.quantiles(self.times, n=100)[percent - 1]

    def __str__(self) -> str:
        mebibytes = ", ".join(f"{m / 2**20:.0f}" for m in self.memory)
        return (
            f"{len(self.times)} requests, {len(self.errors)} errors {self.errors[:3]}\n"
            f"p50 {self.percentile(50) * 1e3:.1f} ms, p99 {self.percentile(99) * 1e3:.1f} ms, "
            f"slowest {max(self.times) * 1e3:.1f} ms\n"
            f"memory MiB: {mebibytes}; processes: {self.processes}"
        )


def private_memory(processes: set[int]) -> int:
    """Bytes of private pages of some processes; those that ended meanwhile count nothing."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Private_Clean", "Private_Dirty")):
                    total += int(line.split()[1]) * 1024
    return total


async def put_under_load(daemon: Daemon, port: int, idle: int, busy: int, seconds: float) -> Report:
    """Open the connections, work for a while, close them all."""
    report = Report()
    connections = [await Client.open(port) for _ in range(idle + busy)]
    quiet, working = connections[:idle], connections[idle:]
    for client in working:
        await client.ask(**HELLO)
    staying = [asyncio.create_task(client.stay()) for client in quiet]
    sampler = asyncio.create_task(_sample(daemon, report, seconds))
    end = time.monotonic() + seconds
    await asyncio.gather(*(_work(client, report, end) for client in working))
    await sampler
    # Those that did nothing are still there, too.
    for task in staying:
        if task.done():
            report.errors.append(f"an idle connection ended: {task.exception()!r}")
        task.cancel()
    await asyncio.gather(*staying, return_exceptions=True)
    for client in random.sample(quiet, min(50, len(quiet))):
        if not (await client.ask(type="info"))["success"]:
            report.errors.append("an idle connection got no answer")
    for client in connections:
        await client.close()
    return report


async def _work(client: Client, report: Report, end: float) -> None:
    await asyncio.sleep(random.uniform(0, PAUSE_SECONDS))
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            answer = await client.ask(**HELLO)
        except (ConnectionError, asyncio.IncompleteReadError) as problem:
            report.errors.append(repr(problem))
            return
        report.times.append(time.perf_counter() - began)
        if answer != ANSWER:
            report.errors.append(str(answer))
        await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE_SECONDS)


async def _sample(daemon: Daemon, report: Report, seconds: float) -> None:
    """Memory and processes, five times evenly over the run."""
    for part in range(5):
        await asyncio.sleep(seconds / 10 if part == 0 else seconds / 5)
        processes = {daemon.process.pid, *daemon.descendants()}
        report.memory.append(await asyncio.to_thread(private_memory, processes))
        report.processes.append(len(processes))


def run(idle: int, busy: int, seconds: float) -> Report:
    """A server of its own, put under load."""
    with tempfile.TemporaryDirectory() as folder:
        room = str(idle + busy + 10)
        command = foreground("--port", "0", "--max-connections", room)
        daemon = Daemon(command, Path(folder))
        try:
            port = daemon.port()
            report = asyncio.run(put_under_load(daemon, port, idle, busy, seconds))
            if daemon.stop() != 0:
                report.errors.append("the server did not end well")
            return report
        finally:
            daemon.close()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--idle", type=int, default=2000)
    parser.add_argument("--busy", type=int, default=200)
    chosen = parser.parse_args()
    report = run(chosen.idle, chosen.busy, chosen.seconds)
    sys.stdout.write(f"{report}\n")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
