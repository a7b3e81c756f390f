"""The command line for tests: in this process, in one of its own, at a terminal."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pyte
from twisted.trial.unittest import SynchronousTestCase

from datacode.__main__ import main
from tests.daemons import heeding_interrupts

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "datacode")
PROMPTS = (">>>", "...")
PATIENCE = 60.0
"""Seconds after which a test fails that waits for something to appear."""


def environment(**more: str) -> dict[str, str]:
    """The environment for a process: English, UTF-8, this checkout, the settings of nobody."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "DATACODE", "LANG"))}
    kept.pop("NO_COLOR", None)
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT), "TERM": "xterm", **more}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


class CommandTestCase(SynchronousTestCase):
    """Runs ``datacode`` in a folder of the test's own."""

    def setUp(self) -> None:
        """The folder."""
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()

    def file(self, name: str, content: str | bytes) -> str:
        """Write a file into the folder; its name."""
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        (self.folder / name).write_bytes(data)
        return name

    def datacode(self, *words: str, stdin: bytes = b"", **variables: str) -> Ended:
        """Run the command line in this process, its streams being in memory."""
        given, out, err = (io.TextIOWrapper(io.BytesIO(b), "utf-8") for b in (stdin, b"", b""))
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, environment(**variables), clear=True),
            mock.patch.object(sys, "stdin", given),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            before = signal.getsignal(signal.SIGINT)
            try:
                status = main(list(words))
            finally:
                signal.signal(signal.SIGINT, before)  # a command that ends ignores it for good
        return Ended(status, _written(out), _written(err))

    def process(
        self, *words: str, stdout: int = subprocess.PIPE, **variables: str
    ) -> subprocess.Popen[bytes]:
        """Start the command in a process of its own; ended with the test."""
        started = subprocess.Popen(
            (*COMMAND, *words),
            cwd=self.folder,
            env=environment(**variables),
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            preexec_fn=heeding_interrupts,
        )
        self.addCleanup(_end, started)
        return started

    def terminal(self, *words: str, columns: int = 80, **variables: str) -> Terminal:
        """Start the command at a terminal; ended with the test."""
        started = Terminal(words, self.folder, columns, environment(**variables))
        self.addCleanup(started.close)
        return started


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


LINES = 24


class Terminal:
    """A process at a real terminal: what its screen shows, and keys that are pressed."""

    def __init__(
        self, words: tuple[str, ...], folder: Path, columns: int, variables: dict[str, str]
    ) -> None:
        child, self._device = pty.fork()
        if child == 0:
            heeding_interrupts()
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(variables)
            termios.tcsetwinsize(0, (LINES, columns))
            os.execv(COMMAND[0], [*COMMAND, *words])
        self._child = child
        self._status: int | None = None
        self._screen = pyte.HistoryScreen(columns, LINES, history=10_000)
        self._screen.write_process_input = self._answer
        self._stream = pyte.ByteStream(self._screen)
        self._seen = 0
        self.raw = b""

    def _answer(self, data: str) -> None:
        """The screen's answer to a question such as where the cursor is."""
        os.write(self._device, data.encode())

    def _lines(self) -> list[str]:
        gone = [
            "".join(line[x].data for x in range(self._screen.columns))
            for line in self._screen.history.top
        ]
        return [line.rstrip() for line in [*gone, *self._screen.display]]

    @property
    def text(self) -> str:
        """What the screen shows, and what has left it at the top, since ``forget``."""
        return "\n".join(self._lines()[self._seen :]).rstrip("\n") + "\n"

    def forget(self) -> None:
        """Look only at what is shown from the cursor's line on."""
        self._seen = len(self._screen.history.top) + self._screen.cursor.y

    def wait(self, expected: str) -> str:
        """Read until a text is shown; all that is."""
        end = time.monotonic() + PATIENCE
        while expected not in self.text:
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{expected!r} was not shown:\n{self.text}")
        return self.text

    def type(self, keys: str) -> None:
        """Press keys; Enter is ``\\r``."""
        os.write(self._device, keys.encode("utf-8"))

    def say(self, line: str, expected: str) -> str:
        """Type a line at the prompt and wait for a text, and for the next prompt below it."""
        self.forget()
        self.type(line + "\r")
        self.wait(expected)
        return self.prompt(self._seen + 1)

    def prompt(self, line: int = 0) -> str:
        """Wait for a prompt that nothing has been typed at, in that line or below it."""
        end = time.monotonic() + PATIENCE
        while not self._at_prompt(line):
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"no prompt was shown:\n{self.text}")
        return self.text

    def _at_prompt(self, line: int) -> bool:
        place = len(self._screen.history.top) + self._screen.cursor.y
        return place >= line and self._lines()[place] in PROMPTS

    def status(self) -> int:
        """Wait until the process ends; its exit status."""
        end = time.monotonic() + PATIENCE
        while self._read(end - time.monotonic()):
            pass
        if self._status is None:
            _, status = os.waitpid(self._child, 0)
            self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def _read(self, seconds: float) -> bool:
        """Read what is there; False at the end, or when the time is up."""
        ready, _, _ = select.select([self._device], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            data = os.read(self._device, 65536)
        except OSError as problem:
            if problem.errno != errno.EIO:  # Linux's way to say that nobody has it open
                raise
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def close(self) -> None:
        """End the process, if it still runs."""
        if self._status is None:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        os.close(self._device)
