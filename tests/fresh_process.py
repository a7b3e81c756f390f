"""Runs programs from saved states, each in a process that has done nothing before.

``python -m tests.fresh_process`` reads a line of JSON for each (folder, state in base64, text) and
answers with one (output, error). A process is forked for each from one that has imported the
interpreter and never used it.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from typing import Any

import polars  # noqa: F401 - imported before the fork, and not used

from datacode import Interpreter
from datacode.runtime import checkpoint


class FreshProcesses:
    """Starts it, and asks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fresh_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: str, state: bytes, text: str) -> tuple[str, str]:
        """Output and error of a program that begins with a state."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = [folder, base64.b64encode(state).decode(), text]
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        output, error = json.loads(self._process.stdout.readline())
        return output, error

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)


def _answer(folder: str, state: str, text: str) -> list[str]:
    os.chdir(folder)
    interpreter = Interpreter()
    interpreter.restore(checkpoint.load(io.BytesIO(base64.b64decode(state))))
    outcome = interpreter.run(text)
    return [outcome.output, str(outcome.error)]


def _in_child(asked: list[str]) -> Any:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            with open(writing, "w") as pipe:
                pipe.write(json.dumps(_answer(*asked)))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return answer or json.dumps(["", f"the process ended: {status}"])


def main() -> None:
    """Answer until there are no more lines."""
    for line in sys.stdin:
        sys.stdout.write(_in_child(json.loads(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
