"""Stored tables for a program on a computer of one's own: an engine beside the process."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from datacode.i18n.message import Message
from datacode.plans import process
from datacode.plans.client import Connection, EngineClient, Unavailable
from datacode.plans.rows import Storage
from datacode.plans.settings import EngineSetting

THRESHOLD = 2 << 30
"""Tables that would take more bytes are stored, and all from half of the memory on."""

SMALL = 64 << 20
"""Results of at most so many bytes are ordinary tables."""

_PREFIX = "datacode-tables-"
_END = 10.0

NOT_INSTALLED = Message(
    "large_not_installed",
    "The table is read into memory: for tables that do not fit there, "
    "pip install 'datacode-server[large]'",
)


class _OwnEngine(Connection):
    """A connection that ends its engine, and removes its folder, when it is closed."""

    def __init__(self, folder: str, quota: int) -> None:
        self._folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=folder)
        self._process, stream = process.start(EngineSetting(self._folder, quota=quota))
        super().__init__(stream)

    def close(self) -> None:
        """Hang up, wait for its end, and remove what it has left."""
        super().close()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def default_folder() -> Path:
    """Where tables are stored if nobody says where: a folder of the user's for what can go."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "datacode"


def local_storage(folder: Path, memory: int, threshold: int | None = None) -> Storage:
    """Stored tables in a folder, which is made when the first table is stored.

    ``memory`` is what programs may take, in bytes. All free disk but a tenth may be used.
    """

    def connect() -> Connection:
        if not process.is_installed():
            raise Unavailable(NOT_INSTALLED)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            free = shutil.disk_usage(folder).free
            return _OwnEngine(str(folder), free - free // 10)
        except OSError as error:
            print(f"datacode: {folder}: {error.strerror}", file=sys.stderr)  # noqa: T201
            raise Unavailable from error

    if threshold is None:
        threshold = min(THRESHOLD, memory // 2, _memory_of_machine() // 2)
    return Storage(EngineClient(connect), threshold=threshold, memory=memory // 2, small=SMALL)


def _memory_of_machine() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _sweep(folder: Path) -> None:
    """Remove what processes have left that were killed."""
    for found in folder.glob(f"{_PREFIX}*"):
        number = found.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not Path(f"/proc/{number}").exists():
            with contextlib.suppress(OSError):
                shutil.rmtree(found)
