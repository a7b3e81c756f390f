"""Where a prompt's programs run: in this process, or on a server. The prompt sees no difference."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from datacode.console import report
from datacode.console.run import run_interruptibly, was_interrupted
from datacode.language.source import Source
from datacode.runtime.interpreter import Interpreter

if TYPE_CHECKING:
    from datacode.client import Client

Write = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Completion:
    """What the word before the cursor may become; ``detail`` is a signature or a type."""

    text: str
    detail: str


class Backend(Protocol):
    """Runs programs one after another on one interpreter."""

    def run(self, text: str, write: Write) -> list[str]:
        """Run a program; the lines that tell its error, none where it succeeded.

        Ctrl-C during the run ends the program, not the prompt.
        """

    def variables(self) -> list[tuple[str, str]]:
        """Names and values, printed."""

    def reset(self) -> None:
        """A fresh interpreter."""

    def complete(self, text: str, position: int) -> tuple[int, list[Completion]]:
        """Where the word at ``position`` begins, and what it may become."""

    def close(self) -> None:
        """Let everything go."""


class LocalBackend:
    """An interpreter in this process."""

    def __init__(self, locale: str, argv: list[str]) -> None:
        self._locale = locale
        self._argv = argv
        self._write: Write = print
        self.reset()

    def reset(self) -> None:
        self._interpreter = Interpreter(on_output=lambda text: self._write(text))
        self._interpreter.define("argv", list(self._argv))

    def run(self, text: str, write: Write) -> list[str]:
        self._write = write
        error = run_interruptibly(self._interpreter, text).error
        if error is None:
            return []
        if was_interrupted(error):
            return [error.render(self._locale)]
        names = [variable.name for variable in self._interpreter.variables()]
        functions = self._interpreter.function_names()
        lines = report.describe(error, Source(text), self._locale, names, functions)
        return lines if error.multiline or error.column is not None else [lines[0], *lines[3:]]

    def variables(self) -> list[tuple[str, str]]:
        return [(v.name, v.preview) for v in self._interpreter.variables()]

    def complete(self, text: str, position: int) -> tuple[int, list[Completion]]:
        start, found = self._interpreter.complete(text, position)
        return start, [Completion(c.text, c.detail) for c in found]

    def close(self) -> None:
        self._interpreter.close()


class RemoteBackend:
    """A session on a server (``datacode connect``)."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def run(self, text: str, write: Write) -> list[str]:
        """Run on the server, in a thread, so that Ctrl-C reaches this one."""
        outcome: list[str] = []
        problems: list[BaseException] = []

        def work() -> None:
            try:
                result = self._client.execute(text, on_output=write)
                if result.error is not None:
                    outcome.append(result.error)
            except BaseException as problem:  # noqa: BLE001 - raised again in the caller's thread
                problems.append(problem)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt:
                self._client.interrupt()
        if problems:
            raise problems[0]
        return outcome

    def variables(self) -> list[tuple[str, str]]:
        return [(v.name, v.preview) for v in self._client.variables()]

    def reset(self) -> None:
        self._client.reset()

    def complete(self, text: str, position: int) -> tuple[int, list[Completion]]:
        start, found = self._client.complete(text, position)
        return start, [Completion(c["text"], c.get("detail") or c["kind"]) for c in found]

    def close(self) -> None:
        self._client.close()
