"""Round trip, throughput, new sessions, bystanders and memory of the server, against a bare
Autobahn echo in the same run.

    python -m benchmarks.bench_server [--quick]

``benchmarks.server_cost`` compares two checkouts, in processor time.

The client is a loop over raw sockets and epoll, one request in flight for each connection, the
same for both servers. Rounds alternate between the servers, and medians are printed, so that a
machine that is busy with other things disturbs both alike.
"""

from __future__ import annotations

import json
import select
import socket
import statistics
import sys
import time
from pathlib import Path

from tests.daemons import Daemon, environment, foreground
from tests.server.frames import TEXT, frame, handshake

ROOT = Path(__file__).parent.parent
HELLO = frame(TEXT, json.dumps({"type": "execute", "code": "print('Hello')"}).encode())
ENDLESS = frame(
    TEXT,
    json.dumps(
        {"code": "for i in range(1000000000) do\nfor j in range(1000000000) do\nnext j\nnext i"}
    ).encode(),
)


class Wire:
    """One connection, raw."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(handshake())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4096)
        assert b" 101 " in head, head

    def ask(self, message: bytes = HELLO) -> None:
        """A request and its answer, which is short."""
        self.socket.sendall(message)
        data = self.socket.recv(65536)
        while len(data) < 2 or len(data) < 2 + data[1]:
            data += self.socket.recv(65536)

    def close(self) -> None:
        """Drop it."""
        self.socket.close()


def round_trips(port: int, number: int) -> list[float]:
    """Seconds of each of so many requests on one connection."""
    wire = Wire(port)
    wire.ask()
    times = []
    for _ in range(number):
        started = time.perf_counter()
        wire.ask()
        times.append(time.perf_counter() - started)
    wire.close()
    return times


def throughput(port: int, connections: int, seconds: float) -> float:
    """Requests a second over so many connections at once."""
    wires = [Wire(port) for _ in range(connections)]
    for wire in wires:
        wire.ask()
    poll = select.epoll()
    by_number = {wire.socket.fileno(): wire.socket for wire in wires}
    for number, sock in by_number.items():
        poll.register(number, select.EPOLLIN)
        sock.sendall(HELLO)
    answered, end = 0, time.perf_counter() + seconds
    started = time.perf_counter()
    while time.perf_counter() < end:
        for number, _ in poll.poll(1):
            by_number[number].recv(4096)
            by_number[number].sendall(HELLO)
            answered += 1
    elapsed = time.perf_counter() - started
    poll.close()
    for wire in wires:
        wire.close()
    return answered / elapsed


def new_sessions(port: int, number: int) -> list[float]:
    """Seconds from the start of a connection to its first answer."""
    times = []
    for _ in range(number):
        started = time.perf_counter()
        wire = Wire(port)
        wire.ask()
        times.append(time.perf_counter() - started)
        wire.close()
        time.sleep(0.01)
    return times


def resident(process: int) -> int:
    """KiB of memory that a process has to itself."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))


def median(values: list[float]) -> float:
    return statistics.median(values)


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def main() -> None:
    """Measure and print."""
    quick = "--quick" in sys.argv
    rounds, calls, seconds = (2, 500, 1.0) if quick else (5, 2000, 2.0)
    ours = Daemon(foreground("--port", "0"), ROOT)
    echo = Daemon([sys.executable, str(ROOT / "benchmarks" / "echo_server.py")], ROOT)
    try:
        measure(ours, echo, rounds, calls, seconds)
    finally:
        ours.close()
        echo.close()


def measure(ours: Daemon, echo: Daemon, rounds: int, calls: int, seconds: float) -> None:
    """Every figure, ours and the echo's."""
    port, plain = ours.port(), echo.port()
    sequential: dict[int, list[float]] = {port: [], plain: []}
    rates: dict[tuple[int, int], list[float]] = {}
    for _ in range(rounds):
        for each in (plain, port):
            sequential[each] += round_trips(each, calls)
        for connections in (1, 10, 100):
            for each in (plain, port):
                rate = throughput(each, connections, seconds)
                rates.setdefault((each, connections), []).append(rate)
    mine, base = sequential[port], sequential[plain]
    print(
        f"round trip p50: {median(mine) * 1e6:.0f} µs, echo {median(base) * 1e6:.0f} µs,", end=" "
    )
    print(f"ratio {median(mine) / median(base):.2f}")
    print(f"round trip p99: {p99(mine) * 1e6:.0f} µs, echo {p99(base) * 1e6:.0f} µs")
    for connections in (1, 10, 100):
        rate, other = median(rates[port, connections]), median(rates[plain, connections])
        print(f"{connections} connections: {rate:.0f}/s, echo {other:.0f}/s,", end=" ")
        print(f"ratio {rate / other:.2f}")
    fresh, bare = new_sessions(port, calls // 20), new_sessions(plain, calls // 20)
    print(f"new session to first answer p50: {median(fresh) * 1e3:.1f} ms, echo", end=" ")
    print(f"{median(bare) * 1e3:.1f} ms")
    bystanders(port, calls)
    memory(ours, port)
    several(plain, rounds, seconds)


def several(plain: int, rounds: int, seconds: float) -> None:
    """Two servers on one port; they gain where there are processors for both."""
    first = Daemon(foreground("--port", "0", "--reuse-port"), ROOT)
    port = first.port()
    second = Daemon(foreground("--port", str(port), "--reuse-port"), ROOT)
    try:
        second.port()
        rates: dict[int, list[float]] = {port: [], plain: []}
        for _ in range(rounds):
            for each in rates:
                rates[each].append(throughput(each, 100, seconds))
        rate, other = median(rates[port]), median(rates[plain])
        print(f"two servers on one port, 100 connections: {rate:.0f}/s,", end=" ")
        print(f"echo {other:.0f}/s, ratio {rate / other:.2f}")
    finally:
        first.close()
        second.close()


def bystanders(port: int, calls: int) -> None:
    """One client runs an endless program; how others fare."""
    busy = Wire(port)
    busy.socket.sendall(ENDLESS)
    time.sleep(0.2)
    times = round_trips(port, calls)
    fresh = new_sessions(port, 20)
    print(f"beside an endless program: p50 {median(times) * 1e6:.0f} µs,", end=" ")
    print(f"p99 {p99(times) * 1e3:.1f} ms, new session {median(fresh) * 1e3:.1f} ms")
    busy.close()


def memory(ours: Daemon, port: int) -> None:
    """Of idle connections, and of sessions with an interpreter."""
    process = ours.process.pid
    before = resident(process)
    idle = [Wire(port) for _ in range(900)]
    print(f"idle connection: {(resident(process) - before) / len(idle):.1f} KiB")
    for wire in idle:
        wire.close()
    time.sleep(1)
    kept, there = ours.descendants(), resident(process)
    live = [Wire(port) for _ in range(100)]
    for wire in live:
        wire.ask()
    time.sleep(0.5)
    workers = sum(resident(each) for each in ours.descendants() - kept)
    server = resident(process) - there
    print(f"live session: {(workers + server) / len(live) / 1024:.2f} MiB,", end=" ")
    print(f"of it {server / len(live):.0f} KiB in the server")
    for wire in live:
        wire.close()


if __name__ == "__main__":
    assert environment
    main()
