"""A server of the agent's own: a process that listens on a socket only this account can reach."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from datacode.agents.options import AgentOptions
from datacode.worker.sandbox import syscalls

_START_SECONDS = 120.0
_STOP_SECONDS = 6.0
_POLL = 0.05


class NotStarted(Exception):
    """The server has not come up; the text is what it said."""


@asynccontextmanager
async def private_server(options: AgentOptions) -> AsyncIterator[Path]:
    """The path of the socket of a server that runs while this is open. Raises ``NotStarted``.

    Programs see ``options.files``, or else a folder of their session.
    """
    with tempfile.TemporaryDirectory(prefix="datacode-agent-") as folder:
        socket, log = Path(folder, "socket"), Path(folder, "log")
        start = options.files or Path(folder, "empty")
        if options.files is None:
            start.mkdir()
        words = [
            *("--listen", f"unix:{socket}:mode=600"),
            *("--time-limit", str(options.time_limit)),
            *("--locale", options.locale),
            *("--handshake-time", f"{_START_SECONDS:g}"),  # it waits until the server is ready
            *(() if options.config is None else ("--config", str(options.config))),
            *(() if options.files is not None else ("--use-ve",)),
        ]
        with open(log, "wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "datacode", "--websocket", *words],
                cwd=start,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us; we stop it
                preexec_fn=_ends_with_us(),
            )
        try:
            await _until_up(process, socket, log)
            yield socket
        finally:
            process.terminate()
            await _until_ended(process)


def _ends_with_us() -> Callable[[], object] | None:
    """Has a child process ended when this one is killed, where the system can do that."""
    if not sys.platform.startswith("linux"):
        return None
    return partial(syscalls.prctl, syscalls.PR_SET_PDEATHSIG, signal.SIGTERM)


async def _until_up(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise NotStarted(lines[-1] if lines else f"exit status {process.returncode}")
        try:
            _, writer = await asyncio.open_unix_connection(socket)
        except OSError:
            await asyncio.sleep(_POLL)
        else:
            writer.close()
            return
    raise NotStarted(f"no answer in {_START_SECONDS:g} s")


async def _until_ended(process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _STOP_SECONDS
    while process.poll() is None:
        if time.monotonic() > end:
            process.kill()
            process.wait()
            return
        await asyncio.sleep(_POLL)
