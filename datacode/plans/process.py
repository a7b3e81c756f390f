"""Starting an engine for a process of one's own, as ``datacode FILE`` does."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from msgspec import structs

import datacode
from datacode.plans.settings import EngineSetting

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[3]); "
    "from datacode.engine.main import main; main(int(sys.argv[1]), sys.argv[2])"
)


def is_installed() -> bool:
    """Is DuckDB there? It comes with the extra ``large``."""
    return importlib.util.find_spec("duckdb") is not None


def command(setting: EngineSetting, descriptor: int) -> list[str]:
    """What runs an engine whose end of a pair of sockets has that number."""
    root = str(Path(datacode.__file__).resolve().parents[1])
    path = [root, *(p for p in sys.path if p and Path(p).is_absolute() and p != root)]
    told = json.dumps(structs.asdict(setting))
    return [sys.executable, "-I", "-c", _BOOT, str(descriptor), told, json.dumps(path)]


def environment() -> dict[str, str]:
    """All that an engine's environment has."""
    passed_on = {k: v for k, v in os.environ.items() if k in ("PATH", "TZ")}
    return passed_on | {
        "LANG": "C.UTF-8",
        "POLARS_MAX_THREADS": "1",
        # Memory that is let go is given back, so that DuckDB and Polars can use it in turn.
        "_RJEM_MALLOC_CONF": "background_thread:false,retain:false,narenas:2",
        "DUCKDB_JE_MALLOC_CONF": "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0",
    }


def start(setting: EngineSetting) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """An engine and our end of the connection; it ends when that is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - a command of our own
            command(setting, theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )
    return process, ours
