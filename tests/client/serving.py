"""Real servers for the tests of clients, shared by all that want the same."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import Daemon, environment, twistd
from tests.smb.samba import Samba, samba

_running: dict[tuple[str, ...], str] = {}


def server(*words: str) -> str:
    """The URL of a ``twistd datacode`` with these options; it ends with this process."""
    if words not in _running:
        folder = tempfile.TemporaryDirectory(prefix="datacode-client-")
        daemon = Daemon(twistd(Path(folder.name), "--port", "0", *words), Path(folder.name))
        _kept.append(folder)
        _running[words] = f"ws://127.0.0.1:{daemon.port()}"
    return _running[words]


def prompt(case: SynchronousTestCase, out: Path, *words: str) -> tuple[Popen[str], IO[str]]:
    """``datacode connect``, which prints into a file, and what is typed; its end is the case's."""
    with out.open("w") as told:
        process = Popen(
            [*CONNECT, *words],
            stdin=PIPE,
            stdout=told,
            stderr=told,
            env=environment(PYTHONUNBUFFERED="1"),
            text=True,
        )
    case.addCleanup(process.wait)
    case.addCleanup(process.kill)
    assert process.stdin is not None
    case.addCleanup(process.stdin.close)
    return process, process.stdin


CONNECT = (sys.executable, "-m", "datacode", "connect", "--locale=en")
"""The prompt's command, without its address."""


def share() -> Samba:
    """A file server of our own, its share empty."""
    found = samba(server_string="clients")
    for path in found.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return found


_kept: list[tempfile.TemporaryDirectory[str]] = []
