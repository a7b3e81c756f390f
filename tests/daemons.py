"""Real server processes for tests: started on a free port, stopped with a signal, nothing left."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parent.parent
PATIENCE = 180.0
"""Seconds after which a server that says nothing is taken for dead. Never waited for otherwise."""

STATE = tempfile.TemporaryDirectory(prefix="datacode-state-")
"""Where servers keep what lasts from start to start, instead of in the developer's home."""

_LISTENING = re.compile(r"(?:запущен на|runs on) (?:127\.0\.0\.1|\[::1\]|0\.0\.0\.0):(\d+)")


def heeding_interrupts() -> None:
    """For a process to be started: SIGINT does what it does by default.

    What is started in the background of a script inherits that it be ignored.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def environment(**more: str) -> dict[str, str]:
    """What a server process gets: our checkout, and none of our own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATACODE_")}
    ours = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "XDG_STATE_HOME": STATE.name}
    return {**kept, **ours, **more}


def foreground(*words: str) -> list[str]:
    """The command line of ``datacode --websocket``."""
    return [sys.executable, "-m", "datacode", "--websocket", *words]


def twistd(folder: Path, *words: str, daemon: bool = False) -> list[str]:
    """The command line of ``twistd datacode``, with its files in ``folder``."""
    return [
        sys.executable,
        "-c",
        "from twisted.scripts.twistd import run; run()",
        *([] if daemon else ["--nodaemon"]),
        f"--pidfile={folder / 'twistd.pid'}",
        f"--logfile={folder / 'twistd.log' if daemon else '-'}",
        "datacode",
        *words,
    ]


class Daemon:
    """A server process. ``lines`` are what it has said, on both streams."""

    def __init__(self, command: list[str], folder: Path, **variables: str) -> None:
        self.lines: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            preexec_fn=heeding_interrupts,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        atexit.register(self.close)  # trial calls no tearDownClass

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line, from here on, in which a pattern is found."""
        while True:
            try:
                line = self._queue.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no line with {pattern!r} in {self.lines}") from None
            if line is None:
                raise AssertionError(f"ended without {pattern!r}: {self.lines}")
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found

    def port(self) -> int:
        """The port that it announces."""
        return int(self.wait_for(_LISTENING.pattern)[1])

    def descendants(self) -> set[int]:
        """Every process below it."""
        return set(descendants(self.process.pid))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)
        return status

    def close(self) -> None:
        """Make sure that it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


def descendants(process: int) -> Iterator[int]:
    """Every process below one."""
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            children = Path(f"/proc/{process}/task/{task}/children").read_text().split()
            for child in map(int, children):
                yield child
                yield from descendants(child)


def workers(server: int) -> list[int]:
    """The processes below a server in which programs run."""
    found = []
    for process in descendants(server):
        with contextlib.suppress(OSError):
            if "worker" in Path(f"/proc/{process}/comm").read_text():
                found.append(process)
    return found


def alive(processes: set[int]) -> set[int]:
    """Which of these processes are still there, zombies aside."""
    found = set()
    for process in processes:
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                found.add(process)
    return found


class Talk:
    """A client, blocking, made with the websockets package."""

    def __init__(self, port: int, path: str = "/", *, scheme: str = "ws", **options: Any) -> None:
        self._stack = contextlib.ExitStack()
        self.socket: ClientConnection = self._stack.enter_context(
            connect(
                f"{scheme}://127.0.0.1:{port}{path}",
                max_size=None,
                open_timeout=PATIENCE,
                **options,
            )
        )

    def send(self, **request: Any) -> None:
        """Send a request."""
        self.socket.send(json.dumps(request))

    def receive(self) -> dict[str, Any]:
        """The next message."""
        answer: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE))
        return answer

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        self.send(**request)
        return self.receive()

    def close(self) -> None:
        """Close the connection."""
        self._stack.close()
