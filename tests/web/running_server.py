"""The real server in a process of its own, for tests that need a port and a browser."""

from __future__ import annotations

import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.daemons import environment

ROOT = Path(__file__).resolve().parents[2]
_LISTENS = re.compile(r"запущен на (\S+):(\d+)")
_CODE = re.compile(r"Код сопряжения.*: (\S+)$", re.MULTILINE)
_PATIENCE = 90.0


class RunningServer:
    """A server on a free port of the loopback; ``stop`` ends it."""

    def __init__(self, *flags: str, port: int = 0) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="datacode-server-")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", "from twisted.scripts.twistd import run; run()"),
                *("--nodaemon", "--pidfile="),
                *("datacode", "--port", str(port), *flags),
            ],
            cwd=self.folder.name,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.lines: list[str] = []
        self._known = threading.Event()
        self._code: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.port = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._known.wait(_PATIENCE) or not self.port:
            self.stop()
            raise AssertionError("the server does not start:\n" + "".join(self.lines))

    @property
    def page(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def address(self) -> str:
        """The address of the WebSocket."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pairing_code(self) -> str:
        """The code that it has printed."""
        code = self._code.get(timeout=_PATIENCE)
        self._code.put(code)
        return code

    def stop(self) -> None:
        """End the server, and wait until it has gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.folder.cleanup()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            found = _LISTENS.search(line)
            if found:
                self.port = int(found[2])
                self._known.set()
            if code := _CODE.search(line):
                self._code.put(code[1])
        self._known.set()
