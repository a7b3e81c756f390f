"""The longest time for which the server's thread looks after one client only: ``python -m
benchmarks.reactor_stalls [CASE …]``.

A server is started whose reactor notes how long each of its turns takes, from where it is told of
events until it waits for the next: processor time of its thread, which the load of the machine does
not change, and the clock, which is what clients wait for. Legal traffic of up to 16 MiB, an upload
at its limit, and a folder of 150,000 names. Prints the longest turn of each case, the longest of
three rounds.
"""

from __future__ import annotations

import base64
import contextlib
import json
import mmap
import os
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.daemons import Daemon

MIB = 1 << 20
NAMES = 150_000
_ROUNDS = 3
_FIGURES = struct.Struct("=dd")
_SERVE = "from benchmarks.reactor_stalls import serve; serve()"


# In the server's process ------------------------------------------------------------------


class MeasuringPoller:
    """The reactor's epoll object, which notes the time between two waits in a shared file."""

    def __init__(self, poller: Any, figures: mmap.mmap) -> None:
        self._poller = poller
        self._figures = figures
        self._cpu = self._wall = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._poller, name)

    def poll(self, timeout: float, events: int) -> Any:
        """Wait, as the reactor wants; what came before was a turn."""
        if self._wall:
            cpu, wall = time.thread_time() - self._cpu, time.perf_counter() - self._wall
            most_cpu, most_wall = _FIGURES.unpack_from(self._figures)
            _FIGURES.pack_into(self._figures, 0, max(cpu, most_cpu), max(wall, most_wall))
        found = self._poller.poll(timeout, events)
        self._cpu, self._wall = time.thread_time(), time.perf_counter()
        return found


def serve() -> None:
    """``twistd`` with a reactor that notes its turns in the file that REACTOR_TURNS names."""
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor
    from twisted.scripts.twistd import run

    with open(os.environ["REACTOR_TURNS"], "r+b") as file:
        figures = mmap.mmap(file.fileno(), _FIGURES.size)
    reactor._poller = MeasuringPoller(reactor._poller, figures)  # type: ignore[attr-defined]
    run()


# Who asks ---------------------------------------------------------------------------------


class Asker:
    """A client, and the longest turns of its server."""

    def __init__(self, folder: Path) -> None:
        turns = folder / "turns"
        turns.write_bytes(bytes(_FIGURES.size))
        with turns.open("r+b") as file:
            self._figures = mmap.mmap(file.fileno(), _FIGURES.size)
        command = [sys.executable, "-c", _SERVE, "--nodaemon", f"--pidfile={folder / 'pid'}"]
        options = ["datacode", "--port", "0", "--max-output-mib", "16", "--files", str(folder)]
        self.daemon = Daemon([*command, *options], folder, REACTOR_TURNS=str(turns))
        self.port = self.daemon.port()

    @contextlib.contextmanager
    def client(self) -> Iterator[ClientConnection]:
        """A connection."""
        with connect(
            f"ws://127.0.0.1:{self.port}", max_size=None, compression=None, ping_interval=None
        ) as client:
            yield client

    def longest(self, case: Callable[[ClientConnection], None]) -> tuple[float, float]:
        """The longest turn while a case is done: seconds of the processor, and by the clock."""
        with self.client() as client:
            ask(client, code="x = 1")
            time.sleep(0.3)
            _FIGURES.pack_into(self._figures, 0, 0.0, 0.0)
            case(client)
            time.sleep(0.3)
        cpu, wall = _FIGURES.unpack_from(self._figures)
        return cpu, wall


def ask(client: ClientConnection, text: str | None = None, **request: Any) -> dict[str, Any]:
    """The answer to a request, given as text or by its fields."""
    client.send(text if text is not None else json.dumps(request, ensure_ascii=False))
    while True:
        answer: dict[str, Any] = json.loads(client.recv(timeout=120))
        if "success" in answer:
            return answer


def _program(comment: str) -> Callable[[ClientConnection], None]:
    text = json.dumps({"type": "check", "code": "x = 1 #" + comment}, ensure_ascii=False)
    executed = text.replace('"check"', '"execute"', 1)

    def case(client: ClientConnection) -> None:
        ask(client, text)
        assert ask(client, executed)["success"]

    return case


def _escaped(client: ClientConnection) -> None:
    comment = "\\u044f" * ((7 * MIB) // 6)
    assert ask(client, '{"type":"execute","code":"x = 1 #' + comment + '"}')["success"]


def _printed(unit: str, mebibytes: int = 14) -> Callable[[ClientConnection], None]:
    def case(client: ClientConnection) -> None:
        size = len(unit.replace("\\", "").encode())
        code = f"s = '{unit}'\nfor i in range({(mebibytes * MIB // size).bit_length() - 1}) do\n"
        code += "s = s + s\nnext i\nprint(s)"
        answer = ask(client, code=code)
        assert answer["success"], answer["error"]

    return case


def _table(client: ClientConnection) -> None:
    code = "rows = []\nfor i in range(20000) do\nrows = push(rows, [i, 'a text', i / 3])\nnext i\n"
    ask(client, code=code + "t = table(rows, ['a', 'b', 'c'])")
    assert ask(client, code="print(t)", tables=True)["success"]


def _upload(client: ClientConnection) -> None:
    content = "base64:" + base64.b64encode(bytes(45 * MIB)).decode()
    ask(client, type="upload_file", filename="a.bin", content=content)


def _listed(client: ClientConnection) -> None:
    answer = ask(client, code="f = list_files('many')\nprint(len(f))")
    assert answer["output"].strip() == str(NAMES), answer


def _completed(client: ClientConnection) -> None:
    code = "x = read_file('many/name-0001"
    answer = ask(client, type="complete", code=code, position=len(code))
    assert answer["success"], answer


CASES: dict[str, Callable[[ClientConnection], None]] = {
    "a program of 7 MiB": _program("a" * (7 * MIB)),
    "the same with a wide letter": _program("a" * (7 * MIB) + "\U0001f600"),
    "the same in four bytes a letter": _program("\U0001f600" * (7 * MIB // 4)),
    "the same in escapes": _escaped,
    "output of 14 MiB": _printed("a" * 14),
    "output with wide letters": _printed("aaa\U0001f600"),
    "output in escapes": _printed("\\n" * 7, 7),
    "a table of 20,000 rows": _table,
    "an upload of 60 MiB": _upload,
    f"a folder of {NAMES:,} names": _listed,
    "completion in it": _completed,
}


def main() -> None:
    """Print the longest turn of each case whose name holds one of the words given."""
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="datacode-stalls-") as name:
        folder = Path(name)
        (folder / "many").mkdir()
        for number in range(NAMES):
            (folder / "many" / f"name-{number:06}.csv").touch()
        asker = Asker(folder)
        try:
            for title, case in CASES.items():
                if wanted and not any(word in title for word in wanted):
                    continue
                found = [asker.longest(case) for _ in range(_ROUNDS)]
                cpu, wall = (max(each) * 1000 for each in zip(*found, strict=True))
                print(f"{title:36} {cpu:6.1f} ms of the processor, {wall:6.1f} ms by the clock")
        finally:
            asker.daemon.close()


if __name__ == "__main__":
    main()
