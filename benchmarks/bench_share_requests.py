"""Shares through a whole server: into programs, to clients, side by side.

    python -m benchmarks.bench_share_requests [MEBIBYTES]

Starts a Samba server and a DataCode Server on loopback. Each file is changed before each read, so
that nothing comes from the session's cache unless a line says so. The client counts bytes as they
come and parses nothing; what the same file takes with ``websockets`` and ``json`` stands beside it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.daemons import Daemon, Talk, foreground
from tests.smb.proxy import Fault, FaultProxy
from tests.smb.samba import LOGIN, PASSWORD, Samba, samba

RUNS = 5
TEXT_MIB = 40
LINE = "2024-03-15;болт M8;120;15.75;ООО Ромашка\n"
PATIENCE = 120.0


class Plain:
    """A client that only counts: one WebSocket on a socket of its own."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._socket.recv(1)
        self._buffer = bytearray(1 << 20)

    def ask(self, **request: Any) -> int:
        """Send a request; the number of bytes of its answer."""
        data = json.dumps(request).encode()
        length = len(data)
        size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        self._socket.sendall(b"\x81" + size + bytes(4) + data)
        head = self._exactly(2)
        length = head[1]
        if length == 126:
            length = int.from_bytes(self._exactly(2), "big")
        elif length == 127:
            length = int.from_bytes(self._exactly(8), "big")
        left = length
        while left:
            left -= self._socket.recv_into(self._buffer, min(left, len(self._buffer)))
        return length

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self._socket.recv(count - len(data))
        return data


def median(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Seconds that ``work`` takes."""
    times = []
    for _ in range(RUNS):
        before()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(title: str, figure: float, unit: str, note: str = "") -> None:
    """One line."""
    print(f"{title:48} {figure:8.4g} {unit:6} {note}")


def connected(talk: Any, server: Samba) -> Any:
    """The client, with the share connected."""
    talk.ask(
        type="smb_connect",
        ip=server.address,
        login=LOGIN,
        password=PASSWORD,
        domain="",
        share_name="data",
    )
    return talk


def touched(*files: Path) -> Callable[[], object]:
    """Makes files count as changed."""

    def touch() -> None:
        for file in files:
            os.utime(file)

    return touch


def into_programs(server: Samba, port: int, mebibytes: int) -> None:
    """``read_file`` of a big file; the program gets all of it as a text."""
    files = [server.folder / "one.txt", server.folder / "two.txt"]
    for file in files:
        file.write_text(("x" * 1023 + "\n") * (mebibytes * 1024))
    megabytes = mebibytes * 1.048576
    one, two = (connected(Plain(port), server) for _ in files)

    def read(client: Plain, name: str) -> None:
        client.ask(code=f'x = null\nx = read_file("lib://data/{name}")')

    read(one, "one.txt")
    alone = median(lambda: read(one, "one.txt"), touched(*files))
    report("into a program, encrypted", megabytes / alone, "MB/s")
    cached = median(lambda: read(one, "one.txt"))
    report("the same again, from the session's cache", megabytes / cached, "MB/s")
    read(two, "two.txt")

    def both() -> None:
        threads = [
            threading.Thread(target=read, args=pair)
            for pair in ((one, "one.txt"), (two, "two.txt"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together = median(both, touched(*files))
    report("two sessions side by side", 2 * megabytes / together, "MB/s", "together")
    for file in files:
        file.unlink()


def to_clients(server: Samba, port: int) -> None:
    """``smb_read_file`` of text and of bytes."""
    plain, full = connected(Plain(port), server), connected(Talk(port), server)
    text = _text()
    for name, content in (("text.csv", text), ("bytes.bin", os.urandom(TEXT_MIB << 20))):
        file = server.folder / name
        file.write_bytes(content)
        megabytes = len(content) / 1e6
        request = {"type": "smb_read_file", "share_name": "data", "file_path": name}
        figure = megabytes / median(lambda r=request: plain.ask(**r), touched(file))
        parsed = megabytes / median(lambda r=request: full.ask(**r), touched(file))
        kind = "text" if name == "text.csv" else "bytes"
        note = f"{parsed:.4g} with websockets and json"
        report(f"smb_read_file, {TEXT_MIB} MiB of {kind}", figure, "MB/s", note)
        file.unlink()


def _text() -> bytes:
    line = LINE.encode()
    return line * ((TEXT_MIB << 20) // len(line))


def small(server: Samba, port: int) -> None:
    """Files of 4 KiB and a folder of 3,000 names."""
    client = connected(Plain(port), server)
    for number in range(100):
        (server.folder / f"small{number}").write_bytes(b"x" * 4096)
    folder = server.folder / "many"
    folder.mkdir()
    for number in range(3000):
        (folder / f"Отчёт номер {number:05}.csv").touch()
    read = {"type": "smb_read_file", "share_name": "data"}
    code = 'for i in range(100) do\nx = read_file("lib://data/small" + str(i))\nnext i'

    def each() -> None:
        for number in range(100):
            client.ask(**read, file_path=f"small{number}")

    def touch() -> None:
        for number in range(100):
            os.utime(server.folder / f"small{number}")

    report("smb_read_file of 4 KiB", median(each, touch) * 10, "ms")
    report(
        "read_file of 4 KiB in a program", median(lambda: client.ask(code=code), touch) * 10, "ms"
    )
    listing = {"type": "smb_list_files", "share_name": "data", "path": "many"}
    report("smb_list_files of 3,000 names", median(lambda: client.ask(**listing)) * 1e3, "ms")
    code = 'x = list_files("lib://data/many")'
    report("list_files of 3,000 names", median(lambda: client.ask(code=code)) * 1e3, "ms")


def cancelling(server: Samba, port: int) -> None:
    """From a cancel to the answer of what it ends, while the share hangs in mid-read."""
    proxy = FaultProxy(server.port)
    proxy.every(Fault("stall", 10 << 20))
    file = server.folder / "hangs"
    file.write_bytes(bytes(40 << 20))
    client = Talk(port)
    client.ask(
        type="smb_connect",
        ip=f"127.0.0.1:{proxy.port}",
        login=LOGIN,
        password=PASSWORD,
        domain="",
        share_name="data",
    )
    times = []
    for _ in range(RUNS):
        client.send(code='x = read_file("lib://data/hangs")', progress=True)
        client.receive()  # it has begun
        time.sleep(0.2)
        start = time.perf_counter()
        client.send(type="cancel")
        while "success" not in client.receive():
            pass
        times.append(time.perf_counter() - start)
        client.receive()
    report("cancel of a read that hangs", statistics.median(times) * 1e3, "ms")
    client.close()
    proxy.close()
    file.unlink()


def main() -> None:
    """Run it all."""
    mebibytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    server = samba()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(foreground("--port", "0"), Path(folder))
        try:
            port = daemon.port()
            into_programs(server, port, mebibytes)
            to_clients(server, port)
            small(server, port)
            cancelling(server, port)
            daemon.stop()
        finally:
            daemon.close()


if __name__ == "__main__":
    main()
