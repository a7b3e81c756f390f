"""Stored tables for a program on a computer of one's own: an engine beside the process."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from datacode.i18n.message import Message
from datacode.plans import process, table_files
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
    """A connection that ends its engine when it is closed."""

    def __init__(self, folder: Path, quota: int) -> None:
        self._process, stream = process.start(EngineSetting(str(folder), quota=quota))
        super().__init__(stream)

    def close(self) -> None:
        """Hang up, and wait for its end."""
        super().close()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class EngineFolder:
    """A folder of one program's for the files of its tables, made when it is needed first and
    removed with the process; engines come and go."""

    def __init__(self, within: Path) -> None:
        self._within = within
        self._folder: Path | None = None
        self._remove: Callable[[], object] = lambda: None

    def made(self) -> Path:
        """The folder. Raises OSError."""
        if self._folder is None:
            self._within.mkdir(parents=True, exist_ok=True)
            _sweep(self._within)
            made = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=self._within)
            self._remove = weakref.finalize(self, _remove, made, os.getpid())
            self._folder = Path(made)
        return self._folder

    def open_file(self, name: str) -> BinaryIO:
        """A file of a table. Raises OSError."""
        return open(self.made() / table_files.file_name(name), "rb")

    def new_file(self, name: str) -> BinaryIO | None:
        """A file of a table that comes from elsewhere; None where it is here, for files never
        change. Raises OSError, and ValueError for a name that none has."""
        if not table_files.is_name(name):
            raise ValueError(name)
        try:
            return open(self.made() / table_files.file_name(name), "xb")
        except FileExistsError:
            return None

    def remove(self) -> None:
        """Delete it, with all that is in it."""
        self._remove()


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def default_folder() -> Path:
    """Where tables are stored if nobody says where: a folder of the user's for what can go."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "datacode"


class LocalStorage(Storage):
    """Stored tables whose files are in a folder of the process's own."""

    def __init__(
        self, client: EngineClient, folder: EngineFolder, *, threshold: int, memory: int, small: int
    ) -> None:
        super().__init__(client, threshold=threshold, memory=memory, small=small)
        self.folder = folder

    def close(self) -> None:
        """End the engine, and remove the files of its tables."""
        self.client.close()
        self.folder.remove()


def local_storage(folder: Path, memory: int, threshold: int | None = None) -> LocalStorage:
    """Stored tables in a folder, which is made when the first table is stored.

    ``memory`` is what programs may take, in bytes. All free disk but a tenth may be used.
    """

    own = EngineFolder(folder)

    def connect() -> Connection:
        if not process.is_installed():
            raise Unavailable(NOT_INSTALLED)
        try:
            free = shutil.disk_usage(own.made()).free
            return _OwnEngine(own.made(), free - free // 10)
        except OSError as error:
            print(f"datacode: {folder}: {error.strerror}", file=sys.stderr)  # noqa: T201
            raise Unavailable from error

    if threshold is None:
        threshold = min(THRESHOLD, memory // 2, _memory_of_machine() // 2)
    client = EngineClient(connect)
    return LocalStorage(client, own, threshold=threshold, memory=memory // 2, small=SMALL)


def _memory_of_machine() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _sweep(folder: Path) -> None:
    """Remove what processes have left that were killed."""
    for found in folder.glob(f"{_PREFIX}*"):
        number = found.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not Path(f"/proc/{number}").exists():
            with contextlib.suppress(OSError):
                shutil.rmtree(found)
