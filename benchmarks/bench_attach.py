"""What a session that outlives its connection costs, against one that does not, in the same run.

    python -m benchmarks.bench_attach [--quick]

Processor time of the server (it and its workers, user and system) for each request, with ``seq``
and without; seconds from the start of a connection to the first answer, attached again and new;
memory of the server for a session without a connection, with one and without any worker.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_server import median, resident
from tests.daemons import Daemon, Talk, foreground

ROOT = Path(__file__).parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(daemon: Daemon) -> float:
    """What the server and all processes below it have used."""
    total = 0
    for process in (daemon.process.pid, *daemon.descendants()):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def requests(daemon: Daemon, port: int, number: int, *, attached: bool) -> float:
    """Processor seconds of so many requests, the worker's start aside."""
    talk = Talk(port)
    if attached:
        talk.ask(type="attach")
    talk.ask(code="x = 1", **({"seq": 1} if attached else {}))
    before = processor_seconds(daemon)
    for each in range(2, number + 2):
        numbers: dict[str, Any] = {"seq": each, "seen": each - 1} if attached else {}
        talk.ask(code="print('Hello')", **numbers)
    used = processor_seconds(daemon) - before
    if attached:
        talk.send(type="detach")
    talk.close()
    return used


def first_answer(port: int, number: int, *, again: bool) -> list[float]:
    """Seconds from the start of a connection to the answer of its first program."""
    talk = Talk(port)
    named = talk.ask(type="attach")
    key = {"session": named["session"], "token": named["token"]}
    talk.ask(code="x = 1", seq=1)
    times = []
    for each in range(2, number + 2):
        talk.close() if again else None
        began = time.perf_counter()
        fresh = Talk(port)
        if again:
            fresh.ask(type="attach", seen=each - 1, **key)
            fresh.ask(code="print(x)", seq=each)
            talk = fresh
        else:
            fresh.ask(code="print(1)")
            fresh.close()
        times.append(time.perf_counter() - began)
    talk.send(type="detach")
    talk.close()
    return times


def memory(daemon: Daemon, port: int, number: int, *, used: bool) -> float:
    """KiB of the server itself (workers aside) for each of so many sessions that were left."""
    before = resident(daemon.process.pid)
    talks = []
    for _ in range(number):
        talk = Talk(port)
        talk.ask(type="attach")
        if used:
            talk.ask(code="print('Hello')", seq=1)
        talks.append(talk)
    for talk in talks:
        talk.close()
    time.sleep(0.5)
    return (resident(daemon.process.pid) - before) / number


def main() -> None:
    """Measure and print."""
    calls, times, sessions = (500, 30, 50) if "--quick" in sys.argv else (3000, 150, 150)
    daemon = Daemon(foreground("--port", "0"), ROOT)
    try:
        port = daemon.port()
        plain: list[float] = []
        kept: list[float] = []
        for _ in range(3):
            plain.append(requests(daemon, port, calls, attached=False) / calls * 1e6)
            kept.append(requests(daemon, port, calls, attached=True) / calls * 1e6)
        print(f"request, processor time       {median(plain):7.0f} us plain {median(kept):7.0f} us")
        print(f"  ratio                       {median(kept) / median(plain):7.2f}")
        new = median(first_answer(port, times, again=False)) * 1e3
        back = median(first_answer(port, times, again=True)) * 1e3
        print(f"first answer                  {new:7.2f} ms new   {back:7.2f} ms attached again")
        print(f"  ratio                       {back / new:7.2f}")
        empty = memory(daemon, port, sessions, used=False)
        print(f"memory of a session left      {empty:7.1f} KiB, nothing run")
        full = memory(daemon, port, 50, used=True)
        print(f"                              {full:7.1f} KiB, with a worker (that one aside)")
    finally:
        daemon.close()


if __name__ == "__main__":
    main()
