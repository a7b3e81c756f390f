"""Leaks: sessions opened, used and dropped, half of them without a word.

    python -m tests.fire.leaks --sessions 5000

Afterwards processes, descriptors, threads, temporary files and memory of the server must be what
they were before.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.daemons import Daemon, foreground
from tests.fire.clients import Client
from tests.fire.load import private_memory

PATIENCE_SECONDS = 15.0
"""After the last client has left, what is to go may take so long on a busy machine."""

MEMORY_BYTES = 8 * 2**20
MEMORY_BYTES_PER_SESSION = 1024
"""Growth below these is an allocator's, not a session's: one object kept would be more."""

SPARE_THREADS = 10
"""Pools of threads fill up as they are needed, and are bounded."""

PROGRAM = """
t = read_file("data.csv")
rows = []
for a, b in t do
  rows = push(rows, [b, a])
next a
write_file("out.txt", "x" * 1000)
print(len(rows), sum(t["a"]))
"""


@dataclass(frozen=True)
class Held:
    """What a server holds."""

    processes: int
    descriptors: int
    threads: int
    files: int

    def is_like(self, before: Held) -> bool:
        """Is there no more than before?"""
        return (
            self.processes <= before.processes
            and self.descriptors <= before.descriptors
            and self.files <= before.files
            and self.threads <= before.threads + SPARE_THREADS
        )

    @classmethod
    def of(cls, daemon: Daemon, folder: Path) -> Held:
        """Count it."""
        process = daemon.process.pid
        return cls(
            len(daemon.descendants()),
            len(os.listdir(f"/proc/{process}/fd")),
            len(os.listdir(f"/proc/{process}/task")),
            sum(len(files) + len(folders) for _, folders, files in os.walk(folder)),
        )


async def _session(port: int, number: int) -> None:
    client = await Client.open(port)
    answer = await client.ask(
        type="upload_file", filename="data.csv", content="a,b\n" + "1,x\n" * 50
    )
    assert answer["success"], answer
    answer = await client.ask(type="execute", code=PROGRAM)
    assert answer == {"success": True, "output": "50 50\n", "error": None}, answer
    if number % 2:
        await client.close()
    else:
        await client.send(b'{"code": "x = range(1000000)"}')
        client.drop()


async def _sessions(port: int, count: int, side_by_side: int) -> None:
    gate = asyncio.Semaphore(side_by_side)

    async def one(number: int) -> None:
        async with gate:
            await _session(port, number)

    await asyncio.gather(*(one(number) for number in range(count)))


def run(sessions: int) -> list[str]:
    """Open, use and drop so many sessions; what stayed behind, in sentences."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = foreground("--port", "0", "--use-ve", "--session-dir", str(folder))
        daemon = Daemon(command, folder)
        try:
            port = daemon.port()
            # Everything that is made once is made by the first sessions.
            asyncio.run(_sessions(port, 100, 20))
            before, memory = _settled(daemon, folder, None)
            asyncio.run(_sessions(port, sessions, 20))
            after, memory_after = _settled(daemon, folder, before)
        finally:
            daemon.close()
    growth = memory_after - memory
    sys.stdout.write(f"{sessions} sessions: {before}; memory {growth / 2**20:+.1f} MiB\n")
    found = [] if after.is_like(before) else [f"held before {before}, after {after}"]
    if growth > MEMORY_BYTES + sessions * MEMORY_BYTES_PER_SESSION:
        found.append(f"{growth / 2**20:.1f} MiB of memory stay")
    return found


def _settled(daemon: Daemon, folder: Path, expected: Held | None) -> tuple[Held, int]:
    """What is held when nothing goes any more, or ``expected`` as soon as it is that."""
    end = time.monotonic() + PATIENCE_SECONDS
    held = Held.of(daemon, folder)
    steady = 0
    while time.monotonic() < end and steady < 10:
        if expected is not None and held.is_like(expected):
            break
        time.sleep(0.2)
        again = Held.of(daemon, folder)
        steady = steady + 1 if again == held and expected is None else 0
        held = again
    return held, private_memory({daemon.process.pid})


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=5000)
    found = run(parser.parse_args().sessions)
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
